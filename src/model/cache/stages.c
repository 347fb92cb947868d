/* SPDX-License-Identifier: MIT */
/*
 * T-15 to T-18 through the TLB. Stage 2 of a CD, of a stage-1 descriptor and of the
 * output of stage 1 goes through entries by IPA; a transaction with stage 1 on is
 * answered by an entry by VA, which holds both stages' result.
 *
 * Permissions are judged from the entry, so that a stale entry grants and denies what
 * it did when it was made. What faults with F_PERMISSION is cached as well; what
 * faults otherwise never is (CACHE-7).
 */
#include <stddef.h>
#include <string.h>
#include "model/cache/tlb.h"
#include "model/pmcg/pmcg.h"

/* ---- attributes of the output ---- */
static struct smmu_attr output(const struct smmu *smmu, const struct smmu_regime *rg,
			       const struct tlb_entry *e, const struct smmu_attr *in)
{
	struct smmu_attr attr = *in;

	if (rg->s1 != NULL)
		smmu_attr_stage1(&attr, &e->s1.attr);
	if (rg->s2 != NULL)
		smmu_attr_stage2(smmu, rg->s2, &e->s2, &attr);
	smmu_attr_consistent(&attr);
	return attr;
}

/* Type, shareability and hints come first in the structure; the rest is not compared. */
_Static_assert(offsetof(struct smmu_attr, tr) == 5, "six bytes to compare");

static inline bool is_default(const struct smmu_attr *in)
{
	static const uint8_t plain_wb[6] = {
		SMMU_MT_WB, SMMU_MT_WB, SMMU_SH_NSH, 1, 1, 0
	};

	return memcmp(in, plain_wb, sizeof(plain_wb)) == 0;
}

static void answer(const struct smmu *smmu, const struct smmu_regime *rg,
		   const struct smmu_access *acc, uint64_t addr,
		   const struct smmu_attr *in, const struct tlb_entry *e,
		   struct smmu_xlate *out)
{
	uint64_t ipa = addr;

	if (rg->s1 != NULL)
		ipa = e->s1.oa | smmu_low(addr, e->s1.bits);
	out->ipa = ipa;
	/* Without stage 2 an IPA wider than OAS is truncated in silence (T-17d). */
	out->pa = rg->s2 != NULL ? e->s2.oa | smmu_low(ipa, e->s2.bits)
				 : smmu_low(ipa, smmu->id.oas);
	out->page_bits = e->bits;
	out->attr = is_default(in) ? e->attr : output(smmu, rg, e, in);
	out->attr.partid = in->partid;
	out->attr.pmg = in->pmg;
	smmu_attr_leave(smmu, acc, &out->attr);
}

static void complete(const struct smmu *smmu, const struct smmu_regime *rg,
		     struct tlb_entry *line)
{
	struct smmu_attr in = smmu_attr_default();
	unsigned bits = rg->s1 != NULL ? line->s1.bits : line->s2.bits;

	if (rg->s1 != NULL && rg->s2 != NULL && line->s2.bits < bits)
		bits = line->s2.bits;
	line->bits = (uint8_t)bits;
	line->attr = output(smmu, rg, line, &in);
}

/* ---- the TLB, with what is counted and traced ---- */
static bool find(struct smmu *smmu, const struct smmu_regime *rg,
		 const struct tlb_key *key, uint64_t addr, struct tlb_entry *e)
{
	uint8_t stage = key->space == SMMU_TLB_IPA ? 2 : 1;

	if (smmu->tlb->off)
		return false;
	if (smmu_tlb_find(smmu->tlb, key, addr, e)) {
		smmu_tlb_used(smmu->tlb, e->slot);
		return true;
	}
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_TLB_MISS, .stage = stage, .sid = rg->sid,
		   .ssid = rg->ssid, .addr = addr);
	return false;
}

static void insert(struct smmu *smmu, const struct smmu_regime *rg,
		   const struct tlb_key *key, uint64_t addr, const struct tlb_entry *line)
{
	bool ipa = key->space == SMMU_TLB_IPA;
	bool global = ipa || !(line->s1.flags & SMMU_LEAF_NG);
	unsigned leaf_bits = ipa ? line->s2.bits : line->s1.bits;

	if (smmu->tlb->off)
		return;
	smmu_tlb_insert(smmu->tlb, key, global, addr, leaf_bits, line);
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_TLB_INSERT, .stage = ipa ? 2 : 1,
		   .sid = rg->sid, .ssid = rg->ssid, .addr = addr,
		   .value = rg->s2 != NULL ? line->s2.oa : line->s1.oa);
}

