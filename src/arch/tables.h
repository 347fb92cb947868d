/* SPDX-License-Identifier: MIT */
/* The tables of include/smmulator/arch/ as arrays, for the decoder and the tests. */
#ifndef SMMU_ARCH_TABLES_H
#define SMMU_ARCH_TABLES_H

#include <stddef.h>
#include <stdint.h>

/* Under which circumstances a row that shares its bits is the one that is there. */
enum arch_when {
	WHEN_ALWAYS,
	WHEN_D128, /* SMMU_DECODE_D128 and CD.AA64 == 0 */
	WHEN_NOT_D128,
	WHEN_FAULT0, /* ATOS PAR, by its FAULT bit */
	WHEN_FAULT1,
	WHEN_MPAM, /* SMMU_DECODE_MPAM */
	WHEN_NOT_MPAM,
	WHEN_DS, /* SMMU_DECODE_DS */
	WHEN_NOT_DS,
	WHEN_OA52_64K, /* SMMU_DECODE_OA52_64K */
	WHEN_BLOCK,    /* descriptor type 0b01 */
	WHEN_AIE,      /* SMMU_DECODE_AIE */
	WHEN_PNCH,     /* SMMU_DECODE_PNCH */
	WHEN_NOT_PNCH,
	WHEN_PBHA,  /* SMMU_DECODE_PBHA */
	WHEN_S2POE, /* SMMU_DECODE_S2POE */
};

enum arch_family {
	ARCH_STRUCTURE,
	ARCH_COMMAND,
	ARCH_EVENT,
	ARCH_REGISTER,
	ARCH_DESCRIPTOR,
};

/* Reset values that are no number. */
enum { RESET_UNKNOWN = -1, RESET_ID = -2, RESET_IMPDEF_RESET = -3 };
#define RESET_IS(n) (n)

/* One row; name NULL: the end of a structure. */
struct arch_field {
	const char *name;
	const char *values; /* group of values.def, "NONE" */
	const char *gate;   /* when it exists; of a register when it is writable */
	const char *meaning;
	const char *access; /* of a register's field if not its register's, else NULL */
	int32_t reset;	    /* of a register's field */
	uint16_t msb, lsb;
	uint8_t shift;
	uint8_t when;	/* enum arch_when */
	uint8_t impdef; /* 1: implementation defined bits, no field */
};

struct arch_struct {
	const char *name;
	const char *title;
	const char *gate;
	const struct arch_field *fields; /* up to the one without a name */
	uint32_t bits;
	uint16_t number; /* opcode, event number */
	uint8_t family;	 /* enum arch_family */
};

/* A register, or (alias) its second place. */
struct arch_register {
	const char *name; /* without SMMU_ */
	const char *page;
	const char *access;
	uint32_t offset; /* page 1 included, as SMMU_REG_ */
	int32_t stride;
	uint16_t width;
	uint8_t alias;
};

struct arch_value {
	const char *group;
	const char *name;
	uint32_t value;
	const char *words;
};

extern const struct arch_struct smmu_arch_structs[];
extern const size_t smmu_arch_struct_count;
extern const struct arch_register smmu_arch_registers[];
extern const size_t smmu_arch_register_count;
extern const struct arch_value smmu_arch_values[];
extern const size_t smmu_arch_value_count;

/* The structure of that name, letter case ignored; NULL. */
const struct arch_struct *smmu_arch_struct(const char *name);
/* The command or event record of that number; NULL. */
const struct arch_struct *smmu_arch_numbered(enum arch_family family, unsigned number);
/* The words for a value of a group; NULL if it has none. */
const char *smmu_arch_value_words(const char *group, uint64_t value);

#endif /* SMMU_ARCH_TABLES_H */
