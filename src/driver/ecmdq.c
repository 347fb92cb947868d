/* SPDX-License-Identifier: MIT */
/*
 * Enhanced command queues (IHI 0070 3.5.6): a CPU has one of its own, or shares it
 * with few. A CMD_SYNC there covers what went into the same queue (CMD-91), so each
 * batch stays in one; and nothing in this driver relies on another thread's SYNC.
 */
#include <sched.h>
#include <stdlib.h>
#include "driver/cmdq.h"
#include "driver/queue.h"

/* CHOICE: CPUs beyond so many share; a batch and more fits into each. */
#define ECMDQS_MAX 8u
#define ECMDQ_LOG2 8u

#define CONTROL_PAGE UINT64_C(0x10000)

static uint32_t base_reg(const struct arm_smmu_cmdq *cmdq)
{
	return cmdq->q.prod_reg - (SMMU_REG_ECMDQ_PROD(0, 0) - SMMU_REG_ECMDQ_BASE(0, 0));
}

/* The offset of control page n, 0: it is not in the window that firmware gave. */
static uint32_t control_page(const struct arm_smmu *smmu, unsigned n)
{
	uint64_t at = smmu_reg_get_addr(
		arm_smmu_read64(smmu, SMMU_REG_CMDQ_CONTROL_PAGE_BASE(n)),
		SMMU_CMDQ_CONTROL_PAGE_BASE_ADDR);

	return at && at + CONTROL_PAGE <= smmu->size ? (uint32_t)at : 0;
}

static int alloc_one(struct arm_smmu *smmu, unsigned n, unsigned log2numq)
{
	struct arm_smmu_cmdq *cmdq = &smmu->ecmdqs[n];
	unsigned log2 = smmu->cmdq_log2 < ECMDQ_LOG2 ? smmu->cmdq_log2 : ECMDQ_LOG2;
	uint32_t page = control_page(smmu, n >> log2numq);
	unsigned at = n & ((1u << log2numq) - 1);

	if (!page)
		return -1;
	return arm_smmu_cmdq_alloc(smmu, cmdq, log2,
				   page + (uint32_t)SMMU_REG_ECMDQ_PROD(at, log2numq),
				   page + (uint32_t)SMMU_REG_ECMDQ_CONS(at, log2numq));
}

void arm_smmu_ecmdq_init(struct arm_smmu *smmu)
{
	uint32_t idr6;
	unsigned log2numq, all;

	if (!(smmu->features & FEAT_ECMDQ))
		return;
	idr6 = arm_smmu_read32(smmu, SMMU_REG_IDR6);
	log2numq = (unsigned)smmu_reg_get(idr6, SMMU_IDR6_CMDQ_CONTROL_PAGE_LOG2NUMQ);
	all = 1u << (log2numq +
		     (unsigned)smmu_reg_get(idr6, SMMU_IDR6_CMDQ_CONTROL_PAGE_LOG2NUMP));
	if (all > ECMDQS_MAX)
		all = ECMDQS_MAX;
	smmu->ecmdqs = calloc(all, sizeof(*smmu->ecmdqs));
	if (!smmu->ecmdqs)
		return;
	/* One that there is no memory for is one less. */
	while (smmu->max_ecmdqs < all && !alloc_one(smmu, smmu->max_ecmdqs, log2numq))
		smmu->max_ecmdqs++;
	if (smmu->max_ecmdqs < all)
		arm_smmu_cmdq_free(smmu, &smmu->ecmdqs[smmu->max_ecmdqs]);
}

void arm_smmu_ecmdq_fini(struct arm_smmu *smmu)
{
	for (unsigned i = 0; i < smmu->max_ecmdqs; i++)
		arm_smmu_cmdq_free(smmu, &smmu->ecmdqs[i]);
	free(smmu->ecmdqs);
	smmu->ecmdqs = NULL;
}

/* ---- On and off (REG-107) ---- */

