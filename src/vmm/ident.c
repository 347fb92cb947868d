/* SPDX-License-Identifier: MIT */
/* What the guest's SMMU is, by what the hardware is (DRV-122), and its place. */
#include <errno.h>
#include <string.h>
#include <smmulator/arch.h>
#include <smmulator/config.h>
#include <smmulator/frontend.h>
#include <smmulator/iommufd_smmuv3.h>
#include "vmm/vmm.h"

static int ask_hardware(struct vmm_guest *guest, struct iommu_hw_info_arm_smmuv3 *hw)
{
	struct iommu_hw_info cmd = {
		.size = sizeof(cmd),
		.dev_id = guest->devices[0].dev_id,
		.data_len = sizeof(*hw),
		.data_uptr = (uintptr_t)hw,
	};
	int err = iommufd_get_hw_info(guest->ctx, &cmd);

	if (!err && cmd.out_data_type != IOMMU_HW_INFO_TYPE_ARM_SMMUV3)
		err = -EOPNOTSUPP;
	return err;
}

static void keep(uint32_t *to, uint32_t from, unsigned field)
{
	*to |= from & (uint32_t)SMMU_MASK(field);
}

static void put(uint32_t *to, unsigned field, unsigned value)
{
	*to = (uint32_t)smmu_reg_set(*to, field, value);
}

/* From hardware, what tables and commands of the guest mean there; the rest is ours. */
static struct smmu_id_values mask(const struct vmm_guest *guest,
				  const struct iommu_hw_info_arm_smmuv3 *hw)
{
	static const int idr0[] = { SMMU_IDR0_TTF, SMMU_IDR0_TTENDIAN, SMMU_IDR0_CD2L,
				    SMMU_IDR0_ASID16, SMMU_IDR0_TERM_MODEL };
	/* What a version demands is there as well: FWB, though it is of stage 2. */
	static const int idr3[] = { SMMU_IDR3_BBML, SMMU_IDR3_RIL,  SMMU_IDR3_HAD,
				    SMMU_IDR3_E0PD, SMMU_IDR3_EPAN, SMMU_IDR3_FWB };
	static const int idr5[] = { SMMU_IDR5_OAS, SMMU_IDR5_VAX, SMMU_IDR5_GRAN4K,
				    SMMU_IDR5_GRAN16K, SMMU_IDR5_GRAN64K };
	struct smmu_id_values id = { { 0 }, 0, 0 };

	for (size_t i = 0; i < sizeof(idr0) / sizeof(idr0[0]); i++)
		keep(&id.idr[0], hw->idr[0], (unsigned)idr0[i]);
	put(&id.idr[0], SMMU_IDR0_S1P, 1);
	put(&id.idr[0], SMMU_IDR0_COHACC, 1);
	put(&id.idr[0], SMMU_IDR0_ST_LEVEL, 1);
	if (guest->config.stalls) {
		keep(&id.idr[0], hw->idr[0], SMMU_IDR0_STALL_MODEL);
		keep(&id.idr[5], hw->idr[5], SMMU_IDR5_STALL_MAX);
	} else {
		put(&id.idr[0], SMMU_IDR0_STALL_MODEL, 1);
	}
	if (guest->config.ats)
		keep(&id.idr[0], hw->idr[0], SMMU_IDR0_ATS);
	keep(&id.idr[1], hw->idr[1], SMMU_IDR1_SSIDSIZE);
	put(&id.idr[1], SMMU_IDR1_SIDSIZE, guest->config.sid_bits);
	put(&id.idr[1], SMMU_IDR1_CMDQS, guest->config.queue_bits);
	put(&id.idr[1], SMMU_IDR1_EVENTQS, guest->config.queue_bits);
	for (size_t i = 0; i < sizeof(idr3) / sizeof(idr3[0]); i++)
		keep(&id.idr[3], hw->idr[3], (unsigned)idr3[i]);
	for (size_t i = 0; i < sizeof(idr5) / sizeof(idr5[0]); i++)
		keep(&id.idr[5], hw->idr[5], (unsigned)idr5[i]);
	/* Without LPA2, 52 bits are for 64K granules alone. */
	if (!smmu_reg_get(id.idr[5], SMMU_IDR5_GRAN64K)) {
		put(&id.idr[5], SMMU_IDR5_VAX, 0);
		if (smmu_reg_get(id.idr[5], SMMU_IDR5_OAS) > SMMU_OAS_48)
			put(&id.idr[5], SMMU_IDR5_OAS, SMMU_OAS_48);
	}
	keep(&id.aidr, hw->aidr, SMMU_AIDR_ArchMinorRev);
	return id;
}

/* What goes wrong is in why; nobody else is told. */
static void silent(void *ctx, const char *message)
{
	(void)ctx;
	(void)message;
}

static int configure(struct vmm_guest *guest, struct smmu_config *cfg, char *why,
		     size_t n)
{
	struct iommu_hw_info_arm_smmuv3 hw;
	struct smmu_id_values id;
	unsigned stall_model;
	int err;

	memset(&hw, 0, sizeof(hw));
	err = ask_hardware(guest, &hw);
	if (err)
		return vmm_fail(why, n, err, "hw_info of %s: %s",
				iommu_dev_name(guest->devices[0].device.dev),
				strerror(-err));
	stall_model = (unsigned)smmu_reg_get(hw.idr[0], SMMU_IDR0_STALL_MODEL);
	if (stall_model == 2 && !guest->config.stalls)
		return vmm_fail(
			why, n, -EOPNOTSUPP,
			"SMMU_IDR0.STALL_MODEL = 2: the hardware stalls every fault; "
			"legal: 0 or 1, or the guest's stalls");
	guest->forbid_stalls = stall_model == 0;
	id = mask(guest, &hw);
	err = smmu_config_from_id(cfg, &id, why, n);
	if (err)
		return err;
	guest->idr1 = id.idr[1];
	guest->oas = smmu_oas_bits((unsigned)smmu_reg_get(id.idr[5], SMMU_IDR5_OAS));
	cfg->name = guest->name;
	cfg->log = silent;
	return 0;
}

int vmm_make_smmu(struct vmm_guest *guest, char *why, size_t n)
{
	const struct vmm_config *c = &guest->config;
	struct smmu_config cfg;
	int err = configure(guest, &cfg, why, n);

	if (err)
		return err;
	guest->bus = smmu_bus_create();
	if (!guest->bus)
		return vmm_fail(why, n, -ENOMEM, "no memory");
	err = smmu_bus_add_ram(guest->bus, c->ram_base, c->ram_size, guest->ram);
	if (err)
		return vmm_fail(why, n, err, "guest's RAM at 0x%llx: %s",
				(unsigned long long)c->ram_base, strerror(-err));
	err = smmu_create(&guest->smmu, guest->bus, &cfg);
	if (err)
		return vmm_fail(why, n, err, "guest's SMMU %s: %s", guest->name,
				strerror(-err));
	smmu_set_front(guest->smmu, vmm_commands, guest);
	err = vmm_add_registers(guest);
	if (err)
		return vmm_fail(why, n, err, "guest's registers at 0x%llx: %s",
				(unsigned long long)c->smmu_base, strerror(-err));
	return 0;
}
