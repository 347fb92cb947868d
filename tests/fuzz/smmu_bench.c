/* SPDX-License-Identifier: MIT */
#include "smmu_bench.h"
#include <stdlib.h>
#include <string.h>
#include "model/explain/explain.h"

/* ---- the input ---- */

uint8_t fuzz_u8(struct fuzz_input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->data++;
}

uint64_t fuzz_bits(struct fuzz_input *in, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)fuzz_u8(in) << (8 * i);
	return v;
}

uint64_t fuzz_value(struct fuzz_input *in)
{
	unsigned kind = fuzz_u8(in);

	switch (kind & 7) {
	case 0:
		return fuzz_bits(in, 8);
	case 1:
		return fuzz_bits(in, 4);
	case 2:
		return fuzz_u8(in);
	case 3:
		return UINT64_C(1) << (fuzz_u8(in) & 63);
	case 4:
		return ~(UINT64_C(1) << (fuzz_u8(in) & 63));
	case 5:
		return (UINT64_C(1) << (fuzz_u8(in) & 63)) - (kind >> 7);
	default: /* an address in RAM, with bits beside it */
		return FB_RAM + (fuzz_bits(in, 2) << 3 & (FB_RAM_SIZE - 1)) +
		       (kind >> 3 & 15);
	}
}

/* ---- the configuration ---- */

#define FIELD(name) offsetof(struct smmu_config, name)
static const size_t fields[] = {
	FIELD(s1p),
	FIELD(s2p),
	FIELD(ttf),
	FIELD(cohacc),
	FIELD(btm),
	FIELD(httu),
	FIELD(hyp),
	FIELD(ats),
	FIELD(ns1ats),
	FIELD(asid16),
	FIELD(msi),
	FIELD(sev),
	FIELD(atos),
	FIELD(pri),
	FIELD(vmw),
	FIELD(vmid16),
	FIELD(cd2l),
	FIELD(vatos),
	FIELD(ttendian),
	FIELD(atsrecerr),
	FIELD(stall_model),
	FIELD(term_model),
	FIELD(st_level),
	FIELD(sid_bits),
	FIELD(ssid_bits),
	FIELD(cmdqs),
	FIELD(eventqs),
	FIELD(priqs),
	FIELD(ecmdq),
	FIELD(had),
	FIELD(pbha),
	FIELD(xnx),
	FIELD(pps),
	FIELD(mpam),
	FIELD(fwb),
	FIELD(stt),
	FIELD(ril),
	FIELD(bbml),
	FIELD(e0pd),
	FIELD(ptwnnc),
	FIELD(dpt),
	FIELD(pasidtt),
	FIELD(epan),
	FIELD(s1pi),
	FIELD(s2pi),
	FIELD(s2po),
	FIELD(the),
	FIELD(mteperm),
	FIELD(aie),
	FIELD(oas),
	FIELD(gran4k),
	FIELD(gran16k),
	FIELD(gran64k),
	FIELD(vax),
	FIELD(ds),
	FIELD(d128),
	FIELD(ste_oversize),
	FIELD(desc_64k_ignore),
	FIELD(no_config_cache),
	FIELD(no_tlb),
	FIELD(no_invalid_l1std),
	FIELD(mmio_pairs),
	FIELD(page0_alias),
	FIELD(cmd_res0_ignored),
	FIELD(attr_types_ovr),
	FIELD(attr_perms_ovr),
};

static void quiet(void *ctx, const char *message)
{
	(void)ctx;
	(void)message;
}

/* Any preset, and any changes that smmu_config_check() lets pass one by one. */
static void choose_config(struct fuzz_bench *b)
{
	unsigned preset = fuzz_u8(&b->in), changes = fuzz_u8(&b->in) & 7;

	preset = preset & 128 ? SMMU_PRESET_FULL : preset % SMMU_PRESET_COUNT;
	if (smmu_config_init(&b->cfg, preset))
		abort();
	b->cfg.tlb_entries = 64;
	b->cfg.config_entries = 16;
	b->cfg.log = quiet;
	while (changes--) {
		size_t at =
			fields[fuzz_u8(&b->in) % (sizeof(fields) / sizeof(fields[0]))];
		struct smmu_config old = b->cfg;

		((uint8_t *)&b->cfg)[at] = fuzz_u8(&b->in);
		if (at == FIELD(stall_model))
			b->cfg.stall_max = b->cfg.stall_model == 1 ? 0 : 4;
		if (smmu_config_check(&b->cfg, NULL, 0))
			b->cfg = old;
	}
}

