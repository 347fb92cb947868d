/* SPDX-License-Identifier: MIT */
/*
 * The registers of a counter group (10.5; PMCG-3 to PMCG-5, PMCG-9, PMCG-12 to
 * PMCG-17). Access rules are those of mmio.c. Secure state is not supported, so that
 * SCR, S_MPAMIDR and ROOTCR are RES0.
 *
 * CHOICE (PMCG-12): setting OVS by register neither interrupts nor captures. CHOICE
 * (PMCG-17): GMPAM written with Update == 0 stays as it is.
 */
#include "model/mpam/mpam.h"
#include "model/pmcg/pmcg.h"

#define PAGE 0x1000u

enum where { PAGE0, COUNTERS /* page 1 if CFGR.RELOC_CTRS */ };

/* A register, or an array of one for each counter. */
struct row {
	uint16_t offset;
	uint8_t bytes; /* 4 or 8; 0: after CFGR.SIZE */
	bool array;
	enum where where;
	bool (*present)(const struct smmu_pmcg *p);
};

static bool has_capture(const struct smmu_pmcg *p)
{
	return p->cfg.capture;
}

static bool has_msi(const struct smmu_pmcg *p)
{
	return p->cfg.msi;
}

static bool has_status(const struct smmu_pmcg *p)
{
	return p->cfg.msi && !p->smmu->id.v30;
}

static bool has_mpam(const struct smmu_pmcg *p)
{
	return p->cfg.mpam;
}

static bool has_mpamidr(const struct smmu_pmcg *p)
{
	return p->cfg.mpam || p->cfg.filter_partid_pmg;
}

#define REG(name, bytes_, where_, present_)                                              \
	{                                                                                \
		SMMU_REG_PMCG_##name, bytes_, false, where_, present_                    \
	}
#define ARRAY(name, bytes_, where_, present_)                                            \
	{                                                                                \
		SMMU_REG_PMCG_##name, bytes_, true, where_, present_                     \
	}
static const struct row rows[] = {
	ARRAY(EVCNTR, 0, COUNTERS, NULL),
	ARRAY(EVTYPER, 4, PAGE0, NULL),
	ARRAY(SVR, 0, COUNTERS, has_capture),
	ARRAY(SMR, 4, PAGE0, NULL),
	REG(CNTENSET0, 8, PAGE0, NULL),
	REG(CNTENCLR0, 8, PAGE0, NULL),
	REG(INTENSET0, 8, PAGE0, NULL),
	REG(INTENCLR0, 8, PAGE0, NULL),
	REG(OVSCLR0, 8, COUNTERS, NULL),
	REG(OVSSET0, 8, COUNTERS, NULL),
	REG(CAPR, 4, COUNTERS, has_capture),
	REG(CFGR, 4, PAGE0, NULL),
	REG(CR, 4, PAGE0, NULL),
	REG(IIDR, 4, PAGE0, NULL),
	REG(CEID0, 8, PAGE0, NULL),
	REG(CEID1, 8, PAGE0, NULL),
	REG(IRQ_CTRL, 4, PAGE0, NULL),
	REG(IRQ_CTRLACK, 4, PAGE0, NULL),
	REG(IRQ_CFG0, 8, PAGE0, has_msi),
	REG(IRQ_CFG1, 4, PAGE0, has_msi),
	REG(IRQ_CFG2, 4, PAGE0, has_msi),
	REG(IRQ_STATUS, 4, PAGE0, has_status),
	REG(GMPAM, 4, PAGE0, has_mpam),
	REG(AIDR, 4, PAGE0, NULL),
	REG(MPAMIDR, 4, PAGE0, has_mpamidr),
	REG(PMDEVARCH, 4, PAGE0, NULL),
	REG(PMDEVTYPE, 4, PAGE0, NULL),
	REG(PIDR0, 4, PAGE0, NULL),
	REG(PIDR1, 4, PAGE0, NULL),
	REG(PIDR2, 4, PAGE0, NULL),
	REG(PIDR3, 4, PAGE0, NULL),
	REG(PIDR4, 4, PAGE0, NULL),
	REG(CIDR0, 4, PAGE0, NULL),
	REG(CIDR1, 4, PAGE0, NULL),
	REG(CIDR2, 4, PAGE0, NULL),
	REG(CIDR3, 4, PAGE0, NULL),
};
#undef REG
#undef ARRAY

