/* SPDX-License-Identifier: MIT */
/* The walk of the DPT and the check of an access against it (3.24.1, 3.24.3, 3.24.4). */
#include <stddef.h>
#include "model/config/config.h"
#include "model/dpt/dpt.h"
#include "model/pmcg/pmcg.h"

/* DPT_BASE_CFG as it acts; widths in bits. */
struct shape {
	unsigned ps, l0, gs;
};

enum outcome { GRANTED_MAYBE, NO_ACCESS, LOOKUP_FAULT };

struct walk {
	struct smmu *smmu;
	const struct smmu_dpt_access *acc;
	struct shape shape;
	struct smmu_dpt_entry right; /* GRANTED_MAYBE: what the table says */
};

/* DPT-8: FAR before GERROR; one that is already there stays. */
static enum outcome fault(const struct walk *w, unsigned code, unsigned level)
{
	struct smmu *smmu = w->smmu;
	uint64_t far = w->acc->pa & SMMU_MASK(SMMU_DPT_CFG_FAR_FADDR);

	if (!smmu_reg_get(smmu->dpt.far, SMMU_DPT_CFG_FAR_FAULT)) {
		far = smmu_reg_set(far, SMMU_DPT_CFG_FAR_DPT_FAULTCODE, code);
		far = smmu_reg_set(far, SMMU_DPT_CFG_FAR_LEVEL, level);
		smmu->dpt.far = smmu_reg_set(far, SMMU_DPT_CFG_FAR_FAULT, 1);
		smmu_gerror_raise(smmu, SMMU_GERROR_DPT_ERR);
	}
	return LOOKUP_FAULT;
}

/* ---- registers ---- */

static unsigned granule(const struct smmu *smmu, unsigned code)
{
	unsigned bits = smmu_tg0_granule(code);

	return bits && smmu_granule_ok(smmu, bits) ? bits : 0;
}

static unsigned l0_bits(unsigned code)
{
	switch (code) {
	case SMMU_L0DPTSZ_30:
		return 30;
	case SMMU_L0DPTSZ_34:
		return 34;
	case SMMU_L0DPTSZ_36:
		return 36;
	case SMMU_L0DPTSZ_39:
		return 39;
	default:
		return 0;
	}
}

/* False: "Invalid DPT register configuration". */
static bool shape_of(const struct smmu *smmu, struct shape *s)
{
	uint64_t cfg = smmu->dpt.base_cfg;
	unsigned ps = (unsigned)smmu_reg_get(cfg, SMMU_DPT_BASE_CFG_DPTPS);

	s->ps = ps == 7 ? 0 : smmu_oas_bits(ps);
	s->gs = granule(smmu, (unsigned)smmu_reg_get(cfg, SMMU_DPT_BASE_CFG_DPTGS));
	s->l0 = l0_bits((unsigned)smmu_reg_get(cfg, SMMU_DPT_BASE_CFG_L0DPTSZ));
	return s->ps && s->gs && s->l0 && s->ps <= smmu->id.oas && s->l0 <= s->ps;
}

/* DPT-2. CR1 has no code 11: it acts as 00. */
static struct smmu_attr fetch_attr(const struct smmu *smmu)
{
	uint64_t cr1 = smmu->regs.cr1;
	uint64_t ic = smmu_reg_get(cr1, SMMU_CR1_TABLE_IC);
	uint64_t oc = smmu_reg_get(cr1, SMMU_CR1_TABLE_OC);
	struct smmu_attr attr = smmu_own_attr((struct smmu_fetch_attr){
		.ic = ic == 3 ? 0 : (uint8_t)ic,
		.oc = oc == 3 ? 0 : (uint8_t)oc,
		.sh = smmu_sh_code(smmu_reg_get(cr1, SMMU_CR1_TABLE_SH)),
	});

	if (smmu_attr_is_cacheable(&attr))
		attr.ra = smmu_reg_get(smmu->dpt.base, SMMU_DPT_BASE_RA) != 0;
	return attr;
}

static bool fetch(const struct walk *w, uint64_t pa, int level, uint64_t *desc)
{
	struct smmu_attr attr = fetch_attr(w->smmu);

	/* PMCG-20 */
	smmu_attr_mpam(&attr, w->acc->mpam);
	smmu_pmcg_missed(w->smmu, SMMU_MISSED_TLB);
	smmu_pmcg_access(w->smmu, SMMU_PMCG_WALK_ACCESS, w->acc->sid, &attr);
	if (smmu_bus_read64(w->smmu->bus, pa, desc, &attr) != 0)
		return false;
	SMMU_TRACE(w->smmu, .kind = SMMU_TRACE_DPT_FETCH, .sid = w->acc->sid,
		   .level = (int8_t)level, .addr = pa, .value = *desc);
	return true;
}

/* ---- descriptors: DPT-4 to DPT-6 ---- */

static uint64_t bits_of(uint64_t desc, unsigned msb, unsigned lsb)
{
	return smmu_low(desc >> lsb, msb - lsb + 1);
}

/* AC, W and VMID as they lie in the lower half of an entry; [1:0] are of its format. */
static bool rights_ok(const struct smmu *smmu, uint64_t half)
{
	unsigned ac = (unsigned)bits_of(half, 3, 2);
	uint64_t vmid = bits_of(half, 31, 16);

	if (ac == 3 || (ac == SMMU_DPT_AC_ANY && vmid != 0))
		return false;
	return smmu->cfg.vmid16 || vmid <= 0xff;
}

static void set_right(struct walk *w, uint64_t half, unsigned bits)
{
	w->right = (struct smmu_dpt_entry){
		.base = smmu_align_down(w->acc->pa, bits),
		.bits = (uint8_t)bits,
		.ac = (uint8_t)bits_of(half, 3, 2),
		.w = bits_of(half, 4, 4),
		.vmid = (uint16_t)bits_of(half, 31, 16),
	};
}

