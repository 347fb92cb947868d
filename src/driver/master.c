/* SPDX-License-Identifier: MIT */
/* Devices: their StreamIDs, and who owns which (DRV-24 to DRV-33). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/iommu_pci.h>
#include "core/rcu.h"
#include "driver/ats.h"
#include "driver/cdtab.h"
#include "driver/cmdq.h"
#include "driver/strtab.h"

/* Without 2-level CD tables: 1024 CDs, 64 KiB (DRV-29). */
#define LINEAR_SSID_BITS 10u

static int by_sid(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* First stream with a SID not below `sid`. Lock: streams_lock. */
static size_t position(const struct arm_smmu *smmu, uint32_t sid)
{
	size_t low = 0, high = smmu->num_streams;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (smmu->streams[mid].sid < sid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct arm_smmu_master *arm_smmu_find_master(struct arm_smmu *smmu, uint32_t sid)
{
	size_t at = position(smmu, sid);

	if (at == smmu->num_streams || smmu->streams[at].sid != sid)
		return NULL;
	return smmu->streams[at].master;
}

/* DRV-26: sorted, each once; bridges and aliases repeat themselves. */
static int take_sids(struct arm_smmu_master *master, const struct iommu_fwspec *fwspec)
{
	size_t n = fwspec->num_ids;

	if (!n)
		return -ENODEV;
	master->sids = calloc(n, sizeof(*master->sids));
	if (!master->sids)
		return -ENOMEM;
	memcpy(master->sids, fwspec->ids, n * sizeof(*master->sids));
	qsort(master->sids, n, sizeof(*master->sids), by_sid);
	for (size_t i = 0; i < n; i++)
		if (!i || master->sids[i] != master->sids[i - 1])
			master->sids[master->num_sids++] = master->sids[i];
	return 0;
}

/* DRV-27: a tag, what goes with it, and an ATC for each stream. */
static int make_room(struct arm_smmu_master *master)
{
	size_t room = 2 + (master->ats_supported ? master->num_sids : 0);

	master->add = arm_smmu_invs_alloc(room);
	master->remove = arm_smmu_invs_alloc(room);
	return master->add && master->remove ? 0 : -ENOMEM;
}

/* Lock: streams_lock. Nothing is changed unless all StreamIDs are free and fit. */
static int check_sids(struct arm_smmu *smmu, const struct arm_smmu_master *master)
{
	const char *name = iommu_dev_name(master->dev);

	for (size_t i = 0; i < master->num_sids; i++) {
		uint32_t sid = master->sids[i];
		int err = arm_smmu_strtab_reserve(smmu, sid);

		if (err == -ERANGE)
			arm_smmu_msg(
				smmu, IOMMU_MSG_ERROR,
				"%s: StreamID %#x is wider than the %u bits of the SMMU",
				name, sid, smmu->strtab.log2);
		if (err)
			return err;
		if (arm_smmu_find_master(smmu, sid)) {
			arm_smmu_msg(
				smmu, IOMMU_MSG_WARNING,
				"%s: StreamID %#x belongs to %s already", name, sid,
				iommu_dev_name(arm_smmu_find_master(smmu, sid)->dev));
			return -ENODEV;
		}
	}
	return 0;
}

static int insert_sids(struct arm_smmu *smmu, struct arm_smmu_master *master)
{
	struct arm_smmu_stream *streams;
	size_t n = smmu->num_streams + master->num_sids;
	int err;

	pthread_mutex_lock(&smmu->streams_lock);
	err = check_sids(smmu, master);
	if (err)
		goto out;
	streams = realloc(smmu->streams, n * sizeof(*streams));
	err = streams ? 0 : -ENOMEM;
	if (err)
		goto out;
	smmu->streams = streams;
	for (size_t i = 0; i < master->num_sids; i++) {
		size_t at = position(smmu, master->sids[i]);

		memmove(&streams[at + 1], &streams[at],
			(smmu->num_streams - at) * sizeof(*streams));
		streams[at] = (struct arm_smmu_stream){ master->sids[i], master };
		smmu->num_streams++;
	}
out:
	pthread_mutex_unlock(&smmu->streams_lock);
	return err;
}

static void remove_sids(struct arm_smmu *smmu, struct arm_smmu_master *master)
{
	size_t n = 0;

	pthread_mutex_lock(&smmu->streams_lock);
	for (size_t i = 0; i < smmu->num_streams; i++)
		if (smmu->streams[i].master != master)
			smmu->streams[n++] = smmu->streams[i];
	smmu->num_streams = n;
	pthread_mutex_unlock(&smmu->streams_lock);
}

static unsigned log2_floor(uint32_t n)
{
	unsigned bits = 0;

	while (n >>= 1)
		bits++;
	return bits;
}

/* A function's capability speaks for itself, if there is a way to ask it. */
static int pci_max_pasids(const struct iommu_dev *dev)
{
	return iommu_pci_has_config(dev) ? iommu_pci_max_pasids(dev)
					 : iommu_dev_desc(dev)->pci_max_pasids;
}

/* DRV-28, DRV-29 */
static unsigned ssid_bits(const struct arm_smmu *smmu, const struct iommu_dev *dev)
{
	const struct iommu_dev_desc *desc = iommu_dev_desc(dev);
	unsigned bits = desc->pasid_num_bits;

	if (desc->bus == IOMMU_BUS_PCI) {
		int max = pci_max_pasids(dev);

		bits = max > 0 ? log2_floor((uint32_t)max) : 0;
	}
	if (bits > smmu->ssid_bits)
		bits = smmu->ssid_bits;
	if (!(smmu->features & FEAT_2LVL_CDTAB) && bits > LINEAR_SSID_BITS)
		bits = LINEAR_SSID_BITS;
	return bits;
}

static void master_free(struct arm_smmu_master *master)
{
	arm_smmu_cdtab_free(master);
	arm_smmu_invs_free(master->add);
	arm_smmu_invs_free(master->remove);
	free(master->sids);
	free(master);
}

/* DRV-26: the fwspec names the instance; another driver's is none of ours. */
static struct arm_smmu *smmu_of(struct iommu_dev *dev, const struct iommu_fwspec *fwspec)
{
	struct iommu_instance *inst =
		iommu_instance_find(iommu_dev_system(dev), fwspec->fwnode);

	if (!inst || inst->ops != &arm_smmu_ops)
		return NULL;
	return (struct arm_smmu *)(void *)((char *)inst -
					   offsetof(struct arm_smmu, iommu));
}

int arm_smmu_probe_device(struct iommu_dev *dev, const struct iommu_fwspec *fwspec,
			  struct iommu_instance **inst)
{
	struct arm_smmu *smmu = smmu_of(dev, fwspec);
	struct arm_smmu_master *master;
	int err;

	if (!smmu)
		return -ENODEV;
	master = calloc(1, sizeof(*master));
	if (!master)
		return -ENOMEM;
	master->smmu = smmu;
	master->dev = dev;
	master->ssid_bits = ssid_bits(smmu, dev);
	/* DRV-30 */
	master->stall_enabled =
		((smmu->features & FEAT_STALLS) && iommu_dev_desc(dev)->dma_can_stall) ||
		(smmu->features & FEAT_STALL_FORCE);
	master->canwbs = fwspec->flags & IOMMU_FWSPEC_PCI_RC_CANWBS;
	arm_smmu_pci_prepare(master);
	err = take_sids(master, fwspec);
	if (!err && arm_smmu_rmr_has(master))
		master->rid = RID_BYPASS; /* as the STEs are until the first attach */
	if (!err)
		err = make_room(master);
	if (!err)
		err = iommu_dev_set_priv(dev, master);
	if (!err)
		err = insert_sids(smmu, master);
	if (err) {
		arm_smmu_pci_restore(master);
		master_free(master);
		return err;
	}
	/*
	 * A DMA of before may have left the invalid L1STD in a cache, and DRV-52 never
	 * asks for Leaf=0 (CACHE-62). Here, for streams_lock must not be held.
	 */
	if (smmu->strtab.two_level)
		arm_smmu_cfgi_streams(master);
	*inst = &smmu->iommu;
	return 0;
}

/* DRV-32 */
void arm_smmu_release_device(struct iommu_dev *dev)
{
	struct arm_smmu_master *master = iommu_dev_priv(dev);

	arm_smmu_remove_all_pasids(master);
	arm_smmu_attach_static(master,
			       arm_smmu_rmr_has(master) ? RID_BYPASS : RID_BLOCKED);
	remove_sids(master->smmu, master);
	/* Whoever found it by a StreamID has left when this returns. */
	rcu_wait_for_readers();
	arm_smmu_pci_restore(master);
	master_free(master);
}

/* DRV-33: one cell, the StreamID. */
int arm_smmu_of_xlate(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
		      const struct iommu_fw_args *args)
{
	(void)dev;
	if (args->count != 1)
		return -EINVAL;
	return iommu_fwspec_add_ids(fwspec, args->args, 1);
}
