/* SPDX-License-Identifier: MIT */
/*
 * What comes back to a guest programmed by hand: events, one by one and in floods, and of
 * streams without an STE; then devices that come and go, and the guest's reset.
 */
#include <errno.h>
#include "vmm/by_hand.h"

/* ---- events ---- */

/* EVT-4, DRV-106: bit for bit, but for the StreamID. */
static void test_events_by_hand(void **state)
{
	struct bench b;
	uint64_t dw[4], cd;

	(void)state;
	setup(&b);
	cd = translate(&b);
	assert_int_equal(status(&b, 0, IOVA + 0x1008), SMMU_ABORT);
	assert_int_equal(vmm_guest_pump(b.vm.vmm), 1);
	assert_true(raw_event(&b.vm, dw));
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_EVENT), SMMU_EVT_F_TRANSLATION);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_StreamID), 3);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_InputAddr), IOVA + 0x1008);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_S2), 0);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_RnW), 0);
	assert_false(raw_event(&b.vm, dw));
	/* C_BAD_CD: the guest's CD, V == 0. */
	raw_poke(&b.vm, cd, 0);
	raw_cmd(&b.vm, SMMU_OP_CFGI_CD, 3);
	raw_cmd(&b.vm, SMMU_OP_TLBI_NH_ALL, 0);
	assert_int_equal(status(&b, 0, IOVA), SMMU_ABORT);
	assert_int_equal(vmm_guest_pump(b.vm.vmm), 1);
	assert_true(raw_event(&b.vm, dw));
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_EVENT), SMMU_EVT_C_BAD_CD);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_StreamID), 3);
	teardown(&b);
}

static void only_event(struct bench *b, unsigned event, uint32_t vsid, uint64_t fetch)
{
	uint64_t dw[4];

	assert_int_equal(vmm_guest_pump(b->vm.vmm), 1);
	assert_true(raw_event(&b->vm, dw));
	assert_int_equal(smmu_get(dw, SMMU_F_STE_FETCH_EVENT), event);
	assert_int_equal(smmu_get(dw, SMMU_F_STE_FETCH_StreamID), vsid);
	assert_int_equal(smmu_get_addr(dw, SMMU_F_STE_FETCH_FetchAddr), fetch);
	assert_false(raw_event(&b->vm, dw));
}

/* EVT-4, T-5a, T-6, T-7: a stream without an STE, and for which reason. */
static void test_events_of_no_ste(void **state)
{
	struct bench b;
	uint64_t dw[4];

	(void)state;
	setup(&b);
	raw_wr32(&b.vm, SMMU_REG_STRTAB_BASE_CFG, 4); /* 20 is beyond */
	raw_enable(&b.vm, true);
	assert_int_equal(status(&b, 0, DATA), SMMU_ABORT);
	only_event(&b, SMMU_EVT_C_BAD_STE, 3, 0);
	/* CR2.RECINVSID */
	assert_int_equal(status(&b, 1, DATA), SMMU_ABORT);
	assert_int_equal(vmm_guest_pump(b.vm.vmm), 1);
	assert_false(raw_event(&b.vm, dw));
	raw_enable(&b.vm, false);
	raw_wr32(&b.vm, SMMU_REG_CR2, (uint32_t)SMMU_MASK(SMMU_CR2_RECINVSID));
	raw_enable(&b.vm, true);
	assert_int_equal(status(&b, 1, DATA), SMMU_ABORT);
	only_event(&b, SMMU_EVT_C_BAD_STREAMID, 20, 0);
	/* A table where no memory is. */
	raw_enable(&b.vm, false);
	raw_wr64(&b.vm, SMMU_REG_STRTAB_BASE, VM_RAM - 0x10000);
	raw_enable(&b.vm, true);
	assert_int_equal(status(&b, 0, DATA), SMMU_ABORT);
	only_event(&b, SMMU_EVT_F_STE_FETCH, 3, VM_RAM - 0x10000 + 64 * 3);
	assert_int_equal(vm_stats(&b.vm).events_lost, 0);
	teardown(&b);
}

static void shallow(struct vmm_config *config)
{
	config->event_depth = 4;
}

/* CORE-175, CORE-176: a flood fills the vEVENTQ and no more; what is lost is counted. */
static void test_flood(void **state)
{
	struct bench b;
	uint64_t dw[4];
	unsigned n = 0;

	(void)state;
	setup_with(&b, vm_host_config(), shallow);
	translate(&b);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(status(&b, 0, IOVA + 0x1000 * (i + 1)), SMMU_ABORT);
	assert_int_equal(vmm_guest_pump(b.vm.vmm), 100);
	while (raw_event(&b.vm, dw))
		assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_InputAddr),
				 IOVA + 0x1000 * ++n);
	assert_int_equal(n, 4);
	assert_int_equal(vm_stats(&b.vm).events, 4);
	assert_int_equal(vm_stats(&b.vm).events_lost, 96);
	/* It goes on. */
	assert_int_equal(status(&b, 0, IOVA + 0x5000), SMMU_ABORT);
	assert_int_equal(vmm_guest_pump(b.vm.vmm), 1);
	assert_true(raw_event(&b.vm, dw));
	assert_int_equal(vm_stats(&b.vm).events_lost, 96);
	teardown(&b);
}

