/* SPDX-License-Identifier: MIT */
/*
 * What words mean: structures, commands, event records, registers and
 * descriptors taken apart by name. Any bits decode; nothing here fails because
 * of what the words hold.
 *
 * Context: any thread; no state. Words are host-order 64-bit values, the least
 * significant word of a structure first.
 */
#ifndef SMMULATOR_DECODE_H
#define SMMULATOR_DECODE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <smmulator/export.h>

SMMU_BEGIN_DECLS

/* What words are to be decoded as. Constant for ever, never freed. */
struct smmu_layout;

/*
 * The layout of that name, letter case ignored; NULL if there is none:
 * l1std ste l1cd cd vms cmd event pri, and the descriptors s1table s1desc s1pie
 * s2table s2desc s2pie (VMSAv8-64), s1table32 s1desc32 s2table32 s2desc32
 * (VMSAv8-32), s1d128t s1d128 s2d128t s2d128 (VMSAv9-128). cmd and event look into
 * the words for the record; a record's own name (CMD_SYNC, F_TRANSLATION) works as
 * well.
 */
SMMU_API const struct smmu_layout *smmu_layout_find(const char *name);
/*
 * The layout of a register, with or without SMMU_ in front, letter case ignored,
 * with an index behind if it is one of several (ECMDQ_BASE3); NULL.
 */
SMMU_API const struct smmu_layout *smmu_layout_register(const char *name);
/* The i-th name that smmu_layout_find() takes first (as listed above); NULL: no more. */
SMMU_API const char *smmu_layout_list(size_t i);

SMMU_API const char *smmu_layout_name(const struct smmu_layout *layout);
/* Size in bits (32 or 64 for a register), and in 64-bit words: at most 8. A VMS
 * counts as its first 64 bytes, which are all that it defines. */
SMMU_API unsigned smmu_layout_bits(const struct smmu_layout *layout);
SMMU_API unsigned smmu_layout_words(const struct smmu_layout *layout);
#define SMMU_LAYOUT_MAX_WORDS 8

/*
 * What the words themselves do not tell. Fields that share bits are chosen by
 * these; 0 is the usual case.
 */
#define SMMU_DECODE_D128     (1u << 0) /* IDR5.D128: AA64 == 0 means VMSAv9-128 */
#define SMMU_DECODE_MPAM     (1u << 1) /* PMCG_SMR holds PARTID and PMG */
#define SMMU_DECODE_DS	     (1u << 2) /* CD.DS or STE.S2DS, 4 or 16 KB granule */
#define SMMU_DECODE_OA52_64K (1u << 3) /* 64 KB granule and 52-bit output */
#define SMMU_DECODE_AIE	     (1u << 4) /* CD.AIE */
#define SMMU_DECODE_PNCH     (1u << 5) /* CD.PnCH */
#define SMMU_DECODE_PBHA     (1u << 6) /* page-based hardware attributes in use */
#define SMMU_DECODE_S2POE    (1u << 7) /* STE.S2POE */

enum smmu_decoded_kind {
	SMMU_DECODED_FIELD,    /* a field, set or not */
	SMMU_DECODED_IMPDEF,   /* implementation defined bits that are set */
	SMMU_DECODED_RESERVED, /* RES0 bits that are set */
	SMMU_DECODED_NOTE,     /* a remark on the whole; no bits, name NULL */
};

/* One finding. The strings live as long as the callback runs. */
struct smmu_decoded {
	enum smmu_decoded_kind kind;
	const char *name;
	unsigned msb, lsb;
	uint64_t value;
	const char *words;   /* what this value says; "" if nothing beyond its number */
	const char *meaning; /* what the field is for; of a note its text */
	const char *gate;    /* when the field exists or, of a register, may be written */
};

typedef void (*smmu_decode_fn)(void *ctx, const struct smmu_decoded *decoded);

/*
 * Calls fn for every field in the order of its bits, then for implementation
 * defined and RES0 bits that are set, then for remarks. dw holds
 * smmu_layout_words() words. Returns the layout that was used: of cmd and event
 * the record's, or the general one if the number is unknown.
 */
SMMU_API const struct smmu_layout *smmu_decode(const struct smmu_layout *layout,
					       const uint64_t *dw, unsigned flags,
					       smmu_decode_fn fn, void *ctx);

/* The same as lines of text, and as one JSON object on one line. */
SMMU_API void smmu_decode_text(FILE *out, const struct smmu_layout *layout,
			       const uint64_t *dw, unsigned flags);
SMMU_API void smmu_decode_json(FILE *out, const struct smmu_layout *layout,
			       const uint64_t *dw, unsigned flags);

/*
 * Reads the words of a layout from n strings of hexadecimal digits, each with or
 * without 0x, also several in one string with blanks or commas between them. With
 * w = smmu_layout_words():
 *   w numbers                       64-bit words, the least significant first
 *   2w numbers of up to 8 digits    32-bit words, the least significant first
 *   8w numbers of up to 2 digits    bytes in memory order
 *   one number of 16w digits, w>1   bytes in memory order, as a dump has them
 * A register of 32 bits is one number. 0, or -EINVAL: error (up to size bytes)
 * says what is wrong and what would be right, dw is untouched.
 */
SMMU_API int smmu_decode_parse_hex(const struct smmu_layout *layout, size_t n,
				   const char *const *strings, uint64_t *dw, char *error,
				   size_t size);

/* "CMD_SYNC", "F_TRANSLATION", or NULL. Opcode 0x04 is "CMD_CFGI_STE_RANGE". */
SMMU_API const char *smmu_command_name(unsigned opcode);
SMMU_API const char *smmu_event_name(unsigned number);

/* What the tables say of a register. */
struct smmu_reg_info {
	char name[40];	     /* "SMMU_ECMDQ_BASE3" */
	const char *access;  /* RO RW WO W1S W1C; of a page 0 alias "RW or RAZ/WI" */
	const char *page;    /* P0 P1 VATOS ECMDQ PMCG */
	const char *present; /* condition; "-" always */
	uint32_t offset; /* as SMMU_REG_: of P0 and P1 from the base, else in the page */
	int32_t stride;	 /* 0 no array; -1 an ID register tells, offset is element 0's */
	unsigned index, bits; /* which element; 32 or 64 */
	uint64_t reset;	      /* reset value, where reset_known has a 1 */
	uint64_t reset_known; /* RES0 bits are known to be 0 */
};

/* By name, as smmu_layout_register() takes it. 0, or -ENOENT and *info untouched. */
SMMU_API int smmu_reg_find(const char *name, struct smmu_reg_info *info);
/* By offset in pages 0 and 1; inside a 64-bit register too. 0 or -ENOENT. */
SMMU_API int smmu_reg_at(uint32_t offset, struct smmu_reg_info *info);

SMMU_END_DECLS
#endif /* SMMULATOR_DECODE_H */
