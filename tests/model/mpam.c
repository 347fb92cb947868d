/* SPDX-License-Identifier: MIT */
/* PARTID and PMG of every access (IHI 0070 chapter 17), and the VMS (5.6). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "model/harness.h"

#define VA  0x1000ull
#define IPA 0x200000ull
/* One value for each place that they can come from. */
#define STE_PARTID 3
#define STE_PMG	   1
#define CD_PARTID  5
#define CD_PMG	   2
#define OWN_PARTID 7
#define OWN_PMG	   3
#define MAPPED	   9

static struct harness h;
static uint16_t partid_max;
static uint8_t preset, no_cache;

/* What the SMMU's own accesses carried, by the page they went to. */
static struct seen {
	uint64_t pa;
	struct smmu_attr attr;
} seen[256];
static unsigned n_seen;

int __real_smmu_bus_read64(struct smmu_bus *bus, uint64_t pa, uint64_t *val,
			   const struct smmu_attr *attr);
int __wrap_smmu_bus_read64(struct smmu_bus *bus, uint64_t pa, uint64_t *val,
			   const struct smmu_attr *attr);
int __wrap_smmu_bus_read64(struct smmu_bus *bus, uint64_t pa, uint64_t *val,
			   const struct smmu_attr *attr)
{
	if (n_seen < 256 && attr)
		seen[n_seen++] = (struct seen){ pa, *attr };
	return __real_smmu_bus_read64(bus, pa, val, attr);
}

int __real_smmu_bus_write64(struct smmu_bus *bus, uint64_t pa, uint64_t val,
			    const struct smmu_attr *attr);
int __wrap_smmu_bus_write64(struct smmu_bus *bus, uint64_t pa, uint64_t val,
			    const struct smmu_attr *attr);
int __wrap_smmu_bus_write64(struct smmu_bus *bus, uint64_t pa, uint64_t val,
			    const struct smmu_attr *attr)
{
	if (n_seen < 256 && attr)
		seen[n_seen++] = (struct seen){ pa, *attr };
	return __real_smmu_bus_write64(bus, pa, val, attr);
}

int __real_smmu_bus_write32(struct smmu_bus *bus, uint64_t pa, uint32_t val,
			    const struct smmu_attr *attr);
int __wrap_smmu_bus_write32(struct smmu_bus *bus, uint64_t pa, uint32_t val,
			    const struct smmu_attr *attr);
int __wrap_smmu_bus_write32(struct smmu_bus *bus, uint64_t pa, uint32_t val,
			    const struct smmu_attr *attr)
{
	if (n_seen < 256 && attr)
		seen[n_seen++] = (struct seen){ pa, *attr };
	return __real_smmu_bus_write32(bus, pa, val, attr);
}

/* No way around the bus, on which an access would not be seen. */
void *__wrap_smmu_bus_ptr(struct smmu_bus *bus, uint64_t pa, uint64_t len);
void *__wrap_smmu_bus_ptr(struct smmu_bus *bus, uint64_t pa, uint64_t len)
{
	(void)bus, (void)pa, (void)len;
	return NULL;
}

bool __wrap_smmu_bus_ram(const struct smmu_bus *bus, uint64_t pa,
			 struct smmu_bus_ram *ram);
bool __wrap_smmu_bus_ram(const struct smmu_bus *bus, uint64_t pa,
			 struct smmu_bus_ram *ram)
{
	(void)bus, (void)pa, (void)ram;
	return false;
}

/* Accesses to [pa, pa + size): at least one, all with these. */
static void carried(uint64_t pa, uint64_t size, unsigned partid, unsigned pmg)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_seen; i++) {
		if (seen[i].pa < pa || seen[i].pa - pa >= size)
			continue;
		assert_int_equal(seen[i].attr.partid, partid);
		assert_int_equal(seen[i].attr.pmg, pmg);
		n++;
	}
	assert_int_not_equal(n, 0);
}

static bool touched(uint64_t pa)
{
	for (unsigned i = 0; i < n_seen; i++)
		if (seen[i].pa - pa < 64)
			return true;
	return false;
}

