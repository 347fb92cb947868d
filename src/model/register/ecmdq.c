/* SPDX-License-Identifier: MIT */
/*
 * The registers of the Enhanced Command queues (IHI 0070 3.5.6, 6.2.5, 6.3.49 to
 * 6.3.51, 6.3.107 to 6.3.109; REG-105 to REG-114, Q-37 to Q-41). How such a queue is
 * consumed is in queue/cmdq.c, where it is a queue like any other.
 *
 * CHOICE: the Update of EN completes inside the write that starts it (REG-107), so that
 * EN and ENACK never differ.
 */
#include <errno.h>
#include <stdlib.h>
#include "model/register/regfile.h"

#define PAGE	UINT64_C(0x10000)
#define P0_LAST SMMU_REG_CMDQ_CONTROL_PAGE_BASE(256)

static unsigned n_pages(const struct smmu *smmu)
{
	return 1u << smmu->cfg.cmdq_control_page_log2nump;
}

static unsigned n_queues(const struct smmu *smmu)
{
	return n_pages(smmu) << smmu->cfg.cmdq_control_page_log2numq;
}

unsigned smmu_ecmdq_count(const struct smmu *smmu)
{
	return smmu->ecmdq ? n_queues(smmu) : 0;
}

int smmu_ecmdq_create(struct smmu *smmu)
{
	if (!smmu->cfg.ecmdq)
		return 0;
	smmu->ecmdq = calloc(n_queues(smmu), sizeof(*smmu->ecmdq));
	return smmu->ecmdq ? 0 : -ENOMEM;
}

void smmu_ecmdq_destroy(struct smmu *smmu)
{
	free(smmu->ecmdq);
}

void smmu_ecmdq_reset(struct smmu *smmu)
{
	static const struct smmu_cmdq fresh;

	for (unsigned i = 0; i < smmu_ecmdq_count(smmu); i++)
		smmu_words_copy(&smmu->ecmdq[i], &fresh, sizeof(fresh));
}

/* ---- what is where ---- */

static bool in_page0(uint64_t offset)
{
	return offset >= SMMU_REG_CMDQ_CONTROL_PAGE_BASE && offset < P0_LAST;
}

bool smmu_ecmdq_is_page(const struct smmu *smmu, uint64_t offset)
{
	uint64_t pages = smmu->id.ecmdq_pages;

	return smmu->ecmdq && offset >= pages && offset - pages < n_pages(smmu) * PAGE;
}

bool smmu_ecmdq_owns(const struct smmu *smmu, uint64_t offset)
{
	return smmu->ecmdq && (in_page0(offset) || smmu_ecmdq_is_page(smmu, offset));
}

/* REG-106: the queue at this offset and the register in it; NULL: the gap after one. */
static struct smmu_cmdq *at_offset(const struct smmu *smmu, uint64_t offset,
				   unsigned *reg)
{
	unsigned shift = 16u - smmu->cfg.cmdq_control_page_log2numq;
	uint64_t at = offset - smmu->id.ecmdq_pages;

	*reg = (unsigned)(at & ((1u << shift) - 1));
	return *reg < 16 ? &smmu->ecmdq[at >> shift] : NULL;
}

bool smmu_ecmdq_is_polled(const struct smmu *smmu, uint64_t offset)
{
	unsigned reg;

	return smmu_ecmdq_is_page(smmu, offset) && at_offset(smmu, offset, &reg) &&
	       reg >= SMMU_REG_ECMDQ_PROD;
}

bool smmu_ecmdq_is_wide(const struct smmu *smmu, uint64_t offset)
{
	uint64_t bits = 16u - smmu->cfg.cmdq_control_page_log2numq;
	uint64_t at = in_page0(offset) ? offset % SMMU_REG_CMDQ_CONTROL_PAGE_BASE_STRIDE
				       : offset & ((UINT64_C(1) << bits) - 1);

	return at < 8;
}

bool smmu_ecmdq_any_enabled(const struct smmu *smmu)
{
	for (unsigned i = 0; i < smmu_ecmdq_count(smmu); i++)
		if (smmu_reg_get(smmu->ecmdq[i].cons, SMMU_ECMDQ_CONS_ENACK))
			return true;
	return false;
}

/* ---- reading ---- */

static uint64_t page0_read(const struct smmu *smmu, uint64_t offset)
{
	uint64_t at = offset - SMMU_REG_CMDQ_CONTROL_PAGE_BASE, value = 0;
	uint64_t n = at / SMMU_REG_CMDQ_CONTROL_PAGE_BASE_STRIDE;

	if (n >= n_pages(smmu))
		return 0;
	switch (at % SMMU_REG_CMDQ_CONTROL_PAGE_BASE_STRIDE & ~UINT64_C(7)) {
	case 0:
		value = smmu->id.ecmdq_pages + n * PAGE;
		value = smmu_reg_set(value, SMMU_CMDQ_CONTROL_PAGE_BASE_CMDQGS, 1);
		return smmu_reg_set(
			value, SMMU_CMDQ_CONTROL_PAGE_BASE_CMDQ_CONTROL_PAGE_PRESET, 1);
	case 8: /* CFG.EN and STATUS.ENACK, one after the other */
		return SMMU_MASK(SMMU_CMDQ_CONTROL_PAGE_CFG_EN) |
		       SMMU_MASK(SMMU_CMDQ_CONTROL_PAGE_STATUS_ENACK) << 32;
	default:
		return 0;
	}
}

