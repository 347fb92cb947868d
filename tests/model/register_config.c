/* SPDX-License-Identifier: MIT */
/*
 * Configurations: 1. every preset can be built and shows its own version; 2. what
 * cannot exist is refused, naming field, value and what is legal, and its legal
 * neighbour is not; 3. what the model lacks is refused by name.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "model/harness.h"

static void presets_are_legal(void **state)
{
	(void)state;
	for (int p = 0; p < SMMU_PRESET_COUNT; p++) {
		struct smmu_config cfg;
		char why[200] = "";
		struct harness h;

		assert_int_equal(smmu_config_init(&cfg, (enum smmu_preset)p), 0);
		if (smmu_config_check(&cfg, why, sizeof(why)) != 0)
			fail_msg("%s: %s", smmu_preset_name((enum smmu_preset)p), why);
		assert_int_equal(
			smmu_preset_by_name(smmu_preset_name((enum smmu_preset)p)), p);
		h_setup_cfg(&h, &cfg);
		/* REG-133: AIDR */
		assert_int_equal(h_rd32(&h, SMMU_REG_AIDR), cfg.arch_minor);
		assert_int_equal(h_rd32(&h, SMMU_REG_IIDR), cfg.iidr);
		h_teardown(&h);
	}
	assert_int_equal(smmu_preset_by_name("v3.2"), SMMU_PRESET_V3_2);
	assert_int_equal(smmu_preset_by_name("v3.9"), -EINVAL);
	assert_int_equal(smmu_preset_by_name(NULL), -EINVAL);
	assert_null(smmu_preset_name(SMMU_PRESET_COUNT));
}

static void unknown_preset_leaves_config_alone(void **state)
{
	struct smmu_config cfg, before;

	(void)state;
	memset(&cfg, 0x5a, sizeof(cfg));
	before = cfg;
	assert_int_equal(smmu_config_init(&cfg, SMMU_PRESET_COUNT), -EINVAL);
	assert_memory_equal(&cfg, &before, sizeof(cfg));
	assert_int_equal(smmu_config_init(NULL, SMMU_PRESET_V3_0), -EINVAL);
}

/* The one-line form is the same thing; what it makes of nonsense is refused. */
static void initialiser_is_the_preset(void **state)
{
	struct smmu_config one = SMMU_CONFIG_INIT(SMMU_PRESET_MMU600), two;
	char why[128];

	(void)state;
	memset(&two, 0, sizeof(two));
	assert_int_equal(smmu_config_init(&two, SMMU_PRESET_MMU600), 0);
	assert_memory_equal(&one, &two, sizeof(one));
	assert_int_equal(smmu_config_check(&one, why, sizeof(why)), 0);
	one = SMMU_CONFIG_INIT(SMMU_PRESET_COUNT);
	assert_int_equal(smmu_config_check(&one, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "smmu_config_init"));
}

static void oas_codes_give_bits(void **state)
{
	struct harness h;

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_0, NULL);
	/* 6.3.6: 44 bits is code 4 */
	assert_int_equal(smmu_reg_get(h_rd32(&h, SMMU_REG_IDR5), SMMU_IDR5_OAS), 4);
	h_teardown(&h);
}

/*
 * ID registers that are known from elsewhere. QEMU 11.1's virt machine with both stages:
 * all of them. MMU-600: its manual (100310_0100, table 2-18) and a SoC's register map
 * (Agilex 5: IDR0 080f7e3f, IDR1 0e739d18, IDR3 3c, IDR5 00400075).
 */