static void tweak(struct smmu_config *cfg)
{
	cfg->mpam = 1;
	cfg->partid_max = partid_max;
	cfg->pmg_max = 3;
	cfg->no_config_cache = cfg->no_tlb = no_cache;
}

static struct {
	uint64_t s1, s2, cd, vms;
	uint64_t ste_dw[8], cd_dw[8];
} at;

static void put_ste(uint32_t sid)
{
	smmu_set(at.ste_dw, SMMU_STE_PARTID, STE_PARTID);
	smmu_set(at.ste_dw, SMMU_STE_PMG, STE_PMG);
	h_ste_write(&h, sid, at.ste_dw);
}

static void put_cd(unsigned partid)
{
	smmu_set(at.cd_dw, SMMU_CD_PARTID, partid);
	smmu_set(at.cd_dw, SMMU_CD_PMG, CD_PMG);
	h_write_dw(&h, at.cd, at.cd_dw, 8);
}

/* Stream 1: Config, and S1MPAM. Stage 2 is the identity for what matters. */
static void stream(unsigned config, bool s1mpam)
{
	switch (config) {
	case SMMU_STE_CONFIG_S1:
		h_ste_s1(at.ste_dw, at.cd);
		break;
	case SMMU_STE_CONFIG_S2:
		h_ste_s2(at.ste_dw, at.s2, 4);
		break;
	case SMMU_STE_CONFIG_NESTED:
		h_ste_nested(at.ste_dw, at.cd, at.s2, 4);
		break;
	default:
		h_ste_bypass(at.ste_dw);
		break;
	}
	smmu_set(at.ste_dw, SMMU_STE_S1MPAM, s1mpam);
	smmu_set_addr(at.ste_dw, SMMU_STE_VMSPtr, at.vms);
	put_ste(1);
	h_invalidate_all(&h);
	n_seen = 0;
}

static void build(void)
{
	h_setup(&h, preset, tweak);
	h_enable(&h);
	at.s1 = h_table(&h);
	at.s2 = h_table(&h);
	at.cd = h_alloc(&h, 64, 64);
	at.vms = h_alloc(&h, 4096, 4096);
	h_map(&h, at.s1, VA, IPA, 3, h_s1_rw());
	h_map(&h, at.s2, IPA, H_RAM, 3, h_s2_rw());
	h_map(&h, at.s2, VA, H_RAM, 3, h_s2_rw());
	for (uint64_t pa = H_RAM; pa < H_RAM + (8 << 20); pa += 2 << 20)
		h_map(&h, at.s2, pa, pa, 2, h_s2_rw());
	h_cd_s1(at.cd_dw, at.s1, 7);
	put_cd(CD_PARTID);
	/* The map: virtual 5 is physical 9, virtual 6 too big. */
	h_write64(&h, at.vms + 8, (uint64_t)MAPPED << 16 | 0x7fffull << 32);
	h_wr32(&h, SMMU_REG_GMPAM, 1u << 31 | OWN_PMG << 16 | OWN_PARTID);
}

static struct smmu_result go(void)
{
	const struct smmu_txn txn = { .sid = 1, .addr = VA, .priv = true };

	return smmu_translate(h_port(&h), &txn);
}

static void goes(unsigned partid, unsigned pmg)
{
	struct smmu_result r = go();

	assert_int_equal(r.status, SMMU_OK);
	assert_int_equal(r.attr.partid, partid);
	assert_int_equal(r.attr.pmg, pmg);
}

static int setup(void **state)
{
	(void)state;
	preset = SMMU_PRESET_V3_3;
	partid_max = 15;
	no_cache = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	h_teardown(&h);
	return 0;
}

