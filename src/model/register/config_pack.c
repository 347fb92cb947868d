/* SPDX-License-Identifier: MIT */
/*
 * A configuration by the names of its members: in snapshots, from the ID registers of
 * a real machine, and one by one. tests/project/snapshot.py sees to it that each is here.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "model/model.h"
#include "model/register/config_fields.h"

#define FIELD(m) SMMU_PACK_FIELD(struct smmu_config, m)
/* clang-format off: a row a member */
#define PLAIN(m)                                                                         \
	{                                                                                \
		FIELD(m), -1, 0                                                          \
	}
#define ID(m, reg, field)                                                                \
	{                                                                                \
		FIELD(m), reg, field                                                     \
	}

static const struct smmu_config_field fields[] = {
	PLAIN(arch_minor),
	PLAIN(iidr),
	ID(s1p, 0, SMMU_IDR0_S1P),
	ID(s2p, 0, SMMU_IDR0_S2P),
	ID(ttf, 0, SMMU_IDR0_TTF),
	ID(cohacc, 0, SMMU_IDR0_COHACC),
	ID(btm, 0, SMMU_IDR0_BTM),
	ID(httu, 0, SMMU_IDR0_HTTU),
	ID(dormhint, 0, SMMU_IDR0_DORMHINT),
	ID(hyp, 0, SMMU_IDR0_Hyp),
	ID(ats, 0, SMMU_IDR0_ATS),
	ID(ns1ats, 0, SMMU_IDR0_NS1ATS),
	ID(asid16, 0, SMMU_IDR0_ASID16),
	ID(msi, 0, SMMU_IDR0_MSI),
	ID(sev, 0, SMMU_IDR0_SEV),
	ID(atos, 0, SMMU_IDR0_ATOS),
	ID(pri, 0, SMMU_IDR0_PRI),
	ID(vmw, 0, SMMU_IDR0_VMW),
	ID(vmid16, 0, SMMU_IDR0_VMID16),
	ID(cd2l, 0, SMMU_IDR0_CD2L),
	ID(vatos, 0, SMMU_IDR0_VATOS),
	ID(ttendian, 0, SMMU_IDR0_TTENDIAN),
	ID(atsrecerr, 0, SMMU_IDR0_ATSRECERR),
	ID(stall_model, 0, SMMU_IDR0_STALL_MODEL),
	ID(term_model, 0, SMMU_IDR0_TERM_MODEL),
	ID(st_level, 0, SMMU_IDR0_ST_LEVEL),
	ID(sid_bits, 1, SMMU_IDR1_SIDSIZE),
	ID(ssid_bits, 1, SMMU_IDR1_SSIDSIZE),
	ID(cmdqs, 1, SMMU_IDR1_CMDQS),
	ID(eventqs, 1, SMMU_IDR1_EVENTQS),
	ID(priqs, 1, SMMU_IDR1_PRIQS),
	ID(attr_types_ovr, 1, SMMU_IDR1_ATTR_TYPES_OVR),
	ID(attr_perms_ovr, 1, SMMU_IDR1_ATTR_PERMS_OVR),
	ID(ecmdq, 1, SMMU_IDR1_ECMDQ),
	ID(ba_vatos, 2, SMMU_IDR2_BA_VATOS),
	ID(cmdq_control_page_log2nump, 6, SMMU_IDR6_CMDQ_CONTROL_PAGE_LOG2NUMP),
	ID(cmdq_control_page_log2numq, 6, SMMU_IDR6_CMDQ_CONTROL_PAGE_LOG2NUMQ),
	ID(had, 3, SMMU_IDR3_HAD),
	ID(pbha, 3, SMMU_IDR3_PBHA),
	ID(xnx, 3, SMMU_IDR3_XNX),
	ID(pps, 3, SMMU_IDR3_PPS),
	ID(mpam, 3, SMMU_IDR3_MPAM),
	ID(fwb, 3, SMMU_IDR3_FWB),
	ID(stt, 3, SMMU_IDR3_STT),
	ID(ril, 3, SMMU_IDR3_RIL),
	ID(bbml, 3, SMMU_IDR3_BBML),
	ID(e0pd, 3, SMMU_IDR3_E0PD),
	ID(ptwnnc, 3, SMMU_IDR3_PTWNNC),
	ID(dpt, 3, SMMU_IDR3_DPT),
	ID(pasidtt, 3, SMMU_IDR3_PASIDTT),
	ID(epan, 3, SMMU_IDR3_EPAN),
	ID(s1pi, 3, SMMU_IDR3_S1PI),
	ID(s2pi, 3, SMMU_IDR3_S2PI),
	ID(s2po, 3, SMMU_IDR3_S2PO),
	ID(the, 3, SMMU_IDR3_THE),
	ID(mteperm, 3, SMMU_IDR3_MTEPERM),
	ID(aie, 3, SMMU_IDR3_AIE),
	ID(oas, 5, SMMU_IDR5_OAS),
	ID(gran4k, 5, SMMU_IDR5_GRAN4K),
	ID(gran16k, 5, SMMU_IDR5_GRAN16K),
	ID(gran64k, 5, SMMU_IDR5_GRAN64K),
	ID(vax, 5, SMMU_IDR5_VAX),
	ID(ds, 5, SMMU_IDR5_DS),
	ID(d128, 5, SMMU_IDR5_D128),
	ID(stall_max, 5, SMMU_IDR5_STALL_MAX),
	PLAIN(ste_oversize),
	PLAIN(gbpa_abort),
	PLAIN(desc_64k_ignore),
	PLAIN(no_config_cache),
	PLAIN(no_tlb),
	PLAIN(no_tlb_conflict),
	PLAIN(no_cfg_conflict),
	PLAIN(no_invalid_l1std),
	PLAIN(ats_truncate),
	PLAIN(mmio_pairs),
	PLAIN(page0_alias),
	PLAIN(event_merge),
	PLAIN(cmd_res0_ignored),
	PLAIN(no_utlb),
	PLAIN(walk_cache),
	PLAIN(tlb_replacement),
	PLAIN(tlb_evict),
	PLAIN(tlb_prefetch),
	PLAIN(cache_seed),
	PLAIN(utlb_entries),
	PLAIN(tlb_entries),
	PLAIN(config_entries),
	PLAIN(mode),
	PLAIN(seed),
	PLAIN(partid_max),
	PLAIN(pmg_max),
	PLAIN(pmcgs),
	PLAIN(pmcg[0].counters),
	PLAIN(pmcg[0].bits),
	PLAIN(pmcg[0].reloc_ctrs),
	PLAIN(pmcg[0].msi),
	PLAIN(pmcg[0].capture),
	PLAIN(pmcg[0].sid_filter_type),
	PLAIN(pmcg[0].mpam),
	PLAIN(pmcg[0].filter_partid_pmg),
	PLAIN(pmcg[0].iidr),
	PLAIN(pmcg[1].counters),
	PLAIN(pmcg[1].bits),
	PLAIN(pmcg[1].reloc_ctrs),
	PLAIN(pmcg[1].msi),
	PLAIN(pmcg[1].capture),
	PLAIN(pmcg[1].sid_filter_type),
	PLAIN(pmcg[1].mpam),
	PLAIN(pmcg[1].filter_partid_pmg),
	PLAIN(pmcg[1].iidr),
	PLAIN(pmcg[2].counters),
	PLAIN(pmcg[2].bits),
	PLAIN(pmcg[2].reloc_ctrs),
	PLAIN(pmcg[2].msi),
	PLAIN(pmcg[2].capture),
	PLAIN(pmcg[2].sid_filter_type),
	PLAIN(pmcg[2].mpam),
	PLAIN(pmcg[2].filter_partid_pmg),
	PLAIN(pmcg[2].iidr),
	PLAIN(pmcg[3].counters),
	PLAIN(pmcg[3].bits),
	PLAIN(pmcg[3].reloc_ctrs),
	PLAIN(pmcg[3].msi),
	PLAIN(pmcg[3].capture),
	PLAIN(pmcg[3].sid_filter_type),
	PLAIN(pmcg[3].mpam),
	PLAIN(pmcg[3].filter_partid_pmg),
	PLAIN(pmcg[3].iidr),
};
/* clang-format on */

