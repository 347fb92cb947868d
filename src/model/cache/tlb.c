/* SPDX-License-Identifier: MIT */
/* The array of the TLB: look-up, insertion, removal of one entry. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "model/cache/tlb.h"

/* Every leaf size of 9.1; a size says which granule and level it is of. */
unsigned smmu_tlb_class(unsigned bits)
{
	static const uint8_t class[43] = {
		[12] = 0, [14] = 1, [16] = 2, [21] = 3, [25] = 4,
		[29] = 5, [30] = 6, [36] = 7, [39] = 8, [42] = 9
	};

	return class[bits];
}

static uint32_t set_of(const struct smmu_tlb *tlb, uint64_t what)
{
	return (uint32_t)(tlb_hash(what, 0) >> 1 >> (63 - tlb->set_bits)) * SMMU_TLB_WAYS;
}

/* ---- look-up ---- */

static inline tlb_link probe(const struct smmu_tlb *tlb, uint64_t what)
{
	uint32_t set = set_of(tlb, what);
	const struct tlb_tag *tag = &tlb->tag[set];

	for (uint32_t i = 0; i < SMMU_TLB_WAYS; i++)
		if (tag[i].what == what)
			return set + i + 1;
	return 0;
}

/* What was found, and where. */
struct place {
	const struct tlb_region *region;
	tlb_link link;
	unsigned page; /* in the region */
};

/* The entry of one size of an owner. */
static inline bool find_class(const struct smmu_tlb *tlb, uint64_t id, unsigned class,
			      uint64_t addr, struct place *at)
{
	uint64_t page = addr >> smmu_tlb_class_bits(class);

	at->page = tlb_in_region(page);
	at->region = tlb_region(tlb, id << 4 | class, page);
	if (at->region == NULL || !tlb_region_has(at->region, at->page))
		return false;
	at->link = probe(tlb, at->region->number << TLB_REGION_BITS | at->page);
	return at->link != 0;
}

/* The classes of mask from the largest down. */
static bool find_piece(const struct smmu_tlb *tlb, const struct tlb_record *record,
		       uint64_t addr, struct place *at)
{
	for (uint32_t mask = record->piece_mask; mask != 0;) {
		unsigned class = 31 - (unsigned)__builtin_clz(mask);

		if (find_class(tlb, record->piece_id, class, addr, at))
			return true;
		mask &= ~(UINT32_C(1) << class);
	}
	return false;
}

/*
 * From the largest class of mask down, through the records of fractured leaves: a record
 * whose piece for this address is missing does not end the search. *word: of voids.slot.
 */
static inline tlb_link search(const struct smmu_tlb *tlb, const struct tlb_ctx *ctx,
			      uint32_t mask, uint64_t addr, uint16_t *word)
{
	while (mask != 0) {
		unsigned class = 31 - (unsigned)__builtin_clz(mask);
		struct place at, piece;

		if (find_class(tlb, ctx->id, class, addr, &at)) {
			const struct tlb_packed *p = &tlb->entry[at.link - 1];
			struct tlb_record record;

			*word = tlb_void_word(tlb, at.region, at.page);
			if (!smmu_tlb_is_record(p))
				return at.link;
			record = smmu_tlb_unpack_record(p);
			if (find_piece(tlb, &record, addr, &piece))
				return piece.link;
		}
		mask &= ~(UINT32_C(1) << class);
	}
	return 0;
}

bool smmu_tlb_find(const struct smmu_tlb *tlb, const struct tlb_key *key, uint64_t addr,
		   struct tlb_entry *e)
{
	const struct tlb_vm *vm;
	const struct tlb_ctx *ctx;
	tlb_link link = 0;

