# SPDX-License-Identifier: MIT
# Snapshots and explanations.
smmu_model_test(model_snapshot snapshot.c)
smmu_model_test(model_explain explain.c)
