/* SPDX-License-Identifier: MIT */
/* Invalidation of what a domain's translations left in caches (DRV-65 to DRV-69, DRV-79).
 */
#include "core/rcu.h"
#include "driver/cmdq.h"
#include "driver/invs.h"

/* size 0: everything. */
struct request {
	uint64_t iova, size, granule;
	bool leaf;
};

static unsigned log2_of(uint64_t size)
{
	return (unsigned)__builtin_ctzll(size);
}

/* ---- By tag ---- */

static struct arm_smmu_cmd by_tag(const struct arm_smmu_inv *inv)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(inv->by_tag);

	if (inv->type == INV_S1_ASID)
		smmu_set(cmd.dw, SMMU_CMD_TLBI_NH_ASID_ASID, inv->id);
	else if (inv->type == INV_S2_VMID)
		smmu_set(cmd.dw, SMMU_CMD_TLBI_S12_VMALL_VMID, inv->id);
	else
		smmu_set(cmd.dw, SMMU_CMD_TLBI_NH_ALL_VMID, inv->id);
	return cmd;
}

int arm_smmu_inv_tag(const struct arm_smmu_inv *inv)
{
	struct arm_smmu_cmd cmd = by_tag(inv);

	return arm_smmu_submit(inv->smmu, &cmd, 1, true);
}

/* ---- By address ---- */

/* NH_VA and S2_IPA have their address, range and leaf fields at the same places. */
_Static_assert(SMMU_CMD_TLBI_NH_VA_NUM == SMMU_CMD_TLBI_S2_IPA_NUM &&
		       SMMU_CMD_TLBI_NH_VA_SCALE == SMMU_CMD_TLBI_S2_IPA_SCALE &&
		       SMMU_CMD_TLBI_NH_VA_TTL == SMMU_CMD_TLBI_S2_IPA_TTL &&
		       SMMU_CMD_TLBI_NH_VA_TG == SMMU_CMD_TLBI_S2_IPA_TG &&
		       SMMU_CMD_TLBI_NH_VA_Leaf == SMMU_CMD_TLBI_S2_IPA_Leaf,
	       "one routine fills in both");

static struct arm_smmu_cmd by_address(const struct arm_smmu_inv *inv, bool leaf)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(inv->by_size);

	if (inv->type == INV_S1_ASID)
		smmu_set(cmd.dw, SMMU_CMD_TLBI_NH_VA_ASID, inv->id);
	else
		smmu_set(cmd.dw, SMMU_CMD_TLBI_S2_IPA_VMID, inv->id);
	smmu_set(cmd.dw, SMMU_CMD_TLBI_NH_VA_Leaf, leaf);
	return cmd;
}

static void set_address(const struct arm_smmu_inv *inv, struct arm_smmu_cmd *cmd,
			uint64_t iova)
{
	if (inv->type == INV_S1_ASID)
		smmu_set_addr(cmd->dw, SMMU_CMD_TLBI_NH_VA_Address, iova);
	else
		smmu_set_addr(cmd->dw, SMMU_CMD_TLBI_S2_IPA_Address, iova);
}

/* The level whose leaves have that size: each holds 2^(tg - 3) of the next one's. */
static unsigned leaf_level(unsigned tg, uint64_t granule)
{
	unsigned level = 3;

	for (uint64_t size = UINT64_C(1) << tg; size < granule; size <<= tg - 3)
		level--;
	return level;
}

/*
 * Range commands (CMD-42 to CMD-47): each covers num << scale granules, lowest
 * bits first, so that the address is always aligned to what is said of it.
 */
