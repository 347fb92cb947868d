/* SPDX-License-Identifier: MIT */
/*
 * The tables of include/smmulator/arch/ against the facts of tests/arch/data:
 *
 * 1. every fact is a row of the table, with the same bits, and every row a fact;
 * 2. what the facts call reserved is what no row names: with 1 this makes the
 *    bits of every structure add up to its size;
 * 3. no two rows share bits, but the named alternatives, which never hold at once;
 * 4. the constants of arch.h say what the rows say;
 * 5. opcodes, event numbers, offsets, widths, access and reset values agree;
 * 6. no field crosses a 64-bit word, and every group of values exists.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <smmulator/arch.h>

#include "arch/facts.h"
#include "arch/tables.h"

enum { STRUCTURE, FIELD, MSB, LSB, NUMBER };
enum { R_NAME, R_OFFSET, R_PAGE, R_WIDTH, R_ACCESS, R_FIELD, R_MSB, R_LSB, R_RESET };

#define MAX_BITS 32768

/* A fact in the form that all four files can be brought to. */
struct place {
	char structure[48], field[48];
	unsigned msb, lsb;
};

static unsigned number(const char *s)
{
	char *end;
	unsigned long v = strtoul(s, &end, 0);

	if (*s == '\0' || (*end != '\0' && *end != '+'))
		fail_msg("'%s' is no number", s);
	return (unsigned)v;
}

static struct place structure_place(const struct fact *fact)
{
	struct place p;

	strcpy(p.structure, fact->column[STRUCTURE]);
	strcpy(p.field, fact->column[FIELD]);
	p.msb = number(fact->column[MSB]);
	p.lsb = number(fact->column[LSB]);
	return p;
}

/* "SMMU_ECMDQ_BASE<n>" and "(alias) SMMU_PRIQ_PROD" as the tables name them. */
static void register_name(char *out, const char *name)
{
	if (strncmp(name, "(alias) ", 8) == 0)
		name += 8;
	strcpy(out, name + strlen("SMMU_"));
	out[strcspn(out, "<")] = '\0';
}

/* "ADDR (FAULT=0)" is field ADDR; "SIZE" as msb is the widest counter. */
static struct place register_place(const struct fact *fact)
{
	struct place p;

	register_name(p.structure, fact->column[R_NAME]);
	strcpy(p.field, fact->column[R_FIELD]);
	p.field[strcspn(p.field, " ")] = '\0';
	p.msb = strcmp(fact->column[R_MSB], "SIZE") == 0 ? 63
							 : number(fact->column[R_MSB]);
	p.lsb = number(fact->column[R_LSB]);
	return p;
}

typedef struct place (*place_fn)(const struct fact *fact);

static const struct arch_field *find_row(const struct place *p)
{
	const struct arch_struct *s = smmu_arch_struct(p->structure);

	if (!s)
		fail_msg("no table for %s", p->structure);
	for (const struct arch_field *f = s->fields; f->name; f++)
		if (strcmp(f->name, p->field) == 0 && f->msb == p->msb &&
		    f->lsb == p->lsb)
			return f;
	return NULL;
}

/* Every fact but RES0 is a row: 1, first half. */
static void check_facts_are_rows(const struct facts *facts, place_fn place)
{
	for (size_t i = 0; i < facts->count; i++) {
		struct place p = place(&facts->rows[i]);

		if (strcmp(p.field, "RES0") == 0 || strcmp(p.field, "ALIAS") == 0)
			continue;
		if (!find_row(&p))
			fail_msg("%s.%s [%u:%u] is not in the table", p.structure,
				 p.field, p.msb, p.lsb);
	}
}

static int is_fact(const struct facts *facts, place_fn place, const char *structure,
		   const struct arch_field *f)
{
	for (size_t i = 0; i < facts->count; i++) {
		struct place p = place(&facts->rows[i]);

		if (strcmp(p.structure, structure) == 0 &&
		    strcmp(p.field, f->name) == 0 && p.msb == f->msb && p.lsb == f->lsb)
			return 1;
	}
	return 0;
}

