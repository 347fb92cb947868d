/* SPDX-License-Identifier: MIT */
/* The array of the TLB: look-up, insertion, removal of one entry. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "model/cache/tlb.h"

static const uint8_t class_bits[SMMU_TLB_CLASSES] = { 12, 14, 16, 21, 25,
						      29, 30, 36, 39, 42 };

unsigned smmu_tlb_class_bits(unsigned class)
{
	return class_bits[class];
}

/* Every leaf size of 9.1; a size says which granule and level it is of. */
unsigned smmu_tlb_class(unsigned bits)
{
	static const uint8_t class[43] = {
		[12] = 0, [14] = 1, [16] = 2, [21] = 3, [25] = 4,
		[29] = 5, [30] = 6, [36] = 7, [39] = 8, [42] = 9
	};

	return class[bits];
}

static uint32_t set_of(const struct smmu_tlb *tlb, uint64_t id, uint64_t page)
{
	return (uint32_t)(tlb_hash(page, id) >> 1 >> (63 - tlb->set_bits)) *
	       SMMU_TLB_WAYS;
}

static inline tlb_link probe(const struct smmu_tlb *tlb, uint64_t id, uint64_t page)
{
	uint32_t set = set_of(tlb, id, page);
	const struct tlb_tag *tag = &tlb->tag[set];

	for (uint32_t i = 0; i < SMMU_TLB_WAYS; i++)
		if (tag[i].page == page && tag[i].id == id)
			return set + i + 1;
	return 0;
}

tlb_link smmu_tlb_probe(const struct smmu_tlb *tlb, uint64_t id, unsigned class,
			uint64_t page)
{
	return probe(tlb, id << 4 | class, page);
}

/* The classes of mask from the largest down. */
static inline tlb_link probe_classes(const struct smmu_tlb *tlb, uint64_t id,
				     uint32_t mask, uint64_t addr)
{
	while (mask != 0) {
		unsigned class = 31 - (unsigned)__builtin_clz(mask);
		tlb_link link = probe(tlb, id << 4 | class, addr >> class_bits[class]);

		if (link != 0)
			return link;
		mask &= ~(UINT32_C(1) << class);
	}
	return 0;
}

/*
 * As probe_classes, through the records of fractured leaves: a record whose piece
 * for this address is missing does not end the search.
 */
static inline const struct tlb_entry *search(const struct smmu_tlb *tlb,
					     const struct tlb_ctx *ctx, uint32_t mask,
					     uint64_t addr)
{
	while (mask != 0) {
		unsigned class = 31 - (unsigned)__builtin_clz(mask);
		tlb_link link =
			probe(tlb, ctx->id << 4 | class, addr >> class_bits[class]);
		const struct tlb_entry *e;

		if (link != 0) {
			e = &tlb->entry[link - 1];
			if (!e->fractured)
				return e;
			link = probe_classes(tlb, e->piece_id, e->piece_mask, addr);
			if (link != 0)
				return &tlb->entry[link - 1];
		}
		mask &= ~(UINT32_C(1) << class);
	}
	return NULL;
}

const struct tlb_entry *smmu_tlb_find(const struct smmu_tlb *tlb,
				      const struct tlb_key *key, uint64_t addr)
{
	const struct tlb_vm *vm;
	const struct tlb_ctx *ctx;
	const struct tlb_entry *e = NULL;

	if (key->vmid >= tlb->nvm[key->space])
		return NULL;
	vm = &tlb->vm[key->space][key->vmid];
	if (vm->space_epoch != tlb->space_epoch[key->space])
		return NULL;
	if (vm->kinds >> key->kind & 1) {
		ctx = tlb_ctx_find(tlb, vm, tlb_ctx_key(key, false));
		if (ctx != NULL)
			e = search(tlb, ctx, ctx->mask, addr);
	}
	if (e == NULL) {
		ctx = tlb_ctx_global(tlb, vm, key);
		if (ctx != NULL)
			e = search(tlb, ctx, ctx->mask, addr);
	}
	return e;
}

