/* SPDX-License-Identifier: MIT */
/* What all ACPI tables have in common (FW-20), and the way in to both readers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "firmware/acpi.h"

uint8_t acpi_u8(const struct acpi_table *t, uint32_t at)
{
	return t->data[at];
}

uint16_t acpi_u16(const struct acpi_table *t, uint32_t at)
{
	return (uint16_t)(t->data[at] | t->data[at + 1] << 8);
}

uint32_t acpi_u32(const struct acpi_table *t, uint32_t at)
{
	return acpi_u16(t, at) | (uint32_t)acpi_u16(t, at + 2) << 16;
}

uint64_t acpi_u64(const struct acpi_table *t, uint32_t at)
{
	return acpi_u32(t, at) | (uint64_t)acpi_u32(t, at + 4) << 32;
}

static void say(const struct acpi_table *t, uint32_t offset, const char *text)
{
	if (offset)
		snprintf(t->why, t->why_len, "%s: node at 0x%x: %s", t->name, offset,
			 text);
	else
		snprintf(t->why, t->why_len, "%s: %s", t->name, text);
}

static void note(const struct acpi_table *t, enum smmu_fw_severity severity,
		 uint32_t offset, const char *text)
{
	char path[32];

	if (offset)
		snprintf(path, sizeof(path), "/%s@%x", t->name, offset);
	else
		snprintf(path, sizeof(path), "/%s", t->name);
	fw_problem(t->box, severity, path, "", "%s", text);
}

int acpi_refuse(const struct acpi_table *t, uint32_t offset, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say(t, offset, text);
	return -EINVAL;
}

int acpi_bad(const struct acpi_table *t, uint32_t offset, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (t->lenient) {
		note(t, SMMU_FW_ERROR, offset, text);
		return 0;
	}
	say(t, offset, text);
	return -EINVAL;
}

void acpi_remark(const struct acpi_table *t, enum smmu_fw_severity severity,
		 uint32_t offset, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	note(t, severity, offset, text);
}

int acpi_open(struct acpi_table *t, const struct smmu_acpi_blob *blob)
{
	const uint32_t least = IORT_HEADER;
	unsigned sum = 0;

	t->data = blob->data;
	t->len = acpi_u32(t, 4);
	if (t->len < least)
		return acpi_refuse(t, 0, "length is %u; legal is %u or more", t->len,
				   least);
	if (t->len > SMMU_ACPI_MAX_BYTES)
		return acpi_refuse(t, 0, "length is %u; this reader takes up to %zu",
				   t->len, SMMU_ACPI_MAX_BYTES);
	if (t->len > blob->len)
		return acpi_refuse(t, 0,
				   "length is %u, but the file ends after %zu bytes",
				   t->len, blob->len);
	for (uint32_t i = 0; i < t->len; i++)
		sum += t->data[i];
	if (sum & 0xff)
		return acpi_bad(t, 0,
				"checksum is 0x%02x; 0x%02x at offset 9 would make all "
				"bytes add up to 0",
				acpi_u8(t, 9), (acpi_u8(t, 9) - sum) & 0xff);
	return 0;
}

/* One table into acpi, which has none of its kind yet. */
static int read_table(struct acpi_table *t, const struct smmu_acpi_blob *blob,
		      struct smmu_acpi *acpi)
{
	const bool iort = blob->len >= ACPI_HEADER && !memcmp(blob->data, "IORT", 4);
	const bool viot = blob->len >= ACPI_HEADER && !memcmp(blob->data, "VIOT", 4);
	int err;

	if (!iort && !viot) {
		snprintf(t->why, t->why_len,
			 "not an IORT or VIOT: a table has %u bytes or more and begins "
			 "with its signature",
			 ACPI_HEADER);
		return -EINVAL;
	}
	t->name = iort ? "IORT" : "VIOT";
	if (iort ? acpi->iort != NULL : acpi->viot != NULL)
		return acpi_refuse(t, 0, "is there twice; legal is one");
	err = acpi_open(t, blob);
	if (!err)
		err = iort ? iort_parse(t, &acpi->iort) : viot_parse(t, &acpi->viot);
	return err;
}

int smmu_fw_from_acpi(const struct smmu_acpi_blob *tables, size_t count, unsigned flags,
		      struct smmu_fw **fw, char *why, size_t n)
{
	struct fw_box *box = fw_box_create();
	char nowhere[1];
	struct acpi_table t = { .box = box,
				.lenient = flags & SMMU_ACPI_LENIENT,
				.why = why ? why : nowhere,
				.why_len = why ? n : sizeof(nowhere) };
	struct smmu_acpi *acpi = box ? fw_alloc(box, 1, sizeof(*acpi)) : NULL;
	int err = acpi ? 0 : -ENOMEM;

	if (!err && (!count || flags & ~SMMU_ACPI_LENIENT)) {
		snprintf(t.why, t.why_len, "no table, or an unknown flag");
		err = -EINVAL;
	}
	for (size_t i = 0; i < count && !err; i++)
		err = read_table(&t, &tables[i], acpi);
	if (!err)
		err = acpi_board(box, acpi);
	if (!err && box->out_of_memory)
		err = -ENOMEM;
	if (err == -ENOMEM)
		snprintf(t.why, t.why_len, "no memory");
	if (err)
		fw_box_destroy(box);
	else
		*fw = &box->fw;
	return err;
}
