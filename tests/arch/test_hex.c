/* SPDX-License-Identifier: MIT */
/*
 * Hexadecimal words as people write them:
 *
 * 1. each accepted form gives the same words;
 * 2. each form's neighbours (one number more or less, one digit too many) are
 *    refused with a message that says what is wrong and what is right;
 * 3. a refusal leaves the caller's words as they were.
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

#include <smmulator/decode.h>

static const uint64_t untouched = UINT64_C(0x5a5a5a5a5a5a5a5a);

static int parse(const char *what, size_t n, const char *const *strings, uint64_t *dw,
		 char *error, size_t size)
{
	const struct smmu_layout *layout = smmu_layout_find(what);

	if (!layout)
		layout = smmu_layout_register(what);
	assert_non_null(layout);
	for (unsigned i = 0; i < SMMU_LAYOUT_MAX_WORDS; i++)
		dw[i] = untouched;
	return smmu_decode_parse_hex(layout, n, strings, dw, error, size);
}

static void accepts(const char *what, const char *string, uint64_t dw0, uint64_t dw1)
{
	uint64_t dw[SMMU_LAYOUT_MAX_WORDS];
	char error[160] = "";

	if (parse(what, 1, &string, dw, error, sizeof(error)) != 0)
		fail_msg("'%s': %s", string, error);
	assert_true(dw[0] == dw0);
	assert_true(dw[1] == dw1);
}

static void refuses(const char *what, const char *string, const char *message)
{
	uint64_t dw[SMMU_LAYOUT_MAX_WORDS];
	char error[160] = "";

	assert_int_equal(parse(what, 1, &string, dw, error, sizeof(error)), -EINVAL);
	assert_string_equal(error, message);
	for (unsigned i = 0; i < SMMU_LAYOUT_MAX_WORDS; i++)
		assert_true(dw[i] == untouched);
}

/* 1. CMD_TLBI_NH_VA of VMID 7, VA 0x80000000. */
static void forms_agree(void **state)
{
	const uint64_t dw0 = UINT64_C(0x0001000700000012), dw1 = 0x80000400;
	const char *const strings[] = { "0x1000700000012", "80000400" };
	uint64_t dw[SMMU_LAYOUT_MAX_WORDS];

	(void)state;
	accepts("cmd", "0x1000700000012 0x80000400", dw0, dw1);
	accepts("cmd", "  1000700000012,80000400\n", dw0, dw1);
	accepts("cmd", "0X0001000700000012\t0x0000000080000400", dw0, dw1);
	accepts("cmd", "12 00010007 80000400 0", dw0, dw1);
	accepts("cmd", "12 00 00 00 07 00 01 00 00 04 00 80 00 00 00 00", dw0, dw1);
	accepts("cmd", "12000000070001000004008000000000", dw0, dw1);
	accepts("cmd", "0x12000000070001000004008000000000", dw0, dw1);
	assert_int_equal(parse("cmd", 2, strings, dw, NULL, 0), 0);
	assert_true(dw[0] == dw0 && dw[1] == dw1 && dw[2] == untouched);
	accepts("l1std", "0x0123456789ABCDEF", UINT64_C(0x0123456789abcdef), untouched);
	accepts("l1std", "89abcdef 1234567", UINT64_C(0x0123456789abcdef), untouched);
	accepts("STRTAB_BASE", "ef cd ab 89 67 45 23 01", UINT64_C(0x0123456789abcdef),
		untouched);
	accepts("CR0", "0xffffffff", 0xffffffff, untouched);
	accepts("CR0", "00000000ffffffff", 0xffffffff, untouched);
	accepts("CR0", "1f 00 00 80", 0x8000001f, untouched);
}

