/* SPDX-License-Identifier: MIT */
/* Which commands are legal where, what their parameters mean, and what they say back. */
#include "conformance/harness.h"

#define ONLY_S2                                                                          \
	CFG(s1p, 0), CFG(hyp, 0), CFG(ssid_bits, 0), CFG(asid16, 0), CFG(cd2l, 0),       \
		CFG(had, 0)
#define ONLY_S1	   CFG(s2p, 0), CFG(vmid16, 0), CFG(xnx, 0), CFG(hyp, 0)
#define FINE(op)   CMD(op), GO()
#define ILL(op)	   CMD(op), GO_ILL
#define NEW	   (CF_PA + 0x10000)
#define MOVE_S1	   S1D(3, S1DESC_Addr, NEW >> 12)
#define OLD_PAGE   READ(OK)
#define NEW_PAGE   READ(OK, .pa = NEW)
#define NH_VA(...) CMD(TLBI_NH_VA), ARG(TLBI_NH_VA_ASID, CF_ASID), __VA_ARGS__
#define AT(a)	   ARG_ADDR(TLBI_NH_VA_Address, a)
#define TG(v)	   ARG(TLBI_NH_VA_TG, v)
#define NUM(v)	   ARG(TLBI_NH_VA_NUM, v)
#define SCALE(v)   ARG(TLBI_NH_VA_SCALE, v)
#define TTL(v)	   ARG(TLBI_NH_VA_TTL, v)
#define PAGE_VA	   (CF_IOVA & ~0xfffull)
/* A block of 2 MiB in place of the page. */
#define BLOCK(pa) S1D_PUT(2, (pa) | 0xf41)
#define BLOCK_OLD READ(OK, .pa = 0x82001018)
#define BLOCK_NEW READ(OK, .pa = 0x82201018)
#define E2H_STREAM                                                                       \
	STE(STRW, 2), REG(CR0, SMMUEN, 0), REG(CR2, E2H, 1), REG(CR0, SMMUEN, 1)