static void trace_hit(struct smmu *smmu, const struct smmu_regime *rg, unsigned stage,
		      uint64_t addr, uint64_t pa)
{
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_TLB_HIT, .stage = (uint8_t)stage,
		   .sid = rg->sid, .ssid = rg->ssid, .addr = addr, .value = pa);
}

/* Whether hardware must first make the page dirty: then the tables are read again. */
static bool needs_dirty(const struct smmu_access *acc, uint8_t flags)
{
	return acc->write && (flags & SMMU_LEAF_CLEAN) && !acc->keep_clean;
}

/* ---- the walk cache ---- */

/* Where a walk may begin instead of at the root; NULL: there. */
static const struct smmu_walk_point *begin_at(const struct smmu *smmu, struct tlb_key key,
					      uint64_t addr, struct smmu_walk_point *at)
{
	unsigned bits;

	if (__builtin_expect(!smmu->cfg.walk_cache, 1) || smmu->tlb->off)
		return NULL;
	key.kind += SMMU_TLB_WALKS;
	return smmu_tlb_find_table(smmu->tlb, &key, addr, &bits, at) ? at : NULL;
}

/*
 * The table that a walk ended in, if it is not the one that it began in; granule and
 * start are the regime's.
 */
static void keep_table(const struct smmu *smmu, const struct smmu_regime *rg,
		       struct tlb_key key, uint64_t addr, unsigned granule, int start,
		       const struct smmu_walk_point *from,
		       const struct smmu_walk_point *last)
{
	if (__builtin_expect(!smmu->cfg.walk_cache, 1) || smmu->tlb->off ||
	    rg->no_update || (from != NULL && from->level == last->level) ||
	    last->level <= start ||
	    smmu_level_shift(granule, last->level - 1) > SMMU_TLB_MAX_BITS)
		return;
	key.kind += SMMU_TLB_WALKS;
	smmu_tlb_insert_table(smmu->tlb, &key, addr,
			      smmu_level_shift(granule, last->level - 1), last);
}

/* T-18 from where the walk cache says. */
static bool walk_s2(struct smmu *smmu, const struct smmu_regime *rg,
		    const struct smmu_s2req *asked, struct smmu_s2leaf *leaf,
		    struct smmu_fault *fault)
{
	struct tlb_key key = { .space = SMMU_TLB_IPA, .vmid = rg->s2->vmid };
	struct smmu_walk_point from, last;
	struct smmu_s2req req = *asked;
	bool ok;

	req.from = begin_at(smmu, key, req.ipa, &from);
	req.last = &last;
	ok = smmu_s2_walk(smmu, rg, &req, leaf, fault);
	if (ok)
		keep_table(smmu, rg, key, req.ipa, rg->s2->granule, rg->s2->start,
			   req.from, &last);
	return ok;
}

/* ---- stage 2, by IPA ---- */
static struct tlb_key ipa_key(const struct smmu_regime *rg)
{
	return (struct tlb_key){ .space = SMMU_TLB_IPA, .vmid = rg->s2->vmid };
}

/* 3.20.1: more than one entry matches. */
static bool conflict(const struct smmu *smmu, const struct tlb_entry *e, uint64_t addr,
		     bool s2, struct smmu_fault *fault)
{
	if (__builtin_expect(!e->conflict, 1) || !smmu_tlb_conflicts(smmu->tlb, e, addr))
		return false;
	*fault = (struct smmu_fault){ .event = SMMU_EVT_F_TLB_CONFLICT,
				      .s2 = s2,
				      .cls = SMMU_CLASS_IN,
				      .ipa = s2 ? addr : 0,
				      .rule = "CACHE-80" };
	return true;
}

/* A hit: 1 granted, 0 denied, -1 nothing usable cached. */
static int s2_cached(struct smmu *smmu, const struct smmu_regime *rg,
		     const struct smmu_s2req *req, struct smmu_s2leaf *leaf,
		     struct smmu_fault *fault)
{
	struct tlb_key key = ipa_key(rg);
	struct tlb_entry e;