/* Where an access falls. */
struct place {
	unsigned reg, n; /* SMMU_REG_PMCG_*; which of an array */
	unsigned bytes;	 /* of the register */
	unsigned shift;	 /* bits of it below the access */
};

static unsigned row_bytes(const struct smmu_pmcg *p, const struct row *row)
{
	return row->bytes ? row->bytes : p->cfg.bits > 32 ? 8 : 4;
}

static bool find(const struct smmu_pmcg *p, uint64_t offset, struct place *at)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		unsigned bytes = row_bytes(p, row);
		uint64_t base = row->offset, n = row->array ? p->cfg.counters : 1;

		if (row->where == COUNTERS && p->cfg.reloc_ctrs)
			base += PAGE; /* PMCG-4 */
		if (offset < base || offset >= base + n * bytes)
			continue;
		at->reg = row->offset;
		at->n = (unsigned)((offset - base) / bytes);
		at->bytes = bytes;
		at->shift = (unsigned)((offset - base) % bytes) * 8;
		return !row->present || row->present(p);
	}
	return false;
}

/* ---- identification ---- */

static uint64_t cfgr(const struct smmu_pmcg *p)
{
	const struct smmu_pmcg_config *c = &p->cfg;
	uint64_t r = 0;

	r = smmu_reg_set(r, SMMU_PMCG_CFGR_NCTR, c->counters - 1u);
	r = smmu_reg_set(r, SMMU_PMCG_CFGR_SIZE, c->bits - 1u);
	r = smmu_reg_set(r, SMMU_PMCG_CFGR_RELOC_CTRS, c->reloc_ctrs);
	r = smmu_reg_set(r, SMMU_PMCG_CFGR_MSI, c->msi);
	r = smmu_reg_set(r, SMMU_PMCG_CFGR_CAPTURE, c->capture);
	r = smmu_reg_set(r, SMMU_PMCG_CFGR_SID_FILTER_TYPE, c->sid_filter_type);
	r = smmu_reg_set(r, SMMU_PMCG_CFGR_MPAM, c->mpam);
	return smmu_reg_set(r, SMMU_PMCG_CFGR_FILTER_PARTID_PMG, c->filter_partid_pmg);
}

/* PMCG-22 */
static uint64_t ceid0(const struct smmu_pmcg *p)
{
	uint64_t events = (UINT64_C(1) << SMMU_PMCG_ATS_REQUEST) - 1;

	if (p->smmu->cfg.ats)
		events |= UINT64_C(1) << SMMU_PMCG_ATS_REQUEST |
			  UINT64_C(1) << SMMU_PMCG_ATS_TRANSLATED;
	return events;
}

static uint64_t mpamidr(const struct smmu_pmcg *p)
{
	uint64_t r = 0;

	if (!p->cfg.mpam)
		return 0;
	r = smmu_reg_set(r, SMMU_PMCG_MPAMIDR_PARTID_MAX, p->smmu->cfg.partid_max);
	return smmu_reg_set(r, SMMU_PMCG_MPAMIDR_PMG_MAX, p->smmu->cfg.pmg_max);
}

