/* SPDX-License-Identifier: MIT */
/*
 * Which configurations can exist (REG-127 to REG-133). Each rule is one row:
 * the field that is named when it fails, when it holds, and what would be legal.
 */
#include <errno.h>
#include <stdio.h>
#include "model/model.h"

struct rule {
	const char *field;
	uint32_t value;
	bool ok;
	const char *legal;
};

#define RULE(field, ok, legal)                                                           \
	{                                                                                \
#field, c->field, (ok), legal                                            \
	}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct rule *first_broken(const struct rule *rule, size_t n)
{
	for (; n > 0; n--, rule++)
		if (!rule->ok)
			return rule;
	return NULL;
}

/* Copies the first broken rule out of a table that lives on the caller's stack. */
static bool broken(struct rule *out, const struct rule *rules, size_t n)
{
	const struct rule *bad = first_broken(rules, n);

	if (bad)
		*out = *bad;
	return bad != NULL;
}

/* The width of the field, and values that are reserved in every version. */
static bool bad_idr0_range(const struct smmu_config *c, struct rule *out)
{
	const struct rule rules[] = {
		RULE(arch_minor, c->arch_minor <= 4, "0 to 4"),
		RULE(s1p, c->s1p <= 1, "0 or 1"),
		RULE(s2p, c->s2p <= 1, "0 or 1"),
		RULE(ttf, c->ttf >= 1 && c->ttf <= 3, "1, 2 or 3"),
		RULE(cohacc, c->cohacc <= 1, "0 or 1"),
		RULE(btm, c->btm <= 1, "0 or 1"),
		RULE(httu, c->httu <= 3, "0 to 3"),
		RULE(dormhint, c->dormhint <= 1, "0 or 1"),
		RULE(hyp, c->hyp <= 1, "0 or 1"),
		RULE(ats, c->ats <= 1, "0 or 1"),
		RULE(ns1ats, c->ns1ats <= 1, "0 or 1"),
		RULE(asid16, c->asid16 <= 1, "0 or 1"),
		RULE(msi, c->msi <= 1, "0 or 1"),
		RULE(sev, c->sev <= 1, "0 or 1"),
		RULE(atos, c->atos <= 1, "0 or 1"),
		RULE(pri, c->pri <= 1, "0 or 1"),
		RULE(vmw, c->vmw <= 1, "0 or 1"),
		RULE(vmid16, c->vmid16 <= 1, "0 or 1"),
		RULE(cd2l, c->cd2l <= 1, "0 or 1"),
		RULE(vatos, c->vatos <= 1, "0 or 1"),
		RULE(ttendian, c->ttendian <= 3 && c->ttendian != 1, "0, 2 or 3"),
		RULE(atsrecerr, c->atsrecerr <= 1, "0 or 1"),
		RULE(stall_model, c->stall_model <= 2, "0, 1 or 2"),
		RULE(term_model, c->term_model <= 1, "0 or 1"),
		RULE(st_level, c->st_level <= 1, "0 or 1"),
	};
	return broken(out, rules, COUNT(rules));
}

