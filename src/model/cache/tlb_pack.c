/* SPDX-License-Identifier: MIT */
/*
 * The TLB in a snapshot: every slot, context and VM that is not empty, with the links
 * between them, so that the copy evicts and forgets as the original does. What is
 * taken in may be anything: before it is used, links are held to lead somewhere and
 * back, counts to what the lists hold, and numbers to be of the past.
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

static void pack_entry(struct smmu_pack *p, struct tlb_entry *e)
{
	pack_u8(p, &e->bits);
	pack_bool(p, &e->fractured);
	if (e->fractured) {
		pack_u64(p, &e->piece_id);
		pack_u16(p, &e->piece_mask);
		pack_check(p, e->piece_mask >> SMMU_TLB_CLASSES == 0,
			   "pieces of no size");
	} else {
		pack_s1(p, &e->s1);
		pack_s2(p, &e->s2);
		pack_attr(p, &e->attr);
		pack_bool(p, &e->conflict);
		pack_u8(p, &e->s1_perm);
	}
	pack_check(p, e->bits <= 56, "an entry larger than any");
}

static void pack_node(struct smmu_pack *p, struct tlb_node *node)
{
	pack_u32(p, &node->ctx);
	pack_u32(p, &node->prev);
	pack_u32(p, &node->next);
	pack_u32(p, &node->piece);
	pack_check(p, node->piece <= 1, "a flag is neither 0 nor 1");
}

static void pack_entries(struct smmu_pack *p, struct smmu_tlb *tlb)
{
	uint32_t n = 0, slot = 0;

	for (uint32_t i = 0; !p->loading && i < slots(tlb); i++)
		n += tlb->tag[i].id != 0;
	n = pack_count(p, n, slots(tlb));
	for (; n > 0 && p->why == NULL; n--, slot++) {
		while (!p->loading && tlb->tag[slot].id == 0)
			slot++;
		slot = pack_index(p, slot, slots(tlb));
		pack_check(p, !p->loading || tlb->tag[slot].id == 0, "a slot twice");
		pack_u64(p, &tlb->tag[slot].page);
		pack_u64(p, &tlb->tag[slot].id);
		pack_check(p, tlb->tag[slot].id != 0, "a slot without a tag");
		pack_node(p, &tlb->node[slot]);
		pack_entry(p, &tlb->entry[slot]);
		tlb->entry[slot].void_word = tlb_void_word(tlb, slot);
	}
}

static void pack_ctx(struct smmu_pack *p, struct tlb_ctx *ctx)
{
	pack_u64(p, &ctx->key);
	pack_u64(p, &ctx->id);
	pack_u64(p, &ctx->epoch);
	pack_u32(p, &ctx->mask);
	pack_u32(p, &ctx->count);
	pack_u32(p, &ctx->head);
	pack_u32(p, &ctx->vprev);
	pack_u32(p, &ctx->vnext);
	for (unsigned i = 0; i < SMMU_TLB_CLASSES; i++)
		pack_u32(p, &ctx->per[i]);
	pack_u8(p, &ctx->asets);
}

static void pack_contexts(struct smmu_pack *p, struct smmu_tlb *tlb)
{
	uint32_t n = 0, slot = 0;

	for (uint32_t i = 0; !p->loading && i < contexts(tlb); i++)
		n += tlb->ctx[i].key != 0;
	n = pack_count(p, n, contexts(tlb));
	for (; n > 0 && p->why == NULL; n--, slot++) {
		while (!p->loading && tlb->ctx[slot].key == 0)
			slot++;
		slot = pack_index(p, slot, contexts(tlb));
		pack_ctx(p, &tlb->ctx[slot]);
		tlb->ctx_key[slot] = tlb->ctx[slot].key;
	}
}

static bool vm_is_new(const struct tlb_vm *vm)
{
	static const struct tlb_vm none;

	return memcmp(vm, &none, sizeof(none)) == 0;
}

static void pack_vms(struct smmu_pack *p, struct smmu_tlb *tlb, unsigned space)
{
	uint32_t n = 0, vmid = 0;

	pack_u64(p, &tlb->space_epoch[space]);
	for (uint32_t i = 0; !p->loading && i < tlb->nvm[space]; i++)
		n += !vm_is_new(&tlb->vm[space][i]);
	n = pack_count(p, n, tlb->nvm[space]);
	for (; n > 0 && p->why == NULL; n--, vmid++) {
		struct tlb_vm *vm;

		while (!p->loading && vm_is_new(&tlb->vm[space][vmid]))
			vmid++;
		vmid = pack_index(p, vmid, tlb->nvm[space]);
		vm = &tlb->vm[space][vmid];
		pack_u64(p, &vm->epoch);
		pack_u64(p, &vm->space_epoch);
		pack_u32(p, &vm->head);
		for (unsigned i = 0; i < SMMU_TLB_GLOBALS; i++)
			pack_u32(p, &vm->global[i]);
		pack_u32(p, &vm->kinds);
	}
}

/* ---- whether it holds together ---- */

/* A used slot, in a list of entries. */
static bool listed(const struct smmu_tlb *tlb, tlb_link link)
{
	return link != 0 && link <= slots(tlb) && tlb->tag[link - 1].id != 0 &&
	       !tlb->node[link - 1].piece;
}

static bool piece_ok(const struct smmu_tlb *tlb, uint32_t i)
{
	const struct tlb_node *node = &tlb->node[i];
	tlb_link rec = node->ctx;

	/* The slot of its record may have gone to another entry, of no piece. */
	return rec != 0 && rec <= slots(tlb) && !tlb->entry[i].fractured &&
	       node->prev == 0 && node->next == 0 &&
	       !(tlb->entry[rec - 1].fractured && tlb->node[rec - 1].piece);
}

