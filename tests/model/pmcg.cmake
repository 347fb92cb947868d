# SPDX-License-Identifier: MIT
# The rooms pmcg/ and mpam/, and broadcast maintenance.
smmu_model_test(model_pmcg_regs pmcg_regs.c)
smmu_model_test(model_pmcg_count pmcg_count.c)
smmu_model_test(model_dvm dvm.c)
smmu_model_test(model_mpam mpam.c)
target_link_options(test_model_mpam PRIVATE -Wl,--wrap=smmu_bus_read64
  -Wl,--wrap=smmu_bus_write64,--wrap=smmu_bus_write32
  -Wl,--wrap=smmu_bus_ptr,--wrap=smmu_bus_ram)
