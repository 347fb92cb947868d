/* SPDX-License-Identifier: MIT */
#include "driver/invs.h"
#include <errno.h>
#include <stdlib.h>
#include "core/rcu.h"
#include "driver/driver.h"

struct arm_smmu_invs *arm_smmu_invs_alloc(size_t max)
{
	struct arm_smmu_invs *invs = calloc(1, sizeof(*invs) + max * sizeof(*invs->inv));

	if (!invs)
		return NULL;
	invs->max = max;
	pthread_rwlock_init(&invs->lock, NULL);
	return invs;
}

void arm_smmu_invs_free(struct arm_smmu_invs *invs)
{
	if (!invs)
		return;
	pthread_rwlock_destroy(&invs->lock);
	free(invs);
}

void arm_smmu_invs_retire(struct arm_smmu_invs *invs)
{
	if (!invs)
		return;
	/* Nobody finds it any more then, and who found it has the lock. */
	rcu_wait_for_readers();
	pthread_rwlock_wrlock(&invs->lock);
	pthread_rwlock_unlock(&invs->lock);
	arm_smmu_invs_free(invs);
}

static bool is_ats(const struct arm_smmu_inv *inv)
{
	return inv->type >= INV_ATS;
}

/* ---- What one master contributes ---- */

static int append(struct arm_smmu_invs *invs, const struct arm_smmu_inv *inv)
{
	if (invs->num == invs->max)
		return -EINVAL;
	invs->inv[invs->num] = *inv;
	invs->inv[invs->num++].users = 1;
	invs->has_ats |= is_ats(inv);
	return 0;
}

static int append_tag(struct arm_smmu_invs *invs, const struct arm_smmu_domain *domain)
{
	bool ril = domain->smmu->features & FEAT_RANGE_INV;
	bool s1 = domain->stage == STAGE_1;
	bool e2h = domain->smmu->features & FEAT_E2H;
	struct arm_smmu_inv inv = {
		.smmu = domain->smmu,
		.type = s1 ? INV_S1_ASID : INV_S2_VMID,
		.by_size = s1 ? SMMU_OP_TLBI_NH_VA : SMMU_OP_TLBI_S2_IPA,
		.by_tag = s1 ? SMMU_OP_TLBI_NH_ASID : SMMU_OP_TLBI_S12_VMALL,
		.id = domain->id,
	};

	if (s1 && e2h) { /* DRV-73; the fields are at the same places */
		inv.by_size = SMMU_OP_TLBI_EL2_VA;
		inv.by_tag = SMMU_OP_TLBI_EL2_ASID;
	}
	if (ril)
		inv.pgsize = (uint8_t)__builtin_ctzll(domain->core.pgsize_bitmap);
	return append(invs, &inv);
}

/* Sorted by construction: types ascend, and so do a master's StreamIDs. */
int arm_smmu_invs_build(struct arm_smmu_invs *invs, const struct arm_smmu_master *master,
			const struct arm_smmu_domain *domain, uint32_t ssid,
			enum arm_smmu_atc atc)
{
	struct arm_smmu_inv clear = { .smmu = domain->smmu,
				      .type = INV_S2_VMID_S1_CLEAR,
				      .by_tag = SMMU_OP_TLBI_NH_ALL,
				      .id = domain->id };
	int err;

	invs->num = invs->num_trashes = 0;
	invs->has_ats = false;
	err = append_tag(invs, domain);
	if (!err && domain->nest_parent)
		err = append(invs, &clear);
	for (size_t i = 0; i < master->num_sids && atc != ATC_NONE && !err; i++) {
		struct arm_smmu_inv ats = { .smmu = domain->smmu,
					    .type = atc == ATC_BY_RANGE ? INV_ATS
									: INV_ATS_FULL,
					    .by_size = SMMU_OP_ATC_INV,
					    .by_tag = SMMU_OP_ATC_INV,
					    .id = master->sids[i],
					    .ssid = ssid };

		err = append(invs, &ats);
	}
	return err;
}

/* ---- Merge, unref, purge ---- */

static int compare(const struct arm_smmu_inv *a, const struct arm_smmu_inv *b)
{
	uintptr_t x = (uintptr_t)a->smmu, y = (uintptr_t)b->smmu;

	if (x != y)
		return x < y ? -1 : 1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return (a->ssid > b->ssid) - (a->ssid < b->ssid);
}

