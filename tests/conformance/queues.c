/* SPDX-License-Identifier: MIT */
/* Commands and events as the queues carry them, and the registers around. */
#include "conformance/harness.h"

#define NO_ENTRY   READ(FAULT(F_TRANSLATION))
#define ABT_ERR(v) (SMMU_MASK(SMMU_GERROR_EVENTQ_ABT_ERR) * (v))
#define RESERVED(op)                                                                     \
	{                                                                                \
		.kind = CF_CMD, .value = (op)                                            \
	}
/* A register of another Security state, by its offset: 0 to Non-secure software. */
#define FOREIGN(offset)                                                                  \
	CF_WR(CF_WR32, 4, offset, 0, 0xffffffff, .status = 0),                           \
		CF_WR(CF_IS, 4, offset, 0xffffffff, 0, .status = 0)
/* The command queue, disabled to change its base. */
#define CMDQ_BASE_OR(bits)                                                               \
	REG(CR0, CMDQEN, 0),                                                             \
		REG64(CMDQ_BASE, ADDR,                                                   \
		      CF_ADDR(SMMU_CMDQ_BASE_ADDR, (CF_STRTAB + 0x4000) | (bits))),      \
		REG(CR0, CMDQEN, 1)

static const struct cf_case cases[] = {
	{ "Q-14 Q-15", "a reserved opcode stops the queue at it", V3_2, S1,
	  STEPS(SYNC, RESERVED(0xff), GO_ILL, SYNC) },
	{ "Q-16", "opcode 0", V3_2, S1, STEPS(RESERVED(0), GO_ILL, SYNC) },
	{ "Q-22", "the Secure opcodes are illegal here", V3_2, S1,
	  STEPS(RESERVED(0x18), GO_ILL, RESERVED(0x1a), GO_ILL, RESERVED(0x50), GO_ILL,
		RESERVED(0x53), GO_ILL, RESERVED(0x58), GO_ILL, RESERVED(0x5a), GO_ILL,
		RESERVED(0x60), GO_ILL) },
	{ "Q-22", "the implementation defined opcodes", V3_2, S1,
	  STEPS(RESERVED(0x80), GO_ILL, RESERVED(0x8f), GO_ILL) },
	{ "Q-18", "CMD_SYNC with CS 11", V3_2, S1,
	  STEPS(CMD(SYNC), ARG(SYNC_CS, 3), GO_ILL, CMD(SYNC), ARG(SYNC_CS, 0), GO()) },
	{ "Q-18", "CMD_SYNC with CS 10 without IDR0.SEV is as 00", V3_2, S1,
	  STEPS(CFG(sev, 0), CMD(SYNC), ARG(SYNC_CS, 2), GO()) },
	{ "Q-21", "prefetch of what cannot be has no event", V3_2, S1,
	  STEPS(CMD(PREFETCH_CONFIG), ARG(PREFETCH_CONFIG_StreamID, 0x10000), GO(),
		STE(V, 0), CMD(PREFETCH_CONFIG), ARG(PREFETCH_CONFIG_StreamID, CF_SID),
		GO(), CMD(PREFETCH_ADDR), ARG(PREFETCH_ADDR_StreamID, CF_SID),
		ARG_ADDR(PREFETCH_ADDR_Addr, CF_IOVA), GO(), SYNC) },
	{ "Q-21", "prefetch fills the TLB", V3_2, S1,
	  STEPS(CMD(PREFETCH_ADDR), ARG(PREFETCH_ADDR_StreamID, CF_SID),
		ARG_ADDR(PREFETCH_ADDR_Addr, CF_IOVA), GO(), SYNC, READ(OK)) },
	{ "ADDR-7 Q-7", "CMDQ_BASE beyond OAS is truncated", V3_1, S1,
	  STEPS(CFG(oas, 4), CMDQ_BASE_OR(1ull << 44), SYNC) },
	{ "ADDR-7", "CMDQ_BASE where there is no memory", V3_1, S1,
	  STEPS(CFG(oas, 4), CMDQ_BASE_OR(1ull << 40), CMD(SYNC),
		{ .kind = CF_GO,
		  .value = SMMU_CERROR_ABT,
		  .want = CF_ONE_WANT(.event = 0) }) },

	/* Events. */
	{ "Q-27 Q-31", "data and PROD are there with the answer", V3_2, S1,
	  STEPS(S1D_PUT(3, 0), NO_ENTRY, NO_ENTRY, DRAIN(2)) },
	{ "Q-32", "one event, though both stages have a reason", V3_2, NESTED,
	  STEPS(S1D(3, S1DESC_AF, 0), S2D_PUT(3, 0), READ(FAULT(F_ACCESS)), DRAIN(1)) },
	{ "Q-24", "a full queue: one overflow, the record is lost", V3_2, S1,
	  STEPS(CFG(eventqs, 0), S1D_PUT(3, 0), NO_ENTRY,
		READ(SILENT(F_TRANSLATION), REGS(R(EVENTQ_PROD, 0x80000001))),
		READ(SILENT(F_TRANSLATION)), IS(EVENTQ_PROD, ~0u, 0x80000001), DRAIN(1),
		NO_ENTRY, DRAIN(1)) },
	{ "Q-24", "EVENTQEN 0 loses it silently", V3_2, S1,
	  STEPS(S1D_PUT(3, 0), REG(CR0, EVENTQEN, 0), READ(SILENT(F_TRANSLATION)),
		REG(CR0, EVENTQEN, 1), DRAIN(0), NO_ENTRY) },
	{ "Q-30 EVT-93 Q-60", "the queue where there is no memory", V3_2, S1,
	  STEPS(S1D_PUT(3, 0), REG(CR0, EVENTQEN, 0),
		REG64(EVENTQ_BASE, ADDR, CF_ADDR(SMMU_EVENTQ_BASE_ADDR, CF_HOLE)),
		REG(CR0, EVENTQEN, 1),
		READ(SILENT(F_TRANSLATION), REGS(R(GERROR, ABT_ERR(1)))),
		READ(SILENT(F_TRANSLATION)),
		WR32(GERRORN, ABT_ERR(1), REGS(R(GERRORN, ABT_ERR(1)))),
		READ(SILENT(F_TRANSLATION), REGS(R(GERROR, 0)))) },
	{ "Q-29 REG-41", "SMMUEN 0: no event, RECINVSID or not", V3_2, S1,
	  STEPS(STE(V, 0), REG(CR0, SMMUEN, 0), READ(OK, .bypass = 1, .pa = CF_IOVA),
		DMA(T(.sid = 0x10000), OK, .bypass = 1, .pa = CF_IOVA)) },
	{ "Q-45", "what a Non-secure stream reaches is Non-secure", V3_2, S1,
	  STEPS(DMA(T(.has_attr = 1, .attr = { .sh = 3, .ra = 1, .wa = 1, .ns = 0 }),
		    OK)) },

	/* Registers. */
	{ "REG-22", "each field is acknowledged by itself", V3_2, S1,
	  STEPS(WR32(CR0, 0xd, REGS(R(CR0, 0xd))),
		WR32(CR0, 0x5, REGS(R(CR0, 0x5), R(CR0ACK, 0x5)))) },
	{ "Q-42 Q-43", "the Secure registers are RAZ/WI", V3_2, S1,
	  STEPS(FOREIGN(0x8000), FOREIGN(0x8004), FOREIGN(0x8020), FOREIGN(0x803c),
		FOREIGN(0x8060), FOREIGN(0x8090), READ(OK)) },
	{ "Q-54 GEN-2", "implementation defined fields at 0, or not", V3_2, S1,
	  STEPS(READ(OK), STE_OR(1, 0xfffull << 52), STE_OR(2, 0xffff0000), CMD(CFGI_STE),
		ARG(CFGI_STE_StreamID, CF_SID), GO(), SYNC, READ(OK)) },
};

CF_TABLE(queues);
