/* SPDX-License-Identifier: MIT */
/*
 * Regions: which entries are alive. A flat table, hashed into groups of four lines; a
 * full group gives up one, with what it holds (a cache may forget).
 */
#include <stddef.h>
#include "model/cache/tlb.h"

/* ---- alive or not ---- */

bool smmu_tlb_region_alive(const struct smmu_tlb *tlb, const struct tlb_region *r)
{
	const struct tlb_ctx *ctx;

	if (r->number == 0)
		return false;
	if (r->piece) {
		uint32_t slot = r->ctx - 1;
		const struct tlb_packed *p = &tlb->entry[slot];

		return smmu_tlb_is_record(p) &&
		       smmu_tlb_unpack_record(p).piece_id == r->owner >> 4 &&
		       smmu_tlb_slot_alive(tlb, slot);
	}
	ctx = &tlb->ctx[r->ctx - 1];
	return ctx->id == r->owner >> 4 && smmu_tlb_ctx_live(tlb, ctx);
}

bool smmu_tlb_slot_alive(const struct smmu_tlb *tlb, uint32_t slot)
{
	const struct tlb_tag *tag = &tlb->tag[slot];
	const struct tlb_region *r;

	if (tag->region == 0)
		return false;
	r = &tlb->region[tag->region - 1];
	return r->number == tag->what >> TLB_REGION_BITS &&
	       tlb_region_has(r, tlb_in_region(tag->what)) &&
	       smmu_tlb_region_alive(tlb, r);
}

/* ---- the list of a context ---- */

/* Out of the list it is in, be that of its context or a forgotten one. */
static void unlink_region(struct smmu_tlb *tlb, struct tlb_region *r)
{
	struct tlb_ctx *ctx = &tlb->ctx[r->ctx - 1];
	tlb_link self = (tlb_link)(r - tlb->region) + 1;
	unsigned class = r->owner & 15;

	if (r->prev != 0)
		tlb->region[r->prev - 1].next = r->next;
	else if (ctx->head == self)
		ctx->head = r->next;
	if (r->next != 0)
		tlb->region[r->next - 1].prev = r->prev;
	if (ctx->id != r->owner >> 4)
		return;
	ctx->count--;
	if (--ctx->per[class] == 0)
		ctx->mask &= ~(UINT32_C(1) << class);
}

void smmu_tlb_region_link(struct smmu_tlb *tlb, struct tlb_region *r, struct tlb_ctx *ctx)
{
	tlb_link self = (tlb_link)(r - tlb->region) + 1;
	unsigned class = r->owner & 15;

	r->ctx = (tlb_link)(ctx - tlb->ctx) + 1;
	r->prev = 0;
	r->next = ctx->head;
	if (ctx->head != 0)
		tlb->region[ctx->head - 1].prev = self;
	ctx->head = self;
	ctx->count++;
	if (!(ctx->mask >> class & 1))
		ctx->per[class] = 0;
	ctx->per[class]++;
	ctx->mask |= UINT32_C(1) << class;
}

static void give_up(struct smmu_tlb *tlb, struct tlb_region *r)
{
	if (r->number != 0 && !r->piece)
		unlink_region(tlb, r);
	r->number = 0;
}

/* ---- beginning ---- */

static struct tlb_region *begin(struct smmu_tlb *tlb, uint64_t owner, uint64_t number)
{
	struct tlb_region *group = tlb_region_group(tlb, owner, number), *pick = NULL;

	for (unsigned i = 0; i < TLB_REGION_GROUP && pick == NULL; i++)
		if (!smmu_tlb_region_alive(tlb, &group[i]))
			pick = &group[i];
	if (pick == NULL) {
		uint32_t turn = smmu_tlb_turn(tlb, TLB_REGION_GROUP);

		if (turn == TLB_REGION_GROUP)
			return NULL;
		pick = &group[turn];
		smmu_void_all(tlb->voids);
	}
	give_up(tlb, pick);
	*pick = (struct tlb_region){ .number = ++tlb->last_id,
				     .owner = owner,
				     .page = number };
	return pick;
}

