/* SPDX-License-Identifier: MIT */
/*
 * The conformance suite is data. An entry names the rules that it proves, a preset, a
 * known-good configuration (the fixture), and steps: change one field, send one
 * transaction or command, and what must come of it. Whatever an entry does not name must
 * stay as it was: every register of pages 0 and 1, and all memory of the fixture, are
 * compared before and after each transaction, command and register write.
 *
 *   { "STE-31", "S2T0SZ one below the least", V3_2, S2,
 *     STEPS(STE(S2T0SZ, 15), READ(FAULT(C_BAD_STE))) },
 *
 * Add a topic: a file with CF_TABLE(name) and a line in tables.def. Rule ids stand in
 * the first string of an entry; tests/rules.py reads them there.
 *
 * The fixtures: CF_SID translates CF_IOVA to CF_PA. BYPASS: no stage; S1: CD at CF_CD;
 * S2; NESTED: stage 1 gives CF_IPA, and the CD and stage 1 tables, where IPA equals PA,
 * go through stage 2 as well. Tables are of 4 KiB, 48 bits, level 0 at CF_S1_TT and
 * CF_S2_TT, the next level one page further. OFF: not enabled at all.
 */
#ifndef TESTS_CONFORMANCE_HARNESS_H
#define TESTS_CONFORMANCE_HARNESS_H

#include <stddef.h>
#include <smmulator/ats.h>
#include "model/harness.h"

#define CF_SID	  5u
#define CF_VMID	  3u
#define CF_ASID	  7u /* of SubstreamID n: CF_ASID + n */
#define CF_IOVA	  0x40201018ull
#define CF_IPA	  0x50001018ull
#define CF_PA	  (H_RAM + 0x2001018ull)
#define CF_STRTAB (H_RAM + 0x100000ull)
#define CF_STE	  (CF_STRTAB + 64ull * CF_SID)
#define CF_L1STD  (H_RAM + 0x120000ull) /* TWO_LEVEL: 4 of them, SPLIT 6 */
#define CF_CD	  (H_RAM + 0x140000ull) /* SUBSTREAMS: 4 CDs */
#define CF_L1CD	  (H_RAM + 0x148000ull) /* TWO_LEVEL_CD: 4 of them, 64 CDs each */
#define CF_S1_TT  (H_RAM + 0x160000ull)
#define CF_S2_TT  (H_RAM + 0x180000ull)
#define CF_END	  (H_RAM + 0x1a0000ull)
#define CF_HOLE	  0x1000000000ull /* no memory is there: an external abort */

enum cf_fixture { OFF, BYPASS, S1, S2, NESTED };
/* Or to the fixture: */
#define TWO_LEVEL    0x100u /* of stream table */
#define SUBSTREAMS   0x200u /* S1CDMax 2, S1DSS 1 (bypass) */
#define TWO_LEVEL_CD 0x400u /* S1Fmt 1, S1CDMax 8, S1DSS 1 */

enum cf_place {
	CF_AT_CONFIG,
	CF_AT_STE,
	CF_AT_CD,    /* level: the SubstreamID */
	CF_AT_L1STD, /* that of CF_SID */
	CF_AT_L1CD,  /* that of SubstreamID 0 */
	CF_AT_S1D,   /* stage 1 descriptor of CF_IOVA, of that level */
	CF_AT_S2D,   /* stage 2 descriptor of CF_IPA (S2: CF_IOVA) */
	CF_AT_S2CD,  /* level 3 stage 2 descriptor of the CD's page */
	CF_AT_S2TT,  /* level 3 stage 2 descriptor of the stage 1 table of that level */
	CF_AT_RAM,   /* field is an offset from H_RAM */
};

enum cf_kind {
	CF_STOP,
	CF_SET,	 /* a field in memory, or of the configuration */
	CF_OR,	 /* raw bits: value into word `field` */
	CF_PUT,	 /* a whole word */
	CF_WR32, /* register write: field the offset */
	CF_WR64,
	CF_REG, /* read, change a field (mask: which), write; level 8: 64 bits */
	CF_IS,	/* register: (read & mask) == value */
	CF_DMA,
	CF_TREQ, /* ATS Translation Request; inst: Exe, SMMU_READ: NW */
	CF_CMD,	  /* begin a command */
	CF_ARG,	  /* a field of it */
	CF_GO,	  /* push it and let it run; value: expected CERROR, 0 none */
	CF_DRAIN, /* value: that many events are in the queue; empties it */
};