static bool is_dead(const struct smmu_tlb *tlb, uint32_t i)
{
	const struct tlb_node *node = &tlb->node[i];
	const struct tlb_ctx *ctx;

	if (node->piece) {
		uint32_t rec = node->ctx - 1;

		if (tlb->tag[rec].id == 0 || !tlb->entry[rec].fractured ||
		    tlb->entry[rec].piece_id != tlb->tag[i].id >> 4)
			return true;
		i = rec;
		node = &tlb->node[i];
	}
	ctx = &tlb->ctx[node->ctx - 1];
	return ctx->id != tlb->tag[i].id >> 4 || !smmu_tlb_ctx_live(tlb, ctx);
}

/* Out of the list it is in, be that of its context or a forgotten one. */
static void unlink_entry(struct smmu_tlb *tlb, tlb_link link)
{
	const struct tlb_node *node = &tlb->node[link - 1];
	struct tlb_ctx *ctx = &tlb->ctx[node->ctx - 1];
	unsigned class = tlb->tag[link - 1].id & 15;

	if (node->prev != 0)
		tlb->node[node->prev - 1].next = node->next;
	else if (ctx->head == link)
		ctx->head = node->next;
	if (node->next != 0)
		tlb->node[node->next - 1].prev = node->prev;
	if (ctx->id != tlb->tag[link - 1].id >> 4)
		return;
	ctx->count--;
	if (--ctx->per[class] == 0)
		ctx->mask &= ~(UINT32_C(1) << class);
}

static void link_entry(struct smmu_tlb *tlb, tlb_link link, struct tlb_ctx *ctx)
{
	struct tlb_node *node = &tlb->node[link - 1];
	unsigned class = tlb->tag[link - 1].id & 15;

	node->ctx = (tlb_link)(ctx - tlb->ctx) + 1;
	node->next = ctx->head;
	if (ctx->head != 0)
		tlb->node[ctx->head - 1].prev = link;
	ctx->head = link;
	ctx->count++;
	ctx->per[class]++;
	ctx->mask |= UINT32_C(1) << class;
}

void smmu_tlb_drop_at(struct smmu_tlb *tlb, tlb_link link)
{
	smmu_void_slot(tlb->voids, tlb_void_word(tlb, link - 1));
	if (!tlb->node[link - 1].piece)
		unlink_entry(tlb, link);
	tlb->tag[link - 1].id = 0;
}

void smmu_tlb_drop(struct smmu_tlb *tlb, const struct tlb_entry *entry)
{
	smmu_tlb_drop_at(tlb, (tlb_link)(entry - tlb->entry) + 1);
}

/* A slot for that tag, empty and tagged: its own, a free, a dead one, or one in turn. */
static tlb_link place(struct smmu_tlb *tlb, uint64_t id, uint64_t page)
{
	uint32_t set = set_of(tlb, id, page), pick = UINT32_MAX;
	tlb_link link = probe(tlb, id, page);

	if (link == 0) {
		for (uint32_t i = set; i < set + SMMU_TLB_WAYS && pick == UINT32_MAX; i++)
			if (tlb->tag[i].id == 0)
				pick = i;
		for (uint32_t i = set; i < set + SMMU_TLB_WAYS && pick == UINT32_MAX; i++)
			if (is_dead(tlb, i))
				pick = i;
		if (pick == UINT32_MAX)
			pick = set + tlb->turn++ % SMMU_TLB_WAYS;
		link = pick + 1;
	}
	if (tlb->tag[link - 1].id != 0)
		smmu_tlb_drop_at(tlb, link);
	tlb->tag[link - 1] = (struct tlb_tag){ page, id };
	memset(&tlb->entry[link - 1], 0, sizeof(struct tlb_entry));
	tlb->node[link - 1] = (struct tlb_node){ 0 };
	return link;
}

static tlb_link place_listed(struct smmu_tlb *tlb, struct tlb_ctx *ctx, unsigned bits,
			     uint64_t addr)
{
	tlb_link link = place(tlb, ctx->id << 4 | smmu_tlb_class(bits), addr >> bits);

	link_entry(tlb, link, ctx);
	return link;
}

