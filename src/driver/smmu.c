/* SPDX-License-Identifier: MIT */
/* An SMMU from probe to removal, in the order of DRV-1. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/iommu_fault.h>
#include "driver/cmdq.h"
#include "driver/queue.h"
#include "driver/strtab.h"

#define PAGE_BYTES UINT64_C(0x10000)

static int refuse(const struct arm_smmu *smmu, const char *why)
{
	arm_smmu_msg(smmu, IOMMU_MSG_ERROR, "%s", why);
	return -EINVAL;
}

/* DRV-2, DRV-4, DRV-5 */
static int check_desc(const struct arm_smmu *smmu, const struct arm_smmu_desc *desc)
{
	bool short_window = desc->options & ARM_SMMU_PAGE0_REGS_ONLY;

	if (desc->iommu_cells != 1)
		return refuse(smmu, "#iommu-cells is not 1: a StreamID has one cell");
	if (desc->base & (PAGE_BYTES - 1))
		return refuse(smmu, "reg: the base is not a multiple of 64 KiB");
	if (desc->size < (short_window ? PAGE_BYTES : 2 * PAGE_BYTES))
		return refuse(smmu, short_window
					    ? "reg: the window is smaller than 64 KiB"
					    : "reg: the window is smaller than 128 KiB");
	return 0;
}

static struct arm_smmu *create(const struct arm_smmu_desc *desc,
			       const struct iommu_platform *platform)
{
	struct arm_smmu *smmu = calloc(1, sizeof(*smmu));

	if (!smmu)
		return NULL;
	snprintf(smmu->name, sizeof(smmu->name), "%s",
		 desc->name ? desc->name : "arm-smmu-v3");
	smmu->platform = *platform;
	smmu->fwnode = desc->fwnode ? iommu_fwnode_get(desc->fwnode) : NULL;
	smmu->base = desc->base;
	smmu->size = desc->size;
	smmu->page1 = desc->base;
	if (!(desc->options & ARM_SMMU_PAGE0_REGS_ONLY))
		smmu->page1 += PAGE_BYTES;
	smmu->options = desc->options;
	pthread_mutex_init(&smmu->cd_lock, NULL);
	pthread_mutex_init(&smmu->streams_lock, NULL);
	return smmu;
}

static void destroy(struct arm_smmu *smmu)
{
	arm_smmu_strtab_fini(smmu);
	arm_smmu_ecmdq_fini(smmu);
	arm_smmu_cmdq_free(smmu, &smmu->cmdq);
	arm_smmu_queue_free(smmu, &smmu->evtq);
	arm_smmu_queue_free(smmu, &smmu->priq);
	iommu_iopf_queue_destroy(smmu->iopf);
	arm_smmu_ids_fini(&smmu->asids);
	arm_smmu_ids_fini(&smmu->vmids);
	free(smmu->streams);
	free(smmu->bypass);
	if (smmu->fwnode)
		iommu_fwnode_put(smmu->fwnode);
	pthread_mutex_destroy(&smmu->streams_lock);
	pthread_mutex_destroy(&smmu->cd_lock);
	free(smmu);
}

/* Where what has to sleep over a page fault does so, if there can be any (DRV-1). */
static int init_iopf(struct arm_smmu *smmu, bool threaded)
{
	if (!(smmu->features & (FEAT_STALLS | FEAT_PRI)))
		return 0;
	return iommu_iopf_queue_create(&smmu->iopf, threaded);
}

static int init_structures(struct arm_smmu *smmu, const struct arm_smmu_desc *desc)
{
	int err = arm_smmu_cmdq_alloc(smmu, &smmu->cmdq, smmu->cmdq_log2,
				      SMMU_REG_CMDQ_PROD, SMMU_REG_CMDQ_CONS);

	if (!err)
		err = arm_smmu_queue_alloc(smmu, &smmu->evtq, smmu->evtq_log2,
					   SMMU_EVENT_DWORDS, SMMU_REG_EVENTQ_PROD,
					   SMMU_REG_EVENTQ_CONS);
	if (!err && (smmu->features & FEAT_PRI))
		err = arm_smmu_queue_alloc(smmu, &smmu->priq, smmu->priq_log2,
					   SMMU_PRI_DWORDS, SMMU_REG_PRIQ_PROD,
					   SMMU_REG_PRIQ_CONS);
	if (!err)
		err = arm_smmu_strtab_init(smmu);
	if (!err)
		arm_smmu_rmr_install(smmu);
	if (!err)
		arm_smmu_ecmdq_init(smmu);
	if (!err)
		err = arm_smmu_ids_init(&smmu->asids, smmu->asid_bits);
	if (!err)
		err = arm_smmu_ids_init(&smmu->vmids, smmu->vmid_bits);
	if (!err)
		err = init_iopf(smmu, desc->iopf_thread);
	return err;
}

static int publish(struct arm_smmu *smmu, struct iommu_system *sys)
{
	smmu->iommu.name = smmu->name;
	smmu->iommu.ops = &arm_smmu_ops;
	smmu->iommu.fwnode = smmu->fwnode;
	smmu->iommu.max_pasids = 0;
	if ((smmu->features & FEAT_S1) && smmu->ssid_bits)
		smmu->iommu.max_pasids = 1u << smmu->ssid_bits; /* DRV-8 */
	return iommu_instance_register(sys, &smmu->iommu);
}

int arm_smmu_probe(struct arm_smmu **out, const struct arm_smmu_desc *desc,
		   const struct iommu_platform *platform, struct iommu_system *sys)
{
	struct arm_smmu *smmu = create(desc, platform);
	int err;

	if (!smmu)
		return -ENOMEM;
	err = check_desc(smmu, desc);
	if (!err)
		err = arm_smmu_rmr_init(smmu, desc);
	if (!err)
		err = arm_smmu_read_ids(smmu, desc);
	if (!err)
		err = init_structures(smmu, desc);
	if (!err)
		err = arm_smmu_irq_setup(smmu, desc);
	if (err)
		goto fail;
	err = arm_smmu_enable(smmu);
	if (!err)
		err = publish(smmu, sys);
	if (err) {
		arm_smmu_disable(smmu);
		arm_smmu_irq_teardown(smmu);
		goto fail;
	}
	*out = smmu;
	return 0;
fail:
	destroy(smmu);
	return err;
}

void arm_smmu_remove(struct arm_smmu *smmu)
{
	if (!smmu)
		return;
	iommu_instance_unregister(&smmu->iommu);
	arm_smmu_disable(smmu);
	arm_smmu_irq_teardown(smmu);
	destroy(smmu);
}

struct iommu_instance *arm_smmu_instance(struct arm_smmu *smmu)
{
	return &smmu->iommu;
}

void arm_smmu_poll(struct arm_smmu *smmu)
{
	arm_smmu_gerror_handler(smmu);
	arm_smmu_evtq_handler(smmu);
	arm_smmu_priq_handler(smmu);
	if (smmu->iopf)
		(void)iommu_iopf_queue_run(smmu->iopf);
}

struct iommu_iopf_queue *arm_smmu_iopf_queue(struct arm_smmu *smmu)
{
	return smmu->iopf;
}

void arm_smmu_set_event_hook(struct arm_smmu *smmu, arm_smmu_event_fn fn, void *ctx)
{
	smmu->event_fn = fn;
	smmu->event_ctx = ctx;
}
