/* SPDX-License-Identifier: MIT */
/*
 * Commands of a guest's queue, made the host's own: only what concerns the guest's stage
 * 1, under the guest's VMID and its devices' StreamIDs (DRV-120, DRV-121).
 *
 * CHOICE: a command that the SMMU would stop at (CERROR_ILL) is refused here: the queue
 * is everybody's.
 */
#include <errno.h>
#include <smmulator/iommufd_smmuv3.h>
#include "driver/change.h"
#include "driver/vsmmu.h"

#define MAX_FIELDS 9

/* The fields of each command that a guest may give; all other bits must be 0. */
static const struct known {
	uint8_t opcode;
	uint32_t fields[MAX_FIELDS]; /* the opcode is in all of them */
	unsigned num;
} known[] = {
	{ SMMU_OP_TLBI_NSNH_ALL, { 0 }, 0 },
	{ SMMU_OP_TLBI_NH_ALL, { SMMU_CMD_TLBI_NH_ALL_VMID }, 1 },
	{ SMMU_OP_TLBI_NH_ASID,
	  { SMMU_CMD_TLBI_NH_ASID_VMID, SMMU_CMD_TLBI_NH_ASID_ASID },
	  2 },
	{ SMMU_OP_TLBI_NH_VA,
	  { SMMU_CMD_TLBI_NH_VA_VMID, SMMU_CMD_TLBI_NH_VA_ASID, SMMU_CMD_TLBI_NH_VA_NUM,
	    SMMU_CMD_TLBI_NH_VA_SCALE, SMMU_CMD_TLBI_NH_VA_Leaf, SMMU_CMD_TLBI_NH_VA_TTL,
	    SMMU_CMD_TLBI_NH_VA_TG, SMMU_CMD_TLBI_NH_VA_Address },
	  8 },
	{ SMMU_OP_TLBI_NH_VAA,
	  { SMMU_CMD_TLBI_NH_VAA_VMID, SMMU_CMD_TLBI_NH_VAA_NUM,
	    SMMU_CMD_TLBI_NH_VAA_SCALE, SMMU_CMD_TLBI_NH_VAA_Leaf,
	    SMMU_CMD_TLBI_NH_VAA_TTL, SMMU_CMD_TLBI_NH_VAA_TG,
	    SMMU_CMD_TLBI_NH_VAA_Address },
	  7 },
	{ SMMU_OP_ATC_INV,
	  { SMMU_CMD_ATC_INV_SSV, SMMU_CMD_ATC_INV_SubstreamID, SMMU_CMD_ATC_INV_StreamID,
	    SMMU_CMD_ATC_INV_Global, SMMU_CMD_ATC_INV_Size, SMMU_CMD_ATC_INV_Address },
	  6 },
	{ SMMU_OP_CFGI_CD,
	  { SMMU_CMD_CFGI_CD_SubstreamID, SMMU_CMD_CFGI_CD_StreamID,
	    SMMU_CMD_CFGI_CD_Leaf },
	  3 },
	{ SMMU_OP_CFGI_CD_ALL, { SMMU_CMD_CFGI_CD_ALL_StreamID }, 1 },
};

static const struct known *find(uint8_t opcode)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].opcode == opcode)
			return &known[i];
	return NULL;
}

static bool only_known_bits(const struct known *k, const uint64_t *dw)
{
	uint64_t mask[SMMU_CMD_DWORDS] = { SMMU_MASK(SMMU_CMD_OPCODE) };

	for (unsigned i = 0; i < k->num; i++)
		mask[SMMU_FIELD_WORD(k->fields[i])] |= SMMU_MASK(k->fields[i]);
	return !(dw[0] & ~mask[0]) && !(dw[1] & ~mask[1]);
}

/* NH_VAA has its range where NH_VA has it. */
_Static_assert(SMMU_CMD_TLBI_NH_VA_NUM == SMMU_CMD_TLBI_NH_VAA_NUM &&
		       SMMU_CMD_TLBI_NH_VA_SCALE == SMMU_CMD_TLBI_NH_VAA_SCALE &&
		       SMMU_CMD_TLBI_NH_VA_TTL == SMMU_CMD_TLBI_NH_VAA_TTL &&
		       SMMU_CMD_TLBI_NH_VA_TG == SMMU_CMD_TLBI_NH_VAA_TG &&
		       SMMU_CMD_TLBI_NH_VA_VMID == SMMU_CMD_TLBI_NH_VAA_VMID &&
		       SMMU_CMD_TLBI_NH_VA_VMID == SMMU_CMD_TLBI_NH_ALL_VMID &&
		       SMMU_CMD_TLBI_NH_VA_VMID == SMMU_CMD_TLBI_NH_ASID_VMID &&
		       SMMU_CMD_CFGI_CD_StreamID == SMMU_CMD_CFGI_CD_ALL_StreamID &&
		       SMMU_CMD_CFGI_CD_StreamID == SMMU_CMD_ATC_INV_StreamID,
	       "one routine sees to all of them");

