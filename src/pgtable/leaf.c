/* SPDX-License-Identifier: MIT */
/* Descriptors: what a prot and an address look like in one (translation.md 9.2 to 9.4).
 */
#include <smmulator/arch.h>
#include "pgtable/table.h"

enum { DESC_BLOCK = 1, DESC_TABLE = 3, DESC_PAGE = 3 };

/* AttrIndx: bytes of MAIR (translation.md 13.7). */
enum { ATTR_NC, ATTR_WB, ATTR_DEVICE };
enum { MAIR_NC = 0x44, MAIR_WB = 0xff, MAIR_DEVICE_NGNRE = 0x04 };

/* Stage-2 MemAttr; with S2FWB bit 3 is 0 and the rest decides (13.5). */
enum {
	MEMATTR_DEVICE_NGNRE = 0x1,
	MEMATTR_NC = 0x5,
	MEMATTR_WB = 0xf,
	MEMATTR_FWB_WB = 0x6,
};

enum { SH_OUTER = 2, SH_INNER = 3 };
enum { AP_UNPRIV = 1, AP_READ_ONLY = 2 };
enum { XN_NONE_AT_ALL = 2 };

uint64_t pgt_mair(void)
{
	return (uint64_t)MAIR_NC << (8 * ATTR_NC) | (uint64_t)MAIR_WB << (8 * ATTR_WB) |
	       (uint64_t)MAIR_DEVICE_NGNRE << (8 * ATTR_DEVICE);
}

static uint64_t addr_bits(const struct io_pgtable *t, uint64_t pa)
{
	uint64_t desc = 0;

	smmu_set(&desc, SMMU_S1DESC_Addr, pa >> 12);
	if (t->geo.wide)
		smmu_set(&desc, SMMU_S1DESC_Addr_64K_HI, pa >> 48);
	return desc;
}

uint64_t pgt_desc_addr(const struct io_pgtable *t, uint64_t desc)
{
	uint64_t pa = smmu_get(&desc, SMMU_S1DESC_Addr) << 12;

	/* With 64 KiB pages [15:12] are not the address they look like. */
	pa &= ~(pgt_size(&t->geo, 3) - 1);
	if (t->geo.wide)
		pa |= smmu_get(&desc, SMMU_S1DESC_Addr_64K_HI) << 48;
	return pa;
}

uint64_t pgt_table_desc(const struct io_pgtable *t, uint64_t pa)
{
	return addr_bits(t, pa) | DESC_TABLE;
}

static void stage1_attr(uint64_t *desc, unsigned prot)
{
	unsigned attr = ATTR_NC, ap = 0;

	if (prot & IO_PROT_MMIO)
		attr = ATTR_DEVICE;
	else if (prot & IO_PROT_CACHE)
		attr = ATTR_WB;
	if (!(prot & IO_PROT_PRIV))
		ap |= AP_UNPRIV;
	if (!(prot & IO_PROT_WRITE))
		ap |= AP_READ_ONLY;
	smmu_set(desc, SMMU_S1DESC_AttrIndx, attr);
	smmu_set(desc, SMMU_S1DESC_AP, ap);
	smmu_set(desc, SMMU_S1DESC_nG, 1); /* tagged with the domain's ASID */
	smmu_set(desc, SMMU_S1DESC_PXN, !!(prot & IO_PROT_NOEXEC));
	smmu_set(desc, SMMU_S1DESC_UXN, !!(prot & IO_PROT_NOEXEC));
}

static void stage2_attr(const struct io_pgtable *t, uint64_t *desc, unsigned prot)
{
	bool fwb = t->quirks & IO_PGTABLE_QUIRK_S2FWB;
	unsigned attr = MEMATTR_NC;

	if (prot & IO_PROT_MMIO)
		attr = MEMATTR_DEVICE_NGNRE;
	else if (prot & IO_PROT_CACHE)
		attr = fwb ? MEMATTR_FWB_WB : MEMATTR_WB;
	smmu_set(desc, SMMU_S2DESC_MemAttr, attr);
	smmu_set(desc, SMMU_S2DESC_S2AP,
		 (prot & IO_PROT_READ ? 1u : 0u) | (prot & IO_PROT_WRITE ? 2u : 0u));
	smmu_set(desc, SMMU_S2DESC_XN, prot & IO_PROT_NOEXEC ? XN_NONE_AT_ALL : 0);
}

uint64_t pgt_leaf(const struct io_pgtable *t, int level, uint64_t pa, unsigned prot)
{
	uint64_t desc = addr_bits(t, pa) | (level == 3 ? DESC_PAGE : DESC_BLOCK);
	/* Whatever is not cached by the CPUs is at best shared with everyone. */
	bool inner = (prot & IO_PROT_CACHE) && !(prot & IO_PROT_MMIO);

	smmu_set(&desc, SMMU_S1DESC_SH, inner ? SH_INNER : SH_OUTER);
	smmu_set(&desc, SMMU_S1DESC_AF, 1);
	if (t->fmt == IO_PGTABLE_STAGE1)
		stage1_attr(&desc, prot);
	else
		stage2_attr(t, &desc, prot);
	return desc;
}