	if (!find(smmu, rg, &key, req->ipa, &e))
		return -1;
	trace_hit(smmu, rg, 2, req->ipa, e.s2.oa | smmu_low(req->ipa, e.s2.bits));
	*leaf = e.s2;
	if (conflict(smmu, &e, req->ipa, true, fault))
		return 0;
	if (!smmu_s2_allow(smmu, rg->s2, req, leaf, fault)) {
		smmu_s2_blame_cached(smmu, rg, req, leaf);
		return 0;
	}
	if (needs_dirty(&req->acc, leaf->flags)) {
		smmu_tlb_drop(smmu->tlb, &e);
		return -1;
	}
	return 1;
}

static bool s2_resolve(struct smmu *smmu, const struct smmu_regime *rg,
		       const struct smmu_s2req *req, struct smmu_s2leaf *leaf,
		       struct smmu_fault *fault)
{
	int hit = s2_cached(smmu, rg, req, leaf, fault);
	struct smmu_regime only = *rg;
	struct tlb_entry line = { 0 };
	struct tlb_key key = ipa_key(rg);
	bool ok;

	if (hit >= 0)
		return hit == 1;
	smmu_pmcg_missed(smmu, SMMU_MISSED_TLB);
	ok = walk_s2(smmu, rg, req, leaf, fault);
	if ((leaf->flags & SMMU_LEAF_CACHEABLE) &&
	    (ok || fault->event == SMMU_EVT_F_PERMISSION)) {
		only.s1 = NULL;
		line.s2 = *leaf;
		complete(smmu, &only, &line);
		insert(smmu, &only, &key, req->ipa, &line);
	}
	return ok;
}

bool smmu_s2_translate_cd(struct smmu *smmu, const struct smmu_regime *rg, uint64_t ipa,
			  const struct smmu_attr *in, struct smmu_xlate *out,
			  struct smmu_fault *fault)
{
	struct smmu_s2req req = { .ipa = ipa,
				  .cls = SMMU_CLASS_CD,
				  .acc = { .read = true, .priv = true } };
	struct smmu_s2leaf leaf;

	if (!s2_resolve(smmu, rg, &req, &leaf, fault))
		return false;
	out->ipa = ipa;
	out->pa = leaf.oa | smmu_low(ipa, leaf.bits);
	out->page_bits = leaf.bits;
	out->assured_only = leaf.more & SMMU_S2_ASSURED_ONLY;
	out->attr = *in;
	smmu_attr_own(smmu, rg->s2, &leaf, &out->attr);
	return true;
}

/* ---- a transaction ---- */
struct job {
	struct smmu *smmu;
	const struct smmu_regime *rg;
	const struct smmu_access *acc;
	uint64_t addr;
	const struct smmu_attr *in;
	struct tlb_key key;
	const struct smmu_s1tt *tt;
};

static struct tlb_key job_key(const struct smmu_regime *rg)
{
	static const uint8_t space[SMMU_WORLD_COUNT] = { SMMU_TLB_EL1, SMMU_TLB_EL2,
							 SMMU_TLB_E2H };

	if (rg->s1 == NULL)
		return ipa_key(rg);
	return (struct tlb_key){
		.space = space[rg->world],
		.kind = rg->s2 != NULL ? SMMU_TLB_COMBINED : SMMU_TLB_S1_ONLY,
		/* Needed for globals of these worlds only (CACHE-20). */
		.aset = rg->world != SMMU_WORLD_NS_EL2 && rg->s1->aset,
		.nonshared = rg->s1->aset,
		.vmid = rg->world == SMMU_WORLD_NS_EL1 ? rg->vmid : 0,
		.asid = rg->s1->asid,
	};
}

static struct smmu_s2req input_req(const struct job *j, const struct tlb_entry *e)
{
	return (struct smmu_s2req){
		.ipa = j->rg->s1 != NULL ? e->s1.oa | smmu_low(j->addr, e->s1.bits)
					 : j->addr,
		.cls = SMMU_CLASS_IN,
		.assured = j->rg->s1 != NULL ? e->s1.flags & SMMU_LEAF_ASSURED
					     : j->rg->assured,
		.acc = *j->acc,
	};
}

/* Permission bits that the access needs, all of them. */
static unsigned needs(const struct smmu_access *acc)
{
	unsigned read = acc->inst && !acc->write ? SMMU_PERM_PX : SMMU_PERM_PR;

	/* The last is no permission: a destructive access is always judged. */
	return (acc->write ? SMMU_PERM_PW : 0) | (acc->read ? read : 0) |
	       (unsigned)acc->destructive << 7;
}