static void registers(void **state)
{
	static const uint32_t regs[] = { SMMU_REG_GMPAM, SMMU_REG_GBPMPAM };

	(void)state;
	build();
	assert_int_equal(h_rd32(&h, SMMU_REG_IDR3) >> 7 & 1, 1);
	assert_int_equal(h_rd32(&h, SMMU_REG_MPAMIDR), 3 << 16 | 15);
	h_wr32(&h, SMMU_REG_MPAMIDR, 0);
	assert_int_equal(h_rd32(&h, SMMU_REG_MPAMIDR), 3 << 16 | 15);
	smmu_reset(h.smmu);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(h_rd32(&h, regs[i]), 0); /* REG-120 */
		h_wr32(&h, regs[i], 2 << 16 | 5);	  /* REG-45: without Update */
		assert_int_equal(h_rd32(&h, regs[i]), 0);
		/* REG-43; REG-50: as wide as 15 and 3 are. */
		h_wr32(&h, regs[i], ~0u);
		assert_int_equal(h_rd32(&h, regs[i]), 3 << 16 | 15);
		/* REG-44: Update is over when the write is, so this one is legal. */
		h_wr32(&h, regs[i], 1u << 31 | 5);
		assert_int_equal(h_rd32(&h, regs[i]), 5);
	}
	h_teardown(&h);
	partid_max = 0;
	h_setup(&h, preset, tweak);
	h_wr32(&h, SMMU_REG_GMPAM, ~0u);
	assert_int_equal(h_rd32(&h, SMMU_REG_GMPAM), 3 << 16); /* REG-50 */
	h_teardown(&h);
	/* REG-6: no MPAM, nothing there. */
	h_setup(&h, SMMU_PRESET_V3_3, NULL);
	for (unsigned i = 0; i < 2; i++) {
		h_wr32(&h, regs[i], ~0u);
		assert_int_equal(h_rd32(&h, regs[i]), 0);
	}
	assert_int_equal(h_rd32(&h, SMMU_REG_MPAMIDR), 0);
}

/* The table of 17.2. */
static void client(void **state)
{
	(void)state;
	build();
	/* STE-73, CD-33 */
	stream(SMMU_STE_CONFIG_BYPASS, true);
	goes(STE_PARTID, STE_PMG);
	stream(SMMU_STE_CONFIG_S2, true);
	goes(STE_PARTID, STE_PMG);
	stream(SMMU_STE_CONFIG_S1, false);
	goes(STE_PARTID, STE_PMG);
	stream(SMMU_STE_CONFIG_S1, true);
	goes(CD_PARTID, CD_PMG);
	goes(CD_PARTID, CD_PMG); /* a TLB hit */
	stream(SMMU_STE_CONFIG_NESTED, false);
	goes(STE_PARTID, STE_PMG);
	assert_false(touched(at.vms)); /* VMS-2 */
	stream(SMMU_STE_CONFIG_NESTED, true);
	goes(MAPPED, CD_PMG); /* VMS-3; PMG is never mapped */
	goes(MAPPED, CD_PMG);
	/* STE-73: stage 1 that S1DSS skips takes no part. */
	stream(SMMU_STE_CONFIG_S1, true);
	smmu_set(at.ste_dw, SMMU_STE_S1CDMax, 1);
	smmu_set(at.ste_dw, SMMU_STE_S1DSS, SMMU_S1DSS_BYPASS);
	put_ste(1);
	h_invalidate_all(&h);
	goes(STE_PARTID, STE_PMG);
	/* A transaction that faults has them too. */
	stream(SMMU_STE_CONFIG_S1, true);
	{
		const struct smmu_txn txn = { .sid = 1, .addr = VA + 0x100000 };
		struct smmu_result r = smmu_translate(h_port(&h), &txn);

		assert_int_equal(r.status, SMMU_ABORT);
		assert_int_equal(r.attr.partid, CD_PARTID);
	}
	/* No pass-through. */
	{
		struct smmu_txn txn = { .sid = 1, .addr = VA, .has_attr = true };

		txn.attr.partid = 2;
		txn.attr.pmg = 3;
		assert_int_equal(smmu_translate(h_port(&h), &txn).attr.partid, CD_PARTID);
	}
}

