/* SPDX-License-Identifier: MIT */
/* Named integers: {u32 count, {u8 length, name, u64 value}...}. */
#include "model/snapshot/pack.h"

enum { MAX_NAME = 63, MAX_FIELDS = 4096 };

uint64_t smmu_pack_get(const void *base, const struct smmu_pack_field *field)
{
	const char *at = (const char *)base + field->at;
	uint8_t v8;
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;

	switch (field->size) {
	case 1:
		memcpy(&v8, at, sizeof(v8));
		return v8;
	case 2:
		memcpy(&v16, at, sizeof(v16));
		return v16;
	case 4:
		memcpy(&v32, at, sizeof(v32));
		return v32;
	default:
		memcpy(&v64, at, sizeof(v64));
		return v64;
	}
}

void smmu_pack_set(void *base, const struct smmu_pack_field *field, uint64_t value)
{
	char *at = (char *)base + field->at;
	uint8_t v8 = (uint8_t)value;
	uint16_t v16 = (uint16_t)value;
	uint32_t v32 = (uint32_t)value;

	switch (field->size) {
	case 1:
		memcpy(at, &v8, sizeof(v8));
		break;
	case 2:
		memcpy(at, &v16, sizeof(v16));
		break;
	case 4:
		memcpy(at, &v32, sizeof(v32));
		break;
	default:
		memcpy(at, &value, sizeof(value));
		break;
	}
}

static void save_one(struct smmu_pack *p, const void *base,
		     const struct smmu_pack_field *field)
{
	uint8_t len = (uint8_t)strlen(field->name);
	uint64_t value = smmu_pack_get(base, field);
	char name[MAX_NAME + 1];

	memcpy(name, field->name, (size_t)len + 1);
	pack_u8(p, &len);
	pack_bytes(p, name, len);
	pack_u64(p, &value);
}

static void load_one(struct smmu_pack *p, void *base, const struct smmu_pack_field *field,
		     size_t n)
{
	char name[MAX_NAME + 1] = { 0 };
	uint64_t value = 0;
	uint8_t len = 0;

	pack_u8(p, &len);
	if (!pack_check(p, len <= MAX_NAME, "a name that is too long"))
		return;
	pack_bytes(p, name, len);
	pack_u64(p, &value);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(field[i].name, name) != 0)
			continue;
		if (pack_check(p, field[i].size == 8 || value >> (8 * field[i].size) == 0,
			       "a value that is too large"))
			smmu_pack_set(base, &field[i], value);
		return;
	}
	pack_check(p, value == 0, "a member that this version does not know");
}

void smmu_pack_fields(struct smmu_pack *p, void *base,
		      const struct smmu_pack_field *field, size_t n)
{
	uint32_t count = pack_count(p, (uint32_t)n, MAX_FIELDS);

	for (uint32_t i = 0; i < count && p->why == NULL; i++) {
		if (p->loading)
			load_one(p, base, field, n);
		else
			save_one(p, base, &field[i]);
	}
}