	if (key->vmid >= tlb->nvm[key->space])
		return false;
	vm = &tlb->vm[key->space][key->vmid];
	if (vm->space_epoch != tlb->space_epoch[key->space])
		return false;
	if (vm->kinds >> key->kind & 1) {
		ctx = tlb_ctx_find(tlb, vm, tlb_ctx_key(key, false));
		if (ctx != NULL)
			link = search(tlb, ctx, ctx->mask, addr, &e->void_word);
	}
	if (link == 0) {
		ctx = tlb_ctx_global(tlb, vm, key);
		if (ctx != NULL)
			link = search(tlb, ctx, ctx->mask, addr, &e->void_word);
	}
	if (link == 0)
		return false;
	smmu_tlb_unpack_entry(&tlb->entry[link - 1], e);
	e->slot = link - 1;
	return true;
}

/* ---- removal of one ---- */

static void drop_slot(struct smmu_tlb *tlb, uint32_t slot)
{
	const struct tlb_tag *tag = &tlb->tag[slot];
	unsigned page = tlb_in_region(tag->what);

	smmu_tlb_region_forget(tlb, &tlb->region[tag->region - 1], page);
}

void smmu_tlb_drop(struct smmu_tlb *tlb, const struct tlb_entry *e)
{
	drop_slot(tlb, e->slot);
}

/* ---- insertion ---- */

static uint32_t draw(struct smmu_tlb *tlb, uint32_t n)
{
	tlb->chance ^= tlb->chance << 13;
	tlb->chance ^= tlb->chance >> 7;
	tlb->chance ^= tlb->chance << 17;
	return (uint32_t)((tlb->chance >> 32) * n >> 32);
}

uint32_t smmu_tlb_turn(struct smmu_tlb *tlb, uint32_t n)
{
	switch (tlb->replace) {
	case SMMU_REPLACE_NONE:
		return n;
	case SMMU_REPLACE_RANDOM:
		return draw(tlb, n);
	default:
		return tlb->turn++ % n;
	}
}

/* Of a set that is full and alive; WAYS: none goes. */
static uint32_t way_to_evict(struct smmu_tlb *tlb, uint32_t set)
{
	uint32_t oldest = 0;

	if (tlb->replace != SMMU_REPLACE_LRU)
		return smmu_tlb_turn(tlb, SMMU_TLB_WAYS);
	for (uint32_t i = 1; i < SMMU_TLB_WAYS; i++)
		if ((int32_t)(tlb->tag[set + i].used - tlb->tag[set + oldest].used) < 0)
			oldest = i;
	return oldest;
}

/* tlb_evict. */
static void evict_one(struct smmu_tlb *tlb)
{
	uint32_t slot;

	if (draw(tlb, tlb->evict) != 0)
		return;
	slot = draw(tlb, (uint32_t)SMMU_TLB_WAYS << tlb->set_bits);
	if (smmu_tlb_slot_alive(tlb, slot))
		drop_slot(tlb, slot);
}

/* smmu_tlb_slot_alive(), sooner where it is of the context that region r is of. */
static inline bool alive(const struct smmu_tlb *tlb, uint32_t slot,
			 const struct tlb_region *r)
{
	const struct tlb_tag *tag = &tlb->tag[slot];
	const struct tlb_region *q;

	if (tag->region == 0)
		return false;
	q = &tlb->region[tag->region - 1];
	if (q->number != tag->what >> TLB_REGION_BITS ||
	    !tlb_region_has(q, tlb_in_region(tag->what)))
		return false;
	return (q->owner >> 4 == r->owner >> 4 && !q->piece && !r->piece) ||
	       smmu_tlb_region_alive(tlb, q);
}

/*
 * A slot for that page of the region, tagged, alive and without payload: its own, the
 * first that nobody needs, or another's. 0: there is none, and the region ends if it is
 * empty.
 */
