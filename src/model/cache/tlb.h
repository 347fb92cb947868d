/* SPDX-License-Identifier: MIT */
/*
 * Inside of the TLB.
 *
 * An entry lives in a set-associative array: a 64-byte line of four tags a set, and 24
 * bytes of payload an entry. Whether it is alive is not said there but in its *region*:
 * one line that has a bit for each of 128 neighbouring pages of one leaf size and one
 * owner. So forgetting one entry, or a range, or all of a region is one look-up and one
 * store into that line; tags and payloads are not touched and stay as garbage until
 * their slots are wanted.
 *
 * What an entry is tagged with besides its address (caching.md 3) is a *context*:
 * {StreamWorld, VMID, ASID or ASET, kind}. A context has a number of its own, and a
 * region holds that number, so that giving the context a new number forgets all its
 * regions at once (design.md, rule 6). Wider invalidations move an epoch of the VMID or
 * of the whole space, and a context of an old epoch counts as absent.
 *
 * Each context keeps how many regions of each leaf size it has, and a list of them:
 * by-address invalidation looks only for sizes that exist, and a range of more regions
 * than the context has walks the list instead.
 *
 * A stage-1 leaf larger than the stage-2 leaf under it is *fractured*: a record that
 * stands for the stage-1 leaf, and pieces in regions whose owner is a number that only
 * the record holds. Invalidating any address of the leaf drops the record, and with it
 * every piece (CACHE-36, CACHE-40), without looking for them.
 *
 * Reading (smmu_tlb_find) is const and apart from writing.
 */
#ifndef MODEL_CACHE_TLB_H
#define MODEL_CACHE_TLB_H

#include <stdbool.h>
#include <stdint.h>
#include "model/model.h"
#include "model/walk/walk.h"

/* One space of addresses; NS-EL2 and NS-EL2-E2H are told apart (CACHE-20 lets us not). */
enum smmu_tlb_space {
	SMMU_TLB_EL1,
	SMMU_TLB_EL2,
	SMMU_TLB_E2H,
	SMMU_TLB_IPA,
	SMMU_TLB_SPACES
};
/* Stage-1-only entries must never serve a nested stream, nor the reverse (CACHE-80). */
enum {
	SMMU_TLB_S1_ONLY,
	SMMU_TLB_COMBINED,
	/* Tables on the way to such an entry; of an IPA, to a leaf of stage 2. */
	SMMU_TLB_WALKS,
	SMMU_TLB_KINDS = 2 * SMMU_TLB_WALKS
};
enum {
	SMMU_TLB_WAYS = 4,
	SMMU_TLB_CLASSES = 10,
	SMMU_TLB_GLOBALS = 4,
	SMMU_TLB_MAX_BITS = 42
};
/* Pages of a region: what its line has room for. */
enum { TLB_REGION_BITS = 7, TLB_REGION_PAGES = 1 << TLB_REGION_BITS };

/* "Link": index + 1, 0 for none, so that zeroed memory is empty. */
typedef uint32_t tlb_link;

struct tlb_tag {
	uint64_t what; /* number of the region << 7 | page in it; 0: never used */
	tlb_link region;
	uint32_t used; /* when it was answered from, if that counts */
};

/* An entry as it is stored, see entry.c. */
struct tlb_packed {
	uint64_t word[3];
};

/* And as it is used. */
struct tlb_entry {
	struct smmu_s1leaf s1;
	struct smmu_s2leaf s2;
	struct smmu_attr attr; /* out, if the input has the default */
	uint8_t bits; /* of this entry: the smaller of the stages' leaves, at least 12 */
	/* Inserted over smaller ones: hits are judged. */
	bool conflict;
	/* Of one that was found: */
	uint16_t void_word; /* voids.slot[] grows when an answer holds no longer */
	uint32_t slot;
};

/* The record of a fractured leaf. */
struct tlb_record {
	uint64_t piece_id;   /* who owns the regions of its pieces */
	uint16_t piece_mask; /* classes that they have */
};

struct tlb_region {
	uint64_t number;     /* never given twice; 0: free */
	uint64_t owner;	     /* number of a context or of a record << 4 | class */
	uint64_t page;	     /* of its first page >> TLB_REGION_BITS */
	tlb_link ctx;	     /* of pieces: the slot of the record */
	tlb_link prev, next; /* in the list of the context; of pieces: none */
	uint32_t piece;
	uint64_t live[TLB_REGION_PAGES / 64];
	uint64_t unused;
};
_Static_assert(sizeof(struct tlb_region) == 64, "one line a region");