/* As of any CoreSight component; without an IIDR nobody has made it. */
static uint64_t component(const struct smmu_pmcg *p, unsigned reg)
{
	uint64_t part = smmu_reg_get(p->cfg.iidr, SMMU_PMCG_IIDR_ProductID);
	uint64_t maker = smmu_reg_get(p->cfg.iidr, SMMU_PMCG_IIDR_Implementer), r = 0;

	if (!p->cfg.iidr)
		return 0;
	switch (reg) {
	case SMMU_REG_PMCG_PIDR0:
		return smmu_reg_set(r, SMMU_PMCG_PIDR0_PART_0, part & 0xff);
	case SMMU_REG_PMCG_PIDR1:
		r = smmu_reg_set(r, SMMU_PMCG_PIDR1_PART_1, part >> 8);
		return smmu_reg_set(r, SMMU_PMCG_PIDR1_DES_0, maker & 15);
	case SMMU_REG_PMCG_PIDR2:
		r = smmu_reg_set(r, SMMU_PMCG_PIDR2_DES_1, maker >> 4 & 7);
		r = smmu_reg_set(r, SMMU_PMCG_PIDR2_JEDEC, 1);
		return smmu_reg_set(r, SMMU_PMCG_PIDR2_REVISION,
				    smmu_reg_get(p->cfg.iidr, SMMU_PMCG_IIDR_Variant));
	case SMMU_REG_PMCG_PIDR3:
		return smmu_reg_set(r, SMMU_PMCG_PIDR3_REVAND,
				    smmu_reg_get(p->cfg.iidr, SMMU_PMCG_IIDR_Revision));
	default:
		return smmu_reg_set(r, SMMU_PMCG_PIDR4_DES_2, maker >> 8);
	}
}

static uint64_t read_id(const struct smmu_pmcg *p, unsigned reg)
{
	switch (reg) {
	case SMMU_REG_PMCG_CFGR:
		return cfgr(p);
	case SMMU_REG_PMCG_IIDR:
		return p->cfg.iidr;
	case SMMU_REG_PMCG_CEID0:
		return ceid0(p);
	case SMMU_REG_PMCG_AIDR:
		return p->smmu->id.aidr;
	case SMMU_REG_PMCG_MPAMIDR:
		return mpamidr(p);
	case SMMU_REG_PMCG_PMDEVARCH:
		return 0x47702a56;
	case SMMU_REG_PMCG_PMDEVTYPE:
		return 0x56;
	case SMMU_REG_PMCG_CIDR0:
		return 0x0d;
	case SMMU_REG_PMCG_CIDR1:
		return 0x90;
	case SMMU_REG_PMCG_CIDR2:
		return 0x05;
	case SMMU_REG_PMCG_CIDR3:
		return 0xb1;
	case SMMU_REG_PMCG_PIDR0:
	case SMMU_REG_PMCG_PIDR1:
	case SMMU_REG_PMCG_PIDR2:
	case SMMU_REG_PMCG_PIDR3:
	case SMMU_REG_PMCG_PIDR4:
		return component(p, reg);
	default:
		return 0; /* CEID1: no event; CAPR: write only */
	}
}

static uint64_t read_reg(const struct smmu_pmcg *p, const struct place *at)
{
	switch (at->reg) {
	case SMMU_REG_PMCG_EVCNTR:
		return p->evcntr[at->n];
	case SMMU_REG_PMCG_EVTYPER:
		return p->evtyper[at->n];
	case SMMU_REG_PMCG_SVR:
		return p->svr[at->n];
	case SMMU_REG_PMCG_SMR:
		return p->smr[at->n];
	case SMMU_REG_PMCG_CNTENSET0:
	case SMMU_REG_PMCG_CNTENCLR0:
		return p->cnten; /* PMCG-13 */
	case SMMU_REG_PMCG_INTENSET0:
	case SMMU_REG_PMCG_INTENCLR0:
		return p->inten;
	case SMMU_REG_PMCG_OVSSET0:
	case SMMU_REG_PMCG_OVSCLR0:
		return p->ovs;
	case SMMU_REG_PMCG_CR:
		return p->cr;
	case SMMU_REG_PMCG_IRQ_CTRL:
		return p->irq_ctrl;
	case SMMU_REG_PMCG_IRQ_CTRLACK:
		return p->irq_ctrlack;
	case SMMU_REG_PMCG_IRQ_CFG0:
		return p->irq_cfg0;
	case SMMU_REG_PMCG_IRQ_CFG1:
		return p->irq_cfg1;
	case SMMU_REG_PMCG_IRQ_CFG2:
		return p->irq_cfg2;
	case SMMU_REG_PMCG_IRQ_STATUS:
		return p->irq_status;
	case SMMU_REG_PMCG_GMPAM:
		return p->gmpam;
	default:
		return read_id(p, at->reg);
	}
}

