/* SPDX-License-Identifier: MIT */
/* Broadcast TLB maintenance (IHI 0070 3.17; CACHE-44 to CACHE-50). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/dvm.h>
#include "model/harness.h"

#define PAGE0 0x1000ull
#define PAGE1 0x2000ull
#define G     0x3000ull /* global */
#define IPA   0x10000000ull

static struct harness h;
static uint8_t btm, vmid16, asid16, stage2;
static uint32_t cr2;

static void tweak(struct smmu_config *cfg)
{
	cfg->btm = btm;
	cfg->vmid16 = vmid16;
	cfg->asid16 = asid16;
	if (!stage2) {
		cfg->s2p = 0;
		cfg->hyp = cfg->ptwnnc = cfg->vmw = 0;
	}
}

/* Stream sid: stage 1 in its world, with these tags. */
static void stream(uint32_t sid, unsigned strw, uint16_t vmid, uint16_t asid, bool aset)
{
	uint64_t ste[8], cd[8], at = h_alloc(&h, 64, 64), root = h_table(&h);

	h_map(&h, root, PAGE0, H_RAM, 3, h_s1_rw());
	h_map(&h, root, PAGE1, H_RAM, 3, h_s1_rw());
	h_map(&h, root, G, H_RAM, 3, h_s1_rw() & ~(1ull << 11));
	h_cd_s1(cd, root, asid);
	smmu_set(cd, SMMU_CD_ASET, aset);
	h_write_dw(&h, at, cd, 8);
	h_ste_s1(ste, at);
	smmu_set(ste, SMMU_STE_STRW, strw);
	smmu_set(ste, SMMU_STE_S2VMID, stage2 ? vmid : 0);
	h_ste_write(&h, sid, ste);
}

static void build(void)
{
	h_setup(&h, SMMU_PRESET_V3_3, tweak);
	h_init_queues(&h);
	h_init_strtab(&h);
	h_wr32(&h, SMMU_REG_CR2, cr2);
	h_wr32(&h, SMMU_REG_CR0,
	       (uint32_t)(SMMU_MASK(SMMU_CR0_CMDQEN) | SMMU_MASK(SMMU_CR0_EVENTQEN) |
			  SMMU_MASK(SMMU_CR0_SMMUEN)));
}

static int setup(void **state)
{
	(void)state;
	btm = vmid16 = asid16 = stage2 = 1;
	cr2 = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	h_teardown(&h);
	return 0;
}

static void touch(uint32_t sid, uint64_t addr)
{
	const struct smmu_txn txn = { .sid = sid, .addr = addr, .priv = true };

	assert_int_equal(smmu_translate(h_port(&h), &txn).status, SMMU_OK);
}

/* Whether the entry is still there: it is now, in any case. */
static bool cached(uint32_t sid, uint64_t addr)
{
	struct smmu_stats before, after;

	smmu_stats_read(h.smmu, &before);
	touch(sid, addr);
	smmu_stats_read(h.smmu, &after);
	return before.tlb_misses == after.tlb_misses;
}

static void tlbi(struct smmu_dvm_tlbi t)
{
	assert_int_equal(smmu_dvm_tlbi(h.smmu, &t), 0);
	smmu_dvm_sync(h.smmu);
}

/* Exactly these are gone, of PAGE0, PAGE1 and G of the stream. */
static void expect(uint32_t sid, bool p0, bool p1, bool g)
{
	assert_int_equal(cached(sid, PAGE0), p0);
	assert_int_equal(cached(sid, PAGE1), p1);
	assert_int_equal(cached(sid, G), g);
}

static void warm(uint32_t sid)
{
	touch(sid, PAGE0);
	touch(sid, PAGE1);
	touch(sid, G);
}

static void scopes_of_el1(void **state)
{
	(void)state;
	build();
	stream(1, 0, 5, 7, false);
	stream(2, 0, 6, 7, false); /* another VMID */
	h_invalidate_all(&h);
	warm(1);
	warm(2);
	/* CACHE-50: at once, and nothing else. */
	tlbi((struct smmu_dvm_tlbi){
		.op = SMMU_DVM_VAE1, .vmid = 5, .asid = 7, .addr = PAGE0 });
	expect(1, false, true, true);
	tlbi((struct smmu_dvm_tlbi){
		.op = SMMU_DVM_VAE1, .vmid = 5, .asid = 8, .addr = PAGE0 });
	expect(1, true, true, true);
	/* A global entry goes whatever the ASID. */
	tlbi((struct smmu_dvm_tlbi){
		.op = SMMU_DVM_VAE1, .vmid = 5, .asid = 8, .addr = G });
	expect(1, true, true, false);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VAAE1, .vmid = 5, .addr = PAGE1 });
	expect(1, true, false, true);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_ASIDE1, .vmid = 5, .asid = 7 });
	expect(1, false, false, true);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VMALLE1, .vmid = 5 });
	expect(1, false, false, false);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VMALLS12E1, .vmid = 5 });
	expect(1, false, false, false);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VMALLE1, .vmid = 4 });
	expect(1, true, true, true);
	expect(2, true, true, true);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_ALLE2 });
	expect(1, true, true, true);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_ALLE1 });
	expect(1, false, false, false);
	expect(2, false, false, false);
}

