/* SPDX-License-Identifier: MIT */
/* The decoder: fields, bits that should not be set, remarks. */
#include "arch/decode.h"

#include <string.h>
#include <strings.h>

#include <smmulator/arch.h>

/* A layout is a structure of the tables; the type only hides that. */
const struct smmu_layout *smmu_arch_layout(const struct arch_struct *s)
{
	return (const struct smmu_layout *)(const void *)s;
}

const struct arch_struct *smmu_arch_layout_struct(const struct smmu_layout *layout)
{
	return (const struct arch_struct *)(const void *)layout;
}

/* Names that a user gives, and the table's. */
static const struct {
	const char *name, *table;
} names[] = {
	{ "l1std", "L1STD" },
	{ "ste", "STE" },
	{ "l1cd", "L1CD" },
	{ "cd", "CD" },
	{ "vms", "VMS" },
	{ "cmd", "CMD" },
	{ "event", "EVENT_HEAD" },
	{ "pri", "PRI_ENTRY" },
	{ "s1table", "S1TABLE" },
	{ "s1desc", "S1DESC" },
	{ "s1pie", "S1PIE" },
	{ "s2table", "S2TABLE" },
	{ "s2desc", "S2DESC" },
	{ "s2pie", "S2PIE" },
	{ "s1table32", "S1TABLE32" },
	{ "s1desc32", "S1DESC32" },
	{ "s2table32", "S2TABLE32" },
	{ "s2desc32", "S2DESC32" },
	{ "s1d128t", "S1D128T" },
	{ "s1d128", "S1D128" },
	{ "s2d128t", "S2D128T" },
	{ "s2d128", "S2D128" },
};

const char *smmu_layout_list(size_t i)
{
	return i < sizeof(names) / sizeof(names[0]) ? names[i].name : NULL;
}

const struct smmu_layout *smmu_layout_find(const char *name)
{
	const struct arch_struct *s;

	for (size_t i = 0; smmu_layout_list(i); i++)
		if (strcasecmp(names[i].name, name) == 0)
			return smmu_arch_layout(smmu_arch_struct(names[i].table));
	s = smmu_arch_struct(name);
	return s && s->family != ARCH_REGISTER ? smmu_arch_layout(s) : NULL;
}

const char *smmu_layout_name(const struct smmu_layout *layout)
{
	return smmu_arch_layout_struct(layout)->name;
}

const char *smmu_arch_prefix(const struct arch_struct *s)
{
	return s->family == ARCH_REGISTER ? "SMMU_" : "";
}

unsigned smmu_layout_bits(const struct smmu_layout *layout)
{
	unsigned bits = smmu_arch_layout_struct(layout)->bits;

	return bits > 64 * SMMU_LAYOUT_MAX_WORDS ? 64 * SMMU_LAYOUT_MAX_WORDS : bits;
}

unsigned smmu_layout_words(const struct smmu_layout *layout)
{
	return (smmu_layout_bits(layout) + 63) / 64;
}

const char *smmu_command_name(unsigned number)
{
	const struct arch_struct *s = smmu_arch_numbered(ARCH_COMMAND, number);

	return s ? s->name : NULL;
}

const char *smmu_event_name(unsigned number)
{
	const struct arch_struct *s;

	if (number > SMMU_EVT_IMPDEF_EVENTn && number <= SMMU_EVT_IMPDEF_EVENTn + 15)
		number = SMMU_EVT_IMPDEF_EVENTn; /* 0xE0 to 0xEF */
	s = smmu_arch_numbered(ARCH_EVENT, number);
	return s ? s->name : NULL;
}

/* The record that a command or event is, if the table is the general one. */
static const struct arch_struct *resolve(const struct arch_struct *s, const uint64_t *dw)
{
	const char *name;

	if (strcmp(s->name, "CMD") == 0) {
		name = smmu_command_name((unsigned)smmu_get(dw, SMMU_CMD_OPCODE));
		/* One opcode, two commands: CMD-24. */
		if (name && strcmp(name, "CMD_CFGI_STE_RANGE") == 0 &&
		    smmu_get(dw, SMMU_CMD_CFGI_STE_RANGE_Range) == 31)
			name = "CMD_CFGI_ALL";
	} else if (strcmp(s->name, "EVENT_HEAD") == 0) {
		name = smmu_event_name((unsigned)smmu_get(dw, SMMU_EVENT_HEAD_EVENT));
	} else {
		return s;
	}
	return name ? smmu_arch_struct(name) : s;
}

