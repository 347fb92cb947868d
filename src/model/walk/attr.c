/* SPDX-License-Identifier: MIT */
/* Memory attributes: IHI 0070 chapter 13, translation.md 13. */
#include "model/walk/walk.h"

static bool cacheable(unsigned type)
{
	return smmu_type_is_cacheable(type);
}

/*
 * A hint, from stage 1 to smmu_attr_consistent(), is of the inner level, of the outer
 * one, of both or of none: stage 2 may still take a level away, and its hints with it
 * (13.1.5.1, 13.1.7). Outside of that a hint is 0 or 1, which mean none and both.
 */
enum { INNER = 1, OUTER = 2 };
static const uint8_t hint_of[4] = { [INNER] = 2, [OUTER] = 4, [INNER | OUTER] = 1 };

static unsigned levels_of(unsigned hint)
{
	switch (hint) {
	case 0:
		return 0;
	case 2:
		return INNER;
	case 4:
		return OUTER;
	default: /* whatever a client calls true */
		return INNER | OUTER;
	}
}

static unsigned cacheable_levels(const struct smmu_attr *attr)
{
	return (cacheable(attr->inner) ? INNER : 0) |
	       (cacheable(attr->outer) ? OUTER : 0);
}

/*
 * 13.6; idempotent. Of the hints of the cacheable levels the stronger (13.4). CHOICE:
 * what leaves the SMMU has one set.
 */
void smmu_attr_consistent(struct smmu_attr *attr)
{
	unsigned at = cacheable_levels(attr);

	if (at == 0)
		attr->sh = SMMU_SH_OSH;
	attr->ra = at != 0 && (levels_of(attr->ra) & at) == at;
	attr->wa = at != 0 && (levels_of(attr->wa) & at) == at;
	attr->tr = (attr->ra || attr->wa) && (levels_of(attr->tr) & at) != 0;
}

/* Bit 0 write-allocate, 1 read-allocate, 2 transient, of each level. */
static uint8_t hint(unsigned in_hints, unsigned out_hints, unsigned bit)
{
	return hint_of[(in_hints >> bit & 1 ? INNER : 0) |
		       (out_hints >> bit & 1 ? OUTER : 0)];
}

/* {IR,OR}: 00 NC, 01 WB RA WA, 10 WT RA, 11 WB RA no WA. */
struct smmu_attr smmu_attr_from_fetch(struct smmu_fetch_attr f)
{
	static const uint8_t type[4] = { SMMU_MT_NC, SMMU_MT_WB, SMMU_MT_WT, SMMU_MT_WB };
	static const uint8_t hints[4] = { 0, 3, 2, 2 };
	struct smmu_attr attr = { .inner = type[f.ic & 3],
				  .outer = type[f.oc & 3],
				  .sh = f.sh == 1 ? SMMU_SH_NSH : f.sh & 3,
				  .priv = 1,
				  .ns = 1 };

	attr.ra = hint(hints[f.ic & 3], hints[f.oc & 3], 1);
	attr.wa = hint(hints[f.ic & 3], hints[f.oc & 3], 0);
	smmu_attr_consistent(&attr);
	return attr;
}

static uint8_t device(unsigned dd)
{
	static const uint8_t type[4] = { SMMU_MT_DEV_NGNRNE, SMMU_MT_DEV_NGNRE,
					 SMMU_MT_DEV_NGRE, SMMU_MT_DEV_GRE };

	return type[dd & 3];
}

/* The 4-bit code of STE.MemAttr, MSI configurations and, without S2FWB, stage 2. */
static void types_from_memattr(struct smmu_attr *attr, unsigned memattr)
{
	static const uint8_t normal[4] = { 0, SMMU_MT_NC, SMMU_MT_WT, SMMU_MT_WB };

	if (memattr >> 2 == 0 || (memattr & 3) == 0) {
		/* 01, 10, 11 over 00 are reserved: Device-nGnRnE (STE-53). */
		attr->inner = attr->outer = device(memattr >> 2 == 0 ? memattr : 0);
		return;
	}
	attr->inner = normal[memattr & 3];
	attr->outer = normal[memattr >> 2];
}

void smmu_attr_set_memattr(struct smmu_attr *attr, unsigned memattr)
{
	bool was = smmu_attr_is_cacheable(attr);

	types_from_memattr(attr, memattr & 15);
	if (!was && smmu_attr_is_cacheable(attr)) {
		attr->ra = attr->wa = 1;
		attr->tr = 0;
	}
}

/* One nibble of a MAIR byte that is not Device: type, and hints as in hint(). */
static uint8_t mair_nibble(unsigned nibble, unsigned *hints)
{
	unsigned rw = nibble & 3;

	*hints = rw;
	switch (nibble >> 2) {
	case 0:
		*hints = rw | 4;
		return SMMU_MT_WT;
	case 1:
		*hints = rw == 0 ? 0 : rw | 4;
		return rw == 0 ? SMMU_MT_NC : SMMU_MT_WB;
	case 2:
		return SMMU_MT_WT;
	default:
		return SMMU_MT_WB;
	}
}

