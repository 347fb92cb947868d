/* SPDX-License-Identifier: MIT */
/*
 * Every Non-secure register of page 0 and page 1, with the conditions under which
 * it exists and may be written (IHI 0070 6.3; REG-20 to REG-104). Where a write is
 * not allowed, it is ignored: that is the rule from v3.2 on and one of the permitted
 * outcomes before (CHOICE).
 *
 * CHOICE: every Update (CR0, IRQ_CTRL, GBPA, GMPAM, GBPMPAM) completes inside the write
 * that starts it (REG-27). ECMDQs are in ecmdq.c, ATOS in atos/, the DPT in dpt/.
 */
#include <stddef.h>
#include "model/mpam/mpam.h"
#include "model/register/regfile.h"

/* ---- when a register exists ---- */

static bool has_msi(const struct smmu *smmu)
{
	return smmu->cfg.msi;
}

static bool has_pri(const struct smmu *smmu)
{
	return smmu->cfg.pri;
}

static bool has_msi_pri(const struct smmu *smmu)
{
	return smmu->cfg.msi && smmu->cfg.pri;
}

static bool has_mpam(const struct smmu *smmu)
{
	return smmu->cfg.mpam;
}

static bool has_s2pi(const struct smmu *smmu)
{
	return smmu->cfg.s2pi;
}

/* CHOICE (REG-4): the page 0 places of page 1 registers, or RAZ/WI. */
static bool has_alias(const struct smmu *smmu)
{
	return smmu->cfg.page0_alias;
}

static bool has_pri_alias(const struct smmu *smmu)
{
	return smmu->cfg.page0_alias && smmu->cfg.pri;
}

/* ---- when it may be written: REG-17, request and acknowledge in that state ---- */

static bool always(const struct smmu *smmu)
{
	(void)smmu;
	return true;
}

static bool cr0_off(const struct smmu *smmu, uint64_t mask)
{
	return ((smmu->regs.cr0 | smmu->regs.cr0ack) & mask) == 0;
}

static bool smmu_off(const struct smmu *smmu)
{
	return cr0_off(smmu, SMMU_MASK(SMMU_CR0_SMMUEN));
}

static bool cmdq_off(const struct smmu *smmu)
{
	return cr0_off(smmu, SMMU_MASK(SMMU_CR0_CMDQEN));
}

static bool eventq_off(const struct smmu *smmu)
{
	return cr0_off(smmu, SMMU_MASK(SMMU_CR0_EVENTQEN));
}

static bool priq_off(const struct smmu *smmu)
{
	return cr0_off(smmu, SMMU_MASK(SMMU_CR0_PRIQEN));
}

static bool queues_off(const struct smmu *smmu)
{
	return cmdq_off(smmu) && eventq_off(smmu) && priq_off(smmu) &&
	       !smmu_ecmdq_any_enabled(smmu);
}

static bool irq_off(const struct smmu *smmu, uint64_t mask)
{
	return ((smmu->regs.irq_ctrl | smmu->regs.irq_ctrlack) & mask) == 0;
}

static bool gerror_irq_off(const struct smmu *smmu)
{
	return irq_off(smmu, SMMU_MASK(SMMU_IRQ_CTRL_GERROR_IRQEN));
}

static bool eventq_irq_off(const struct smmu *smmu)
{
	return irq_off(smmu, SMMU_MASK(SMMU_IRQ_CTRL_EVENTQ_IRQEN));
}

static bool priq_irq_off(const struct smmu *smmu)
{
	return irq_off(smmu, SMMU_MASK(SMMU_IRQ_CTRL_PRIQ_IRQEN));
}

/* ---- what this SMMU has of its fields ---- */

static uint64_t if_has(bool has, unsigned field)
{
	return has ? SMMU_MASK(field) : 0;
}