static bool node_ok(const struct smmu_tlb *tlb, uint32_t i)
{
	const struct tlb_node *node = &tlb->node[i];
	uint64_t id = tlb->tag[i].id;

	if ((id & 15) >= SMMU_TLB_CLASSES || id >> 4 > tlb->last_id)
		return false;
	if (tlb->entry[i].fractured && tlb->entry[i].piece_id > tlb->last_id)
		return false;
	if (node->piece)
		return piece_ok(tlb, i);
	if (node->ctx == 0 || node->ctx > contexts(tlb) ||
	    tlb->ctx[node->ctx - 1].key == 0)
		return false;
	if (node->prev != 0 &&
	    (!listed(tlb, node->prev) || tlb->node[node->prev - 1].next != i + 1))
		return false;
	return node->next == 0 ||
	       (listed(tlb, node->next) && tlb->node[node->next - 1].prev == i + 1);
}

/* Links lead back, so that a list which begins somewhere ends. */
static bool list_ok(const struct smmu_tlb *tlb, const struct tlb_ctx *ctx)
{
	uint32_t per[SMMU_TLB_CLASSES] = { 0 }, count = 0, mask = 0;
	tlb_link self = (tlb_link)(ctx - tlb->ctx) + 1;

	if (ctx->head != 0 && (!listed(tlb, ctx->head) || tlb->node[ctx->head - 1].prev))
		return false;
	for (tlb_link l = ctx->head; l != 0; l = tlb->node[l - 1].next) {
		if (tlb->node[l - 1].ctx != self || tlb->tag[l - 1].id >> 4 != ctx->id)
			return false;
		per[tlb->tag[l - 1].id & 15]++;
		count++;
	}
	for (unsigned i = 0; i < SMMU_TLB_CLASSES; i++)
		mask |= per[i] != 0 ? 1u << i : 0;
	return count == ctx->count && mask == ctx->mask &&
	       memcmp(per, ctx->per, sizeof(per)) == 0;
}

static bool vlink_ok(const struct smmu_tlb *tlb, tlb_link link)
{
	return link <= contexts(tlb) && (link == 0 || tlb->ctx[link - 1].key != 0);
}

static bool ctx_ok(const struct smmu_tlb *tlb, const struct tlb_ctx *ctx)
{
	tlb_link self = (tlb_link)(ctx - tlb->ctx) + 1;
	unsigned space = ctx->key >> 40 & 3;

	if (ctx->key >> 63 == 0 || (ctx->key >> 16 & 0xffff) >= tlb->nvm[space] ||
	    ctx->id > tlb->last_id)
		return false;
	if (!vlink_ok(tlb, ctx->vprev) || !vlink_ok(tlb, ctx->vnext))
		return false;
	if ((ctx->vprev != 0 && tlb->ctx[ctx->vprev - 1].vnext != self) ||
	    (ctx->vnext != 0 && tlb->ctx[ctx->vnext - 1].vprev != self))
		return false;
	return list_ok(tlb, ctx);
}

static bool vm_ok(const struct smmu_tlb *tlb, const struct tlb_vm *vm)
{
	for (unsigned i = 0; i < SMMU_TLB_GLOBALS; i++)
		if (!vlink_ok(tlb, vm->global[i]))
			return false;
	return vlink_ok(tlb, vm->head) && vm->kinds < 1u << SMMU_TLB_KINDS &&
	       (vm->head == 0 || tlb->ctx[vm->head - 1].vprev == 0);
}

/* Every entry that carries its context's number is in that context's list. */
static bool all_listed(const struct smmu_tlb *tlb)
{
	uint64_t there = 0, in_lists = 0;

	for (uint32_t i = 0; i < slots(tlb); i++)
		there += listed(tlb, i + 1) &&
			 tlb->ctx[tlb->node[i].ctx - 1].id == tlb->tag[i].id >> 4;
	for (uint32_t i = 0; i < contexts(tlb); i++)
		in_lists += tlb->ctx[i].key != 0 ? tlb->ctx[i].count : 0;
	return there == in_lists;
}

static void check(struct smmu_pack *p, const struct smmu_tlb *tlb)
{
	for (uint32_t i = 0; i < slots(tlb); i++)
		if (tlb->tag[i].id != 0 &&
		    !pack_check(p, node_ok(tlb, i), "an entry that is in no list"))
			return;
	for (uint32_t i = 0; i < contexts(tlb); i++)
		if (tlb->ctx[i].key != 0 && !pack_check(p, ctx_ok(tlb, &tlb->ctx[i]),
							"a context that does not hold"))
			return;
	for (unsigned s = 0; s < SMMU_TLB_SPACES; s++)
		for (uint32_t i = 0; i < tlb->nvm[s]; i++)
			if (!pack_check(p, vm_ok(tlb, &tlb->vm[s][i]),
					"a VM that does not hold"))
				return;
	pack_check(p, all_listed(tlb), "an entry that its context does not know");
}

void smmu_tlb_pack(struct smmu_pack *p, struct smmu *smmu)
{
	struct smmu_tlb *tlb = smmu->tlb;

	pack_u64(p, &tlb->last_id);
	pack_check(p, tlb->last_id < UINT64_C(1) << 59, "a number of the far future");
	pack_u32(p, &tlb->turn);
	pack_entries(p, tlb);
	pack_contexts(p, tlb);
	for (unsigned s = 0; s < SMMU_TLB_SPACES; s++)
		pack_vms(p, tlb, s);
	if (p->loading && p->why == NULL)
		check(p, tlb);
}
