# SPDX-License-Identifier: MIT
# The room run/: stepped and threaded mode.
smmu_model_test(model_run_stepped run_stepped.c)
smmu_model_test(model_run_agents run_agents.c ats_bench.c config_bench.c ecmdq_bench.c)
smmu_model_test(model_run_schedules run_schedules.c)
smmu_model_test(model_run_threaded run_threaded.c ecmdq_bench.c)
set_property(TEST model_run_threaded APPEND PROPERTY LABELS threaded)
