/* SPDX-License-Identifier: MIT */
/*
 * The tables as arrays. All rows are one array, in which every structure ends
 * with a row without a name; an enum that is made from the same tables says
 * where each structure begins.
 */
#include "arch/tables.h"

#include <string.h>
#include <strings.h>

#include <smmulator/arch.h>

/* The index of each row: a structure's is that of the end of the one before it. */
enum arch_index {
#define S(s, bits, title)			   AT_##s,
#define X(s, f, msb, lsb, shift, v, gate, meaning) AT_##s##_##f,
#define IMPDEF(s, msb, lsb)			   AT_##s##_IMPDEF_##msb,
#include <smmulator/arch/all.def>
	AT_END
};

#define ROW(f, v, gate, meaning, access, reset, msb, lsb, shift, when, impdef)           \
	{ f, v, gate, meaning, access, reset, msb, lsb, shift, when, impdef },
#define ROW_END ROW(NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0)
#define ROW_A(f, msb, lsb, shift, v, when, gate, meaning)                                \
	ROW(#f, #v, gate, meaning, NULL, RESET_UNKNOWN, msb, lsb, shift, WHEN_##when, 0)
#define ROW_X(f, msb, lsb, shift, v, gate, meaning)                                      \
	ROW_A(f, msb, lsb, shift, v, ALWAYS, gate, meaning)
#define ROW_IMPDEF(msb, lsb)                                                             \
	ROW("IMPDEF", "NONE", "-", "implementation defined", NULL, RESET_UNKNOWN, msb,   \
	    lsb, 0, WHEN_ALWAYS, 1)

static const struct arch_field rows[] = {
#define S(s, bits, title)   ROW_END
#define X(s, ...)	    ROW_X(__VA_ARGS__)
#define A(s, ...)	    ROW_A(__VA_ARGS__)
#define IMPDEF(s, msb, lsb) ROW_IMPDEF(msb, lsb)
#define F(r, f, msb, lsb, shift, v, reset, guard, meaning)                               \
	ROW(#f, #v, guard, meaning, NULL, RESET_##reset, msb, lsb, shift, WHEN_ALWAYS, 0)
#define FX(r, f, msb, lsb, shift, v, reset, access, guard, meaning)                      \
	ROW(#f, #v, guard, meaning, #access, RESET_##reset, msb, lsb, shift,             \
	    WHEN_ALWAYS, 0)
#define FA(r, f, msb, lsb, shift, v, reset, when, guard, meaning)                        \
	ROW(#f, #v, guard, meaning, NULL, RESET_##reset, msb, lsb, shift, WHEN_##when, 0)
#include <smmulator/arch/all.def>
	ROW_END
};

#define STRUCT(s, bits, title, gate, number, family)                                     \
	{ #s, title, gate, &rows[AT_##s + 1], bits, number, family },

const struct arch_struct smmu_arch_structs[] = {
#define S(s, bits, title) STRUCT(s, bits, title, "-", 0, ARCH_STRUCTURE)
#include <smmulator/arch/stream.def>
#define S(s, bits, title) STRUCT(s, bits, title, "-", 0, ARCH_STRUCTURE)
#include <smmulator/arch/context.def>
#define S(s, bits, title) STRUCT(s, bits, title, "-", 0, ARCH_STRUCTURE)
#define COMMAND(name, opcode, gate, title)                                               \
	STRUCT(CMD_##name, SMMU_CMD_BITS, title, gate, opcode, ARCH_COMMAND)
#include <smmulator/arch/commands.def>
#define S(s, bits, title) STRUCT(s, bits, title, "-", 0, ARCH_STRUCTURE)
#define EVENT(name, number, gate, title)                                                 \
	STRUCT(name, SMMU_EVENT_HEAD_BITS, title, gate, number, ARCH_EVENT)
#include <smmulator/arch/events.def>
#define REG(name, page, offset, stride, width, access, present, title)                   \
	STRUCT(name, SMMU_##name##_BITS, title, present, 0, ARCH_REGISTER)
#include <smmulator/arch/registers.def>
#define S(s, bits, title) STRUCT(s, bits, title, "-", 0, ARCH_DESCRIPTOR)
#include <smmulator/arch/descriptors.def>
};
const size_t smmu_arch_struct_count =
	sizeof(smmu_arch_structs) / sizeof(smmu_arch_structs[0]);

const struct arch_register smmu_arch_registers[] = {
#define REG(name, page, offset, stride, width, access, present, title)                   \
	{ #name, #page, #access, SMMU_REG_##name, stride, width, 0 },
#define REG_ALIAS(name, page, offset)                                                    \
	{ #name, #page, NULL, SMMU_REG_##name##_ALIAS, 0, SMMU_##name##_BITS, 1 },
#include <smmulator/arch/registers.def>
};
const size_t smmu_arch_register_count =
	sizeof(smmu_arch_registers) / sizeof(smmu_arch_registers[0]);

const struct arch_value smmu_arch_values[] = {
#define V(group, name, value, words) { #group, #name, value, words },
#include <smmulator/arch/values.def>
};
const size_t smmu_arch_value_count =
	sizeof(smmu_arch_values) / sizeof(smmu_arch_values[0]);

const struct arch_struct *smmu_arch_struct(const char *name)
{
	for (size_t i = 0; i < smmu_arch_struct_count; i++)
		if (strcasecmp(smmu_arch_structs[i].name, name) == 0)
			return &smmu_arch_structs[i];
	return NULL;
}

const struct arch_struct *smmu_arch_numbered(enum arch_family family, unsigned number)
{
	for (size_t i = 0; i < smmu_arch_struct_count; i++)
		if (smmu_arch_structs[i].family == (uint8_t)family &&
		    smmu_arch_structs[i].number == number)
			return &smmu_arch_structs[i];
	return NULL;
}

const char *smmu_arch_value_words(const char *group, uint64_t value)
{
	for (size_t i = 0; i < smmu_arch_value_count; i++)
		if (smmu_arch_values[i].value == value &&
		    strcmp(smmu_arch_values[i].group, group) == 0)
			return smmu_arch_values[i].words;
	return NULL;
}