static bool bad_idr1_range(const struct smmu_config *c, struct rule *out)
{
	const struct rule rules[] = {
		RULE(sid_bits, c->sid_bits <= 32, "0 to 32"),
		RULE(ssid_bits, c->ssid_bits <= 20, "0 to 20"),
		RULE(cmdqs, c->cmdqs <= 19, "0 to 19"),
		RULE(eventqs, c->eventqs <= 19, "0 to 19"),
		RULE(priqs, c->priqs <= 19, "0 to 19"),
		RULE(attr_types_ovr, c->attr_types_ovr <= 1, "0 or 1"),
		RULE(attr_perms_ovr, c->attr_perms_ovr <= 1, "0 or 1"),
		RULE(ecmdq, c->ecmdq <= 1, "0 or 1"),
		RULE(ba_vatos, c->ba_vatos <= 1023, "0 to 1023"),
		RULE(ba_vatos, !c->ba_vatos || c->vatos, "0 unless vatos is 1"),
		RULE(cmdq_control_page_log2nump, c->cmdq_control_page_log2nump <= 8,
		     "0 to 8"),
		RULE(cmdq_control_page_log2nump,
		     !c->cmdq_control_page_log2nump || c->ecmdq, "0 unless ecmdq is 1"),
		RULE(cmdq_control_page_log2numq, c->cmdq_control_page_log2numq <= 8,
		     "0 to 8"),
		RULE(cmdq_control_page_log2numq,
		     !c->cmdq_control_page_log2numq || c->ecmdq, "0 unless ecmdq is 1"),
		RULE(ste_oversize, c->ste_oversize <= SMMU_OVERSIZE_TRUNCATE, "0 or 1"),
		RULE(gbpa_abort, c->gbpa_abort <= 1, "0 or 1"),
		RULE(desc_64k_ignore, c->desc_64k_ignore <= 1, "0 or 1"),
		RULE(no_config_cache, c->no_config_cache <= 1, "0 or 1"),
		RULE(no_invalid_l1std, c->no_invalid_l1std <= 1, "0 or 1"),
		RULE(no_tlb, c->no_tlb <= 1, "0 or 1"),
		RULE(no_tlb_conflict, c->no_tlb_conflict <= 1, "0 or 1"),
		RULE(no_cfg_conflict, c->no_cfg_conflict <= 1, "0 or 1"),
		RULE(mmio_pairs, c->mmio_pairs <= 1, "0 or 1"),
		RULE(page0_alias, c->page0_alias <= 1, "0 or 1"),
		RULE(event_merge, c->event_merge <= 1, "0 or 1"),
		RULE(cmd_res0_ignored, c->cmd_res0_ignored <= 1, "0 or 1"),
		RULE(ats_truncate, c->ats_truncate <= 1, "0 or 1"),
		RULE(tlb_replacement, c->tlb_replacement <= SMMU_REPLACE_RANDOM,
		     "0 to 3"),
		RULE(tlb_prefetch, c->tlb_prefetch <= 16, "0 to 16"),
		RULE(walk_cache, c->walk_cache <= 1, "0 or 1"),
		RULE(no_utlb, c->no_utlb <= 1, "0 or 1"),
		RULE(utlb_entries, c->utlb_entries <= 1u << 20, "0 to 2^20"),
		RULE(mode, c->mode <= SMMU_MODE_THREADED, "0, 1 or 2"),
		RULE(tlb_entries, c->tlb_entries <= 1u << 24, "0 to 2^24"),
		RULE(config_entries, c->config_entries <= 1u << 24, "0 to 2^24"),
	};
	return broken(out, rules, COUNT(rules));
}

static bool bad_idr3_range(const struct smmu_config *c, struct rule *out)
{
	const struct rule rules[] = {
		RULE(had, c->had <= 1, "0 or 1"),
		RULE(pbha, c->pbha <= 1, "0 or 1"),
		RULE(xnx, c->xnx <= 1, "0 or 1"),
		RULE(pps, c->pps <= 1, "0 or 1"),
		RULE(mpam, c->mpam <= 1, "0 or 1"),
		RULE(fwb, c->fwb <= 1, "0 or 1"),
		RULE(stt, c->stt <= 1, "0 or 1"),
		RULE(ril, c->ril <= 1, "0 or 1"),
		RULE(bbml, c->bbml <= 2, "0, 1 or 2"),
		RULE(e0pd, c->e0pd <= 1, "0 or 1"),
		RULE(ptwnnc, c->ptwnnc <= 1, "0 or 1"),
		RULE(dpt, c->dpt <= 1, "0 or 1"),
		RULE(pasidtt, c->pasidtt <= 1, "0 or 1"),
		RULE(epan, c->epan <= 1, "0 or 1"),
		RULE(s1pi, c->s1pi <= 1, "0 or 1"),
		RULE(s2pi, c->s2pi <= 1, "0 or 1"),
		RULE(s2po, c->s2po <= 1, "0 or 1"),
		RULE(the, c->the <= 1, "0 or 1"),
		RULE(mteperm, c->mteperm <= 1, "0 or 1"),
		RULE(aie, c->aie <= 1, "0 or 1"),
		RULE(oas, c->oas <= 7, "0 to 7"),
		RULE(gran4k, c->gran4k <= 1, "0 or 1"),
		RULE(gran16k, c->gran16k <= 1, "0 or 1"),
		RULE(gran64k, c->gran64k <= 1, "0 or 1"),
		RULE(vax, c->vax <= 2, "0, 1 or 2"),
		RULE(ds, c->ds <= 1, "0 or 1"),
		RULE(d128, c->d128 <= 1, "0 or 1"),
	};
	return broken(out, rules, COUNT(rules));
}