/* EVT-67: the guest's own queue is full: overflow there, and counted as lost. */
static void test_guest_overflow(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	translate(&b);
	for (unsigned i = 0; i < 65; i++)
		assert_int_equal(status(&b, 0, IOVA + 0x1000 * (i + 1)), SMMU_ABORT);
	assert_int_equal(vmm_guest_pump(b.vm.vmm), 65);
	assert_int_equal(vm_stats(&b.vm).events, 64);
	assert_int_equal(vm_stats(&b.vm).events_lost, 1);
	assert_int_equal(smmu_reg_get(raw_rd32(&b.vm, SMMU_REG_EVENTQ_PROD),
				      SMMU_EVENTQ_PROD_OVFLG),
			 1);
	teardown(&b);
}

/* ---- devices that come and go ---- */

/* CORE-138, CORE-170, CORE-171: plugged in, it goes where the guest's STE says already.
 */
static void test_plug_and_unplug(void **state)
{
	struct bench b;
	struct vmm_device third;
	const uint32_t sid = 0x12;
	uint64_t ste[2], word = 9;

	(void)state;
	setup(&b);
	raw_ste_s1(ste, s1(&b));
	raw_ste(&b.vm, 3, ste[0], ste[1]);
	raw_ste(&b.vm, 30, ste[0], ste[1]);
	raw_enable(&b.vm, true);
	third = (struct vmm_device){ rig_add(&b.host, "third", &sid, 1), 30 };
	assert_int_equal(rig_dma(&b.host, sid, IOVA, true, &word).status, SMMU_ABORT);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(vmm_guest_plug(b.vm.vmm, &third), 0);
		assert_int_equal(rig_dma(&b.host, sid, IOVA, true, &word).status,
				 SMMU_OK);
		assert_int_equal(vmm_guest_plug(b.vm.vmm, &third), -EEXIST);
		assert_int_equal(vmm_guest_unplug(b.vm.vmm, 31), -ENOENT);
		assert_int_equal(vmm_guest_unplug(b.vm.vmm, 30), 0);
		assert_int_equal(rig_dma(&b.host, sid, IOVA, true, &word).status,
				 SMMU_ABORT);
		assert_int_equal(status(&b, 0, IOVA), SMMU_OK);
	}
	/* The one before it in the list goes, the others stay. */
	assert_int_equal(vmm_guest_plug(b.vm.vmm, &third), 0);
	assert_int_equal(vmm_guest_unplug(b.vm.vmm, 3), 0);
	assert_int_equal(status(&b, 0, IOVA), SMMU_ABORT);
	assert_int_equal(rig_dma(&b.host, sid, IOVA, true, &word).status, SMMU_OK);
	raw_ste(&b.vm, 30, 0, 0);
	raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 30);
	assert_int_equal(rig_dma(&b.host, sid, IOVA, true, &word).status, SMMU_ABORT);
	teardown(&b);
}

static void test_plug_refused(void **state)
{
	struct bench b;
	struct vmm_device d;
	int me;

	(void)state;
	setup_with(&b, vm_host_config(), with_ats); /* 8 bits of StreamID */
	d = (struct vmm_device){ rig_add(&b.host, "third", &(uint32_t){ 0x12 }, 1), 256 };
	assert_int_equal(vmm_guest_plug(b.vm.vmm, NULL), -EINVAL);
	assert_int_equal(vmm_guest_plug(b.vm.vmm, &d), -EINVAL);
	d.vsid = 255;
	assert_int_equal(iommu_device_claim_dma_owner(d.dev, &me), 0);
	assert_int_equal(vmm_guest_plug(b.vm.vmm, &d), -EPERM);
	iommu_device_release_dma_owner(d.dev);
	assert_int_equal(vmm_guest_plug(b.vm.vmm, &d), 0);
	teardown(&b);
}

/* REG-120: after it nothing of the guest's tables is in use, and its devices bypass. */
static void test_reset(void **state)
{
	struct bench b;
	uint64_t dw[4];

	(void)state;
	setup(&b);
	translate(&b);
	assert_int_equal(status(&b, 0, IOVA + 0x1000), SMMU_ABORT); /* an event waits */
	vmm_guest_reset(b.vm.vmm);
	assert_int_equal(raw_rd32(&b.vm, SMMU_REG_CR0ACK), 0);
	assert_int_equal(status(&b, 0, DATA), SMMU_OK);
	assert_int_equal(status(&b, 1, DATA), SMMU_OK);
	assert_int_equal(status(&b, 0, IOVA), SMMU_ABORT); /* a fault of stage 2 */
	raw_init(&b.vm);
	assert_int_equal(vmm_guest_pump(b.vm.vmm), 0);
	assert_false(raw_event(&b.vm, dw));
	translate(&b);
	teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_by_hand),
		cmocka_unit_test(test_events_of_no_ste),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_guest_overflow),
		cmocka_unit_test(test_plug_and_unplug),
		cmocka_unit_test(test_plug_refused),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests_name("vmm: events, and devices that come and go",
					   tests, NULL, NULL);
}
