/* SPDX-License-Identifier: MIT */
/*
 * The TLB in a snapshot: every context, region and entry that is alive, in its slot and
 * with its number, so that the copy evicts and forgets as the original does. What is dead
 * counts as free there and need not be told. What is taken in may be anything: indexes
 * are checked, counts and lists are made anew, and whatever could never be found is
 * found by nobody.
 */
#include "model/cache/tlb.h"
#include "model/snapshot/pack.h"

static uint32_t slots(const struct smmu_tlb *tlb)
{
	return (uint32_t)SMMU_TLB_WAYS << tlb->set_bits;
}

static uint32_t contexts(const struct smmu_tlb *tlb)
{
	return (uint32_t)TLB_CTX_GROUP << tlb->ctx_bits;
}

static uint32_t regions(const struct smmu_tlb *tlb)
{
	return (uint32_t)4 << tlb->region_bits;
}

/* ---- what is there ---- */

static void pack_attr(struct smmu_pack *p, struct smmu_attr *a)
{
	bool known;

	pack_u8(p, &a->inner);
	pack_u8(p, &a->outer);
	pack_u8(p, &a->sh);
	pack_u8(p, &a->ra);
	pack_u8(p, &a->wa);
	pack_u8(p, &a->tr);
	pack_u8(p, &a->inst);
	pack_u8(p, &a->priv);
	pack_u8(p, &a->ns);
	pack_u8(p, &a->pmg);
	pack_u16(p, &a->partid);
	pack_u8(p, &a->pbha);
	known = a->inner <= SMMU_MT_DEV_NGNRNE && a->outer <= SMMU_MT_DEV_NGNRNE &&
		a->sh <= SMMU_SH_ISH && a->sh != 1 &&
		(a->ra | a->wa | a->tr | a->inst | a->priv | a->ns) <= 1 && a->pbha <= 15;
	pack_check(p, known, "attributes that do not exist");
}

/* Of no level, both, inner, outer: see attr.c. */
static bool is_hint(uint8_t hint)
{
	return hint <= 2 || hint == 4;
}

static void pack_s1attr(struct smmu_pack *p, struct smmu_s1attr *a)
{
	bool known;

	pack_u8(p, &a->inner);
	pack_u8(p, &a->outer);
	pack_u8(p, &a->sh);
	pack_u8(p, &a->ra);
	pack_u8(p, &a->wa);
	pack_u8(p, &a->tr);
	pack_u8(p, &a->pbha);
	known = a->inner <= SMMU_MT_DEV_NGNRNE && a->outer <= SMMU_MT_DEV_NGNRNE &&
		a->sh <= SMMU_SH_ISH && a->sh != 1 && is_hint(a->ra) && is_hint(a->wa) &&
		is_hint(a->tr) && a->pbha <= 15;
	pack_check(p, known, "attributes that do not exist");
}

static void pack_s1(struct smmu_pack *p, struct smmu_s1leaf *l)
{
	pack_u64(p, &l->oa);
	pack_s1attr(p, &l->attr);
	pack_u8(p, &l->bits);
	pack_u8(p, &l->perm);
	pack_u8(p, &l->flags);
	pack_check(p, l->bits <= 56, "a leaf larger than any");
}

static void pack_s2(struct smmu_pack *p, struct smmu_s2leaf *l)
{
	pack_u64(p, &l->oa);
	pack_u8(p, &l->bits);
	pack_u8(p, &l->perm);
	pack_u8(p, &l->flags);
	pack_u8(p, &l->memattr);
	pack_u8(p, &l->sh);
	pack_u8(p, &l->base);
	pack_u8(p, &l->more);
	pack_u8(p, &l->pbha);
	pack_check(p, l->bits <= 56 && l->memattr <= 15 && l->sh <= 3 && l->pbha <= 15,
		   "a stage 2 leaf that does not exist");
}

static void pack_entry(struct smmu_pack *p, struct tlb_packed *packed)
{
	struct tlb_entry e;

	smmu_tlb_unpack_entry(packed, &e);
	pack_s1(p, &e.s1);
	pack_s2(p, &e.s2);
	pack_attr(p, &e.attr);
	pack_bool(p, &e.conflict);
	if (p->loading)
		*packed = smmu_tlb_pack_entry(&e);
}

static void pack_record(struct smmu_pack *p, const struct smmu_tlb *tlb,
			struct tlb_packed *packed)
{
	struct tlb_record r = smmu_tlb_unpack_record(packed);

	pack_u64(p, &r.piece_id);
	pack_u16(p, &r.piece_mask);
	pack_check(p, r.piece_mask >> SMMU_TLB_CLASSES == 0, "pieces of no size");
	pack_check(p, r.piece_id <= tlb->last_id, "a record from the future");
	if (p->loading)
		*packed = smmu_tlb_pack_record(&r);
}

/* Where the entry of a slot belongs; its bit there is set when it is taken in. */
static void pack_tag(struct smmu_pack *p, struct smmu_tlb *tlb, uint32_t slot)
{
	struct tlb_tag *tag = &tlb->tag[slot];
	uint32_t at = pack_index(p, tag->region - !p->loading, regions(tlb));
	uint8_t page = (uint8_t)tlb_in_region(tag->what);
	struct tlb_region *r = &tlb->region[at];

	pack_u8(p, &page);
	pack_u32(p, &tag->used);
	if (!p->loading)
		return;
	if (!pack_check(p, page < TLB_REGION_PAGES && r->number != 0 && tag->region == 0,
			"an entry of no region") ||
	    !pack_check(p, !tlb_region_has(r, page), "an entry twice"))
		return;
	r->live[page / 64] |= UINT64_C(1) << (page % 64);
	tag->what = r->number << TLB_REGION_BITS | page;
	tag->region = at + 1;
}