struct tlb_region *smmu_tlb_region_of_ctx(struct smmu_tlb *tlb, struct tlb_ctx *ctx,
					  unsigned class, uint64_t page)
{
	uint64_t owner = ctx->id << 4 | class;
	struct tlb_region *r = tlb_region(tlb, owner, page);

	if (r != NULL)
		return r;
	r = begin(tlb, owner, page >> TLB_REGION_BITS);
	if (r != NULL)
		smmu_tlb_region_link(tlb, r, ctx);
	return r;
}

struct tlb_region *smmu_tlb_region_of_record(struct smmu_tlb *tlb, uint32_t slot,
					     uint64_t piece_id, unsigned class,
					     uint64_t page)
{
	uint64_t owner = piece_id << 4 | class;
	struct tlb_region *r = tlb_region(tlb, owner, page);

	if (r != NULL)
		return r;
	r = begin(tlb, owner, page >> TLB_REGION_BITS);
	if (r == NULL)
		return NULL;
	r->piece = 1;
	r->ctx = slot + 1;
	return r;
}

/* ---- forgetting ---- */

_Static_assert(SMMU_VOID_SLOTS % TLB_REGION_PAGES == 0, "a region's words do not wrap");

/* A few words of their own, or all answers there are: whichever is sooner done. */
static void tell(struct smmu_tlb *tlb, const struct tlb_region *r, unsigned half,
		 uint64_t gone)
{
	_Atomic uint64_t *word;

	if (r->piece) {
		const struct tlb_tag *record = &tlb->tag[r->ctx - 1];

		smmu_void_slot(tlb->voids,
			       tlb_void_word(tlb, &tlb->region[record->region - 1],
					     tlb_in_region(record->what)));
		return;
	}
	if (__builtin_popcountll(gone) > 16) {
		smmu_void_all(tlb->voids);
		return;
	}
	/* Those of one region are neighbours. */
	word = &tlb->voids->slot[tlb_void_word(tlb, r, half * 64)];
	for (; gone != 0; gone &= gone - 1)
		smmu_void_word(&word[__builtin_ctzll(gone)]);
	tlb->voids->changed = true;
}

void smmu_tlb_region_end_if_empty(struct smmu_tlb *tlb, struct tlb_region *r)
{
	if ((r->live[0] | r->live[1]) == 0)
		give_up(tlb, r);
}

void smmu_tlb_region_forget(struct smmu_tlb *tlb, struct tlb_region *r, unsigned page)
{
	uint64_t bit = UINT64_C(1) << (page % 64);

	r->live[page / 64] &= ~bit;
	/* What nearly every invalidation comes to. */
	if (__builtin_expect(!r->piece, 1))
		smmu_void_slot(tlb->voids, tlb_void_word(tlb, r, page));
	else
		tell(tlb, r, page / 64, bit);
	if ((r->live[0] | r->live[1]) == 0)
		give_up(tlb, r);
}

/* Bits first to last. */
static uint64_t bits(unsigned first, unsigned last)
{
	return UINT64_MAX >> (63 - (last - first)) << first;
}

void smmu_tlb_region_clear(struct smmu_tlb *tlb, struct tlb_region *r, unsigned first,
			   unsigned last)
{
	for (unsigned half = first / 64; half <= last / 64; half++) {
		unsigned from = half == first / 64 ? first % 64 : 0;
		unsigned to = half == last / 64 ? last % 64 : 63;
		uint64_t gone = r->live[half] & bits(from, to);

		if (gone == 0)
			continue;
		r->live[half] &= ~gone;
		tell(tlb, r, half, gone);
	}
	if ((r->live[0] | r->live[1]) == 0)
		give_up(tlb, r);
}