enum { COUNT = sizeof(fields) / sizeof(fields[0]) };

const struct smmu_config_field *smmu_config_fields(size_t *n)
{
	*n = COUNT;
	return fields;
}

/* ---- snapshots ---- */

static void pack_name(struct smmu_pack *p, struct smmu *smmu)
{
	char name[sizeof(smmu->name)] = { 0 };
	uint32_t len;

	memcpy(name, smmu->name, sizeof(name));
	len = pack_count(p, (uint32_t)strlen(name), sizeof(name) - 1);
	if (p->loading)
		memset(name, 0, sizeof(name));
	pack_bytes(p, name, len);
	pack_check(p, name[0] != '\0' && strlen(name) == len, "no name");
	if (p->loading)
		memcpy(smmu->name, name, sizeof(name));
}

/* The configuration that is taken in goes to smmu->cfg, of an SMMU not yet made. */
void smmu_config_pack(struct smmu_pack *p, struct smmu *smmu)
{
	struct smmu_pack_field plain[COUNT];

	for (size_t i = 0; i < COUNT; i++)
		plain[i] = fields[i].f;
	pack_name(p, smmu);
	smmu_pack_fields(p, &smmu->cfg, plain, COUNT);
}

/* ---- one by one, and from a real machine ---- */

static int refuse(char *why, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int refuse(char *why, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (why && len)
		(void)vsnprintf(why, len, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int smmu_config_set(struct smmu_config *cfg, const char *name, uint64_t value, char *why,
		    size_t len)
{
	for (size_t i = 0; cfg && name && i < COUNT; i++) {
		const struct smmu_pack_field *f = &fields[i].f;
		uint64_t max = UINT64_MAX >> (64 - 8 * f->size);

		if (strcmp(f->name, name) != 0)
			continue;
		if (value > max)
			return refuse(why, len, "%s = %" PRIu64 "; legal: 0 to %" PRIu64,
				      name, value, max);
		smmu_pack_set(cfg, f, value);
		return 0;
	}
	return refuse(why, len, "%s: struct smmu_config has no such field",
		      name ? name : "NULL");
}

static void take_fields(struct smmu_config *cfg, const struct smmu_id_values *values)
{
	for (size_t i = 0; i < COUNT; i++) {
		const struct smmu_config_field *f = &fields[i];

		if (f->idr >= 0)
			smmu_pack_set(
				cfg, &f->f,
				smmu_reg_get(values->idr[f->idr], (unsigned)f->field));
	}
}

/* What a register says that the configuration would not say again. */
static int lost_bits(const struct smmu_config *cfg, const struct smmu_id_values *values,
		     char *why, size_t len)
{
	static const char *const names[] = { "SMMU_IDR0", "SMMU_IDR1", "SMMU_IDR2",
					     "SMMU_IDR3", "SMMU_IDR4", "SMMU_IDR5",
					     "SMMU_IDR6" };
	/* REL, TABLES_PRESET, QUEUES_PRESET and IDR4 mean nothing to a translation. */
	static const uint32_t ignored[] = {
		0, (uint32_t)SMMU_MASK(SMMU_IDR1_REL), 0, 0, UINT32_MAX, 0, 0
	};
	struct smmu_id id;

	smmu_id_derive(&id, cfg);
	for (size_t i = 0; i < 7; i++) {
		uint32_t lost = (values->idr[i] ^ id.idr[i]) & ~ignored[i];

		if (lost)
			return refuse(why, len,
				      "%s = 0x%x: bits 0x%x are of features that this "
				      "model does not have; legal: those bits as 0",
				      names[i], values->idr[i], lost);
	}
	return 0;
}

int smmu_config_from_id(struct smmu_config *cfg, const struct smmu_id_values *values,
			char *why, size_t len)
{
	struct smmu_config made;

	if (!cfg || !values)
		return -EINVAL;
	(void)smmu_config_init(&made, SMMU_PRESET_V3_0);
	take_fields(&made, values);
	made.iidr = values->iidr;
	made.arch_minor = (uint8_t)smmu_reg_get(values->aidr, SMMU_AIDR_ArchMinorRev);
	if (smmu_reg_get(values->aidr, SMMU_AIDR_ArchMajorRev) != 0)
		return refuse(why, len, "SMMU_AIDR = 0x%x; legal: 0x0 to 0x4",
			      values->aidr);
	if (smmu_config_check(&made, why, len) != 0)
		return -EINVAL;
	if (lost_bits(&made, values, why, len) != 0)
		return -EINVAL;
	*cfg = made;
	return 0;
}
