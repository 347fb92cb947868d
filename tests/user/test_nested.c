/* SPDX-License-Identifier: MIT */
/* A guest's stage 1 on its parent's stage 2, end to end: what it may say, where its DMA
 * goes, what it is told (DRV-106, DRV-115 to DRV-124). */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "driver/strtab.h"
#include "driver/vsmmu.h"
#include "user/vm.h"

#define VA UINT64_C(0x12345000)

/* One guest with one device, its stage 1 mapping VA to a page. */
struct guest {
	struct rig r;
	struct vm vm;
	uint64_t table, cd, page;
	uint64_t ste[2];
	uint32_t nested;
};

static void guest_up(struct guest *g)
{
	const struct smmu_config cfg = vm_config();
	const uint32_t sid = 5;

	rig_up(&g->r, &cfg);
	vm_init(&g->vm, &g->r, 0);
	vm_bind(&g->vm, rig_add(&g->r, "dev", &sid, 1), sid);
	vm_make_viommu(&g->vm, 8);
	vm_name(&g->vm, 0, 0x42);
	g->table = vm_table(&g->vm);
	g->page = vm_alloc(&g->vm, 4096);
	vm_map(&g->vm, g->table, VA, g->page);
	g->cd = vm_cd(&g->vm, g->table, 7);
	vm_s1_ste(g->cd, g->ste);
	assert_int_equal(vm_nested(&g->vm, 0, g->ste[0], g->ste[1], &g->nested), 0);
}

static void guest_down(struct guest *g)
{
	vm_fini(&g->vm);
	rig_down(&g->r);
}

static void dma_ok(struct guest *g, uint64_t va, uint64_t gpa)
{
	uint64_t value = va ^ 0x1234;

	assert_int_equal(rig_dma(&g->r, 5, va, true, &value).status, SMMU_OK);
	assert_int_equal(vm_peek(&g->vm, gpa), va ^ 0x1234);
	vm_poke(&g->vm, gpa, 0x55aa);
	assert_int_equal(rig_dma(&g->r, 5, va, false, &value).status, SMMU_OK);
	assert_int_equal(value, 0x55aa);
}

static void dma_aborted(struct guest *g, uint64_t va)
{
	uint64_t value = 0;

	assert_int_equal(rig_dma(&g->r, 5, va, false, &value).status, SMMU_ABORT);
}

/* GVA -> GPA -> PA, and back to the parent alone. */
static void nested_translates(void **state)
{
	struct guest g;

	(void)state;
	guest_up(&g);
	assert_int_equal(vm_attach(&g.vm, 0, g.nested), 0);
	dma_ok(&g, VA, g.page);
	assert_int_equal(vm_replace(&g.vm, 0, g.vm.parent), 0);
	dma_ok(&g, g.page, g.page); /* addresses are the guest's physical ones now */
	assert_int_equal(vm_replace(&g.vm, 0, g.nested), 0);
	dma_ok(&g, VA, g.page);
	assert_int_equal(vm_detach(&g.vm, 0), 0);
	dma_aborted(&g, VA);
	guest_down(&g);
}

/* The physical STE as the model would fetch it. */
static void ste_of(struct guest *g, uint64_t *ste)
{
	hwword_t *at = arm_smmu_strtab_ste(g->r.drv, 5);

	for (unsigned i = 0; i < SMMU_STE_DWORDS; i++)
		ste[i] = hw_load(&at[i]);
}

