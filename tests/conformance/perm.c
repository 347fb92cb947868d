/* SPDX-License-Identifier: MIT */
/* Which accesses each stage permits, and what the record of a refusal says. */
#include "conformance/harness.h"

#define U_R    T(.op = SMMU_READ)
#define U_W    T(.op = SMMU_WRITE)
#define U_X    T(.inst = 1)
#define U_A    T(.op = SMMU_ATOMIC)
#define P_R    T(.priv = 1)
#define P_W    T(.op = SMMU_WRITE, .priv = 1)
#define P_X    T(.inst = 1, .priv = 1)
#define YES(t) DMA(t, OK)
#define NO(t)  DMA(t, FAULT(F_PERMISSION))
#define NO2(t)                                                                           \
	DMA(t, FAULT(F_PERMISSION),                                                      \
	    REC(F(F_PERMISSION_S2, 1), F_ADDR(F_PERMISSION_IPA, CF_IOVA)))
#define NO2_IPA(t)                                                                       \
	DMA(t, FAULT(F_PERMISSION),                                                      \
	    REC(F(F_PERMISSION_S2, 1), F_ADDR(F_PERMISSION_IPA, CF_IPA)))
#define AP(v)	S1D(3, S1DESC_AP, v)
#define S2AP(v) S2D(3, S2DESC_S2AP, v)
#define S2XN(v) S2D(3, S2DESC_XN, v)
#define EL2	STE(STRW, 2), S1D(3, S1DESC_nG, 0)
/* One stage 1 table limits what is below it. */
#define TABLE(f, v) S1D(1, S1TABLE_##f, v)