/* ---- handlers that come back in, as a driver's do ---- */

static void on_signal(struct fuzz_bench *b)
{
	uint64_t gerror;

	if (!b->smmu || b->depth > 2)
		return;
	b->depth++;
	gerror = smmu_mmio_read(b->smmu, SMMU_REG_GERROR, 4);
	smmu_mmio_write(b->smmu, SMMU_REG_GERRORN, 4, gerror);
	smmu_mmio_write(b->smmu, SMMU_REG_EVENTQ_CONS, 4,
			smmu_mmio_read(b->smmu, SMMU_REG_EVENTQ_PROD, 4));
	b->depth--;
}

static void on_doorbell(void *ctx, uint64_t pa, uint32_t data,
			const struct smmu_attr *attr)
{
	(void)attr;
	if (pa < FB_MSI || pa >= FB_MSI + 0x1000)
		abort();
	if (data & 1)
		on_signal(ctx);
}

static void on_trace(void *ctx, const struct smmu_trace *trace)
{
	unsigned *seen = ctx;

	*seen += trace->kind;
	/* Whatever faults has a reason that can be told. */
	if (trace->kind == SMMU_TRACE_DECISION && trace->value != 0 &&
	    (!trace->rule || !smmu_rule_says(trace->rule)[0]))
		abort();
}

/* ---- memory as a driver would have made it ---- */

static void put(struct fuzz_bench *b, uint64_t offset, uint64_t value)
{
	memcpy(b->ram + offset, &value, 8);
}

static void make_tables(struct fuzz_bench *b)
{
	const uint64_t s1 = SMMU_MASK(SMMU_S1DESC_AF) | SMMU_MASK(SMMU_S1DESC_nG) | 0x743;
	const uint64_t s2 = SMMU_MASK(SMMU_S2DESC_AF) | 0x7fd;

	for (unsigned l = 0; l < 3; l++)
		put(b, FB_S1 + 0x1000 * l, (FB_RAM + FB_S1 + 0x1000 * (l + 1)) | 3);
	for (unsigned i = 0; i < 16; i++)
		put(b, FB_S1 + 0x3000 + 8 * i, (FB_RAM + FB_DATA + 0x1000 * i) | s1);
	put(b, FB_S2, (FB_RAM + FB_S2 + 0x1000) | 3);
	put(b, FB_S2 + 0x1000 + 8 * (FB_RAM >> 30), (FB_RAM + FB_S2 + 0x2000) | 3);
	put(b, FB_S2 + 0x2000, FB_RAM | s2);
}

static void make_cds(struct fuzz_bench *b, bool stalls)
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t cd[8] = { 0 };

		smmu_set(cd, SMMU_CD_T0SZ, 16);
		smmu_set(cd, SMMU_CD_EPD1, 1);
		smmu_set(cd, SMMU_CD_V, 1);
		smmu_set(cd, SMMU_CD_IPS, 5);
		smmu_set(cd, SMMU_CD_AA64, 1);
		smmu_set(cd, SMMU_CD_A, 1);
		smmu_set(cd, SMMU_CD_R, 1);
		smmu_set(cd, SMMU_CD_S, stalls && b->cfg.stall_model != 1);
		smmu_set(cd, SMMU_CD_ASID, i);
		cd[1] = FB_RAM + FB_S1;
		cd[3] = 0x44ff;
		memcpy(b->ram + FB_CD + sizeof(cd) * i, cd, sizeof(cd));
	}
	put(b, FB_L1CD, (FB_RAM + FB_CD) | 1);
}

/* StreamID 0: off; 1: bypass; 2: stage 1; 3: stage 2; 4: both; 5: substreams; 6: EL2 ...
 */
