/* SPDX-License-Identifier: MIT */
/*
 * Translation Requests and translated DMA (IHI 0070 3.9.1, 13.6, 13.7). What needs a
 * function that answers (invalidations, page requests) is in tests/model/.
 */
#include "conformance/harness.h"

#define AT_TR	    .at = SMMU_AT_TRANSLATED
#define EATS(v)	    STE(EATS, v), REG(CR0, ATSCHK, 1)
#define FULL_ATS    EATS(SMMU_EATS_FULL)
#define SPLIT_ATS   EATS(SMMU_EATS_SPLIT)
#define REC_CFG(on) CR2_REG(REC_CFG_ATS, on)
#define FORGET	    CMD(CFGI_ALL), ARG(CFGI_ALL_Range, 31), GO()
#define TLBI_ALL    CMD(TLBI_NSNH_ALL), GO()
#define ANY	    T(.op = SMMU_WRITE) /* NW 0 */
#define NW	    T(.op = SMMU_READ)
#define PASID(...)  T(.ssv = 1, .ssid = 1, __VA_ARGS__)
#define RW_U	    PASID(.op = SMMU_WRITE)
#define RW_P	    PASID(.op = SMMU_WRITE, .priv = 1)
#define RWX_U	    PASID(.op = SMMU_WRITE, .inst = 1)
#define RWX_P	    PASID(.op = SMMU_WRITE, .inst = 1, .priv = 1)
#define AP(v)	    S1D(3, S1DESC_AP, v)
enum { R_ = CF_GRANT_R, W_ = CF_GRANT_W, X_ = CF_GRANT_X, P_ = CF_GRANT_PRIV };
#define PAGE(rwx) GRANT(12, rwx)
/* Translated DMA: it passes; or not. */
#define PASSES(op_)    DMA(T(.op = op_, AT_TR, .addr = CF_PA), OK, .bypass = 1)
#define FORBIDDEN      FAULT(F_TRANSL_FORBIDDEN)
#define XREAD(a, ...)  DMA(T(.op = SMMU_READ, AT_TR, .addr = (a)), __VA_ARGS__)
#define XWRITE(a, ...) DMA(T(.op = SMMU_WRITE, AT_TR, .addr = (a)), __VA_ARGS__)
#define OTHER	       0x10000u /* no such StreamID */
#define S2_RECORD      REC(F(F_PERMISSION_S2, 1), F_ADDR(F_PERMISSION_IPA, CF_IPA))

