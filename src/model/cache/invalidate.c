/* SPDX-License-Identifier: MIT */
/*
 * What CMD_TLBI_* remove: exactly what the architecture requires (caching.md 4.2,
 * commands.md 5.2), never more, so that a command that a driver got wrong shows.
 *
 * CHOICE: an address that is not sign-extended, a VMID or ASID beyond the implemented
 * width match nothing (CMD-35, CMD-36, CMD-40); a misaligned address of a range with
 * a TTL means the bytes that it says (CMD-47).
 */
#include "model/cache/tlb.h"

/* Addresses [first, last]; leaves of sizes in `classes`, tables in `tables`. */
struct span {
	uint64_t first, last;
	uint32_t classes, tables;
};

enum { ALL_CLASSES = (1 << SMMU_TLB_CLASSES) - 1 };

/* TG and TTL leave entries of other granules and levels alone (CMD-45). */
static uint32_t hinted_classes(const struct smmu *smmu, const struct smmu_tlbi *inv)
{
	uint32_t mask = 0;
	unsigned ttl = inv->ttl;

	if (inv->granule == 14 && ttl == 1 && smmu->cfg.ds == 0)
		ttl = 0; /* CMD-43 */
	for (int level = (int)ttl; level <= (ttl ? (int)ttl : 3); level++) {
		unsigned bits = smmu_level_shift(inv->granule, level);
		unsigned class;

		if (bits > 42)
			continue;
		class = smmu_tlb_class(bits);
		if (smmu_tlb_class_bits(class) == bits)
			mask |= UINT32_C(1) << class;
	}
	return mask;
}

/*
 * CACHE-34, CACHE-41: tables on the path go unless Leaf is 1; with TTL those above its
 * level. One stands for what it covers, the size of a block of its descriptor's level.
 */
static uint32_t hinted_tables(const struct smmu *smmu, const struct smmu_tlbi *inv)
{
	struct smmu_tlbi every;
	unsigned below;

	if (inv->leaf)
		return 0;
	every = *inv;
	every.ttl = 0;
	if (inv->ttl == 0 || (inv->granule == 14 && inv->ttl == 1 && smmu->cfg.ds == 0))
		return hinted_classes(smmu, &every);
	/* Larger than the leaves that TTL names. */
	below = smmu_tlb_class(smmu_level_shift(inv->granule, inv->ttl));
	return hinted_classes(smmu, &every) & ~((UINT32_C(2) << below) - 1);
}

static struct span range_of(const struct smmu *smmu, const struct smmu_tlbi *inv)
{
	struct span s = { inv->addr, inv->addr, hinted_classes(smmu, inv),
			  hinted_tables(smmu, inv) };
	uint64_t end = inv->addr >> 63 ? UINT64_MAX : (UINT64_C(1) << 63) - 1;

	/* No wrap, and nothing of the other half (CMD-44). */
	if (inv->len != 0)
		s.last =
			inv->len - 1 > end - inv->addr ? end : inv->addr + (inv->len - 1);
	return s;
}

static inline struct span span_of(const struct smmu *smmu, const struct smmu_tlbi *inv)
{
	if (__builtin_expect(inv->range, 0))
		return range_of(smmu, inv);
	return (struct span){ inv->addr, inv->addr, ALL_CLASSES,
			      inv->leaf ? 0 : ALL_CLASSES };
}

/* The part of a region that lies in the span. */
static void clear(struct smmu_tlb *tlb, struct tlb_region *r, const struct span *s)
{
	unsigned bits = smmu_tlb_class_bits(r->owner & 15);
	uint64_t base = r->page << TLB_REGION_BITS, end = base + TLB_REGION_PAGES - 1;
	uint64_t first = s->first >> bits, last = s->last >> bits;

	if (last < base || first > end)
		return;
	smmu_tlb_region_clear(tlb, r, first > base ? tlb_in_region(first) : 0,
			      last < end ? tlb_in_region(last) : TLB_REGION_PAGES - 1);
}

static uint64_t regions_in(const struct span *s, unsigned class)
{
	unsigned bits = smmu_tlb_class_bits(class) + TLB_REGION_BITS;

	return (s->last >> bits) - (s->first >> bits) + 1;
}

static void by_list(struct smmu_tlb *tlb, struct tlb_ctx *ctx, const struct span *s,
		    uint32_t classes)
{
	tlb_link next;

	for (tlb_link link = ctx->head; link != 0; link = next) {
		struct tlb_region *r = &tlb->region[link - 1];

		next = r->next;
		if (classes >> (r->owner & 15) & 1)
			clear(tlb, r, s);
	}
}

