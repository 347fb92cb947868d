/* SPDX-License-Identifier: MIT */
/* One register as a dump of a real machine has it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <smmulator/decode.h>
#include <smmulator/snapshot.h>
#include "model/register/regfile.h"

static int refuse(char *why, size_t n, const char *name, uint64_t value, const char *what,
		  uint64_t legal)
{
	if (why && n)
		(void)snprintf(why, n, "%s = 0x%" PRIx64 ": %s 0x%" PRIx64, name, value,
			       what, legal);
	return -EINVAL;
}

static int store(struct smmu *smmu, const struct smmu_reg_info *info, uint64_t value,
		 char *why, size_t n)
{
	const struct smmu_regdesc *reg = smmu_regdesc_at(smmu, info->offset);
	uint64_t max = info->bits == 64 ? UINT64_MAX : UINT32_MAX, now;

	if (value > max)
		return refuse(why, n, info->name, value, "legal: 0 to", max);
	if (!reg)
		return refuse(why, n, info->name, value,
			      "this SMMU does not have it; legal:", 0);
	now = smmu_regdesc_read(smmu, reg);
	if (reg->at >= offsetof(struct smmu, id) &&
	    reg->at < offsetof(struct smmu, id) + sizeof(smmu->id))
		return value == now ? 0
				    : refuse(why, n, info->name, value,
					     "this SMMU was made with", now);
	smmu_regdesc_restore(smmu, reg, value);
	/* What is acknowledged is what was asked for, unless the dump says else. */
	if (info->offset == SMMU_REG_CR0)
		smmu_reg_put(&smmu->regs.cr0ack, smmu->regs.cr0);
	if (info->offset == SMMU_REG_IRQ_CTRL)
		smmu_reg_put(&smmu->regs.irq_ctrlack, smmu->regs.irq_ctrl);
	return 0;
}

int smmu_reg_restore(struct smmu *smmu, const char *name, uint64_t value, char *why,
		     size_t n)
{
	struct smmu_reg_info info;
	int err;

	if (!smmu || !name || smmu_reg_find(name, &info) != 0 || info.page[0] != 'P' ||
	    (info.page[1] != '0' && info.page[1] != '1')) {
		if (why && n)
			(void)snprintf(why, n,
				       "%s: no register of page 0 or 1; legal is a name "
				       "such as CR0 or STRTAB_BASE",
				       name ? name : "NULL");
		return -EINVAL;
	}
	if (!smmu_lock(smmu))
		return -EBUSY;
	err = store(smmu, &info, value, why, n);
	smmu_unlock_and_deliver(smmu);
	return err;
}