struct tlb_ctx {
	uint64_t key; /* 0: free */
	uint64_t id;
	uint64_t epoch;	      /* of its VM when it began */
	uint32_t mask, count; /* classes that live here; regions in the list */
	tlb_link head;
	tlb_link vprev, vnext; /* contexts of one VM */
	uint8_t asets;	       /* of the CDs that its entries come from: 1, 2 or both */
	uint8_t pad[19];
	/* Regions of each class in mask; the second line, which to forget leaves alone.
	 */
	uint32_t per[SMMU_TLB_CLASSES];
	uint8_t rest[24];
};
_Static_assert(sizeof(struct tlb_ctx) == 128, "two lines a context");

struct tlb_vm {
	uint64_t epoch, space_epoch;
	tlb_link head;			   /* its contexts */
	tlb_link global[SMMU_TLB_GLOBALS]; /* kind * 2 + ASET */
	uint32_t kinds;			   /* of which non-global contexts may be here */
};

struct smmu_tlb {
	struct tlb_tag *tag;
	struct tlb_packed *entry;
	unsigned set_bits;
	struct tlb_region *region;
	unsigned region_bits; /* groups of four */
	struct tlb_ctx *ctx;
	uint64_t *ctx_key; /* of all contexts: a group is half a line */
	unsigned ctx_bits; /* groups of four */
	struct tlb_vm *vm[SMMU_TLB_SPACES];
	uint32_t nvm[SMMU_TLB_SPACES];
	uint64_t space_epoch[SMMU_TLB_SPACES];
	uint64_t last_id; /* of contexts, records and regions */
	uint32_t turn;	  /* which way to evict */
	uint32_t clock;	  /* of tlb_tag.used */
	uint8_t replace;  /* enum smmu_replacement */
	uint8_t evict;	  /* tlb_evict */
	uint64_t chance;  /* what was drawn last */
	bool off;	  /* no_tlb */
	bool detect;	  /* conflicts */
	struct smmu_voids *voids;
	void *raw[5]; /* what the arrays were allocated as */
};

struct tlb_key {
	uint8_t space, kind;
	bool aset;	/* as a tag */
	bool nonshared; /* CD.ASET, whether it is a tag or not */
	uint16_t vmid, asid;
};

/* ---- entry.c ---- */
struct tlb_packed smmu_tlb_pack_entry(const struct tlb_entry *e);
/* All but void_word and slot. */
void smmu_tlb_unpack_entry(const struct tlb_packed *p, struct tlb_entry *e);
struct tlb_packed smmu_tlb_pack_record(const struct tlb_record *r);
struct tlb_record smmu_tlb_unpack_record(const struct tlb_packed *p);
bool smmu_tlb_is_record(const struct tlb_packed *p);

/* ---- tlb.c ---- */
/*
 * The entry that translates addr; false: there is none. CHOICE: of several that match the
 * non-global one is taken before the global, the larger before the smaller: a smaller
 * one cannot have been inserted while a larger one matched, so among those of one
 * context this is the latest. smmu_tlb_conflicts() says that there is a smaller one;
 * CHOICE: of a global and a non-global one nothing is said (CACHE-80).
 */
bool smmu_tlb_find(const struct smmu_tlb *tlb, const struct tlb_key *key, uint64_t addr,
		   struct tlb_entry *e);
/*
 * Inserts line (bits set) for addr. leaf_bits: size of the leaf that addresses the
 * entry in invalidations: stage 1's, or stage 2's of an IPA; at least line->bits.
 */
void smmu_tlb_insert(struct smmu_tlb *tlb, const struct tlb_key *key, bool global,
		     uint64_t addr, unsigned leaf_bits, const struct tlb_entry *line);
/* Whether a smaller entry of the same context matches addr, as e of smmu_tlb_find does.
 */
bool smmu_tlb_conflicts(const struct smmu_tlb *tlb, const struct tlb_entry *e,
			uint64_t addr);
/*
 * The walk cache, by keys of kind SMMU_TLB_WALKS and above. Each entry stands for the
 * table descriptor that covers 2^bits bytes around addr; of several the deepest is found.
 */
bool smmu_tlb_find_table(const struct smmu_tlb *tlb, const struct tlb_key *key,
			 uint64_t addr, unsigned *bits, struct smmu_walk_point *at);
