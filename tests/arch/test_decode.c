/* SPDX-License-Identifier: MIT */
/*
 * The decoder:
 *
 * 1. whole outputs, text and JSON, are those of tests/arch/data/golden;
 * 2. values are said in words; addresses are put together;
 * 3. RES0 bits that are set are told, those of every structure and no others;
 * 4. opcode and event number pick the table; unknown ones are named as such;
 * 5. fields that share bits appear one at a time, by context;
 * 6. registers are found by any way of writing their name, and by offset;
 * 7. any bits decode.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <smmulator/arch.h>
#include <smmulator/decode.h>

/* What a decoding found, to be asked for by name. */
struct found {
	struct {
		enum smmu_decoded_kind kind;
		char name[40], words[400], meaning[200];
		unsigned msb, lsb;
		uint64_t value;
	} at[128];
	unsigned count;
	const char *layout;
};

static void collect(void *ctx, const struct smmu_decoded *d)
{
	struct found *found = ctx;

	assert_true(found->count < 128);
	found->at[found->count].kind = d->kind;
	(void)snprintf(found->at[found->count].name, 40, "%s", d->name ? d->name : "");
	(void)snprintf(found->at[found->count].words, 400, "%s", d->words);
	(void)snprintf(found->at[found->count].meaning, 200, "%s", d->meaning);
	found->at[found->count].msb = d->msb;
	found->at[found->count].lsb = d->lsb;
	found->at[found->count++].value = d->value;
}

static void decode(struct found *found, const struct smmu_layout *layout,
		   const uint64_t *dw, unsigned flags)
{
	found->count = 0;
	assert_non_null(layout);
	found->layout = smmu_layout_name(smmu_decode(layout, dw, flags, collect, found));
}

/* The index of a finding, or -1. */
static int find(const struct found *found, const char *name)
{
	for (unsigned i = 0; i < found->count; i++)
		if (strcmp(found->at[i].name, name) == 0)
			return (int)i;
	return -1;
}

static const char *words_of(const struct found *found, const char *name)
{
	int i = find(found, name);

	if (i < 0)
		fail_msg("no %s", name);
	return found->at[i].words;
}

static unsigned reserved(const struct found *found)
{
	unsigned n = 0;

	for (unsigned i = 0; i < found->count; i++)
		n += found->at[i].kind == SMMU_DECODED_RESERVED;
	return n;
}

/* ---- 1 ---- */

static char *slurp(FILE *file)
{
	char *text = calloc(1, 65536);

	assert_non_null(text);
	rewind(file);
	assert_true(fread(text, 1, 65535, file) < 65535);
	fclose(file);
	return text;
}

static void check_golden(const char *name, const struct smmu_layout *layout,
			 const uint64_t *dw, int json)
{
	FILE *out = tmpfile(), *golden;
	char path[512], *got, *want;

	assert_non_null(out);
	assert_non_null(layout);
	(json ? smmu_decode_json : smmu_decode_text)(out, layout, dw, 0);
	got = slurp(out);
	(void)snprintf(path, sizeof(path), "%s/golden/%s", ARCH_DATA, name);
	golden = fopen(path, "r");
	if (!golden)
		fail_msg("no %s; it should hold:\n%s", path, got);
	want = slurp(golden);
	assert_string_equal(got, want);
	free(got);
	free(want);
}

/* A nested STE with MAIR, SubstreamIDs and one bit too many in [58:56]. */
static void set_ste(uint64_t *ste)
{
	memset(ste, 0, SMMU_STE_DWORDS * sizeof(*ste));
	smmu_set(ste, SMMU_STE_V, 1);
	smmu_set(ste, SMMU_STE_Config, SMMU_STE_CONFIG_NESTED);
	smmu_set_addr(ste, SMMU_STE_S1ContextPtr, 0x80042000);
	smmu_set(ste, SMMU_STE_S1CDMax, 4);
	smmu_set(ste, SMMU_STE_S1DSS, SMMU_S1DSS_SSID0);
	smmu_set(ste, SMMU_STE_S2VMID, 7);
	smmu_set(ste, SMMU_STE_S2T0SZ, 24);
	smmu_set(ste, SMMU_STE_S2PS, SMMU_OAS_44);
	smmu_set(ste, SMMU_STE_S2AA64, 1);
	smmu_set(ste, SMMU_STE_S2R, 1);
	smmu_set_addr(ste, SMMU_STE_S2TTB, 0x80100000);
	ste[0] |= UINT64_C(1) << 57;
	ste[1] |= UINT64_C(0x10) << 52; /* implementation defined */
}

