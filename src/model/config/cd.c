/* SPDX-License-Identifier: MIT */
/*
 * What a CD says in the context of its STE: IHI 0070 5.4, once it is known to be
 * legal. Which fields count in which world and format: section 4.1 of the digest.
 */
#include <string.h>
#include "model/config/config.h"

static uint8_t get(const uint64_t *dw, unsigned field)
{
	return (uint8_t)smmu_get(dw, field);
}

/* What is the same for both tables once their raw fields are read. */
static void decode_table(const struct smmu *smmu, const uint64_t *dw,
			 const struct smmu_s1cfg *s1, struct smmu_s1tt *tt, unsigned ttb)
{
	bool v864 = s1->fmt == SMMU_FMT_V864;

	if (!v864) {
		/*
		 * With EPDx the size is IGNORED, not interpreted at all (5.4): it takes
		 * no span from the other table. CHOICE: it then counts as 0.
		 */
		tt->txsz = tt->en ? tt->txsz & 7 : 0;
		tt->granule = 12;
	}
	tt->n = (uint8_t)((v864 ? 64 : 32) - tt->txsz);
	tt->tbi = v864 && tt->tbi;
	tt->had = IDR3(smmu, HAD) && tt->had;
	tt->e0pd = v864 && !s1->one_table && IDR3(smmu, E0PD) && tt->e0pd;
	tt->fetch.sh = tt->sh;
	if (!tt->en)
		return; /* size, granule and base are IGNORED and may be nonsense */
	tt->start = (int8_t)smmu_s1_start_level(tt->granule, tt->n);
	tt->base = smmu_ttb_align(smmu_ttb(smmu, dw, ttb), tt->granule, tt->n, tt->start,
				  s1->ips == 52 || (s1->ds && tt->granule != 16));
}

static void decode_tables(const struct smmu *smmu, const uint64_t *dw,
			  struct smmu_s1cfg *s1)
{
	struct smmu_s1tt *t0 = &s1->tt[0], *t1 = &s1->tt[1];

	t0->en = s1->one_table || !get(dw, SMMU_CD_EPD0);
	t0->granule = (uint8_t)smmu_tg0_granule(get(dw, SMMU_CD_TG0));
	t0->txsz = get(dw, SMMU_CD_T0SZ);
	t0->tbi = get(dw, SMMU_CD_TBI0);
	t0->had = get(dw, SMMU_CD_HAD0);
	t0->e0pd = get(dw, SMMU_CD_E0PD0);
	t0->sh = smmu_sh_code(get(dw, SMMU_CD_SH0));
	t0->fetch.ic = get(dw, SMMU_CD_IR0);
	t0->fetch.oc = get(dw, SMMU_CD_OR0);
	decode_table(smmu, dw, s1, t0, SMMU_CD_TTB0);
	if (s1->one_table)
		return;
	t1->en = !get(dw, SMMU_CD_EPD1);
	t1->granule = (uint8_t)smmu_tg1_granule(get(dw, SMMU_CD_TG1));
	t1->txsz = get(dw, SMMU_CD_T1SZ);
	t1->tbi = get(dw, SMMU_CD_TBI1);
	t1->had = get(dw, SMMU_CD_HAD1);
	t1->e0pd = get(dw, SMMU_CD_E0PD1);
	t1->sh = smmu_sh_code(get(dw, SMMU_CD_SH1));
	t1->fetch.ic = get(dw, SMMU_CD_IR1);
	t1->fetch.oc = get(dw, SMMU_CD_OR1);
	decode_table(smmu, dw, s1, t1, SMMU_CD_TTB1);
}

/* Bits of their own, together: [0] to [3]. */
static unsigned four(unsigned b0, unsigned b1, unsigned b2, unsigned b3)
{
	return b0 | b1 << 1 | b2 << 2 | b3 << 3;
}

/*
 * CD-26: only with HADx. With AIE bit [59] of a descriptor is AttrIndx[3] and nothing
 * else, whatever HWUx59 says.
 */
