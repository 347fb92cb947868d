# SPDX-License-Identifier: MIT
# The room config/, and translate.c and port.c above it.
smmu_model_test(model_config_ste config_ste.c config_bench.c)
smmu_model_test(model_config_cd config_cd.c config_bench.c)
smmu_model_test(model_config_decode config_decode.c config_bench.c)
smmu_model_test(model_config_strtab config_strtab.c config_bench.c)
smmu_model_test(model_config_cdtab config_cdtab.c config_bench.c)
smmu_model_test(model_config_cache config_cache.c config_bench.c)
smmu_model_test(model_config_assured config_assured.c config_bench.c)
smmu_model_test(model_config_cont config_cont.c config_bench.c)
smmu_model_test(model_config_ignored config_ignored.c config_bench.c)
smmu_model_test(model_translate translate.c config_bench.c)
smmu_model_test(model_translate_port translate_port.c config_bench.c)
smmu_model_test(model_translate_kind translate_kind.c config_bench.c)
smmu_model_test(model_utlb_random utlb_random.c)
smmu_model_test(model_completion completion.c config_bench.c)
set_property(TEST model_completion APPEND PROPERTY LABELS threaded)

# The model against an interpreter of the specification.
smmu_test(model_second_opinion second_opinion.c second_opinion_spec.c
  second_opinion_walk.c second_opinion_perm2.c second_opinion_attr.c
  second_opinion_legal.c second_opinion_random.c second_opinion_shrink.c
  FLOORS arch bus model LIBS Threads::Threads)