static void ranges_and_hints(void **state)
{
	struct smmu_dvm_tlbi t = { .op = SMMU_DVM_VAE1,
				   .vmid = 5,
				   .asid = 7,
				   .addr = PAGE0,
				   .granule = 12,
				   .len = 0x2000 };

	(void)state;
	build();
	stream(1, 0, 5, 7, false);
	h_invalidate_all(&h);
	warm(1);
	tlbi(t); /* CMD-48 */
	expect(1, false, false, true);
	t.len = 0x1000;
	t.ttl = 2; /* the leaf is at level 3 */
	tlbi(t);
	expect(1, true, true, true);
	t.ttl = 3;
	tlbi(t);
	expect(1, false, true, true);
	t.len = 0;
	tlbi(t);
	expect(1, false, true, true);
	t.granule = 0;
	assert_int_equal(smmu_dvm_tlbi(h.smmu, &t), -EINVAL);
	t.ttl = 0;
	t.granule = 13;
	assert_int_equal(smmu_dvm_tlbi(h.smmu, &t), -EINVAL);
	t.granule = 0;
	t.op = SMMU_DVM_OPS;
	assert_int_equal(smmu_dvm_tlbi(h.smmu, &t), -EINVAL);
	expect(1, true, true, true);
}

static void not_for_us(void **state)
{
	struct smmu_dvm_tlbi t = { .op = SMMU_DVM_ALLE1, .secure = true };

	(void)state;
	build();
	stream(1, 0, 5, 7, false);
	h_invalidate_all(&h);
	warm(1);
	tlbi(t); /* CACHE-44: another Security state */
	expect(1, true, true, true);
	h_teardown(&h);
	/* IDR0.BTM == 0: nothing is received, and CR2.PTM is not there. */
	btm = 0;
	cr2 = (uint32_t)SMMU_MASK(SMMU_CR2_PTM);
	build();
	assert_int_equal(h_rd32(&h, SMMU_REG_CR2), 0);
	stream(1, 0, 5, 7, false);
	h_invalidate_all(&h);
	warm(1);
	t.secure = false;
	tlbi(t);
	expect(1, true, true, true);
	h_teardown(&h);
	/* REG-42, CACHE-44: PTM. */
	btm = 1;
	build();
	assert_int_equal(h_rd32(&h, SMMU_REG_CR2), cr2);
	stream(1, 0, 5, 7, false);
	h_invalidate_all(&h);
	warm(1);
	tlbi(t);
	expect(1, true, true, true);
}

static void asets(void **state)
{
	(void)state;
	build();
	stream(1, 0, 5, 7, true);
	stream(2, 0, 5, 9, false);
	h_invalidate_all(&h);
	warm(1);
	warm(2);
	/* CACHE-46: what names an ASID spares the non-shared set ... */
	tlbi((struct smmu_dvm_tlbi){
		.op = SMMU_DVM_VAE1, .vmid = 5, .asid = 7, .addr = PAGE0 });
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_ASIDE1, .vmid = 5, .asid = 7 });
	expect(1, true, true, true);
	tlbi((struct smmu_dvm_tlbi){
		.op = SMMU_DVM_VAE1, .vmid = 5, .asid = 7, .addr = G });
	expect(1, true, true, true);
	expect(2, true, true, false);
	/* ... the wider ones do not, and a command never does (CACHE-39). */
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VAAE1, .vmid = 5, .addr = PAGE0 });
	expect(1, false, true, true);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VMALLE1, .vmid = 5 });
	expect(1, false, false, false);
	h_cmd(&h, SMMU_OP_TLBI_NH_ASID | 5ull << 32 | 7ull << 48, 0);
	h_sync(&h);
	expect(1, false, false, true);
}

