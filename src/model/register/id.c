/* SPDX-License-Identifier: MIT */
/* What the ID registers say (IHI 0070 6.3.1 to 6.3.8). */
#include "model/model.h"

static void put(uint32_t *reg, unsigned field, unsigned value)
{
	*reg = (uint32_t)smmu_reg_set(*reg, field, value);
}

static uint32_t idr0(const struct smmu_config *c)
{
	uint32_t r = 0;

	put(&r, SMMU_IDR0_S2P, c->s2p);
	put(&r, SMMU_IDR0_S1P, c->s1p);
	put(&r, SMMU_IDR0_TTF, c->ttf);
	put(&r, SMMU_IDR0_COHACC, c->cohacc);
	put(&r, SMMU_IDR0_BTM, c->btm);
	put(&r, SMMU_IDR0_HTTU, c->httu);
	put(&r, SMMU_IDR0_DORMHINT, c->dormhint);
	put(&r, SMMU_IDR0_Hyp, c->hyp);
	put(&r, SMMU_IDR0_ATS, c->ats);
	put(&r, SMMU_IDR0_NS1ATS, c->ns1ats);
	put(&r, SMMU_IDR0_ASID16, c->asid16);
	put(&r, SMMU_IDR0_MSI, c->msi);
	put(&r, SMMU_IDR0_SEV, c->sev);
	put(&r, SMMU_IDR0_ATOS, c->atos);
	put(&r, SMMU_IDR0_PRI, c->pri);
	put(&r, SMMU_IDR0_VMW, c->vmw);
	put(&r, SMMU_IDR0_VMID16, c->vmid16);
	put(&r, SMMU_IDR0_CD2L, c->cd2l);
	put(&r, SMMU_IDR0_VATOS, c->vatos);
	put(&r, SMMU_IDR0_TTENDIAN, c->ttendian);
	put(&r, SMMU_IDR0_ATSRECERR, c->atsrecerr);
	put(&r, SMMU_IDR0_STALL_MODEL, c->stall_model);
	put(&r, SMMU_IDR0_TERM_MODEL, c->term_model);
	put(&r, SMMU_IDR0_ST_LEVEL, c->st_level);
	return r;
}

static uint32_t idr1(const struct smmu_config *c)
{
	uint32_t r = 0;

	put(&r, SMMU_IDR1_SIDSIZE, c->sid_bits);
	put(&r, SMMU_IDR1_SSIDSIZE, c->ssid_bits);
	put(&r, SMMU_IDR1_PRIQS, c->priqs);
	put(&r, SMMU_IDR1_EVENTQS, c->eventqs);
	put(&r, SMMU_IDR1_CMDQS, c->cmdqs);
	put(&r, SMMU_IDR1_ATTR_PERMS_OVR, c->attr_perms_ovr);
	put(&r, SMMU_IDR1_ATTR_TYPES_OVR, c->attr_types_ovr);
	put(&r, SMMU_IDR1_ECMDQ, c->ecmdq);
	return r;
}

static uint32_t idr3(const struct smmu_config *c)
{
	uint32_t r = 0;

	put(&r, SMMU_IDR3_HAD, c->had);
	put(&r, SMMU_IDR3_PBHA, c->pbha);
	put(&r, SMMU_IDR3_XNX, c->xnx);
	put(&r, SMMU_IDR3_PPS, c->pps);
	put(&r, SMMU_IDR3_MPAM, c->mpam);
	put(&r, SMMU_IDR3_FWB, c->fwb);
	put(&r, SMMU_IDR3_STT, c->stt);
	put(&r, SMMU_IDR3_RIL, c->ril);
	put(&r, SMMU_IDR3_BBML, c->bbml);
	put(&r, SMMU_IDR3_E0PD, c->e0pd);
	put(&r, SMMU_IDR3_PTWNNC, c->ptwnnc);
	put(&r, SMMU_IDR3_DPT, c->dpt);
	put(&r, SMMU_IDR3_PASIDTT, c->pasidtt);
	put(&r, SMMU_IDR3_EPAN, c->epan);
	put(&r, SMMU_IDR3_S1PI, c->s1pi);
	put(&r, SMMU_IDR3_S2PI, c->s2pi);
	put(&r, SMMU_IDR3_S2PO, c->s2po);
	put(&r, SMMU_IDR3_THE, c->the);
	put(&r, SMMU_IDR3_MTEPERM, c->mteperm);
	put(&r, SMMU_IDR3_AIE, c->aie);
	return r;
}

