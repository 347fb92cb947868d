/* SPDX-License-Identifier: MIT */
/*
 * Where the SMMU of smmulator explain comes from: a snapshot, or memory images and
 * register values that were taken from a real machine.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <smmulator/arch.h>
#include <smmulator/snapshot.h>
#include "cli/explain.h"

#define MAX_FILE ((size_t)8 << 30)
#define PAGE	 UINT64_C(4096)

/* ---- a snapshot ---- */

static int from_state(const struct explain_options *o, struct smmu_bus *bus,
		      struct smmu **smmu)
{
	char why[256] = "";
	void *data;
	size_t len;
	int status = cli_read_file(o->state, MAX_FILE, &data, &len), err;

	if (status)
		return status;
	err = smmu_snapshot_create(smmu, bus, data, len, SMMU_SNAPSHOT_ADD_RAM, why,
				   sizeof(why));
	free(data);
	if (err)
		return cli_complain("--state %s: %s", o->state,
				    why[0] ? why : strerror(-err));
	return CLI_OK;
}

/* ---- memory images ---- */

static int add_image(struct smmu_bus *bus, const char *image, const void *data,
		     size_t len, uint64_t pa)
{
	uint64_t base = pa & ~(PAGE - 1), end;
	int err;

	if (len == 0)
		return cli_complain("--mem %s: the file is empty", image);
	if (len - 1 > UINT64_MAX - PAGE - pa)
		return cli_complain("--mem %s: it would end above 2^64", image);
	end = (pa + len + PAGE - 1) & ~(PAGE - 1);
	err = smmu_bus_add_ram(bus, base, end - base, NULL);
	if (err == -EEXIST)
		return cli_complain(
			"--mem %s: the pages 0x%llx to 0x%llx overlap another "
			"image; legal are images that share no 4 KiB page",
			image, (unsigned long long)base, (unsigned long long)end - 1);
	if (!err)
		err = smmu_bus_write(bus, pa, data, len, NULL);
	return err ? cli_complain("--mem %s: %s", image, strerror(-err)) : CLI_OK;
}

static int take_image(struct smmu_bus *bus, const char *image)
{
	const char *at = strrchr(image, '@');
	char *path, *end;
	uint64_t pa;
	void *data;
	size_t len;
	int status;

	if (!at || at == image || !isdigit((unsigned char)at[1]))
		return cli_complain("--mem %s: legal is FILE@ADDRESS", image);
	errno = 0;
	pa = strtoull(at + 1, &end, 0);
	if (*end || errno)
		return cli_complain("--mem %s: %s is no address", image, at + 1);
	path = strndup(image, (size_t)(at - image));
	if (!path)
		return cli_complain("no memory");
	status = cli_read_file(path, MAX_FILE, &data, &len);
	free(path);
	if (status)
		return status;
	status = add_image(bus, image, data, len, pa);
	free(data);
	return status;
}

/* ---- registers ---- */

/* NAME=VALUE; name has room for 64. */
static bool split(const char *option, const char *text, char *name, uint64_t *value)
{
	const char *eq = strchr(text, '=');
	char *end;

	if (!eq || eq == text || eq - text > 63 || !isdigit((unsigned char)eq[1])) {
		cli_complain("--%s %s: legal is NAME=NUMBER", option, text);
		return false;
	}
	memcpy(name, text, (size_t)(eq - text));
	name[eq - text] = '\0';
	errno = 0;
	*value = strtoull(eq + 1, &end, 0);
	if (*end || errno) {
		cli_complain("--%s %s: %s is no number of 64 bits", option, text, eq + 1);
		return false;
	}
	return true;
}

static const char *plain(const char *name)
{
	return strncasecmp(name, "SMMU_", 5) == 0 ? name + 5 : name;
}

/* Where an ID register goes; NULL: it is none. */
static uint32_t *id_slot(struct smmu_id_values *id, const char *name)
{
	static const char *const names[] = { "IDR0", "IDR1", "IDR2", "IDR3",
					     "IDR4", "IDR5", "IDR6" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(plain(name), names[i]) == 0)
			return &id->idr[i];
	if (strcasecmp(plain(name), "IIDR") == 0)
		return &id->iidr;
	return strcasecmp(plain(name), "AIDR") == 0 ? &id->aidr : NULL;
}