static void make_stes(struct fuzz_bench *b)
{
	static const uint8_t config[8] = { 0, 4, 5, 6, 7, 5, 5, 7 };

	for (unsigned sid = 0; sid < 8; sid++) {
		uint64_t ste[8] = { 0 };

		smmu_set(ste, SMMU_STE_V, 1);
		smmu_set(ste, SMMU_STE_Config, config[sid]);
		ste[0] |= FB_RAM + (sid == 7 ? FB_L1CD : FB_CD);
		smmu_set(ste, SMMU_STE_S1CDMax, sid == 5 ? 2 : sid == 7 ? 8 : 0);
		smmu_set(ste, SMMU_STE_S1Fmt, sid == 7);
		smmu_set(ste, SMMU_STE_S1DSS, 1);
		smmu_set(ste, SMMU_STE_SHCFG, 1);
		smmu_set(ste, SMMU_STE_STRW, sid == 6 ? 2 : 0);
		smmu_set(ste, SMMU_STE_EATS, b->cfg.ats != 0);
		smmu_set(ste, SMMU_STE_S2VMID, sid == 3 || sid == 4);
		smmu_set(ste, SMMU_STE_S2T0SZ, 24);
		smmu_set(ste, SMMU_STE_S2SL0, 1);
		smmu_set(ste, SMMU_STE_S2PS, 5);
		smmu_set(ste, SMMU_STE_S2AA64, 1);
		smmu_set(ste, SMMU_STE_S2R, 1);
		ste[3] |= FB_RAM + FB_S2 + 0x1000;
		memcpy(b->ram + FB_STRTAB + sizeof(ste) * sid, ste, sizeof(ste));
	}
	put(b, FB_L1STD, (FB_RAM + FB_STRTAB) | 7);
}

static void wr(struct fuzz_bench *b, uint64_t reg, unsigned size, uint64_t value)
{
	smmu_mmio_write(b->smmu, reg, size, value);
}

static void enable(struct fuzz_bench *b, unsigned options)
{
	bool two_level = options & 2;
	uint64_t cr0 = 0xf,
		 cfg = smmu_reg_set(0, SMMU_STRTAB_BASE_CFG_LOG2SIZE, two_level ? 8 : 6);

	cfg = smmu_reg_set(cfg, SMMU_STRTAB_BASE_CFG_SPLIT, 6);
	cfg = smmu_reg_set(cfg, SMMU_STRTAB_BASE_CFG_FMT, two_level);
	wr(b, SMMU_REG_CR1, 4, 0xd75);
	wr(b, SMMU_REG_CR2, 4, options & 64 ? 0xa : 2); /* REC_CFG_ATS */
	wr(b, SMMU_REG_STRTAB_BASE, 8, FB_RAM + (two_level ? FB_L1STD : FB_STRTAB));
	wr(b, SMMU_REG_STRTAB_BASE_CFG, 4, cfg);
	wr(b, SMMU_REG_CMDQ_BASE, 8, (FB_RAM + FB_CMDQ) | 5);
	wr(b, SMMU_REG_EVENTQ_BASE, 8, (FB_RAM + FB_EVENTQ) | 5);
	wr(b, SMMU_REG_PRIQ_BASE, 8, (FB_RAM + FB_PRIQ) | 5);
	wr(b, SMMU_REG_IRQ_CTRL, 4, 7);
	wr(b, SMMU_REG_EVENTQ_IRQ_CFG0, 8, FB_MSI);
	cr0 = smmu_reg_set(cr0, SMMU_CR0_ATSCHK, options >> 2 & 1);
	cr0 = smmu_reg_set(cr0, SMMU_CR0_DPT_WALK_EN, options >> 3 & 1);
	wr(b, SMMU_REG_CR0, 4, cr0);
}

void fuzz_open(struct fuzz_bench *b, const uint8_t *data, size_t size, bool enabled)
{
	static _Alignas(4096) uint8_t ram[FB_RAM_SIZE]; /* kept: new pages are slow */
	static unsigned seen;
	unsigned options;

	memset(b, 0, sizeof(*b));
	b->in = (struct fuzz_input){ .data = data, .left = size };
	choose_config(b);
	options = fuzz_u8(&b->in);
	b->bus = smmu_bus_create();
	if (!b->bus || smmu_bus_add_ram(b->bus, FB_RAM, FB_RAM_SIZE, ram) ||
	    smmu_bus_add_doorbell(b->bus, FB_MSI, 0x1000, on_doorbell, b) ||
	    smmu_create(&b->smmu, b->bus, &b->cfg))
		abort();
	b->port = smmu_port_open(b->smmu);
	b->ram = ram;
	memset(ram, 0, sizeof(ram));
	if (!b->port)
		abort();
	if (options & 1)
		smmu_set_trace(b->smmu, on_trace, &seen);
	make_stes(b);
	make_cds(b, options & 16);
	make_tables(b);
	if (enabled)
		enable(b, options);
	for (unsigned sid = 2; (options & 32) && sid < 6; sid++)
		fuzz_attach(b, sid);
}

void fuzz_close(struct fuzz_bench *b)
{
	struct smmu_stats stats;

	smmu_stats_read(b->smmu, &stats);
	smmu_port_close(b->port);
	smmu_destroy(b->smmu);
	smmu_bus_destroy(b->bus);
}