static tlb_link place(struct smmu_tlb *tlb, struct tlb_region *r, unsigned page)
{
	uint64_t what = r->number << TLB_REGION_BITS | page;
	uint32_t set = set_of(tlb, what), pick;
	tlb_link link = probe(tlb, what);

	if (link != 0) {
		pick = link - 1;
		/* Answers from what was there until now. */
		if (tlb_region_has(r, page))
			smmu_void_slot(tlb->voids, tlb_void_word(tlb, r, page));
	} else {
		for (pick = set; pick < set + SMMU_TLB_WAYS; pick++)
			if (!alive(tlb, pick, r))
				break;
		if (pick == set + SMMU_TLB_WAYS) {
			uint32_t way = way_to_evict(tlb, set);

			if (way == SMMU_TLB_WAYS) {
				smmu_tlb_region_end_if_empty(tlb, r);
				return 0;
			}
			pick = set + way;
			/* So that this does not end the region. */
			r->live[page / 64] |= UINT64_C(1) << (page % 64);
			drop_slot(tlb, pick);
		}
	}
	r->live[page / 64] |= UINT64_C(1) << (page % 64);
	tlb->tag[pick] = (struct tlb_tag){ .what = what,
					   .region = (tlb_link)(r - tlb->region) + 1 };
	smmu_tlb_used(tlb, pick);
	return pick + 1;
}

static tlb_link place_in_ctx(struct smmu_tlb *tlb, struct tlb_ctx *ctx, unsigned class,
			     uint64_t addr)
{
	uint64_t page = addr >> smmu_tlb_class_bits(class);
	struct tlb_region *r = smmu_tlb_region_of_ctx(tlb, ctx, class, page);

	return r == NULL ? 0 : place(tlb, r, tlb_in_region(page));
}

/* The record of the fractured leaf around addr, made if it is not there; 0: no room. */
static tlb_link record(struct smmu_tlb *tlb, struct tlb_ctx *ctx, unsigned leaf_bits,
		       uint64_t addr)
{
	unsigned class = smmu_tlb_class(leaf_bits);
	struct tlb_record fresh = { 0 };
	struct place at;

	if (find_class(tlb, ctx->id, class, addr, &at) &&
	    smmu_tlb_is_record(&tlb->entry[at.link - 1]))
		return at.link;
	at.link = place_in_ctx(tlb, ctx, class, addr);
	if (at.link == 0)
		return 0;
	fresh.piece_id = ++tlb->last_id;
	tlb->entry[at.link - 1] = smmu_tlb_pack_record(&fresh);
	return at.link;
}

/* Classes that live in a context and are smaller than that one. */
static uint32_t smaller(const struct tlb_ctx *ctx, unsigned class)
{
	return ctx->mask & ((UINT32_C(1) << class) - 1);
}

bool smmu_tlb_conflicts(const struct smmu_tlb *tlb, const struct tlb_entry *e,
			uint64_t addr)
{
	const struct tlb_region *r = &tlb->region[tlb->tag[e->slot].region - 1];
	const struct tlb_ctx *ctx = &tlb->ctx[r->ctx - 1];
	uint16_t word;

	return search(tlb, ctx, smaller(ctx, r->owner & 15), addr, &word) != 0;
}

/* Any live entry of the region whose pages are [first, last] of its class. */
static bool overlaps(const struct tlb_region *r, uint64_t first, uint64_t last)
{
	uint64_t base = r->page << TLB_REGION_BITS;

	for (unsigned i = 0; i < TLB_REGION_PAGES; i++)
		if (tlb_region_has(r, i) && base + i >= first && base + i <= last)
			return true;
	return false;
}

/* Any entry of smaller classes within 2^bits bytes of addr: the cheaper way to know. */
static bool covers_others(const struct smmu_tlb *tlb, const struct tlb_ctx *ctx,
			  unsigned bits, uint64_t addr)
{
	uint32_t mask = smaller(ctx, smmu_tlb_class(bits));

	for (uint32_t m = mask; m != 0; m &= m - 1) {
		unsigned class = (unsigned)__builtin_ctz(m),
			 shift = bits - smmu_tlb_class_bits(class);
		uint64_t first = addr >> bits << shift,
			 last = first + ((UINT64_C(1) << shift) - 1);
		uint64_t n = (last >> TLB_REGION_BITS) - (first >> TLB_REGION_BITS) + 1;

		if (n > ctx->per[class]) {
			for (tlb_link l = ctx->head; l != 0; l = tlb->region[l - 1].next)
				if ((tlb->region[l - 1].owner & 15) == class &&
				    overlaps(&tlb->region[l - 1], first, last))
					return true;
			continue;
		}
		for (uint64_t i = 0; i < n; i++) {
			const struct tlb_region *r = tlb_region(
				tlb, ctx->id << 4 | class, first + i * TLB_REGION_PAGES);

			if (r != NULL && overlaps(r, first, last))
				return true;
		}
	}
	return false;
}

