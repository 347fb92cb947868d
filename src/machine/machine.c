/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "machine/machine.h"

int machine_fail(const struct machine_build *b, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b->why, b->why_len, fmt, ap);
	va_end(ap);
	return err;
}

void smmu_machine_options_init(struct smmu_machine_options *options)
{
	memset(options, 0, sizeof(*options));
	options->size = sizeof(*options);
	options->preset = SMMU_PRESET_V3_2;
	options->functions = 4;
	options->ram_if_none = UINT64_C(1) << 30;
}

static int check_options(const struct machine_build *b)
{
	const struct smmu_machine_options *o = b->options;

	if (o->size != sizeof(*o))
		return machine_fail(b, -EINVAL, "options: size is %zu; legal is %zu",
				    o->size, sizeof(*o));
	if (o->sid_bits > 32)
		return machine_fail(b, -EINVAL,
				    "options: sid_bits is %u; legal is 0 to 32",
				    o->sid_bits);
	if (o->functions > 65536)
		return machine_fail(b, -EINVAL,
				    "options: functions is %u; legal is 0 to 65536",
				    o->functions);
	if (o->ram_if_none % 4096)
		return machine_fail(
			b, -EINVAL,
			"options: ram_if_none is 0x%llx; legal is a multiple of 4096",
			(unsigned long long)o->ram_if_none);
	return 0;
}

/* What the description says about itself. */
static int check_description(const struct machine_build *b)
{
	const struct smmu_fw_problem *p = smmu_fw_worst(b->fw, SMMU_FW_ERROR);
	bool any = false;

	if (p && !b->options->lenient)
		return machine_fail(b, -EINVAL, "%s: %s%s%s", p->path, p->property,
				    p->property[0] ? ": " : "", p->message);
	for (size_t i = 0; i < b->fw->niommus; i++)
		any = any || b->fw->iommus[i].is_smmuv3;
	if (!any && b->fw->acpi)
		return machine_fail(b, -ENODEV, "IORT: no SMMUv3 node (type 4)");
	if (!any)
		return machine_fail(b, -ENODEV,
				    "/: compatible: no node of this board is "
				    "compatible with arm,smmu-v3");
	return 0;
}

/* Which IOMMUs are soldered on: the SMMUv3 ones that are enabled. */
static int number_smmus(struct machine_build *b)
{
	struct smmu_machine *m = b->machine;
	const struct smmu_fw *fw = b->fw;

	m->smmu_of = calloc(fw->niommus + 1, sizeof(*m->smmu_of));
	b->sid_need = calloc(fw->niommus + 1, sizeof(*b->sid_need));
	if (!m->smmu_of || !b->sid_need)
		return machine_fail(b, -ENOMEM, "no memory");
	for (size_t i = 0; i < fw->niommus; i++) {
		const struct smmu_fw_iommu *node = &fw->iommus[i];
		bool there = node->is_smmuv3 && node->state.populated && node->nregs;

		m->smmu_of[i] = there ? (int)m->nsmmus++ : -1;
	}
	m->smmus = calloc(m->nsmmus + 1, sizeof(*m->smmus));
	return m->smmus ? 0 : machine_fail(b, -ENOMEM, "no memory");
}

static int build(struct machine_build *b)
{
	static int (*const steps[])(struct machine_build *) = {
		number_smmus,	      machine_plan_pmcgs,   machine_add_rams,
		machine_plan_masters, machine_add_smmus,    machine_add_pmcgs,
		machine_open_masters, machine_add_doorbell,
	};
	int err = check_options(b);

	if (!err)
		err = check_description(b);
	for (size_t i = 0; !err && i < sizeof(steps) / sizeof(steps[0]); i++)
		err = steps[i](b);
	return err;
}

int smmu_machine_create(struct smmu_machine **machine, const struct smmu_fw *fw,
			const struct smmu_machine_options *options, char *why, size_t n)
{
	struct smmu_machine_options defaults;
	struct machine_build b = {
		.fw = fw, .options = options, .why = why, .why_len = n
	};
	char nowhere[1];
	int err;

	if (!why) {
		b.why = nowhere;
		b.why_len = sizeof(nowhere);
	}
	if (!options) {
		smmu_machine_options_init(&defaults);
		b.options = &defaults;
	}
	b.machine = calloc(1, sizeof(*b.machine));
	if (b.machine)
		b.machine->bus = smmu_bus_create();
	if (!b.machine || !b.machine->bus) {
		free(b.machine);
		return machine_fail(&b, -ENOMEM, "no memory");
	}
	b.machine->fw = fw;
	err = build(&b);
	free(b.sid_need);
	free(b.named);
	if (err)
		smmu_machine_destroy(b.machine);
	else
		*machine = b.machine;
	return err;
}

void smmu_machine_destroy(struct smmu_machine *machine)
{
	if (!machine)
		return;
	/* A VF goes with its PF, which comes before it. */
	for (size_t i = machine->nmasters; i-- > 0;)
		smmu_pcie_destroy(machine->masters[i].info.pcie);
	for (size_t i = 0; i < machine->nmasters; i++) {
		smmu_endpoint_destroy(machine->masters[i].info.endpoint);
		free(machine->masters[i].streams);
		free(machine->masters[i].name);
	}
	for (size_t i = 0; machine->smmus && i < machine->nsmmus; i++)
		smmu_destroy(machine->smmus[i].info.smmu);
	smmu_bus_destroy(machine->bus);
	free(machine->masters);
	free(machine->smmus);
	free(machine->pages);
	free(machine->rams);
	free(machine->smmu_of);
	free(machine);
}

struct smmu_bus *smmu_machine_bus(const struct smmu_machine *machine)
{
	return machine->bus;
}

const struct smmu_fw *smmu_machine_fw(const struct smmu_machine *machine)
{
	return machine->fw;
}

size_t smmu_machine_rams(const struct smmu_machine *machine)
{
	return machine->nrams;
}

const struct smmu_machine_ram *smmu_machine_ram(const struct smmu_machine *machine,
						size_t index)
{
	return index < machine->nrams ? &machine->rams[index] : NULL;
}

size_t smmu_machine_smmus(const struct smmu_machine *machine)
{
	return machine->nsmmus;
}

const struct smmu_machine_smmu *smmu_machine_smmu(const struct smmu_machine *machine,
						  size_t index)
{
	return index < machine->nsmmus ? &machine->smmus[index].info : NULL;
}

size_t smmu_machine_masters(const struct smmu_machine *machine)
{
	return machine->nmasters;
}

const struct smmu_machine_master *smmu_machine_master(const struct smmu_machine *machine,
						      size_t index)
{
	return index < machine->nmasters ? &machine->masters[index].info : NULL;
}

uint64_t smmu_machine_doorbell(const struct smmu_machine *machine)
{
	return machine->doorbell;
}