static void decode_hwu(const struct smmu *smmu, const uint64_t *dw, struct smmu_s1cfg *s1)
{
	unsigned may = IDR3(smmu, PBHA) ? (s1->aie ? 14 : 15) : 0;
	unsigned hwu0 = four(get(dw, SMMU_CD_HWU059), get(dw, SMMU_CD_HWU060),
			     get(dw, SMMU_CD_HWU061), get(dw, SMMU_CD_HWU062));
	unsigned hwu1 = four(get(dw, SMMU_CD_HWU159), get(dw, SMMU_CD_HWU160),
			     get(dw, SMMU_CD_HWU161), get(dw, SMMU_CD_HWU162));

	s1->tt[0].hwu = (uint8_t)(s1->tt[0].had ? hwu0 & may : 0);
	s1->tt[1].hwu = (uint8_t)(s1->tt[1].had ? hwu1 & may : 0);
}

static void decode_permissions(const struct smmu *smmu, const struct smmu_ste *ste,
			       const uint64_t *dw, struct smmu_s1cfg *s1)
{
	bool v864 = s1->fmt == SMMU_FMT_V864;

	s1->pie = v864 && ste->s1pie && get(dw, SMMU_CD_PIE);
	s1->pnch = v864 && IDR3(smmu, THE) && get(dw, SMMU_CD_PnCH);
	s1->wxn = !s1->pie && get(dw, SMMU_CD_WXN);
	s1->uwxn = !v864 && !s1->one_table && get(dw, SMMU_CD_UWXN);
	s1->pan = !s1->one_table && get(dw, SMMU_CD_PAN);
	/* Indirection: PAN acts as if EPAN were set, whatever it says. */
	s1->epan = v864 && !s1->one_table &&
		   (s1->pie || (IDR3(smmu, EPAN) && get(dw, SMMU_CD_EPAN)));
	s1->piip = smmu_get(dw, SMMU_CD_PIIP);
	s1->piiu = smmu_get(dw, SMMU_CD_PIIU);
}

static void decode_update(const struct smmu *smmu, const uint64_t *dw,
			  struct smmu_s1cfg *s1)
{
	unsigned httu = s1->fmt == SMMU_FMT_V864 ? IDR0(smmu, HTTU) : 0;

	s1->affd = get(dw, SMMU_CD_AFFD);
	/* CD-23: {HD,HA} == 10 acts as off. */
	s1->ha = httu >= 1 && get(dw, SMMU_CD_HA);
	s1->hd = s1->ha && get(dw, SMMU_CD_HD);
	s1->haft = httu == 3 && get(dw, SMMU_CD_HAFT);
}

void smmu_cd_decode(const struct smmu *smmu, const struct smmu_ste *ste,
		    const uint64_t *dw, struct smmu_cd *cd)
{
	struct smmu_s1cfg *s1 = &cd->s1;
	bool v864 = get(dw, SMMU_CD_AA64);

	memset(cd, 0, sizeof(*cd));
	memcpy(cd->dw, dw, sizeof(cd->dw));
	cd->illegal = smmu_cd_check(smmu, ste, dw);
	if (cd->illegal)
		return;
	s1->fmt = v864 ? SMMU_FMT_V864 : SMMU_FMT_LPAE32;
	s1->world = ste->world;
	s1->one_table = ste->world == SMMU_WORLD_NS_EL2;
	s1->ips = v864 ? (uint8_t)smmu_size_bits(smmu, get(dw, SMMU_CD_IPS)) : 40;
	s1->asid = s1->one_table ? 0 : (uint16_t)smmu_get(dw, SMMU_CD_ASID);
	s1->aset = get(dw, SMMU_CD_ASET);
	s1->endi = get(dw, SMMU_CD_ENDI);
	s1->ds = v864 && IDR5(smmu, DS) && get(dw, SMMU_CD_DS);
	s1->aie = v864 && IDR3(smmu, AIE) && get(dw, SMMU_CD_AIE);
	s1->mair = smmu_get(dw, SMMU_CD_MAIR1) << 32 | smmu_get(dw, SMMU_CD_MAIR0);
	cd->partid = (uint16_t)smmu_get(dw, SMMU_CD_PARTID);
	cd->pmg = get(dw, SMMU_CD_PMG);
	s1->a = get(dw, SMMU_CD_A);
	s1->r = get(dw, SMMU_CD_R);
	s1->s = get(dw, SMMU_CD_S);
	decode_update(smmu, dw, s1);
	decode_permissions(smmu, ste, dw, s1);
	decode_tables(smmu, dw, s1);
	decode_hwu(smmu, dw, s1);
}
