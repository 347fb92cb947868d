/* SPDX-License-Identifier: MIT */
/* Counting: filters, overflow, capture, interrupt (10.3, 10.4; PMCG-8 to PMCG-29). */
#include "model/mpam/mpam.h"
#include "model/pmcg/pmcg.h"

/* ---- filters ---- */

/*
 * PMCG-24. A span ignores the bits up to the lowest 0 of STREAMID; the two modes that
 * match every StreamID are what this gives for a value of only 1s, and for one whose
 * top bit alone is 0. There are only Non-secure streams (PMCG-26, PMCG-31).
 */
static bool sid_matches(const struct smmu_pmcg *p, uint32_t evtyper, uint32_t smr,
			uint32_t sid)
{
	uint64_t m = smr & p->sid_mask, free = 0;

	if (smmu_reg_get(evtyper, SMMU_PMCG_EVTYPER_FILTER_SID_SPAN))
		free = m ^ (m + 1);
	return ((sid ^ m) & p->sid_mask & ~free) == 0;
}

/* PMCG-29: what cannot be output is never counted. */
static bool mpam_matches(const struct smmu_pmcg *p, uint32_t evtyper, uint32_t smr,
			 struct smmu_mpam mpam)
{
	/* CHOICE (B.7, 7): with MPAMIDR.*_MAX RES0, only an ID of 0 counts. */
	unsigned partid_max = p->cfg.mpam ? p->smmu->cfg.partid_max : 0;
	unsigned pmg_max = p->cfg.mpam ? p->smmu->cfg.pmg_max : 0;
	uint64_t partid = smmu_reg_get(smr, SMMU_PMCG_SMR_PARTID);
	uint64_t pmg = smmu_reg_get(smr, SMMU_PMCG_SMR_PMG);

	if (smmu_reg_get(evtyper, SMMU_PMCG_EVTYPER_FILTER_PARTID) &&
	    (partid > partid_max || partid != mpam.partid))
		return false;
	return !smmu_reg_get(evtyper, SMMU_PMCG_EVTYPER_FILTER_PMG) ||
	       (pmg <= pmg_max && pmg == mpam.pmg);
}

static bool matches(const struct smmu_pmcg *p, unsigned n, enum smmu_pmcg_event event,
		    const struct smmu_pmcg_who *who)
{
	/* PMCG-23: counter 0 may filter for all. */
	unsigned filter = p->cfg.sid_filter_type ? 0 : n;
	uint32_t evtyper = p->evtyper[filter], smr = p->smr[filter];

	if (event == SMMU_PMCG_CYCLE)
		return true;
	if (smmu_reg_get(evtyper, SMMU_PMCG_EVTYPER_FILTER_PARTID) ||
	    smmu_reg_get(evtyper, SMMU_PMCG_EVTYPER_FILTER_PMG))
		return mpam_matches(p, evtyper, smr, who->mpam);
	return sid_matches(p, evtyper, smr, who->sid);
}

/* ---- counters ---- */

/* PMCG-11. The MSI attributes are those of any other MSI (REG-54). */
static void interrupt(struct smmu_pmcg *p)
{
	struct smmu_signal signal = { .irq = (uint8_t)(SMMU_IRQ_PMCG + p->index) };
	struct smmu_mpam mpam;

	if (p->cfg.msi) {
		signal.pa = smmu_reg_get_addr(p->irq_cfg0, SMMU_PMCG_IRQ_CFG0_ADDR);
		signal.data = p->irq_cfg1;
		signal.memattr =
			(uint8_t)smmu_reg_get(p->irq_cfg2, SMMU_PMCG_IRQ_CFG2_MEMATTR);
		signal.sh = (uint8_t)smmu_reg_get(p->irq_cfg2, SMMU_PMCG_IRQ_CFG2_SH);
		mpam = smmu_mpam_of(&p->smmu->cfg,
				    smmu_reg_get(p->gmpam, SMMU_PMCG_GMPAM_PO_PARTID),
				    smmu_reg_get(p->gmpam, SMMU_PMCG_GMPAM_PO_PMG));
		signal.partid = mpam.partid;
		signal.pmg = mpam.pmg;
	}
	smmu_signal_add(p->smmu, &signal);
}

void smmu_pmcg_capture(struct smmu_pmcg *p)
{
	for (unsigned n = 0; n < p->cfg.counters; n++)
		p->svr[n] = p->evcntr[n];
}

/* PMCG-10: whether OVS was set before makes no difference to what follows. */
static void increment(struct smmu_pmcg *p, unsigned n)
{
	p->evcntr[n] = (p->evcntr[n] + 1) & p->mask;
	if (p->evcntr[n] != 0)
		return;
	p->ovs |= UINT64_C(1) << n;
	if (smmu_reg_get(p->evtyper[n], SMMU_PMCG_EVTYPER_OVFCAP))
		smmu_pmcg_capture(p);
	if ((p->inten >> n & 1) && p->irq_ctrlack)
		interrupt(p);
}

static void count(struct smmu_pmcg *p, enum smmu_pmcg_event event,
		  const struct smmu_pmcg_who *who)
{
	if (!p->cr)
		return;
	for (uint64_t left = p->cnten; left != 0; left &= left - 1) {
		unsigned n = (unsigned)__builtin_ctzll(left);

		if (smmu_reg_get(p->evtyper[n], SMMU_PMCG_EVTYPER_EVENT) == event &&
		    matches(p, n, event, who))
			increment(p, n);
	}
}

void smmu_pmcg_event(struct smmu *smmu, enum smmu_pmcg_event event,
		     struct smmu_pmcg_who who)
{
	bool tick = event == SMMU_PMCG_TRANSACTION || event == SMMU_PMCG_WALK_ACCESS ||
		    event == SMMU_PMCG_CONFIG_ACCESS;

	for (unsigned i = 0; i < smmu->cfg.pmcgs; i++) {
		if (tick)
			count(&smmu->pmcg[i], SMMU_PMCG_CYCLE, &who);
		count(&smmu->pmcg[i], event, &who);
	}
}

/*
 * The IDs are known only at the end. CHOICE (PMCG-29): a transaction terminated before
 * it got any has PARTID 0 and PMG 0. CHOICE (PMCG-21): a retry counts like any other.
 */
struct smmu_result smmu_pmcg_transact(struct smmu *smmu, const struct smmu_txn *txn)
{
	struct smmu_pmcg_who who = { .sid = txn->sid };
	struct smmu_result res;
	unsigned missed;

	smmu->missed = 0;
	res = smmu_transact(smmu, txn, NULL);
	missed = smmu->missed;
	who.mpam.partid = res.attr.partid;
	who.mpam.pmg = res.attr.pmg;
	smmu_pmcg_event(smmu, SMMU_PMCG_TRANSACTION, who);
	if (missed & SMMU_MISSED_TLB)
		smmu_pmcg_event(smmu, SMMU_PMCG_TLB_MISS, who);
	if (missed & SMMU_MISSED_CONFIG)
		smmu_pmcg_event(smmu, SMMU_PMCG_CONFIG_MISS, who);
	return res;
}
