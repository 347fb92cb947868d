/* SPDX-License-Identifier: MIT */
/* The decoder's findings as text and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arch/decode.h"

static void take_nothing(void *ctx, const struct smmu_decoded *d)
{
	(void)ctx;
	(void)d;
}

/* "[3:1]" or "[0]". */
static void bits(char *buf, size_t size, const struct smmu_decoded *d)
{
	if (d->msb == d->lsb)
		(void)snprintf(buf, size, "[%u]", d->lsb);
	else
		(void)snprintf(buf, size, "[%u:%u]", d->msb, d->lsb);
}

static void text_line(void *ctx, const struct smmu_decoded *d)
{
	FILE *out = ctx;
	char at[32];

	bits(at, sizeof(at), d);
	switch (d->kind) {
	case SMMU_DECODED_FIELD:
		fprintf(out, "  %-9s %-13s 0x%-17" PRIx64 " %s%s%s\n", at, d->name,
			d->value, d->words, *d->words ? " -- " : "", d->meaning);
		break;
	case SMMU_DECODED_IMPDEF:
		fprintf(out, "  %-9s %-13s 0x%-17" PRIx64 " %s\n", at, d->name, d->value,
			d->meaning);
		break;
	case SMMU_DECODED_RESERVED:
		fprintf(out, "  RES0 bits %s = 0x%" PRIx64 " %s\n", at, d->value,
			d->meaning);
		break;
	case SMMU_DECODED_NOTE:
		fprintf(out, "  %s\n", d->meaning);
		break;
	}
}

void smmu_decode_text(FILE *out, const struct smmu_layout *layout, const uint64_t *dw,
		      unsigned flags)
{
	const struct arch_struct *s = smmu_arch_layout_struct(
		smmu_decode(layout, dw, flags, take_nothing, NULL));

	fprintf(out, "%s%s: %s\n", smmu_arch_prefix(s), s->name, s->title);
	(void)smmu_decode(layout, dw, flags, text_line, out);
}

static void json_string(FILE *out, const char *s)
{
	putc('"', out);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', out);
		putc(*s, out);
	}
	putc('"', out);
}

static void json_member(FILE *out, const char *name, const char *value)
{
	fprintf(out, ", \"%s\": ", name);
	json_string(out, value);
}

struct json {
	FILE *out;
	const char *separator;
};

static void json_entry(void *ctx, const struct smmu_decoded *d)
{
	static const char *const kinds[] = { "field", "impdef", "reserved", "note" };
	struct json *json = ctx;

	fprintf(json->out, "%s{\"kind\": \"%s\"", json->separator, kinds[d->kind]);
	json->separator = ", ";
	if (d->kind == SMMU_DECODED_NOTE) {
		json_member(json->out, "text", d->meaning);
	} else {
		json_member(json->out, "name", d->name);
		/* Values as strings: JSON numbers end at 2^53. */
		fprintf(json->out,
			", \"msb\": %u, \"lsb\": %u, \"value\": \"0x%" PRIx64 "\"",
			d->msb, d->lsb, d->value);
		json_member(json->out, "words", d->words);
		json_member(json->out, "meaning", d->meaning);
		json_member(json->out, "gate", d->gate);
	}
	putc('}', json->out);
}

void smmu_decode_json(FILE *out, const struct smmu_layout *layout, const uint64_t *dw,
		      unsigned flags)
{
	struct json json = { out, "" };
	const struct arch_struct *s = smmu_arch_layout_struct(
		smmu_decode(layout, dw, flags, take_nothing, NULL));

	fprintf(out, "{\"structure\": \"%s%s\", \"title\": ", smmu_arch_prefix(s),
		s->name);
	json_string(out, s->title);
	fprintf(out, ", \"words\": [");
	for (unsigned i = 0; i < smmu_layout_words(layout); i++)
		fprintf(out, "%s\"0x%016" PRIx64 "\"", i ? ", " : "", dw[i]);
	fprintf(out, "], \"fields\": [");
	(void)smmu_decode(layout, dw, flags, json_entry, &json);
	fprintf(out, "]}\n");
}