static uint64_t limit_cr0(const struct smmu *smmu)
{
	const struct smmu_config *c = &smmu->cfg;

	return SMMU_MASK(SMMU_CR0_SMMUEN) | SMMU_MASK(SMMU_CR0_EVENTQEN) |
	       SMMU_MASK(SMMU_CR0_CMDQEN) | if_has(c->pri, SMMU_CR0_PRIQEN) |
	       if_has(c->ats, SMMU_CR0_ATSCHK) | if_has(c->vmw, SMMU_CR0_VMW) |
	       if_has(c->dpt, SMMU_CR0_DPT_WALK_EN);
}

static uint64_t limit_cr2(const struct smmu *smmu)
{
	const struct smmu_config *c = &smmu->cfg;

	return SMMU_MASK(SMMU_CR2_RECINVSID) | if_has(c->hyp, SMMU_CR2_E2H) |
	       if_has(c->btm, SMMU_CR2_PTM) | if_has(c->atsrecerr, SMMU_CR2_REC_CFG_ATS);
}

static uint64_t limit_irq_ctrl(const struct smmu *smmu)
{
	return SMMU_MASK(SMMU_IRQ_CTRL_GERROR_IRQEN) |
	       SMMU_MASK(SMMU_IRQ_CTRL_EVENTQ_IRQEN) |
	       if_has(smmu->cfg.pri, SMMU_IRQ_CTRL_PRIQ_IRQEN);
}

/* EVT-88 */
static uint64_t limit_gerror(const struct smmu *smmu)
{
	const struct smmu_config *c = &smmu->cfg;

	return SMMU_MASK(SMMU_GERROR_CMDQ_ERR) | SMMU_MASK(SMMU_GERROR_EVENTQ_ABT_ERR) |
	       SMMU_MASK(SMMU_GERROR_SFM_ERR) | if_has(c->pri, SMMU_GERROR_PRIQ_ABT_ERR) |
	       if_has(c->msi, SMMU_GERROR_MSI_CMDQ_ABT_ERR) |
	       if_has(c->msi, SMMU_GERROR_MSI_EVENTQ_ABT_ERR) |
	       if_has(c->msi && c->pri, SMMU_GERROR_MSI_PRIQ_ABT_ERR) |
	       if_has(c->msi, SMMU_GERROR_MSI_GERROR_ABT_ERR) |
	       if_has(c->ecmdq, SMMU_GERROR_CMDQP_ERR) |
	       if_has(c->dpt, SMMU_GERROR_DPT_ERR);
}

/* CHOICE (REG-47): what cannot be overridden reads 0 here, whatever was written. */
static uint64_t limit_gbpa(const struct smmu *smmu)
{
	bool types = smmu->cfg.attr_types_ovr, perms = smmu->cfg.attr_perms_ovr;

	return SMMU_MASK(SMMU_GBPA_Update) | SMMU_MASK(SMMU_GBPA_ABORT) |
	       if_has(perms, SMMU_GBPA_INSTCFG) | if_has(perms, SMMU_GBPA_PRIVCFG) |
	       if_has(types, SMMU_GBPA_SHCFG) | if_has(types, SMMU_GBPA_ALLOCCFG) |
	       if_has(types, SMMU_GBPA_MTCFG) | if_has(types, SMMU_GBPA_MemAttr);
}

/* REG-74: FMT and SPLIT only with 2-level stream tables. */
static uint64_t limit_strtab_cfg(const struct smmu *smmu)
{
	bool levels = smmu->cfg.st_level != 0;

	return SMMU_MASK(SMMU_STRTAB_BASE_CFG_LOG2SIZE) |
	       if_has(levels, SMMU_STRTAB_BASE_CFG_SPLIT) |
	       if_has(levels, SMMU_STRTAB_BASE_CFG_FMT);
}

/* REG-15: address bits at and above OAS are RES0; what is above bit 55 is no address. */
static uint64_t limit_address(const struct smmu *smmu)
{
	return ((UINT64_C(1) << smmu->id.oas) - 1) | ~((UINT64_C(1) << 56) - 1);
}

