/* SPDX-License-Identifier: MIT */
/*
 * Inside of the TLB.
 *
 * An entry lives in a set-associative array: a 64-byte line of four tags a set, and
 * one 64-byte line of payload an entry. A hit reads both and writes nothing.
 *
 * What an entry is tagged with besides its address (caching.md 3) is a *context*:
 * {StreamWorld, VMID, ASID or ASET, kind}. A context has a number of its own, and a
 * tag holds that number, so that giving the context a new number forgets all its
 * entries at once (design.md, rule 6). Wider invalidations move an epoch of the VMID
 * or of the whole space, and a context of an old epoch counts as absent. What is
 * forgotten so stays in the array as garbage until its slot is wanted.
 *
 * Each context keeps how many entries of each leaf size it has, and a list of them:
 * by-address invalidation probes only sizes that exist, and a range larger than the
 * context walks the list instead.
 *
 * A stage-1 leaf larger than the stage-2 leaf under it is *fractured*: a record that
 * stands for the stage-1 leaf, and pieces tagged with a number that only the record
 * holds. Invalidating any address of the leaf drops the record, and with it every
 * piece (CACHE-36, CACHE-40), without looking for them.
 *
 * Reading (smmu_tlb_find) is const and apart from writing, for the day when ports
 * read without the lock.
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
enum { SMMU_TLB_S1_ONLY, SMMU_TLB_COMBINED, SMMU_TLB_KINDS };
enum { SMMU_TLB_WAYS = 4, SMMU_TLB_CLASSES = 10, SMMU_TLB_GLOBALS = 4 };

/* "Link": index + 1, 0 for none, so that zeroed memory is empty. */
typedef uint32_t tlb_link;

struct tlb_tag {
	uint64_t page; /* address >> size */
	uint64_t id;   /* number of the context << 4 | class of size; 0: free */
};

/* What translates: one line. */
struct tlb_entry {
	union {
		struct {
			struct smmu_s1leaf s1;
			struct smmu_s2leaf s2;
		};
		struct {
			uint64_t piece_id; /* of the pieces of a fractured leaf */
			uint16_t piece_mask;
		};
	};
	struct smmu_attr attr; /* out, if the input has the default */
	uint8_t bits; /* of this entry: the smaller of the stages' leaves, at least 12 */
	bool fractured; /* a record */
	/* Inserted over smaller ones: perm of both leaves is 0, so that hits are judged.
	 */
	bool conflict;
	uint8_t s1_perm;    /* what s1.perm was */
	uint16_t void_word; /* tlb_void_word() of its slot */
	uint8_t pad[2];
};
_Static_assert(sizeof(struct tlb_entry) == 64, "one line an entry");

/*
 * Whose an entry is, and its place in the list of its context: apart from the payload,
 * so that forgetting an entry does not touch that.
 */
struct tlb_node {
	tlb_link ctx; /* of a piece: the link of its record, and no list */
	tlb_link prev, next;
	uint32_t piece;
};

struct tlb_ctx {
	uint64_t key; /* 0: free */
	uint64_t id;
	uint64_t epoch;	      /* of its VM when it began */
	uint32_t mask, count; /* classes that live here; entries in the list */
	tlb_link head;
	tlb_link vprev, vnext; /* contexts of one VM */
	uint32_t per[SMMU_TLB_CLASSES];
	uint8_t asets;	 /* of the CDs that its entries come from: 1, 2 or both */
	uint8_t pad[43]; /* to two lines */
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
	struct tlb_entry *entry;
	unsigned set_bits;
	struct tlb_node *node;
	struct tlb_ctx *ctx;
	uint64_t *ctx_key; /* of all contexts: a group is half a line */
	unsigned ctx_bits; /* groups of four */
	struct tlb_vm *vm[SMMU_TLB_SPACES];
	uint32_t nvm[SMMU_TLB_SPACES];
	uint64_t space_epoch[SMMU_TLB_SPACES];
	uint64_t last_id;
	uint32_t turn; /* which way to evict */
	bool off;      /* no_tlb */
	bool detect;   /* conflicts */
	struct smmu_voids *voids;
	void *raw[5]; /* what the arrays were allocated as */
};

struct tlb_key {
	uint8_t space, kind;
	bool aset;	/* as a tag */
	bool nonshared; /* CD.ASET, whether it is a tag or not */
	uint16_t vmid, asid;
};

/* ---- tlb.c ---- */
/*
 * The entry that translates addr, or NULL. CHOICE: of several that match the
 * non-global one is taken before the global, the larger before the smaller: a smaller
 * one cannot have been inserted while a larger one matched, so among those of one
 * context this is the latest. smmu_tlb_conflicts() says that there is a smaller one;
 * CHOICE: of a global and a non-global one nothing is said (CACHE-80).
 */
const struct tlb_entry *smmu_tlb_find(const struct smmu_tlb *tlb,
				      const struct tlb_key *key, uint64_t addr);
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
 * The word of voids.slot that grows when an answer of that slot does not hold any more. A
 * piece goes with its record.
 */
static inline uint16_t tlb_void_word(const struct smmu_tlb *tlb, uint32_t slot)
{
	const struct tlb_node *node = &tlb->node[slot];

	return (uint16_t)((node->piece ? node->ctx - 1 : slot) % SMMU_VOID_SLOTS);
}
/* Forgets one entry that smmu_tlb_find gave. */
void smmu_tlb_drop(struct smmu_tlb *tlb, const struct tlb_entry *entry);
/* Of the entry with that tag, or 0. */
tlb_link smmu_tlb_probe(const struct smmu_tlb *tlb, uint64_t id, unsigned class,
			uint64_t page);
void smmu_tlb_drop_at(struct smmu_tlb *tlb, tlb_link link);
/* Size in bits of a class, ascending; the class of a size. */
unsigned smmu_tlb_class_bits(unsigned class);
unsigned smmu_tlb_class(unsigned bits);

/* What contexts and entries are hashed with. */
static inline uint64_t tlb_hash(uint64_t a, uint64_t b)
{
	uint64_t h =
		(a + b * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);

	return h ^ h >> 32;
}

/* ---- contexts: what a look-up needs; the rest is in context.c ---- */
enum { TLB_CTX_GROUP = 4 };
#define TLB_KEY_KIND 39

/* {1, space[41:40], kind[39], global[38], ASET[37], VMID[31:16], ASID[15:0]}. */
static inline uint64_t tlb_ctx_key(const struct tlb_key *key, bool global)
{
	uint64_t k = UINT64_C(1) << 63 | (uint64_t)key->space << 40 |
		     (uint64_t)key->kind << TLB_KEY_KIND | (uint64_t)key->vmid << 16;

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

/* ---- context.c ---- */
/* The VM, up to date; NULL: that VMID does not exist here. */
struct tlb_vm *smmu_tlb_vm(struct smmu_tlb *tlb, unsigned space, uint32_t vmid);
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
bool smmu_tlb_ctx_live(const struct smmu_tlb *tlb, const struct tlb_ctx *ctx);
/* Forgets its entries. */
void smmu_tlb_ctx_empty(struct smmu_tlb *tlb, struct tlb_ctx *ctx);
void smmu_tlb_vm_empty(struct tlb_vm *vm);

#endif /* MODEL_CACHE_TLB_H */
