/* SPDX-License-Identifier: MIT */
/* Registers, command queues, signals that wait, and statistics in a snapshot. */
#include "model/model.h"
#include "model/snapshot/pack.h"

/* clang-format off: a row a member; tests/project/snapshot.py sees that none is missing */
#define REG(m) SMMU_PACK_FIELD(struct smmu_regs, m)
static const struct smmu_pack_field regs[] = {
	REG(cr0),
	REG(cr0ack),
	REG(cr1),
	REG(cr2),
	REG(statusr),
	REG(gbpa),
	REG(agbpa),
	REG(irq_ctrl),
	REG(irq_ctrlack),
	REG(gerror),
	REG(gerrorn),
	REG(gerror_irq_cfg0),
	REG(gerror_irq_cfg1),
	REG(gerror_irq_cfg2),
	REG(strtab_base),
	REG(strtab_base_cfg),
	REG(eventq_base),
	REG(priq_base),
	REG(eventq_prod),
	REG(eventq_cons),
	REG(priq_prod),
	REG(priq_cons),
	REG(eventq_irq_cfg0),
	REG(priq_irq_cfg0),
	REG(eventq_irq_cfg1),
	REG(eventq_irq_cfg2),
	REG(priq_irq_cfg1),
	REG(priq_irq_cfg2),
	REG(gmpam),
	REG(gbpmpam),
	REG(s2pii),
};

#define STAT(m) SMMU_PACK_FIELD(struct smmu_stats, m)
static const struct smmu_pack_field stats[] = {
	STAT(translations), STAT(tlb_hits),	     STAT(tlb_misses),
	STAT(walk_reads),   STAT(ste_hits),	     STAT(ste_fetches),
	STAT(cd_hits),	    STAT(cd_fetches),	     STAT(commands),
	STAT(syncs),	    STAT(tlb_invalidations), STAT(config_invalidations),
	STAT(events),	    STAT(events_lost),
	STAT(ats_requests),
	STAT(atc_invalidations),
	STAT(page_requests),
};
/* clang-format on */

/* By number: 0 the main queue, n + 1 ECMDQ n. */
static struct smmu_cmdq *queue(struct smmu *smmu, uint32_t i)
{
	return i == 0 ? &smmu->cmdq : &smmu->ecmdq[i - 1];
}

static uint32_t queues(const struct smmu *smmu)
{
	return 1 + smmu_ecmdq_count(smmu);
}

static uint32_t number(struct smmu *smmu, const struct smmu_cmdq *q)
{
	return q == &smmu->cmdq ? 0 : (uint32_t)(q - smmu->ecmdq) + 1;
}

/* Those that wait for a signal to be sent, in their order. */
static void pack_kicked(struct smmu_pack *p, struct smmu *smmu)
{
	const struct smmu_cmdq *q = smmu->cmdq_kicked;
	uint32_t n = 0;

	for (const struct smmu_cmdq *i = q; !p->loading && i; i = i->next)
		n++;
	n = pack_count(p, n, queues(smmu));
	for (; n > 0 && p->why == NULL; n--) {
		uint32_t i =
			pack_index(p, p->loading ? 0 : number(smmu, q), queues(smmu));

		if (!p->loading) {
			q = q->next;
			continue;
		}
		if (!pack_check(p, !queue(smmu, i)->kicked, "a queue that waits twice"))
			return;
		queue(smmu, i)->kicked = true;
		*smmu->cmdq_kicked_end = queue(smmu, i);
		smmu->cmdq_kicked_end = &queue(smmu, i)->next;
	}
}

/*
 * What functions were sent and have not answered is not part of a snapshot, no more than
 * they are: it counts as timed out, and a CMD_SYNC that waits for it finds so (CMD-81).
 */
enum { FAILED = 1, SYNC_HELD = 2 };
static void pack_failed(struct smmu_pack *p, struct smmu_cmdq *q)
{
	uint8_t failed = q->atc.failed || q->atc.outstanding != 0 ? FAILED : 0;

	/* Nor are accesses that it waits for: it goes on. */
	if (q->sync.held)
		failed |= SYNC_HELD;
	pack_u8(p, &failed);
	if (!p->loading)
		return;
	q->atc.failed = failed & FAILED;
	q->sync.held = failed & SYNC_HELD;
}

static void kick_waiting(struct smmu *smmu)
{
	for (uint32_t i = 0; i < queues(smmu); i++) {
		struct smmu_cmdq *q = queue(smmu, i);

		bool kick = q->atc.failed || q->sync.held;

		q->sync.held = false;
		if (!kick || q->kicked)
			continue;
		q->kicked = true;
		*smmu->cmdq_kicked_end = q;
		smmu->cmdq_kicked_end = &q->next;
	}
}

static void pack_signals(struct smmu_pack *p, struct smmu *smmu)
{
	smmu->n_signals = pack_count(p, smmu->n_signals, SMMU_IRQ_ALL);
	for (unsigned i = 0; i < smmu->n_signals; i++) {
		struct smmu_signal *s = &smmu->signal[i];

		pack_u8(p, &s->irq);
		pack_u8(p, &s->memattr);
		pack_u8(p, &s->sh);
		pack_u32(p, &s->data);
		pack_u64(p, &s->pa);
		pack_u8(p, &s->pmg);
		pack_u16(p, &s->partid);
		if (!pack_check(p, s->irq < SMMU_IRQ_PMCG + (unsigned)smmu->cfg.pmcgs,
				"an interrupt that is not there"))
			s->irq = 0;
	}
}

void smmu_regs_pack(struct smmu_pack *p, struct smmu *smmu)
{
	uint32_t n;

	smmu_pack_fields(p, &smmu->regs, regs, SMMU_PACK_COUNT(regs));
	smmu_pack_fields(p, &smmu->stats, stats, SMMU_PACK_COUNT(stats));
	n = pack_count(p, queues(smmu), queues(smmu));
	pack_check(p, n == queues(smmu), "another number of command queues");
	for (uint32_t i = 0; i < n && p->why == NULL; i++) {
		pack_u64(p, &queue(smmu, i)->base);
		pack_u32(p, &queue(smmu, i)->prod);
		pack_u32(p, &queue(smmu, i)->cons);
		pack_failed(p, queue(smmu, i));
	}
	pack_kicked(p, smmu);
	if (p->loading && p->why == NULL)
		kick_waiting(smmu);
	pack_signals(p, smmu);
}
