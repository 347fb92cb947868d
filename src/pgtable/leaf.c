/* SPDX-License-Identifier: MIT */
/* Descriptors: what a prot and an address look like in one (translation.md 9.2 to 9.6).
 */
#include <smmulator/arch.h>
#include "pgtable/table.h"

/* What lies alike at both stages is named by stage 1's fields here. */
_Static_assert(SMMU_S1DESC_DBM == SMMU_S2DESC_DBM &&
		       SMMU_S1DESC_Contiguous == SMMU_S2DESC_Contiguous &&
		       SMMU_S1DESC_AF == SMMU_S2DESC_AF &&
		       SMMU_S1DESC_SH == SMMU_S2DESC_SH,
	       "shared fields");

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
enum { S2AP_READ = 1, S2AP_WRITE = 2 };
enum { XN_NONE_AT_ALL = 2 };

uint64_t pgt_mair(void)
{
	return (uint64_t)MAIR_NC << (8 * ATTR_NC) | (uint64_t)MAIR_WB << (8 * ATTR_WB) |
	       (uint64_t)MAIR_DEVICE_NGNRE << (8 * ATTR_DEVICE);
}

uint64_t pgt_folded_bits(const struct pgt_geometry *geo, uint64_t pa)
{
	uint64_t desc = 0;

	if (geo->wide)
		smmu_set(&desc, SMMU_S1DESC_Addr_64K_HI, pa >> 48);
	if (geo->ds) {
		smmu_set(&desc, SMMU_S1DESC_Addr_DS_49_48, pa >> 48);
		smmu_set(&desc, SMMU_S1DESC_Addr_DS_51_50, pa >> 50);
	}
	return desc;
}

uint64_t pgt_folded_addr(const struct pgt_geometry *geo, uint64_t desc)
{
	uint64_t pa = 0;

	if (geo->wide)
		pa |= smmu_get(&desc, SMMU_S1DESC_Addr_64K_HI) << 48;
	if (geo->ds)
		pa |= smmu_get(&desc, SMMU_S1DESC_Addr_DS_49_48) << 48 |
		      smmu_get(&desc, SMMU_S1DESC_Addr_DS_51_50) << 50;
	return pa;
}

uint64_t pgt_table_desc(const struct io_pgtable *t, uint64_t pa)
{
	return pgt_addr_bits(&t->geo, pa) | DESC_TABLE;
}

uint64_t pgt_grouped(uint64_t desc, bool yes)
{
	smmu_set(&desc, SMMU_S1DESC_Contiguous, yes);
	return desc;
}

/* ---- Dirty state: who may write, but for DBM ---- */

bool pgt_is_dirty(const struct io_pgtable *t, uint64_t desc)
{
	if (!smmu_get(&desc, SMMU_S1DESC_DBM))
		return false;
	if (t->fmt == IO_PGTABLE_STAGE1)
		return !(smmu_get(&desc, SMMU_S1DESC_AP) & AP_READ_ONLY);
	return smmu_get(&desc, SMMU_S2DESC_S2AP) & S2AP_WRITE;
}

uint64_t pgt_cleaned(const struct io_pgtable *t, uint64_t desc)
{
	if (t->fmt == IO_PGTABLE_STAGE1)
		smmu_set(&desc, SMMU_S1DESC_AP,
			 smmu_get(&desc, SMMU_S1DESC_AP) | AP_READ_ONLY);
	else
		smmu_set(&desc, SMMU_S2DESC_S2AP,
			 smmu_get(&desc, SMMU_S2DESC_S2AP) & ~(uint64_t)S2AP_WRITE);
	return desc;
}

/* ---- What a prot says ---- */

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
		 (prot & IO_PROT_READ ? S2AP_READ : 0u) |
			 (prot & IO_PROT_WRITE ? S2AP_WRITE : 0u));
	smmu_set(desc, SMMU_S2DESC_XN, prot & IO_PROT_NOEXEC ? XN_NONE_AT_ALL : 0);
}

uint64_t pgt_leaf(const struct io_pgtable *t, int level, unsigned prot)
{
	uint64_t desc = level == 3 ? DESC_PAGE : DESC_BLOCK;
	/* Whatever is not cached by the CPUs is at best shared with everyone. */
	bool inner = (prot & IO_PROT_CACHE) && !(prot & IO_PROT_MMIO);

	if (!t->geo.ds) /* there it is the root's to say */
		smmu_set(&desc, SMMU_S1DESC_SH, inner ? SH_INNER : SH_OUTER);
	smmu_set(&desc, SMMU_S1DESC_AF, 1);
	if (t->fmt == IO_PGTABLE_STAGE1)
		stage1_attr(&desc, prot);
	else
		stage2_attr(t, &desc, prot);
	if ((t->quirks & IO_PGTABLE_QUIRK_DIRTY) && (prot & IO_PROT_WRITE)) {
		smmu_set(&desc, SMMU_S1DESC_DBM, 1);
		desc = pgt_cleaned(t, desc);
	}
	return desc;
}