static void presets_read_as_known(void **state)
{
	static const struct {
		enum smmu_preset preset;
		uint32_t idr[8]; /* IDR0 to IDR5, IIDR, AIDR */
	} known[] = {
		{ SMMU_PRESET_QEMU,
		  { 0x0d44101b, 0x02730010, 0, 0x1414, 0, 0x74, 0, 1 } },
		{ SMMU_PRESET_MMU600,
		  { 0x080f7e3f, 0x0e739d18, 0, 0x3c, 0, 0x400075, 0x4831043b, 1 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct harness h;

		h_setup(&h, known[i].preset, NULL);
		for (unsigned r = 0; r < 8; r++)
			assert_int_equal(h_rd32(&h, 4 * r), known[i].idr[r]);
		h_teardown(&h);
	}
}

/* A field set to a value in a preset; want: what the message must say, NULL: legal. */
#define AT(f) offsetof(struct smmu_config, f)
static const struct {
	enum smmu_preset preset;
	size_t at;
	unsigned value;
	size_t at2; /* a second change, if at2 != 0 */
	unsigned value2;
	const char *want;
} cases[] = {
	/* REG-127 */
	{ SMMU_PRESET_V3_0, AT(ttf), 0, 0, 0, "ttf = 0" },
	{ SMMU_PRESET_V3_0, AT(ttf), 1, 0, 0, NULL },
	{ SMMU_PRESET_V3_0, AT(ttf), 4, 0, 0, "ttf = 4" },
	{ SMMU_PRESET_V3_0, AT(ttendian), 1, 0, 0, "ttendian = 1" },
	{ SMMU_PRESET_V3_0, AT(ttendian), 3, 0, 0, NULL },
	/* REG-131, EVT-54: without Secure state it is what the hardware has */
	{ SMMU_PRESET_V3_0, AT(stall_model), 3, 0, 0, "stall_model = 3" },
	{ SMMU_PRESET_V3_0, AT(stall_model), 2, AT(stall_max), 1, NULL },
	{ SMMU_PRESET_V3_0, AT(stall_model), 1, AT(stall_max), 1, "stall_max = 1" },
	{ SMMU_PRESET_V3_0, AT(st_level), 2, 0, 0, "st_level = 2" },
	{ SMMU_PRESET_V3_0, AT(s1p), 0, AT(s2p), 0, "s1p = 0" },
	{ SMMU_PRESET_V3_0, AT(s2p), 0, AT(hyp), 0, NULL },
	{ SMMU_PRESET_V3_0, AT(s2p), 0, AT(hyp), 1, "hyp = 1" },
	{ SMMU_PRESET_V3_0, AT(vmw), 1, 0, 0, NULL },
	{ SMMU_PRESET_V3_0, AT(vmw), 2, 0, 0, "vmw = 2" },
	/* REG-128, Q-53 */
	{ SMMU_PRESET_V3_0, AT(sid_bits), 7, AT(st_level), 0, "st_level = 0" },
	{ SMMU_PRESET_V3_0, AT(sid_bits), 6, AT(st_level), 0, NULL },
	{ SMMU_PRESET_V3_0, AT(sid_bits), 33, 0, 0, "sid_bits = 33" },
	{ SMMU_PRESET_V3_0, AT(sid_bits), 32, 0, 0, NULL },
	{ SMMU_PRESET_V3_0, AT(ssid_bits), 21, 0, 0, "ssid_bits = 21" },
	{ SMMU_PRESET_V3_0, AT(ssid_bits), 20, 0, 0, NULL },
	{ SMMU_PRESET_V3_0, AT(cmdqs), 20, 0, 0, "cmdqs = 20" },
	{ SMMU_PRESET_V3_0, AT(cmdqs), 0, 0, 0, NULL },
	{ SMMU_PRESET_V3_0, AT(eventqs), 20, 0, 0, "eventqs = 20" },
	/* REG-129, REG-133: the version table, both sides */
	{ SMMU_PRESET_V3_0, AT(xnx), 1, 0, 0, "xnx = 1" },
	{ SMMU_PRESET_V3_1, AT(xnx), 0, 0, 0, "xnx = 0" },
	{ SMMU_PRESET_V3_1, AT(had), 0, 0, 0, "had = 0" },
	{ SMMU_PRESET_V3_0, AT(had), 1, 0, 0, NULL },
	{ SMMU_PRESET_V3_0, AT(ril), 1, 0, 0, "ril = 1" },
	{ SMMU_PRESET_V3_1, AT(ril), 1, 0, 0, NULL }, /* taken from the next version */
	{ SMMU_PRESET_V3_2, AT(ril), 0, 0, 0, "ril = 0" },
	{ SMMU_PRESET_V3_2, AT(bbml), 0, 0, 0, "bbml = 0" },
	{ SMMU_PRESET_V3_2, AT(bbml), 2, 0, 0, NULL },
	{ SMMU_PRESET_V3_2, AT(bbml), 3, 0, 0, "bbml = 3" },
	{ SMMU_PRESET_V3_2, AT(fwb), 0, 0, 0, "fwb = 0" },
	{ SMMU_PRESET_V3_2, AT(hyp), 0, 0, 0, "hyp = 0" },
	{ SMMU_PRESET_V3_1, AT(hyp), 0, 0, 0, NULL },
	{ SMMU_PRESET_V3_1, AT(e0pd), 1, 0, 0, "e0pd = 1" },
	{ SMMU_PRESET_V3_2, AT(e0pd), 1, 0, 0, NULL },
	{ SMMU_PRESET_V3_3, AT(e0pd), 0, 0, 0, "e0pd = 0" },
	{ SMMU_PRESET_V3_3, AT(ptwnnc), 0, 0, 0, "ptwnnc = 0" },
	{ SMMU_PRESET_V3_4, AT(mteperm), 0, 0, 0, "mteperm = 0" },
	{ SMMU_PRESET_V3_4, AT(epan), 0, 0, 0, "epan = 0" },
	{ SMMU_PRESET_V3_4, AT(arch_minor), 5, 0, 0, "arch_minor = 5" },
	/* REG-130 */
	{ SMMU_PRESET_V3_0, AT(oas), 6, 0, 0, "oas = 6" },
	{ SMMU_PRESET_V3_1, AT(oas), 6, 0, 0, NULL },
	{ SMMU_PRESET_V3_1, AT(oas), 6, AT(gran64k), 0, "oas = 6" },
	{ SMMU_PRESET_V3_4, AT(oas), 7, 0, 0, "oas = 7" },
	{ SMMU_PRESET_V3_0, AT(vax), 1, 0, 0, "vax = 1" },
	{ SMMU_PRESET_V3_1, AT(vax), 1, 0, 0, NULL },
	{ SMMU_PRESET_V3_1, AT(vax), 1, AT(gran64k), 0, "vax = 1" },
	{ SMMU_PRESET_V3_4, AT(vax), 2, 0, 0, "vax = 2" },
	{ SMMU_PRESET_V3_4, AT(ds), 1, AT(vax), 0, "ds = 1" },
	{ SMMU_PRESET_V3_2, AT(ds), 1, AT(vax), 1, "ds = 1" },
	{ SMMU_PRESET_V3_0, AT(gran4k), 0, AT(ttf), 3, "gran4k = 0" },
	{ SMMU_PRESET_V3_0, AT(gran4k), 0, 0, 0, NULL },
	{ SMMU_PRESET_V3_0, AT(httu), 3, 0, 0, "httu = 3" },
	/* impossible for want of another feature, whatever the model knows */
	{ SMMU_PRESET_V3_0, AT(pri), 1, 0, 0, "pri = 1; legal: 0 unless ats" },
	{ SMMU_PRESET_V3_0, AT(vatos), 1, 0, 0, "vatos = 1; legal: 0 unless atos" },
	{ SMMU_PRESET_V3_0, AT(ns1ats), 1, 0, 0, "ns1ats = 1; legal: 0 unless ats" },
	{ SMMU_PRESET_V3_4, AT(s2po), 1, 0, 0, "s2po = 1; legal: 0 unless s2pi" },
	/* REG-128, Q-37: ECMDQ wants COHACC and MSI; its geometry wants ECMDQ */
	{ SMMU_PRESET_V3_3, AT(ecmdq), 1, 0, 0, NULL },
	{ SMMU_PRESET_V3_3, AT(ecmdq), 1, AT(msi), 0, "ecmdq = 1; legal: 0 unless coh" },
	{ SMMU_PRESET_V3_3, AT(ecmdq), 1, AT(cohacc), 0, "ecmdq = 1; legal: 0 unless" },
	{ SMMU_PRESET_V3_2, AT(ecmdq), 1, 0, 0, NULL },
	{ SMMU_PRESET_V3_1, AT(ecmdq), 1, 0, 0, "ecmdq = 1; legal: 0 before v3.2" },
	{ SMMU_PRESET_FULL, AT(cmdq_control_page_log2nump), 8, 0, 0, NULL },
	{ SMMU_PRESET_FULL, AT(cmdq_control_page_log2nump), 9, 0, 0,
	  "cmdq_control_page_log2nump = 9; legal: 0 to 8" },
	{ SMMU_PRESET_FULL, AT(cmdq_control_page_log2numq), 8, 0, 0, NULL },
	{ SMMU_PRESET_FULL, AT(cmdq_control_page_log2numq), 9, 0, 0,
	  "cmdq_control_page_log2numq = 9; legal: 0 to 8" },
	{ SMMU_PRESET_V3_3, AT(cmdq_control_page_log2numq), 1, 0, 0,
	  "cmdq_control_page_log2numq = 1; legal: 0 unless ecmdq" },
	/* REG-127: VATOS wants ATOS and both stages */
	{ SMMU_PRESET_V3_0, AT(atos), 1, 0, 0, NULL },
	{ SMMU_PRESET_V3_0, AT(atos), 1, AT(vatos), 1, NULL },
	{ SMMU_PRESET_FULL, AT(vatos), 0, 0, 0, NULL },
	{ SMMU_PRESET_FULL, AT(atos), 0, 0, 0, "vatos = 1; legal: 0 unless atos" },
	{ SMMU_PRESET_FULL, AT(ba_vatos), 1023, 0, 0, NULL },
	{ SMMU_PRESET_FULL, AT(ba_vatos), 1024, 0, 0, "ba_vatos = 1024; legal: 0 to 1023" },
	{ SMMU_PRESET_V3_0, AT(ba_vatos), 1, 0, 0, "ba_vatos = 1; legal: 0 unless vatos" },
	/* not modelled yet */
	{ SMMU_PRESET_FULL, AT(d128), 1, AT(ttf), 2,
	  "d128 = 1; legal: 0: this feature is not mod" },
	/* REG-129, REG-133: PBHA wants HAD, and v3.1 */
	{ SMMU_PRESET_V3_1, AT(pbha), 1, 0, 0, NULL },
	{ SMMU_PRESET_V3_1, AT(pbha), 2, 0, 0, "pbha = 2" },
	{ SMMU_PRESET_V3_0, AT(pbha), 1, 0, 0, "pbha = 1; legal: 0 unless had" },
	{ SMMU_PRESET_V3_0, AT(pbha), 1, AT(had), 1, "pbha = 1; legal: 0 in v3.0" },
	{ SMMU_PRESET_V3_4, AT(d128), 1, 0, 0, "d128 = 1; legal: 0 unless ttf is 2" },
	/* REG-129: S2PI wants stage 2, S2PO and THE want S2PI */
	{ SMMU_PRESET_V3_4, AT(s2pi), 1, 0, 0, NULL },
	{ SMMU_PRESET_V3_4, AT(s2pi), 1, AT(s2po), 1, NULL },
	{ SMMU_PRESET_V3_4, AT(s2pi), 1, AT(the), 1, NULL },
	{ SMMU_PRESET_V3_4, AT(the), 1, 0, 0, "the = 1; legal: 0 unless s2pi" },
	{ SMMU_PRESET_V3_2, AT(s2pi), 1, 0, 0, "s2pi = 1; legal: 0 before v3.3" },
	{ SMMU_PRESET_V3_3, AT(s2pi), 1, 0, 0, NULL },
	/* choices */
	{ SMMU_PRESET_V3_0, AT(page0_alias), 2, 0, 0, "page0_alias = 2" },
};

static void set_field(struct smmu_config *cfg, size_t at, unsigned value)
{
	uint16_t wide = (uint16_t)value;

	if (at == AT(stall_max) || at == AT(ba_vatos))
		memcpy((char *)cfg + at, &wide, sizeof(wide));
	else
		*((uint8_t *)cfg + at) = (uint8_t)value;
}

static void impossible_is_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smmu_config cfg;
		char why[200] = "";
		int err;

		assert_int_equal(smmu_config_init(&cfg, cases[i].preset), 0);
		set_field(&cfg, cases[i].at, cases[i].value);
		if (cases[i].at2)
			set_field(&cfg, cases[i].at2, cases[i].value2);
		err = smmu_config_check(&cfg, why, sizeof(why));
		if (!cases[i].want && err)
			fail_msg("case %zu: refused: %s", i, why);
		if (cases[i].want &&
		    (err != -EINVAL ||
		     strncmp(why, cases[i].want, strlen(cases[i].want)) != 0))
			fail_msg("case %zu: want \"%s\", got \"%s\"", i, cases[i].want,
				 why);
	}
}