/* ---- writes ---- */

/* PMCG-15: enabling starts anew; once disabled, nothing more of it is seen. */
static void write_irq_ctrl(struct smmu_pmcg *p, uint64_t value)
{
	uint32_t on = (uint32_t)(value & SMMU_MASK(SMMU_PMCG_IRQ_CTRL_IRQEN));

	if (on && !p->irq_ctrlack)
		p->irq_status = 0;
	p->irq_ctrl = p->irq_ctrlack = on;
	if (!on)
		smmu_signal_drop(p->smmu, SMMU_IRQ_PMCG + p->index);
}

/* Without StreamID filters of their own, the later counters have no SMR (PMCG-23). */
static uint32_t smr_bits(const struct smmu_pmcg *p, unsigned n)
{
	if (n != 0 && p->cfg.sid_filter_type)
		return 0;
	return p->sid_mask | (p->cfg.filter_partid_pmg ? 0xffffffu : 0);
}

static uint64_t address_bits(const struct smmu_pmcg *p)
{
	return SMMU_MASK(SMMU_PMCG_IRQ_CFG0_ADDR) &
	       ((UINT64_C(1) << p->smmu->id.oas) - 1);
}

/* The registers that are simply kept; those of the MSI only while it is disabled. */
static void store(struct smmu_pmcg *p, const struct place *at, uint64_t v)
{
	bool may = !p->irq_ctrl && !p->irq_ctrlack;

	switch (at->reg) {
	case SMMU_REG_PMCG_EVCNTR:
		p->evcntr[at->n] = v & p->mask;
		break;
	case SMMU_REG_PMCG_EVTYPER:
		p->evtyper[at->n] =
			(uint32_t)v & (at->n ? p->evtypern_bits : p->evtyper_bits);
		break;
	case SMMU_REG_PMCG_SMR:
		p->smr[at->n] = (uint32_t)v & smr_bits(p, at->n);
		break;
	case SMMU_REG_PMCG_CR:
		p->cr = (uint32_t)(v & SMMU_MASK(SMMU_PMCG_CR_E));
		break;
	case SMMU_REG_PMCG_IRQ_CFG0:
		p->irq_cfg0 = may ? v & address_bits(p) : p->irq_cfg0;
		break;
	case SMMU_REG_PMCG_IRQ_CFG1:
		p->irq_cfg1 = may ? (uint32_t)v : p->irq_cfg1;
		break;
	case SMMU_REG_PMCG_IRQ_CFG2:
		p->irq_cfg2 =
			may ? (uint32_t)(v & (SMMU_MASK(SMMU_PMCG_IRQ_CFG2_SH) |
					      SMMU_MASK(SMMU_PMCG_IRQ_CFG2_MEMATTR)))
			    : p->irq_cfg2;
		break;
	default:
		break; /* read only */
	}
}

/* REG-43 likewise: in force on return, so that Update is never seen set. */
static void write_gmpam(struct smmu_pmcg *p, uint64_t v)
{
	uint64_t r = 0, partid = smmu_reg_get(v, SMMU_PMCG_GMPAM_PO_PARTID);
	uint64_t pmg = smmu_reg_get(v, SMMU_PMCG_GMPAM_PO_PMG);

	if (!smmu_reg_get(v, SMMU_PMCG_GMPAM_Update))
		return;
	r = smmu_reg_set(r, SMMU_PMCG_GMPAM_PO_PARTID,
			 partid & smmu_mpam_id_bits(p->smmu->cfg.partid_max));
	p->gmpam = (uint32_t)smmu_reg_set(r, SMMU_PMCG_GMPAM_PO_PMG,
					  pmg & smmu_mpam_id_bits(p->smmu->cfg.pmg_max));
}

