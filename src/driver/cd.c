/* SPDX-License-Identifier: MIT */
/* What goes into a CD, and which of its bits hardware uses. */
#include <string.h>
#include <smmulator/iommu_sva.h>
#include "driver/cdtab.h"
#include "driver/cmdq.h"

/* Of every CD that the driver makes: a private ASID, AArch64, only TTB0 (DRV-41, 42). */
static void begin(const struct arm_smmu_master *master,
		  const struct arm_smmu_domain *domain, uint64_t *cd)
{
	memset(cd, 0, SMMU_CD_DWORDS * sizeof(*cd));
	smmu_set(cd, SMMU_CD_EPD1, SMMU_EPD_FAULT);
	smmu_set(cd, SMMU_CD_V, 1);
	smmu_set(cd, SMMU_CD_AA64, SMMU_AA64_V8_64);
	smmu_set(cd, SMMU_CD_S, master->stall_enabled);
	smmu_set(cd, SMMU_CD_R, 1);
	smmu_set(cd, SMMU_CD_A, 1);
	smmu_set(cd, SMMU_CD_ASET, 1);
	smmu_set(cd, SMMU_CD_ASID, domain->id);
}

/* DRV-41 */
void arm_smmu_make_s1_cd(const struct arm_smmu_master *master,
			 const struct arm_smmu_domain *domain, uint64_t *cd)
{
	const struct io_pgtable_s1 *s1 = &domain->pgcfg.s1;

	begin(master, domain, cd);
	smmu_set(cd, SMMU_CD_T0SZ, s1->tsz);
	smmu_set(cd, SMMU_CD_TG0, s1->tg);
	smmu_set(cd, SMMU_CD_IR0, s1->ir);
	smmu_set(cd, SMMU_CD_OR0, s1->or_);
	smmu_set(cd, SMMU_CD_SH0, s1->sh);
	smmu_set(cd, SMMU_CD_IPS, s1->ips);
	smmu_set(cd, SMMU_CD_DS, s1->ds);
	if (domain->pgcfg.quirks & IO_PGTABLE_QUIRK_DIRTY) {
		smmu_set(cd, SMMU_CD_HA, 1);
		smmu_set(cd, SMMU_CD_HD, 1);
	}
	smmu_set_addr(cd, SMMU_CD_TTB0, s1->ttb);
	smmu_set(cd, SMMU_CD_MAIR0, s1->mair);
	smmu_set(cd, SMMU_CD_MAIR1, s1->mair >> 32);
}

static unsigned ips_of(unsigned bits)
{
	unsigned code = SMMU_OAS_32;

	while (code < SMMU_OAS_52 && smmu_oas_bits(code) < bits)
		code++;
	return code;
}

/* DRV-42 */
void arm_smmu_make_sva_cd(const struct arm_smmu_master *master,
			  const struct arm_smmu_domain *domain, bool gone, uint64_t *cd)
{
	const struct iommu_mm_desc *mm = iommu_mm_desc(domain->mm);

	begin(master, domain, cd);
	smmu_set(cd, SMMU_CD_IPS, ips_of(mm->pa_bits));
	smmu_set(cd, SMMU_CD_MAIR0, mm->mair);
	smmu_set(cd, SMMU_CD_MAIR1, mm->mair >> 32);
	if (gone) {
		smmu_set(cd, SMMU_CD_EPD0, SMMU_EPD_FAULT);
		/* Nobody will mend its faults, and nobody wants to hear of them. */
		if (!(master->smmu->features & FEAT_STALL_FORCE)) {
			smmu_set(cd, SMMU_CD_S, 0);
			smmu_set(cd, SMMU_CD_R, 0);
		}
		return;
	}
	smmu_set(cd, SMMU_CD_T0SZ, 64u - mm->va_bits);
	smmu_set(cd, SMMU_CD_TG0,
		 mm->page_shift == 16	? SMMU_TG0_64K
		 : mm->page_shift == 14 ? SMMU_TG0_16K
					: SMMU_TG0_4K);
	smmu_set(cd, SMMU_CD_IR0, SMMU_CDCACHE_WB_RA);
	smmu_set(cd, SMMU_CD_OR0, SMMU_CDCACHE_WB_RA);
	smmu_set(cd, SMMU_CD_SH0, SMMU_SHARE_ISH);
	smmu_set_addr(cd, SMMU_CD_TTB0, mm->root);
}

/* DRV-46: once valid, every bit counts, but what an unused TTB0 would need. */
static void cd_used(const uint64_t *cd, uint64_t *used)
{
	static const unsigned of_ttb0[] = { SMMU_CD_T0SZ, SMMU_CD_TG0, SMMU_CD_IR0,
					    SMMU_CD_OR0,  SMMU_CD_SH0, SMMU_CD_TTB0 };

	used[SMMU_FIELD_WORD(SMMU_CD_V)] |= SMMU_MASK(SMMU_CD_V);
	if (!smmu_get(cd, SMMU_CD_V))
		return;
	memset(used, 0xff, SMMU_CD_DWORDS * sizeof(*used));
	if (!smmu_get(cd, SMMU_CD_EPD0))
		return;
	for (unsigned i = 0; i < sizeof(of_ttb0) / sizeof(of_ttb0[0]); i++)
		used[SMMU_FIELD_WORD(of_ttb0[i])] &= ~SMMU_MASK(of_ttb0[i]);
}

const struct arm_smmu_entry_kind arm_smmu_cd_kind = { .used = cd_used };

struct cd_writer {
	struct arm_smmu_entry_writer base;
	const struct arm_smmu_master *master;
	uint32_t ssid;
};

static int cd_sync(struct arm_smmu_entry_writer *base)
{
	struct cd_writer *w = IOMMU_CONTAINER_OF(base, struct cd_writer, base);

	return arm_smmu_cfgi_cd(w->master, w->ssid, true);
}

int arm_smmu_install_cd(const struct arm_smmu_master *master, uint32_t ssid,
			const uint64_t *cd)
{
	struct cd_writer w = {
		.base = { .kind = &arm_smmu_cd_kind,
			  .entry = arm_smmu_cdtab_cd(master, ssid),
			  .sync = cd_sync },
		.master = master,
		.ssid = ssid,
	};

	return arm_smmu_write_entry(&w.base, cd);
}

void arm_smmu_write_cd(struct arm_smmu_master *master, uint32_t ssid,
		       struct arm_smmu_attachment *new, struct arm_smmu_attachment *old)
{
	const struct arm_smmu_domain *domain = new ? new->domain : NULL;
	uint64_t cd[SMMU_CD_DWORDS] = { 0 };

	pthread_mutex_lock(&master->smmu->cd_lock);
	if (domain && domain->mm)
		arm_smmu_make_sva_cd(master, domain,
				     __atomic_load_n(&domain->mm_gone, __ATOMIC_ACQUIRE),
				     cd);
	else if (domain)
		arm_smmu_make_s1_cd(master, domain, cd);
	arm_smmu_install_cd(master, ssid, cd);
	if (old)
		old->in_cd = false;
	if (new)
		new->in_cd = true;
	pthread_mutex_unlock(&master->smmu->cd_lock);
}

int arm_smmu_clear_cd(const struct arm_smmu_master *master, uint32_t ssid)
{
	const uint64_t none[SMMU_CD_DWORDS] = { 0 };

	if (!arm_smmu_cdtab_cd(master, ssid))
		return 0;
	return arm_smmu_install_cd(master, ssid, none);
}
