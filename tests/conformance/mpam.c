/* SPDX-License-Identifier: MIT */
/* MPAM: whose PARTID and PMG an access carries, and the virtual machine structure. */
#include "conformance/harness.h"

#define VMS	  (H_RAM + 0x130000ull)
#define MPAM	  CFG(mpam, 1), CFG(partid_max, 31), CFG(pmg_max, 3)
#define IDS(p, g) ATTR(A(partid, p), A(pmg, g))
/* A nested stream whose virtual PARTIDs 0 to 3 are 8, 9, 10, 11. */
#define MAP(a, b) RAM(VMS, (a) | (b) << 16 | 10ull << 32 | 11ull << 48)
#define VIRTUAL	  MPAM, STE(S1MPAM, 1), STE_ADDR(VMSPtr, VMS), MAP(8, 9), STE(PARTID, 5)
#define CFGI_STE                                                                         \
	CMD(CFGI_STE), ARG(CFGI_STE_StreamID, CF_SID), ARG(CFGI_STE_Leaf, 1), GO(), SYNC
#define CFGI_VMS(vmid) CMD(CFGI_VMS_PIDM), ARG(CFGI_VMS_PIDM_VMID, vmid), GO(), SYNC
#define HOLE_FAULT     READ(FAULT(F_VMS_FETCH), REC(F_ADDR(F_VMS_FETCH_FetchAddr, CF_HOLE)))