/* STE-74, CD-33, VMS-3. CHOICE: an ID above its maximum counts as 0. */
static void too_big(void **state)
{
	(void)state;
	partid_max = 9;
	build();
	stream(SMMU_STE_CONFIG_S1, true);
	put_cd(9);
	goes(9, CD_PMG);
	put_cd(10);
	h_invalidate_all(&h);
	goes(0, CD_PMG);
	put_cd(6);
	stream(SMMU_STE_CONFIG_NESTED, true);
	goes(0, CD_PMG); /* the map says 0x7fff */
	put_cd(CD_PARTID);
	h_invalidate_all(&h);
	goes(MAPPED, CD_PMG);
	/* Of a virtual PARTID [15:5] are RES0. */
	put_cd(32 + CD_PARTID);
	h_invalidate_all(&h);
	goes(MAPPED, CD_PMG);
	smmu_set(at.ste_dw, SMMU_STE_S1MPAM, 0);
	smmu_set(at.ste_dw, SMMU_STE_PARTID, 10);
	smmu_set(at.ste_dw, SMMU_STE_PMG, 4);
	h_ste_write(&h, 1, at.ste_dw);
	h_invalidate_all(&h);
	goes(0, 0);
}

static void bypass(void **state)
{
	(void)state;
	build();
	stream(SMMU_STE_CONFIG_S1, true);
	h_wr32(&h, SMMU_REG_GBPMPAM, 1u << 31 | 2 << 16 | 12);
	goes(CD_PARTID, CD_PMG);
	h_disable(&h);
	goes(12, 2); /* REG-50 */
	/* Without MPAM: 0. */
	h_teardown(&h);
	h_setup(&h, SMMU_PRESET_V3_3, NULL);
	h_enable(&h);
	h_ste_bypass(at.ste_dw);
	put_ste(1);
	h_invalidate_all(&h);
	goes(0, 0);
}

/* The table of 17.4. */
static void own(void **state)
{
	(void)state;
	build();
	stream(SMMU_STE_CONFIG_NESTED, true);
	h_invalidate_all(&h);
	go();
	/* REG-50: STEs, queues */
	carried(h_ste_pa(&h, 1), 64, OWN_PARTID, OWN_PMG);
	carried(at.vms, 64, OWN_PARTID, OWN_PMG);
	carried(h.cmdq, 64 * 16, OWN_PARTID, OWN_PMG);
	/* CDs and stage 2: the STE's; stage 1: as the client. */
	carried(at.cd, 64, STE_PARTID, STE_PMG);
	carried(at.s2, 4096, STE_PARTID, STE_PMG);
	carried(h_desc_pa(&h, at.s1, VA, 3), 8, MAPPED, CD_PMG);
	carried(at.s1, 4096, MAPPED, CD_PMG);
	stream(SMMU_STE_CONFIG_S1, true);
	go();
	carried(at.s1, 4096, CD_PARTID, CD_PMG);
	carried(at.cd, 64, STE_PARTID, STE_PMG);
	stream(SMMU_STE_CONFIG_S1, false);
	go();
	carried(at.s1, 4096, STE_PARTID, STE_PMG);
	/* An event record, and the MSI of a CMD_SYNC. */
	stream(SMMU_STE_CONFIG_S1, false);
	at.ste_dw[0] = 0;
	h_ste_write(&h, 1, at.ste_dw);
	h_invalidate_all(&h);
	n_seen = 0;
	assert_int_equal(go().event, SMMU_EVT_C_BAD_STE);
	carried(h.eventq, 64 * 32, OWN_PARTID, OWN_PMG);
	n_seen = 0;
	h_cmd(&h, SMMU_OP_SYNC | 1ull << 12, H_RAM + 0x100);
	carried(H_RAM + 0x100, 4, OWN_PARTID, OWN_PMG);
}

static void map(unsigned physical)
{
	h_write64(&h, at.vms + 8, (uint64_t)physical << 16);
}

static void cfgi_vms(uint16_t vmid)
{
	h_cmd(&h, SMMU_OP_CFGI_VMS_PIDM | (uint64_t)vmid << 32, 0);
}

static void cfgi_ste(void)
{
	h_cmd(&h, SMMU_OP_CFGI_STE | 1ull << 32, 1);
}