/* lanes: the bits that are written. */
static void write_reg(struct smmu_pmcg *p, const struct place *at, uint64_t v,
		      uint64_t lanes)
{
	uint64_t set = v & lanes & p->counters;

	switch (at->reg) {
	case SMMU_REG_PMCG_CNTENSET0:
		p->cnten |= set;
		break;
	case SMMU_REG_PMCG_CNTENCLR0:
		p->cnten &= ~set;
		break;
	case SMMU_REG_PMCG_INTENSET0:
		p->inten |= set;
		break;
	case SMMU_REG_PMCG_INTENCLR0:
		p->inten &= ~set;
		break;
	case SMMU_REG_PMCG_OVSSET0:
		p->ovs |= set;
		break;
	case SMMU_REG_PMCG_OVSCLR0:
		p->ovs &= ~set;
		break;
	case SMMU_REG_PMCG_CAPR:
		if (smmu_reg_get(v, SMMU_PMCG_CAPR_CAPTURE))
			smmu_pmcg_capture(p);
		break;
	case SMMU_REG_PMCG_IRQ_CTRL:
		write_irq_ctrl(p, v);
		break;
	case SMMU_REG_PMCG_GMPAM:
		write_gmpam(p, v);
		break;
	default:
		store(p, at, (read_reg(p, at) & ~lanes) | (v & lanes));
		break;
	}
}

/* ---- accesses ---- */

static uint64_t read4(const struct smmu_pmcg *p, uint64_t offset)
{
	struct place at;

	return find(p, offset, &at) ? (uint32_t)(read_reg(p, &at) >> at.shift) : 0;
}

static void write4(struct smmu_pmcg *p, uint64_t offset, uint32_t value)
{
	struct place at;

	if (find(p, offset, &at))
		write_reg(p, &at, (uint64_t)value << at.shift,
			  UINT64_C(0xffffffff) << at.shift);
}

/* CHOICE (REG-11): as for the SMMU's own registers. */
static bool splits(const struct smmu_pmcg *p, uint64_t offset)
{
	struct place at;

	return !(find(p, offset, &at) && at.bytes == 8) && !p->smmu->cfg.mmio_pairs;
}

static void write8(struct smmu_pmcg *p, uint64_t offset, uint64_t value)
{
	struct place at;

	if (find(p, offset, &at) && at.bytes == 8) {
		write_reg(p, &at, value, UINT64_MAX);
	} else {
		write4(p, offset, (uint32_t)value);
		write4(p, offset + 4, (uint32_t)(value >> 32));
	}
}

static struct smmu_pmcg *target(struct smmu *smmu, unsigned group, uint64_t offset,
				unsigned size)
{
	bool ok = group < smmu->cfg.pmcgs && (size == 4 || size == 8) &&
		  offset < 2 * PAGE && offset % size == 0;

	if (!ok || (size == 8 && splits(&smmu->pmcg[group], offset)))
		return NULL;
	return &smmu->pmcg[group];
}

uint64_t smmu_pmcg_mmio_read(struct smmu *smmu, unsigned group, uint64_t offset,
			     unsigned size)
{
	const struct smmu_pmcg *p;
	uint64_t value = 0;

	if (!smmu_lock(smmu))
		return 0;
	p = target(smmu, group, offset, size);
	if (p)
		value = read4(p, offset);
	if (p && size == 8)
		value |= read4(p, offset + 4) << 32;
	smmu_unlock_and_deliver(smmu);
	return value;
}

void smmu_pmcg_mmio_write(struct smmu *smmu, unsigned group, uint64_t offset,
			  unsigned size, uint64_t value)
{
	struct smmu_pmcg *p;

	if (!smmu_lock(smmu))
		return;
	p = target(smmu, group, offset, size);
	if (p && size == 4)
		write4(p, offset, (uint32_t)value);
	else if (p)
		write8(p, offset, value);
	smmu_pmcg_update(smmu);
	smmu_unlock_and_deliver(smmu);
}
