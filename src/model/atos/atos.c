/* SPDX-License-Identifier: MIT */
/*
 * Address translation operations (IHI 0070 chapter 9; ATOS-8 to ATOS-29). Nothing is
 * recorded and nothing stalls: whatever is found becomes a PAR.
 *
 * CHOICE (ATOS-10): a lookup uses and fills the configuration caches and, for the
 * address of a CD, the TLB; the translation asked for is read from the tables.
 */
#include <stddef.h>
#include "model/atos/atos.h"
#include "model/mpam/mpam.h"
#include "model/translate.h"
#include "model/walk/walk.h"

enum { TYPE_S1 = SMMU_ATOS_TYPE_S1, TYPE_S2 = SMMU_ATOS_TYPE_S2 };

struct lookup {
	struct smmu *smmu;
	bool vatos;
	unsigned type; /* SMMU_ATOS_TYPE_* */
	struct smmu_txn txn;
	struct smmu_access acc;
	bool httui;
	const struct smmu_ste *ste;
	/* The answer. */
	struct smmu_fault fault; /* event: FAULTCODE */
	uint64_t out;
	unsigned bits; /* 2^bits bytes around it translate alike */
	bool assured;  /* stage 1 left the Assured Translation property (3.27.2) */
	struct smmu_attr attr;
};

static bool fail(struct lookup *l, unsigned code)
{
	l->fault = (struct smmu_fault){ .event = (uint8_t)code };
	return false;
}

static bool wants_s1(const struct lookup *l)
{
	return l->type != TYPE_S2;
}

static bool wants_s2(const struct lookup *l)
{
	return l->type != TYPE_S1;
}

/* ---- the request: ATOS-15, ATOS-16 ---- */

static bool type_ok(const struct lookup *l)
{
	const struct smmu_config *c = &l->smmu->cfg;

	switch (l->type) {
	case TYPE_S1:
		return c->s1p;
	case TYPE_S2:
		return !l->vatos && c->s2p && !l->txn.ssv;
	case SMMU_ATOS_TYPE_S12:
		return !l->vatos && c->s1p && c->s2p;
	default:
		return false;
	}
}

/* Steps 3 and 4 of 9.1.6: a STE of this VMID, which its translations are tagged with. */
static bool vmid_ok(const struct lookup *l)
{
	const struct smmu_ste *ste = l->ste;

	return !ste->abort && (ste->s1 || ste->s2) && ste->world == SMMU_WORLD_NS_EL1 &&
	       ste->vmid == l->smmu->vatos_sel;
}

/* ATOS-17, ATOS-18 */
static bool stages_ok(const struct lookup *l)
{
	return !l->ste->abort && (!wants_s1(l) || l->ste->s1) &&
	       (!wants_s2(l) || l->ste->s2);
}

/* ---- the stages ---- */

static bool too_wide(struct lookup *l)
{
	fail(l, SMMU_EVT_F_ADDR_SIZE);
	l->fault.cls = SMMU_CLASS_IN;
	return false;
}

/* ATOS-19. CHOICE: the smallest granule; the attributes of 13.1.1. */
static bool bypass_s1(struct lookup *l)
{
	const struct smmu_config *c = &l->smmu->cfg;

	if (smmu_above(l->txn.addr, l->smmu->id.ias))
		return too_wide(l);
	l->out = l->txn.addr;
	l->bits = c->gran4k ? 12 : c->gran16k ? 14 : 16;
	return true;
}

static bool translate_s1(struct lookup *l, const struct smmu_regime *rg)
{
	struct smmu_s1req req = { .va = l->txn.addr, .acc = l->acc, .s2 = smmu_s2_walk };
	struct smmu_s1leaf leaf;

	if (!smmu_s1_input(rg->s1, &req.acc, &req.va, &req.tt, &l->fault) ||
	    !smmu_s1_walk(l->smmu, rg, &req, &leaf, &l->fault))
		return false;
	l->out = leaf.oa | smmu_low(req.va, leaf.bits);
	l->bits = leaf.bits;
	l->assured = leaf.flags & SMMU_LEAF_ASSURED;
	smmu_attr_stage1(&l->attr, &leaf.attr);
	return true;
}

