# SPDX-License-Identifier: MIT
# The room stall/: what a stall is, its records and port, threads, and all at random.
smmu_model_test(model_stall stall.c stall_bench.c config_bench.c)
smmu_model_test(model_stall_port stall_port.c stall_bench.c config_bench.c)
smmu_model_test(model_stall_count stall_count.c stall_bench.c config_bench.c)
smmu_model_test(model_event_merge event_merge.c stall_bench.c config_bench.c)
smmu_model_test(model_stall_meanwhile stall_meanwhile.c stall_bench.c config_bench.c)
smmu_model_test(model_stall_threads stall_threads.c stall_bench.c config_bench.c)
set_property(TEST model_stall_threads model_stall_meanwhile APPEND PROPERTY LABELS threaded)