/* Is this row the one that is there, of those that share its bits? */
static int applies(const struct arch_field *f, const uint64_t *dw, unsigned flags)
{
	int d128 = (flags & SMMU_DECODE_D128) && smmu_get(dw, SMMU_CD_AA64) == 0;

	switch ((enum arch_when)f->when) {
	case WHEN_ALWAYS:
		return 1;
	case WHEN_D128:
		return d128;
	case WHEN_NOT_D128:
		return !d128;
	case WHEN_FAULT0:
		return !smmu_get(dw, SMMU_GATOS_PAR_FAULT);
	case WHEN_FAULT1:
		return smmu_get(dw, SMMU_GATOS_PAR_FAULT) != 0;
	case WHEN_MPAM:
		return (flags & SMMU_DECODE_MPAM) != 0;
	case WHEN_NOT_MPAM:
		return !(flags & SMMU_DECODE_MPAM);
	case WHEN_DS:
		return (flags & SMMU_DECODE_DS) != 0;
	case WHEN_NOT_DS:
		return !(flags & SMMU_DECODE_DS);
	case WHEN_OA52_64K:
		return (flags & SMMU_DECODE_OA52_64K) != 0;
	case WHEN_BLOCK:
		return smmu_get(dw, SMMU_S1DESC_Type) == SMMU_DESC_TYPE_BLOCK;
	case WHEN_AIE:
		return (flags & SMMU_DECODE_AIE) != 0;
	case WHEN_PNCH:
		return (flags & SMMU_DECODE_PNCH) != 0;
	case WHEN_NOT_PNCH:
		return !(flags & SMMU_DECODE_PNCH);
	case WHEN_PBHA:
		return (flags & SMMU_DECODE_PBHA) != 0;
	case WHEN_S2POE:
		return (flags & SMMU_DECODE_S2POE) != 0;
	}
	return 0;
}

/* One decoding under way. */
struct work {
	const struct arch_struct *s;
	const uint64_t *dw;
	unsigned flags;
	smmu_decode_fn fn;
	void *ctx;
	uint64_t known[SMMU_LAYOUT_MAX_WORDS]; /* bits that some row names */
};

static uint64_t value_of(const struct work *w, const struct arch_field *f)
{
	return smmu_get(w->dw, (unsigned)SMMU_FIELD(f->msb, f->lsb, 0));
}

static void report_field(const struct work *w, const struct arch_field *f)
{
	char words[1024];
	struct smmu_decoded d = {
		.kind = f->impdef ? SMMU_DECODED_IMPDEF : SMMU_DECODED_FIELD,
		.name = f->name,
		.msb = f->msb,
		.lsb = f->lsb,
		.value = value_of(w, f),
		.words = words,
		.meaning = f->meaning,
		.gate = f->gate,
	};

	smmu_arch_words(words, sizeof(words), f, d.value);
	w->fn(w->ctx, &d);
}

/* The elements of a VMS' map: the only field beyond 64 bits. */
static void report_map(const struct work *w, const struct arch_field *f)
{
	for (unsigned i = 0; i < 32; i++) {
		char name[24] = "PARTID_MAP[";
		struct smmu_decoded d = {
			.kind = SMMU_DECODED_FIELD,
			.name = name,
			.msb = 16 * i + 15,
			.lsb = 16 * i,
			.value = smmu_vms_partid(w->dw, i),
			.words = "",
			.meaning = f->meaning,
			.gate = f->gate,
		};

		(void)snprintf(name, sizeof(name), "%s[%u]", f->name, i);
		w->fn(w->ctx, &d);
	}
}