static void by_region(struct smmu_tlb *tlb, struct tlb_ctx *ctx, unsigned class,
		      const struct span *s)
{
	uint64_t page = s->first >> smmu_tlb_class_bits(class);
	uint64_t owner = ctx->id << 4 | class;

	for (uint64_t n = regions_in(s, class); n != 0; n--, page += TLB_REGION_PAGES) {
		struct tlb_region *r = tlb_region(tlb, owner, page);

		if (r != NULL)
			clear(tlb, r, s);
	}
}

/* What nearly every invalidation is: look-ups, and nothing else. */
static void by_address(struct smmu_tlb *tlb, struct tlb_ctx *ctx, uint32_t mask,
		       uint64_t addr)
{
	for (; mask != 0; mask &= mask - 1) {
		unsigned class = (unsigned)__builtin_ctz(mask);
		uint64_t page = addr >> smmu_tlb_class_bits(class);
		struct tlb_region *r = tlb_region(tlb, ctx->id << 4 | class, page);

		if (r != NULL && tlb_region_has(r, tlb_in_region(page)))
			smmu_tlb_region_forget(tlb, r, tlb_in_region(page));
	}
}

/* The smaller of the range and of what the context holds (design.md, rule 6). */
static __attribute__((noinline)) void by_range(struct smmu_tlb *tlb, struct tlb_ctx *ctx,
					       uint32_t mask, const struct span *s)
{
	uint64_t regions = 0;

	for (uint32_t m = mask; m != 0; m &= m - 1)
		regions += regions_in(s, (unsigned)__builtin_ctz(m));
	if (regions > ctx->count) {
		by_list(tlb, ctx, s, mask);
		return;
	}
	for (uint32_t m = mask; m != 0; m &= m - 1)
		by_region(tlb, ctx, (unsigned)__builtin_ctz(m), s);
}

static void ctx_span(struct smmu_tlb *tlb, const struct tlb_ctx *cctx,
		     const struct span *s)
{
	struct tlb_ctx *ctx;
	uint32_t mask;

	if (cctx == NULL)
		return;
	mask = cctx->mask & (tlb_ctx_walks(cctx) ? s->tables : s->classes);
	if (mask == 0)
		return;
	ctx = &tlb->ctx[cctx - tlb->ctx];
	if (s->first == s->last)
		by_address(tlb, ctx, mask, s->first);
	else
		by_range(tlb, ctx, mask, s);
}

/* The context, or NULL if this broadcast spares it. */
static const struct tlb_ctx *reached(const struct tlb_ctx *ctx, bool spare)
{
	return ctx != NULL && spare && tlb_ctx_spared(ctx) ? NULL : ctx;
}

_Static_assert(SMMU_TLB_GLOBALS == 4, "four to look at");

static void globals_span(struct smmu_tlb *tlb, const struct tlb_vm *vm,
			 struct tlb_key key, const struct span *s, bool spare)
{
	if ((vm->global[0] | vm->global[1] | vm->global[2] | vm->global[3]) == 0)
		return;
	for (unsigned i = 0; i < SMMU_TLB_GLOBALS; i++) {
		if (vm->global[i] == 0)
			continue;
		key.kind = i >> 1 & 1;
		key.aset = i & 1; /* commands ignore ASET (CACHE-39) */
		ctx_span(tlb, reached(tlb_ctx_global(tlb, vm, &key), spare), s);
	}
}

/* By address: of one ASID and global. */
static void by_va(struct smmu_tlb *tlb, struct tlb_vm *vm, struct tlb_key key,
		  const struct span *s, bool spare)
{
	uint32_t kinds = vm->kinds;

	/* No look-up for tables that are spared: Leaf 1. */
	if (s->tables == 0)
		kinds &= (1u << SMMU_TLB_WALKS) - 1;
	for (; kinds != 0; kinds &= kinds - 1) {
		key.kind = (uint8_t)__builtin_ctz(kinds);
		ctx_span(tlb,
			 reached(tlb_ctx_find(tlb, vm, tlb_ctx_key(&key, false)), spare),
			 s);
	}
	globals_span(tlb, vm, key, s, spare);
}

/* By address, any ASID: costs one look-up for each ASID alive in the VM. */
static void by_vaa(struct smmu_tlb *tlb, struct tlb_vm *vm, const struct span *s)
{
	for (tlb_link link = vm->head; link != 0; link = tlb->ctx[link - 1].vnext)
		ctx_span(tlb, &tlb->ctx[link - 1], s);
}

static void by_asid(struct smmu_tlb *tlb, struct tlb_vm *vm, struct tlb_key key,
		    bool spare)
{
	const struct tlb_ctx *ctx;

	for (uint32_t kinds = vm->kinds; kinds != 0; kinds &= kinds - 1) {
		key.kind = (uint8_t)__builtin_ctz(kinds);
		ctx = reached(tlb_ctx_find(tlb, vm, tlb_ctx_key(&key, false)), spare);
		if (ctx != NULL)
			smmu_tlb_ctx_empty(tlb, &tlb->ctx[ctx - tlb->ctx]);
	}
}

