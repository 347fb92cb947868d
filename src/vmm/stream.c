/* SPDX-License-Identifier: MIT */
/*
 * Where a device's DMA goes, as the guest's registers and its stream table say: from a
 * StreamID to the two words of its STE (IHI 0070 5.1, 5.2), from these to a nested HWPT.
 */
#include <endian.h>
#include <smmulator/arch.h>
#include <smmulator/iommufd_smmuv3.h>
#include "vmm/vmm.h"

/* DRV-117: what the host's driver takes of a guest's STE. */
static const int passed[] = {
	SMMU_STE_V,	  SMMU_STE_Config, SMMU_STE_S1Fmt, SMMU_STE_S1ContextPtr,
	SMMU_STE_S1CDMax, SMMU_STE_S1DSS,  SMMU_STE_S1CIR, SMMU_STE_S1COR,
	SMMU_STE_S1CSH,	  SMMU_STE_EATS,
};
enum { PASSED = sizeof(passed) / sizeof(passed[0]) };

/* One word of the guest's memory; false: it is not RAM. */
static bool read_word(const struct vmm_guest *guest, uint64_t gpa, uint64_t *word)
{
	return smmu_bus_ptr(guest->bus, gpa, sizeof(*word)) &&
	       smmu_bus_read64(guest->bus, gpa, word, NULL) == 0;
}

static uint64_t align_down(uint64_t addr, unsigned bits)
{
	return bits < 64 ? addr >> bits << bits : 0;
}

static unsigned sid_bits(const struct vmm_guest *guest, unsigned log2size)
{
	unsigned most = (unsigned)smmu_reg_get(guest->idr1, SMMU_IDR1_SIDSIZE);

	return log2size < most ? log2size : most;
}

/* REG-75 */
static unsigned split_of(uint32_t cfg)
{
	unsigned split = (unsigned)smmu_reg_get(cfg, SMMU_STRTAB_BASE_CFG_SPLIT);

	return split == 8 || split == 10 ? split : 6;
}

static struct vmm_ste none(unsigned event, uint64_t addr)
{
	return (struct vmm_ste){ .event = (uint8_t)event, .addr = addr };
}

/* L1STD-1 to L1STD-4, REG-76. False: *why there is none. */
static bool find_in_two_levels(const struct vmm_guest *guest, uint32_t vsid,
			       uint64_t *addr, struct vmm_ste *why)
{
	uint32_t cfg = guest->seen.strtab_cfg;
	unsigned log2size = (unsigned)smmu_reg_get(cfg, SMMU_STRTAB_BASE_CFG_LOG2SIZE);
	unsigned split = split_of(cfg), span;
	uint64_t base = smmu_reg_get_addr(guest->seen.strtab_base, SMMU_STRTAB_BASE_ADDR);
	uint64_t index = vsid & ((1u << split) - 1), l1std;

	base = align_down(base, log2size > split + 3 ? log2size - split + 3 : 6);
	base += 8 * (uint64_t)(vsid >> split);
	if (!read_word(guest, base, &l1std)) {
		*why = none(SMMU_EVT_F_STE_FETCH, base);
		return false;
	}
	span = (unsigned)smmu_get(&l1std, SMMU_L1STD_Span);
	if (span == 0 || span > split + 1 || index >> (span - 1) != 0) {
		*why = none(SMMU_EVT_C_BAD_STREAMID, 0);
		return false;
	}
	*addr = align_down(smmu_get_addr(&l1std, SMMU_L1STD_L2Ptr), span + 5) +
		64 * index;
	return true;
}

/* T-5, T-6: the first two words of the STE. False: *why there is none. */
static bool fetch(const struct vmm_guest *guest, uint32_t vsid, uint64_t dw[2],
		  struct vmm_ste *why)
{
	uint32_t cfg = guest->seen.strtab_cfg;
	unsigned log2size = (unsigned)smmu_reg_get(cfg, SMMU_STRTAB_BASE_CFG_LOG2SIZE);
	unsigned bits = sid_bits(guest, log2size);
	uint64_t base = smmu_reg_get_addr(guest->seen.strtab_base, SMMU_STRTAB_BASE_ADDR);
	uint64_t addr = align_down(base, log2size + 6) + 64 * (uint64_t)vsid;

	if (bits < 32 && vsid >> bits != 0) {
		*why = none(SMMU_EVT_C_BAD_STREAMID, 0);
		return false;
	}
	if (smmu_reg_get(cfg, SMMU_STRTAB_BASE_CFG_FMT) == 1 &&
	    !find_in_two_levels(guest, vsid, &addr, why))
		return false;
	if (read_word(guest, addr, &dw[0]) && read_word(guest, addr + 8, &dw[1]))
		return true;
	*why = none(SMMU_EVT_F_STE_FETCH, addr);
	return false;
}

static struct vmm_ste ste_of(unsigned config)
{
	struct vmm_ste ste = { .event = 0 };

	smmu_set(ste.dw, SMMU_STE_V, 1);
	smmu_set(ste.dw, SMMU_STE_Config, config);
	return ste;
}

/*
 * What this SMMU, which has one stage, makes of a guest's STE. All zero (V == 0): it is
 * ILLEGAL. What hardware judges alike, it is left to judge (STE-18, STE-19).
 */
static struct vmm_ste take(const struct vmm_guest *guest, const uint64_t dw[2])
{
	const struct vmm_ste illegal = none(SMMU_EVT_C_BAD_STE, 0);
	struct vmm_ste ste = { .event = 0 };