static void set_cd(uint64_t *cd)
{
	memset(cd, 0, SMMU_CD_DWORDS * sizeof(*cd));
	smmu_set(cd, SMMU_CD_V, 1);
	smmu_set(cd, SMMU_CD_T0SZ, 16);
	smmu_set(cd, SMMU_CD_EPD1, 1);
	smmu_set(cd, SMMU_CD_AA64, 1);
	smmu_set(cd, SMMU_CD_IPS, SMMU_OAS_48);
	smmu_set(cd, SMMU_CD_ASID, 0x1234);
	smmu_set_addr(cd, SMMU_CD_TTB0, UINT64_C(0xf00080200000));
	smmu_set(cd, SMMU_CD_MAIR0, 0x0400f4ff);
	smmu_set(cd, SMMU_CD_HWU061, 1);
	smmu_set(cd, SMMU_CD_PIIP, 0x7d);
}

static void golden_outputs(void **state)
{
	uint64_t dw[SMMU_LAYOUT_MAX_WORDS] = { 0 };

	(void)state;
	set_ste(dw);
	check_golden("ste.txt", smmu_layout_find("ste"), dw, 0);
	set_cd(dw);
	check_golden("cd.txt", smmu_layout_find("cd"), dw, 0);
	dw[0] = UINT64_C(0x0001000700000012) | 3u << 12 | 2u << 20;
	dw[1] = UINT64_C(0x80000701) | 1u << 2;
	check_golden("tlbi_nh_va.txt", smmu_layout_find("cmd"), dw, 0);
	dw[0] = UINT64_C(0x0000000500000010);
	dw[1] = UINT64_C(0x0000028880000001);
	dw[2] = UINT64_C(0xff00dead0000beef);
	dw[3] = UINT64_C(0x0000000080042000);
	check_golden("f_translation.txt", smmu_layout_find("event"), dw, 0);
	check_golden("f_translation.json", smmu_layout_find("event"), dw, 1);
	dw[0] = 0xd | UINT64_C(1) << 5;
	check_golden("cr0.txt", smmu_layout_register("cr0"), dw, 0);
	check_golden("cr0.json", smmu_layout_register("cr0"), dw, 1);
	dw[0] = UINT64_C(0x1234) | UINT64_C(0xf) << 56, dw[1] = 0x80000007;
	check_golden("unknown_cmd.txt", smmu_layout_find("cmd"), dw, 0);
}

/* ---- 2 ---- */