/* VMS-6, CMD-29: two caches, so two commands. */
static void caching(void **state)
{
	(void)state;
	build();
	stream(SMMU_STE_CONFIG_NESTED, true);
	goes(MAPPED, CD_PMG);
	map(8);
	goes(MAPPED, CD_PMG);
	cfgi_ste();
	h_sync(&h);
	goes(MAPPED, CD_PMG);
	cfgi_vms(4);
	h_sync(&h);
	goes(MAPPED, CD_PMG);
	cfgi_vms(5); /* another VMID */
	cfgi_ste();
	h_sync(&h);
	goes(8, CD_PMG); /* the first VMS_PIDM, then this CFGI_STE */
	map(2);
	cfgi_vms(5);
	cfgi_ste();
	h_sync(&h);
	goes(8, CD_PMG);
	cfgi_vms(4);
	cfgi_ste();
	h_sync(&h);
	goes(2, CD_PMG);
	map(1);
	h_cmd(&h, SMMU_OP_CFGI_STE_RANGE | 1ull << 32, 31); /* CMD-24: CFGI_ALL */
	h_sync(&h);
	goes(1, CD_PMG);
	/* VMS-5: cached for the VMID, whatever the pointer of another stream. */
	n_seen = 0;
	smmu_set_addr(at.ste_dw, SMMU_STE_VMSPtr, at.vms + 4096);
	put_ste(1);
	cfgi_ste();
	h_sync(&h);
	goes(1, CD_PMG);
	assert_false(touched(at.vms + 4096));
	/* CR0.VMW has no part in it. */
	map(2);
	smmu_set_addr(at.ste_dw, SMMU_STE_VMSPtr, at.vms);
	put_ste(1);
	h_wr32(&h, SMMU_REG_CR0,
	       h_rd32(&h, SMMU_REG_CR0) | (uint32_t)smmu_reg_set(0, SMMU_CR0_VMW, 1));
	cfgi_vms(5);
	cfgi_ste();
	h_sync(&h);
	goes(1, CD_PMG);
	h_teardown(&h);
	/* Caches nothing, so no command is needed. */
	no_cache = 1;
	build();
	stream(SMMU_STE_CONFIG_NESTED, true);
	goes(MAPPED, CD_PMG);
	map(8);
	goes(8, CD_PMG);
}

/* CACHE-14: PARTID and PMG of a CD are no part of the TLB. */
static void not_in_the_tlb(void **state)
{
	struct smmu_stats before, after;

	(void)state;
	build();
	stream(SMMU_STE_CONFIG_S1, true);
	goes(CD_PARTID, CD_PMG);
	put_cd(6);
	h_cmd(&h, SMMU_OP_CFGI_CD | 1ull << 32, 1);
	h_sync(&h);
	smmu_stats_read(h.smmu, &before);
	goes(6, CD_PMG);
	smmu_stats_read(h.smmu, &after);
	assert_int_equal(before.walk_reads, after.walk_reads);
}

static void vms_faults(void **state)
{
	uint64_t dw[4];

	(void)state;
	build();
	stream(SMMU_STE_CONFIG_NESTED, true);
	h_events_drain(&h);
	/* T-9v, EVT-43: an external abort. */
	smmu_set_addr(at.ste_dw, SMMU_STE_VMSPtr, 0x5000);
	put_ste(1);
	h_invalidate_all(&h);
	assert_int_equal(go().status, SMMU_ABORT);
	assert_true(h_event(&h, dw));
	assert_int_equal(dw[0] & 0xff, SMMU_EVT_F_VMS_FETCH);
	assert_int_equal(dw[0] >> 32, 1);
	assert_int_equal(dw[1], 0); /* Reason */
	assert_int_equal(dw[3], 0x5000);
	/* CACHE-3: what failed was not kept. */
	smmu_set_addr(at.ste_dw, SMMU_STE_VMSPtr, at.vms);
	put_ste(1);
	cfgi_ste();
	h_sync(&h);
	goes(MAPPED, CD_PMG);
	/* VMS-4, CHOICE: also where it is not needed: stage 1 skipped by S1DSS. */
	smmu_set_addr(at.ste_dw, SMMU_STE_VMSPtr, 0x5000);
	smmu_set(at.ste_dw, SMMU_STE_S1CDMax, 1);
	smmu_set(at.ste_dw, SMMU_STE_S1DSS, SMMU_S1DSS_BYPASS);
	put_ste(1);
	h_invalidate_all(&h);
	assert_int_equal(go().event, SMMU_EVT_F_VMS_FETCH);
	/* EVT-45, CHOICE: before C_BAD_SUBSTREAMID. */
	{
		const struct smmu_txn txn = { .sid = 1, .ssv = true, .ssid = 9 };

		assert_int_equal(smmu_translate(h_port(&h), &txn).event,
				 SMMU_EVT_F_VMS_FETCH);
	}
	smmu_set_addr(at.ste_dw, SMMU_STE_VMSPtr, at.vms);
	put_ste(1);
	h_invalidate_all(&h);
	goes(STE_PARTID, STE_PMG);
	/* VMS-2, STE-73: not with S1MPAM == 0. */
	smmu_set_addr(at.ste_dw, SMMU_STE_VMSPtr, 0x5000);
	smmu_set(at.ste_dw, SMMU_STE_S1MPAM, 0);
	put_ste(1);
	h_invalidate_all(&h);
	goes(STE_PARTID, STE_PMG);
}