/* The three queues' BASE registers have it in the same place. */
static unsigned log2size(const uint64_t *base)
{
	return (unsigned)smmu_reg_get(__atomic_load_n(base, __ATOMIC_RELAXED),
				      SMMU_CMDQ_BASE_LOG2SIZE);
}

/* REG-87: above the wrap bit, an index of the SMMU reads as zero ... */
static uint64_t limit_cmdq_cons(const struct smmu *smmu)
{
	unsigned log2 = log2size(&smmu->cmdq.base);

	return SMMU_MASK(SMMU_CMDQ_CONS_ERR) | smmu_index_bits(log2, smmu->cfg.cmdqs);
}

static uint64_t limit_eventq_prod(const struct smmu *smmu)
{
	unsigned log2 = log2size(&smmu->regs.eventq_base);

	return SMMU_MASK(SMMU_EVENTQ_PROD_OVFLG) |
	       smmu_index_bits(log2, smmu->cfg.eventqs);
}

static uint64_t limit_priq_prod(const struct smmu *smmu)
{
	unsigned log2 = log2size(&smmu->regs.priq_base);

	return SMMU_MASK(SMMU_PRIQ_PROD_OVFLG) | smmu_index_bits(log2, smmu->cfg.priqs);
}

/* ... one of software is kept, as far as the largest queue needs it. */
static uint64_t limit_cmdq_prod(const struct smmu *smmu)
{
	return smmu_index_bits(smmu->cfg.cmdqs, 19);
}

static uint64_t limit_eventq_cons(const struct smmu *smmu)
{
	return SMMU_MASK(SMMU_EVENTQ_CONS_OVACKFLG) |
	       smmu_index_bits(smmu->cfg.eventqs, 19);
}

static uint64_t limit_priq_cons(const struct smmu *smmu)
{
	return SMMU_MASK(SMMU_PRIQ_CONS_OVACKFLG) | smmu_index_bits(smmu->cfg.priqs, 19);
}

/* CHOICE (6.3.1, 6.3.36 contradict): without MSIs there is LO all the same. */
static uint64_t limit_priq_cfg2(const struct smmu *smmu)
{
	return SMMU_MASK(SMMU_PRIQ_IRQ_CFG2_LO) |
	       if_has(smmu->cfg.msi, SMMU_PRIQ_IRQ_CFG2_SH) |
	       if_has(smmu->cfg.msi, SMMU_PRIQ_IRQ_CFG2_MemAttr);
}

/* ---- what a write does ---- */

/* REG-20 to REG-27. CMDQEN 0 to 1 starts consumption; an error stays (REG-68). */
static void write_cr0(struct smmu *smmu, uint64_t value)
{
	bool was_on = smmu_reg_get(smmu->regs.cr0ack, SMMU_CR0_SMMUEN);

	smmu_run_settle(smmu);
	if (smmu->run && !smmu_reg_get(value, SMMU_CR0_CMDQEN))
		smmu_run_queue_off(smmu, &smmu->cmdq);
	smmu->regs.cr0 = (uint32_t)value;
	smmu_reg_put(&smmu->regs.cr0ack, (uint32_t)value);
	smmu_void_all(smmu->voids);
	/* STALL-9 */
	if (was_on && !smmu_reg_get(value, SMMU_CR0_SMMUEN))
		smmu_stall_terminate_all(smmu);
	if (!smmu_reg_get(value, SMMU_CR0_EVENTQEN))
		smmu->last_event.valid = false;
	smmu_stall_run(smmu);
	smmu_cmdq_kick(smmu, &smmu->cmdq);
}

/* REG-35 to REG-37: each group of CR1 has a condition of its own. */
static void write_cr1(struct smmu *smmu, uint64_t value)
{
	static const uint64_t table = SMMU_MASK(SMMU_CR1_TABLE_SH) |
				      SMMU_MASK(SMMU_CR1_TABLE_OC) |
				      SMMU_MASK(SMMU_CR1_TABLE_IC);
	static const uint64_t queue = SMMU_MASK(SMMU_CR1_QUEUE_SH) |
				      SMMU_MASK(SMMU_CR1_QUEUE_OC) |
				      SMMU_MASK(SMMU_CR1_QUEUE_IC);
	uint64_t may = (smmu_off(smmu) ? table : 0) | (queues_off(smmu) ? queue : 0);

	smmu->regs.cr1 = (uint32_t)((smmu->regs.cr1 & ~may) | (value & may));
}