static inline __attribute__((always_inline)) void
by_vmid(const struct smmu *smmu, const struct smmu_tlbi *inv, uint16_t vmid)
{
	struct smmu_tlb *tlb = smmu->tlb;
	struct tlb_key key = { .space = SMMU_TLB_EL1, .vmid = vmid, .asid = inv->asid };
	bool ipa = inv->scope == SMMU_TLBI_S2_IPA;
	struct tlb_vm *vm = smmu_tlb_vm(tlb, ipa ? SMMU_TLB_IPA : SMMU_TLB_EL1, vmid);
	struct span s;

	if (vm == NULL)
		return;
	switch (inv->scope) {
	case SMMU_TLBI_NH_ALL:
		smmu_tlb_vm_empty(vm);
		smmu_void_all(tlb->voids);
		break;
	case SMMU_TLBI_NH_ASID:
		by_asid(tlb, vm, key, inv->broadcast);
		break;
	case SMMU_TLBI_NH_VA:
		s = span_of(smmu, inv);
		by_va(tlb, vm, key, &s, inv->broadcast);
		break;
	case SMMU_TLBI_NH_VAA:
		s = span_of(smmu, inv);
		by_vaa(tlb, vm, &s);
		break;
	case SMMU_TLBI_S12_VMALL:
		smmu_tlb_vm_empty(vm);
		smmu_tlb_vm_empty(smmu_tlb_vm(tlb, SMMU_TLB_IPA, vmid));
		smmu_void_all(tlb->voids);
		break;
	case SMMU_TLBI_S2_IPA: /* combined entries stay: CACHE-35 */
		s = span_of(smmu, inv);
		by_vaa(tlb, vm, &s);
		break;
	default:
		break;
	}
}

/* CR0.VMW makes a command name a group of VMIDs (CACHE-38): at most 16 of them. */
static __attribute__((noinline)) void by_vmid_group(const struct smmu *smmu,
						    const struct smmu_tlbi *inv)
{
	unsigned wild = ~(unsigned)inv->vmid_mask & 0xffff, sub = wild;

	for (;;) {
		by_vmid(smmu, inv, (uint16_t)((inv->vmid & ~wild) | sub));
		if (sub == 0)
			return;
		sub = (sub - 1) & wild;
	}
}

/* EL2 scopes: no VMID. CR2.E2H says which of the two worlds is meant (CMD-41). */
static void by_el2(const struct smmu *smmu, const struct smmu_tlbi *inv)
{
	struct smmu_tlb *tlb = smmu->tlb;
	struct tlb_key key = { .space = inv->e2h ? SMMU_TLB_E2H : SMMU_TLB_EL2,
			       .asid = inv->asid };
	struct tlb_vm *vm = smmu_tlb_vm(tlb, key.space, 0);
	struct span s;

	switch (inv->scope) {
	case SMMU_TLBI_EL2_ALL:
		tlb->space_epoch[SMMU_TLB_EL2]++;
		tlb->space_epoch[SMMU_TLB_E2H]++;
		smmu_void_all(tlb->voids);
		break;
	case SMMU_TLBI_EL2_ASID: /* E2H only, whatever CR2.E2H */
		key.space = SMMU_TLB_E2H;
		by_asid(tlb, smmu_tlb_vm(tlb, SMMU_TLB_E2H, 0), key, inv->broadcast);
		break;
	case SMMU_TLBI_EL2_VA:
		s = span_of(smmu, inv);
		by_va(tlb, vm, key, &s, inv->broadcast);
		break;
	default:
		s = span_of(smmu, inv);
		by_vaa(tlb, vm, &s);
		break;
	}
}

void smmu_tlb_invalidate(struct smmu *smmu, const struct smmu_tlbi *inv)
{
	struct smmu_tlb *tlb = smmu->tlb;

	smmu->stats.tlb_invalidations++;
	if (tlb->off)
		return;
	switch (inv->scope) {
	case SMMU_TLBI_EL2_ALL:
	case SMMU_TLBI_EL2_ASID:
	case SMMU_TLBI_EL2_VA:
	case SMMU_TLBI_EL2_VAA:
		by_el2(smmu, inv);
		break;
	case SMMU_TLBI_NSNH_ALL:
		tlb->space_epoch[SMMU_TLB_EL1]++;
		tlb->space_epoch[SMMU_TLB_IPA]++;
		smmu_void_all(tlb->voids);
		break;
	default:
		if (__builtin_expect(inv->vmid_mask == 0xffff, 1))
			by_vmid(smmu, inv, inv->vmid);
		else
			by_vmid_group(smmu, inv);
		break;
	}
}