static void keep_message(void *ctx, const char *message)
{
	(void)snprintf(ctx, 200, "%s", message);
}

static void create_reports_and_touches_nothing(void **state)
{
	struct smmu_bus *bus = smmu_bus_create();
	struct smmu *smmu = (struct smmu *)bus;
	struct smmu_config cfg;
	char said[200] = "";

	(void)state;
	assert_int_equal(smmu_config_init(&cfg, SMMU_PRESET_V3_2), 0);
	cfg.log = keep_message;
	cfg.log_ctx = said;
	cfg.name = "smmu7";
	cfg.ril = 0;
	assert_int_equal(smmu_create(&smmu, bus, &cfg), -EINVAL);
	assert_ptr_equal(smmu, (struct smmu *)bus);
	assert_non_null(strstr(said, "smmu7"));
	assert_non_null(strstr(said, "ril = 0"));

	cfg.ril = 1;
	cfg.name = "a name of more than forty-seven characters is too long";
	assert_int_equal(smmu_create(&smmu, bus, &cfg), -EINVAL);
	assert_non_null(strstr(said, "name"));
	cfg.size--;
	assert_int_equal(smmu_config_check(&cfg, NULL, 0), -EINVAL);
	assert_int_equal(smmu_create(NULL, bus, &cfg), -EINVAL);
	smmu_bus_destroy(bus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(presets_are_legal),
		cmocka_unit_test(unknown_preset_leaves_config_alone),
		cmocka_unit_test(initialiser_is_the_preset),
		cmocka_unit_test(oas_codes_give_bits),
		cmocka_unit_test(presets_read_as_known),
		cmocka_unit_test(impossible_is_refused_by_name),
		cmocka_unit_test(create_reports_and_touches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
