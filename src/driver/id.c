/* SPDX-License-Identifier: MIT */
/* What the ID registers say, in the order of DRV-7 to DRV-11. */
#include <errno.h>
#include "driver/driver.h"

/* log2 of the largest queue that the driver asks memory for: 2^16 * 32 bytes. */
#define QUEUE_LOG2_MAX 16u
/* A batch of 64 commands and its SYNC must fit (DRV-8). */
#define BATCH_LOG2   6u
#define STRTAB_SPLIT 8u

static int refuse(const struct arm_smmu *smmu, const char *field, uint32_t value,
		  const char *why)
{
	arm_smmu_msg(smmu, IOMMU_MSG_ERROR, "%s is %u: %s", field, value, why);
	return -ENXIO;
}

static uint32_t field(uint32_t reg, unsigned f)
{
	return (uint32_t)smmu_reg_get(reg, f);
}

struct flag {
	unsigned field;
	unsigned feature;
};

static void take_flags(struct arm_smmu *smmu, uint32_t reg, const struct flag *flags,
		       unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (field(reg, flags[i].field))
			smmu->features |= flags[i].feature;
}

/* Firmware's word on coherence wins; a difference is worth a warning (DRV-7). */
static void take_coherence(struct arm_smmu *smmu, uint32_t idr0, bool coherent)
{
	if (coherent)
		smmu->features |= FEAT_COHERENCY;
	if (coherent != (bool)field(idr0, SMMU_IDR0_COHACC))
		arm_smmu_msg(smmu, IOMMU_MSG_WARNING,
			     "SMMU_IDR0.COHACC is %u, firmware says %u: firmware wins",
			     field(idr0, SMMU_IDR0_COHACC), coherent);
}

static int take_tables(struct arm_smmu *smmu, uint32_t idr0)
{
	uint32_t endian = field(idr0, SMMU_IDR0_TTENDIAN),
		 ttf = field(idr0, SMMU_IDR0_TTF);

	/* 0 mixed, 2 little, 3 big: this driver keeps little-endian tables. */
	if (endian != 0 && endian != 2)
		return refuse(smmu, "SMMU_IDR0.TTENDIAN", endian,
			      "translation tables cannot be little-endian");
	if (!(smmu->features & (FEAT_S1 | FEAT_S2)))
		return refuse(smmu, "SMMU_IDR0.S1P and S2P", 0,
			      "no stage of translation");
	if (!(ttf & 2))
		return refuse(smmu, "SMMU_IDR0.TTF", ttf,
			      "no AArch64 translation tables");
	if (ttf == 3)
		smmu->ias = 40;
	return 0;
}

/* DRV-7 */
static int read_idr0(struct arm_smmu *smmu, uint32_t idr0,
		     const struct arm_smmu_desc *desc)
{
	static const struct flag flags[] = {
		{ SMMU_IDR0_CD2L, FEAT_2LVL_CDTAB }, { SMMU_IDR0_PRI, FEAT_PRI },
		{ SMMU_IDR0_ATS, FEAT_ATS },	     { SMMU_IDR0_SEV, FEAT_SEV },
		{ SMMU_IDR0_MSI, FEAT_MSI },	     { SMMU_IDR0_Hyp, FEAT_HYP },
		{ SMMU_IDR0_S1P, FEAT_S1 },	     { SMMU_IDR0_S2P, FEAT_S2 },
	};
	uint32_t httu = field(idr0, SMMU_IDR0_HTTU);

	if (field(idr0, SMMU_IDR0_ST_LEVEL) == 1)
		smmu->features |= FEAT_2LVL_STRTAB;
	take_flags(smmu, idr0, flags, sizeof(flags) / sizeof(flags[0]));
	if (desc->vhe && (smmu->features & FEAT_HYP))
		smmu->features |= FEAT_E2H;
	if (desc->httu_override && desc->httu != httu) {
		arm_smmu_msg(smmu, IOMMU_MSG_WARNING,
			     "SMMU_IDR0.HTTU is %u, firmware says %u: firmware wins",
			     httu, desc->httu);
		httu = desc->httu;
	}
	if (httu >= 1)
		smmu->features |= FEAT_HA;
	if (httu >= 2)
		smmu->features |= FEAT_HD;
	take_coherence(smmu, idr0, desc->coherent);
	if (field(idr0, SMMU_IDR0_STALL_MODEL) == 0)
		smmu->features |= FEAT_STALLS;
	else if (field(idr0, SMMU_IDR0_STALL_MODEL) == 2)
		smmu->features |= FEAT_STALLS | FEAT_STALL_FORCE;
	smmu->asid_bits = field(idr0, SMMU_IDR0_ASID16) ? 16 : 8;
	smmu->vmid_bits = field(idr0, SMMU_IDR0_VMID16) ? 16 : 8;
	return take_tables(smmu, idr0);
}

static unsigned queue_log2(uint32_t log2)
{
	return log2 < QUEUE_LOG2_MAX ? log2 : QUEUE_LOG2_MAX;
}

