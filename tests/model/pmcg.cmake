# SPDX-License-Identifier: MIT
# The rooms pmcg/ and mpam/, and broadcast maintenance.
smmu_model_test(model_pmcg_regs pmcg_regs.c)
smmu_model_test(model_pmcg_count pmcg_count.c)
smmu_model_test(model_dvm dvm.c)