/* CACHE-46, CACHE-47: EL2, with and without E2H. */
static void el2(void **state)
{
	(void)state;
	build();
	stream(1, 2, 0, 0, false);
	stream(2, 2, 0, 0, true);
	h_invalidate_all(&h);
	touch(1, PAGE0);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VAE2, .addr = PAGE0, .e2h = true });
	assert_true(cached(1, PAGE0));
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VAE2, .addr = PAGE0 });
	assert_false(cached(1, PAGE0));
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_ALLE2 });
	touch(2, PAGE0); /* ASET 1 */
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VAE2, .addr = PAGE0 });
	assert_true(cached(2, PAGE0));
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_ALLE1 });
	assert_true(cached(2, PAGE0));
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_ALLE2 });
	assert_false(cached(2, PAGE0));
	h_teardown(&h);
	cr2 = (uint32_t)SMMU_MASK(SMMU_CR2_E2H);
	build();
	stream(1, 2, 0, 7, false);
	h_invalidate_all(&h);
	warm(1);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VAE2, .addr = PAGE0, .asid = 7 });
	expect(1, true, true, true);
	tlbi((struct smmu_dvm_tlbi){
		.op = SMMU_DVM_VAE2, .addr = PAGE0, .asid = 7, .e2h = true });
	expect(1, false, true, true);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VAAE2, .addr = PAGE1, .e2h = true });
	expect(1, true, false, true);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_ASIDE2, .asid = 7, .e2h = true });
	expect(1, false, false, true);
}

static void tags(void **state)
{
	(void)state;
	/* CACHE-45: without stage 2 every VMID is 0. */
	stage2 = 0;
	build();
	stream(1, 0, 0, 7, false);
	h_cmd(&h, SMMU_OP_TLBI_NSNH_ALL, 0);
	warm(1);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VMALLE1, .vmid = 99 });
	expect(1, false, false, false);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_IPAS2E1, .addr = PAGE0 });
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_ALLE2 }); /* CACHE-44: no EL2 */
	expect(1, true, true, true);
	/* A combined one acts on the stage that is there. */
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VMALLS12E1, .vmid = 3 });
	expect(1, false, false, false);
	h_teardown(&h);
	/* A sender without EL2 means VMID 0. */
	stage2 = 1;
	vmid16 = asid16 = 0;
	build();
	stream(1, 0, 0, 7, false);
	stream(2, 0, 5, 7, false);
	h_invalidate_all(&h);
	warm(1);
	warm(2);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VMALLE1, .vmid = 5, .no_el2 = true });
	expect(1, false, false, false);
	expect(2, true, true, true);
	/* CACHE-48: eight bits, the rest must be 0. */
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VMALLE1, .vmid = 0x105 });
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_ASIDE1, .vmid = 5, .asid = 0x107 });
	expect(2, true, true, true);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_ASIDE1, .vmid = 5, .asid = 7 });
	expect(2, false, false, true);
}

/* Stage 2 alone, and CR0.VMW (CACHE-38). */
static void stage_2(void **state)
{
	uint64_t ste[8], root;

	(void)state;
	build();
	root = h_table(&h);
	h_map(&h, root, IPA, H_RAM, 3, h_s2_rw());
	h_ste_s2(ste, root, 5);
	h_ste_write(&h, 3, ste);
	h_invalidate_all(&h);
	touch(3, IPA);
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VMALLE1, .vmid = 5 });
	assert_true(cached(3, IPA));
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_IPAS2E1, .vmid = 4, .addr = IPA });
	assert_true(cached(3, IPA));
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_IPAS2E1, .vmid = 5, .addr = IPA });
	assert_false(cached(3, IPA));
	h_wr32(&h, SMMU_REG_CR0,
	       h_rd32(&h, SMMU_REG_CR0) | (uint32_t)smmu_reg_set(0, SMMU_CR0_VMW, 1));
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_IPAS2E1, .vmid = 4, .addr = IPA });
	assert_false(cached(3, IPA));
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_VMALLS12E1, .vmid = 6 });
	assert_true(cached(3, IPA));
	/* CACHE-49: configuration stays. */
	tlbi((struct smmu_dvm_tlbi){ .op = SMMU_DVM_ALLE1 });
	{
		struct smmu_stats before, after;

		smmu_stats_read(h.smmu, &before);
		assert_false(cached(3, IPA));
		smmu_stats_read(h.smmu, &after);
		assert_int_equal(before.ste_fetches, after.ste_fetches);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(scopes_of_el1), TEST(ranges_and_hints),
		TEST(not_for_us),    TEST(asets),
		TEST(el2),	     TEST(tags),
		TEST(stage_2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