/* The record of the fractured leaf around addr, made if it is not there. */
static tlb_link record(struct smmu_tlb *tlb, struct tlb_ctx *ctx, unsigned leaf_bits,
		       uint64_t addr)
{
	unsigned class = smmu_tlb_class(leaf_bits);
	tlb_link link = probe(tlb, ctx->id << 4 | class, addr >> leaf_bits);

	if (link != 0 && tlb->entry[link - 1].fractured)
		return link;
	link = place_listed(tlb, ctx, leaf_bits, addr);
	tlb->entry[link - 1].fractured = true;
	tlb->entry[link - 1].bits = (uint8_t)leaf_bits;
	tlb->entry[link - 1].piece_id = ++tlb->last_id;
	return link;
}

static void fill(struct smmu_tlb *tlb, tlb_link link, const struct tlb_entry *line)
{
	struct tlb_entry *to = &tlb->entry[link - 1];

	to->s1 = line->s1;
	to->s2 = line->s2;
	to->attr = line->attr;
	to->bits = line->bits;
	to->void_word = tlb_void_word(tlb, link - 1);
}

/* Classes that live in a context and are smaller than that one. */
static uint32_t smaller(const struct tlb_ctx *ctx, unsigned class)
{
	return ctx->mask & ((UINT32_C(1) << class) - 1);
}

bool smmu_tlb_conflicts(const struct smmu_tlb *tlb, const struct tlb_entry *e,
			uint64_t addr)
{
	uint32_t slot = (uint32_t)(e - tlb->entry);
	const struct tlb_ctx *ctx = &tlb->ctx[tlb->node[slot].ctx - 1];

	return search(tlb, ctx, smaller(ctx, tlb->tag[slot].id & 15), addr) != NULL;
}

/* Any entry of smaller classes within 2^bits bytes of addr: the cheaper way to know. */
static bool covers_others(const struct smmu_tlb *tlb, const struct tlb_ctx *ctx,
			  unsigned bits, uint64_t addr)
{
	uint32_t mask = smaller(ctx, smmu_tlb_class(bits));
	uint64_t pages = 0;

	for (uint32_t m = mask; m != 0; m &= m - 1)
		pages += UINT64_C(1) << (bits - class_bits[__builtin_ctz(m)]);
	if (pages > ctx->count) {
		for (tlb_link l = ctx->head; l != 0; l = tlb->node[l - 1].next) {
			unsigned class = tlb->tag[l - 1].id & 15;

			if ((mask >> class & 1) &&
			    tlb->tag[l - 1].page >> (bits - class_bits[class]) ==
				    addr >> bits)
				return true;
		}
		return false;
	}
	for (uint32_t m = mask; m != 0; m &= m - 1) {
		unsigned class = (unsigned)__builtin_ctz(m),
			 shift = bits - class_bits[class];
		uint64_t page = addr >> bits << shift;

		for (uint64_t n = 0; n < UINT64_C(1) << shift; n++)
			if (probe(tlb, ctx->id << 4 | class, page + n) != 0)
				return true;
	}
	return false;
}

static bool has_globals(const struct smmu_tlb *tlb, const struct tlb_key *key)
{
	const struct tlb_vm *vm = &tlb->vm[key->space][key->vmid];

	return tlb_ctx_global(tlb, vm, key) != NULL;
}

static void mark_conflict(struct tlb_entry *e)
{
	e->conflict = true;
	e->s1_perm = e->s1.perm;
	e->s1.perm = e->s2.perm = 0;
}

void smmu_tlb_insert(struct smmu_tlb *tlb, const struct tlb_key *key, bool global,
		     uint64_t addr, unsigned leaf_bits, const struct tlb_entry *line)
{
	struct tlb_ctx *ctx = smmu_tlb_ctx_get(tlb, key, global);
	unsigned class = smmu_tlb_class(line->bits);
	tlb_link rec, link;

	if (ctx == NULL)
		return;
	ctx->asets |= key->nonshared ? 2 : 1;
	/* It may answer in place of entries that are there and smaller, or global. */
	if (smaller(ctx, smmu_tlb_class(leaf_bits)) != 0 ||
	    (class != 0 && !global && has_globals(tlb, key)))
		smmu_void_all(tlb->voids);
	if (leaf_bits == line->bits) {
		link = place_listed(tlb, ctx, leaf_bits, addr);
		fill(tlb, link, line);
		if (tlb->detect && smaller(ctx, class) != 0 &&
		    covers_others(tlb, ctx, leaf_bits, addr))
			mark_conflict(&tlb->entry[link - 1]);
		return;
	}
	rec = record(tlb, ctx, leaf_bits, addr);
	tlb->entry[rec - 1].piece_mask |= (uint16_t)(1 << class);
	/* In a crowded set this may push its own record out: then it is garbage. */
	link = place(tlb, tlb->entry[rec - 1].piece_id << 4 | class, addr >> line->bits);
	tlb->node[link - 1] = (struct tlb_node){ .ctx = rec, .piece = 1 };
	fill(tlb, link, line);
}