static bool bits_legal(unsigned bits)
{
	return bits == 32 || bits == 36 || bits == 40 || bits == 44 || bits == 48 ||
	       bits == 64;
}

/* PMCG-1, PMCG-9; the version gates of 10.5.2.13. */
static bool bad_pmcg(const struct smmu_config *c, struct rule *out)
{
	const struct rule count = RULE(pmcgs, c->pmcgs <= SMMU_PMCG_MAX, "0 to 4");

	if (broken(out, &count, 1))
		return true;
	for (unsigned i = 0; i < c->pmcgs; i++) {
		const struct smmu_pmcg_config *g = &c->pmcg[i];
		const struct rule rules[] = {
			{ "pmcg.counters", g->counters,
			  g->counters >= 1 && g->counters <= 64, "1 to 64" },
			{ "pmcg.bits", g->bits, bits_legal(g->bits),
			  "32, 36, 40, 44, 48 or 64" },
			{ "pmcg.reloc_ctrs", g->reloc_ctrs, g->reloc_ctrs <= 1,
			  "0 or 1" },
			{ "pmcg.msi", g->msi, g->msi <= 1, "0 or 1" },
			{ "pmcg.capture", g->capture, g->capture <= 1, "0 or 1" },
			{ "pmcg.sid_filter_type", g->sid_filter_type,
			  g->sid_filter_type <= 1, "0 or 1" },
			{ "pmcg.mpam", g->mpam, g->mpam <= (c->mpam && g->msi),
			  "0, or 1 with mpam and pmcg.msi" },
			{ "pmcg.filter_partid_pmg", g->filter_partid_pmg,
			  g->filter_partid_pmg <= (c->mpam && c->arch_minor >= 2),
			  "0, or 1 with mpam and arch_minor at least 2" },
		};
		if (broken(out, rules, COUNT(rules)))
			return true;
	}
	return false;
}

/* REG-129: without MPAM all its fields are RES0. */
static bool bad_mpam(const struct smmu_config *c, struct rule *out)
{
	const struct rule rules[] = {
		RULE(partid_max, c->mpam || !c->partid_max, "0 unless mpam is 1"),
		RULE(pmg_max, c->mpam || !c->pmg_max, "0 unless mpam is 1"),
	};
	return broken(out, rules, COUNT(rules));
}

/*
 * Features of the architecture that the model does not have yet. Saying so is
 * better than a register bit that promises what nothing keeps.
 */
static bool bad_not_modelled(const struct smmu_config *c, struct rule *out)
{
	static const char legal[] = "0: this feature is not modelled yet";
	const struct rule rules[] = {
		RULE(d128, !c->d128, legal),
	};
	return broken(out, rules, COUNT(rules));
}

/* REG-127, REG-128: stages, stream and queue sizes. */
static bool bad_idr0_idr1(const struct smmu_config *c, struct rule *out)
{
	const struct rule rules[] = {
		RULE(s1p, c->s1p || c->s2p, "1, or s2p = 1: at least one stage"),
		RULE(hyp, !c->hyp || (c->s1p && c->s2p), "0 unless s1p and s2p are 1"),
		RULE(hyp, c->hyp || c->arch_minor < 2 || !c->s1p || !c->s2p,
		     "1 from v3.2 with both stages"),
		RULE(vmw, !c->vmw || c->s2p, "0 unless s2p is 1"),
		RULE(ns1ats, !c->ns1ats || (c->ats && c->s1p && c->s2p),
		     "0 unless ats, s1p and s2p are 1"),
		RULE(atsrecerr, !c->atsrecerr || (c->ats && c->arch_minor >= 2),
		     "0 unless ats is 1 and arch_minor at least 2"),
		RULE(pri, !c->pri || c->ats, "0 unless ats is 1"),
		RULE(vatos, !c->vatos || (c->atos && c->s1p && c->s2p),
		     "0 unless atos, s1p and s2p are 1"),
		RULE(st_level, c->st_level || c->sid_bits < 7,
		     "1 when sid_bits is 7 or more"),
		RULE(ecmdq, !c->ecmdq || (c->cohacc && c->msi),
		     "0 unless cohacc and msi are 1"),
		RULE(ecmdq, !c->ecmdq || c->arch_minor >= 2, "0 before v3.2"),
		RULE(httu, c->httu < 3 || c->arch_minor >= 3, "0, 1 or 2 before v3.3"),
		RULE(stall_max, !c->stall_max || c->stall_model != 1,
		     "0 when stall_model is 1"),
		RULE(stall_max, c->stall_max || c->stall_model == 1,
		     "at least 1 when stall_model is not 1"),
	};
	return broken(out, rules, COUNT(rules));
}