/* CD-31: what VMSAv8-64 leaves unpredictable is fixed here. */
struct smmu_s1attr smmu_attr_from_mair(unsigned byte, unsigned sh)
{
	struct smmu_s1attr s1 = { .sh = sh == 1 ? SMMU_SH_NSH : (uint8_t)(sh & 3) };
	unsigned in_hints, out_hints, low = byte & 15;

	if (byte >> 4 == 0) {
		s1.inner = s1.outer = device(low >> 2);
		return s1;
	}
	s1.outer = mair_nibble(byte >> 4, &out_hints);
	s1.inner = mair_nibble(low == 0 ? 3 : low, &in_hints);
	s1.ra = hint(in_hints, out_hints, 1);
	s1.wa = hint(in_hints, out_hints, 0);
	s1.tr = hint(in_hints, out_hints, 2);
	return s1;
}

void smmu_attr_stage1(struct smmu_attr *attr, const struct smmu_s1attr *s1)
{
	if (smmu_attr_is_cacheable(attr)) {
		attr->ra = hint_of[levels_of(attr->ra) & levels_of(s1->ra)];
		attr->wa = hint_of[levels_of(attr->wa) & levels_of(s1->wa)];
		attr->tr = hint_of[levels_of(attr->tr) | levels_of(s1->tr)];
	} else {
		attr->ra = s1->ra;
		attr->wa = s1->wa;
		attr->tr = s1->tr;
	}
	attr->inner = s1->inner;
	attr->outer = s1->outer;
	attr->sh = s1->sh;
	attr->pbha = s1->pbha;
}

static uint8_t stronger(uint8_t a, uint8_t b)
{
	return a > b ? a : b;
}

/* NSH < ISH < OSH; the codes are 0, 3, 2, and the reserved 1 acts as NSH. */
static uint8_t combine_sh(unsigned a, unsigned b)
{
	static const uint8_t rank[4] = { 0, 0, 2, 1 };
	static const uint8_t code[3] = { SMMU_SH_NSH, SMMU_SH_ISH, SMMU_SH_OSH };
	uint8_t ra = rank[a & 3], rb = rank[b & 3];

	return code[ra > rb ? ra : rb];
}

/* S2FWB == 0. IDR3.MTEPERM gives 0100 a meaning. */
static void combine(const struct smmu *smmu, unsigned memattr, struct smmu_attr *attr)
{
	struct smmu_attr s2 = { .inner = SMMU_MT_WB, .outer = SMMU_MT_WB };

	if (!(memattr == 4 && smmu->cfg.mteperm))
		types_from_memattr(&s2, memattr);
	attr->inner = stronger(attr->inner, s2.inner);
	attr->outer = stronger(attr->outer, s2.outer);
}

/*
 * S2FWB == 1. MemAttr[3] is ignored: RES0, or with MTEPERM not told apart by us;
 * CHOICE: 100 acts as 101, as the PE's pseudocode has it.
 */
static void force(unsigned memattr, struct smmu_attr *attr)
{
	unsigned was = cacheable_levels(attr), now = (INNER | OUTER) & ~was;

	switch (memattr & 7) {
	case 7:
		return;
	case 6:
		attr->inner = attr->outer = SMMU_MT_WB;
		attr->ra = hint_of[levels_of(attr->ra) | now];
		attr->wa = hint_of[levels_of(attr->wa) | now];
		attr->tr = hint_of[levels_of(attr->tr) & was];
		return;
	case 4:
	case 5:
		attr->inner = stronger(attr->inner, SMMU_MT_NC);
		attr->outer = stronger(attr->outer, SMMU_MT_NC);
		return;
	default:
		attr->inner = stronger(attr->inner, device(memattr));
		attr->outer = stronger(attr->outer, device(memattr));
		return;
	}
}

/*
 * CHOICE: the raw SH of stage 1 enters the combination (translation.md 13.5). CHOICE: of
 * a bit that both stages give to hardware (STE-69) the one of stage 2 leaves.
 */
void smmu_attr_stage2(const struct smmu *smmu, const struct smmu_s2cfg *s2,
		      const struct smmu_s2leaf *leaf, struct smmu_attr *attr)
{
	if (s2->fwb)
		force(leaf->memattr, attr);
	else
		combine(smmu, leaf->memattr, attr);
	attr->sh = combine_sh(attr->sh, leaf->sh);
	attr->pbha = (uint8_t)((attr->pbha & ~s2->hwu) | leaf->pbha);
}

bool smmu_s2_is_device(const struct smmu *smmu, const struct smmu_s2cfg *s2,
		       const struct smmu_s2leaf *leaf)
{
	struct smmu_attr attr = smmu_attr_default();

	smmu_attr_stage2(smmu, s2, leaf, &attr);
	return attr.inner >= SMMU_MT_DEV_GRE;
}

/* STE-62: Device with PTWNNC is Normal Non-cacheable for the SMMU's own accesses. */
void smmu_attr_own(const struct smmu *smmu, const struct smmu_s2cfg *s2,
		   const struct smmu_s2leaf *leaf, struct smmu_attr *attr)
{
	smmu_attr_stage2(smmu, s2, leaf, attr);
	if (attr->inner >= SMMU_MT_DEV_GRE && smmu->cfg.ptwnnc)
		attr->inner = attr->outer = SMMU_MT_NC;
	smmu_attr_consistent(attr);
}