/* What a command or event shows before its number is known is in no fact. */
static int is_general(const struct arch_struct *s)
{
	return strcmp(s->name, "CMD") == 0 || strcmp(s->name, "EVENT_HEAD") == 0;
}

/* Which file speaks of a structure. */
static int in_records(const struct arch_struct *s)
{
	return s->family == ARCH_COMMAND || s->family == ARCH_EVENT ||
	       strcmp(s->name, "PRI_ENTRY") == 0;
}

static int in_structures(const struct arch_struct *s)
{
	return s->family == ARCH_STRUCTURE && !in_records(s) && !is_general(s);
}

static int in_registers(const struct arch_struct *s)
{
	return s->family == ARCH_REGISTER;
}

static int in_descriptors(const struct arch_struct *s)
{
	return s->family == ARCH_DESCRIPTOR;
}

/* Every row is a fact: 1, second half. */
static void check_rows_are_facts(const struct facts *facts, place_fn place,
				 int (*covers)(const struct arch_struct *s))
{
	unsigned structures = 0;

	for (size_t i = 0; i < smmu_arch_struct_count; i++) {
		const struct arch_struct *s = &smmu_arch_structs[i];

		if (!covers(s))
			continue;
		structures++;
		for (const struct arch_field *f = s->fields; f->name; f++) {
			/* The one record of which the facts give the head only. */
			if (f->impdef && strcmp(s->name, "IMPDEF_EVENTn") == 0)
				continue;
			if (!is_fact(facts, place, s->name, f))
				fail_msg("%s.%s [%u:%u] is in the table only", s->name,
					 f->name, f->msb, f->lsb);
		}
	}
	assert_true(structures > 0);
}

static void check_both_ways(const char *file, place_fn place,
			    int (*covers)(const struct arch_struct *s))
{
	struct facts facts = facts_load(file);

	check_facts_are_rows(&facts, place);
	check_rows_are_facts(&facts, place, covers);
	facts_free(&facts);
}

static void structures_agree_with_facts(void **state)
{
	(void)state;
	check_both_ways("structures.tsv", structure_place, in_structures);
}

static void records_agree_with_facts(void **state)
{
	(void)state;
	check_both_ways("records.tsv", structure_place, in_records);
}

static void registers_agree_with_facts(void **state)
{
	(void)state;
	check_both_ways("registers.tsv", register_place, in_registers);
}

static void descriptors_agree_with_facts(void **state)
{
	(void)state;
	check_both_ways("descriptors.tsv", structure_place, in_descriptors);
}

/* Which of two formats a row belongs to: 0 the first (or both), 1 the second only. */
static int second_format(const struct arch_field *f)
{
	return f->when == WHEN_FAULT1 || f->when == WHEN_MPAM || f->when == WHEN_D128;
}

static int first_format(const struct arch_field *f)
{
	return f->when == WHEN_FAULT0 || f->when == WHEN_NOT_MPAM ||
	       f->when == WHEN_NOT_D128;
}

/* Marks in map the bits that rows name in format 0 or 1; each at most once: 3. */
static void mark_rows(const struct arch_struct *s, int format, unsigned char *map)
{
	memset(map, 0, MAX_BITS);
	for (const struct arch_field *f = s->fields; f->name; f++) {
		if (format ? first_format(f) : second_format(f))
			continue;
		assert_true(f->lsb <= f->msb && f->msb < s->bits);
		for (unsigned bit = f->lsb; bit <= f->msb; bit++)
			if (map[bit]++)
				fail_msg("%s.%s: bit %u is taken twice", s->name, f->name,
					 bit);
	}
}

/* A fact "RES0", "RES0 (FAULT=1)": does it speak of this format? */
static int reserved_in(const char *field, int format)
{
	if (strncmp(field, "RES0", 4) != 0)
		return 0;
	if (strchr(field, '(') == NULL)
		return 1;
	return format == (strstr(field, "FAULT=0") == NULL);
}