/* CMD-42, CMD-43: what of it there is, and the ranges that are none. */
static bool range_legal(const struct arm_smmu *smmu, const uint64_t *dw)
{
	uint64_t tg = smmu_get(dw, SMMU_CMD_TLBI_NH_VA_TG);
	uint64_t num = smmu_get(dw, SMMU_CMD_TLBI_NH_VA_NUM);
	uint64_t scale = smmu_get(dw, SMMU_CMD_TLBI_NH_VA_SCALE);
	uint64_t ttl = smmu_get(dw, SMMU_CMD_TLBI_NH_VA_TTL);
	bool ds = smmu_reg_get(smmu->idr[5], SMMU_IDR5_DS);

	if (!tg)
		return !num && !scale && !ttl;
	if (!(smmu->features & FEAT_RANGE_INV) || (scale > 31 && !ds))
		return false;
	if (tg == 2 && ttl == 1 && !ds)
		ttl = 0;
	return num || scale || ttl;
}

/*
 * The StreamID becomes the device's. *atc: it may hold translations. -EIO: the guest has
 * no device of that name.
 */
static int translate_sid(struct arm_vsmmu *vsmmu, uint64_t *dw, bool *atc)
{
	uint32_t vsid = (uint32_t)smmu_get(dw, SMMU_CMD_CFGI_CD_StreamID);
	struct iommu_dev *dev = iommufd_viommu_find_dev(&vsmmu->core, vsid);
	const struct arm_smmu_attachment *at;
	const struct arm_smmu_master *master;

	if (!dev)
		return -EIO;
	master = iommu_dev_priv(dev);
	smmu_set(dw, SMMU_CMD_CFGI_CD_StreamID, master->sids[0]);
	pthread_mutex_lock(&vsmmu->smmu->streams_lock);
	at = arm_smmu_attachment(master, IOMMU_NO_PASID);
	*atc = at && at->atc != ATC_NONE;
	pthread_mutex_unlock(&vsmmu->smmu->streams_lock);
	return 0;
}

/* In place. *send: there is something to do for the hardware. */
static int convert(struct arm_vsmmu *vsmmu, struct arm_smmu_cmd *cmd, bool *send)
{
	uint8_t opcode = (uint8_t)smmu_get(cmd->dw, SMMU_CMD_OPCODE);
	const struct known *k = find(opcode);

	*send = true;
	if (!k || !only_known_bits(k, cmd->dw))
		return -EIO;
	switch (opcode) {
	case SMMU_OP_TLBI_NSNH_ALL:
		*cmd = arm_smmu_cmd(SMMU_OP_TLBI_NH_ALL);
		break;
	case SMMU_OP_TLBI_NH_VA:
	case SMMU_OP_TLBI_NH_VAA:
		if (!range_legal(vsmmu->smmu, cmd->dw))
			return -EIO;
		break;
	case SMMU_OP_ATC_INV:
		if (!(vsmmu->smmu->features & FEAT_ATS) ||
		    smmu_get(cmd->dw, SMMU_CMD_ATC_INV_Size) > 52)
			return -EIO;
		return translate_sid(vsmmu, cmd->dw, send);
	case SMMU_OP_CFGI_CD:
	case SMMU_OP_CFGI_CD_ALL: {
		bool atc;

		return translate_sid(vsmmu, cmd->dw, &atc);
	}
	default:
		break;
	}
	smmu_set(cmd->dw, SMMU_CMD_TLBI_NH_ALL_VMID, vsmmu->parent->id);
	return 0;
}

int arm_vsmmu_invalidate(struct iommufd_viommu *viommu, struct iommu_user_array *array)
{
	struct arm_vsmmu *vsmmu = to_vsmmu(viommu);
	uint32_t num = array->entry_num, i = 0;
	struct arm_smmu_batch b;
	int err = 0, lost;

	array->entry_num = 0;
	if (array->type != IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3)
		return -EINVAL;
	if (!num)
		return 0;
	arm_smmu_batch_init(&b, vsmmu->smmu);
	/* One after the other: no memory is needed, however many the guest has. */
	for (; i < num; i++) {
		struct arm_smmu_cmd cmd;
		bool send;

		err = iommu_user_array_copy(array, i, cmd.dw, sizeof(cmd.dw),
					    sizeof(cmd.dw));
		if (!err)
			err = convert(vsmmu, &cmd, &send);
		if (err)
			break;
		if (send)
			arm_smmu_batch_add(&b, &cmd);
	}
	/* Also before an error is told: what is counted is done (DRV-121). */
	lost = i ? arm_smmu_batch_sync(&b) : 0;
	if (lost)
		return lost;
	array->entry_num = i;
	return err;
}