static bool has_globals(const struct smmu_tlb *tlb, const struct tlb_key *key)
{
	const struct tlb_vm *vm = &tlb->vm[key->space][key->vmid];

	return tlb_ctx_global(tlb, vm, key) != NULL;
}

/* ---- the walk cache ---- */

/* A table in the form of an entry: what it is of a leaf's is its address alone. */
static struct tlb_packed pack_table(unsigned bits, const struct smmu_walk_point *at)
{
	const struct tlb_entry e = {
		.s1 = { .oa = at->table,
			.bits = (uint8_t)bits,
			.perm = (uint8_t)(at->hier.ap | at->hier.xn << 2 |
					  at->hier.pxn << 3) },
		.s2 = { .memattr = (uint8_t)(at->level + 1) },
	};

	return smmu_tlb_pack_entry(&e);
}

static struct smmu_walk_point unpack_table(const struct tlb_packed *p)
{
	struct tlb_entry e;

	smmu_tlb_unpack_entry(p, &e);
	return (struct smmu_walk_point){ .table = e.s1.oa,
					 .level = (int8_t)(e.s2.memattr - 1),
					 .hier = { .ap = e.s1.perm & 3,
						   .xn = e.s1.perm >> 2 & 1,
						   .pxn = e.s1.perm >> 3 & 1 } };
}

bool smmu_tlb_find_table(const struct smmu_tlb *tlb, const struct tlb_key *key,
			 uint64_t addr, unsigned *bits, struct smmu_walk_point *at)
{
	const struct tlb_vm *vm;
	const struct tlb_ctx *ctx;
	struct place place;

	if (key->vmid >= tlb->nvm[key->space])
		return false;
	vm = &tlb->vm[key->space][key->vmid];
	if (vm->space_epoch != tlb->space_epoch[key->space] ||
	    !(vm->kinds >> key->kind & 1))
		return false;
	ctx = tlb_ctx_find(tlb, vm, tlb_ctx_key(key, false));
	if (ctx == NULL)
		return false;
	for (uint32_t mask = ctx->mask; mask != 0; mask &= mask - 1) {
		unsigned class = (unsigned)__builtin_ctz(mask);

		if (!find_class(tlb, ctx->id, class, addr, &place))
			continue;
		*bits = smmu_tlb_class_bits(class);
		*at = unpack_table(&tlb->entry[place.link - 1]);
		return true;
	}
	return false;
}

void smmu_tlb_insert_table(struct smmu_tlb *tlb, const struct tlb_key *key, uint64_t addr,
			   unsigned bits, const struct smmu_walk_point *at)
{
	struct tlb_ctx *ctx = smmu_tlb_ctx_get(tlb, key, false);
	tlb_link link;

	if (ctx == NULL)
		return;
	ctx->asets |= key->nonshared ? 2 : 1;
	link = place_in_ctx(tlb, ctx, smmu_tlb_class(bits), addr);
	if (link != 0)
		tlb->entry[link - 1] = pack_table(bits, at);
}

static void insert_piece(struct smmu_tlb *tlb, tlb_link rec, uint64_t addr,
			 const struct tlb_entry *line)
{
	unsigned class = smmu_tlb_class(line->bits);
	struct tlb_record r = smmu_tlb_unpack_record(&tlb->entry[rec - 1]);
	uint64_t page = addr >> line->bits;
	struct tlb_region *region;
	tlb_link link;

	r.piece_mask |= (uint16_t)(1 << class);
	tlb->entry[rec - 1] = smmu_tlb_pack_record(&r);
	/* In a crowded set this may push its own record out: then it is garbage. */
	region = smmu_tlb_region_of_record(tlb, rec - 1, r.piece_id, class, page);
	link = region == NULL ? 0 : place(tlb, region, tlb_in_region(page));
	if (link != 0)
		tlb->entry[link - 1] = smmu_tlb_pack_entry(line);
}

