/* SPDX-License-Identifier: MIT */
/* What the value of a field says, in words. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <smmulator/arch.h>

#include "arch/decode.h"

/* A buffer that is appended to; what does not fit is dropped. */
struct text {
	char *at;
	size_t left;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt,
						      ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at, t->left, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= t->left)
		n = t->left ? (int)t->left - 1 : 0;
	t->at += n;
	t->left -= (size_t)n;
}

/* One nibble of a MAIR byte for Normal memory (Arm ARM D8, translation.md 13.7). */
static void add_normal(struct text *t, unsigned nibble)
{
	static const char *const hints[] = { " no-allocate", " WA", " RA", " RWA" };

	if (nibble == 4)
		add(t, "NC");
	else
		add(t, "%s%s%s", nibble & 4 ? "WB" : "WT", nibble & 8 ? "" : "-transient",
		    hints[nibble & 3]);
}

static void add_mair(struct text *t, unsigned byte)
{
	static const char *const device[] = { "nGnRnE", "nGnRE", "nGRE", "GRE" };
	unsigned outer = byte >> 4, inner = byte & 15;

	if (outer == 0 && (inner & 3) == 0) {
		add(t, "Device-%s", device[inner >> 2]);
	} else if (outer == 0 || inner == 0) {
		add(t, "reserved");
	} else {
		add(t, "Normal %s", inner == outer ? "" : "outer ");
		add_normal(t, outer);
		if (inner != outer) {
			add(t, ", inner ");
			add_normal(t, inner);
		}
	}
}

static void mair(struct text *t, const struct arch_field *f, uint64_t value)
{
	unsigned bytes = (unsigned)(f->msb - f->lsb + 1) / 8;

	for (unsigned i = 0; i < bytes; i++) {
		unsigned byte = (unsigned)(value >> (8 * i)) & 0xff;

		if (bytes > 1)
			add(t, "%s%u: 0x%02x ", i ? "; " : "", i, byte);
		add_mair(t, byte);
	}
}

/* Sixteen permissions in one field: those that give something. */
static void permissions(struct text *t, const char *group, unsigned bits, uint64_t value)
{
	const char *separator = "";

	for (unsigned i = 0; i < 16; i++) {
		uint64_t v = value >> (bits * i) & ((1u << bits) - 1);
		const char *words = smmu_arch_value_words(group, v);

		if (v == 0)
			continue;
		add(t, "%s%u: %s", separator, i, words ? words : "reserved");
		separator = ", ";
	}
	if (*separator == '\0')
		add(t, "all none");
}

static void alloccfg(struct text *t, const struct arch_field *f, uint64_t value)
{
	(void)f;
	if (value & 8)
		add(t, "RA=%u WA=%u TR=%u", (unsigned)(value >> 2) & 1,
		    (unsigned)(value >> 1) & 1, (unsigned)value & 1);
	else
		add(t, "incoming hints");
}

static void opcode(struct text *t, const struct arch_field *f, uint64_t value)
{
	const char *name = smmu_command_name((unsigned)value);

	(void)f;
	if (value == SMMU_OP_CFGI_ALL)
		add(t, "CMD_CFGI_STE_RANGE, CMD_CFGI_ALL if Range==31");
	else if (name)
		add(t, "%s", name);
	else if (value >= 0x80 && value <= 0x8f)
		add(t, "implementation defined");
	else
		add(t, "unknown");
}

static void event(struct text *t, const struct arch_field *f, uint64_t value)
{
	const char *name = smmu_event_name((unsigned)value);

	(void)f;
	add(t, "%s", name ? name : "unknown");
}

static void txsz(struct text *t, const struct arch_field *f, uint64_t value)
{
	(void)f;
	add(t, "VMSAv8-64: %u bits", 64u - (unsigned)value);
}

static void log2_words(struct text *t, const struct arch_field *f, uint64_t value)
{
	(void)f;
	add(t, "%" PRIu64, UINT64_C(1) << (value & 63));
}

static void span(struct text *t, const struct arch_field *f, uint64_t value)
{
	(void)f;
	if (value == 0)
		add(t, "invalid");
	else if (value > 11)
		add(t, "reserved, acts as 0");
	else
		add(t, "%u STEs", 1u << (value - 1));
}

static void pii(struct text *t, const struct arch_field *f, uint64_t value)
{
	(void)f;
	permissions(t, "S1PERM", 3, value);
}

static void s2poi(struct text *t, const struct arch_field *f, uint64_t value)
{
	(void)f;
	permissions(t, "S2PERM", 4, value);
}

/* The groups of values.def that are no list. */
static const struct {
	const char *group;
	void (*say)(struct text *t, const struct arch_field *f, uint64_t value);
} computed[] = {
	{ "ALLOCCFG", alloccfg }, { "EVENT", event },	{ "LOG2", log2_words },
	{ "MAIR", mair },	  { "OPCODE", opcode }, { "PII", pii },
	{ "S2POI", s2poi },	  { "SPAN", span },	{ "TXSZ", txsz },
};

void smmu_arch_words(char *buf, size_t size, const struct arch_field *field,
		     uint64_t value)
{
	struct text t = { buf, size };
	const char *words;

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(computed) / sizeof(computed[0]); i++)
		if (strcmp(computed[i].group, field->values) == 0) {
			computed[i].say(&t, field, value);
			return;
		}
	if (field->shift)
		add(&t, "address 0x%" PRIx64, value << field->shift);
	if (strcmp(field->values, "BIT") == 0)
		return;
	if (strcmp(field->values, "NONE") == 0) {
		if (field->msb == field->lsb)
			add(&t, "%s", value ? "yes" : "no");
		return;
	}
	words = smmu_arch_value_words(field->values, value);
	add(&t, "%s", words ? words : "reserved");
}