static void values_in_words(void **state)
{
	struct found f;
	uint64_t dw[SMMU_LAYOUT_MAX_WORDS];

	(void)state;
	set_ste(dw);
	decode(&f, smmu_layout_find("STE"), dw, 0);
	/* STE-4 */
	assert_string_equal(words_of(&f, "Config"), "stage 1 and stage 2 translate");
	assert_string_equal(words_of(&f, "S1ContextPtr"), "address 0x80042000");
	assert_string_equal(words_of(&f, "S2TTB"), "address 0x80100000");
	assert_string_equal(words_of(&f, "S1CDMax"), "16");
	assert_string_equal(words_of(&f, "S2T0SZ"), "VMSAv8-64: 40 bits");
	smmu_set(dw, SMMU_STE_Config, 2); /* STE-2: reserved */
	smmu_set(dw, SMMU_STE_ALLOCCFG, 0xd);
	smmu_set(dw, SMMU_STE_S2POI, 0x10c0);
	decode(&f, smmu_layout_find("ste"), dw, 0);
	assert_string_equal(words_of(&f, "Config"), "reserved");
	assert_string_equal(words_of(&f, "ALLOCCFG"), "RA=1 WA=0 TR=1");
	assert_string_equal(words_of(&f, "S2POI"), "1: RW, 3: reserved");
	set_cd(dw);
	smmu_set(dw, SMMU_CD_MAIR1, 0xf0bb1c0b);
	decode(&f, smmu_layout_find("cd"), dw, 0);
	assert_string_equal(
		words_of(&f, "MAIR0"),
		"0: 0xff Normal WB RWA; 1: 0xf4 Normal outer WB RWA, inner NC; "
		"2: 0x00 Device-nGnRnE; 3: 0x04 Device-nGnRE");
	assert_string_equal(
		words_of(&f, "MAIR1"),
		"0: 0x0b reserved; 1: 0x1c Normal outer WT-transient WA, inner WB "
		"no-allocate; 2: 0xbb Normal WT RWA; 3: 0xf0 reserved");
	assert_string_equal(words_of(&f, "PIIP"), "0: RW, 1: RWX, 2: R");
	assert_string_equal(words_of(&f, "PIIU"), "all none");
	dw[0] = UINT64_C(12);
	decode(&f, smmu_layout_find("l1std"), dw, 0);
	assert_string_equal(words_of(&f, "Span"), "reserved, acts as 0"); /* L1STD-2 */
	dw[0] = UINT64_C(11);
	decode(&f, smmu_layout_find("l1std"), dw, 0);
	assert_string_equal(words_of(&f, "Span"), "1024 STEs");
}

/* ---- 3 ---- */

static void reserved_bits_are_told(void **state)
{
	struct found f;
	uint64_t dw[SMMU_LAYOUT_MAX_WORDS];
	int i;

	(void)state;
	set_ste(dw);
	decode(&f, smmu_layout_find("ste"), dw, 0);
	assert_int_equal(reserved(&f), 1);
	i = find(&f, "RES0");
	assert_int_equal(f.at[i].msb, 58);
	assert_int_equal(f.at[i].lsb, 56);
	assert_true(f.at[i].value == 2);
	assert_string_equal(f.at[i].meaning, "should be 0");
	i = find(&f, "IMPDEF");
	assert_int_equal(f.at[i].lsb, 116);
	assert_true(f.at[i].value == 0x10);
	memset(dw, 0xff, sizeof(dw));
	decode(&f, smmu_layout_find("ste"), dw, 0);
	/* dw0 [58:56], dw1 [43:41], dw3 [60:56] [63], dw4 [45:40], dw5 [63:56],
	 * dw6 [3] [60:56] [63] */
	assert_int_equal(reserved(&f), 9);
	decode(&f, smmu_layout_find("cd"), dw, 0);
	/* dw1 [57:56], dw2 [57:56], dw5 [63:56], dw6 [63:48], dw7 [63:48] */
	assert_int_equal(reserved(&f), 5);
	decode(&f, smmu_layout_register("STATUSR"), dw, 0);
	assert_int_equal(reserved(&f), 1); /* [31:1]: the upper word is not there */
	assert_int_equal(f.at[find(&f, "RES0")].msb, 31);
	decode(&f, smmu_layout_find("s1desc"), dw, 0);
	assert_int_equal(reserved(&f), 0); /* software may use what the SMMU ignores */
}

/* ---- 4 ---- */