static void check_reserved(const struct facts *facts, place_fn place,
			   unsigned field_column, const struct arch_struct *s, int format)
{
	static unsigned char map[MAX_BITS];
	unsigned left = 0;

	mark_rows(s, format, map);
	for (size_t i = 0; i < facts->count; i++) {
		const struct fact *fact = &facts->rows[i];
		struct place p = place(fact);

		if (strcmp(p.structure, s->name) != 0 ||
		    !reserved_in(fact->column[field_column], format))
			continue;
		for (unsigned bit = p.lsb; bit <= p.msb; bit++)
			if (map[bit]++)
				fail_msg("%s: bit %u is reserved", s->name, bit);
	}
	for (unsigned bit = 0; bit < s->bits; bit++)
		left += map[bit] == 0;
	if (left)
		fail_msg("%s: %u bits are neither in a row nor reserved", s->name, left);
}

/* 2: rows and reserved facts together cover every bit, once. */
static void bits_add_up(void **state)
{
	struct facts structures = facts_load("structures.tsv");
	struct facts registers = facts_load("registers.tsv");

	(void)state;
	for (size_t i = 0; i < smmu_arch_struct_count; i++) {
		const struct arch_struct *s = &smmu_arch_structs[i];

		for (int format = 0; format < 2; format++) {
			if (in_structures(s))
				check_reserved(&structures, structure_place, FIELD, s,
					       format);
			else if (in_registers(s))
				check_reserved(&registers, register_place, R_FIELD, s,
					       format);
		}
	}
	facts_free(&structures);
	facts_free(&registers);
}

/* 3 for records, whose reserved bits no fact lists. */
static void records_do_not_overlap(void **state)
{
	static unsigned char map[MAX_BITS];

	(void)state;
	for (size_t i = 0; i < smmu_arch_struct_count; i++)
		if (in_records(&smmu_arch_structs[i]) ||
		    is_general(&smmu_arch_structs[i]))
			mark_rows(&smmu_arch_structs[i], 0, map);
}

/* The constants of arch.h, by name: 4. */
static const struct {
	const char *structure, *field;
	unsigned constant;
} constants[] = {
#define X(s, f, msb, lsb, shift, v, gate, meaning) { #s, #f, SMMU_##s##_##f },
#include <smmulator/arch/all.def>
};

static void constants_say_what_rows_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++) {
		unsigned c = constants[i].constant;
		struct place p;
		const struct arch_field *f;

		strcpy(p.structure, constants[i].structure);
		strcpy(p.field, constants[i].field);
		p.msb = SMMU_FIELD_MSB(c);
		p.lsb = SMMU_FIELD_LSB(c);
		f = find_row(&p);
		if (!f)
			fail_msg("SMMU_%s_%s is [%u:%u]", p.structure, p.field, p.msb,
				 p.lsb);
		assert_int_equal(SMMU_FIELD_WIDTH(c), f->msb - f->lsb + 1);
		assert_int_equal(SMMU_FIELD_SHIFT(c), f->shift);
	}
}

/*
 * 6. Address fields say of which address bit they begin. Where a structure
 * holds an address in place, that is the bit's own number in its word.
 */
static void shifts_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < smmu_arch_struct_count; i++) {
		const struct arch_struct *s = &smmu_arch_structs[i];

		for (const struct arch_field *f = s->fields; f->name; f++) {
			if (f->shift == 0 || strncmp(f->name, "Addr_", 5) == 0 ||
			    strcmp(f->name, "BA_VATOS") == 0)
				continue;
			if (f->shift != f->lsb % 64)
				fail_msg("%s.%s: shift %u", s->name, f->name, f->shift);
		}
	}
	assert_int_equal(SMMU_FIELD_SHIFT(SMMU_STE_S1ContextPtr), 6);
	assert_int_equal(SMMU_FIELD_SHIFT(SMMU_STE_S2TTB), 4);
	assert_int_equal(SMMU_FIELD_SHIFT(SMMU_CMD_TLBI_NH_VA_Address), 12);
	assert_int_equal(SMMU_FIELD_SHIFT(SMMU_F_TRANSLATION_InputAddr), 0);
	assert_int_equal(SMMU_FIELD_SHIFT(SMMU_F_TRANSLATION_IPA), 12);
	assert_int_equal(SMMU_FIELD_SHIFT(SMMU_F_STE_FETCH_FetchAddr), 3);
	assert_int_equal(SMMU_FIELD_SHIFT(SMMU_STRTAB_BASE_ADDR), 6);
	assert_int_equal(SMMU_FIELD_SHIFT(SMMU_CMD_SYNC_MSIAddress), 2);
}

