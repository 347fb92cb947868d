/* SPDX-License-Identifier: MIT */
/* What goes into a CD, and which of its bits hardware uses. */
#include <string.h>
#include "driver/cdtab.h"
#include "driver/cmdq.h"

/* DRV-41 */
void arm_smmu_make_s1_cd(const struct arm_smmu_master *master,
			 const struct arm_smmu_domain *domain, uint64_t *cd)
{
	const struct io_pgtable_s1 *s1 = &domain->pgcfg.s1;

	memset(cd, 0, SMMU_CD_DWORDS * sizeof(*cd));
	smmu_set(cd, SMMU_CD_T0SZ, s1->tsz);
	smmu_set(cd, SMMU_CD_TG0, s1->tg);
	smmu_set(cd, SMMU_CD_IR0, s1->ir);
	smmu_set(cd, SMMU_CD_OR0, s1->or_);
	smmu_set(cd, SMMU_CD_SH0, s1->sh);
	smmu_set(cd, SMMU_CD_EPD1, SMMU_EPD_FAULT);
	smmu_set(cd, SMMU_CD_V, 1);
	smmu_set(cd, SMMU_CD_IPS, s1->ips);
	smmu_set(cd, SMMU_CD_AA64, SMMU_AA64_V8_64);
	smmu_set(cd, SMMU_CD_S, master->stall_enabled);
	smmu_set(cd, SMMU_CD_R, 1);
	smmu_set(cd, SMMU_CD_A, 1);
	smmu_set(cd, SMMU_CD_ASET, 1);
	smmu_set(cd, SMMU_CD_ASID, domain->id);
	smmu_set_addr(cd, SMMU_CD_TTB0, s1->ttb);
	smmu_set(cd, SMMU_CD_MAIR0, s1->mair);
	smmu_set(cd, SMMU_CD_MAIR1, s1->mair >> 32);
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

int arm_smmu_clear_cd(const struct arm_smmu_master *master, uint32_t ssid)
{
	const uint64_t none[SMMU_CD_DWORDS] = { 0 };

	if (!arm_smmu_cdtab_cd(master, ssid))
		return 0;
	return arm_smmu_install_cd(master, ssid, none);
}