void smmu_tlb_insert_table(struct smmu_tlb *tlb, const struct tlb_key *key, uint64_t addr,
			   unsigned bits, const struct smmu_walk_point *at);
/* Forgets one entry that smmu_tlb_find gave. */
void smmu_tlb_drop(struct smmu_tlb *tlb, const struct tlb_entry *e);
/* An entry has answered. */
static inline void smmu_tlb_used(struct smmu_tlb *tlb, uint32_t slot)
{
	if (__builtin_expect(tlb->replace == SMMU_REPLACE_LRU, 0))
		tlb->tag[slot].used = ++tlb->clock;
}
/* Which of n goes, all of them alive; n: none does. */
uint32_t smmu_tlb_turn(struct smmu_tlb *tlb, uint32_t n);
/* Size in bits of a class, ascending; the class of a size. */
static inline unsigned smmu_tlb_class_bits(unsigned class)
{
	static const uint8_t class_bits[SMMU_TLB_CLASSES] = { 12, 14, 16, 21, 25,
							      29, 30, 36, 39, 42 };

	return class_bits[class];
}
unsigned smmu_tlb_class(unsigned bits);

/* ---- region.c ---- */
/* tlb_region(), begun if need be, at the expense of another if need be and allowed. */
struct tlb_region *smmu_tlb_region_of_ctx(struct smmu_tlb *tlb, struct tlb_ctx *ctx,
					  unsigned class, uint64_t page);
struct tlb_region *smmu_tlb_region_of_record(struct smmu_tlb *tlb, uint32_t slot,
					     uint64_t piece_id, unsigned class,
					     uint64_t page);
/* Into the list of its context. */
void smmu_tlb_region_link(struct smmu_tlb *tlb, struct tlb_region *r,
			  struct tlb_ctx *ctx);
/* Its entries of pages first to last, both in it, are forgotten. */
void smmu_tlb_region_clear(struct smmu_tlb *tlb, struct tlb_region *r, unsigned first,
			   unsigned last);
/* One of them, which is alive. */
void smmu_tlb_region_forget(struct smmu_tlb *tlb, struct tlb_region *r, unsigned page);
/* Whether what it holds can still be found. */
bool smmu_tlb_region_alive(const struct smmu_tlb *tlb, const struct tlb_region *r);
/* Nothing came of it. */
void smmu_tlb_region_end_if_empty(struct smmu_tlb *tlb, struct tlb_region *r);
/* Whether a slot's entry is there still. */
bool smmu_tlb_slot_alive(const struct smmu_tlb *tlb, uint32_t slot);

static inline unsigned tlb_in_region(uint64_t page)
{
	return (unsigned)(page & (TLB_REGION_PAGES - 1));
}

static inline bool tlb_region_has(const struct tlb_region *r, unsigned page)
{
	return r->live[page / 64] >> (page % 64) & 1;
}

/*
 * The word of voids.slot that grows when an answer from there does not hold any more.
 * Those of pieces are their record's.
 */
static inline uint16_t tlb_void_word(const struct smmu_tlb *tlb,
				     const struct tlb_region *r, unsigned page)
{
	return (uint16_t)(((uint64_t)(r - tlb->region) * TLB_REGION_PAGES + page) %
			  SMMU_VOID_SLOTS);
}

/* What contexts and entries are hashed with. */
static inline uint64_t tlb_hash(uint64_t a, uint64_t b)
{
	uint64_t h =
		(a + b * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);

	return h ^ h >> 32;
}

/* ---- regions: what a look-up needs; the rest is in region.c ---- */
enum { TLB_REGION_GROUP = 4 };

static inline struct tlb_region *tlb_region_group(const struct smmu_tlb *tlb,
						  uint64_t owner, uint64_t number)
{
	uint64_t h = tlb_hash(number, owner);

	return &tlb->region[(h >> 1 >> (63 - tlb->region_bits)) * TLB_REGION_GROUP];
}

/* The region of that owner (its number << 4 | class) that holds page, or NULL. */
static inline struct tlb_region *tlb_region(const struct smmu_tlb *tlb, uint64_t owner,
					    uint64_t page)
{
	uint64_t number = page >> TLB_REGION_BITS;
	struct tlb_region *r = tlb_region_group(tlb, owner, number);

	for (unsigned i = 0; i < TLB_REGION_GROUP; i++, r++)
		if (r->page == number && r->owner == owner && r->number != 0)
			return r;
	return NULL;
}