/* DRV-40: the parent's stage 2, the guest's two words, MEV. */
static void nested_ste_is_made_of_both(void **state)
{
	uint64_t s2[SMMU_STE_DWORDS], ste[SMMU_STE_DWORDS];
	struct guest g;

	(void)state;
	guest_up(&g);
	assert_int_equal(vm_attach(&g.vm, 0, g.vm.parent), 0);
	ste_of(&g, s2);
	assert_int_equal(smmu_get(s2, SMMU_STE_Config), SMMU_STE_CONFIG_S2);
	assert_int_equal(vm_replace(&g.vm, 0, g.nested), 0);
	ste_of(&g, ste);
	assert_int_equal(smmu_get(ste, SMMU_STE_Config), SMMU_STE_CONFIG_NESTED);
	assert_int_equal(smmu_get(ste, SMMU_STE_S2FWB), 1);
	assert_int_equal(smmu_get(ste, SMMU_STE_MEV), 1);
	assert_int_equal(smmu_get_addr(ste, SMMU_STE_S1ContextPtr), g.cd);
	assert_int_equal(smmu_get(ste, SMMU_STE_S1CSH), 3);
	smmu_set(s2, SMMU_STE_Config, SMMU_STE_CONFIG_NESTED);
	smmu_set(s2, SMMU_STE_MEV, 1);
	assert_int_equal(ste[0], s2[0] | g.ste[0]);
	assert_int_equal(ste[1], s2[1] | g.ste[1]);
	for (unsigned i = 2; i < SMMU_STE_DWORDS; i++)
		assert_int_equal(ste[i], s2[i]);
	guest_down(&g);
}

static uint64_t config(unsigned value)
{
	uint64_t ste[SMMU_STE_DWORDS] = { 0 };

	smmu_set(ste, SMMU_STE_V, 1);
	smmu_set(ste, SMMU_STE_Config, value);
	return ste[0];
}

/* DRV-40: abort is the abort STE, bypass the parent's own. */
static void nested_abort_and_bypass(void **state)
{
	uint64_t s2[SMMU_STE_DWORDS], ste[SMMU_STE_DWORDS];
	uint32_t abort_id, bypass_id;
	unsigned events;
	struct guest g;

	(void)state;
	guest_up(&g);
	assert_int_equal(vm_attach(&g.vm, 0, g.vm.parent), 0);
	ste_of(&g, s2);
	assert_int_equal(vm_nested(&g.vm, 0, config(SMMU_STE_CONFIG_ABORT), 0, &abort_id),
			 0);
	assert_int_equal(
		vm_nested(&g.vm, 0, config(SMMU_STE_CONFIG_BYPASS), 0, &bypass_id), 0);
	assert_int_equal(vm_replace(&g.vm, 0, bypass_id), 0);
	ste_of(&g, ste);
	assert_memory_equal(ste, s2, sizeof(ste));
	dma_ok(&g, g.page, g.page);
	assert_int_equal(vm_replace(&g.vm, 0, abort_id), 0);
	ste_of(&g, ste);
	assert_int_equal(ste[0], config(SMMU_STE_CONFIG_ABORT));
	assert_int_equal(ste[1] | ste[2] | ste[3], 0);
	events = g.r.faults + g.vm.readies;
	dma_aborted(&g, VA); /* and silently: neither host nor guest hears of it */
	assert_int_equal(g.r.faults + g.vm.readies, events);
	guest_down(&g);
}

/* DRV-117, CORE-156: what a guest may say, each bit of both words, and its neighbours. */
static void vste_bits(void **state)
{
	const uint64_t allowed[2] = { UINT64_C(0xf80fffffffffffff),
				      UINT64_C(0x380000ff) };
	struct guest g;
	uint32_t id;

	(void)state;
	guest_up(&g);
	for (unsigned bit = 0; bit < 128; bit++) {
		uint64_t ste[2] = { g.ste[0], g.ste[1] };
		bool ok = allowed[bit / 64] >> bit % 64 & 1;
		int err;

		if (bit < 4 || bit == 64 + 29)
			continue; /* V, Config, EATS: below */
		ste[bit / 64] |= UINT64_C(1) << bit % 64;
		err = vm_nested(&g.vm, 0, ste[0], ste[1], &id);
		assert_int_equal(err, ok ? 0 : -EIO);
		if (!err)
			assert_int_equal(vm_destroy(&g.vm, id), 0);
	}
	guest_down(&g);
}

