/* SPDX-License-Identifier: MIT */
/*
 * What may be remembered, what each invalidation must remove, and what it leaves. That a
 * stale entry is used until its own invalidation is this model's promise (it shows a
 * driver what it forgot), within what the architecture permits.
 */
#include "conformance/harness.h"

#define NEW	 (CF_PA + 0x10000)
#define MOVE_S1	 S1D(3, S1DESC_Addr, NEW >> 12)
#define MOVE_S2	 S2D(3, S2DESC_Addr, NEW >> 12)
#define OLD_PAGE READ(OK)
#define NEW_PAGE READ(OK, .pa = NEW)
#define PASID(n) T(.ssv = 1, .ssid = (n))
#define CFGI(l)                                                                          \
	CMD(CFGI_STE), ARG(CFGI_STE_StreamID, CF_SID), ARG(CFGI_STE_Leaf, l), GO(), SYNC
#define CFGI_CD(n)                                                                       \
	CMD(CFGI_CD), ARG(CFGI_CD_StreamID, CF_SID), ARG(CFGI_CD_SubstreamID, n),        \
		ARG(CFGI_CD_Leaf, 1), GO(), SYNC
#define TLBI_ALL CMD(TLBI_NSNH_ALL), GO(), SYNC
#define BY_ASID(vmid, asid)                                                              \
	CMD(TLBI_NH_ASID), ARG(TLBI_NH_ASID_VMID, vmid), ARG(TLBI_NH_ASID_ASID, asid),   \
		GO(), SYNC
#define BY_VA(asid, va)                                                                  \
	CMD(TLBI_NH_VA), ARG(TLBI_NH_VA_ASID, asid), ARG_ADDR(TLBI_NH_VA_Address, va),   \
		ARG(TLBI_NH_VA_Leaf, 1), GO(), SYNC
#define S12(vmid) CMD(TLBI_S12_VMALL), ARG(TLBI_S12_VMALL_VMID, vmid), GO(), SYNC
#define BY_IPA(vmid, ipa)                                                                \
	CMD(TLBI_S2_IPA), ARG(TLBI_S2_IPA_VMID, vmid),                                   \
		ARG_ADDR(TLBI_S2_IPA_Address, ipa), GO(), SYNC
/* Another stream whose STE has the same CD, or the same stage 2. */
#define SID2	    6u
#define STE2	    (CF_STRTAB + 64 * SID2)
#define STE2_S1	    RAM(STE2 + 8, 0xd4 | 1ull << 44), RAM(STE2, 0xb | CF_CD)
#define VIA2	    T(.sid = SID2)
#define STE2_BYPASS RAM(STE2 + 8, 1ull << 44), RAM(STE2, 9)

