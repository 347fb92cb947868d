/* SPDX-License-Identifier: MIT */
/* Runs the tables: all, or `conformance TOPIC [part of an entry's name]`. */
#include "conformance/bench.h"
#include <stdarg.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

static const char *only;

static void run_topic(void **state)
{
	assert_int_equal(cf_run(*state, only), 0);
}

#define TOPIC(name) { #name, run_topic, NULL, NULL, (void *)(uintptr_t)&cf_##name },
static const struct CMUnitTest topics[] = {
#include "conformance/tables.def"
	cmocka_unit_test(cf_two_smmus),
	cmocka_unit_test(cf_whole_words),
};
#undef TOPIC

int main(int argc, char **argv)
{
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	if (argc > 2)
		only = argv[2];
	return cmocka_run_group_tests(topics, NULL, NULL);
}
