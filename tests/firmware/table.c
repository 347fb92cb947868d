/* SPDX-License-Identifier: MIT */
#include "firmware/table.h"

void table_begin(struct table *t, const char *signature, uint8_t revision)
{
	memset(t, 0, sizeof(*t));
	t->w = smmu_acpi_begin(signature, revision);
	assert_non_null(t->w);
}

void table_finish(struct table *t)
{
	void *data;

	assert_int_equal(smmu_acpi_finish(t->w, &data, &t->len), 0);
	t->data = data;
}

void table_free(struct table *t)
{
	free(t->data);
}

void table_put(struct table *t, size_t at, uint64_t value, unsigned bytes)
{
	assert_true(at + bytes <= t->len);
	for (unsigned i = 0; i < bytes; i++)
		t->data[at + i] = (unsigned char)(value >> (8 * i));
}

static int parse(const struct table *t, unsigned flags, struct smmu_fw **fw, char *why,
		 size_t n)
{
	const struct smmu_acpi_blob blob = { t->data, t->len };

	why[0] = '\0';
	return smmu_fw_from_acpi(&blob, 1, flags, fw, why, n);
}

struct smmu_fw *table_parse(struct table *t)
{
	struct smmu_fw *fw = NULL;
	char why[256];

	smmu_acpi_checksum(t->data, t->len);
	if (parse(t, 0, &fw, why, sizeof(why)))
		fail_msg("refused: %s", why);
	return fw;
}

struct smmu_fw *table_parse_lenient(struct table *t)
{
	struct smmu_fw *fw = NULL;
	char why[256];

	if (parse(t, SMMU_ACPI_LENIENT, &fw, why, sizeof(why)))
		fail_msg("refused: %s", why);
	return fw;
}

static void with(struct table *t, size_t at, uint64_t value, unsigned bytes,
		 const char *says)
{
	struct smmu_fw *fw = (struct smmu_fw *)t;
	unsigned char keep[8];
	char why[256];
	int err;

	memcpy(keep, t->data + at, bytes);
	table_put(t, at, value, bytes);
	smmu_acpi_checksum(t->data, t->len);
	err = parse(t, 0, &fw, why, sizeof(why));
	memcpy(t->data + at, keep, bytes);
	smmu_acpi_checksum(t->data, t->len);
	if (!says) {
		if (err)
			fail_msg("refused: %s", why);
		smmu_fw_destroy(fw);
		return;
	}
	assert_int_equal(err, -22); /* -EINVAL, and nothing is written */
	assert_ptr_equal(fw, t);
	if (!strstr(why, says))
		fail_msg("\"%s\" does not say \"%s\"", why, says);
}

void assert_refused(struct table *t, size_t at, uint64_t value, unsigned bytes,
		    const char *says)
{
	with(t, at, value, bytes, says);
}

void assert_taken(struct table *t, size_t at, uint64_t value, unsigned bytes)
{
	with(t, at, value, bytes, NULL);
}

uint32_t add_its(struct table *t, uint32_t its)
{
	return smmu_acpi_add_node(t->w,
				  &(struct smmu_iort_node){ .type = SMMU_IORT_ITS_GROUP,
							    .its = { 1, &its } });
}

uint32_t add_smmuv3(struct table *t, uint64_t base, uint8_t revision)
{
	return smmu_acpi_add_node(t->w,
				  &(struct smmu_iort_node){ .type = SMMU_IORT_SMMUV3,
							    .revision = revision,
							    .v3 = { .base = base } });
}

uint32_t add_component(struct table *t, const char *path)
{
	return smmu_acpi_add_node(
		t->w, &(struct smmu_iort_node){ .type = SMMU_IORT_NAMED_COMPONENT,
						.revision = 4,
						.nc = { .memory = { true, 0, 1 },
							.address_bits = 48,
							.path = path } });
}

uint32_t add_root(struct table *t, uint32_t segment)
{
	return smmu_acpi_add_node(
		t->w, &(struct smmu_iort_node){ .type = SMMU_IORT_ROOT_COMPLEX,
						.revision = 3,
						.rc = { .memory = { true, 0, 1 },
							.segment = segment,
							.address_bits = 64 } });
}

uint32_t add_rmr(struct table *t, uint32_t flags, uint64_t base, uint64_t length)
{
	const struct smmu_iort_rmr_range range = { base, length };

	return smmu_acpi_add_node(
		t->w, &(struct smmu_iort_node){ .type = SMMU_IORT_RMR,
						.revision = 3,
						.rmr = { flags, 1, &range } });
}

bool has_problem(const struct smmu_fw *fw, enum smmu_fw_severity severity,
		 const char *path, const char *says)
{
	for (size_t i = 0; i < fw->nproblems; i++)
		if (fw->problems[i].severity == severity &&
		    !strcmp(fw->problems[i].path, path) &&
		    strstr(fw->problems[i].message, says))
			return true;
	return false;
}