static const struct cf_case cases[] = {
	/* Stage 1, direct. */
	{ "T-17", "AP 00", V3_2, S1,
	  STEPS(AP(0), NO(U_R), NO(U_W), YES(U_X), YES(P_R), YES(P_W), YES(P_X)) },
	{ "T-17", "AP 01", V3_2, S1,
	  STEPS(AP(1), YES(U_R), YES(U_W), YES(U_X), YES(P_R), YES(P_W), NO(P_X)) },
	{ "T-17", "AP 10", V3_2, S1,
	  STEPS(AP(2), NO(U_R), NO(U_W), YES(U_X), YES(P_R), NO(P_W), YES(P_X)) },
	{ "T-17", "AP 11", V3_2, S1,
	  STEPS(AP(3), YES(U_R), NO(U_W), YES(U_X), YES(P_R), NO(P_W), YES(P_X)) },
	{ "T-17", "UXN", V3_2, S1,
	  STEPS(AP(3), S1D(3, S1DESC_UXN, 1), NO(U_X), YES(P_X), YES(U_R)) },
	{ "T-17", "PXN", V3_2, S1,
	  STEPS(AP(3), S1D(3, S1DESC_PXN, 1), YES(U_X), NO(P_X), YES(P_R)) },
	{ "T-17", "APTable 01: nothing for user", V3_2, S1,
	  STEPS(TABLE(APTable, 1), NO(U_R), NO(U_W), YES(P_R), YES(P_W)) },
	{ "T-17", "APTable 10: no writes", V3_2, S1,
	  STEPS(TABLE(APTable, 2), YES(U_R), NO(U_W), YES(P_R), NO(P_W)) },
	{ "T-17", "APTable 01 above APTable 10: both", V3_2, S1,
	  STEPS(S1D(0, S1TABLE_APTable, 1), S1D(2, S1TABLE_APTable, 2), NO(U_R), NO(U_W),
		YES(P_R), NO(P_W)) },
	{ "T-17", "UXNTable and PXNTable", V3_2, S1,
	  STEPS(AP(3), TABLE(UXNTable, 1), NO(U_X), YES(P_X)) },
	{ "T-17", "PXNTable", V3_2, S1,
	  STEPS(AP(3), TABLE(PXNTable, 1), YES(U_X), NO(P_X)) },
	{ "T-17 EVT-15", "an atomic needs both", V3_2, S1,
	  STEPS(AP(3), NO(U_A), YES(U_R)) },
	{ "T-17", "EL2: one permission for both privileges", V3_2, S1,
	  STEPS(EL2, AP(2), YES(U_R), YES(P_R), NO(U_W), NO(P_W), YES(U_X), YES(P_X)) },
	{ "T-17", "EL2: AP[1] is taken as 1", V3_2, S1,
	  STEPS(EL2, AP(0), YES(U_R), YES(U_W), YES(P_R), YES(P_W)) },
	{ "T-17", "EL2: XN", V3_2, S1,
	  STEPS(EL2, S1D(3, S1DESC_UXN, 1), NO(U_X), NO(P_X), YES(U_R)) },
	{ "T-17", "EL2: PXN does not count", V3_2, S1,
	  STEPS(EL2, S1D(3, S1DESC_PXN, 1), YES(U_X), YES(P_X)) },
	{ "T-17 CD-24", "WXN keeps what is not writable executable", V3_2, S1,
	  STEPS(CD(WXN, 1), AP(0), YES(U_X), NO(P_X)) },
	{ "T-17 CD-25", "PAN spares user data and fetches", V3_2, S1,
	  STEPS(CD(PAN, 1), AP(3), NO(P_R), YES(U_R), YES(P_X), YES(U_X)) },

	/* Stage 2, direct. */
	{ "T-18", "S2AP 00", V3_2, S2, STEPS(S2AP(0), NO2(U_R), NO2(U_W), YES(U_X)) },
	{ "T-18", "S2AP 01", V3_2, S2, STEPS(S2AP(1), YES(U_R), NO2(U_W), YES(P_R)) },
	{ "T-18", "S2AP 10", V3_2, S2, STEPS(S2AP(2), NO2(U_R), YES(U_W), NO2(P_R)) },
	{ "T-18", "S2AP 11", V3_2, S2, STEPS(S2AP(3), YES(U_R), YES(U_W), YES(U_A)) },
	{ "T-18", "XN 00", V3_2, S2, STEPS(S2XN(0), YES(U_X), YES(P_X)) },
	{ "T-18", "XN 01", V3_2, S2, STEPS(S2XN(1), YES(U_X), NO2(P_X)) },
	{ "T-18", "XN 10", V3_2, S2, STEPS(S2XN(2), NO2(U_X), NO2(P_X), YES(U_R)) },
	{ "T-18", "XN 11", V3_2, S2, STEPS(S2XN(3), NO2(U_X), YES(P_X)) },
	{ "T-18", "XN 01 without IDR3.XNX", V3_0, S2,
	  STEPS(STE(S2T0SZ, 20), STE(S2PS, 4), S2XN(1), YES(U_X), YES(P_X)) },
	{ "T-18", "XN 11 without IDR3.XNX", V3_0, S2,
	  STEPS(STE(S2T0SZ, 20), STE(S2PS, 4), S2XN(3), NO2(U_X), NO2(P_X)) },

	/* Both. */
	{ "T-18 EVT-17 EVT-18", "stage 2 refuses the output of stage 1", V3_2, NESTED,
	  STEPS(S2AP(1), YES(U_R), NO2_IPA(U_W)) },
	{ "T-17 EVT-17", "stage 1 refuses first", V3_2, NESTED,
	  STEPS(AP(3), S2AP(1), NO(U_W)) },
	{ "T-18 EVT-17", "stage 2 refuses a read of a stage 1 table", V3_2, NESTED,
	  STEPS(S2TT(2, S2DESC_S2AP, 2),
		DMA(U_W, FAULT(F_PERMISSION),
		    REC(F(F_PERMISSION_S2, 1), F(F_PERMISSION_CLASS, SMMU_CLASS_TT),
			F(F_PERMISSION_TTRnW, 1),
			F_ADDR(F_PERMISSION_IPA, CF_S1_TT + 0x2000)))) },
	{ "T-13 EVT-17", "stage 2 refuses the read of the CD", V3_2, NESTED,
	  STEPS(S2CD(S2DESC_S2AP, 2),
		DMA(U_W, FAULT(F_PERMISSION),
		    REC(F(F_PERMISSION_S2, 1), F(F_PERMISSION_CLASS, SMMU_CLASS_CD),
			F_ADDR(F_PERMISSION_IPA, CF_CD)))) },
	{ "T-18 STE-62", "S2PTW: a stage 1 table in Device memory", V3_2, NESTED,
	  STEPS(STE(S2PTW, 1), S2TT(2, S2DESC_MemAttr, 0),
		DMA(U_R, FAULT(F_PERMISSION),
		    REC(F(F_PERMISSION_S2, 1), F(F_PERMISSION_CLASS, SMMU_CLASS_TT),
			F(F_PERMISSION_TTRnW, 1),
			F_ADDR(F_PERMISSION_IPA, CF_S1_TT + 0x2000)))) },
	{ "STE-62", "a stage 1 table in Device memory without S2PTW", V3_2, NESTED,
	  STEPS(S2TT(2, S2DESC_MemAttr, 0), YES(U_R)) },
	{ "T-18 STE-62", "S2PTW: the CD in Device memory", V3_2, NESTED,
	  STEPS(STE(S2PTW, 1), S2CD(S2DESC_MemAttr, 0),
		DMA(U_R, FAULT(F_PERMISSION),
		    REC(F(F_PERMISSION_S2, 1), F(F_PERMISSION_CLASS, SMMU_CLASS_CD),
			F_ADDR(F_PERMISSION_IPA, CF_CD)))) },
	{ "STE-62", "S2PTW does not touch the client's own access", V3_2, NESTED,
	  STEPS(STE(S2PTW, 1), S2D(3, S2DESC_MemAttr, 0),
		DMA(U_R, OK,
		    ATTR(A(inner, SMMU_MT_DEV_NGNRNE), A(outer, SMMU_MT_DEV_NGNRNE),
			 A(sh, SMMU_SH_OSH), A(ra, 0), A(wa, 0)))) },

	/* Overrides come first. */
	{ "T-17 STE-57", "PRIVCFG makes it privileged", V3_2, S1,
	  STEPS(STE(PRIVCFG, 3), AP(0), DMA(U_R, OK, ATTR(A(priv, 1)))) },
	{ "T-17 STE-57", "INSTCFG makes a fetch data", V3_2, S1,
	  STEPS(STE(INSTCFG, 2), AP(3), S1D(3, S1DESC_UXN, 1),
		DMA(U_X, OK, ATTR(A(inst, 0)))) },

	/* Access flag before permission. */
	{ "T-17 EVT-46", "F_ACCESS outranks F_PERMISSION", V3_2, S1,
	  STEPS(AP(3), S1D(3, S1DESC_AF, 0), DMA(U_W, FAULT(F_ACCESS))) },
	{ "T-17 EVT-46", "F_ADDR_SIZE outranks F_ACCESS", V3_2, S1,
	  STEPS(CD(IPS, 1), S1D(3, S1DESC_AF, 0), S1D_OR(3, 1ull << 40),
		DMA(U_W, FAULT(F_ADDR_SIZE))) },
	{ "T-18 EVT-46", "stage 2: F_ACCESS outranks F_PERMISSION", V3_2, S2,
	  STEPS(S2AP(1), S2D(3, S2DESC_AF, 0),
		DMA(U_W, FAULT(F_ACCESS),
		    REC(F(F_ACCESS_S2, 1), F_ADDR(F_ACCESS_IPA, CF_IOVA)))) },
};

CF_TABLE(perm);
