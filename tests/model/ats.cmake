# SPDX-License-Identifier: MIT
# The room ats/ and the PRI queue.
foreach(suite ats_request ats_httu ats_translated ats_invalidate ats_threads ats_count pri)
  if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/${suite}.c)
    smmu_model_test(model_${suite} ${suite}.c ats_bench.c config_bench.c)
  endif()
endforeach()