static void inv_by_range(struct arm_smmu_batch *b, const struct arm_smmu_inv *inv,
			 const struct request *r)
{
	unsigned tg = inv->pgsize;
	struct arm_smmu_cmd cmd = by_address(inv, r->leaf);
	uint64_t pages = r->size >> tg, iova = r->iova;

	smmu_set(cmd.dw, SMMU_CMD_TLBI_NH_VA_TG, (tg - 10) / 2);
	if (r->leaf)
		smmu_set(cmd.dw, SMMU_CMD_TLBI_NH_VA_TTL, leaf_level(tg, r->granule));
	else if ((pages & 31) == 1)
		pages++; /* one page without a level hint is CERROR_ILL (CMD-43) */
	while (pages) {
		unsigned scale = log2_of(pages) < 31 ? log2_of(pages) : 31;
		uint64_t num = pages >> scale & 31;

		smmu_set(cmd.dw, SMMU_CMD_TLBI_NH_VA_SCALE, scale);
		smmu_set(cmd.dw, SMMU_CMD_TLBI_NH_VA_NUM, num - 1);
		set_address(inv, &cmd, iova);
		arm_smmu_batch_add(b, &cmd);
		iova += num << (scale + tg);
		pages -= num << scale;
	}
}

/* DRV-67: page by page. */
static void inv_by_page(struct arm_smmu_batch *b, const struct arm_smmu_inv *inv,
			const struct request *r)
{
	struct arm_smmu_cmd cmd = by_address(inv, r->leaf);

	for (uint64_t done = 0; done < r->size; done += r->granule) {
		set_address(inv, &cmd, r->iova + done);
		arm_smmu_batch_add(b, &cmd);
	}
}

/* The whole tag: for more than a table's worth of pages, or than SCALE can say. */
static bool wants_all(const struct arm_smmu_inv *inv, const struct request *r)
{
	if (!r->size)
		return true;
	if (inv->pgsize) /* SCALE has five bits without IDR5.DS (CMD-42) */
		return r->size >> inv->pgsize >= UINT64_C(1) << 36;
	return r->size >= r->granule << (log2_of(r->granule) - 3);
}

/* ---- ATC (DRV-69) ---- */

static void inv_atc(struct arm_smmu_batch *b, const struct arm_smmu_inv *inv,
		    const struct request *r)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_ATC_INV);
	uint64_t first = r->iova >> 12, last = (r->iova + r->size - 1) >> 12;
	unsigned span = 52;

	smmu_set(cmd.dw, SMMU_CMD_ATC_INV_StreamID, inv->id);
	smmu_set(cmd.dw, SMMU_CMD_ATC_INV_SSV, inv->ssid != IOMMU_NO_PASID);
	smmu_set(cmd.dw, SMMU_CMD_ATC_INV_SubstreamID, inv->ssid);
	if (r->size && inv->type == INV_ATS) {
		/* The smallest aligned power of two that holds both ends. */
		span = first == last ? 0 : 64 - (unsigned)__builtin_clzll(first ^ last);
		smmu_set_addr(cmd.dw, SMMU_CMD_ATC_INV_Address,
			      first >> span << span << 12);
	}
	smmu_set(cmd.dw, SMMU_CMD_ATC_INV_Size, span);
	arm_smmu_batch_add(b, &cmd);
}

/* ---- The walk ---- */

/* True: the whole tag went, whatever was asked for. */
static bool add_commands(struct arm_smmu_batch *b, const struct arm_smmu_inv *inv,
			 const struct request *r)
{
	struct arm_smmu_cmd cmd;

	if (inv->type >= INV_ATS) {
		inv_atc(b, inv, r);
		return false;
	}
	if (inv->type == INV_S2_VMID_S1_CLEAR || wants_all(inv, r)) {
		cmd = by_tag(inv);
		arm_smmu_batch_add(b, &cmd);
		return true;
	}
	if (inv->pgsize)
		inv_by_range(b, inv, r);
	else
		inv_by_page(b, inv, r);
	return false;
}

/*
 * What must have been done before `inv` is begun: combined entries could be made anew
 * of stage-2 ones that are still there, and an ATC be filled again from a TLB.
 */
static bool wants_sync(const struct arm_smmu_inv *prev, const struct arm_smmu_inv *inv)
{
	return prev->smmu != inv->smmu ||
	       (inv->type == INV_S2_VMID_S1_CLEAR && prev->type == INV_S2_VMID) ||
	       (inv->type >= INV_ATS && prev->type < INV_ATS);
}