static void narrow(struct smmu_config *cfg)
{
	tweak(cfg);
	cfg->oas = 4; /* 44 bits */
}

static unsigned vmsptr_event(uint64_t ptr, unsigned config, bool s1mpam)
{
	stream(config, s1mpam);
	smmu_set_addr(at.ste_dw, SMMU_STE_VMSPtr, ptr);
	smmu_set(at.ste_dw, SMMU_STE_S2T0SZ, 20); /* fits IAS */
	put_ste(1);
	h_invalidate_all(&h);
	return go().event;
}

/* STE-40, ADDR-6 */
static void vmsptr_range(void **state)
{
	(void)state;
	build();
	h_teardown(&h);
	h_setup(&h, SMMU_PRESET_V3_3, narrow);
	h_enable(&h);
	at.s1 = h_table(&h);
	at.s2 = h_table(&h);
	at.cd = h_alloc(&h, 64, 64);
	at.vms = h_alloc(&h, 4096, 4096);
	h_cd_s1(at.cd_dw, at.s1, 7);
	put_cd(CD_PARTID);
	assert_int_equal(vmsptr_event(1ull << 44, SMMU_STE_CONFIG_NESTED, true),
			 SMMU_EVT_C_BAD_STE);
	assert_int_equal(vmsptr_event((1ull << 44) - 4096, SMMU_STE_CONFIG_NESTED, true),
			 SMMU_EVT_F_VMS_FETCH);
	assert_int_not_equal(vmsptr_event(1ull << 44, SMMU_STE_CONFIG_NESTED, false),
			     SMMU_EVT_C_BAD_STE);
	assert_int_not_equal(vmsptr_event(1ull << 44, SMMU_STE_CONFIG_S1, true),
			     SMMU_EVT_C_BAD_STE);
}

/* VMS-1: PARTID_MAX 0, or a stage missing. */
static void unsupported(void **state)
{
	(void)state;
	partid_max = 0;
	build();
	smmu_set_addr(at.ste_dw, SMMU_STE_VMSPtr, 0x5000);
	assert_int_not_equal(vmsptr_event(0x5000, SMMU_STE_CONFIG_NESTED, true),
			     SMMU_EVT_F_VMS_FETCH);
	goes(0, CD_PMG); /* S1MPAM still chooses the CD's PMG */
	assert_int_not_equal(vmsptr_event(UINT64_MAX, SMMU_STE_CONFIG_NESTED, true),
			     SMMU_EVT_C_BAD_STE); /* STE-40 */
	/* CMD-29 */
	cfgi_vms(4);
	assert_int_equal(h_cmdq_error(&h), SMMU_CERROR_ILL);
	h_teardown(&h);
	partid_max = 1;
	build();
	cfgi_vms(4);
	assert_int_equal(h_cmdq_error(&h), 0);
	h_cmd(&h, SMMU_OP_CFGI_VMS_PIDM | 1ull << 10, 0); /* SSec: CMD-9 */
	assert_int_equal(h_cmdq_error(&h), SMMU_CERROR_ILL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(registers),      TEST(client),	TEST(too_big),
		TEST(bypass),	      TEST(own),	TEST(caching),
		TEST(not_in_the_tlb), TEST(vms_faults), TEST(vmsptr_range),
		TEST(unsupported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