/* Granted, and nothing to update: what nearly every hit is. */
static inline bool plain(uint8_t perm, uint8_t flags, unsigned need, bool priv)
{
	unsigned have = priv ? perm : (unsigned)perm >> SMMU_PERM_U_SHIFT;

	return (have & need) == need &&
	       !((need & SMMU_PERM_PW) && (flags & SMMU_LEAF_CLEAN));
}

static bool plain_hit(const struct job *j, const struct tlb_entry *e)
{
	const struct smmu_regime *rg = j->rg;
	unsigned need = needs(j->acc);
	bool priv = j->acc->priv;

	return !e->conflict &&
	       (rg->s1 == NULL ||
		plain(e->s1.perm, e->s1.flags, need, priv || rg->s1->one_table)) &&
	       (rg->s2 == NULL || plain(e->s2.perm, e->s2.flags, need, priv));
}

/* The others: 1 granted, 0 denied, -1 the tables must be read again. */
static int judge(const struct job *j, const struct tlb_entry *e, struct smmu_fault *fault)
{
	const struct smmu_regime *rg = j->rg;

	if (rg->s1 != NULL && !smmu_s1_allow(rg->s1, j->acc, &e->s1, fault))
		return 0;
	if (rg->s1 != NULL && needs_dirty(j->acc, e->s1.flags))
		return -1;
	if (rg->s2 != NULL) {
		struct smmu_s2req req = input_req(j, e);

		if (!smmu_s2_allow(j->smmu, rg->s2, &req, &e->s2, fault))
			return 0;
		if (needs_dirty(j->acc, e->s2.flags))
			return -1;
	}
	return 1;
}

static bool writable(const struct job *j, const struct tlb_entry *e)
{
	const struct smmu_regime *rg = j->rg;

	return (rg->s1 == NULL || smmu_s1_writes(rg->s1, j->acc, &e->s1)) &&
	       (rg->s2 == NULL || smmu_s2_writes(rg->s2, j->acc, &e->s2));
}

static void granted(const struct job *j, const struct tlb_entry *e,
		    struct smmu_xlate *out)
{
	answer(j->smmu, j->rg, j->acc, j->addr, j->in, e, out);
	trace_hit(j->smmu, j->rg, j->rg->s1 != NULL ? 1 : 2, j->addr, out->pa);
}

/* What is no plain hit, a destructive access and an entry with conflicts among it. */
static int judge_hit(const struct job *j, const struct tlb_entry *e,
		     struct smmu_xlate *out, struct smmu_fault *fault)
{
	int verdict;

	if (conflict(j->smmu, e, j->addr, j->rg->s1 == NULL, fault))
		return 0;
	verdict = judge(j, e, fault);
	if (verdict < 0)
		smmu_tlb_drop(j->smmu->tlb, e);
	if (verdict > 0) {
		granted(j, e, out);
		out->writable = j->acc->destructive && writable(j, e);
	}
	return verdict;
}

/* As s2_cached. */
static int cached(const struct job *j, struct smmu_xlate *out, struct smmu_fault *fault)
{
	struct tlb_entry e;

	if (!find(j->smmu, j->rg, &j->key, j->addr, &e)) {
		j->smmu->stats.tlb_misses += !j->smmu->tlb->off;
		return -1;
	}
	j->smmu->stats.tlb_hits++;
	if (!plain_hit(j, &e))
		return judge_hit(j, &e, out, fault);
	granted(j, &e, out);
	out->keep = true;
	out->void_word = e.void_word;
	return 1;
}

/* Keeps what may be kept of a walk that ended well or in F_PERMISSION. */
static void keep(const struct job *j, struct tlb_entry *line, uint8_t flags, bool ok,
		 const struct smmu_fault *fault)
{
	complete(j->smmu, j->rg, line);
	if ((flags & SMMU_LEAF_CACHEABLE) &&
	    (ok || fault->event == SMMU_EVT_F_PERMISSION))
		insert(j->smmu, j->rg, &j->key, j->addr, line);
}

static bool walk_s2_only(const struct job *j, struct tlb_entry *line,
			 struct smmu_fault *fault)
{
	struct smmu_s2req req = input_req(j, line);
	bool ok = walk_s2(j->smmu, j->rg, &req, &line->s2, fault);

	if (ok || line->s2.bits != 0)
		keep(j, line, line->s2.flags, ok, fault);
	return ok;
}