static int walk(const struct arm_smmu_inv *invs, size_t num, const struct request *r)
{
	const struct arm_smmu_inv *prev = NULL;
	struct arm_smmu_batch b;
	bool all = false;
	int err = 0;

	for (size_t i = 0; i < num; i++) {
		const struct arm_smmu_inv *inv = &invs[i];

		if (!__atomic_load_n(&inv->users, __ATOMIC_ACQUIRE))
			continue;
		/* S12_VMALL took stage 1 with it. */
		if (inv->type == INV_S2_VMID_S1_CLEAR && prev && all &&
		    prev->smmu == inv->smmu)
			continue;
		if (prev && wants_sync(prev, inv) && arm_smmu_batch_sync(&b) && !err)
			err = b.err;
		if (!prev || prev->smmu != inv->smmu)
			arm_smmu_batch_init(&b, inv->smmu);
		all = add_commands(&b, inv, r);
		prev = inv;
	}
	if (prev && arm_smmu_batch_sync(&b) && !err)
		err = b.err;
	return err;
}

static size_t length(const struct arm_smmu_invs *invs)
{
	return __atomic_load_n(&invs->num, __ATOMIC_ACQUIRE);
}

int arm_smmu_invs_invalidate(const struct arm_smmu_invs *invs, uint64_t iova,
			     uint64_t size, uint64_t granule, bool leaf)
{
	struct request r = { iova, size, granule, leaf };

	return walk(invs->inv, length(invs), &r);
}

/* What most domains have: a tag or two of their own SMMU, and no device caches. */
struct few {
	size_t num;
	struct arm_smmu_inv inv[2];
};

/* Between rcu_reader_begins() and _ends(). False: they are too many to copy, or ATCs. */
static bool copy_few(struct few *few, const struct arm_smmu_invs *invs,
		     const struct arm_smmu *smmu)
{
	few->num = length(invs);
	if (invs->has_ats || few->num > sizeof(few->inv) / sizeof(few->inv[0]))
		return false;
	for (size_t i = 0; i < few->num; i++) {
		few->inv[i] = (struct arm_smmu_inv){
			.smmu = invs->inv[i].smmu,
			.type = invs->inv[i].type,
			.by_size = invs->inv[i].by_size,
			.by_tag = invs->inv[i].by_tag,
			.pgsize = invs->inv[i].pgsize,
			.id = invs->inv[i].id,
			.ssid = invs->inv[i].ssid,
			.users = __atomic_load_n(&invs->inv[i].users, __ATOMIC_ACQUIRE),
		};
		if (few->inv[i].smmu != smmu)
			return false;
	}
	return true;
}

/*
 * A reader of RCU should be short, and CMD_SYNC is not: the SMMU may be a guest's, whose
 * commands the same process works on, and an attach among them waits for readers. So
 * the wait is outside: for a few tags, which do no harm if they are invalidated after
 * their last user has left, on a copy; else the array is kept by its lock.
 */
int arm_smmu_inv_range(struct arm_smmu_domain *domain, uint64_t iova, uint64_t size,
		       uint64_t granule, bool leaf)
{
	struct arm_smmu_invs *invs;
	struct few few;
	bool copied, locked;
	int err;

	/*
	 * DRV-79 has a full barrier here. CHOICE: attach waits for readers between the
	 * new array and the STE, which has a barrier run on every CPU when it is needed
	 * (change.c, join).
	 */
	do {
		rcu_reader_begins();
		invs = rcu_get(&domain->invs);
		copied = copy_few(&few, invs, domain->smmu);
		/* Who cuts, or frees, has it for a moment: a reader does not wait. */
		locked = !copied && pthread_rwlock_tryrdlock(&invs->lock) == 0;
		rcu_reader_ends();
	} while (!copied && !locked);
	if (copied)
		return walk(few.inv, few.num,
			    &(struct request){ iova, size, granule, leaf });
	err = arm_smmu_invs_invalidate(invs, iova, size, granule, leaf);
	pthread_rwlock_unlock(&invs->lock);
	return err;
}

int arm_smmu_inv_domain(struct arm_smmu_domain *domain)
{
	return arm_smmu_inv_range(domain, 0, 0, 0, false);
}
