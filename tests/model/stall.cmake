# SPDX-License-Identifier: MIT
# The room stall/: what a stall is, its records and port, threads, and all at random.
smmu_model_test(model_stall stall.c stall_bench.c config_bench.c)