/* Zeroed, lazily populated, aligned to a line. */
static void *lines(void **raw, size_t n, size_t size)
{
	*raw = calloc(n + 64 / size + 1, size);
	return *raw == NULL ? NULL : (void *)(((uintptr_t)*raw + 63) & ~(uintptr_t)63);
}

static int allocate(struct smmu_tlb *tlb, const struct smmu_config *cfg)
{
	uint32_t vmids = !cfg->s2p ? 1 : cfg->vmid16 ? 65536 : 256;
	size_t n = (size_t)SMMU_TLB_WAYS << tlb->set_bits;
	size_t nctx = (size_t)TLB_CTX_GROUP << tlb->ctx_bits;

	tlb->tag = lines(&tlb->raw[0], n, sizeof(struct tlb_tag));
	tlb->entry = lines(&tlb->raw[1], n, sizeof(struct tlb_entry));
	tlb->node = lines(&tlb->raw[2], n, sizeof(struct tlb_node));
	tlb->ctx = lines(&tlb->raw[3], nctx, sizeof(struct tlb_ctx));
	tlb->ctx_key = lines(&tlb->raw[4], nctx, sizeof(uint64_t));
	for (unsigned s = 0; s < SMMU_TLB_SPACES; s++) {
		tlb->nvm[s] = s == SMMU_TLB_EL1 || s == SMMU_TLB_IPA ? vmids : 1;
		tlb->vm[s] = calloc(tlb->nvm[s], sizeof(struct tlb_vm));
		tlb->space_epoch[s] = 1;
		if (tlb->vm[s] == NULL)
			return -ENOMEM;
	}
	return tlb->tag && tlb->entry && tlb->node && tlb->ctx && tlb->ctx_key ? 0
									       : -ENOMEM;
}

void smmu_tlb_tell(struct smmu_tlb *tlb, struct smmu_voids *voids)
{
	tlb->voids = voids;
}

int smmu_tlb_create(struct smmu_tlb **out, const struct smmu_config *cfg,
		    struct smmu_voids *voids)
{
	struct smmu_tlb *tlb = calloc(1, sizeof(*tlb));
	uint32_t want = cfg->tlb_entries != 0 ? cfg->tlb_entries : 4096;

	if (tlb == NULL)
		return -ENOMEM;
	tlb->off = cfg->no_tlb;
	tlb->voids = voids;
	/* CACHE-71: never at BBML level 2. */
	tlb->detect = !cfg->no_tlb_conflict && cfg->bbml < 2;
	if (tlb->off)
		want = SMMU_TLB_WAYS;
	while (((uint64_t)SMMU_TLB_WAYS << tlb->set_bits) < want && tlb->set_bits < 28)
		tlb->set_bits++;
	/* A quarter as many contexts as entries, sixteen at least. */
	tlb->ctx_bits = tlb->set_bits > 4 ? tlb->set_bits - 2 : 2;
	if (allocate(tlb, cfg) != 0) {
		smmu_tlb_destroy(tlb);
		return -ENOMEM;
	}
	*out = tlb;
	return 0;
}

void smmu_tlb_destroy(struct smmu_tlb *tlb)
{
	if (tlb == NULL)
		return;
	for (unsigned i = 0; i < 5; i++)
		free(tlb->raw[i]);
	for (unsigned s = 0; s < SMMU_TLB_SPACES; s++)
		free(tlb->vm[s]);
	free(tlb);
}

void smmu_tlb_flush(struct smmu_tlb *tlb)
{
	smmu_void_all(tlb->voids);
	for (unsigned s = 0; s < SMMU_TLB_SPACES; s++)
		tlb->space_epoch[s]++;
}