/* Of l->out; a stage 1 before it has left its size and attributes. */
static bool translate_s2(struct lookup *l, const struct smmu_regime *rg)
{
	const struct smmu_s2req req = {
		.ipa = l->out, .cls = SMMU_CLASS_IN, .assured = l->assured, .acc = l->acc
	};
	struct smmu_s2leaf leaf;

	if (!smmu_s2_walk(l->smmu, rg, &req, &leaf, &l->fault))
		return false;
	l->out = leaf.oa | smmu_low(req.ipa, leaf.bits);
	if (!rg->s1 || leaf.bits < l->bits)
		l->bits = leaf.bits;
	smmu_attr_stage2(l->smmu, rg->s2, &leaf, &l->attr);
	return true;
}

/*
 * T-10 to T-18 for what is asked. CHOICE (ATOS-25): a stage 2 lookup on a nested stream
 * has nothing to do with substreams, so that S1DSS does not disable it.
 */
static bool translate(struct lookup *l)
{
	const struct smmu_ste *ste = l->ste;
	struct smmu_regime rg = {
		.sid = l->txn.sid,
		.world = ste->world,
		.vmid = ste->vmid,
		.mpam_s2 = ste->mpam,
		.s2 = ste->s2 ? &ste->s2cfg : NULL,
		.no_update = l->httui,
	};
	const struct smmu_cd *cd = NULL;
	unsigned event;

	if (wants_s1(l)) {
		switch (smmu_select_cd(ste, &l->txn, &rg.ssid, &event)) {
		case SMMU_SUBSTREAM_ERROR:
			return fail(l, event);
		case SMMU_SUBSTREAM_CD:
			cd = smmu_cd_lookup(l->smmu, ste, l->txn.sid, rg.ssid, &l->fault);
			if (!cd)
				return false;
			break;
		case SMMU_SUBSTREAM_NONE:
			break;
		}
	}
	if (cd) {
		rg.s1 = &cd->s1;
		rg.mpam_s1 = smmu_mpam_client(l->smmu, ste, cd);
	}
	if (!(cd ? translate_s1(l, &rg) : bypass_s1(l)))
		return false;
	return !wants_s2(l) || translate_s2(l, &rg);
}

static bool find(struct lookup *l)
{
	if (!type_ok(l))
		return fail(l, SMMU_ATOS_FAULT_INV_REQ);
	l->ste = smmu_ste_lookup_bare(l->smmu, l->txn.sid, &l->fault);
	if (!l->ste)
		return false;
	if (l->vatos && !vmid_ok(l))
		return fail(l, SMMU_EVT_C_BAD_STE);
	/* F_VMS_FETCH, below C_BAD_STE of either kind (ATOS-28). */
	l->ste = smmu_ste_lookup(l->smmu, l->txn.sid, &l->fault);
	if (!l->ste)
		return false;
	if (!stages_ok(l))
		return fail(l, SMMU_ATOS_FAULT_INV_STAGE);
	return translate(l);
}

/* ---- PAR ---- */

/* 9.1.4: of what stage 2 finds, conflicts of the TLB are MISC, which is of no stage. */
static bool of_stage2(const struct smmu_fault *f)
{
	return f->s2 && (smmu_obeys_ars(f) || f->event == SMMU_EVT_F_WALK_EABT);
}

/* The table of 9.1.4; REASON has the codes of CLASS plus 1, where stage 2 is meant. */
static unsigned reason(const struct lookup *l, uint64_t *faddr)
{
	static const uint8_t by_class[4] = {
		[SMMU_CLASS_CD] = SMMU_ATOS_REASON_CD,
		[SMMU_CLASS_TT] = SMMU_ATOS_REASON_TT,
		[SMMU_CLASS_IN] = SMMU_ATOS_REASON_IN,
	};
	const struct smmu_fault *f = &l->fault;

	switch (f->event) {
	case SMMU_ATOS_FAULT_INV_REQ:
	case SMMU_ATOS_FAULT_INV_STAGE:
		return SMMU_ATOS_REASON_S1;
	default:
		break;
	}
	if (l->type == TYPE_S2)
		return f->event == SMMU_EVT_F_ADDR_SIZE && !f->s2 ? SMMU_ATOS_REASON_S1
								  : SMMU_ATOS_REASON_IN;
	if (l->type == TYPE_S1 || !of_stage2(f))
		return SMMU_ATOS_REASON_S1;
	if (f->event != SMMU_EVT_F_WALK_EABT)
		*faddr = f->ipa;
	return by_class[f->cls & 3];
}