/* DRV-117: Config and EATS by value; V = 0 is accepted whatever else is there. */
static void vste_values(void **state)
{
	static const struct {
		unsigned config;
		int err;
	} configs[] = { { 0, 0 }, { 1, -EIO }, { 2, -EIO }, { 3, -EIO },
			{ 4, 0 }, { 5, 0 },    { 6, -EIO }, { 7, -EIO } };
	struct guest g;
	uint32_t id;

	(void)state;
	guest_up(&g);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(vm_nested(&g.vm, 0, config(configs[i].config), 0, &id),
				 configs[i].err);
	for (uint64_t eats = 0; eats < 4; eats++) {
		uint64_t ste[SMMU_STE_DWORDS] = { g.ste[0], g.ste[1] };

		smmu_set(ste, SMMU_STE_EATS, eats);
		assert_int_equal(vm_nested(&g.vm, 0, ste[0], ste[1], &id),
				 eats < 2 ? 0 : -EIO);
	}
	assert_int_equal(vm_nested(&g.vm, 0, ~UINT64_C(1), ~UINT64_C(0), &id), 0);
	assert_int_equal(vm_nested(&g.vm, 0, ~UINT64_C(0), ~UINT64_C(0), &id), -EIO);
	guest_down(&g);
}

/*
 * DRV-117, DRV-106: a stream whose vSTE is not there aborts, and the guest hears of it as
 * it would from its own SMMU.
 */
static void vste_invalid_is_bad_ste(void **state)
{
	struct iommufd_vevent_header header;
	uint64_t evt[4];
	struct guest g;
	uint32_t id;

	(void)state;
	guest_up(&g);
	assert_int_equal(vm_nested(&g.vm, 0, 0, 0, &id), 0);
	assert_int_equal(vm_attach(&g.vm, 0, id), 0);
	assert_int_equal(vm_event(&g.vm, &header, evt), 0); /* nobody has done anything */
	dma_aborted(&g, VA);
	assert_int_equal(vm_event(&g.vm, &header, evt), 40);
	assert_int_equal(smmu_get(evt, SMMU_EVENT_HEAD_EVENT), SMMU_EVT_C_BAD_STE);
	assert_int_equal(smmu_get(evt, SMMU_EVENT_HEAD_StreamID), 0x42);
	assert_int_equal(g.r.faults, 0);
	guest_down(&g);
}

/* CORE-137: the data behind data_uptr; each error, and what is just right. */
static void vste_data(void **state)
{
	static const struct {
		uint32_t type, len;
		int fill; /* of what is behind the vSTE */
		int err;
	} cases[] = {
		{ 2, 16, 0, 0 },       { 1, 16, 0, -EINVAL },	 { 3, 16, 0, -EINVAL },
		{ 2, 15, 0, -EINVAL }, { 2, 8, 0, -EINVAL },	 { 2, 24, 0, 0 },
		{ 2, 24, 1, -E2BIG },  { 2, 4096, 0, 0 },	 { 0, 16, 0, -EINVAL },
		{ 2, 0, 0, -EINVAL },  { 0, 0, 0, -EOPNOTSUPP },
	};
	struct guest g;

	(void)state;
	guest_up(&g);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned char data[4096];
		struct iommu_hwpt_alloc hwpt = {
			.size = sizeof(hwpt),
			.dev_id = g.vm.dev_ids[0],
			.pt_id = g.vm.viommu,
			.data_type = cases[i].type,
			.data_len = cases[i].len,
			.data_uptr = (uint64_t)(uintptr_t)data,
		};

		memset(data, cases[i].fill, sizeof(data));
		memcpy(data, g.ste, sizeof(g.ste));
		assert_int_equal(iommufd_hwpt_alloc(g.vm.ctx, &hwpt), cases[i].err);
		hwpt.data_uptr = 0;
		if (!cases[i].err)
			assert_int_equal(iommufd_hwpt_alloc(g.vm.ctx, &hwpt), -EFAULT);
	}
	guest_down(&g);
}