static void learn(struct work *w, const struct arch_field *f)
{
	for (unsigned bit = f->lsb; bit <= f->msb; bit++)
		w->known[bit / 64] |= UINT64_C(1) << (bit % 64);
}

/* Fields in the order of their bits; the tables group them as they share macros. */
static void report_fields(struct work *w)
{
	for (unsigned lsb = 0; lsb < w->s->bits && lsb < 64 * SMMU_LAYOUT_MAX_WORDS;
	     lsb++)
		for (const struct arch_field *f = w->s->fields; f->name; f++) {
			if (f->lsb != lsb || !applies(f, w->dw, w->flags))
				continue;
			learn(w, f);
			if (f->msb - f->lsb >= 64 && !f->impdef)
				report_map(w, f);
			else if (!f->impdef)
				report_field(w, f);
		}
}

/* Implementation defined bits that are set, a word at a time. */
static void report_impdef(const struct work *w)
{
	for (const struct arch_field *f = w->s->fields; f->name; f++)
		for (unsigned lsb = f->lsb; f->impdef && lsb <= f->msb;
		     lsb = (lsb / 64 + 1) * 64) {
			struct arch_field part = *f;

			part.lsb = (uint16_t)lsb;
			if (part.msb / 64 != lsb / 64)
				part.msb = (uint16_t)(lsb / 64 * 64 + 63);
			if (value_of(w, &part))
				report_field(w, &part);
		}
}

/* RES0 bits that are set: each gap between fields, a word at a time. */
static void report_reserved(const struct work *w)
{
	unsigned bits = smmu_layout_bits(smmu_arch_layout(w->s)), msb;

	for (unsigned lsb = 0; lsb < bits; lsb = msb + 1) {
		struct smmu_decoded d = { SMMU_DECODED_RESERVED, "RES0", 0, lsb, 0, "",
					  "should be 0",	 "-" };

		msb = lsb;
		if (w->known[lsb / 64] >> (lsb % 64) & 1)
			continue;
		while (msb % 64 != 63 && msb + 1 < bits &&
		       !(w->known[msb / 64] >> ((msb + 1) % 64) & 1))
			msb++;
		d.msb = msb;
		d.value = smmu_get(w->dw, (unsigned)SMMU_FIELD(msb, lsb, 0));
		if (d.value)
			w->fn(w->ctx, &d);
	}
}

static void note(const struct work *w, const char *text)
{
	struct smmu_decoded d = { SMMU_DECODED_NOTE, NULL, 0, 0, 0, "", text, "-" };

	w->fn(w->ctx, &d);
}

static void report_notes(const struct work *w)
{
	if (strcmp(w->s->name, "CMD") == 0)
		note(w, "unknown opcode: CERROR_ILL, unless it is implementation defined "
			"(0x80 to 0x8f)");
	else if (strcmp(w->s->name, "EVENT_HEAD") == 0)
		note(w, "unknown event number");
}

const struct smmu_layout *smmu_decode(const struct smmu_layout *layout,
				      const uint64_t *dw, unsigned flags,
				      smmu_decode_fn fn, void *ctx)
{
	struct work w = { .dw = dw, .flags = flags, .fn = fn, .ctx = ctx };
	int unknown;

	w.s = resolve(smmu_arch_layout_struct(layout), dw);
	/* Of an unknown record nothing is known to be reserved. */
	unknown = strcmp(w.s->name, "CMD") == 0 || strcmp(w.s->name, "EVENT_HEAD") == 0;
	report_fields(&w);
	report_impdef(&w);
	/* CMD-24: CFGI_ALL ignores StreamID, it is not RES0. */
	if (strcmp(w.s->name, "CMD_CFGI_ALL") == 0)
		w.known[0] |= SMMU_MASK(SMMU_CMD_CFGI_STE_RANGE_StreamID);
	/* Descriptors have bits that software may use; see descriptors.def. */
	if (!unknown && w.s->family != ARCH_DESCRIPTOR)
		report_reserved(&w);
	report_notes(&w);
	return smmu_arch_layout(w.s);
}