/* 2, 3. */
static void errors_say_what_is_legal(void **state)
{
	(void)state;
	refuses("cmd", "1",
		"command takes 2 words of 64 bits, 4 of 32, or 16 bytes; got 1 number, "
		"the "
		"longest of 1 digit");
	refuses("cmd", "1 2 3",
		"command takes 2 words of 64 bits, 4 of 32, or 16 bytes; got 3 numbers, "
		"the "
		"longest of 1 digit");
	refuses("cmd", "12345678901234567 0",
		"command takes 2 words of 64 bits, 4 of 32, or 16 bytes; got 2 numbers, "
		"the "
		"longest of 17 digits");
	refuses("cmd", "123456789 0 0 0",
		"command takes 2 words of 64 bits, 4 of 32, or 16 bytes; got 4 numbers, "
		"the "
		"longest of 9 digits");
	refuses("cmd", "120000000700010000040080000000",
		"command takes 2 words of 64 bits, 4 of 32, or 16 bytes; got 1 number, "
		"the "
		"longest of 30 digits");
	refuses("l1cd", "",
		"level 1 context descriptor takes 1 word of 64 bits, 2 of 32, or 8 "
		"bytes; got "
		"0 numbers, the longest of 0 digits");
	refuses("CR0", "100000000",
		"SMMU_CR0 takes one number of 32 bits, or 4 bytes; got 1 number, the "
		"longest of "
		"9 digits");
	refuses("CR0", "1 2",
		"SMMU_CR0 takes one number of 32 bits, or 4 bytes; got 2 numbers, the "
		"longest "
		"of 1 digit");
	refuses("cmd", "0x",
		"'0x' is not a hexadecimal number (digits 0-9 a-f, 0x in front allowed)");
	refuses("cmd", "12 0g",
		"'0g' is not a hexadecimal number (digits 0-9 a-f, 0x in front allowed)");
	refuses("cmd", "-1 0",
		"'-1' is not a hexadecimal number (digits 0-9 a-f, 0x in front allowed)");
	refuses("cmd", "1;2",
		"'1;2' is not a hexadecimal number (digits 0-9 a-f, 0x in front "
		"allowed)");
	refuses("ste",
		"0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
		"0 0 "
		"0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
		"more than 64 numbers: no structure is so long");
}

/* A hostile string stays a short message; no buffer for it is no crash. */
static void hostile_strings(void **state)
{
	char *long_one = malloc(100001), error[160];
	const char *string = long_one;
	uint64_t dw[SMMU_LAYOUT_MAX_WORDS];

	(void)state;
	assert_non_null(long_one);
	memset(long_one, 'f', 100000);
	long_one[100000] = '\0';
	assert_int_equal(parse("ste", 1, &string, dw, error, sizeof(error)), -EINVAL);
	long_one[99999] = '\x80';
	assert_int_equal(parse("ste", 1, &string, dw, error, sizeof(error)), -EINVAL);
	assert_int_equal(parse("ste", 1, &string, dw, error, 1), -EINVAL);
	assert_string_equal(error, "");
	assert_int_equal(parse("ste", 1, &string, dw, NULL, 0), -EINVAL);
	assert_int_equal(parse("ste", 0, NULL, dw, error, sizeof(error)), -EINVAL);
	free(long_one);
}

/* Random characters: an answer or a refusal, never anything else. */
static void random_strings(void **state)
{
	static const char alphabet[] = "0123456789abcdefABCDEFxX ,\t-.g\n";
	uint64_t x = 88172645463325252u, dw[SMMU_LAYOUT_MAX_WORDS];
	char text[80], error[40];
	const char *string = text;
	unsigned accepted = 0;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned len;

		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		len = (unsigned)(x >> 50) % 79;
		for (unsigned i = 0; i < len; i++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			text[i] = alphabet[(x >> 33) % (sizeof(alphabet) - 1)];
		}
		text[len] = '\0';
		accepted += parse("l1std", 1, &string, dw, error, sizeof(error)) == 0;
	}
	assert_true(accepted > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_agree),
		cmocka_unit_test(errors_say_what_is_legal),
		cmocka_unit_test(hostile_strings),
		cmocka_unit_test(random_strings),
	};

	return cmocka_run_group_tests_name("arch_hex", tests, NULL, NULL);
}