struct cf_pair {
	uint32_t field;
	uint64_t value;
};
struct cf_mem {
	uint8_t place, level;
	uint32_t field;
	uint64_t value;
};
struct cf_txn {
	uint8_t op, at, kind;
	bool inst, priv, ssv;
	bool has_attr;
	uint32_t sid, ssid; /* sid 0: CF_SID */
	uint64_t addr;	    /* 0: CF_IOVA */
	struct smmu_attr attr;
};
enum { CF_GRANT_R = 1, CF_GRANT_W = 2, CF_GRANT_X = 4, CF_GRANT_PRIV = 8 };
struct cf_want {
	uint8_t status, event;
	bool silent;		/* the event is not recorded */
	bool bypass;		/* of the result */
	uint8_t grant, bits;	/* of a completion: CF_GRANT_*, log2 of the size */
	uint64_t pa;		/* 0: CF_PA (fixture BYPASS: the address) */
	struct cf_pair attr[6]; /* offset in smmu_attr plus 1; others: WB, inner */
	struct cf_pair rec[8];	/* fields of the record that are not as by default */
	struct cf_pair regs[8]; /* offset plus 1 of 32-bit registers */
	struct cf_mem mem[3];	/* fields in memory that change */
};
struct cf_step {
	uint8_t kind, place, level;
	uint32_t field;
	uint64_t value, mask;
	const struct cf_txn *txn;
	const struct cf_want *want;
};
struct cf_case {
	const char *rules, *name;
	uint8_t preset;
	unsigned fixture;
	const struct cf_step *step;
};
struct cf_table {
	const char *topic;
	const struct cf_case *cases;
	size_t n;
};
/* Runs the entries whose name contains part (NULL: all); how many failed. */
unsigned cf_run(const struct cf_table *table, const char *part);

/* ---- how to write entries ---- */
/* Last line of a topic: static const struct cf_case cases[] = {...}; CF_TABLE(name); */
#define CF_TABLE(topic_)                                                                 \
	const struct cf_table cf_##topic_ = { #topic_, cases,                            \
					      sizeof(cases) / sizeof(cases[0]) }
#define TOPIC(name) extern const struct cf_table cf_##name;
#include "conformance/tables.def"
#undef TOPIC

#define V3_0 SMMU_PRESET_V3_0
#define V3_1 SMMU_PRESET_V3_1
#define V3_2 SMMU_PRESET_V3_2
#define V3_3 SMMU_PRESET_V3_3
#define V3_4 SMMU_PRESET_V3_4
#define FULL SMMU_PRESET_FULL

#define STEPS(...)                                                                       \
	(const struct cf_step[])                                                         \
	{                                                                                \
		__VA_ARGS__,                                                             \
		{                                                                        \
			.kind = CF_STOP                                                  \
		}                                                                        \
	}
#define CF_CFG_SIZE(f) sizeof(((struct smmu_config *)0)->f)
#define CFG(f, v)                                                                        \
	{                                                                                \
		.kind = CF_SET, .place = CF_AT_CONFIG, .level = CF_CFG_SIZE(f),          \
		.field = offsetof(struct smmu_config, f), .value = (v)                   \
	}
#define CF_IN(place_, level_, field_, v)                                                 \
	{                                                                                \
		.kind = CF_SET, .place = (place_), .level = (level_), .field = (field_), \
		.value = (v)                                                             \
	}
#define CF_BITS(kind_, place_, level_, word, bits)                                       \
	{                                                                                \
		.kind = (kind_), .place = (place_), .level = (level_), .field = (word),  \
		.value = (bits)                                                          \
	}
