# SPDX-License-Identifier: MIT
# The room dpt/.
smmu_model_test(model_dpt dpt.c dpt_bench.c)
smmu_model_test(model_dpt_tlb dpt_tlb.c dpt_bench.c)
smmu_model_test(model_dpt_ats dpt_ats.c dpt_bench.c)