static void numbers_pick_the_table(void **state)
{
	struct found f;
	uint64_t dw[4] = { SMMU_OP_CFGI_STE_RANGE | UINT64_C(9) << 32, 30, 0, 0 };

	(void)state;
	decode(&f, smmu_layout_find("cmd"), dw, 0);
	assert_string_equal(f.layout, "CMD_CFGI_STE_RANGE");
	assert_true(find(&f, "StreamID") >= 0);
	dw[1] = 31; /* CMD-24: the same opcode; StreamID ignored, not RES0 */
	decode(&f, smmu_layout_find("cmd"), dw, 0);
	assert_string_equal(f.layout, "CMD_CFGI_ALL");
	assert_int_equal(find(&f, "StreamID"), -1);
	assert_int_equal(reserved(&f), 0);
	for (unsigned op = 0; op < 256; op++) {
		const char *name = smmu_command_name(op);

		dw[0] = op;
		dw[1] = 0;
		decode(&f, smmu_layout_find("cmd"), dw, 0);
		assert_string_equal(f.layout, name ? name : "CMD");
		assert_int_equal(f.at[f.count - 1].kind == SMMU_DECODED_NOTE, !name);
		name = smmu_event_name(op);
		decode(&f, smmu_layout_find("event"), dw, 0);
		assert_string_equal(f.layout, name ? name : "EVENT_HEAD");
		assert_int_equal(f.at[f.count - 1].kind == SMMU_DECODED_NOTE, !name);
	}
	/* The edges of what is implementation defined. */
	dw[0] = 0x8f;
	decode(&f, smmu_layout_find("cmd"), dw, 0);
	assert_string_equal(words_of(&f, "OPCODE"), "implementation defined");
	dw[0] = 0x90;
	decode(&f, smmu_layout_find("cmd"), dw, 0);
	assert_string_equal(words_of(&f, "OPCODE"), "unknown");
	assert_string_equal(smmu_event_name(0xe0), "IMPDEF_EVENTn");
	assert_string_equal(smmu_event_name(0xef), "IMPDEF_EVENTn");
	assert_null(smmu_event_name(0xf0));
	assert_null(smmu_event_name(0xdf));
	assert_string_equal(smmu_event_name(SMMU_EVT_F_VMS_FETCH), "F_VMS_FETCH");
	assert_string_equal(smmu_command_name(SMMU_OP_SYNC), "CMD_SYNC");
}

/* ---- 5 ---- */

static void shared_bits_by_context(void **state)
{
	struct found f;
	uint64_t dw[SMMU_LAYOUT_MAX_WORDS] = { 0 };

	(void)state;
	smmu_set(dw, SMMU_CD_SKL0, 3);
	decode(&f, smmu_layout_find("cd"), dw, 0);
	assert_true(find(&f, "HWU062") >= 0 && find(&f, "HAD0") >= 0);
	assert_true(find(&f, "SKL0") < 0 && find(&f, "DisCH0") < 0);
	decode(&f, smmu_layout_find("cd"), dw, SMMU_DECODE_D128);
	assert_true(find(&f, "HWU062") < 0 && find(&f, "HAD0") < 0);
	assert_true(f.at[find(&f, "SKL0")].value == 3 && find(&f, "DisCH0") >= 0);
	smmu_set(dw, SMMU_CD_AA64, 1); /* CD-8: VMSAv8-64 even where D128 exists */
	decode(&f, smmu_layout_find("cd"), dw, SMMU_DECODE_D128);
	assert_true(find(&f, "HWU062") >= 0 && find(&f, "SKL0") < 0);

	dw[0] = UINT64_C(0x0000000080042102); /* ATOS PAR, success: ATOS-22 */
	decode(&f, smmu_layout_register("GATOS_PAR"), dw, 0);
	assert_string_equal(words_of(&f, "ADDR"), "address 0x80042000");
	assert_true(find(&f, "FADDR") < 0);
	assert_int_equal(reserved(&f), 1);    /* [7:1] */
	dw[0] = UINT64_C(0x0000000080042137); /* fault */
	decode(&f, smmu_layout_register("GATOS_PAR"), dw, 0);
	assert_string_equal(words_of(&f, "FAULTCODE"), "F_PERMISSION");
	assert_string_equal(words_of(&f, "REASON"), "stage 2, on the input address");
	assert_true(find(&f, "ADDR") < 0);
	assert_int_equal(reserved(&f), 0);

	dw[0] = UINT64_C(0x0003000080000301);
	decode(&f, smmu_layout_find("s2desc"), dw, 0);
	assert_string_equal(words_of(&f, "SH"), "Inner Shareable");
	decode(&f, smmu_layout_find("s2desc"), dw, SMMU_DECODE_DS);
	assert_true(find(&f, "SH") < 0);
	assert_string_equal(words_of(&f, "Addr_DS_51_50"), "address 0xc000000000000");
	assert_string_equal(words_of(&f, "Addr_DS_49_48"), "address 0x3000000000000");
	assert_true(find(&f, "nT") >= 0); /* a block */
	dw[0] |= 2;
	decode(&f, smmu_layout_find("s2desc"), dw, 0);
	assert_true(find(&f, "nT") < 0); /* a page */
	dw[0] = 0x00051234;
	decode(&f, smmu_layout_register("PMCG_SMR0"), dw, 0);
	assert_true(f.at[find(&f, "STREAMID")].value == 0x51234);
	decode(&f, smmu_layout_register("PMCG_SMR0"), dw, SMMU_DECODE_MPAM);
	assert_true(f.at[find(&f, "PMG")].value == 5 && find(&f, "STREAMID") < 0);
}