static const struct cf_case cases[] = {
	{ "CMD-4 CMD-38", "stage 1 commands without stage 1", V3_1, S2,
	  STEPS(ONLY_S2, ILL(CFGI_CD), ILL(CFGI_CD_ALL), ILL(TLBI_NH_ALL),
		ILL(TLBI_NH_ASID), ILL(TLBI_NH_VA), ILL(TLBI_NH_VAA), ILL(TLBI_EL2_ALL),
		FINE(TLBI_S12_VMALL), FINE(TLBI_S2_IPA), FINE(TLBI_NSNH_ALL)) },
	{ "CMD-4 CMD-38", "stage 2 commands without stage 2", V3_1, S1,
	  STEPS(ONLY_S1, ILL(TLBI_S12_VMALL), ILL(TLBI_S2_IPA), FINE(CFGI_CD),
		FINE(CFGI_CD_ALL), FINE(TLBI_NH_ALL), FINE(TLBI_NH_ASID),
		FINE(TLBI_NH_VA), FINE(TLBI_NH_VAA), FINE(TLBI_NSNH_ALL)) },
	{ "CMD-4 CMD-41", "EL2 commands without IDR0.Hyp", V3_1, S1,
	  STEPS(CFG(hyp, 0), ILL(TLBI_EL2_ALL), ILL(TLBI_EL2_ASID), ILL(TLBI_EL2_VA),
		ILL(TLBI_EL2_VAA)) },
	{ "CMD-4 CMD-41", "EL2 commands with IDR0.Hyp", V3_1, S1,
	  STEPS(CFG(hyp, 1), FINE(TLBI_EL2_ALL), FINE(TLBI_EL2_ASID), FINE(TLBI_EL2_VA),
		FINE(TLBI_EL2_VAA)) },
	{ "CMD-4", "CFGI_VMS_PIDM without MPAM", V3_2, S1,
	  STEPS(CFG(mpam, 0), ILL(CFGI_VMS_PIDM)) },
	{ "CMD-4 EVT-53", "stall commands where nothing stalls", V3_2, S1,
	  STEPS(CFG(stall_model, 1), ILL(RESUME), ILL(STALL_TERM)) },
	{ "CMD-4", "ATS and PRI commands without ATS", V3_2, S1,
	  STEPS(CFG(ats, 0), CFG(pri, 0), ILL(ATC_INV), ILL(PRI_RESP)) },

	/* Prefetch. */
	{ "CMD-15 CMD-16", "prefetch with SMMUEN 0", V3_2, S1,
	  STEPS(REG(CR0, SMMUEN, 0), CMD(PREFETCH_CONFIG),
		ARG(PREFETCH_CONFIG_StreamID, CF_SID), GO()) },
	{ "CMD-15", "prefetch of an illegal STE, CD, translation", V3_2, S1,
	  STEPS(S1D_PUT(3, 0), CMD(PREFETCH_ADDR), ARG(PREFETCH_ADDR_StreamID, CF_SID),
		ARG_ADDR(PREFETCH_ADDR_Addr, CF_IOVA), GO(),
		READ(FAULT(F_TRANSLATION))) },
	{ "CMD-18", "PREFETCH_CONFIG sets the Access flag of the CD's page", V3_2, NESTED,
	  STEPS(CFG(httu, 1), STE(S2HA, 1), S2CD(S2DESC_AF, 0), CMD(PREFETCH_CONFIG),
		ARG(PREFETCH_CONFIG_StreamID, CF_SID), GO(MEM(M_S2CD(S2DESC_AF, 1)))) },
	{ "CMD-19", "PREFETCH_ADDR sets the Access flag", V3_2, S1,
	  STEPS(CFG(httu, 1), CD(HA, 1), S1D(3, S1DESC_AF, 0), CMD(PREFETCH_ADDR),
		ARG(PREFETCH_ADDR_StreamID, CF_SID),
		ARG_ADDR(PREFETCH_ADDR_Addr, CF_IOVA), GO(MEM(M_S1D(3, S1DESC_AF, 1)))) },

	/* Scopes. */
	{ "CMD-23", "Range 2 from StreamID 0: 0 to 7", V3_2, S1,
	  STEPS(OLD_PAGE, STE(V, 0), CMD(CFGI_STE_RANGE), ARG(CFGI_STE_RANGE_Range, 2),
		GO(), SYNC, READ(FAULT(C_BAD_STE))) },
	{ "CMD-23", "Range 1 from StreamID 0: 0 to 3", V3_2, S1,
	  STEPS(OLD_PAGE, STE(V, 0), CMD(CFGI_STE_RANGE), ARG(CFGI_STE_RANGE_Range, 1),
		GO(), SYNC, OLD_PAGE) },
	{ "CMD-23 CMD-11", "the bits below Range are ignored, beyond SIDSIZE as well",
	  V3_2, S1,
	  STEPS(OLD_PAGE, STE(V, 0), CMD(CFGI_STE_RANGE),
		ARG(CFGI_STE_RANGE_StreamID, 0x10005), ARG(CFGI_STE_RANGE_Range, 15),
		GO(), SYNC, OLD_PAGE, CMD(CFGI_STE_RANGE),
		ARG(CFGI_STE_RANGE_StreamID, 0x10005), ARG(CFGI_STE_RANGE_Range, 16),
		GO(), SYNC, READ(FAULT(C_BAD_STE))) },
	{ "CMD-24", "Range 31 ignores the StreamID", V3_2, S1,
	  STEPS(OLD_PAGE, STE(V, 0), CMD(CFGI_STE_RANGE),
		ARG(CFGI_STE_RANGE_StreamID, 0x80000000), ARG(CFGI_STE_RANGE_Range, 31),
		GO(), SYNC, READ(FAULT(C_BAD_STE))) },
	{ "CMD-25", "a single CD has index 0", V3_2, S1,
	  STEPS(OLD_PAGE, CD(V, 0), CMD(CFGI_CD), ARG(CFGI_CD_StreamID, CF_SID),
		ARG(CFGI_CD_SubstreamID, 1), GO(), SYNC, OLD_PAGE, CMD(CFGI_CD),
		ARG(CFGI_CD_StreamID, CF_SID), ARG(CFGI_CD_SubstreamID, 0), GO(), SYNC,
		READ(FAULT(C_BAD_CD))) },
	{ "CMD-28", "CFGI touches no translation", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1, CMD(CFGI_ALL), ARG(CFGI_ALL_Range, 31), GO(), SYNC,
		OLD_PAGE) },
	{ "CMD-34", "a stage 1 stream is tagged with S2VMID", V3_2, S1,
	  STEPS(STE(S2VMID, 9), OLD_PAGE, MOVE_S1, NH_VA(AT(CF_IOVA), GO()), SYNC,
		OLD_PAGE, NH_VA(ARG(TLBI_NH_VA_VMID, 9), AT(CF_IOVA), GO()), SYNC,
		NEW_PAGE) },
	{ "CMD-37", "CR0.VMW 2 ignores two bits of the VMID", V3_2, S1,
	  STEPS(STE(S2VMID, 9), OLD_PAGE, MOVE_S1, REG(CR0, VMW, 2),
		NH_VA(ARG(TLBI_NH_VA_VMID, 12), AT(CF_IOVA), GO()), SYNC, OLD_PAGE,
		NH_VA(ARG(TLBI_NH_VA_VMID, 11), AT(CF_IOVA), GO()), SYNC, NEW_PAGE) },
	{ "CMD-35", "ASET does not matter to commands", V3_2, S1,
	  STEPS(CD(ASET, 0), OLD_PAGE, MOVE_S1, NH_VA(AT(CF_IOVA), GO()), SYNC,
		NEW_PAGE) },
	{ "CMD-40", "an address inside a block", V3_2, S1,
	  STEPS(BLOCK(0x82000000ull), BLOCK_OLD, BLOCK(0x82200000ull),
		NH_VA(AT(CF_IOVA + 0x5000), GO()), SYNC, BLOCK_NEW) },
	{ "CMD-39", "Leaf 1 leaves a table on the way, as far as it was kept", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1, NH_VA(AT(CF_IOVA), ARG(TLBI_NH_VA_Leaf, 1), GO()),
		SYNC, NEW_PAGE) },
	{ "CMD-41", "EL2_ALL removes what an EL2 stream left", V3_2, S1,
	  STEPS(STE(STRW, 2), S1D(3, S1DESC_nG, 0), OLD_PAGE, MOVE_S1, CMD(TLBI_NSNH_ALL),
		GO(), SYNC, OLD_PAGE, CMD(TLBI_EL2_ALL), GO(), SYNC, NEW_PAGE) },
	{ "CMD-41", "EL2_ASID is for E2H", V3_2, S1,
	  STEPS(E2H_STREAM, OLD_PAGE, MOVE_S1, CMD(TLBI_EL2_ASID),
		ARG(TLBI_EL2_ASID_ASID, CF_ASID + 1), GO(), SYNC, OLD_PAGE,
		CMD(TLBI_EL2_ASID), ARG(TLBI_EL2_ASID_ASID, CF_ASID), GO(), SYNC,
		NEW_PAGE) },

	/* Ranges and level hints. */
	{ "CMD-42", "a range that ends before the page", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1, NH_VA(TG(1), NUM(1), AT(PAGE_VA - 0x2000), GO()), SYNC,
		OLD_PAGE) },
	{ "CMD-42", "a range whose last page it is", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1, NH_VA(TG(1), NUM(2), AT(PAGE_VA - 0x2000), GO()), SYNC,
		NEW_PAGE) },
	{ "CMD-42", "SCALE", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1,
		NH_VA(TG(1), NUM(0), SCALE(9), AT(PAGE_VA - 0x1000), GO()), SYNC,
		NEW_PAGE) },
	{ "CMD-42", "SCALE, the range ends before the page", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1,
		NH_VA(TG(1), NUM(0), SCALE(9), AT(PAGE_VA - 0x201000), GO()), SYNC,
		OLD_PAGE) },
	{ "CMD-43", "TG without NUM, SCALE, TTL", V3_2, S1,
	  STEPS(NH_VA(TG(1), AT(PAGE_VA), GO_ILL),
		NH_VA(TG(1), NUM(1), AT(PAGE_VA), GO()),
		NH_VA(TG(1), SCALE(1), AT(PAGE_VA), GO()),
		NH_VA(TG(1), TTL(3), AT(PAGE_VA), GO())) },
	{ "CMD-43", "16K with TTL 1 without DS", V3_2, S1,
	  STEPS(NH_VA(TG(2), TTL(1), GO_ILL), NH_VA(TG(2), TTL(2), GO())) },
	{ "CMD-43", "16K with TTL 1 with DS", V3_4, S1,
	  STEPS(CFG(ds, 1), NH_VA(TG(2), TTL(1), GO())) },
	{ "CMD-45", "TTL 3 of the page", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1, NH_VA(TG(1), TTL(3), AT(PAGE_VA), GO()), SYNC,
		NEW_PAGE) },
	{ "CMD-45", "TTL 2 is not for pages", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1,
		NH_VA(TG(1), TTL(2), AT(0x40200000), ARG(TLBI_NH_VA_Leaf, 1), GO()), SYNC,
		OLD_PAGE) },
	{ "CMD-45", "TTL 2 of a block", V3_2, S1,
	  STEPS(BLOCK(0x82000000ull), BLOCK_OLD, BLOCK(0x82200000ull),
		NH_VA(TG(1), TTL(2), AT(0x40200000), GO()), SYNC, BLOCK_NEW) },
	{ "CMD-45", "another granule", V3_2, S1,
	  STEPS(OLD_PAGE, MOVE_S1, NH_VA(TG(3), TTL(3), AT(0x40200000), GO()), SYNC,
		OLD_PAGE) },

	/* CMD_SYNC. */
	{ "CMD-77 CMD-78", "CS 01 with an MSI into memory", V3_2, S1,
	  STEPS(CMD(SYNC), ARG(SYNC_CS, 1), ARG(SYNC_MSIData, 0xabcd),
		ARG_ADDR(SYNC_MSIAddress, CF_END - 8),
		GO(MEM({ CF_AT_RAM, 0, 0x19fff8, 0xabcd }))) },
	{ "CMD-77", "CS 01 with no address", V3_2, S1,
	  STEPS(CMD(SYNC), ARG(SYNC_CS, 1), ARG(SYNC_MSIData, 0xabcd), GO()) },
	{ "CMD-77 REG-59", "CS 01 with an MSI that aborts", V3_2, S1,
	  STEPS(CMD(SYNC), ARG(SYNC_CS, 1), ARG_ADDR(SYNC_MSIAddress, CF_HOLE),
		GO(REGS(R(GERROR, SMMU_MASK(SMMU_GERROR_MSI_CMDQ_ABT_ERR))))) },
};

CF_TABLE(commands);