static int switch_one(struct arm_smmu_cmdq *cmdq, bool on)
{
	uint32_t enack = (uint32_t)SMMU_MASK(SMMU_ECMDQ_CONS_ENACK);

	__atomic_store_n(&cmdq->flags, (uint32_t)smmu_reg_set(0, SMMU_ECMDQ_PROD_EN, on),
			 __ATOMIC_RELEASE);
	arm_smmu_cmdq_kick(cmdq);
	return arm_smmu_wait_reg(cmdq->smmu, cmdq->q.cons_reg, enack, on ? enack : 0);
}

/* From whatever firmware left: off, ERR and ERRACK equal, empty, on. */
static int enable_one(struct arm_smmu_cmdq *cmdq)
{
	int err = switch_one(cmdq, false);

	if (err)
		return err;
	arm_smmu_cmdq_start(cmdq, base_reg(cmdq));
	return switch_one(cmdq, true);
}

int arm_smmu_ecmdq_enable(struct arm_smmu *smmu)
{
	unsigned n = 0;
	int err = 0;

	while (n < smmu->max_ecmdqs && !err) {
		err = enable_one(&smmu->ecmdqs[n]);
		n += !err;
	}
	if (err)
		arm_smmu_msg(smmu, IOMMU_MSG_ERROR,
			     "SMMU_ECMDQ_CONS%u.ENACK does not follow", n);
	smmu->num_ecmdqs = n;
	return err;
}

void arm_smmu_ecmdq_disable(struct arm_smmu *smmu)
{
	unsigned n = smmu->num_ecmdqs;

	smmu->num_ecmdqs = 0;
	while (n--)
		(void)switch_one(&smmu->ecmdqs[n], false);
}

/*
 * A queue for each CPU: who runs at the same time does not meet there. A thread that has
 * moved on to another CPU finishes its batch where it began it.
 */
struct arm_smmu_cmdq *arm_smmu_cmdq_of(struct arm_smmu *smmu)
{
	int cpu;

	if (!smmu->num_ecmdqs)
		return &smmu->cmdq;
	cpu = sched_getcpu();
	return &smmu->ecmdqs[cpu > 0 ? (unsigned)cpu % smmu->num_ecmdqs : 0];
}

/* ---- Errors (REG-110) ---- */

bool arm_smmu_cmdq_stopped(const struct arm_smmu_cmdq *cmdq, uint32_t cons)
{
	uint32_t flags = __atomic_load_n(&cmdq->flags, __ATOMIC_ACQUIRE);

	if (!flags)
		return smmu_reg_get(cons, SMMU_CMDQ_CONS_ERR);
	return smmu_reg_get(cons, SMMU_ECMDQ_CONS_ERR) !=
	       smmu_reg_get(flags, SMMU_ECMDQ_PROD_ERRACK);
}

bool arm_smmu_ecmdq_recover(struct arm_smmu *smmu)
{
	bool any = false;

	for (unsigned i = 0; i < smmu->num_ecmdqs; i++) {
		struct arm_smmu_cmdq *cmdq = &smmu->ecmdqs[i];
		uint32_t cons = arm_smmu_read32(smmu, cmdq->q.cons_reg);
		uint64_t flags = smmu_reg_set(0, SMMU_ECMDQ_PROD_EN, 1);

		if (!arm_smmu_cmdq_stopped(cmdq, cons))
			continue;
		arm_smmu_cmdq_repair(cmdq, cons,
				     smmu_reg_get(cons, SMMU_ECMDQ_CONS_ERR_REASON));
		flags = smmu_reg_set(flags, SMMU_ECMDQ_PROD_ERRACK,
				     smmu_reg_get(cons, SMMU_ECMDQ_CONS_ERR));
		__atomic_store_n(&cmdq->flags, (uint32_t)flags, __ATOMIC_RELEASE);
		arm_smmu_cmdq_kick(cmdq);
		any = true;
	}
	return any;
}