/* REG-43 to REG-45. Later transactions see it at once, so Update is gone on return. */
static void write_gbpa(struct smmu *smmu, uint64_t value)
{
	if (!smmu_reg_get(value, SMMU_GBPA_Update))
		return;
	smmu->regs.gbpa = (uint32_t)smmu_reg_set(value, SMMU_GBPA_Update, 0);
	smmu_void_all(smmu->voids);
}

/* The fields of GMPAM, laid out like those of GBPMPAM; as wide as needed (REG-50). */
static uint64_t limit_mpam(const struct smmu *smmu)
{
	uint64_t partid = smmu_mpam_id_bits(smmu->cfg.partid_max);
	uint64_t pmg = smmu_mpam_id_bits(smmu->cfg.pmg_max);

	return smmu_reg_set(
		smmu_reg_set(SMMU_MASK(SMMU_GMPAM_Update), SMMU_GMPAM_SO_PARTID, partid),
		SMMU_GMPAM_SO_PMG, pmg);
}

/* REG-43 to REG-45 */
static void write_gmpam(struct smmu *smmu, uint64_t value)
{
	if (smmu_reg_get(value, SMMU_GMPAM_Update))
		smmu->regs.gmpam = (uint32_t)smmu_reg_set(value, SMMU_GMPAM_Update, 0);
}

static void write_gbpmpam(struct smmu *smmu, uint64_t value)
{
	if (!smmu_reg_get(value, SMMU_GBPMPAM_Update))
		return;
	smmu->regs.gbpmpam = (uint32_t)smmu_reg_set(value, SMMU_GBPMPAM_Update, 0);
	smmu_void_all(smmu->voids);
}

static void write_irq_ctrl(struct smmu *smmu, uint64_t value)
{
	smmu->regs.irq_ctrl = (uint32_t)value;
	smmu_reg_put(&smmu->regs.irq_ctrlack, (uint32_t)value);
	smmu_irq_forget_disabled(smmu);
}

/* EVT-6: there may be room for what is stalled and was not recorded. */
static void write_eventq_cons(struct smmu *smmu, uint64_t value)
{
	smmu_reg_put(&smmu->regs.eventq_cons, (uint32_t)value);
	smmu_stall_run(smmu);
}

/* REG-63, EVT-84: acknowledging CMDQ_ERR restarts the queue; EVENTQ_ABT_ERR, EVT-6. */
static void write_gerrorn(struct smmu *smmu, uint64_t value)
{
	smmu_reg_put(&smmu->regs.gerrorn, (uint32_t)value);
	smmu_stall_run(smmu);
	smmu_cmdq_kick(smmu, &smmu->cmdq);
}

static void write_cmdq_prod(struct smmu *smmu, uint64_t value)
{
	smmu_reg_put(&smmu->cmdq.prod, (uint32_t)value);
	smmu_cmdq_kick(smmu, &smmu->cmdq);
}

/* What drivers write most; the same as by the table, by a shorter way. */
void smmu_cmdq_ring(struct smmu *smmu, uint32_t value)
{
	write_cmdq_prod(smmu, value & smmu_index_bits(smmu->cfg.cmdqs, 19));
}

/* ---- the table ---- */