static const struct cf_case cases[] = {
	{ "STE-73", "bypass: those of the STE", V3_2, BYPASS,
	  STEPS(MPAM, STE(PARTID, 5), STE(PMG, 2), READ(OK, IDS(5, 2))) },
	{ "STE-73", "without MPAM there are none", V3_2, BYPASS,
	  STEPS(CFG(mpam, 0), STE(PARTID, 5), STE(PMG, 2), READ(OK)) },
	{ "STE-73", "stage 1, S1MPAM 0: those of the STE", V3_2, S1,
	  STEPS(MPAM, STE(PARTID, 5), STE(PMG, 2), CD(PARTID, 6), CD(PMG, 3),
		READ(OK, IDS(5, 2))) },
	{ "STE-73 CD-33", "stage 1, S1MPAM 1: those of the CD", V3_2, S1,
	  STEPS(MPAM, STE(S1MPAM, 1), STE(PARTID, 5), STE(PMG, 2), CD(PARTID, 6),
		CD(PMG, 3), READ(OK, IDS(6, 3))) },
	{ "STE-73", "S1MPAM 1, stage 1 skipped by S1DSS: those of the STE", V3_2,
	  S1 | SUBSTREAMS,
	  STEPS(MPAM, STE(S1MPAM, 1), STE(PARTID, 5), CD(PARTID, 6),
		READ(OK, .bypass = 1, .pa = CF_IOVA, IDS(5, 0))) },
	{ "STE-73", "stage 2 alone: those of the STE, S1MPAM is ignored", V3_2, S2,
	  STEPS(MPAM, STE(S1MPAM, 1), STE(PARTID, 5), READ(OK, IDS(5, 0))) },
	{ "STE-74", "the largest PARTID and PMG", V3_2, BYPASS,
	  STEPS(MPAM, STE(PARTID, 31), STE(PMG, 3), READ(OK, IDS(31, 3))) },
	{ "STE-74", "above the largest: this model takes 0", V3_2, BYPASS,
	  STEPS(MPAM, STE(PARTID, 32), STE(PMG, 4), READ(OK)) },
	{ "CD-33 CACHE-14", "PARTID and PMG are not in the TLB", V3_2, S1,
	  STEPS(MPAM, STE(S1MPAM, 1), CD(PARTID, 6), READ(OK, IDS(6, 0)), CD(PARTID, 7),
		CMD(CFGI_CD), ARG(CFGI_CD_StreamID, CF_SID), GO(), SYNC,
		READ(OK, IDS(7, 0))) },
	{ "REG-50", "GBPMPAM is for global bypass", V3_2, BYPASS,
	  STEPS(MPAM,
		WR32(GBPMPAM, 1u << 31 | 2 << 16 | 9, REGS(R(GBPMPAM, 2 << 16 | 9))),
		READ(OK), REG(CR0, SMMUEN, 0), READ(OK, IDS(9, 2))) },

	{ "VMS-2 VMS-3", "virtual PARTIDs", V3_2, NESTED,
	  STEPS(VIRTUAL, CD(PARTID, 1), CD(PMG, 1), READ(OK, IDS(9, 1))) },
	{ "VMS-3", "another one", V3_2, NESTED,
	  STEPS(VIRTUAL, CD(PARTID, 3), READ(OK, IDS(11, 0))) },
	{ "VMS-3", "one that maps above the largest: this model takes 0", V3_2, NESTED,
	  STEPS(VIRTUAL, MAP(32, 9), CD(PARTID, 0), READ(OK)) },
	{ "CD-33", "only PARTID[4:0] are virtual", V3_2, NESTED,
	  STEPS(VIRTUAL, CD(PARTID, 0x21), READ(OK, IDS(9, 0))) },
	{ "STE-40 ADDR-6 EVT-43", "VMSPtr at 2^OAS", V3_2, NESTED,
	  STEPS(VIRTUAL, CFG(oas, 2), CD(IPS, 2), STE(S2PS, 2), STE(S2T0SZ, 24),
		STE_ADDR(VMSPtr, 1ull << 40), READ(FAULT(C_BAD_STE))) },
	{ "STE-40 ADDR-6", "VMSPtr below 2^OAS: nobody is there", V3_2, NESTED,
	  STEPS(VIRTUAL, CFG(oas, 2), CD(IPS, 2), STE(S2PS, 2), STE(S2T0SZ, 24),
		STE_ADDR(VMSPtr, (1ull << 40) - 4096),
		READ(FAULT(F_VMS_FETCH),
		     REC(F_ADDR(F_VMS_FETCH_FetchAddr, (1ull << 40) - 4096)))) },
	{ "STE-40 VMS-1", "VMSPtr at 2^OAS without MPAM", V3_2, NESTED,
	  STEPS(CFG(mpam, 0), STE(S1MPAM, 1), STE_ADDR(VMSPtr, 1ull << 48), READ(OK)) },
	{ "STE-40 VMS-1", "VMSPtr at 2^OAS with PARTID_MAX 0", V3_2, NESTED,
	  STEPS(CFG(mpam, 1), CFG(partid_max, 0), CFG(pmg_max, 1), STE(S1MPAM, 1),
		STE_ADDR(VMSPtr, 1ull << 48), READ(OK)) },
	{ "STE-40 VMS-2", "VMSPtr at 2^OAS with S1MPAM 0", V3_2, NESTED,
	  STEPS(MPAM, STE_ADDR(VMSPtr, 1ull << 48), READ(OK)) },
	{ "STE-40 VMS-2", "VMSPtr at 2^OAS with stage 1 alone", V3_2, S1,
	  STEPS(MPAM, STE(S1MPAM, 1), STE_ADDR(VMSPtr, 1ull << 48), READ(OK)) },
	{ "T-9v EVT-43 VMS-2", "the VMS where there is no memory", V3_2, NESTED,
	  STEPS(VIRTUAL, STE_ADDR(VMSPtr, CF_HOLE), HOLE_FAULT) },
	{ "T-9v", "F_VMS_FETCH outranks C_BAD_CD", V3_2, NESTED,
	  STEPS(VIRTUAL, STE_ADDR(VMSPtr, CF_HOLE), CD(V, 0), HOLE_FAULT) },
	{ "T-9v", "an illegal STE outranks F_VMS_FETCH", V3_2, NESTED,
	  STEPS(VIRTUAL, STE_ADDR(VMSPtr, CF_HOLE), STE(S2TG, 3),
		READ(FAULT(C_BAD_STE))) },
	{ "VMS-4", "the VMS is read for a transaction that does not need it", V3_2,
	  NESTED | SUBSTREAMS,
	  STEPS(VIRTUAL, STE_ADDR(VMSPtr, CF_HOLE),
		DMA(T(.addr = CF_IPA), FAULT(F_VMS_FETCH),
		    REC(F_ADDR(F_VMS_FETCH_FetchAddr, CF_HOLE)))) },
	{ "VMS-6 CMD-29", "CFGI_STE leaves what is kept by VMID", V3_2, NESTED,
	  STEPS(VIRTUAL, CD(PARTID, 1), READ(OK, IDS(9, 0)), MAP(8, 12),
		READ(OK, IDS(9, 0)), CFGI_STE, READ(OK, IDS(9, 0)), CFGI_VMS(CF_VMID),
		CFGI_STE, READ(OK, IDS(12, 0))) },
	{ "VMS-6 CMD-29", "CFGI_VMS_PIDM leaves what is kept by StreamID", V3_2, NESTED,
	  STEPS(VIRTUAL, CD(PARTID, 1), READ(OK, IDS(9, 0)), MAP(8, 12),
		CFGI_VMS(CF_VMID), READ(OK, IDS(9, 0)), CFGI_STE, READ(OK, IDS(12, 0))) },
	{ "VMS-6 CMD-29", "CFGI_VMS_PIDM of another VMID", V3_2, NESTED,
	  STEPS(VIRTUAL, CD(PARTID, 1), READ(OK, IDS(9, 0)), MAP(8, 12),
		CFGI_VMS(CF_VMID + 1), CFGI_STE, READ(OK, IDS(9, 0))) },
	{ "VMS-6 CMD-24", "CFGI_ALL drops both", V3_2, NESTED,
	  STEPS(VIRTUAL, CD(PARTID, 1), READ(OK, IDS(9, 0)), MAP(8, 12), CMD(CFGI_ALL),
		ARG(CFGI_ALL_Range, 31), GO(), SYNC, READ(OK, IDS(12, 0))) },
};

CF_TABLE(mpam);
