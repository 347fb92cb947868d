/* SPDX-License-Identifier: MIT */
/* Stream table entries: what makes one illegal, and its legal neighbour. */
#include "conformance/harness.h"

static const struct cf_case cases[] = {
	{ "STE-1", "bypass", V3_2, BYPASS, STEPS(READ(OK), WRITE(OK), FETCH(OK)) },
	{ "STE-1", "stage 1", V3_2, S1, STEPS(READ(OK), WRITE(OK)) },
	{ "STE-1", "stage 2", V3_2, S2, STEPS(READ(OK), WRITE(OK)) },
	{ "STE-1", "nested", V3_2, NESTED, STEPS(READ(OK), WRITE(OK)) },
	{ "STE-1", "two-level tables", V3_2, S1 | TWO_LEVEL | TWO_LEVEL_CD,
	  STEPS(DMA(T(.ssv = 1, .ssid = 1), OK), READ(OK, .bypass = 1)) },
	{ "STE-1", "nested with substreams", V3_2, NESTED | SUBSTREAMS,
	  STEPS(DMA(T(.ssv = 1, .ssid = 1), OK)) },
};

CF_TABLE(ste);