static bool walk_s1(const struct job *j, struct tlb_entry *line, struct smmu_fault *fault)
{
	struct smmu_walk_point from, last;
	const struct smmu_s1req req = {
		.va = j->addr,
		.tt = j->tt,
		.acc = *j->acc,
		.s2 = s2_resolve,
		.from = begin_at(j->smmu, j->key, j->addr, &from),
		.last = &last,
	};
	bool ok = smmu_s1_walk(j->smmu, j->rg, &req, &line->s1, fault);
	struct smmu_s2req req2;

	if (ok)
		keep_table(j->smmu, j->rg, j->key, j->addr, j->tt->granule, j->tt->start,
			   req.from, &last);
	if (j->rg->s2 == NULL) {
		if (ok || line->s1.bits != 0)
			keep(j, line, line->s1.flags, ok, fault);
		return ok;
	}
	if (!ok)
		return false; /* no stage 2 of an output that was not granted (T-17) */
	req2 = input_req(j, line);
	ok = s2_resolve(j->smmu, j->rg, &req2, &line->s2, fault);
	if (ok || line->s2.bits != 0)
		keep(j, line, line->s1.flags & line->s2.flags, ok, fault);
	return ok;
}

/*
 * tlb_prefetch: the pages after one that was missed, for reading, as a device does that
 * guesses (CACHE-2): no event comes of it, and no descriptor is written; a page that
 * would need that is not kept (CACHE-7).
 */
static void prefetch(const struct job *missed, unsigned bits)
{
	const struct smmu_access acc = { .read = true, .priv = missed->acc->priv };
	struct smmu_regime rg = *missed->rg;
	struct smmu_fault none;
	struct tlb_entry line;
	struct job j = *missed;

	/* Tables would need their access flags set. */
	if ((rg.s1 != NULL && rg.s1->haft) || (rg.s2 != NULL && rg.s2->haft))
		return;
	rg.no_update = true;
	j.rg = &rg;
	j.acc = &acc;
	for (unsigned i = 1; i <= missed->smmu->cfg.tlb_prefetch; i++) {
		j.addr = missed->addr + ((uint64_t)i << bits);
		if (rg.s1 != NULL && !smmu_s1_input(rg.s1, &acc, &j.addr, &j.tt, &none))
			return;
		if (find(j.smmu, &rg, &j.key, j.addr, &line))
			continue;
		memset(&line, 0, sizeof(line));
		(void)(rg.s1 != NULL ? walk_s1(&j, &line, &none)
				     : walk_s2_only(&j, &line, &none));
	}
}

static bool translate(struct job *j, struct smmu_xlate *out, struct smmu_fault *fault)
{
	struct tlb_entry line;
	int hit;

	if (j->rg->s1 != NULL &&
	    !smmu_s1_input(j->rg->s1, j->acc, &j->addr, &j->tt, fault))
		return false;
	hit = cached(j, out, fault);
	if (hit >= 0)
		return hit == 1;
	smmu_pmcg_missed(j->smmu, SMMU_MISSED_TLB);
	memset(&line, 0, sizeof(line));
	if (!(j->rg->s1 != NULL ? walk_s1(j, &line, fault)
				: walk_s2_only(j, &line, fault)))
		return false;
	answer(j->smmu, j->rg, j->acc, j->addr, j->in, &line, out);
	out->writable = j->acc->destructive && writable(j, &line);
	if (__builtin_expect(j->smmu->cfg.tlb_prefetch != 0, 0) && !j->rg->no_update &&
	    !j->smmu->tlb->off)
		prefetch(j, line.bits);
	return true;
}

bool smmu_stages_translate(struct smmu *smmu, const struct smmu_regime *rg,
			   const struct smmu_access *acc, uint64_t addr,
			   const struct smmu_attr *in, struct smmu_xlate *out,
			   struct smmu_fault *fault)
{
	struct job j = { .smmu = smmu,
			 .rg = rg,
			 .acc = acc,
			 .addr = addr,
			 .in = in,
			 .key = job_key(rg) };

	if (translate(&j, out, fault))
		return true;
	/* RnW is the input's, and an atomic's is 0 unless it lacked only R (section 8).
	 */
	if (fault->event != SMMU_EVT_F_PERMISSION || fault->cls != SMMU_CLASS_IN)
		fault->rnw = !acc->write;
	return false;
}