static unsigned users_of(const struct arm_smmu_inv *inv)
{
	return __atomic_load_n(&inv->users, __ATOMIC_RELAXED);
}

static void check_order(const struct arm_smmu_invs *invs)
{
	for (size_t i = 1; i < invs->num; i++)
		if (compare(&invs->inv[i - 1], &invs->inv[i]) >= 0)
			arm_smmu_msg(invs->inv[i].smmu, IOMMU_MSG_WARNING,
				     "invalidation array: entry %zu is out of order", i);
}

/*
 * The next of both in order, and its users: 0 if it is trash alone. i and j go past
 * what was taken.
 */
static struct arm_smmu_inv next(const struct arm_smmu_invs *a, size_t *i,
				const struct arm_smmu_invs *b, size_t *j)
{
	struct arm_smmu_inv out;
	int order;

	if (*i == a->num)
		order = 1;
	else if (*j == b->num)
		order = -1;
	else
		order = compare(&a->inv[*i], &b->inv[*j]);
	if (order <= 0) {
		out = a->inv[*i];
		out.users = users_of(&a->inv[(*i)++]);
	} else {
		out = b->inv[*j];
		out.users = 0;
	}
	if (order >= 0) {
		(*j)++;
		out.users++;
	}
	return out;
}

int arm_smmu_invs_merge(const struct arm_smmu_invs *old, const struct arm_smmu_invs *add,
			struct arm_smmu_invs **merged)
{
	struct arm_smmu_invs *out;
	size_t i = 0, j = 0;

	check_order(add);
	out = arm_smmu_invs_alloc(old->num + add->num);
	if (!out)
		return -ENOMEM;
	while (i < old->num || j < add->num) {
		struct arm_smmu_inv inv = next(old, &i, add, &j);

		if (!inv.users)
			continue;
		out->inv[out->num++] = inv;
		out->has_ats |= is_ats(&inv);
	}
	*merged = out;
	return 0;
}

/* The trash at the end goes at once; that in the middle is counted. */
static void cut(struct arm_smmu_invs *invs)
{
	size_t num = invs->num;

	while (num && !users_of(&invs->inv[num - 1]))
		num--;
	invs->num_trashes = 0;
	for (size_t i = 0; i < num; i++)
		invs->num_trashes += !users_of(&invs->inv[i]);
	__atomic_store_n(&invs->num, num, __ATOMIC_RELEASE);
}

static void unref_one(struct arm_smmu_invs *invs, size_t *at, struct arm_smmu_inv *gone)
{
	while (*at < invs->num && compare(&invs->inv[*at], gone) < 0)
		(*at)++;
	gone->users = 0;
	if (*at == invs->num || compare(&invs->inv[*at], gone) ||
	    !users_of(&invs->inv[*at])) {
		arm_smmu_msg(gone->smmu, IOMMU_MSG_WARNING,
			     "invalidation array: no entry of type %u, id %#x",
			     gone->type, gone->id);
		return;
	}
	gone->users = users_of(&invs->inv[*at]) - 1;
	__atomic_store_n(&invs->inv[*at].users, gone->users, __ATOMIC_RELEASE);
}

void arm_smmu_invs_unref(struct arm_smmu_invs *invs, struct arm_smmu_invs *remove)
{
	size_t at = 0;

	/* An ATC_INV to a device that was taken away would time out. */
	if (invs->has_ats)
		pthread_rwlock_wrlock(&invs->lock);
	for (size_t i = 0; i < remove->num; i++)
		unref_one(invs, &at, &remove->inv[i]);
	cut(invs);
	if (invs->has_ats)
		pthread_rwlock_unlock(&invs->lock);
}

struct arm_smmu_invs *arm_smmu_invs_purge(const struct arm_smmu_invs *invs)
{
	struct arm_smmu_invs *out;

	if (!invs->num || !invs->num_trashes)
		return NULL;
	out = arm_smmu_invs_alloc(invs->num - invs->num_trashes);
	for (size_t i = 0; out && i < invs->num; i++) {
		if (!users_of(&invs->inv[i]))
			continue;
		out->inv[out->num++] = invs->inv[i];
		out->has_ats |= is_ats(&invs->inv[i]);
	}
	return out;
}
