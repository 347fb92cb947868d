/* SPDX-License-Identifier: MIT */
/*
 * An entry in 24 bytes. Addresses are of pages, so that their low 12 bits have room for
 * what else is known of each stage; a third word holds permissions and attributes.
 */
#include <string.h>
#include "model/cache/tlb.h"

/* Bits of words 0 (stage 1) and 1 (stage 2): oa[55:12] at 0, then these. */
enum { OA_BITS = 44, SIZE_AT = 44, FLAGS_AT = 50, REST_AT = 54 };
/* Word 0 above: */
enum { IS_RECORD_AT = 54, CONFLICT_AT = 55, S1_PERM_AT = 56 };
/* Word 1 above: MemAttr 4, SH 2, PBHA 4. */
/* Word 2: stage 2's perm, base, more; stage 1's attributes; those that leave. */
enum { S2_PERM_AT = 0, S2_BASE_AT = 8, S2_MORE_AT = 16, S1_ATTR_AT = 24, OUT_AT = 45 };

static uint64_t stage(uint64_t oa, unsigned bits, unsigned flags)
{
	return (oa >> 12 & ((UINT64_C(1) << OA_BITS) - 1)) | (uint64_t)bits << SIZE_AT |
	       (uint64_t)flags << FLAGS_AT;
}

static uint64_t oa_of(uint64_t word)
{
	return (word & ((UINT64_C(1) << OA_BITS) - 1)) << 12;
}

static unsigned take(uint64_t word, unsigned at, unsigned n)
{
	return (unsigned)(word >> at) & ((1u << n) - 1);
}

static uint64_t pack_s1attr(const struct smmu_s1attr *a)
{
	return (uint64_t)a->inner | (uint64_t)a->outer << 3 | (uint64_t)a->sh << 6 |
	       (uint64_t)a->ra << 8 | (uint64_t)a->wa << 11 | (uint64_t)a->tr << 14 |
	       (uint64_t)a->pbha << 17;
}

/* The rest of the attributes that leave comes from each access. */
static uint64_t pack_out(const struct smmu_attr *a)
{
	return (uint64_t)a->inner | (uint64_t)a->outer << 3 | (uint64_t)a->sh << 6 |
	       (uint64_t)a->ra << 8 | (uint64_t)a->wa << 9 | (uint64_t)a->tr << 10 |
	       (uint64_t)a->pbha << 11;
}

struct tlb_packed smmu_tlb_pack_entry(const struct tlb_entry *e)
{
	const struct smmu_s1leaf *s1 = &e->s1;
	const struct smmu_s2leaf *s2 = &e->s2;

	return (struct tlb_packed){ {
		stage(s1->oa, s1->bits, s1->flags) |
			(uint64_t)e->conflict << CONFLICT_AT |
			(uint64_t)s1->perm << S1_PERM_AT,
		stage(s2->oa, s2->bits, s2->flags) | (uint64_t)s2->memattr << REST_AT |
			(uint64_t)s2->sh << (REST_AT + 4) |
			(uint64_t)s2->pbha << (REST_AT + 6),
		(uint64_t)s2->perm << S2_PERM_AT | (uint64_t)s2->base << S2_BASE_AT |
			(uint64_t)s2->more << S2_MORE_AT |
			pack_s1attr(&s1->attr) << S1_ATTR_AT |
			pack_out(&e->attr) << OUT_AT,
	} };
}

static struct smmu_s1attr unpack_s1attr(uint64_t w)
{
	return (struct smmu_s1attr){
		.inner = (uint8_t)take(w, S1_ATTR_AT, 3),
		.outer = (uint8_t)take(w, S1_ATTR_AT + 3, 3),
		.sh = (uint8_t)take(w, S1_ATTR_AT + 6, 2),
		.ra = (uint8_t)take(w, S1_ATTR_AT + 8, 3),
		.wa = (uint8_t)take(w, S1_ATTR_AT + 11, 3),
		.tr = (uint8_t)take(w, S1_ATTR_AT + 14, 3),
		.pbha = (uint8_t)take(w, S1_ATTR_AT + 17, 4),
	};
}

static struct smmu_attr unpack_out(uint64_t w)
{
	return (struct smmu_attr){
		.inner = (uint8_t)take(w, OUT_AT, 3),
		.outer = (uint8_t)take(w, OUT_AT + 3, 3),
		.sh = (uint8_t)take(w, OUT_AT + 6, 2),
		.ra = (uint8_t)take(w, OUT_AT + 8, 1),
		.wa = (uint8_t)take(w, OUT_AT + 9, 1),
		.tr = (uint8_t)take(w, OUT_AT + 10, 1),
		.pbha = (uint8_t)take(w, OUT_AT + 11, 4),
		.ns = 1,
	};
}

void smmu_tlb_unpack_entry(const struct tlb_packed *p, struct tlb_entry *e)
{
	uint64_t w0 = p->word[0], w1 = p->word[1], w2 = p->word[2];

	e->s1 = (struct smmu_s1leaf){
		.oa = oa_of(w0),
		.attr = unpack_s1attr(w2),
		.bits = (uint8_t)take(w0, SIZE_AT, 6),
		.perm = (uint8_t)take(w0, S1_PERM_AT, 8),
		.flags = (uint8_t)take(w0, FLAGS_AT, 4),
	};
	e->s2 = (struct smmu_s2leaf){
		.oa = oa_of(w1),
		.bits = (uint8_t)take(w1, SIZE_AT, 6),
		.perm = (uint8_t)take(w2, S2_PERM_AT, 8),
		.flags = (uint8_t)take(w1, FLAGS_AT, 4),
		.memattr = (uint8_t)take(w1, REST_AT, 4),
		.sh = (uint8_t)take(w1, REST_AT + 4, 2),
		.base = (uint8_t)take(w2, S2_BASE_AT, 8),
		.more = (uint8_t)take(w2, S2_MORE_AT, 8),
		.pbha = (uint8_t)take(w1, REST_AT + 6, 4),
	};
	e->attr = unpack_out(w2);
	e->conflict = take(w0, CONFLICT_AT, 1);
	/* A stage that is off has no leaf. */
	e->bits = e->s1.bits;
	if (e->bits == 0 || (e->s2.bits != 0 && e->s2.bits < e->bits))
		e->bits = e->s2.bits;
}

/* ---- records ---- */

struct tlb_packed smmu_tlb_pack_record(const struct tlb_record *r)
{
	return (struct tlb_packed){ { UINT64_C(1) << IS_RECORD_AT, r->piece_id,
				      r->piece_mask } };
}

struct tlb_record smmu_tlb_unpack_record(const struct tlb_packed *p)
{
	return (struct tlb_record){ .piece_id = p->word[1],
				    .piece_mask = (uint16_t)p->word[2] };
}

bool smmu_tlb_is_record(const struct tlb_packed *p)
{
	return p->word[0] >> IS_RECORD_AT & 1;
}
