# SPDX-License-Identifier: MIT
# The rooms walk/ and cache/, compiled into each test by themselves: what they need
# of the rest of the model is the bus and the arch floor.
function(smmu_walk_test name source)
  set(rooms ${PROJECT_SOURCE_DIR}/src/model)
  file(GLOB inner CONFIGURE_DEPENDS ${rooms}/walk/*.c ${rooms}/cache/*.c)
  smmu_test(${name} ${source} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/walk_fixture.c ${inner}
    FLOORS arch bus LIBS Threads::Threads)
endfunction()

file(GLOB suites CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_LIST_DIR}
  ${CMAKE_CURRENT_LIST_DIR}/walk_*.c ${CMAKE_CURRENT_LIST_DIR}/tlb_*.c)
list(REMOVE_ITEM suites walk_fixture.c)
foreach(suite IN LISTS suites)
  string(REPLACE ".c" "" name ${suite})
  smmu_walk_test(model_${name} ${suite})
endforeach()
