/* SPDX-License-Identifier: MIT */
/* Inside the decoder. */
#ifndef SMMU_ARCH_DECODE_H
#define SMMU_ARCH_DECODE_H

#include <stddef.h>

#include <smmulator/decode.h>

#include "arch/tables.h"

/* Writes what a field's value says into buf; "" if nothing beyond the number. */
void smmu_arch_words(char *buf, size_t size, const struct arch_field *field,
		     uint64_t value);

/* The layout of a structure, and back. */
const struct smmu_layout *smmu_arch_layout(const struct arch_struct *s);
const struct arch_struct *smmu_arch_layout_struct(const struct smmu_layout *layout);

/* "SMMU_" for a register, else "". */
const char *smmu_arch_prefix(const struct arch_struct *s);

#endif /* SMMU_ARCH_DECODE_H */
