/* SPDX-License-Identifier: MIT */
/*
 * What passes from a guest programmed by hand to the host: which STE becomes which HWPT,
 * which commands go over and how, what is refused, and which ID registers the guest sees.
 */
#include "vmm/by_hand.h"

/* ---- registers ---- */

/* SMMUEN = 0: GBPA says whether what comes is let through, by stage 2 in any case. */
static void test_disabled_is_gbpa(void **state)
{
	const uint32_t update = (uint32_t)SMMU_MASK(SMMU_GBPA_Update);
	const uint32_t abort = (uint32_t)SMMU_MASK(SMMU_GBPA_ABORT);
	struct bench b;

	(void)state;
	setup(&b);
	assert_int_equal(status(&b, 0, DATA), SMMU_OK);
	assert_int_equal(status(&b, 0, DATA_BASE), SMMU_ABORT);
	raw_wr32(&b.vm, SMMU_REG_GBPA, update | abort);
	assert_int_equal(status(&b, 0, DATA), SMMU_ABORT);
	assert_int_equal(status(&b, 1, DATA), SMMU_ABORT);
	raw_wr32(&b.vm, SMMU_REG_GBPA, update);
	assert_int_equal(status(&b, 0, DATA), SMMU_OK);
	translate(&b);
	/* While it is enabled GBPA is nothing; after that it is what it says. */
	raw_wr32(&b.vm, SMMU_REG_GBPA, update | abort);
	assert_int_equal(status(&b, 0, IOVA), SMMU_OK);
	raw_enable(&b.vm, false);
	assert_int_equal(status(&b, 0, DATA), SMMU_ABORT);
	assert_int_equal(vm_stats(&b.vm).stes_failed, 0);
	teardown(&b);
}

/* DRV-122: what may come from hardware does, the rest is ours. */
static void test_id_registers(void **state)
{
	struct smmu_config cfg = vm_host_config();
	struct bench b;
	uint32_t idr0, idr1, idr3, idr5;

	(void)state;
	cfg.iidr = 0x43b;
	setup_with(&b, cfg, NULL);
	idr0 = raw_rd32(&b.vm, SMMU_REG_IDR0);
	idr1 = raw_rd32(&b.vm, SMMU_REG_IDR1);
	idr3 = raw_rd32(&b.vm, SMMU_REG_IDR3);
	idr5 = raw_rd32(&b.vm, SMMU_REG_IDR5);
	assert_int_equal(smmu_reg_get(idr0, SMMU_IDR0_S1P), 1);
	assert_int_equal(smmu_reg_get(idr0, SMMU_IDR0_S2P), 0);
	assert_int_equal(smmu_reg_get(idr0, SMMU_IDR0_Hyp), 0);
	assert_int_equal(smmu_reg_get(idr0, SMMU_IDR0_ATS), 0);
	assert_int_equal(smmu_reg_get(idr0, SMMU_IDR0_PRI), 0);
	assert_int_equal(smmu_reg_get(idr0, SMMU_IDR0_HTTU), 0);
	assert_int_equal(smmu_reg_get(idr0, SMMU_IDR0_VMID16), 0);
	assert_int_equal(smmu_reg_get(idr0, SMMU_IDR0_STALL_MODEL), 1);
	assert_int_equal(smmu_reg_get(idr0, SMMU_IDR0_COHACC), 1);
	assert_int_equal(smmu_reg_get(idr0, SMMU_IDR0_TTF), cfg.ttf);
	assert_int_equal(smmu_reg_get(idr0, SMMU_IDR0_ASID16), cfg.asid16);
	assert_int_equal(smmu_reg_get(idr0, SMMU_IDR0_CD2L), cfg.cd2l);
	assert_int_equal(smmu_reg_get(idr1, SMMU_IDR1_SSIDSIZE), cfg.ssid_bits);
	assert_int_equal(smmu_reg_get(idr1, SMMU_IDR1_SIDSIZE), 16);
	assert_int_equal(smmu_reg_get(idr3, SMMU_IDR3_RIL), cfg.ril);
	assert_int_equal(smmu_reg_get(idr3, SMMU_IDR3_XNX), 0);
	assert_int_equal(smmu_reg_get(idr5, SMMU_IDR5_OAS), cfg.oas);
	assert_int_equal(smmu_reg_get(idr5, SMMU_IDR5_GRAN64K), cfg.gran64k);
	assert_int_equal(raw_rd32(&b.vm, SMMU_REG_IIDR), 0);
	assert_int_equal(raw_rd32(&b.vm, SMMU_REG_AIDR), cfg.arch_minor);
	teardown(&b);
}