/* An address, for a field that holds one. */
#define CF_ADDR(field_, addr) ((uint64_t)(addr) >> SMMU_FIELD_SHIFT(field_))
#define STE(f, v)	      CF_IN(CF_AT_STE, 0, SMMU_STE_##f, v)
#define STE_ADDR(f, a)	      STE(f, CF_ADDR(SMMU_STE_##f, a))
#define STE_OR(word, bits)    CF_BITS(CF_OR, CF_AT_STE, 0, word, bits)
#define CD(f, v)	      CF_IN(CF_AT_CD, 0, SMMU_CD_##f, v)
#define CD_ADDR(f, a)	      CD(f, CF_ADDR(SMMU_CD_##f, a))
#define CD_N(ssid, f, v)      CF_IN(CF_AT_CD, ssid, SMMU_CD_##f, v)
#define CD_OR(word, bits)     CF_BITS(CF_OR, CF_AT_CD, 0, word, bits)
#define L1STD(f, v)	      CF_IN(CF_AT_L1STD, 0, SMMU_L1STD_##f, v)
#define L1STD_ADDR(a)	      L1STD(L2Ptr, CF_ADDR(SMMU_L1STD_L2Ptr, a))
#define L1CD(f, v)	      CF_IN(CF_AT_L1CD, 0, SMMU_L1CD_##f, v)
#define L1CD_ADDR(a)	      L1CD(L2Ptr, CF_ADDR(SMMU_L1CD_L2Ptr, a))
/* Descriptors: fields are those of S1DESC, S2DESC, S1TABLE ...: S1D(3, S1DESC_AF, 0). */
#define S1D(level, f, v)    CF_IN(CF_AT_S1D, level, SMMU_##f, v)
#define S2D(level, f, v)    CF_IN(CF_AT_S2D, level, SMMU_##f, v)
#define S2CD(f, v)	    CF_IN(CF_AT_S2CD, 3, SMMU_##f, v)
#define S2TT(level, f, v)   CF_IN(CF_AT_S2TT, level, SMMU_##f, v)
#define S1D_PUT(level, v)   CF_BITS(CF_PUT, CF_AT_S1D, level, 0, v)
#define S2D_PUT(level, v)   CF_BITS(CF_PUT, CF_AT_S2D, level, 0, v)
#define S1D_OR(level, bits) CF_BITS(CF_OR, CF_AT_S1D, level, 0, bits)
#define S2D_OR(level, bits) CF_BITS(CF_OR, CF_AT_S2D, level, 0, bits)
#define RAM(pa, v)	    CF_BITS(CF_PUT, CF_AT_RAM, 0, (uint32_t)((pa)-H_RAM), v)

#define CF_ONE_WANT(...)                                                                 \
	&(const struct cf_want)                                                          \
	{                                                                                \
		__VA_ARGS__                                                              \
	}
#define CF_WR(kind_, level_, reg, m, v, ...)                                             \
	{                                                                                \
		.kind = (kind_), .level = (level_), .field = (reg), .mask = (m),         \
		.value = (v), .want = CF_ONE_WANT(__VA_ARGS__)                           \
	}