static void vms_is_an_array(void **state)
{
	struct found f;
	uint64_t dw[SMMU_LAYOUT_MAX_WORDS] = { 0 };

	(void)state;
	smmu_vms_set_partid(dw, 31, 0x7f); /* VMS-3 */
	decode(&f, smmu_layout_find("vms"), dw, 0);
	assert_int_equal(f.count, 32);
	assert_true(f.at[find(&f, "PARTID_MAP[31]")].value == 0x7f);
}

/* ---- 6 ---- */

static void registers_by_name(void **state)
{
	struct smmu_reg_info info;

	(void)state;
	assert_non_null(smmu_layout_register("SMMU_CR0"));
	assert_ptr_equal(smmu_layout_register("smmu_cr0"), smmu_layout_register("CR0"));
	assert_string_equal(smmu_layout_name(smmu_layout_register("idr6")), "IDR6");
	assert_int_equal(smmu_layout_bits(smmu_layout_register("IDR0")), 32);
	assert_int_equal(smmu_layout_bits(smmu_layout_register("STRTAB_BASE")), 64);
	assert_null(smmu_layout_register("IDR7"));
	assert_null(smmu_layout_register("CR00"));
	assert_null(smmu_layout_register("SMMU_"));
	assert_null(smmu_layout_register(""));
	assert_null(smmu_layout_register("CD"));
	assert_null(smmu_layout_find("CR0"));
	assert_null(smmu_layout_find(""));
	assert_string_equal(smmu_layout_name(smmu_layout_register("ECMDQ_BASE255")),
			    "ECMDQ_BASE");
	assert_null(smmu_layout_register("ECMDQ_BASE256"));
	assert_null(smmu_layout_register("ECMDQ_BASE99999999999999999999"));
	assert_null(smmu_layout_register("PMCG_EVTYPER64"));

	assert_int_equal(smmu_reg_find("cmdq_control_page_cfg2", &info), 0);
	assert_string_equal(info.name, "SMMU_CMDQ_CONTROL_PAGE_CFG2");
	assert_int_equal(info.offset, 0x4048);
	assert_int_equal(info.index, 2);
	assert_true(info.reset == 1 && info.reset_known == 0xffffffff);
	assert_int_equal(smmu_reg_find("nonsense", &info), -ENOENT);
	assert_int_equal(smmu_reg_find("SMMU_PMCG_PMDEVARCH", &info), 0);
	assert_true(info.reset == 0x47702a56); /* pmcg-atos.md B.5 */
	assert_int_equal(smmu_reg_find("PMCG_SCR", &info), 0);
	assert_true(info.reset == 0x80000006);
	assert_int_equal(smmu_reg_find("PRIQ_PROD", &info), 0);
	assert_int_equal(info.offset, 0x100c8);
	assert_true(info.reset == 0 && info.reset_known == 0xfff00000);
	assert_int_equal(smmu_reg_find("GBPA", &info), 0);
	assert_true((info.reset_known & (1u << 20)) == 0 && info.reset_known >> 31 == 1);
}