static void test_id_registers_as_asked(void **state)
{
	struct bench b;

	(void)state;
	setup_with(&b, vm_host_config(), with_ats);
	assert_int_equal(smmu_reg_get(raw_rd32(&b.vm, SMMU_REG_IDR0), SMMU_IDR0_ATS), 1);
	assert_int_equal(smmu_reg_get(raw_rd32(&b.vm, SMMU_REG_IDR1), SMMU_IDR1_SIDSIZE),
			 8);
	assert_int_equal(smmu_reg_get(raw_rd32(&b.vm, SMMU_REG_IDR1), SMMU_IDR1_CMDQS),
			 6);
	teardown(&b);
}

/* ---- STEs ---- */

static void test_each_config(void **state)
{
	struct bench b;
	uint64_t cd, ste[2], made[2] = { 0, 0 };

	(void)state;
	setup(&b);
	raw_enable(&b.vm, true);
	/* DRV-117: V == 0 in the guest's table: aborted. */
	assert_int_equal(status(&b, 0, DATA), SMMU_ABORT);
	assert_int_equal(vm_assigned(&b.vm, 0).ste[0], 0);
	smmu_set(made, SMMU_STE_V, 1);
	smmu_set(made, SMMU_STE_Config, SMMU_STE_CONFIG_BYPASS);
	raw_ste(&b.vm, 3, made[0], made[1]);
	/* CMD-22: nothing is known of it before its CFGI_STE. */
	assert_int_equal(status(&b, 0, DATA), SMMU_ABORT);
	raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 3);
	assert_int_equal(status(&b, 0, DATA), SMMU_OK);
	assert_int_equal(status(&b, 1, DATA), SMMU_ABORT);
	cd = s1(&b);
	raw_ste_s1(ste, cd);
	raw_ste(&b.vm, 3, ste[0], ste[1]);
	raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 3);
	assert_int_equal(status(&b, 0, IOVA), SMMU_OK);
	assert_int_equal(status(&b, 0, DATA), SMMU_ABORT);
	assert_int_equal(smmu_get_addr(vm_assigned(&b.vm, 0).ste, SMMU_STE_S1ContextPtr),
			 cd);
	smmu_set(made, SMMU_STE_Config, SMMU_STE_CONFIG_ABORT);
	raw_ste(&b.vm, 3, made[0], made[1]);
	raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 3);
	assert_int_equal(status(&b, 0, IOVA), SMMU_ABORT);
	assert_int_equal(vm_stats(&b.vm).refused, 0);
	teardown(&b);
}

/* What the guest's SMMU calls ILLEGAL is V == 0 for the host; what it ignores is gone. */
static void test_what_is_left_of_an_ste(void **state)
{
	struct smmu_config cfg = vm_host_config();
	struct bench b;
	uint64_t cd, ste[2], dw[2];

	(void)state;
	cfg.stall_model = 0;
	cfg.stall_max = 4;
	setup_with(&b, cfg, NULL);
	cd = s1(&b);
	raw_enable(&b.vm, true);
	raw_ste_s1(ste, cd);
	/* Stage 2 in it (STE-6), and a CD beyond OAS (STE-20). */
	for (unsigned config = 6; config <= 7; config++) {
		memcpy(dw, ste, sizeof(dw));
		smmu_set(dw, SMMU_STE_Config, config);
		raw_ste(&b.vm, 3, dw[0], dw[1]);
		raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 3);
		assert_int_equal(vm_assigned(&b.vm, 0).ste[0], 0);
	}
	memcpy(dw, ste, sizeof(dw));
	smmu_set_addr(dw, SMMU_STE_S1ContextPtr, cd | UINT64_C(1) << 48);
	raw_ste(&b.vm, 3, dw[0], dw[1]);
	raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 3);
	assert_int_equal(vm_assigned(&b.vm, 0).ste[0], 0);
	/* STE-17: no stalls where the guest knows of none. EATS is ignored without ATS.
	 */
	memcpy(dw, ste, sizeof(dw));
	smmu_set(dw, SMMU_STE_EATS, 2);
	smmu_set(dw, SMMU_STE_STRW, 2);
	smmu_set(dw, SMMU_STE_SHCFG, 1);
	smmu_set(dw, SMMU_STE_MEV, 1);
	raw_ste(&b.vm, 3, dw[0], dw[1]);
	raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 3);
	smmu_set(ste, SMMU_STE_S1STALLD, 1);
	assert_int_equal(vm_assigned(&b.vm, 0).ste[0], ste[0]);
	assert_int_equal(vm_assigned(&b.vm, 0).ste[1], ste[1]);
	assert_int_equal(status(&b, 0, IOVA), SMMU_OK);
	assert_int_equal(vm_stats(&b.vm).refused, 0);
	teardown(&b);
}