/* *seen: bit n for IDRn. */
static int take_ids(const struct explain_options *o, struct smmu_id_values *id,
		    unsigned *seen)
{
	for (size_t i = 0; i < o->nreg; i++) {
		uint64_t value;
		uint32_t *slot;
		char name[64];

		if (!split("reg", o->reg[i], name, &value))
			return CLI_INPUT;
		slot = id_slot(id, name);
		if (!slot)
			continue;
		if (value > UINT32_MAX)
			return cli_complain("--reg %s: legal: 0 to 0xffffffff",
					    o->reg[i]);
		*slot = (uint32_t)value;
		if (slot >= id->idr && slot < id->idr + 7)
			*seen |= 1u << (slot - id->idr);
	}
	return CLI_OK;
}

static int configure(const struct explain_options *o, struct smmu_config *cfg)
{
	struct smmu_id_values id = { .iidr = 0 };
	unsigned seen = 0, needed = 1u << 0 | 1u << 1 | 1u << 5;
	const char *preset = o->preset ? o->preset : "v3.2";
	int status = take_ids(o, &id, &seen), found = smmu_preset_by_name(preset);
	char why[256];

	if (status)
		return status;
	if (found < 0)
		return cli_complain(
			"--preset %s: legal are v3.0, v3.1, v3.2, v3.3, v3.4, "
			"full, mmu600, mmu700 and qemu",
			preset);
	(void)smmu_config_init(cfg, (enum smmu_preset)found);
	if (seen && o->preset)
		return cli_complain("--preset %s: not together with --reg IDRn=...",
				    preset);
	if (seen && (seen & needed) != needed)
		return cli_complain("--reg: of the ID registers at least IDR0, IDR1 and "
				    "IDR5 are needed, and best all with AIDR");
	if (seen && smmu_config_from_id(cfg, &id, why, sizeof(why)))
		return cli_complain("--reg: ID registers: %s", why);
	return CLI_OK;
}

static int take_settings(const struct explain_options *o, struct smmu_config *cfg)
{
	char name[64], why[256];
	uint64_t value;

	for (size_t i = 0; i < o->nset; i++) {
		if (!split("set", o->set[i], name, &value))
			return CLI_INPUT;
		if (smmu_config_set(cfg, name, value, why, sizeof(why)))
			return cli_complain("--set %s: %s", o->set[i], why);
	}
	if (smmu_config_check(cfg, why, sizeof(why)))
		return cli_complain("configuration: %s", why);
	return CLI_OK;
}

/* CR0 and IRQ_CTRL first: they bring acknowledgements that others may correct. */
static bool comes_first(const char *name)
{
	return strcasecmp(plain(name), "CR0") == 0 ||
	       strcasecmp(plain(name), "IRQ_CTRL") == 0;
}

static int take_registers(const struct explain_options *o, struct smmu *smmu, bool first)
{
	struct smmu_id_values id;
	char name[64], why[256];
	uint64_t value;

	for (size_t i = 0; i < o->nreg; i++) {
		if (!split("reg", o->reg[i], name, &value))
			return CLI_INPUT;
		if (comes_first(name) != first || id_slot(&id, name))
			continue;
		if (smmu_reg_restore(smmu, name, value, why, sizeof(why)))
			return cli_complain("--reg %s: %s", o->reg[i], why);
	}
	return CLI_OK;
}

static int from_dump(const struct explain_options *o, struct smmu_bus *bus,
		     struct smmu **smmu)
{
	struct smmu_config cfg;
	int status = configure(o, &cfg), err;

	if (!status)
		status = take_settings(o, &cfg);
	for (size_t i = 0; i < o->nmem && !status; i++)
		status = take_image(bus, o->mem[i]);
	if (status)
		return status;
	err = smmu_create(smmu, bus, &cfg);
	if (err)
		return cli_complain("no SMMU: %s", strerror(-err));
	status = take_registers(o, *smmu, true);
	return status ? status : take_registers(o, *smmu, false);
}

int explain_build(const struct explain_options *o, struct smmu_bus *bus,
		  struct smmu **smmu)
{
	if (!o->state && o->nreg == 0)
		return cli_complain("explain: no SMMU; give one with --state FILE, or "
				    "with --reg and --mem");
	if (!o->state)
		return from_dump(o, bus, smmu);
	if (o->nmem || o->nreg || o->nset || o->preset)
		return cli_complain("--state %s: it has memory, registers and "
				    "configuration: not together with --mem, --reg, "
				    "--set or --preset",
				    o->state);
	return from_state(o, bus, smmu);
}