/* DRV-118, DRV-84: translation needs a name for the device; abort and bypass do not. */
static void nested_without_vdevice(void **state)
{
	uint32_t bypass_id, invalid_id;
	struct guest g;

	(void)state;
	guest_up(&g);
	assert_int_equal(vm_destroy(&g.vm, g.vm.vdev_ids[0]), 0);
	assert_int_equal(vm_attach(&g.vm, 0, g.nested), -ENOENT);
	assert_int_equal(
		vm_nested(&g.vm, 0, config(SMMU_STE_CONFIG_BYPASS), 0, &bypass_id), 0);
	assert_int_equal(vm_nested(&g.vm, 0, 0, 0, &invalid_id), 0);
	assert_int_equal(vm_attach(&g.vm, 0, bypass_id), 0);
	dma_ok(&g, g.page, g.page);
	assert_int_equal(vm_replace(&g.vm, 0, invalid_id), 0);
	dma_aborted(&g, VA);
	assert_int_equal(g.vm.readies, 0); /* nobody to tell but the host */
	assert_int_equal(g.r.faults, 1);
	vm_name(&g.vm, 0, 9);
	assert_int_equal(vm_replace(&g.vm, 0, g.nested), 0);
	dma_ok(&g, VA, g.page);
	guest_down(&g);
}

/* ---- Events (DRV-104, DRV-106, DRV-123) ---- */

static void expect_event(struct guest *g, unsigned id, uint64_t va)
{
	struct iommufd_vevent_header header;
	uint64_t evt[4];

	dma_aborted(g, va);
	assert_int_equal(vm_event(&g->vm, &header, evt), 40);
	assert_int_equal(smmu_get(evt, SMMU_EVENT_HEAD_EVENT), id);
	assert_int_equal(smmu_get(evt, SMMU_EVENT_HEAD_StreamID), 0x42);
	if (id >= SMMU_EVT_F_TRANSLATION)
		assert_int_equal(smmu_get(evt, SMMU_F_TRANSLATION_InputAddr), va);
	assert_int_equal(g->r.faults, 0);
}

/* What stage 1 is wrong about goes to the guest under the name that it knows. */
static void events_of_stage_1(void **state)
{
	uint64_t bad_leaf, ste[SMMU_STE_DWORDS];
	struct guest g;
	uint32_t id;

	(void)state;
	guest_up(&g);
	assert_int_equal(vm_attach(&g.vm, 0, g.nested), 0);
	expect_event(&g, SMMU_EVT_F_TRANSLATION, VA + 4096);
	/* Read-only memory is written: not by the helper, which reads. */
	vm_map(&g.vm, g.table, VA + 8192, g.page);
	/* An output address beyond CD.IPS of 40 bits. */
	vm_map(&g.vm, g.table, VA + 12288, UINT64_C(1) << 41);
	expect_event(&g, SMMU_EVT_F_ADDR_SIZE, VA + 12288);
	/* Without AF. */
	vm_map(&g.vm, g.table, VA + 16384, g.page);
	bad_leaf = vm_leaf(&g.vm, g.table, VA + 16384);
	vm_poke(&g.vm, bad_leaf, vm_peek(&g.vm, bad_leaf) & ~(UINT64_C(1) << 10));
	expect_event(&g, SMMU_EVT_F_ACCESS, VA + 16384);
	/* For EL1 only, and the master is not privileged. */
	vm_map(&g.vm, g.table, VA + 20480, g.page);
	bad_leaf = vm_leaf(&g.vm, g.table, VA + 20480);
	vm_poke(&g.vm, bad_leaf, vm_peek(&g.vm, bad_leaf) & ~(UINT64_C(1) << 6));
	expect_event(&g, SMMU_EVT_F_PERMISSION, VA + 20480);
	/* A CD that is not valid. */
	vm_poke(&g.vm, g.cd, 0);
	assert_int_equal(vm_invalidate1(&g.vm, 0x05 | UINT64_C(0x42) << 32, 1), 0);
	expect_event(&g, SMMU_EVT_C_BAD_CD, VA);
	/* S1DSS = terminate with CDs for SubstreamIDs: none is given. */
	memcpy(ste, g.ste, sizeof(g.ste));
	smmu_set(ste, SMMU_STE_S1CDMax, 1);
	smmu_set(ste, SMMU_STE_S1DSS, SMMU_S1DSS_TERMINATE);
	assert_int_equal(vm_nested(&g.vm, 0, ste[0], ste[1], &id), 0);
	assert_int_equal(vm_replace(&g.vm, 0, id), 0);
	expect_event(&g, SMMU_EVT_F_STREAM_DISABLED, VA);
	guest_down(&g);
}