static void test_eats(void **state)
{
	struct bench b;
	uint64_t ste[2], cd;

	(void)state;
	setup_with(&b, vm_host_config(), with_ats);
	cd = s1(&b);
	raw_enable(&b.vm, true);
	raw_ste_s1(ste, cd);
	for (unsigned eats = 0; eats < 4; eats++) {
		smmu_set(ste, SMMU_STE_EATS, eats);
		raw_ste(&b.vm, 3, ste[0], ste[1]);
		raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 3);
		/* STE-8, STE-10 */
		if (eats > 1)
			assert_int_equal(vm_assigned(&b.vm, 0).ste[0], 0);
		else
			assert_int_equal(
				smmu_get(vm_assigned(&b.vm, 0).ste, SMMU_STE_EATS), eats);
	}
	teardown(&b);
}

/* L1STD-1 to L1STD-4: the same in a table of two levels. */
static void test_two_levels(void **state)
{
	struct bench b;
	uint64_t l1, l2, bypass[2] = { 0, 0 };

	(void)state;
	setup(&b);
	l1 = vm_alloc(&b.vm, 4096, 4096);
	l2 = vm_alloc(&b.vm, 4096, 4096);
	smmu_set(bypass, SMMU_STE_V, 1);
	smmu_set(bypass, SMMU_STE_Config, SMMU_STE_CONFIG_BYPASS);
	raw_poke(&b.vm, l2 + 64 * 3, bypass[0]);
	raw_poke(&b.vm, l2 + 64 * 20, bypass[0]);
	raw_wr64(&b.vm, SMMU_REG_STRTAB_BASE, l1);
	/* FMT 1, SPLIT 6, 8 bits */
	raw_wr32(&b.vm, SMMU_REG_STRTAB_BASE_CFG, 1 << 16 | 6 << 6 | 8);
	raw_enable(&b.vm, true);
	assert_int_equal(status(&b, 0, DATA), SMMU_ABORT);
	/* Span 5: 16 STEs, so that 3 is in and 20 is not. */
	raw_poke(&b.vm, l1, l2 | 5);
	raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 3);
	raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 20);
	assert_int_equal(status(&b, 0, DATA), SMMU_OK);
	assert_int_equal(status(&b, 1, DATA), SMMU_ABORT);
	raw_poke(&b.vm, l1, l2 | 7);
	raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 20);
	assert_int_equal(status(&b, 1, DATA), SMMU_OK);
	/* L1STD-2: more than SPLIT + 1 is out of bounds. */
	raw_poke(&b.vm, l1, l2 | 8);
	raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 3);
	assert_int_equal(status(&b, 0, DATA), SMMU_ABORT);
	assert_int_equal(vm_stats(&b.vm).stes_failed, 0);
	teardown(&b);
}