#define AT(member) offsetof(struct smmu, member)
#define ALL32	   UINT64_C(0xffffffff)
#define QUEUE_BITS(q, hint)                                                              \
	(SMMU_MASK(SMMU_##q##_BASE_##hint) | SMMU_MASK(SMMU_##q##_BASE_ADDR) |           \
	 SMMU_MASK(SMMU_##q##_BASE_LOG2SIZE))
#define STRTAB_BITS (SMMU_MASK(SMMU_STRTAB_BASE_RA) | SMMU_MASK(SMMU_STRTAB_BASE_ADDR))
#define MSI_ATTR(q)                                                                      \
	(SMMU_MASK(SMMU_##q##_IRQ_CFG2_SH) | SMMU_MASK(SMMU_##q##_IRQ_CFG2_MemAttr))
/* clang-format off: a row a register */
#define R_MEMBERS(name, size_, member, bits_, limit_, present_, writable_, write_)       \
	.offset = SMMU_REG_##name, .size = size_, .at = AT(member), .bits = bits_,       \
	.limit = limit_, .present = present_, .writable = writable_, .write = write_
/* Read without the lock: written with smmu_reg_put(), or never. */
#define POLLED(...)                                                                      \
	{                                                                                \
		.polled = true, R_MEMBERS(__VA_ARGS__)                                   \
	}
#define R(...)                                                                           \
	{                                                                                \
		R_MEMBERS(__VA_ARGS__)                                                   \
	}
#define RO32(name, member) POLLED(name, 4, member, ALL32, NULL, NULL, NULL, NULL)
#define ADDRESS(q)	   SMMU_MASK(SMMU_##q##_IRQ_CFG0_ADDR)
#define MSI_REGS(q, m, attr, has, off)                                                   \
	R(q##_IRQ_CFG0, 8, regs.m##_irq_cfg0, ADDRESS(q), limit_address, has, off,       \
	  NULL),                                                                         \
		R(q##_IRQ_CFG1, 4, regs.m##_irq_cfg1, ALL32, NULL, has, off, NULL),      \
		R(q##_IRQ_CFG2, 4, regs.m##_irq_cfg2, attr, NULL, has, off, NULL)

static const struct smmu_regdesc regs[] = {
	RO32(IDR0, id.idr[0]),
	RO32(IDR1, id.idr[1]),
	RO32(IDR2, id.idr[2]),
	RO32(IDR3, id.idr[3]),
	RO32(IDR4, id.idr[4]),
	RO32(IDR5, id.idr[5]),
	RO32(IDR6, id.idr[6]),
	RO32(IIDR, id.iidr),
	RO32(AIDR, id.aidr),
	R(CR0, 4, regs.cr0, ALL32, limit_cr0, NULL, always, write_cr0),
	RO32(CR0ACK, regs.cr0ack),
	R(CR1, 4, regs.cr1, ALL32, NULL, NULL, always, write_cr1),
	R(CR2, 4, regs.cr2, ALL32, limit_cr2, NULL, smmu_off, NULL),
	R(S2PII, 8, regs.s2pii, UINT64_MAX, NULL, has_s2pi, always, NULL),
	RO32(STATUSR, regs.statusr), /* DORMANT is never promised */
	R(GBPA, 4, regs.gbpa, ALL32, limit_gbpa, NULL, always, write_gbpa),
	/* AGBPA: no attribute needs it, so it is RES0 (REG-51). */
	R(IRQ_CTRL, 4, regs.irq_ctrl, ALL32, limit_irq_ctrl, NULL, always,
	  write_irq_ctrl),
	RO32(IRQ_CTRLACK, regs.irq_ctrlack),
	RO32(GERROR, regs.gerror),
	POLLED(GERRORN, 4, regs.gerrorn, ALL32, limit_gerror, NULL, always,
	       write_gerrorn),
	MSI_REGS(GERROR, gerror, MSI_ATTR(GERROR), has_msi, gerror_irq_off),
	R(STRTAB_BASE, 8, regs.strtab_base, STRTAB_BITS, limit_address, NULL, smmu_off,
	  NULL),
	R(STRTAB_BASE_CFG, 4, regs.strtab_base_cfg, ALL32, limit_strtab_cfg, NULL,
	  smmu_off, NULL),
	R(CMDQ_BASE, 8, cmdq.base, QUEUE_BITS(CMDQ, RA), limit_address, NULL, cmdq_off,
	  NULL),
	POLLED(CMDQ_PROD, 4, cmdq.prod, ALL32, limit_cmdq_prod, NULL, always,
	       write_cmdq_prod),
	POLLED(CMDQ_CONS, 4, cmdq.cons, ALL32, limit_cmdq_cons, NULL, cmdq_off, NULL),
	R(EVENTQ_BASE, 8, regs.eventq_base, QUEUE_BITS(EVENTQ, WA), limit_address, NULL,
	  eventq_off, NULL),
	MSI_REGS(EVENTQ, eventq, MSI_ATTR(EVENTQ), has_msi, eventq_irq_off),
	R(PRIQ_BASE, 8, regs.priq_base, QUEUE_BITS(PRIQ, WA), limit_address, has_pri,
	  priq_off, NULL),
	R(PRIQ_IRQ_CFG0, 8, regs.priq_irq_cfg0, ADDRESS(PRIQ), limit_address, has_msi_pri,
	  priq_irq_off, NULL),
	R(PRIQ_IRQ_CFG1, 4, regs.priq_irq_cfg1, ALL32, NULL, has_msi_pri, priq_irq_off,
	  NULL),
	R(PRIQ_IRQ_CFG2, 4, regs.priq_irq_cfg2, ALL32, limit_priq_cfg2, has_pri,
	  priq_irq_off, NULL),
	R(MPAMIDR, 4, id.mpamidr, ALL32, NULL, has_mpam, NULL, NULL),
	R(GMPAM, 4, regs.gmpam, ALL32, limit_mpam, has_mpam, always, write_gmpam),
	R(GBPMPAM, 4, regs.gbpmpam, ALL32, limit_mpam, has_mpam, always, write_gbpmpam),
	RO32(PIDR4, id.component[0]),
	RO32(PIDR5, id.component[1]),
	RO32(PIDR6, id.component[2]),
	RO32(PIDR7, id.component[3]),
	RO32(PIDR0, id.component[4]),
	RO32(PIDR1, id.component[5]),
	RO32(PIDR2, id.component[6]),
	RO32(PIDR3, id.component[7]),
	RO32(CIDR0, id.component[8]),
	RO32(CIDR1, id.component[9]),
	RO32(CIDR2, id.component[10]),
	RO32(CIDR3, id.component[11]),
	/* Page 1, and its places in page 0. */
	POLLED(EVENTQ_PROD, 4, regs.eventq_prod, ALL32, limit_eventq_prod, NULL,
	       eventq_off, NULL),
	POLLED(EVENTQ_CONS, 4, regs.eventq_cons, ALL32, limit_eventq_cons, NULL, always,
	       write_eventq_cons),
	POLLED(PRIQ_PROD, 4, regs.priq_prod, ALL32, limit_priq_prod, has_pri, priq_off,
	       NULL),
	R(PRIQ_CONS, 4, regs.priq_cons, ALL32, limit_priq_cons, has_pri, always, NULL),
	R(EVENTQ_PROD_ALIAS, 4, regs.eventq_prod, ALL32, limit_eventq_prod, has_alias,
	  eventq_off, NULL),
	R(EVENTQ_CONS_ALIAS, 4, regs.eventq_cons, ALL32, limit_eventq_cons, has_alias,
	  always, write_eventq_cons),
	R(PRIQ_PROD_ALIAS, 4, regs.priq_prod, ALL32, limit_priq_prod, has_pri_alias,
	  priq_off, NULL),
	R(PRIQ_CONS_ALIAS, 4, regs.priq_cons, ALL32, limit_priq_cons, has_pri_alias,
	  always, NULL),
};
/* clang-format on */

const struct smmu_regtable smmu_regs_main = { regs, sizeof(regs) / sizeof(regs[0]) };
_Static_assert(sizeof(regs) / sizeof(regs[0]) < UINT8_MAX, "a slot number fits a byte");