static int is_group(const char *name)
{
	static const char *const others[] = { "NONE", "BIT",   "ALLOCCFG", "EVENT",
					      "LOG2", "MAIR",  "PII",	   "OPCODE",
					      "SPAN", "S2POI", "TXSZ" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i], name) == 0)
			return 1;
	for (size_t i = 0; i < smmu_arch_value_count; i++)
		if (strcmp(smmu_arch_values[i].group, name) == 0)
			return 1;
	return 0;
}

/* 6. */
static void rows_are_well_formed(void **state)
{
	(void)state;
	for (size_t i = 0; i < smmu_arch_struct_count; i++) {
		const struct arch_struct *s = &smmu_arch_structs[i];

		for (const struct arch_field *f = s->fields; f->name; f++) {
			if (!f->impdef && strcmp(f->name, "PARTID_MAP") != 0)
				assert_int_equal(f->msb / 64, f->lsb / 64);
			if (!is_group(f->values))
				fail_msg("%s.%s: no values %s", s->name, f->name,
					 f->values);
			assert_true(f->meaning[0] != '\0' && f->gate[0] != '\0');
		}
	}
}

/* Values fit the fields that they are for: 6. */
static void values_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < smmu_arch_struct_count; i++)
		for (const struct arch_field *f = smmu_arch_structs[i].fields; f->name;
		     f++)
			for (size_t v = 0; v < smmu_arch_value_count; v++)
				if (strcmp(smmu_arch_values[v].group, f->values) == 0)
					assert_int_equal(
						(uint64_t)smmu_arch_values[v].value >>
							(f->msb - f->lsb + 1),
						0);
}

/* 5. */
static void numbers_agree(void **state)
{
	struct facts facts = facts_load("records.tsv");
	unsigned checked = 0;

	(void)state;
	for (size_t i = 0; i < facts.count; i++) {
		const struct fact *fact = &facts.rows[i];

		if (strcmp(fact->column[NUMBER], "-") == 0)
			continue;
		assert_int_equal(smmu_arch_struct(fact->column[STRUCTURE])->number,
				 number(fact->column[NUMBER]));
		checked++;
	}
	assert_int_equal(checked, 34 + 21); /* CMD section 12, EVT section 3 */
	assert_int_equal(SMMU_OP_TLBI_NH_VA, 0x12);
	assert_int_equal(SMMU_OP_CFGI_ALL, SMMU_OP_CFGI_STE_RANGE);
	assert_int_equal(SMMU_EVT_F_TRANSLATION, 0x10);
	assert_int_equal(SMMU_EVT_C_BAD_STE, 0x04);
	facts_free(&facts);
}

static const struct arch_register *find_register(const char *name, int alias)
{
	for (size_t i = 0; i < smmu_arch_register_count; i++)
		if (strcmp(smmu_arch_registers[i].name, name) == 0 &&
		    smmu_arch_registers[i].alias == alias)
			return &smmu_arch_registers[i];
	fail_msg("no register %s", name);
	return NULL;
}

/* "0x4000+0x20*n" is offset 0x4000, stride 0x20; "+stride*n" is -1. */
static int stride_of(const char *offset)
{
	const char *plus = strchr(offset, '+');

	if (!plus)
		return 0;
	return strncmp(plus + 1, "stride", 6) == 0 ? -1 : (int)strtol(plus + 1, NULL, 0);
}