/* A stage 1 lookup does not tell what stage 2 said of the SMMU's own fetches. */
static unsigned fault_code(const struct lookup *l)
{
	if (l->type != TYPE_S1 || !of_stage2(&l->fault))
		return l->fault.event;
	return l->fault.cls == SMMU_CLASS_CD ? SMMU_EVT_F_CD_FETCH : SMMU_EVT_F_WALK_EABT;
}

static uint64_t par_fault(const struct lookup *l)
{
	uint64_t faddr = 0, par = 0;
	unsigned oas = l->smmu->id.oas;

	par = smmu_reg_set(par, SMMU_GATOS_PAR_FAULT, 1);
	par = smmu_reg_set(par, SMMU_GATOS_PAR_FAULTCODE, fault_code(l));
	par = smmu_reg_set(par, SMMU_GATOS_PAR_REASON, reason(l, &faddr));
	return par | (smmu_low(faddr, oas) & SMMU_MASK(SMMU_GATOS_PAR_FADDR));
}

/* A nibble of a MAIR byte; the hints are those of both levels (attr.c). */
static unsigned mair_nibble(unsigned type, const struct smmu_attr *attr)
{
	unsigned hints = (unsigned)attr->ra << 1 | attr->wa;

	if (type == SMMU_MT_NC)
		return 4;
	if (attr->tr && hints)
		return (type == SMMU_MT_WT ? 0u : 4u) | hints;
	return (type == SMMU_MT_WT ? 8u : 12u) | hints;
}

static unsigned mair(const struct smmu_attr *attr)
{
	switch (attr->inner) {
	case SMMU_MT_DEV_NGNRNE:
		return 0x00;
	case SMMU_MT_DEV_NGNRE:
		return 0x04;
	case SMMU_MT_DEV_NGRE:
		return 0x08;
	case SMMU_MT_DEV_GRE:
		return 0x0c;
	default:
		return mair_nibble(attr->outer, attr) << 4 |
		       mair_nibble(attr->inner, attr);
	}
}

/* ATOS-22 to ATOS-24: the lowest bit set in ADDR is half of the size. */
static uint64_t par_success(const struct lookup *l)
{
	unsigned oas = l->smmu->id.oas, bits = l->bits < oas ? l->bits : oas;
	uint64_t addr = smmu_align_down(smmu_low(l->out, oas), bits), par = 0;
	struct smmu_attr attr = l->attr;

	smmu_attr_consistent(&attr);
	par = smmu_reg_set(par, SMMU_GATOS_PAR_ATTR, mair(&attr));
	par = smmu_reg_set(par, SMMU_GATOS_PAR_SH, attr.sh);
	if (bits > 12) {
		par = smmu_reg_set(par, SMMU_GATOS_PAR_Size, 1);
		addr |= UINT64_C(1) << (bits - 1);
	}
	return par | addr;
}

/* ATOS-12, ATOS-13: the request as it is, without the STE's overrides. */
uint64_t smmu_atos_lookup(struct smmu *smmu, const struct smmu_atos *group, bool vatos)
{
	uint64_t sid = group->sid, addr = group->addr;
	bool read = smmu_reg_get(addr, SMMU_GATOS_ADDR_RnW);
	struct lookup l = {
		.smmu = smmu,
		.vatos = vatos,
		.type = (unsigned)smmu_reg_get(addr, SMMU_GATOS_ADDR_TYPE),
		.httui = smmu_reg_get(addr, SMMU_GATOS_ADDR_HTTUI),
		.txn = { .sid = (uint32_t)smmu_reg_get(sid, SMMU_GATOS_SID_STREAMID),
			 .ssid = (uint32_t)smmu_reg_get(sid, SMMU_GATOS_SID_SUBSTREAMID),
			 .ssv = smmu_reg_get(sid, SMMU_GATOS_SID_SSID_VALID),
			 .addr = addr & SMMU_MASK(SMMU_GATOS_ADDR_ADDR) },
		.acc = { .read = read,
			 .write = !read,
			 .inst = read && smmu_reg_get(addr, SMMU_GATOS_ADDR_InD),
			 .priv = smmu_reg_get(addr, SMMU_GATOS_ADDR_PnU) },
		.attr = smmu_attr_default(),
	};

	return find(&l) ? par_success(&l) : par_fault(&l);
}
