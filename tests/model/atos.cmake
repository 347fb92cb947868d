# SPDX-License-Identifier: MIT
# The room atos/.
smmu_model_test(model_atos atos.c atos_bench.c)
smmu_model_test(model_atos_register atos_register.c atos_bench.c)