/* REG-129: what depends on another feature. */
static bool bad_idr3(const struct smmu_config *c, struct rule *out)
{
	bool pasid_ats = c->ats && c->ssid_bits;
	const struct rule rules[] = {
		RULE(had, !c->had || c->s1p, "0 unless s1p is 1"),
		RULE(pbha, !c->pbha || c->had, "0 unless had is 1"),
		RULE(xnx, !c->xnx || c->arch_minor >= 1, "0 in v3.0"),
		RULE(pbha, !c->pbha || c->arch_minor >= 1, "0 in v3.0"),
		RULE(pps, !c->pps || (c->pri && c->ssid_bits),
		     "0 unless pri and ssid_bits are set"),
		RULE(ptwnnc, !c->ptwnnc || c->s2p, "0 unless s2p is 1"),
		RULE(pasidtt, !c->pasidtt || pasid_ats,
		     "0 unless ats and ssid_bits are set"),
		RULE(dpt, !c->dpt || (c->ats && !(c->ttf & 1)),
		     "0 unless ats is 1 and ttf is 2"),
		RULE(s1pi, !c->s1pi || c->s1p, "0 unless s1p is 1"),
		RULE(aie, !c->aie || c->s1p, "0 unless s1p is 1"),
		RULE(the, !c->the || c->s1p, "0 unless s1p is 1"),
		RULE(the, !c->the || !c->s2p || c->s2pi,
		     "0 unless s2pi is 1 or s2p is 0"),
		RULE(s2pi, !c->s2pi || c->s2p, "0 unless s2p is 1"),
		RULE(s2po, !c->s2po || c->s2pi, "0 unless s2pi is 1"),
		RULE(mteperm, !c->mteperm || c->s2p, "0 unless s2p is 1"),
	};
	return broken(out, rules, COUNT(rules));
}

/* The table under REG-133: mandatory from a version on. */
static bool bad_mandatory(const struct smmu_config *c, struct rule *out)
{
	unsigned v = c->arch_minor;
	const struct rule rules[] = {
		RULE(had, v < 1 || !c->s1p || c->had, "1 from v3.1 with stage 1"),
		RULE(xnx, v < 1 || !c->s2p || c->xnx, "1 from v3.1 with stage 2"),
		RULE(bbml, v < 2 || c->bbml, "1 or 2 from v3.2"),
		RULE(ril, v < 2 || c->ril, "1 from v3.2"),
		RULE(fwb, v < 2 || c->fwb, "1 from v3.2"),
		RULE(e0pd, v < 3 || c->e0pd, "1 from v3.3"),
		RULE(ptwnnc, v < 3 || !c->s2p || c->ptwnnc, "1 from v3.3 with stage 2"),
		RULE(mteperm, v < 4 || !c->s2p || c->mteperm, "1 in v3.4 with stage 2"),
		RULE(epan, v < 4 || c->epan, "1 in v3.4"),
	};
	return broken(out, rules, COUNT(rules));
}