static const struct cf_case cases[] = {
	{ "CACHE-1 Q-55", "a descriptor is not snooped, and no CFGI drops it", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1, OLD_PAGE, CFGI(0), OLD_PAGE, CMD(CFGI_ALL),
		ARG(CFGI_ALL_Range, 31), GO(), SYNC, OLD_PAGE, TLBI_ALL, NEW_PAGE) },
	{ "CACHE-1 Q-55", "a STE is not snooped, and no TLBI drops it", V3_2, S1,
	  STEPS(OLD_PAGE, STE(V, 0), OLD_PAGE, TLBI_ALL, OLD_PAGE, CFGI(1),
		READ(FAULT(C_BAD_STE))) },
	{ "CACHE-2 CMD-22", "an invalid STE is cached; Leaf 1 drops it", V3_2, S1,
	  STEPS(STE(V, 0), READ(FAULT(C_BAD_STE)), STE(V, 1), READ(FAULT(C_BAD_STE)),
		CFGI(1), OLD_PAGE) },
	{ "CMD-22", "Leaf 0 drops a STE of a linear table", V3_2, S1,
	  STEPS(OLD_PAGE, STE(V, 0), OLD_PAGE, CFGI(0), READ(FAULT(C_BAD_STE))) },
	{ "CACHE-3", "a failed CD fetch is not cached", V3_2, S1,
	  STEPS(STE_ADDR(S1ContextPtr, CF_HOLE),
		READ(FAULT(F_CD_FETCH), REC(F_ADDR(F_CD_FETCH_FetchAddr, CF_HOLE))),
		STE_ADDR(S1ContextPtr, CF_CD), CFGI(1), OLD_PAGE) },
	{ "CACHE-3", "a CD behind a stage 2 fault is not cached", V3_2, NESTED,
	  STEPS(S2CD(S2DESC_Type, 0),
		READ(FAULT(F_TRANSLATION),
		     REC(F(F_TRANSLATION_S2, 1), F(F_TRANSLATION_CLASS, SMMU_CLASS_CD),
			 F_ADDR(F_TRANSLATION_IPA, CF_CD))),
		S2CD(S2DESC_Type, 3), OLD_PAGE) },
	{ "CACHE-5", "one piece of memory as a CD of one stream, as STE of another", V3_2,
	  S1,
	  STEPS(STE2_BYPASS, STE_ADDR(S1ContextPtr, STE2), READ(FAULT(C_BAD_CD)),
		DMA(VIA2, OK, .bypass = 1, .pa = CF_IOVA), READ(FAULT(C_BAD_CD))) },
	{ "CACHE-7", "an invalid descriptor is not cached", V3_2, S1,
	  STEPS(S1D(3, S1DESC_Type, 0), READ(FAULT(F_TRANSLATION)),
		S1D(3, S1DESC_Type, 3), OLD_PAGE) },
	{ "CACHE-7", "AF 0 is not cached", V3_2, S1,
	  STEPS(S1D(3, S1DESC_AF, 0), READ(FAULT(F_ACCESS)), S1D(3, S1DESC_AF, 1),
		OLD_PAGE) },
	{ "CACHE-8", "SMMUEN 1, 0, 1 invalidates nothing", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1, STE(V, 0), REG(CR0, SMMUEN, 0), REG(CR0, SMMUEN, 1),
		OLD_PAGE) },

	/* Fields that live in TLB entries, and those that do not. */
	{ "CACHE-11 CACHE-64 STE-82", "S2TTB: CFGI, then TLBI", V3_2, S2,
	  STEPS(OLD_PAGE, STE_ADDR(S2TTB, CF_S2_TT + 0xf000), TLBI_ALL, OLD_PAGE, CFGI(1),
		OLD_PAGE, TLBI_ALL,
		READ(FAULT(F_TRANSLATION),
		     REC(F(F_TRANSLATION_S2, 1), F_ADDR(F_TRANSLATION_IPA, CF_IOVA)))) },
	{ "CACHE-12", "S2R: CFGI is enough", V3_2, S2,
	  STEPS(S2D_PUT(3, 0),
		READ(FAULT(F_TRANSLATION),
		     REC(F(F_TRANSLATION_S2, 1), F_ADDR(F_TRANSLATION_IPA, CF_IOVA))),
		STE(S2R, 0), CFGI(1), READ(SILENT(F_TRANSLATION))) },
	{ "CACHE-12", "SHCFG and INSTCFG: CFGI is enough", V3_2, BYPASS,
	  STEPS(OLD_PAGE, STE(SHCFG, 3), STE(INSTCFG, 3), OLD_PAGE, CFGI(1),
		READ(OK, ATTR(A(sh, SMMU_SH_ISH), A(inst, 1)))) },
	{ "CACHE-13 CD-37", "TTB0: CFGI_CD, then TLBI", V3_2, S1,
	  STEPS(OLD_PAGE, CD_ADDR(TTB0, CF_S1_TT + 0xf000), OLD_PAGE, CFGI_CD(0),
		OLD_PAGE, TLBI_ALL, READ(FAULT(F_TRANSLATION))) },
	{ "CACHE-13 CD-37", "MAIR0: CFGI_CD, then TLBI", V3_2, S1,
	  STEPS(OLD_PAGE, CD(MAIR0, 0x44), CFGI_CD(0), OLD_PAGE, TLBI_ALL,
		READ(OK, ATTR(A(inner, SMMU_MT_NC), A(outer, SMMU_MT_NC),
			      A(sh, SMMU_SH_OSH), A(ra, 0), A(wa, 0)))) },
	{ "CACHE-14", "CD.R: CFGI_CD is enough", V3_2, S1,
	  STEPS(S1D_PUT(3, 0), READ(FAULT(F_TRANSLATION)), CD(R, 0),
		READ(FAULT(F_TRANSLATION)), CFGI_CD(0), READ(SILENT(F_TRANSLATION))) },
	{ "CACHE-15 CD-38", "two CDs of one ASID: the entry that is there answers", V3_2,
	  S1 | SUBSTREAMS,
	  STEPS(CD_N(1, ASID, CF_ASID), CD_N(1, TTB0, (CF_S1_TT + 0xf000) >> 4),
		DMA(PASID(0), OK), DMA(PASID(1), OK), TLBI_ALL,
		DMA(PASID(1), FAULT(F_TRANSLATION))) },
	{ "CACHE-15 STE-83", "two STEs of one VMID: the entry that is there answers",
	  V3_2, S2,
	  STEPS(OLD_PAGE, RAM(STE2 + 24, CF_S2_TT + 0xf000),
		RAM(STE2 + 16, CF_VMID | 16ull << 32 | 2ull << 38 | 0x35ull << 40 |
				       5ull << 48 | 1ull << 51 | 1ull << 58),
		RAM(STE2 + 8, 1ull << 44), RAM(STE2, 0xd), DMA(VIA2, OK), TLBI_ALL,
		DMA(VIA2, FAULT(F_TRANSLATION),
		    REC(F(F_TRANSLATION_S2, 1), F_ADDR(F_TRANSLATION_IPA, CF_IOVA)))) },
	{ "CACHE-16", "CFGI_STE drops the CDs of the stream", V3_2, S1 | SUBSTREAMS,
	  STEPS(DMA(PASID(1), OK), CD_N(1, V, 0), DMA(PASID(1), OK), CFGI(1),
		DMA(PASID(1), FAULT(C_BAD_CD))) },

	/* Tags. */
	{ "CACHE-20", "another ASID does not hit", V3_2, S1 | SUBSTREAMS,
	  STEPS(DMA(PASID(1), OK), MOVE_S1, DMA(PASID(1), OK),
		DMA(PASID(2), OK, .pa = NEW), DMA(PASID(1), OK)) },
	{ "CACHE-20", "a global entry hits whatever the ASID", V3_2, S1 | SUBSTREAMS,
	  STEPS(S1D(3, S1DESC_nG, 0), DMA(PASID(1), OK), MOVE_S1, DMA(PASID(2), OK)) },
	{ "CACHE-20", "the StreamID is no tag", V3_2, S1,
	  STEPS(STE2_S1, OLD_PAGE, MOVE_S1, DMA(VIA2, OK)) },
	{ "CACHE-24 CACHE-65", "ASID change: the old ASID's entries reappear", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1, CD(ASID, 9), CFGI_CD(0), NEW_PAGE, CD(ASID, CF_ASID),
		CFGI_CD(0), OLD_PAGE) },
	{ "CACHE-65", "ASID change: the TLBI of the old ASID makes it free", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1, CD(ASID, 9), CFGI_CD(0), BY_ASID(0, CF_ASID),
		CD(ASID, CF_ASID), CFGI_CD(0), NEW_PAGE) },

	/* Configuration commands. */
	{ "CACHE-30", "CFGI_CD does not drop the STE", V3_2, S1,
	  STEPS(OLD_PAGE, STE(V, 0), CFGI_CD(0), OLD_PAGE, CFGI(1),
		READ(FAULT(C_BAD_STE))) },
	{ "CACHE-30", "CFGI_CD of another SubstreamID", V3_2, S1 | SUBSTREAMS,
	  STEPS(DMA(PASID(1), OK), CD_N(1, V, 0), CFGI_CD(2), DMA(PASID(1), OK),
		CFGI_CD(1), DMA(PASID(1), FAULT(C_BAD_CD))) },
	{ "CACHE-30", "CFGI_CD_ALL", V3_2, S1 | SUBSTREAMS,
	  STEPS(DMA(PASID(1), OK), CD_N(1, V, 0), CMD(CFGI_CD_ALL),
		ARG(CFGI_CD_ALL_StreamID, CF_SID), GO(), SYNC,
		DMA(PASID(1), FAULT(C_BAD_CD))) },
	{ "CACHE-30", "CFGI_STE_RANGE over the stream", V3_2, S1,
	  STEPS(OLD_PAGE, STE(V, 0), CMD(CFGI_STE_RANGE), ARG(CFGI_STE_RANGE_StreamID, 7),
		ARG(CFGI_STE_RANGE_Range, 1), GO(), SYNC, READ(FAULT(C_BAD_STE))) },
	{ "CACHE-30", "CFGI_STE_RANGE beside the stream", V3_2, S1,
	  STEPS(OLD_PAGE, STE(V, 0), CMD(CFGI_STE_RANGE), ARG(CFGI_STE_RANGE_StreamID, 7),
		ARG(CFGI_STE_RANGE_Range, 0), GO(), SYNC, OLD_PAGE) },
	{ "CACHE-32 Q-44", "SSec on the Non-secure queue", V3_2, S1,
	  STEPS(CMD(CFGI_STE), ARG(CFGI_STE_SSec, 1), GO_ILL, CMD(CFGI_STE), GO()) },
	{ "CACHE-32", "a StreamID beyond the table", V3_2, S1,
	  STEPS(OLD_PAGE, STE(V, 0), CMD(CFGI_STE), ARG(CFGI_STE_StreamID, 0x10005), GO(),
		SYNC, OLD_PAGE) },
	{ "CMD-27 CACHE-67", "a CD that two STEs share", V3_2, S1,
	  STEPS(STE2_S1, OLD_PAGE, DMA(VIA2, OK), CD(V, 0), CFGI_CD(0),
		READ(FAULT(C_BAD_CD)), DMA(VIA2, OK), CMD(CFGI_CD),
		ARG(CFGI_CD_StreamID, SID2), GO(), SYNC, DMA(VIA2, FAULT(C_BAD_CD))) },

	/* TLB commands. */
	{ "CACHE-34 CACHE-36", "NH_VA of the page", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1, BY_VA(CF_ASID, CF_IOVA), NEW_PAGE) },
	{ "CACHE-34", "NH_VA of the next page", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1, BY_VA(CF_ASID, CF_IOVA + 0x1000), OLD_PAGE) },
	{ "CACHE-34", "NH_VA of another ASID", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1, BY_VA(CF_ASID + 1, CF_IOVA), OLD_PAGE) },
	{ "CACHE-34", "NH_VA of another ASID, a global page", V3_2, S1,
	  STEPS(S1D(3, S1DESC_nG, 0), OLD_PAGE, MOVE_S1, BY_VA(CF_ASID + 1, CF_IOVA),
		NEW_PAGE) },
	{ "CACHE-36", "NH_ASID removes what both stages made, of its VMID", V3_2, NESTED,
	  STEPS(OLD_PAGE, S1D(3, S1DESC_Addr, (CF_IPA + 0x1000) >> 12),
		BY_ASID(CF_VMID + 1, CF_ASID), OLD_PAGE, BY_ASID(CF_VMID, CF_ASID),
		READ(FAULT(F_TRANSLATION),
		     REC(F(F_TRANSLATION_S2, 1),
			 F_ADDR(F_TRANSLATION_IPA, CF_IPA + 0x1000)))) },
	{ "CACHE-35 CACHE-36", "NH_ASID leaves stage 2, S2_IPA leaves both together",
	  V3_2, NESTED,
	  STEPS(OLD_PAGE, MOVE_S2, BY_ASID(CF_VMID, CF_ASID), OLD_PAGE,
		BY_IPA(CF_VMID, CF_IPA), BY_ASID(CF_VMID, CF_ASID), NEW_PAGE) },
	{ "CACHE-35", "S2_IPA of a stage 2 stream", V3_2, S2,
	  STEPS(OLD_PAGE, MOVE_S2, BY_IPA(CF_VMID, CF_IOVA), NEW_PAGE) },
	{ "CACHE-35", "S2_IPA of another VMID", V3_2, S2,
	  STEPS(OLD_PAGE, MOVE_S2, BY_IPA(CF_VMID + 1, CF_IOVA), OLD_PAGE) },
	{ "CACHE-37", "S12_VMALL", V3_2, NESTED,
	  STEPS(OLD_PAGE, MOVE_S2, S12(CF_VMID + 1), OLD_PAGE, S12(CF_VMID), NEW_PAGE) },
	{ "CACHE-51 CACHE-54 CMD-79", "after TLBI and SYNC nothing old is used", V3_2,
	  NESTED,
	  STEPS(CFG(httu, 2), CD(HA, 1), CD(HD, 1), STE(S2HA, 1), STE(S2HD, 1),
		S1D(3, S1DESC_AF, 0), READ(OK, MEM(M_S1D(3, S1DESC_AF, 1))), MOVE_S2,
		TLBI_ALL, NEW_PAGE) },
	{ "CACHE-52", "after CFGI and SYNC no pointer of the old STE is followed", V3_2,
	  S1,
	  STEPS(OLD_PAGE, STE_ADDR(S1ContextPtr, CF_HOLE), CFGI(1),
		READ(FAULT(F_CD_FETCH), REC(F_ADDR(F_CD_FETCH_FetchAddr, CF_HOLE)))) },

	/* The orders that software is told to keep. */
	{ "CACHE-60 CACHE-63", "enable a stream, disable it", V3_2, S1,
	  STEPS(STE(V, 0), READ(FAULT(C_BAD_STE)), CFGI(1), STE(V, 1), CFGI(1), OLD_PAGE,
		STE(V, 0), CFGI(1), READ(FAULT(C_BAD_STE))) },
	{ "CACHE-62", "one field of a live STE", V3_2, BYPASS,
	  STEPS(OLD_PAGE, STE(SHCFG, 3), CFGI(1), READ(OK, ATTR(A(sh, SMMU_SH_ISH)))) },
	{ "CACHE-70", "invalid to valid needs no TLBI", V3_2, S1,
	  STEPS(S1D(3, S1DESC_Type, 0), READ(FAULT(F_TRANSLATION)), MOVE_S1,
		S1D(3, S1DESC_Type, 3), NEW_PAGE) },
	{ "CACHE-85", "HTTU of a completed transaction is in memory", V3_2, S1,
	  STEPS(CFG(httu, 2), CD(HA, 1), CD(HD, 1), S1D(3, S1DESC_AF, 0),
		S1D(3, S1DESC_AP, 3), S1D(3, S1DESC_DBM, 1),
		READ(OK, MEM(M_S1D(3, S1DESC_AF, 1))),
		WRITE(OK, MEM(M_S1D(3, S1DESC_AP, 1))), SYNC) },
};

CF_TABLE(caching);