/* C_BAD_SUBSTREAMID: a SubstreamID beyond the guest's table. */
static void event_of_a_substream(void **state)
{
	struct iommufd_vevent_header header;
	uint64_t evt[4], value = 0, ste[SMMU_STE_DWORDS];
	struct smmu_txn txn = { .sid = 5, .ssid = 3, .ssv = true, .addr = VA };
	struct guest g;
	uint32_t id;

	(void)state;
	guest_up(&g);
	memcpy(ste, g.ste, sizeof(g.ste));
	smmu_set(ste, SMMU_STE_S1CDMax, 1);
	smmu_set(ste, SMMU_STE_S1DSS, SMMU_S1DSS_SSID0);
	assert_int_equal(vm_nested(&g.vm, 0, ste[0], ste[1], &id), 0);
	assert_int_equal(vm_attach(&g.vm, 0, id), 0);
	dma_ok(&g, VA, g.page);
	assert_int_equal(smmu_dma(g.r.port, &txn, &value, sizeof(value), NULL).status,
			 SMMU_ABORT);
	assert_int_equal(vm_event(&g.vm, &header, evt), 40);
	assert_int_equal(smmu_get(evt, SMMU_EVENT_HEAD_EVENT),
			 SMMU_EVT_C_BAD_SUBSTREAMID);
	assert_int_equal(smmu_get(evt, SMMU_EVENT_HEAD_StreamID), 0x42);
	assert_int_equal(smmu_get(evt, SMMU_EVENT_HEAD_SubstreamID), 3);
	guest_down(&g);
}

/* Stage-2 faults are the host's: the guest has no name for what is behind its memory. */
static void events_of_stage_2(void **state)
{
	const uint64_t beyond = VM_GPA + VM_SIZE;
	struct guest g;

	(void)state;
	guest_up(&g);
	assert_int_equal(vm_attach(&g.vm, 0, g.nested), 0);
	vm_map(&g.vm, g.table, VA + 4096, beyond);
	dma_aborted(&g, VA + 4096);
	assert_int_equal(g.vm.readies, 0);
	assert_int_equal(g.r.faults, 1);
	assert_string_equal(g.r.reason, "F_TRANSLATION");
	/* A CD pointer and a table out there are no different. */
	vm_poke(&g.vm, g.cd + 8, beyond);
	assert_int_equal(vm_invalidate1(&g.vm, 0x05 | UINT64_C(0x42) << 32, 1), 0);
	assert_int_equal(vm_invalidate1(&g.vm, 0x30, 0), 0);
	dma_aborted(&g, VA);
	assert_int_equal(g.vm.readies, 0);
	assert_int_equal(g.r.faults, 2);
	guest_down(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nested_translates),
		cmocka_unit_test(nested_ste_is_made_of_both),
		cmocka_unit_test(nested_abort_and_bypass),
		cmocka_unit_test(vste_bits),
		cmocka_unit_test(vste_values),
		cmocka_unit_test(vste_invalid_is_bad_ste),
		cmocka_unit_test(vste_data),
		cmocka_unit_test(nested_without_vdevice),
		cmocka_unit_test(events_of_stage_1),
		cmocka_unit_test(event_of_a_substream),
		cmocka_unit_test(events_of_stage_2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
