/* SPDX-License-Identifier: MIT */
/* Registers by name and by offset. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <smmulator/arch.h>

#include "arch/decode.h"

/* The most elements that an array of registers has. */
static unsigned elements(const struct arch_register *reg)
{
	if (reg->stride == 0)
		return 0;
	if (strcmp(reg->page, "PMCG") == 0)
		return 64; /* 10.3: at most 64 counters */
	return 256;	   /* IDR6: at most 2^8 pages, and queues a page */
}

/* Splits "ecmdq_base3" into the name's length and the index; -1: no index. */
static size_t split_index(const char *name, long *index)
{
	size_t len = strlen(name), digits = 0;

	while (digits < len && isdigit((unsigned char)name[len - 1 - digits]))
		digits++;
	*index = -1;
	if (digits && digits <= 4)
		*index = strtol(name + len - digits, NULL, 10);
	return len - digits;
}

/* A register by its name without SMMU_: its own, or one of an array. */
static const struct arch_register *find(const char *name, unsigned *index)
{
	long at;
	size_t stem = split_index(name, &at);

	*index = 0;
	for (size_t i = 0; i < smmu_arch_register_count; i++) {
		const struct arch_register *reg = &smmu_arch_registers[i];

		if (reg->alias)
			continue;
		if (strcasecmp(reg->name, name) == 0)
			return reg;
		if (at >= 0 && at < (long)elements(reg) && strlen(reg->name) == stem &&
		    strncasecmp(reg->name, name, stem) == 0) {
			*index = (unsigned)at;
			return reg;
		}
	}
	return NULL;
}

static const struct arch_register *lookup(const char *name, unsigned *index)
{
	if (strncasecmp(name, "SMMU_", 5) == 0)
		name += 5;
	return find(name, index);
}

const struct smmu_layout *smmu_layout_register(const char *name)
{
	unsigned index;
	const struct arch_register *reg = lookup(name, &index);

	return reg ? smmu_arch_layout(smmu_arch_struct(reg->name)) : NULL;
}

/* What the fields say of the reset value; bits without a field are 0. */
static void reset_value(const struct arch_struct *s, struct smmu_reg_info *info)
{
	info->reset = 0;
	info->reset_known = s->bits >= 64 ? UINT64_MAX : (UINT64_C(1) << s->bits) - 1;
	for (const struct arch_field *f = s->fields; f->name; f++) {
		unsigned field = (unsigned)SMMU_FIELD(f->msb, f->lsb, 0);

		if (f->reset < 0)
			info->reset_known &= ~SMMU_MASK(field);
		else
			info->reset =
				smmu_reg_set(info->reset, field, (uint64_t)f->reset);
	}
}

static void describe(const struct arch_register *reg, unsigned index,
		     struct smmu_reg_info *info)
{
	const struct arch_struct *s = smmu_arch_struct(reg->name);

	if (reg->stride)
		(void)snprintf(info->name, sizeof(info->name), "SMMU_%s%u", reg->name,
			       index);
	else
		(void)snprintf(info->name, sizeof(info->name), "SMMU_%s", reg->name);
	info->access = reg->alias ? "RW or RAZ/WI" : reg->access;
	info->page = reg->page;
	info->present = s->gate;
	info->stride = reg->stride;
	info->offset = reg->offset;
	if (reg->stride > 0)
		info->offset += index * (unsigned)reg->stride;
	info->index = index;
	info->bits = s->bits;
	reset_value(s, info);
}

int smmu_reg_find(const char *name, struct smmu_reg_info *info)
{
	unsigned index;
	const struct arch_register *reg = lookup(name, &index);

	if (!reg)
		return -ENOENT;
	describe(reg, index, info);
	return 0;
}

int smmu_reg_at(uint32_t offset, struct smmu_reg_info *info)
{
	for (size_t i = 0; i < smmu_arch_register_count; i++) {
		const struct arch_register *reg = &smmu_arch_registers[i];
		uint32_t past = offset - reg->offset, index = 0;

		if (reg->page[0] != 'P' || reg->page[1] == 'M' || offset < reg->offset)
			continue;
		if (reg->stride) {
			index = past / (uint32_t)reg->stride;
			past %= (uint32_t)reg->stride;
		}
		if (past >= reg->width / 8u || (index && index >= elements(reg)))
			continue;
		describe(reg, index, info);
		return 0;
	}
	return -ENOENT;
}