void smmu_tlb_insert(struct smmu_tlb *tlb, const struct tlb_key *key, bool global,
		     uint64_t addr, unsigned leaf_bits, const struct tlb_entry *line)
{
	struct tlb_ctx *ctx = smmu_tlb_ctx_get(tlb, key, global);
	unsigned class = smmu_tlb_class(leaf_bits);
	struct tlb_entry copy = *line;
	tlb_link link;

	if (ctx == NULL)
		return;
	ctx->asets |= key->nonshared ? 2 : 1;
	/* It may answer in place of entries that are there and smaller, or global. */
	if (class != 0 &&
	    (smaller(ctx, class) != 0 || (!global && has_globals(tlb, key))))
		smmu_void_all(tlb->voids);
	if (__builtin_expect(tlb->evict != 0, 0))
		evict_one(tlb);
	if (leaf_bits != line->bits) {
		link = record(tlb, ctx, leaf_bits, addr);
		if (link != 0)
			insert_piece(tlb, link, addr, line);
		return;
	}
	copy.conflict = tlb->detect && smaller(ctx, class) != 0 &&
			covers_others(tlb, ctx, leaf_bits, addr);
	link = place_in_ctx(tlb, ctx, class, addr);
	if (link != 0)
		tlb->entry[link - 1] = smmu_tlb_pack_entry(&copy);
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
	tlb->entry = lines(&tlb->raw[1], n, sizeof(struct tlb_packed));
	tlb->region = lines(&tlb->raw[2], (size_t)4 << tlb->region_bits,
			    sizeof(struct tlb_region));
	tlb->ctx = lines(&tlb->raw[3], nctx, sizeof(struct tlb_ctx));
	tlb->ctx_key = lines(&tlb->raw[4], nctx, sizeof(uint64_t));
	for (unsigned s = 0; s < SMMU_TLB_SPACES; s++) {
		tlb->nvm[s] = s == SMMU_TLB_EL1 || s == SMMU_TLB_IPA ? vmids : 1;
		tlb->vm[s] = calloc(tlb->nvm[s], sizeof(struct tlb_vm));
		tlb->space_epoch[s] = 1;
		if (tlb->vm[s] == NULL)
			return -ENOMEM;
	}
	return tlb->tag && tlb->entry && tlb->region && tlb->ctx && tlb->ctx_key
		       ? 0
		       : -ENOMEM;
}

/* log2 of groups of four: 2^less times fewer than sets, but as many up to 2^enough. */
static unsigned groups(unsigned set_bits, unsigned less, unsigned enough)
{
	unsigned few = set_bits > less + 2 ? set_bits - less : 2;
	unsigned all = set_bits > 2 ? set_bits : 2;

	if (few >= enough)
		return few;
	return all < enough ? all : enough;
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
	tlb->replace = cfg->tlb_replacement;
	tlb->evict = cfg->tlb_evict;
	tlb->chance = UINT64_C(0x9e3779b97f4a7c15) ^ cfg->cache_seed;
	/* CACHE-71: never at BBML level 2. */
	tlb->detect = !cfg->no_tlb_conflict && cfg->bbml < 2;
	if (tlb->off)
		want = SMMU_TLB_WAYS;
	while (((uint64_t)SMMU_TLB_WAYS << tlb->set_bits) < want && tlb->set_bits < 28)
		tlb->set_bits++;
	/* An eighth as many regions as entries, in a small TLB more; contexts likewise.
	 */
	tlb->region_bits = groups(tlb->set_bits, 3, 8);
	tlb->ctx_bits = groups(tlb->set_bits, 5, 8);
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