static void registers_by_offset(void **state)
{
	struct smmu_reg_info info;

	(void)state;
	assert_int_equal(smmu_reg_at(0x20, &info), 0);
	assert_string_equal(info.name, "SMMU_CR0");
	assert_string_equal(info.access, "RW");
	assert_int_equal(smmu_reg_at(0x84, &info), 0); /* upper half */
	assert_string_equal(info.name, "SMMU_STRTAB_BASE");
	assert_int_equal(smmu_reg_at(0x88, &info), 0);
	assert_string_equal(info.name, "SMMU_STRTAB_BASE_CFG");
	assert_int_equal(smmu_reg_at(0x8c, &info), -ENOENT);
	assert_int_equal(smmu_reg_at(0x100a8, &info), 0);
	assert_string_equal(info.name, "SMMU_EVENTQ_PROD");
	assert_int_equal(smmu_reg_at(0xa8, &info), 0);
	assert_string_equal(info.access, "RW or RAZ/WI");
	assert_int_equal(smmu_reg_at(0x402c, &info), 0);
	assert_string_equal(info.name, "SMMU_CMDQ_CONTROL_PAGE_STATUS1");
	assert_int_equal(smmu_reg_at(0x4010, &info), -ENOENT);
	assert_int_equal(smmu_reg_at(0x4000 + 255 * 0x20, &info), 0);
	assert_int_equal(smmu_reg_at(0x4000 + 256 * 0x20, &info), -ENOENT);
	/* Offsets inside other pages are no offsets from the base. */
	assert_int_equal(smmu_reg_at(0xe00, &info), -ENOENT);
	assert_int_equal(smmu_reg_at(0xffffffff, &info), -ENOENT);
}

/* Every name that is offered works, and fits the words that a caller has. */
static void all_layouts(void **state)
{
	unsigned n = 0;

	(void)state;
	for (const char *name; (name = smmu_layout_list(n)) != NULL; n++) {
		assert_non_null(smmu_layout_find(name));
		assert_in_range(smmu_layout_words(smmu_layout_find(name)), 1,
				SMMU_LAYOUT_MAX_WORDS);
	}
	assert_int_equal(n, 22);
	assert_int_equal(smmu_layout_words(smmu_layout_find("ste")), SMMU_STE_DWORDS);
	assert_int_equal(smmu_layout_words(smmu_layout_find("event")), SMMU_EVENT_DWORDS);
	assert_string_equal(smmu_layout_name(smmu_layout_find("cmd_sync")), "CMD_SYNC");
}

/* ---- 7 ---- */

static uint64_t next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void any_bits_decode(void **state)
{
	static const char *const regs[] = { "IDR0",	    "GATOS_PAR",   "PMCG_SMR3",
					    "PMCG_EVCNTR1", "DPT_CFG_FAR", "PIDR5" };
	uint64_t seed = 0x9e3779b97f4a7c15, dw[SMMU_LAYOUT_MAX_WORDS];
	FILE *null = fopen("/dev/null", "w");
	struct found f;

	(void)state;
	assert_non_null(null);
	for (unsigned round = 0; round < 2000; round++) {
		const struct smmu_layout *layout =
			round % 7 == 6 ? smmu_layout_register(regs[round % 6])
				       : smmu_layout_find(smmu_layout_list(round % 22));
		unsigned flags = (unsigned)next(&seed) & 0xff;

		for (unsigned i = 0; i < SMMU_LAYOUT_MAX_WORDS; i++)
			dw[i] = round < 22 ? UINT64_MAX : next(&seed);
		decode(&f, layout, dw, flags);
		for (unsigned i = 0; i < f.count; i++)
			assert_true(f.at[i].msb >= f.at[i].lsb);
		smmu_decode_text(null, layout, dw, flags);
		smmu_decode_json(null, layout, dw, flags);
	}
	fclose(null);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_outputs),
		cmocka_unit_test(values_in_words),
		cmocka_unit_test(reserved_bits_are_told),
		cmocka_unit_test(numbers_pick_the_table),
		cmocka_unit_test(shared_bits_by_context),
		cmocka_unit_test(vms_is_an_array),
		cmocka_unit_test(registers_by_name),
		cmocka_unit_test(registers_by_offset),
		cmocka_unit_test(all_layouts),
		cmocka_unit_test(any_bits_decode),
	};

	return cmocka_run_group_tests_name("arch_decode", tests, NULL, NULL);
}
