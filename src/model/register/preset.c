/* SPDX-License-Identifier: MIT */
/*
 * The kinds of SMMU that need no thought. Each of v3.0 to v3.4 is its predecessor plus
 * what its architecture version makes mandatory (table under REG-133), and few options
 * besides: a driver that takes one for granted is to fail here, and a test that wants one
 * says so. "full" has all that can be had at once. The named products carry the ID values
 * that are known of them; what is a guess is said.
 */
#include <errno.h>
#include <string.h>
#include "model/model.h"

enum { OAS_40 = 2, OAS_44 = 4, OAS_48 = 5, OAS_52 = 6 };

static void preset_v30(struct smmu_config *c)
{
	c->arch_minor = 0;
	c->iidr = 0;
	c->s1p = c->s2p = 1;
	c->ttf = 2;
	c->cohacc = 1;
	c->asid16 = c->vmid16 = 1;
	c->msi = 1;
	c->hyp = 1;
	c->cd2l = 1;
	c->st_level = 1;
	c->ttendian = 2;
	c->stall_model = 1;
	c->term_model = 1;
	c->sid_bits = 16;
	c->ssid_bits = 16;
	c->cmdqs = c->eventqs = 19;
	c->attr_types_ovr = c->attr_perms_ovr = 1;
	c->gran4k = c->gran16k = c->gran64k = 1;
	c->oas = OAS_44;
}

static void preset_v31(struct smmu_config *c)
{
	preset_v30(c);
	c->arch_minor = 1;
	c->had = c->xnx = 1;
	c->oas = OAS_48;
}

static void preset_v32(struct smmu_config *c)
{
	preset_v31(c);
	c->arch_minor = 2;
	c->bbml = 1;
	c->ril = c->fwb = 1;
	c->vmw = 1;
}

static void preset_v33(struct smmu_config *c)
{
	preset_v32(c);
	c->arch_minor = 3;
	c->bbml = 2;
	c->e0pd = c->ptwnnc = 1;
	c->stt = 1;
	c->vax = 1;
	c->oas = OAS_52;
}

static void preset_v34(struct smmu_config *c)
{
	preset_v33(c);
	c->arch_minor = 4;
	c->mteperm = c->epan = 1;
	c->ds = 1;
}

/*
 * A DPT excludes VMSAv8-32 tables (REG-129), of which this has the latter; ns1ats == 0 is
 * that split-stage ATS is there.
 */
static void preset_full(struct smmu_config *c)
{
	preset_v34(c);
	c->ssid_bits = 20;
	c->sid_bits = 32;
	c->ttf = 3;
	c->httu = 3;
	c->dormhint = c->sev = 1;
	c->term_model = 0;
	c->stall_model = 0;
	c->stall_max = 64;
	c->ttendian = 0;
	c->s1pi = c->s2pi = c->s2po = c->the = c->aie = 1;
	c->ats = c->atsrecerr = c->pasidtt = 1;
	c->pri = c->pps = 1;
	c->priqs = 19;
	c->pbha = 1;
	c->atos = c->vatos = 1;
	c->ecmdq = 1;
	c->cmdq_control_page_log2nump = 1;
	c->cmdq_control_page_log2numq = 4;
	c->btm = 1;
	c->mpam = 1;
	c->partid_max = 0xffff;
	c->pmg_max = 0xff;
	c->pmcgs = 2;
	c->pmcg[0] = (struct smmu_pmcg_config){ .counters = 64,
						.bits = 64,
						.msi = 1,
						.capture = 1,
						.mpam = 1,
						.filter_partid_pmg = 1 };
	c->pmcg[1] = (struct smmu_pmcg_config){ .counters = 4,
						.bits = 32,
						.reloc_ctrs = 1,
						.capture = 1,
						.sid_filter_type = 1 };
}

