/* SPDX-License-Identifier: MIT */
/* Page-based hardware attributes: which bits of a last descriptor reach the bus. */
#include "conformance/harness.h"

#define ON	 CFG(pbha, 1)
#define SEES(n)	 READ(OK, ATTR(A(pbha, n)))
#define BITS1(n) S1D(3, S1DESC_PBHA, n)
#define BITS2(n) S2D(3, S2DESC_PBHA, n)
#define ALL_HWU0 CD(HWU059, 1), CD(HWU060, 1), CD(HWU061, 1), CD(HWU062, 1)
#define ALL_HWU2 STE(S2HWU59, 1), STE(S2HWU60, 1), STE(S2HWU61, 1), STE(S2HWU62, 1)

static const struct cf_case cases[] = {
	{ "CD-26", "stage 1: bit 59", V3_2, S1,
	  STEPS(ON, CD(HAD0, 1), CD(HWU059, 1), BITS1(15), SEES(1)) },
	{ "CD-26", "stage 1: bit 60", V3_2, S1,
	  STEPS(ON, CD(HAD0, 1), CD(HWU060, 1), BITS1(15), SEES(2)) },
	{ "CD-26", "stage 1: bit 61", V3_2, S1,
	  STEPS(ON, CD(HAD0, 1), CD(HWU061, 1), BITS1(15), SEES(4)) },
	{ "CD-26", "stage 1: bit 62", V3_2, S1,
	  STEPS(ON, CD(HAD0, 1), CD(HWU062, 1), BITS1(15), SEES(8)) },
	{ "CD-26", "stage 1: the descriptor's own bits, a hit like a miss", V3_2, S1,
	  STEPS(ON, CD(HAD0, 1), ALL_HWU0, BITS1(9), SEES(9), SEES(9)) },
	{ "CD-26", "stage 1: no HWU", V3_2, S1,
	  STEPS(ON, CD(HAD0, 1), BITS1(15), SEES(0)) },
	{ "CD-26", "stage 1: HWU of the other table", V3_2, S1,
	  STEPS(ON, CD(HAD0, 1), CD(HAD1, 1), CD(HWU159, 1), CD(HWU160, 1), CD(HWU161, 1),
		CD(HWU162, 1), BITS1(15), SEES(0)) },
	{ "CD-26", "stage 1: HWU without HAD", V3_2, S1,
	  STEPS(ON, ALL_HWU0, BITS1(15), SEES(0)) },
	{ "CD-26", "stage 1: HWU without IDR3.PBHA", V3_2, S1,
	  STEPS(CD(HAD0, 1), ALL_HWU0, BITS1(15), SEES(0)) },
	{ "CD-26", "stage 1: bit 59 is AttrIndx[3] with AIE", FULL, S1,
	  STEPS(ON, CD(AIE, 1), CD(HAD0, 1), ALL_HWU0, BITS1(14),
		READ(OK, ATTR(A(priv, 1), A(pbha, 14)))) },
	{ "CD-26", "stage 1: not of a table descriptor", V3_2, S1,
	  STEPS(ON, CD(HAD0, 1), ALL_HWU0, S1D_OR(1, 15ull << 59), SEES(0)) },
	{ "STE-69", "stage 2: bit 59", V3_2, S2,
	  STEPS(ON, STE(S2HWU59, 1), BITS2(15), SEES(1)) },
	{ "STE-69", "stage 2: bit 62", V3_2, S2,
	  STEPS(ON, STE(S2HWU62, 1), BITS2(15), SEES(8)) },
	{ "STE-69", "stage 2: the descriptor's own bits", V3_2, S2,
	  STEPS(ON, ALL_HWU2, BITS2(6), SEES(6), SEES(6)) },
	{ "STE-69", "stage 2: no HWU", V3_2, S2, STEPS(ON, BITS2(15), SEES(0)) },
	{ "STE-69", "stage 2: HWU without IDR3.PBHA", V3_2, S2,
	  STEPS(ALL_HWU2, BITS2(15), SEES(0)) },
	{ "STE-69 CD-26", "both stages: stage 2 where it has a say", V3_2, NESTED,
	  STEPS(ON, CD(HAD0, 1), ALL_HWU0, STE(S2HWU59, 1), STE(S2HWU60, 1), BITS1(5),
		BITS2(14), SEES(6)) },
	{ "STE-69", "a client brings none", V3_2, BYPASS,
	  STEPS(ON,
		DMA(T(.has_attr = 1, .attr = { .ra = 1, .wa = 1, .pbha = 15 }), OK)) },
	{ "STE-37", "S2HWU with S2POE", FULL, S2,
	  STEPS(ON, STE(S2PIE, 1), STE(S2POE, 1), STE(S2HWU60, 1),
		READ(FAULT(C_BAD_STE))) },
};

CF_TABLE(pbha);