static uint32_t idr5(const struct smmu_config *c)
{
	uint32_t r = 0;

	put(&r, SMMU_IDR5_OAS, c->oas);
	put(&r, SMMU_IDR5_GRAN4K, c->gran4k);
	put(&r, SMMU_IDR5_GRAN16K, c->gran16k);
	put(&r, SMMU_IDR5_GRAN64K, c->gran64k);
	put(&r, SMMU_IDR5_DS, c->ds);
	put(&r, SMMU_IDR5_D128, c->d128);
	put(&r, SMMU_IDR5_VAX, c->vax);
	put(&r, SMMU_IDR5_STALL_MAX, c->stall_max);
	return r;
}

/* IDR2 and IDR6: where the pages after page 1 are (REG-106). */
static void derive_window(struct smmu_id *id, const struct smmu_config *c)
{
	const uint32_t page = 0x10000;

	id->window = 2 * page;
	if (c->vatos) {
		put(&id->idr[2], SMMU_IDR2_BA_VATOS, c->ba_vatos);
		id->vatos_page = 2 * page + c->ba_vatos * page;
		id->window = id->vatos_page + page;
	}
	if (c->ecmdq) {
		put(&id->idr[6], SMMU_IDR6_CMDQ_CONTROL_PAGE_LOG2NUMP,
		    c->cmdq_control_page_log2nump);
		put(&id->idr[6], SMMU_IDR6_CMDQ_CONTROL_PAGE_LOG2NUMQ,
		    c->cmdq_control_page_log2numq);
		id->ecmdq_pages = id->window;
		id->window += page << c->cmdq_control_page_log2nump;
	}
}

enum { PIDR4, PIDR0 = 4, PIDR1, PIDR2, PIDR3, CIDR0, CIDR1, CIDR2, CIDR3 };

/* 6.3.170: the same facts as IIDR, in the form of a CoreSight component. */
static void derive_component(struct smmu_id *id)
{
	unsigned part = (unsigned)smmu_reg_get(id->iidr, SMMU_IIDR_ProductID);
	unsigned jep106 = (unsigned)smmu_reg_get(id->iidr, SMMU_IIDR_Implementer);
	uint32_t *r = id->component;

	put(&r[PIDR4], SMMU_PIDR4_DES_2, jep106 >> 8);
	put(&r[PIDR0], SMMU_PIDR0_PART_0, part);
	put(&r[PIDR1], SMMU_PIDR1_PART_1, part >> 8);
	put(&r[PIDR1], SMMU_PIDR1_DES_0, jep106);
	put(&r[PIDR2], SMMU_PIDR2_DES_1, jep106 >> 4);
	put(&r[PIDR2], SMMU_PIDR2_JEDEC, 1);
	put(&r[PIDR2], SMMU_PIDR2_REVISION,
	    (unsigned)smmu_reg_get(id->iidr, SMMU_IIDR_Variant));
	put(&r[PIDR3], SMMU_PIDR3_REVAND,
	    (unsigned)smmu_reg_get(id->iidr, SMMU_IIDR_Revision));
	put(&r[CIDR0], SMMU_CIDR0_PRMBL_0, 0x0d);
	put(&r[CIDR1], SMMU_CIDR1_CLASS, 0xf);
	put(&r[CIDR2], SMMU_CIDR2_PRMBL_2, 0x05);
	put(&r[CIDR3], SMMU_CIDR3_PRMBL_3, 0xb1);
}

/* 3.4: what the codes mean in bits. */
static void derive_sizes(struct smmu_id *id, const struct smmu_config *c)
{
	static const uint8_t vas_bits[4] = { 49, 53, 56, 56 };
	unsigned lpae32 = (c->ttf & 1) ? 40 : 0;

	id->oas = smmu_oas_bits(c->oas);
	id->ias = (c->ttf & 2) ? id->oas : 0;
	if (id->ias < lpae32)
		id->ias = lpae32;
	id->vas = vas_bits[c->vax & 3];
}

void smmu_id_derive(struct smmu_id *id, const struct smmu_config *cfg)
{
	*id = (struct smmu_id){ 0 };
	id->idr[0] = idr0(cfg);
	id->idr[1] = idr1(cfg);
	/* IDR4 is implementation defined: nothing there. */
	id->idr[3] = idr3(cfg);
	id->idr[5] = idr5(cfg);
	id->iidr = cfg->iidr;
	put(&id->aidr, SMMU_AIDR_ArchMinorRev, cfg->arch_minor);
	put(&id->mpamidr, SMMU_MPAMIDR_PARTID_MAX, cfg->partid_max);
	put(&id->mpamidr, SMMU_MPAMIDR_PMG_MAX, cfg->pmg_max);
	id->v30 = cfg->arch_minor == 0;
	derive_sizes(id, cfg);
	derive_window(id, cfg);
	if (id->iidr)
		derive_component(id);
}