/*
 * Arm MMU-600 r1p0 (its manual 100310_0100, table 2-18): SMMUv3.1, 48-bit, both table
 * formats and endiannesses, no HTTU; ATS, not split-stage, PRI, PPS, PBHA. COHACC, BTM and
 * SEV are input pins: they and STALL_MAX are as Agilex 5 shows them.
 */
static void preset_mmu600(struct smmu_config *c)
{
	preset_v31(c);
	c->iidr = 0x4831043b;
	c->ttf = 3;
	c->ttendian = 0;
	c->term_model = 0;
	c->stall_model = 0;
	c->stall_max = 64;
	c->sid_bits = 24;
	c->ssid_bits = 20;
	c->priqs = 19;
	c->vmw = 1;
	c->ats = c->ns1ats = c->pri = c->pps = 1;
	c->pbha = c->btm = c->sev = 1;
}

/*
 * Arm MMU-700 r1p0. Known: SMMUv3.2 and, from the Linux list, 32-bit StreamIDs in every
 * configuration ("Fix L1 stream table index calculation", October 2024); its number is in
 * Linux's errata. No public table of its other ID values was found: what v3.2 must have,
 * like the MMU-600 otherwise, and 52 bits, HTTU, BBML 2, STT are a guess.
 */
static void preset_mmu700(struct smmu_config *c)
{
	preset_v32(c);
	c->iidr = 0x4871043b;
	c->stall_model = 0;
	c->stall_max = 64;
	c->httu = 2;
	c->bbml = 2;
	c->stt = 1;
	c->sid_bits = 32;
	c->ssid_bits = 20;
	c->vax = 1;
	c->oas = OAS_52;
	c->ats = c->ns1ats = c->pri = 1;
	c->priqs = 19;
}

/* QEMU's virt machine with iommu=smmuv3, both stages: wired interrupts only. */
static void preset_qemu(struct smmu_config *c)
{
	preset_v31(c);
	c->iidr = 0;
	c->msi = 0;
	c->hyp = 0;
	c->cd2l = 0;
	c->ssid_bits = 0;
	c->attr_types_ovr = c->attr_perms_ovr = 0;
	c->ril = 1;
	c->bbml = 2;
	c->oas = OAS_44;
	c->page0_alias = 1;
}

static const struct {
	const char *name;
	void (*fill)(struct smmu_config *cfg);
} presets[SMMU_PRESET_COUNT] = {
	[SMMU_PRESET_V3_0] = { "v3.0", preset_v30 },
	[SMMU_PRESET_V3_1] = { "v3.1", preset_v31 },
	[SMMU_PRESET_V3_2] = { "v3.2", preset_v32 },
	[SMMU_PRESET_V3_3] = { "v3.3", preset_v33 },
	[SMMU_PRESET_V3_4] = { "v3.4", preset_v34 },
	[SMMU_PRESET_FULL] = { "full", preset_full },
	[SMMU_PRESET_MMU600] = { "mmu600", preset_mmu600 },
	[SMMU_PRESET_MMU700] = { "mmu700", preset_mmu700 },
	[SMMU_PRESET_QEMU] = { "qemu", preset_qemu },
};

static bool preset_exists(enum smmu_preset preset)
{
	return (unsigned)preset < SMMU_PRESET_COUNT;
}

int smmu_config_init(struct smmu_config *cfg, enum smmu_preset preset)
{
	if (!cfg || !preset_exists(preset))
		return -EINVAL;
	memset(cfg, 0, sizeof(*cfg));
	cfg->size = sizeof(*cfg);
	presets[preset].fill(cfg);
	return 0;
}

int smmu_preset_by_name(const char *name)
{
	for (int i = 0; name && i < SMMU_PRESET_COUNT; i++)
		if (strcmp(presets[i].name, name) == 0)
			return i;
	return -EINVAL;
}

const char *smmu_preset_name(enum smmu_preset preset)
{
	return preset_exists(preset) ? presets[preset].name : NULL;
}