	if (!smmu_get(dw, SMMU_STE_V))
		return illegal;
	switch (smmu_get(dw, SMMU_STE_Config)) {
	case SMMU_STE_CONFIG_ABORT:
	case SMMU_STE_CONFIG_BYPASS:
		return ste_of((unsigned)smmu_get(dw, SMMU_STE_Config));
	case SMMU_STE_CONFIG_S1:
		break;
	default:
		/* STE-2: 0b00x aborts all the same; stage 2 is not there (STE-6). */
		return smmu_get(dw, SMMU_STE_Config) < 4 ? ste_of(SMMU_STE_CONFIG_ABORT)
							 : illegal;
	}
	for (unsigned i = 0; i < PASSED; i++)
		smmu_set(ste.dw, (unsigned)passed[i], smmu_get(dw, (unsigned)passed[i]));
	/* The pointer is the guest's physical address: its bits end with OAS. */
	if (smmu_get_addr(ste.dw, SMMU_STE_S1ContextPtr) >> guest->oas != 0)
		return illegal;
	if (!guest->config.ats)
		smmu_set(ste.dw, SMMU_STE_EATS, 0);
	else if (smmu_get(ste.dw, SMMU_STE_EATS) > 1)
		return illegal; /* STE-8 and STE-10: split stage, or a table */
	if (guest->config.stalls)
		smmu_set(ste.dw, SMMU_STE_S1STALLD, smmu_get(dw, SMMU_STE_S1STALLD));
	else if (guest->forbid_stalls)
		smmu_set(ste.dw, SMMU_STE_S1STALLD, 1);
	return ste;
}

static struct vmm_ste wanted(const struct vmm_guest *guest, uint32_t vsid)
{
	struct vmm_ste why;
	uint64_t dw[2];

	if (!guest->seen.enabled)
		return ste_of(guest->seen.abort ? SMMU_STE_CONFIG_ABORT
						: SMMU_STE_CONFIG_BYPASS);
	return fetch(guest, vsid, dw, &why) ? take(guest, dw) : why;
}

/* ---- from an STE to where DMA goes ---- */

static void drop_hwpt(struct vmm_guest *guest, uint32_t hwpt_id)
{
	struct iommu_destroy cmd = { .size = sizeof(cmd), .id = hwpt_id };

	if (hwpt_id)
		(void)iommufd_destroy(guest->ctx, &cmd);
}

static int make_hwpt(struct vmm_guest *guest, const struct vmm_assignment *a,
		     const struct vmm_ste *ste, uint32_t *hwpt_id)
{
	struct iommu_hwpt_arm_smmuv3 data = { { htole64(ste->dw[0]),
						htole64(ste->dw[1]) } };
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.dev_id = a->dev_id,
		.pt_id = guest->viommu,
		.data_type = IOMMU_HWPT_DATA_ARM_SMMUV3,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
	};
	int err;

	/* 16.4: a PCIe function is never stalled. */
	if (guest->config.stalls &&
	    iommu_dev_desc(a->device.dev)->bus == IOMMU_BUS_PLATFORM) {
		cmd.flags = IOMMU_HWPT_FAULT_ID_VALID;
		cmd.fault_id = guest->fault_id;
	}
	err = iommufd_hwpt_alloc(guest->ctx, &cmd);
	*hwpt_id = cmd.out_hwpt_id;
	return err;
}

static int move(struct vmm_guest *guest, struct vmm_assignment *a,
		const struct vmm_ste *ste)
{
	uint32_t fresh, pt, old = a->hwpt_id;
	int err = make_hwpt(guest, a, ste, &fresh);

	if (err)
		return err;
	pt = fresh;
	if (old)
		err = iommufd_device_replace(guest->ctx, a->dev_id, IOMMU_NO_PASID, &pt);
	else
		err = iommufd_device_attach(guest->ctx, a->dev_id, IOMMU_NO_PASID, &pt);
	drop_hwpt(guest, err ? fresh : old);
	if (err)
		return err;
	/* What waited in the old one the host has answered with no. */
	vmm_stalls_drop(guest, a->device.vsid);
	a->hwpt_id = fresh;
	a->ste = *ste;
	guest->stats.stes++;
	return 0;
}

int vmm_follow(struct vmm_guest *guest, struct vmm_assignment *a, bool *moved)
{
	struct vmm_ste ste = wanted(guest, a->device.vsid);
	int err;

	*moved = !a->hwpt_id || ste.dw[0] != a->ste.dw[0] || ste.dw[1] != a->ste.dw[1];
	if (!*moved) {
		a->ste = ste; /* none for another reason */
		return 0;
	}
	err = move(guest, a, &ste);
	if (err)
		guest->stats.stes_failed++;
	return err;
}

int vmm_follow_registers(struct vmm_guest *guest, const struct vmm_regs *regs)
{
	int err = 0;
	bool moved;

	guest->seen = *regs;
	for (size_t i = 0; i < guest->num_devices; i++) {
		int one = vmm_follow(guest, &guest->devices[i], &moved);

		err = err ? err : one;
	}
	return err;
}

const struct vmm_assignment *vmm_find(const struct vmm_guest *guest, uint32_t vsid)
{
	for (size_t i = 0; i < guest->num_devices; i++)
		if (guest->devices[i].device.vsid == vsid)
			return &guest->devices[i];
	return NULL;
}