/* Contig, in bits of the region; 0: Reserved here. */
static unsigned contig_bits(const struct walk *w, unsigned code)
{
	static const uint8_t log2[8] = { 0, 16, 21, 25, 29, 30, 34, 36 };
	unsigned bits = code < 8 ? log2[code] : 0;

	return bits <= w->shape.l0 && bits > w->shape.gs ? bits : 0;
}

/*
 * A level 1 entry: two granules, or one contiguous region. Its low half has A at [1:0]
 * and Contig at [11:8]; AC, W and VMID have the same place in both halves.
 */
static bool l1_decode(struct walk *w, uint64_t desc, enum outcome *outcome)
{
	const uint64_t rights = 0xffff001c;
	unsigned a = (unsigned)bits_of(desc, 1, 0), gs = w->shape.gs;
	unsigned contig = (unsigned)bits_of(desc, 11, 8), upper = w->acc->pa >> gs & 1;
	uint64_t low = desc & rights, high = desc >> 32 & rights;
	uint64_t defined = rights << 32 | rights | 0xf03;

	if ((desc & ~defined) || (a != 3 && contig))
		return false;
	if ((!(a & 1) && low) || ((!(a & 2) || contig) && high))
		return false;
	if (((a & 1) && !rights_ok(w->smmu, low)) ||
	    ((a & 2) && !rights_ok(w->smmu, high)))
		return false;
	if (contig && !contig_bits(w, contig))
		return false;
	*outcome = a >> upper & 1 ? GRANTED_MAYBE : NO_ACCESS;
	if (contig)
		set_right(w, low, contig_bits(w, contig));
	else
		set_right(w, upper ? high : low, gs);
	return true;
}

/* ---- the walk ---- */

static enum outcome walk_l1(struct walk *w, uint64_t table)
{
	const struct shape *s = &w->shape;
	uint64_t index = smmu_low(w->acc->pa, s->l0) >> (s->gs + 1), desc;
	enum outcome outcome;

	if (!fetch(w, table + 8 * index, 1, &desc))
		return fault(w, SMMU_DPT_FAULT_EABT, 1);
	if (!l1_decode(w, desc, &outcome))
		return fault(w, SMMU_DPT_FAULT_WALK, 1);
	return outcome;
}

/* 3.24.3.1.1 to 3.24.3.1.3. GAP: the fields of a Block are only in a picture; taken to
 * lie as in a level 1 entry. CHOICE: what a No Access entry has besides is RES0. */
static enum outcome walk_l0(struct walk *w)
{
	const uint64_t block = 0xffff001d, table = 0x00fffffffffff003;
	const struct shape *s = &w->shape;
	struct smmu *smmu = w->smmu;
	unsigned align = s->ps - s->l0 + 3;
	uint64_t base = smmu_reg_get_addr(smmu->dpt.base, SMMU_DPT_BASE_BADDR);
	uint64_t desc, next;

	base = smmu_align_down(smmu_low(base, smmu->id.oas), align < 12 ? 12 : align);
	if (!fetch(w, base + 8 * (w->acc->pa >> s->l0), 0, &desc))
		return fault(w, SMMU_DPT_FAULT_EABT, 0);
	if (desc == 0)
		return NO_ACCESS;
	if ((desc & 3) == 1 && !(desc & ~block) && rights_ok(smmu, desc)) {
		set_right(w, desc, s->l0);
		return GRANTED_MAYBE;
	}
	next = desc & table & ~UINT64_C(3);
	if ((desc & 3) != 3 || (desc & ~table) || smmu_above(next, smmu->id.oas))
		return fault(w, SMMU_DPT_FAULT_WALK, 0);
	next = smmu_align_down(next, s->l0 - s->gs + 2);
	smmu_dpt_keep_table(smmu, w->acc->pa, s->l0, next);
	return walk_l1(w, next);
}

static enum outcome walk(struct walk *w)
{
	uint64_t table;

	if (!smmu_reg_get(w->smmu->regs.cr0ack, SMMU_CR0_DPT_WALK_EN))
		return fault(w, SMMU_DPT_FAULT_DISABLED, 0);
	if (!shape_of(w->smmu, &w->shape))
		return fault(w, SMMU_DPT_FAULT_WALK, 0);
	/* DPT-3 */
	if (smmu_above(w->acc->pa, w->shape.ps))
		return NO_ACCESS;
	if (smmu_dpt_find_table(w->smmu, w->acc->pa, &table))
		return walk_l1(w, table);
	return walk_l0(w);
}

/* DPT-6: the table there, and W. */
static bool allows(const struct smmu_dpt_entry *right, const struct smmu_dpt_access *acc)
{
	bool match = false;

	if (acc->write && !right->w)
		return false;
	switch (acc->vmatch) {
	case SMMU_DPT_VMATCH_SHARED:
		match = right->ac == SMMU_DPT_AC_VMID;
		break;
	case SMMU_DPT_VMATCH_NONE:
		break;
	default:
		match = right->ac != SMMU_DPT_AC_ANY;
		break;
	}
	return !match || right->vmid == acc->vmid;
}

/* DPT-9: what walks have found may deny as well as grant. */
bool smmu_dpt_check(struct smmu *smmu, const struct smmu_dpt_access *acc)
{
	const struct smmu_dpt_entry *hit = smmu_dpt_find(smmu, acc->pa);
	struct walk w = { .smmu = smmu, .acc = acc };

	if (hit)
		return allows(hit, acc);
	if (walk(&w) != GRANTED_MAYBE)
		return false;
	smmu_dpt_keep(smmu, &w.right);
	return allows(&w.right, acc);
}