static uint64_t pair(uint32_t low, uint32_t high)
{
	return low | (uint64_t)high << 32;
}

/* REG-87: no index bits above the wrap flag; those of software as far as ever used. */
static uint32_t prod_bits(const struct smmu *smmu)
{
	return (uint32_t)(SMMU_MASK(SMMU_ECMDQ_PROD_EN) |
			  SMMU_MASK(SMMU_ECMDQ_PROD_ERRACK)) |
	       smmu_index_bits(smmu->cfg.cmdqs, smmu->cfg.cmdqs);
}

static uint32_t cons_bits(const struct smmu *smmu, const struct smmu_cmdq *q)
{
	uint64_t base = __atomic_load_n(&q->base, __ATOMIC_RELAXED);
	uint64_t log2 = smmu_reg_get(base, SMMU_ECMDQ_BASE_LOG2SIZE);

	return (uint32_t)(SMMU_MASK(SMMU_ECMDQ_CONS_ENACK) |
			  SMMU_MASK(SMMU_ECMDQ_CONS_ERR_REASON) |
			  SMMU_MASK(SMMU_ECMDQ_CONS_ERR)) |
	       smmu_index_bits(log2, smmu->cfg.cmdqs);
}

/* REG-15 */
static uint64_t base_bits(const struct smmu *smmu)
{
	uint64_t addr = SMMU_MASK(SMMU_ECMDQ_BASE_ADDR);

	return SMMU_MASK(SMMU_ECMDQ_BASE_RA) | SMMU_MASK(SMMU_ECMDQ_BASE_LOG2SIZE) |
	       smmu_low(addr, smmu->id.oas);
}

uint64_t smmu_ecmdq_read(const struct smmu *smmu, uint64_t offset)
{
	const struct smmu_cmdq *q;
	unsigned reg;

	if (in_page0(offset))
		return page0_read(smmu, offset);
	q = at_offset(smmu, offset, &reg);
	if (!q)
		return 0;
	if (reg < SMMU_REG_ECMDQ_PROD)
		return q->base;
	return pair(smmu_reg_look(&q->prod),
		    smmu_reg_look(&q->cons) & cons_bits(smmu, q));
}

/* ---- writing ---- */

/* REG-107: the Update is complete, with all its side effects, when this returns. */
static void write_prod(struct smmu *smmu, struct smmu_cmdq *q, uint32_t value)
{
	bool en = smmu_reg_get(value, SMMU_ECMDQ_PROD_EN);

	if (smmu->run && !en)
		smmu_run_queue_off(smmu, q);
	smmu_reg_put(&q->prod, value & prod_bits(smmu));
	smmu_reg_put(&q->cons,
		     (uint32_t)smmu_reg_set(q->cons, SMMU_ECMDQ_CONS_ENACK, en));
	if (en)
		smmu_cmdq_kick(smmu, q);
}

bool smmu_ecmdq_post(struct smmu *smmu, uint64_t offset, uint32_t value,
		     struct smmu_cmdq **q)
{
	const uint32_t flags = (uint32_t)(SMMU_MASK(SMMU_ECMDQ_PROD_EN) |
					  SMMU_MASK(SMMU_ECMDQ_PROD_ERRACK));
	struct smmu_cmdq *at;
	unsigned reg;

	if (!smmu_ecmdq_is_page(smmu, offset))
		return false;
	at = at_offset(smmu, offset, &reg);
	if (!at || reg != SMMU_REG_ECMDQ_PROD ||
	    !smmu_reg_get(value, SMMU_ECMDQ_PROD_EN) ||
	    ((smmu_reg_look(&at->prod) ^ value) & flags))
		return false;
	smmu_reg_put(&at->prod, value & prod_bits(smmu));
	*q = at;
	return true;
}

/*
 * REG-108: BASE and CONS only while the queue is off. CHOICE: a write of CONS takes
 * RD, ERR and ERR_REASON; ENACK is the SMMU's own.
 */
void smmu_ecmdq_write(struct smmu *smmu, uint64_t offset, uint64_t value, uint64_t lanes)
{
	struct smmu_cmdq *q;
	unsigned reg;

	if (in_page0(offset))
		return;
	q = at_offset(smmu, offset, &reg);
	if (!q)
		return;
	if (reg >= SMMU_REG_ECMDQ_PROD && (uint32_t)lanes) {
		write_prod(smmu, q, (uint32_t)value);
		return;
	}
	if (smmu_reg_get(q->cons, SMMU_ECMDQ_CONS_ENACK))
		return;
	if (reg < SMMU_REG_ECMDQ_PROD)
		__atomic_store_n(&q->base,
				 ((q->base & ~lanes) | (value & lanes)) & base_bits(smmu),
				 __ATOMIC_RELAXED);
	else
		smmu_reg_put(&q->cons,
			     (uint32_t)smmu_reg_set((value >> 32) & cons_bits(smmu, q),
						    SMMU_ECMDQ_CONS_ENACK, 0));
}