/* REG-133: v3.x may have what v3.(x+1) introduced, and nothing later. */
static bool bad_too_early(const struct smmu_config *c, struct rule *out)
{
	unsigned v = c->arch_minor;
	const struct rule rules[] = {
		RULE(bbml, v >= 1 || !c->bbml, "0 in v3.0"),
		RULE(ril, v >= 1 || !c->ril, "0 in v3.0"),
		RULE(fwb, v >= 1 || !c->fwb, "0 in v3.0"),
		RULE(stt, v >= 1 || !c->stt, "0 in v3.0"),
		RULE(mpam, v >= 1 || !c->mpam, "0 in v3.0"),
		RULE(e0pd, v >= 2 || !c->e0pd, "0 before v3.2"),
		RULE(ptwnnc, v >= 2 || !c->ptwnnc, "0 before v3.2"),
		RULE(dpt, v >= 2 || !c->dpt, "0 before v3.2"),
		RULE(pasidtt, v >= 3 || !c->pasidtt, "0 before v3.3"),
		RULE(epan, v >= 3 || !c->epan, "0 before v3.3"),
		RULE(mteperm, v >= 3 || !c->mteperm, "0 before v3.3"),
		RULE(s1pi, v >= 3 || !c->s1pi, "0 before v3.3"),
		RULE(s2pi, v >= 3 || !c->s2pi, "0 before v3.3"),
		RULE(s2po, v >= 3 || !c->s2po, "0 before v3.3"),
		RULE(the, v >= 3 || !c->the, "0 before v3.3"),
		RULE(aie, v >= 3 || !c->aie, "0 before v3.3"),
		RULE(ds, v >= 3 || !c->ds, "0 before v3.3"),
		RULE(d128, v >= 3 || !c->d128, "0 before v3.3"),
	};
	return broken(out, rules, COUNT(rules));
}

/* REG-130: address sizes and granules. */
static bool bad_idr5(const struct smmu_config *c, struct rule *out)
{
	bool small = c->gran4k || c->gran16k;
	bool wide = c->gran64k || (c->ds && small);
	const struct rule rules[] = {
		RULE(gran4k, c->gran4k || c->gran16k || c->gran64k,
		     "1, or gran16k or gran64k = 1: at least one granule"),
		RULE(gran4k, c->gran4k || !(c->ttf & 1), "1 when ttf is 1 or 3"),
		RULE(oas, c->oas < 6 || c->arch_minor >= 1, "0 to 5 in v3.0"),
		RULE(oas, c->oas != 7 || c->arch_minor >= 4, "0 to 6 before v3.4"),
		RULE(oas, c->oas != 6 || c->gran64k || c->ds || c->d128,
		     "0 to 5 unless gran64k, ds or d128 is 1"),
		RULE(oas, c->oas != 7 || c->d128, "0 to 6 unless d128 is 1"),
		RULE(vax, !c->vax || c->arch_minor >= 1, "0 in v3.0"),
		RULE(vax, !c->vax || wide,
		     "0 unless gran64k is 1, or ds with gran4k or gran16k"),
		RULE(vax, c->vax != 2 || c->d128, "0 or 1 unless d128 is 1"),
		RULE(ds, !c->ds || c->vax, "0 unless vax is 1 or 2"),
		RULE(ds, !c->ds || small, "0 unless gran4k or gran16k is 1"),
		RULE(d128,
		     !c->d128 ||
			     (c->ttf == 2 && c->s1pi && c->s2po && c->aie && c->mteperm),
		     "0 unless ttf is 2 and s1pi, s2po, aie and mteperm are 1"),
	};
	return broken(out, rules, COUNT(rules));
}

static int refuse(char *why, size_t len, const struct rule *rule)
{
	if (why && len)
		(void)snprintf(why, len, "%s = %u; legal: %s", rule->field, rule->value,
			       rule->legal);
	return -EINVAL;
}

int smmu_config_check(const struct smmu_config *cfg, char *why, size_t len)
{
	/* Impossible before unmodelled: the first stays so, whatever the model learns. */
	static bool (*const checks[])(const struct smmu_config *c, struct rule *out) = {
		bad_idr0_range, bad_idr1_range, bad_idr3_range,	  bad_idr0_idr1,
		bad_idr3,	bad_mandatory,	bad_too_early,	  bad_idr5,
		bad_mpam,	bad_pmcg,	bad_not_modelled,
	};
	struct rule bad = { "cfg", 0, false, "a configuration from smmu_config_init()" };

	if (!cfg || cfg->size != sizeof(*cfg))
		return refuse(why, len, &bad);
	for (size_t i = 0; i < COUNT(checks); i++)
		if (checks[i](cfg, &bad))
			return refuse(why, len, &bad);
	return 0;
}
