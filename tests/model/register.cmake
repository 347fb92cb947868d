# SPDX-License-Identifier: MIT
# The rooms register/ and queue/.
smmu_model_test(model_lock lock.c)
smmu_model_test(model_ram ram.c)
smmu_model_test(model_register_config register_config.c)
smmu_model_test(model_register register.c)
smmu_model_test(model_register_irq register_irq.c)
smmu_model_test(model_register_hostile register_hostile.c)
smmu_model_test(model_queue_command queue_command.c)
smmu_model_test(model_queue_tlbi queue_tlbi.c)
smmu_model_test(model_queue_event queue_event.c)
smmu_model_test(model_queue_front queue_front.c)
smmu_model_test(model_queue_ring queue_ring.c)
smmu_model_test(model_register_reentry register_reentry.c)
smmu_model_test(model_register_threads register_threads.c ecmdq_bench.c)
smmu_model_test(model_ecmdq_register ecmdq_register.c ecmdq_bench.c)
smmu_model_test(model_ecmdq ecmdq.c ecmdq_bench.c)
smmu_model_test(model_ecmdq_threads ecmdq_threads.c ecmdq_bench.c)
set_property(TEST model_lock model_register_threads model_ecmdq_threads APPEND PROPERTY LABELS threaded)
# What reaches the caches is looked at on its way.
target_link_options(test_model_register_irq PRIVATE -Wl,--wrap=smmu_bus_write32)
target_link_options(test_model_queue_tlbi PRIVATE -Wl,--wrap=smmu_tlb_invalidate)
target_link_options(test_model_queue_command PRIVATE
  -Wl,--wrap=smmu_cfgi_ste,--wrap=smmu_cfgi_ste_range,--wrap=smmu_cfgi_all
  -Wl,--wrap=smmu_cfgi_cd,--wrap=smmu_cfgi_cd_all
  -Wl,--wrap=smmu_prefetch_config,--wrap=smmu_prefetch_addr)