static const struct cf_case cases[] = {
	/* Whether at all. */
	{ "ATS-R1 EVT-29", "SMMUEN 0, or 1", FULL, S1,
	  STEPS(FULL_ATS, REG(CR0, SMMUEN, 0), TREQ(ANY, UR(F_BAD_ATS_TREQ)),
		TREQ(NW, UR(F_BAD_ATS_TREQ)), REG(CR0, SMMUEN, 1),
		TREQ(ANY, PAGE(R_ | W_))) },
	{ "ATS-R3 EVT-76", "StreamID: REC_CFG_ATS and RECINVSID", FULL, S1,
	  STEPS(FULL_ATS, CR2_REG(RECINVSID, 0),
		TREQ(T(.sid = OTHER), CA(C_BAD_STREAMID), QUIET), REC_CFG(1),
		TREQ(T(.sid = OTHER), CA(C_BAD_STREAMID), QUIET), CR2_REG(RECINVSID, 1),
		TREQ(T(.sid = OTHER), CA(C_BAD_STREAMID)), REC_CFG(0),
		TREQ(T(.sid = OTHER), CA(C_BAD_STREAMID), QUIET)) },
	{ "ATS-R4 EVT-76", "an illegal STE: REC_CFG_ATS", FULL, S1,
	  STEPS(FULL_ATS, STE(V, 0), TREQ(ANY, CA(C_BAD_STE), QUIET), REC_CFG(1),
		TREQ(ANY, CA(C_BAD_STE))) },
	{ "ATS-R5", "Config 000: UR, silent", FULL, S1,
	  STEPS(FULL_ATS, STE(Config, 0), TREQ(ANY, .status = SMMU_ATS_UR)) },
	{ "ATS-R6 STE-71", "Config 100, whatever EATS is", FULL, BYPASS,
	  STEPS(FULL_ATS, TREQ(ANY, UR(F_BAD_ATS_TREQ))) },
	{ "ATS-R6", "EATS 00", FULL, S1,
	  STEPS(EATS(SMMU_EATS_OFF), TREQ(ANY, UR(F_BAD_ATS_TREQ))) },
	{ "ATS-R6 STE-70", "EATS 01 without ATSCHK", FULL, S1,
	  STEPS(STE(EATS, SMMU_EATS_FULL), TREQ(ANY, PAGE(R_ | W_))) },
	{ "ATS-R6 STE-70", "EATS 10 with ATSCHK, and without", FULL, NESTED,
	  STEPS(SPLIT_ATS, TREQ(ANY, PAGE(R_ | W_), .pa = CF_IPA), REG(CR0, ATSCHK, 0),
		FORGET, TREQ(ANY, UR(F_BAD_ATS_TREQ))) },
	{ "ATS-R6 STE-70", "EATS 11 without a DPT", FULL, S1,
	  STEPS(EATS(SMMU_EATS_DPT), TREQ(ANY, UR(F_BAD_ATS_TREQ))) },
	{ "ATS-R6 STE-70", "EATS 11 with one: ATSCHK, and not", FULL, S1,
	  STEPS(CFG(ttf, 2), CFG(dpt, 1), EATS(SMMU_EATS_DPT), TREQ(ANY, PAGE(R_ | W_)),
		REG(CR0, ATSCHK, 0), FORGET, TREQ(ANY, UR(F_BAD_ATS_TREQ))) },
	{ "ATS-R7", "substreams: too large, none where one is asked for, 0 where not",
	  FULL, S1 | SUBSTREAMS,
	  STEPS(FULL_ATS, REC_CFG(1), TREQ(T(.ssv = 1, .ssid = 4), CA(C_BAD_SUBSTREAMID)),
		TREQ(T(.ssv = 1, .ssid = 3), PAGE(R_)), STE(S1DSS, 0), FORGET,
		TREQ(ANY, CA(F_STREAM_DISABLED)), STE(S1DSS, 2), FORGET,
		TREQ(ANY, PAGE(R_ | W_)), TREQ(T(.ssv = 1), CA(F_STREAM_DISABLED))) },
	{ "ATS-R7 PASID-2", "a PASID without stage 1", FULL, S2,
	  STEPS(FULL_ATS, TREQ(RW_U, CA(C_BAD_SUBSTREAMID), QUIET)) },
	{ "ATS-R8", "an illegal CD", FULL, S1,
	  STEPS(FULL_ATS, CD(V, 0), TREQ(ANY, CA(C_BAD_CD), QUIET)) },

	/* What is granted: 13.7.1. */
	{ "ATS-R10 ATS-R12", "AP 01: user RWX, privileged RW", FULL, S1 | SUBSTREAMS,
	  STEPS(FULL_ATS, TREQ(RWX_U, PAGE(R_ | W_ | X_)), TREQ(RW_U, PAGE(R_ | W_)),
		TREQ(RWX_P, PAGE(R_ | W_ | P_)), TREQ(PASID(.inst = 1), PAGE(R_ | X_))) },
	{ "ATS-R10 ATS-R12", "AP 00: user X only, which is nothing", FULL,
	  S1 | SUBSTREAMS,
	  STEPS(FULL_ATS, AP(0), TREQ(RWX_U, DENIED),
		TREQ(RWX_P, PAGE(R_ | W_ | X_ | P_)), TREQ(RW_P, PAGE(R_ | W_ | P_))) },
	{ "ATS-R10", "AP 11: no writes; UXN", FULL, S1 | SUBSTREAMS,
	  STEPS(FULL_ATS, AP(3), S1D(3, S1DESC_UXN, 1), TREQ(RWX_U, PAGE(R_)),
		TREQ(RWX_P, PAGE(R_ | X_ | P_))) },
	{ "ATS-R9 ATS-R12", "PRIVCFG 11: what the privileged may, Priv as asked", FULL,
	  S1 | SUBSTREAMS,
	  STEPS(FULL_ATS, AP(0), STE(PRIVCFG, 3), TREQ(RWX_U, PAGE(R_ | W_ | X_))) },
	{ "ATS-R9 ATS-R12", "PRIVCFG 10: what the user may, Priv as asked", FULL,
	  S1 | SUBSTREAMS,
	  STEPS(FULL_ATS, AP(0), STE(PRIVCFG, 2), TREQ(RWX_P, GRANT(12, P_)),
		S1D(3, S1DESC_AP, 1), TLBI_ALL, TREQ(RWX_P, PAGE(R_ | W_ | X_ | P_))) },
	{ "ATS-R9", "PRIVCFG where there are no such overrides", FULL, S1 | SUBSTREAMS,
	  STEPS(CFG(attr_perms_ovr, 0), FULL_ATS, AP(0), STE(PRIVCFG, 3),
		TREQ(RWX_U, DENIED)) },
	{ "ATS-R9", "INSTCFG 11: R is X", FULL, S1 | SUBSTREAMS,
	  STEPS(FULL_ATS, AP(0), STE(INSTCFG, 3), TREQ(RWX_U, PAGE(R_ | X_)),
		TREQ(RW_U, PAGE(R_)), TREQ(RW_P, PAGE(R_ | W_ | P_))) },
	{ "ATS-R9", "INSTCFG 11: no X, no R; W stays", FULL, S1 | SUBSTREAMS,
	  STEPS(FULL_ATS, S1D(3, S1DESC_UXN, 1), STE(INSTCFG, 3), TREQ(RWX_U, PAGE(W_)),
		TREQ(PASID(.inst = 1), DENIED)) },
	{ "ATS-R9", "INSTCFG 10: X is R", FULL, S1 | SUBSTREAMS,
	  STEPS(FULL_ATS, S1D(3, S1DESC_UXN, 1), STE(INSTCFG, 2),
		TREQ(RWX_U, PAGE(R_ | W_ | X_)), TREQ(RW_U, PAGE(R_ | W_))) },
	{ "ATS-R10 EVT-79", "both stages: what both give", FULL, NESTED,
	  STEPS(FULL_ATS, S2D(3, S2DESC_S2AP, 1), TREQ(ANY, PAGE(R_)),
		S2D(3, S2DESC_S2AP, 2), TLBI_ALL, TREQ(ANY, PAGE(W_)),
		S2D(3, S2DESC_S2AP, 0), TLBI_ALL, TREQ(ANY, DENIED)) },
	{ "ATS-R10 EVT-79", "no translation, no Access flag, an address too large", FULL,
	  S1,
	  STEPS(FULL_ATS, REC_CFG(1), S1D(3, S1DESC_AF, 0), TREQ(ANY, DENIED), CD(IPS, 0),
		FORGET, S1D(3, S1DESC_AF, 1), TREQ(ANY, PAGE(R_ | W_)),
		TREQ(T(.addr = 1ull << 50), DENIED), S1D_PUT(3, 0), TLBI_ALL,
		TREQ(ANY, DENIED)) },
	{ "ATS-R10 EVT-79 PRI-38 ARS-3", "A, R and S of the CD mean nothing", FULL, S1,
	  STEPS(FULL_ATS, CD(A, 0), CD(R, 1), CD(S, 1), S1D_PUT(3, 0),
		TREQ(ANY, DENIED)) },

	/* S1DSS 01. */
	{ "ATS-R12", "stage 1 skipped and alone: identity, as large as OAS", FULL,
	  S1 | SUBSTREAMS,
	  STEPS(FULL_ATS, TREQ(ANY, GRANT(52, R_ | W_)), TREQ(NW, GRANT(52, R_ | W_)),
		TREQ(T(.addr = 1ull << 52), DENIED)) },
	{ "ATS-R12", "stage 1 skipped, stage 2: its PA, or the IPA", FULL,
	  NESTED | SUBSTREAMS,
	  STEPS(FULL_ATS, TREQ(T(.addr = CF_IPA), PAGE(R_)),
		TREQ(T(.addr = CF_IOVA), DENIED), STE(EATS, SMMU_EATS_SPLIT), FORGET,
		TREQ(T(.addr = CF_IPA), PAGE(R_), .pa = CF_IPA)) },

	/* Updates: 3.13.7. */
	{ "ATS-R10", "the Access flag, with HA and without", FULL, S1,
	  STEPS(FULL_ATS, S1D(3, S1DESC_AF, 0), TREQ(NW, DENIED), CD(HA, 1), FORGET,
		TREQ(NW, PAGE(R_), MEM(M_S1D(3, S1DESC_AF, 1)))) },
	{ "ATS-R10", "AFFD: the Access flag does not count", FULL, S1,
	  STEPS(FULL_ATS, S1D(3, S1DESC_AF, 0), CD(AFFD, 1), TREQ(NW, PAGE(R_))) },
	{ "ATS-R10", "dirty by NW 0, not by NW 1", FULL, S1,
	  STEPS(FULL_ATS, CD(HA, 1), CD(HD, 1), AP(3), S1D(3, S1DESC_DBM, 1),
		TREQ(NW, PAGE(R_)),
		TREQ(ANY, PAGE(R_ | W_), MEM(M_S1D(3, S1DESC_AP, 1)))) },
	{ "ATS-R10", "without HD a clean page is read-only", FULL, S1,
	  STEPS(FULL_ATS, CD(HA, 1), AP(3), S1D(3, S1DESC_DBM, 1), TREQ(ANY, PAGE(R_))) },
	{ "ATS-R10", "nested: nothing is dirty when a stage forbids it", FULL, NESTED,
	  STEPS(FULL_ATS, CD(HA, 1), CD(HD, 1), STE(S2HA, 1), STE(S2HD, 1), AP(3),
		S2D(3, S2DESC_S2AP, 1), S2D(3, S2DESC_DBM, 1), TREQ(ANY, PAGE(R_)),
		S1D(3, S1DESC_DBM, 1), S2D(3, S2DESC_DBM, 0), TLBI_ALL,
		TREQ(ANY, PAGE(R_)), S2D(3, S2DESC_DBM, 1), TLBI_ALL,
		TREQ(ANY, PAGE(R_ | W_),
		     MEM(M_S1D(3, S1DESC_AP, 1), M_S2D(3, S2DESC_S2AP, 3)))) },

	/* Translated DMA. */
	{ "ATS-T1", "SMMUEN 0, or 1", FULL, S1,
	  STEPS(FULL_ATS, REG(CR0, SMMUEN, 0), XREAD(CF_PA, FORBIDDEN),
		XWRITE(CF_PA + 8, FORBIDDEN), REG(CR0, SMMUEN, 1), PASSES(SMMU_READ),
		PASSES(SMMU_WRITE)) },
	{ "ATS-T3", "at OAS, and below", FULL, S1,
	  STEPS(FULL_ATS, XREAD(1ull << 52, .status = SMMU_ABORT),
		XREAD((1ull << 52) - 8, OK, .bypass = 1, .pa = (1ull << 52) - 8)) },
	{ "ATS-T4", "ATSCHK 0: no STE is looked at; 1: it is", FULL, S1,
	  STEPS(STE(V, 0), PASSES(SMMU_READ), REG(CR0, ATSCHK, 1),
		XREAD(CF_PA, SILENT(C_BAD_STE)), REC_CFG(1),
		XREAD(CF_PA, FAULT(C_BAD_STE))) },
	{ "ATS-T5 EVT-77 EVT-78", "StreamID, whatever RECINVSID says", FULL, S1,
	  STEPS(FULL_ATS,
		DMA(T(.sid = OTHER, AT_TR, .addr = CF_PA), SILENT(C_BAD_STREAMID)),
		REC_CFG(1), CR2_REG(RECINVSID, 0),
		DMA(T(.sid = OTHER, AT_TR, .addr = CF_PA), FAULT(C_BAD_STREAMID))) },
	{ "ATS-T5", "EATS 00, Config 100 and 000", FULL, S1,
	  STEPS(EATS(SMMU_EATS_OFF), XREAD(CF_PA, FORBIDDEN), STE(EATS, SMMU_EATS_FULL),
		FORGET, PASSES(SMMU_READ), STE(Config, 4), FORGET,
		XREAD(CF_PA, FORBIDDEN), STE(Config, 0), FORGET,
		XREAD(CF_PA, .status = SMMU_ABORT)) },
	{ "ATS-T5 ATS-T6", "PASIDTT 1: the PASID counts, and its absence", FULL,
	  S1 | SUBSTREAMS,
	  STEPS(FULL_ATS, REC_CFG(1),
		DMA(T(AT_TR, .addr = CF_PA, .ssv = 1, .ssid = 4),
		    FAULT(C_BAD_SUBSTREAMID)),
		DMA(T(AT_TR, .addr = CF_PA, .ssv = 1, .ssid = 3), OK, .bypass = 1),
		STE(S1DSS, 0), FORGET, XREAD(CF_PA, FAULT(F_STREAM_DISABLED))) },
	{ "ATS-T5 ATS-T6", "PASIDTT 0: the PASID is not seen", FULL, S1 | SUBSTREAMS,
	  STEPS(CFG(pasidtt, 0), FULL_ATS, REC_CFG(1), STE(S1DSS, 2),
		DMA(T(AT_TR, .addr = CF_PA, .ssv = 1, .ssid = 4), OK, .bypass = 1),
		PASSES(SMMU_READ)) },
	{ "ATS-T9", "split-stage: stage 2 and its faults, by S2R", FULL, NESTED,
	  STEPS(SPLIT_ATS, STE(S2R, 1), XREAD(CF_IPA, OK), XWRITE(CF_IPA, OK),
		S2D(3, S2DESC_S2AP, 1), TLBI_ALL, XREAD(CF_IPA, OK),
		XWRITE(CF_IPA, FAULT(F_PERMISSION), S2_RECORD), STE(S2R, 0), FORGET,
		XWRITE(CF_IPA, SILENT(F_PERMISSION))) },
	{ "ATS-T9", "split-stage: IAS, as of stage 1, always recorded", FULL, NESTED,
	  STEPS(SPLIT_ATS, STE(S2R, 0), XREAD(1ull << 52, FAULT(F_ADDR_SIZE))) },
	{ "ATS-T9", "split-stage: the dirty state of stage 2", FULL, NESTED,
	  STEPS(SPLIT_ATS, STE(S2HA, 1), STE(S2HD, 1), S2D(3, S2DESC_S2AP, 1),
		S2D(3, S2DESC_DBM, 1), XREAD(CF_IPA, OK),
		XWRITE(CF_IPA, OK, MEM(M_S2D(3, S2DESC_S2AP, 3)))) },
	{ "EVT-77", "F_UUT is silent", FULL, S1,
	  STEPS(FULL_ATS, DMA(T(AT_TR, .addr = CF_PA, .kind = SMMU_KIND_UNSUPPORTED),
			      .status = SMMU_ABORT)) },
};

CF_TABLE(ats);