/* T-5a, T-6: a table too short, outside of RAM, in the SMMU's own registers. */
static void test_tables_of_nowhere(void **state)
{
	const uint64_t bases[] = { 0,	    VM_RAM - 4096,     VM_RAM + VM_RAM_SIZE,
				   VM_SMMU, VM_SMMU + 0x10000, UINT64_C(1) << 47 };
	struct bench b;
	uint64_t bypass[2] = { 0, 0 };

	(void)state;
	setup(&b);
	smmu_set(bypass, SMMU_STE_V, 1);
	smmu_set(bypass, SMMU_STE_Config, SMMU_STE_CONFIG_BYPASS);
	raw_ste(&b.vm, 3, bypass[0], 0);
	raw_ste(&b.vm, 20, bypass[0], 0);
	/* 16 StreamIDs: 20 is beyond. */
	raw_wr32(&b.vm, SMMU_REG_STRTAB_BASE_CFG, 4);
	raw_enable(&b.vm, true);
	assert_int_equal(status(&b, 0, DATA), SMMU_OK);
	assert_int_equal(status(&b, 1, DATA), SMMU_ABORT);
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		for (unsigned fmt = 0; fmt < 2; fmt++) {
			raw_enable(&b.vm, false);
			raw_wr64(&b.vm, SMMU_REG_STRTAB_BASE, bases[i]);
			raw_wr32(&b.vm, SMMU_REG_STRTAB_BASE_CFG, fmt << 16 | 6 << 6 | 8);
			raw_enable(&b.vm, true);
			assert_int_equal(status(&b, 0, DATA), SMMU_ABORT);
			raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 3);
			assert_int_equal(status(&b, 0, DATA), SMMU_ABORT);
			assert_int_equal(raw_cerror(&b.vm), 0);
		}
	}
	teardown(&b);
}

/* CMD-23, CMD-24: ranges reach who is in them. */
static void test_ranges(void **state)
{
	struct bench b;
	uint64_t bypass[2] = { 0, 0 }, cmds[2][2] = { { 0, 0 }, { SMMU_OP_SYNC, 0 } };

	(void)state;
	setup(&b);
	raw_enable(&b.vm, true);
	smmu_set(bypass, SMMU_STE_V, 1);
	smmu_set(bypass, SMMU_STE_Config, SMMU_STE_CONFIG_BYPASS);
	raw_ste(&b.vm, 3, bypass[0], 0);
	raw_ste(&b.vm, 20, bypass[0], 0);
	smmu_set(cmds[0], SMMU_CMD_OPCODE, SMMU_OP_CFGI_STE_RANGE);
	smmu_set(cmds[0], SMMU_CMD_StreamID, 21);
	smmu_set(cmds[0], SMMU_CMD_CFGI_STE_RANGE_Range, 3); /* 16 to 31 */
	raw_cmds(&b.vm, (const uint64_t(*)[2])cmds, 2);
	assert_int_equal(status(&b, 0, DATA), SMMU_ABORT);
	assert_int_equal(status(&b, 1, DATA), SMMU_OK);
	smmu_set(cmds[0], SMMU_CMD_CFGI_STE_RANGE_Range, 31); /* CFGI_ALL */
	raw_cmds(&b.vm, (const uint64_t(*)[2])cmds, 2);
	assert_int_equal(status(&b, 0, DATA), SMMU_OK);
	teardown(&b);
}

/* CMD-22: an STE with the same words may lead to another CD: the old one is forgotten. */
static void test_same_ste_other_cd(void **state)
{
	struct bench b;
	uint64_t cd, other;

	(void)state;
	setup(&b);
	cd = translate(&b);
	other = raw_stage1(&b.vm, IOVA + 4096, DATA + 4096);
	memcpy(vm_ptr(&b.vm, cd), vm_ptr(&b.vm, other), 64);
	host_watch(&b.host, &b.seen);
	raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 3);
	host_unwatch(&b.host);
	assert_int_equal(host_count(&b.seen, SMMU_OP_CFGI_CD_ALL), 1);
	raw_cmd(&b.vm, SMMU_OP_TLBI_NH_ALL, 0);
	assert_int_equal(status(&b, 0, IOVA + 4096), SMMU_OK);
	assert_int_equal(status(&b, 0, IOVA), SMMU_ABORT);
	teardown(&b);
}

/* ---- commands ---- */

static void put(uint64_t cmd[2], unsigned op)
{
	cmd[0] = cmd[1] = 0;
	smmu_set(cmd, SMMU_CMD_OPCODE, op);
}

/*
 * DRV-120, DRV-121: those up to a CMD_SYNC go as one batch; VMID is the vIOMMU's whatever
 * the guest wrote, StreamID the physical one; one SYNC of the host ends it.
 */