/* ---- contexts: what a look-up needs; the rest is in context.c ---- */
enum { TLB_CTX_GROUP = 4 };
#define TLB_KEY_KIND 39
#define TLB_KEY_WALK 42

/* {1, kind[1] at 42, space[41:40], kind[0] at 39, global[38], ASET[37], VMID[31:16],
   ASID[15:0]}. */
static inline uint64_t tlb_ctx_key(const struct tlb_key *key, bool global)
{
	uint64_t k = UINT64_C(1) << 63 | (uint64_t)key->space << 40 |
		     (uint64_t)(key->kind & 1) << TLB_KEY_KIND |
		     (uint64_t)(key->kind >> 1) << TLB_KEY_WALK |
		     (uint64_t)key->vmid << 16;

	if (global)
		return k | UINT64_C(1) << 38 | (uint64_t)key->aset << 37;
	return k | key->asid;
}

/* First slot of the group; both kinds of one ASID share it. */
static inline uint64_t tlb_ctx_group(const struct smmu_tlb *tlb, uint64_t key)
{
	uint64_t h = tlb_hash(key & ~(UINT64_C(1) << TLB_KEY_KIND), 0);

	return (h >> 8 & ((UINT64_C(1) << tlb->ctx_bits) - 1)) * TLB_CTX_GROUP;
}

/* The live context of that key, or NULL. */
static inline const struct tlb_ctx *tlb_ctx_find(const struct smmu_tlb *tlb,
						 const struct tlb_vm *vm, uint64_t key)
{
	uint64_t first = tlb_ctx_group(tlb, key);

	for (uint64_t i = first; i < first + TLB_CTX_GROUP; i++)
		if (tlb->ctx_key[i] == key)
			return tlb->ctx[i].epoch == vm->epoch ? &tlb->ctx[i] : NULL;
	return NULL;
}

static inline const struct tlb_ctx *tlb_ctx_global(const struct smmu_tlb *tlb,
						   const struct tlb_vm *vm,
						   const struct tlb_key *key)
{
	tlb_link link = vm->global[key->kind * 2 + key->aset];
	const struct tlb_ctx *ctx;

	if (link == 0)
		return NULL;
	ctx = &tlb->ctx[link - 1];
	/* Its slot may have gone to another context meanwhile. */
	return ctx->key == tlb_ctx_key(key, true) && ctx->epoch == vm->epoch ? ctx : NULL;
}

/* Whether it holds tables. */
static inline bool tlb_ctx_walks(const struct tlb_ctx *ctx)
{
	return ctx->key >> TLB_KEY_WALK & 1;
}

/* ---- context.c ---- */
/* The context, begun if need be, at the expense of another if need be. */
struct tlb_ctx *smmu_tlb_ctx_get(struct smmu_tlb *tlb, const struct tlb_key *key,
				 bool global);
/*
 * A broadcast that names an ASID (at EL2: an address) spares it (CACHE-46). One that
 * holds entries of both sorts, which two CDs with one ASID can bring about, is not
 * spared: an ASID is one namespace (CACHE-21), and more may always be invalidated.
 */
static inline bool tlb_ctx_spared(const struct tlb_ctx *ctx)
{
	return ctx->asets == 2;
}
/* Out of a snapshot: the slot becomes that of key; its number is there already. */
void smmu_tlb_ctx_adopt(struct smmu_tlb *tlb, struct tlb_ctx *ctx, uint64_t key);
bool smmu_tlb_ctx_live(const struct smmu_tlb *tlb, const struct tlb_ctx *ctx);
/* Forgets its entries. */
void smmu_tlb_ctx_empty(struct smmu_tlb *tlb, struct tlb_ctx *ctx);
void smmu_tlb_vm_empty(struct tlb_vm *vm);
/* The VM, up to date; NULL: that VMID does not exist here. */
static inline struct tlb_vm *smmu_tlb_vm(struct smmu_tlb *tlb, unsigned space,
					 uint32_t vmid)
{
	struct tlb_vm *vm;

	if (vmid >= tlb->nvm[space])
		return NULL;
	vm = &tlb->vm[space][vmid];
	if (vm->space_epoch != tlb->space_epoch[space]) {
		smmu_tlb_vm_empty(vm);
		vm->space_epoch = tlb->space_epoch[space];
	}
	return vm;
}

#endif /* MODEL_CACHE_TLB_H */