static void pack_slot(struct smmu_pack *p, struct smmu_tlb *tlb, uint32_t slot)
{
	bool is_record = smmu_tlb_is_record(&tlb->entry[slot]);

	pack_tag(p, tlb, slot);
	pack_bool(p, &is_record);
	if (p->why != NULL)
		return;
	if (!is_record) {
		pack_entry(p, &tlb->entry[slot]);
		return;
	}
	pack_record(p, tlb, &tlb->entry[slot]);
	/* Or whether it is alive would depend on itself. */
	pack_check(p, !tlb->region[tlb->tag[slot].region - 1].piece,
		   "a record among pieces");
}

static void pack_entries(struct smmu_pack *p, struct smmu_tlb *tlb)
{
	uint32_t n = 0, slot = 0;

	for (uint32_t i = 0; !p->loading && i < slots(tlb); i++)
		n += smmu_tlb_slot_alive(tlb, i);
	n = pack_count(p, n, slots(tlb));
	for (; n > 0 && p->why == NULL; n--, slot++) {
		while (!p->loading && !smmu_tlb_slot_alive(tlb, slot))
			slot++;
		slot = pack_index(p, slot, slots(tlb));
		pack_slot(p, tlb, slot);
	}
}

static void pack_region(struct smmu_pack *p, struct smmu_tlb *tlb, uint32_t at)
{
	struct tlb_region *r = &tlb->region[at];
	bool piece = r->piece, known;
	tlb_link whose = r->ctx;

	pack_check(p, !p->loading || r->number == 0, "a slot twice");
	pack_u64(p, &r->number);
	pack_u64(p, &r->owner);
	pack_u64(p, &r->page);
	pack_bool(p, &piece);
	pack_u32(p, &whose);
	if (!p->loading)
		return;
	known = whose != 0 && whose <= (piece ? slots(tlb) : contexts(tlb)) &&
		r->number != 0 && r->number <= tlb->last_id &&
		(r->owner & 15) < SMMU_TLB_CLASSES &&
		(piece || (tlb->ctx[whose - 1].key != 0 &&
			   tlb->ctx[whose - 1].id == r->owner >> 4));
	if (!pack_check(p, known, "a region of nobody")) {
		r->number = 0;
		return;
	}
	r->piece = piece;
	r->ctx = whose;
	if (!piece)
		smmu_tlb_region_link(tlb, r, &tlb->ctx[whose - 1]);
}

static void pack_regions(struct smmu_pack *p, struct smmu_tlb *tlb)
{
	uint32_t n = 0, at = 0;

	for (uint32_t i = 0; !p->loading && i < regions(tlb); i++)
		n += smmu_tlb_region_alive(tlb, &tlb->region[i]);
	n = pack_count(p, n, regions(tlb));
	for (; n > 0 && p->why == NULL; n--, at++) {
		while (!p->loading && !smmu_tlb_region_alive(tlb, &tlb->region[at]))
			at++;
		at = pack_index(p, at, regions(tlb));
		pack_region(p, tlb, at);
	}
}

static void pack_ctx(struct smmu_pack *p, struct smmu_tlb *tlb, uint32_t at)
{
	struct tlb_ctx *ctx = &tlb->ctx[at];
	uint64_t key = ctx->key;
	unsigned space;

	pack_check(p, !p->loading || key == 0, "a slot twice");
	pack_u64(p, &key);
	pack_u64(p, &ctx->id);
	pack_u8(p, &ctx->asets);
	if (!p->loading)
		return;
	space = key >> 40 & 3;
	if (pack_check(p,
		       key >> 63 == 1 && (key >> 16 & 0xffff) < tlb->nvm[space] &&
			       ctx->id <= tlb->last_id,
		       "a context that does not exist"))
		smmu_tlb_ctx_adopt(tlb, ctx, key);
}

static void pack_contexts(struct smmu_pack *p, struct smmu_tlb *tlb)
{
	uint32_t n = 0, at = 0;

	for (uint32_t i = 0; !p->loading && i < contexts(tlb); i++)
		n += smmu_tlb_ctx_live(tlb, &tlb->ctx[i]);
	n = pack_count(p, n, contexts(tlb));
	for (; n > 0 && p->why == NULL; n--, at++) {
		while (!p->loading && !smmu_tlb_ctx_live(tlb, &tlb->ctx[at]))
			at++;
		at = pack_index(p, at, contexts(tlb));
		pack_ctx(p, tlb, at);
	}
}

void smmu_tlb_pack(struct smmu_pack *p, struct smmu *smmu)
{
	struct smmu_tlb *tlb = smmu->tlb;

	pack_u64(p, &tlb->last_id);
	pack_check(p, tlb->last_id < UINT64_C(1) << 56, "a number of the far future");
	pack_u32(p, &tlb->turn);
	pack_u32(p, &tlb->clock);
	pack_u64(p, &tlb->chance);
	pack_contexts(p, tlb);
	pack_regions(p, tlb);
	pack_entries(p, tlb);
}