/* Register writes; after the value: REGS(...) that change. */
#define WR32(reg, v, ...) CF_WR(CF_WR32, 4, SMMU_REG_##reg, 0, v, __VA_ARGS__)
#define WR64(reg, v, ...) CF_WR(CF_WR64, 8, SMMU_REG_##reg, 0, v, __VA_ARGS__)
/* One field of a register, by read and write; not checked for other changes. */
#define REG(reg, f, v) CF_WR(CF_REG, 4, SMMU_REG_##reg, SMMU_##reg##_##f, v, .status = 0)
#define REG64(reg, f, v)                                                                 \
	CF_WR(CF_REG, 8, SMMU_REG_##reg, SMMU_##reg##_##f, v, .status = 0)
/* CR2 is read-only while SMMUEN (6.3.12). */
#define CR2_REG(f, v)	REG(CR0, SMMUEN, 0), REG(CR2, f, v), REG(CR0, SMMUEN, 1)
#define IS(reg, m, v)	CF_WR(CF_IS, 4, SMMU_REG_##reg, m, v, .status = 0)
#define IS64(reg, m, v) CF_WR(CF_IS, 8, SMMU_REG_##reg, m, v, .status = 0)

#define CMD(op)                                                                          \
	{                                                                                \
		.kind = CF_CMD, .value = SMMU_OP_##op                                    \
	}
#define ARG(f, v)                                                                        \
	{                                                                                \
		.kind = CF_ARG, .field = SMMU_CMD_##f, .value = (v)                      \
	}
#define ARG_ADDR(f, a) ARG(f, CF_ADDR(SMMU_CMD_##f, a))
#define ARG_OR(word, bits)                                                               \
	{                                                                                \
		.kind = CF_ARG, .place = 1, .field = (word), .value = (bits)             \
	}
#define GO(...)                                                                          \
	{                                                                                \
		.kind = CF_GO, .want = CF_ONE_WANT(.status = 0, __VA_ARGS__)             \
	}
#define GO_ERR(cerror, ...)                                                              \
	{                                                                                \
		.kind = CF_GO, .value = (cerror),                                        \
		.want = CF_ONE_WANT(.status = 0, __VA_ARGS__)                            \
	}
#define GO_ILL GO_ERR(SMMU_CERROR_ILL)
#define SYNC   CMD(SYNC), GO()
#define DRAIN(n)                                                                         \
	{                                                                                \
		.kind = CF_DRAIN, .value = (n)                                           \
	}

#define T(...) (&(const struct cf_txn){ __VA_ARGS__ })
#define DMA(t, ...)                                                                      \
	{                                                                                \
		.kind = CF_DMA, .txn = (t), .want = CF_ONE_WANT(__VA_ARGS__)             \
	}
#define READ(...)   DMA(T(.op = SMMU_READ), __VA_ARGS__)
#define WRITE(...)  DMA(T(.op = SMMU_WRITE), __VA_ARGS__)
#define FETCH(...)  DMA(T(.op = SMMU_READ, .inst = 1), __VA_ARGS__)
#define OK	    .status = SMMU_OK
#define FAULT(evt)  .status = SMMU_ABORT, .event = SMMU_EVT_##evt
#define SILENT(evt) .status = SMMU_ABORT, .event = SMMU_EVT_##evt, .silent = 1
#define REC(...)    .rec = { __VA_ARGS__ }
#define F(f, v)                                                                          \
	{                                                                                \
		SMMU_##f, v                                                              \
	}
#define F_ADDR(f, a)                                                                     \
	{                                                                                \
		SMMU_##f, CF_ADDR(SMMU_##f, a)                                           \
	}
/* Translation Requests: status, and what is granted; pa counts as that of DMA. */
#define TREQ(t, ...)                                                                     \
	{                                                                                \
		.kind = CF_TREQ, .txn = (t), .want = CF_ONE_WANT(__VA_ARGS__)            \
	}
#define GRANT(bits_, rwx) .status = SMMU_ATS_SUCCESS, .bits = (bits_), .grant = (rwx)
#define DENIED		  GRANT(12, 0)
#define UR(evt)		  .status = SMMU_ATS_UR, .event = SMMU_EVT_##evt
#define CA(evt)		  .status = SMMU_ATS_CA, .event = SMMU_EVT_##evt
#define QUIET		  .silent = 1
#define ATTR(...) .attr = { __VA_ARGS__ }
#define A(f, v)                                                                          \
	{                                                                                \
		offsetof(struct smmu_attr, f) + 1, v                                     \
	}
#define REGS(...) .regs = { __VA_ARGS__ }
#define R(reg, v)                                                                        \
	{                                                                                \
		SMMU_REG_##reg + 1, v                                                    \
	}
#define MEM(...) .mem = { __VA_ARGS__ }
#define M_S1D(level, f, v)                                                               \
	{                                                                                \
		CF_AT_S1D, level, SMMU_##f, v                                            \
	}
#define M_S2D(level, f, v)                                                               \
	{                                                                                \
		CF_AT_S2D, level, SMMU_##f, v                                            \
	}
#define M_S2TT(level, f, v)                                                              \
	{                                                                                \
		CF_AT_S2TT, level, SMMU_##f, v                                           \
	}
#define M_S2CD(f, v)                                                                     \
	{                                                                                \
		CF_AT_S2CD, 3, SMMU_##f, v                                               \
	}

#endif /* TESTS_CONFORMANCE_HARNESS_H */