static void test_batch(void **state)
{
	struct bench b;
	uint64_t cmds[8][2];
	unsigned vmid = 0;

	(void)state;
	setup(&b);
	translate(&b);
	put(cmds[0], SMMU_OP_TLBI_NSNH_ALL);
	put(cmds[1], SMMU_OP_TLBI_NH_ALL);
	put(cmds[2], SMMU_OP_TLBI_NH_ASID);
	smmu_set(cmds[2], SMMU_CMD_TLBI_NH_ASID_ASID, 0x21);
	put(cmds[3], SMMU_OP_TLBI_NH_VA);
	smmu_set(cmds[3], SMMU_CMD_TLBI_NH_VA_ASID, 0x22);
	smmu_set_addr(cmds[3], SMMU_CMD_TLBI_NH_VA_Address, IOVA);
	put(cmds[4], SMMU_OP_TLBI_NH_VAA);
	smmu_set_addr(cmds[4], SMMU_CMD_TLBI_NH_VA_Address, IOVA);
	put(cmds[5], SMMU_OP_CFGI_CD);
	smmu_set(cmds[5], SMMU_CMD_StreamID, 20);
	put(cmds[6], SMMU_OP_CFGI_CD_ALL);
	smmu_set(cmds[6], SMMU_CMD_StreamID, 3);
	put(cmds[7], SMMU_OP_SYNC);
	host_watch(&b.host, &b.seen);
	raw_cmds(&b.vm, (const uint64_t(*)[2])cmds, 8);
	host_unwatch(&b.host);
	assert_int_equal(raw_cerror(&b.vm), 0);
	assert_int_equal(b.seen.n, 7);
	assert_int_equal(b.seen.syncs, 1);
	assert_int_equal(vm_stats(&b.vm).batches, 1);
	assert_int_equal(vm_stats(&b.vm).forwarded, 7);
	/* NSNH_ALL is NH_ALL for the guest's VMID. */
	assert_int_equal(smmu_get(b.seen.dw[0], SMMU_CMD_OPCODE), SMMU_OP_TLBI_NH_ALL);
	vmid = (unsigned)smmu_get(b.seen.dw[0], SMMU_CMD_TLBI_NH_ALL_VMID);
	assert_true(vmid != 0);
	for (unsigned i = 1; i < 5; i++) {
		assert_int_equal(smmu_get(b.seen.dw[i], SMMU_CMD_OPCODE),
				 smmu_get(cmds[i], SMMU_CMD_OPCODE));
		assert_int_equal(smmu_get(b.seen.dw[i], SMMU_CMD_TLBI_NH_ALL_VMID), vmid);
	}
	assert_int_equal(smmu_get(b.seen.dw[2], SMMU_CMD_TLBI_NH_ASID_ASID), 0x21);
	assert_int_equal(smmu_get(b.seen.dw[3], SMMU_CMD_TLBI_NH_VA_ASID), 0x22);
	assert_int_equal(smmu_get_addr(b.seen.dw[3], SMMU_CMD_TLBI_NH_VA_Address), IOVA);
	assert_int_equal(smmu_get(b.seen.dw[5], SMMU_CMD_StreamID), 0x11);
	assert_int_equal(smmu_get(b.seen.dw[6], SMMU_CMD_StreamID), 0x10);
	teardown(&b);
}

static void test_atc_inv(void **state)
{
	struct bench b;

	(void)state;
	setup_with(&b, vm_host_config(), with_ats);
	host_watch(&b.host, &b.seen);
	raw_cmd(&b.vm, SMMU_OP_ATC_INV, 20);
	/* Accepted by the host, whose device has no ATC to be told. */
	assert_int_equal(vm_stats(&b.vm).forwarded, 1);
	assert_int_equal(b.seen.n, 0);
	assert_int_equal(raw_cerror(&b.vm), 0);
	host_unwatch(&b.host);
	teardown(&b);
}