static void check_register(const struct fact *fact)
{
	char name[48];
	int alias = fact->column[R_NAME][0] == '(';
	const struct arch_register *reg;
	const char *page = fact->column[R_PAGE], *width = fact->column[R_WIDTH];

	register_name(name, fact->column[R_NAME]);
	reg = find_register(name, alias);
	assert_int_equal(reg->offset, number(fact->column[R_OFFSET]) +
					      (strcmp(page, "1") == 0 ? 0x10000 : 0));
	assert_int_equal(reg->stride, stride_of(fact->column[R_OFFSET]));
	assert_string_equal(reg->page[0] == 'P' && reg->page[1] != 'M' ? reg->page + 1
								       : reg->page,
			    page);
	assert_int_equal(reg->width, strcmp(width, "32/64") == 0 ? 0 : number(width));
}

/* A field's access: its own, or its register's. RES0 rows carry none. */
static void check_access(const struct fact *fact)
{
	struct place p = register_place(fact);
	const struct arch_field *f;

	if (strcmp(p.field, "RES0") == 0 || strcmp(p.field, "ALIAS") == 0)
		return;
	f = find_row(&p);
	assert_non_null(f);
	if (strcmp(f->access ? f->access : find_register(p.structure, 0)->access,
		   fact->column[R_ACCESS]) != 0)
		fail_msg("%s.%s is %s", p.structure, p.field, fact->column[R_ACCESS]);
}

static int reset_of(const char *s)
{
	if (strcmp(s, "UNKNOWN") == 0)
		return RESET_UNKNOWN;
	if (strcmp(s, "IMPDEF") == 0)
		return RESET_IMPDEF_RESET;
	if (strcmp(s, "const") == 0 || strcmp(s, "const IMPDEF") == 0)
		return RESET_ID;
	if (strncmp(s, "const 0b", 8) == 0)
		return (int)strtol(s + 8, NULL, 2);
	return (int)number(strncmp(s, "const ", 6) == 0 ? s + 6 : s);
}

static void check_reset(const struct fact *fact)
{
	struct place p = register_place(fact);
	const struct arch_field *f = find_row(&p);

	if (strcmp(p.field, "RES0") == 0 || strcmp(p.field, "ALIAS") == 0)
		return;
	if (f->reset != reset_of(fact->column[R_RESET]))
		fail_msg("%s.%s resets to %s", p.structure, p.field,
			 fact->column[R_RESET]);
}

/* 5. */
static void registers_have_their_place(void **state)
{
	struct facts facts = facts_load("registers.tsv");

	(void)state;
	for (size_t i = 0; i < facts.count; i++) {
		check_register(&facts.rows[i]);
		check_access(&facts.rows[i]);
		check_reset(&facts.rows[i]);
	}
	/* Every register has a fact: PIDR5 to 7 have RES0 facts only. */
	for (size_t i = 0; i < smmu_arch_register_count; i++) {
		int found = 0;
		char name[48];

		for (size_t k = 0; k < facts.count && !found; k++) {
			register_name(name, facts.rows[k].column[R_NAME]);
			found = strcmp(name, smmu_arch_registers[i].name) == 0;
		}
		if (!found)
			fail_msg("%s is in the table only", smmu_arch_registers[i].name);
	}
	facts_free(&facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(structures_agree_with_facts),
		cmocka_unit_test(records_agree_with_facts),
		cmocka_unit_test(registers_agree_with_facts),
		cmocka_unit_test(descriptors_agree_with_facts),
		cmocka_unit_test(bits_add_up),
		cmocka_unit_test(records_do_not_overlap),
		cmocka_unit_test(constants_say_what_rows_say),
		cmocka_unit_test(shifts_fit),
		cmocka_unit_test(rows_are_well_formed),
		cmocka_unit_test(values_fit),
		cmocka_unit_test(numbers_agree),
		cmocka_unit_test(registers_have_their_place),
	};

	return cmocka_run_group_tests_name("arch_tables", tests, NULL, NULL);
}