/* DRV-8 */
static int read_idr1(struct arm_smmu *smmu, uint32_t idr1)
{
	if (field(idr1, SMMU_IDR1_TABLES_PRESET))
		return refuse(smmu, "SMMU_IDR1.TABLES_PRESET", 1,
			      "a stream table at a fixed address is not supported");
	if (field(idr1, SMMU_IDR1_QUEUES_PRESET))
		return refuse(smmu, "SMMU_IDR1.QUEUES_PRESET", 1,
			      "queues at fixed addresses are not supported");
	if (field(idr1, SMMU_IDR1_REL))
		return refuse(smmu, "SMMU_IDR1.REL", 1,
			      "relative addresses are not supported");
	if (field(idr1, SMMU_IDR1_ATTR_TYPES_OVR))
		smmu->features |= FEAT_ATTR_TYPES_OVR;
	/* Their registers are beyond page 1. */
	if (field(idr1, SMMU_IDR1_ECMDQ) && !(smmu->options & ARM_SMMU_PAGE0_REGS_ONLY))
		smmu->features |= FEAT_ECMDQ;
	smmu->cmdq_log2 = queue_log2(field(idr1, SMMU_IDR1_CMDQS));
	smmu->evtq_log2 = queue_log2(field(idr1, SMMU_IDR1_EVENTQS));
	smmu->priq_log2 = queue_log2(field(idr1, SMMU_IDR1_PRIQS));
	if (smmu->cmdq_log2 <= BATCH_LOG2)
		return refuse(smmu, "SMMU_IDR1.CMDQS", smmu->cmdq_log2,
			      "the command queue cannot hold a batch and its CMD_SYNC");
	smmu->ssid_bits = field(idr1, SMMU_IDR1_SSIDSIZE);
	smmu->sid_bits = field(idr1, SMMU_IDR1_SIDSIZE);
	if (smmu->sid_bits <= STRTAB_SPLIT)
		smmu->features &= ~(unsigned)FEAT_2LVL_STRTAB;
	return 0;
}

/* DRV-9. A missing granule is no error as long as there is one. */
static int read_idr5(struct arm_smmu *smmu, uint32_t idr5)
{
	unsigned oas = field(idr5, SMMU_IDR5_OAS);

	if (field(idr5, SMMU_IDR5_GRAN64K))
		smmu->pgsize_bitmap |= UINT64_C(1) << 16 | UINT64_C(1) << 29;
	if (field(idr5, SMMU_IDR5_GRAN16K))
		smmu->pgsize_bitmap |= UINT64_C(1) << 14 | UINT64_C(1) << 25;
	if (field(idr5, SMMU_IDR5_GRAN4K))
		smmu->pgsize_bitmap |=
			UINT64_C(1) << 12 | UINT64_C(1) << 21 | UINT64_C(1) << 30;
	if (!smmu->pgsize_bitmap)
		return refuse(smmu, "SMMU_IDR5.GRAN4K, GRAN16K and GRAN64K", 0,
			      "no translation granule");
	smmu->oas = oas <= SMMU_OAS_52 ? smmu_oas_bits(oas) : 48;
	if (oas > SMMU_OAS_52)
		arm_smmu_msg(smmu, IOMMU_MSG_WARNING,
			     "SMMU_IDR5.OAS is %u: taken as 48 bits", oas);
	if (smmu->oas == 52)
		smmu->pgsize_bitmap |= UINT64_C(1) << 42;
	if (field(idr5, SMMU_IDR5_VAX) == 1)
		smmu->features |= FEAT_VAX;
	if (smmu->ias < smmu->oas)
		smmu->ias = smmu->oas;
	return 0;
}

static void read_idr3(struct arm_smmu *smmu, uint32_t idr3)
{
	if (field(idr3, SMMU_IDR3_FWB))
		smmu->features |= FEAT_S2FWB;
	if (field(idr3, SMMU_IDR3_RIL))
		smmu->features |= FEAT_RANGE_INV;
	if (field(idr3, SMMU_IDR3_BBML) == 2)
		smmu->features |= FEAT_BBML2;
}

/* DRV-11: parts that say more than they keep. */
static void apply_errata(struct arm_smmu *smmu)
{
	uint32_t product = field(smmu->iidr, SMMU_IIDR_ProductID);
	uint32_t variant = field(smmu->iidr, SMMU_IIDR_Variant);
	uint32_t revision = field(smmu->iidr, SMMU_IIDR_Revision);

	if (field(smmu->iidr, SMMU_IIDR_Implementer) != 0x43b)
		return;
	if (product == 0x483) { /* MMU-600 */
		if (variant == 0 && revision <= 2)
			smmu->features &= ~(unsigned)FEAT_SEV;
		if (variant < 2)
			smmu->features &= ~(unsigned)FEAT_NESTING;
	} else if (product == 0x487 && (variant < 1 || revision < 1)) { /* MMU-700 */
		smmu->features |= FEAT_CMDQ_FORCE_SYNC;
		smmu->features &= ~(unsigned)FEAT_NESTING;
	}
	/* What they say of BTM does not matter here: CR2.PTM is always set. */
}

int arm_smmu_read_ids(struct arm_smmu *smmu, const struct arm_smmu_desc *desc)
{
	static const uint32_t regs[] = { SMMU_REG_IDR0, SMMU_REG_IDR1, SMMU_REG_IDR2,
					 SMMU_REG_IDR3, SMMU_REG_IDR4, SMMU_REG_IDR5 };
	int err;

	for (unsigned i = 0; i < 6; i++)
		smmu->idr[i] = arm_smmu_read32(smmu, regs[i]);
	smmu->iidr = arm_smmu_read32(smmu, SMMU_REG_IIDR);
	smmu->aidr = arm_smmu_read32(smmu, SMMU_REG_AIDR);
	err = read_idr0(smmu, smmu->idr[0], desc);
	if (!err)
		err = read_idr1(smmu, smmu->idr[1]);
	if (err)
		return err;
	read_idr3(smmu, smmu->idr[3]);
	err = read_idr5(smmu, smmu->idr[5]);
	if (err)
		return err;
	if ((smmu->features & FEAT_S1) && (smmu->features & FEAT_S2))
		smmu->features |= FEAT_NESTING; /* DRV-10 */
	apply_errata(smmu);
	return 0;
}