/* What is not an assigned device's is in no hardware: nothing goes over (CMD-11). */
static void test_streams_of_nobody(void **state)
{
	const unsigned ops[] = { SMMU_OP_CFGI_CD, SMMU_OP_CFGI_CD_ALL, SMMU_OP_CFGI_STE,
				 SMMU_OP_PREFETCH_CONFIG };
	struct bench b;

	(void)state;
	setup(&b);
	host_watch(&b.host, &b.seen);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		raw_cmd(&b.vm, ops[i], 7);
		/* The host's own StreamIDs are not the guest's. */
		raw_cmd(&b.vm, ops[i], 0x10);
	}
	host_unwatch(&b.host);
	assert_int_equal(b.seen.n, 0);
	assert_int_equal(raw_cerror(&b.vm), 0);
	teardown(&b);
}

/* Commands that the guest's SMMU does not have never get near the host (CMD-4). */
static void test_not_the_guests_to_give(void **state)
{
	const unsigned ops[] = { SMMU_OP_TLBI_S12_VMALL, SMMU_OP_TLBI_S2_IPA,
				 SMMU_OP_TLBI_EL2_ALL,	 SMMU_OP_ATC_INV,
				 SMMU_OP_RESUME,	 SMMU_OP_STALL_TERM,
				 SMMU_OP_PRI_RESP,	 0xff };
	struct bench b;

	(void)state;
	setup(&b);
	host_watch(&b.host, &b.seen);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		unsigned cons = raw_cons(&b.vm);

		raw_cmd(&b.vm, ops[i], 3);
		assert_int_equal(raw_cerror(&b.vm), SMMU_CERROR_ILL);
		assert_int_equal(raw_cons(&b.vm), cons);
		raw_skip(&b.vm);
		assert_int_equal(raw_cerror(&b.vm), 0);
	}
	host_unwatch(&b.host);
	assert_int_equal(b.seen.n, 0);
	teardown(&b);
}

/*
 * CORE-180: the host refuses one in the middle of a batch: those before it are done, the
 * guest's queue stops at it with CERROR_ILL, and goes on from there.
 */
static void test_refused_by_the_host(void **state)
{
	struct bench b;
	struct vmm_objects o;
	struct iommu_destroy gone = { .size = sizeof(gone) };
	uint64_t cmds[4][2];
	unsigned cons;

	(void)state;
	setup(&b);
	vmm_guest_objects(b.vm.vmm, &o);
	/* A host that has lost the guest's device 20. */
	gone.id = vm_assigned(&b.vm, 1).vdevice_id;
	assert_int_equal(iommufd_destroy(o.ctx, &gone), 0);
	put(cmds[0], SMMU_OP_TLBI_NH_ALL);
	put(cmds[1], SMMU_OP_CFGI_CD);
	smmu_set(cmds[1], SMMU_CMD_StreamID, 20);
	put(cmds[2], SMMU_OP_TLBI_NSNH_ALL);
	put(cmds[3], SMMU_OP_SYNC);
	cons = raw_cons(&b.vm);
	host_watch(&b.host, &b.seen);
	raw_cmds(&b.vm, (const uint64_t(*)[2])cmds, 4);
	assert_int_equal(raw_cerror(&b.vm), SMMU_CERROR_ILL);
	assert_int_equal(raw_cons(&b.vm), cons + 1);
	assert_int_equal(b.seen.n, 1);
	assert_int_equal(vm_stats(&b.vm).refused, 1);
	assert_int_equal(vm_stats(&b.vm).forwarded, 1);
	raw_skip(&b.vm);
	assert_int_equal(raw_cerror(&b.vm), 0);
	assert_int_equal(raw_cons(&b.vm), cons + 4);
	assert_int_equal(b.seen.n, 2);
	host_unwatch(&b.host);
	teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disabled_is_gbpa),
		cmocka_unit_test(test_id_registers),
		cmocka_unit_test(test_id_registers_as_asked),
		cmocka_unit_test(test_each_config),
		cmocka_unit_test(test_what_is_left_of_an_ste),
		cmocka_unit_test(test_eats),
		cmocka_unit_test(test_two_levels),
		cmocka_unit_test(test_tables_of_nowhere),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_same_ste_other_cd),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_atc_inv),
		cmocka_unit_test(test_streams_of_nobody),
		cmocka_unit_test(test_not_the_guests_to_give),
		cmocka_unit_test(test_refused_by_the_host),
	};

	return cmocka_run_group_tests_name("vmm: what passes and what does not", tests,
					   NULL, NULL);
}
