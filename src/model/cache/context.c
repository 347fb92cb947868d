/* SPDX-License-Identifier: MIT */
/*
 * Contexts and VMs of the TLB: flat tables. VMs are indexed by VMID; contexts are
 * hashed into groups of four, and a full group gives up one (its entries become
 * garbage: a cache may forget).
 */
#include <string.h>
#include "model/cache/tlb.h"

static unsigned key_space(uint64_t key)
{
	return key >> 40 & 3;
}

static uint32_t key_vmid(uint64_t key)
{
	return key >> 16 & 0xffff;
}

static bool key_global(uint64_t key)
{
	return key >> 38 & 1;
}

static unsigned key_kind(uint64_t key)
{
	return (unsigned)(key >> TLB_KEY_KIND & 1) | (unsigned)(key >> TLB_KEY_WALK & 1)
							     << 1;
}

/* Tables are never global. */
static unsigned global_slot(uint64_t key)
{
	return (key_kind(key) & 1) * 2 + (key >> 37 & 1);
}

/* Forgets all that the VM holds: contexts of an older epoch are dead. */
void smmu_tlb_vm_empty(struct tlb_vm *vm)
{
	vm->epoch++;
	vm->head = 0;
	vm->kinds = 0;
	memset(vm->global, 0, sizeof(vm->global));
}

bool smmu_tlb_ctx_live(const struct smmu_tlb *tlb, const struct tlb_ctx *ctx)
{
	unsigned space = key_space(ctx->key);
	const struct tlb_vm *vm;

	if (ctx->key == 0)
		return false;
	vm = &tlb->vm[space][key_vmid(ctx->key)];
	return vm->space_epoch == tlb->space_epoch[space] && ctx->epoch == vm->epoch;
}

void smmu_tlb_ctx_empty(struct smmu_tlb *tlb, struct tlb_ctx *ctx)
{
	if (ctx->count != 0)
		smmu_void_all(tlb->voids);
	ctx->id = ++tlb->last_id;
	ctx->mask = 0;
	ctx->count = 0;
	ctx->asets = 0;
	ctx->head = 0;
}

/*
 * Takes a context out of the list it is in. That may be the forgotten list of an
 * older epoch: it has no head any more, but is consistent in itself.
 */
static void unlink_ctx(struct smmu_tlb *tlb, struct tlb_ctx *ctx, struct tlb_vm *vm)
{
	tlb_link self = (tlb_link)(ctx - tlb->ctx) + 1;

	if (ctx->vprev != 0)
		tlb->ctx[ctx->vprev - 1].vnext = ctx->vnext;
	else if (vm->head == self)
		vm->head = ctx->vnext;
	if (ctx->vnext != 0)
		tlb->ctx[ctx->vnext - 1].vprev = ctx->vprev;
	ctx->vprev = ctx->vnext = 0;
}

static void link_ctx(struct smmu_tlb *tlb, struct tlb_ctx *ctx, struct tlb_vm *vm)
{
	tlb_link self = (tlb_link)(ctx - tlb->ctx) + 1;

	ctx->vprev = 0;
	ctx->vnext = vm->head;
	if (vm->head != 0)
		tlb->ctx[vm->head - 1].vprev = self;
	vm->head = self;
	if (key_global(ctx->key))
		vm->global[global_slot(ctx->key)] = self;
	else
		vm->kinds |= 1u << key_kind(ctx->key);
}

/* The slot for a new key: the first free, dead or empty one, else one in turn, or none.
 */
static struct tlb_ctx *victim(struct smmu_tlb *tlb, uint64_t key)
{
	struct tlb_ctx *group = &tlb->ctx[tlb_ctx_group(tlb, key)], *pick = NULL;

	for (unsigned i = 0; i < TLB_CTX_GROUP; i++) {
		if (pick == NULL &&
		    (group[i].count == 0 || !smmu_tlb_ctx_live(tlb, &group[i])))
			pick = &group[i];
	}
	if (pick == NULL) {
		uint32_t turn = smmu_tlb_turn(tlb, TLB_CTX_GROUP);

		pick = turn < TLB_CTX_GROUP ? &group[turn] : NULL;
	}
	return pick;
}

static struct tlb_ctx *slot(struct smmu_tlb *tlb, uint64_t key)
{
	struct tlb_ctx *ctx = &tlb->ctx[tlb_ctx_group(tlb, key)];

	for (unsigned i = 0; i < TLB_CTX_GROUP; i++)
		if (ctx[i].key == key)
			return &ctx[i];
	return victim(tlb, key);
}

void smmu_tlb_ctx_adopt(struct smmu_tlb *tlb, struct tlb_ctx *ctx, uint64_t key)
{
	struct tlb_vm *vm = smmu_tlb_vm(tlb, key_space(key), key_vmid(key));

	ctx->key = key;
	tlb->ctx_key[ctx - tlb->ctx] = key;
	ctx->epoch = vm->epoch;
	link_ctx(tlb, ctx, vm);
}

struct tlb_ctx *smmu_tlb_ctx_get(struct smmu_tlb *tlb, const struct tlb_key *k,
				 bool global)
{
	struct tlb_vm *vm = smmu_tlb_vm(tlb, k->space, k->vmid);
	uint64_t key = tlb_ctx_key(k, global);
	struct tlb_ctx *ctx;

	if (vm == NULL)
		return NULL;
	ctx = slot(tlb, key);
	if (ctx == NULL)
		return NULL;
	if (ctx->key == key && ctx->epoch == vm->epoch)
		return ctx;
	if (ctx->key != 0)
		unlink_ctx(tlb, ctx,
			   smmu_tlb_vm(tlb, key_space(ctx->key), key_vmid(ctx->key)));
	ctx->key = key;
	tlb->ctx_key[ctx - tlb->ctx] = key;
	ctx->epoch = vm->epoch;
	smmu_tlb_ctx_empty(tlb, ctx);
	link_ctx(tlb, ctx, vm);
	return ctx;
}
