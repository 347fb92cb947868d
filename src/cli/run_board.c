/* SPDX-License-Identifier: MIT */
/* The hardware of a run: from a file to a machine. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/acpi.h>
#include "cli/run.h"

/* What the parser takes at most (<smmulator/firmware.h>). */
#define MAX_DTB ((size_t)8 << 20)

static int read_tree(struct run *run, char *why, size_t n)
{
	const struct run_options *o = run->options;
	void *file = NULL;
	size_t len = o->blob_len;
	int status = o->blob ? CLI_OK : cli_read_file(o->board, MAX_DTB, &file, &len);
	int err;

	if (status)
		return status;
	err = smmu_fw_from_dtb(o->blob ? o->blob : file, len, &run->fw, why, n);
	free(file);
	return err ? cli_complain("%s: %s", o->board, why) : CLI_OK;
}

static int read_tables(struct run *run, char *why, size_t n)
{
	const struct run_options *o = run->options;
	struct smmu_acpi_blob tables[2] = { { NULL, 0 }, { NULL, 0 } };
	void *data[2] = { NULL, NULL };
	size_t count = 0;
	int status = CLI_OK;

	for (; count < 2 && o->acpi[count] && !status; count++) {
		status = cli_read_file(o->acpi[count], SMMU_ACPI_MAX_BYTES, &data[count],
				       &tables[count].len);
		tables[count].data = data[count];
	}
	if (!status &&
	    smmu_fw_from_acpi(tables, count, o->lenient ? SMMU_ACPI_LENIENT : 0, &run->fw,
			      why, n))
		status = cli_complain("%s: %s", o->board, why);
	free(data[0]);
	free(data[1]);
	return status;
}

/* No board given: one for the functions of the dump. */
static int make_tables(struct run *run, char *why, size_t n)
{
	struct smmu_acpi_blob table;
	void *data;
	int status = run_pci_ops->board(run, &data, &table.len);

	if (status)
		return status;
	table.data = data;
	if (smmu_fw_from_acpi(&table, 1, 0, &run->fw, why, n))
		status = cli_complain("--pci %s: %s", run->options->pci, why);
	free(data);
	return status;
}

static int describe(struct run *run)
{
	const struct run_options *o = run->options;
	char why[512];
	int status;

	if (o->is_dtb)
		status = read_tree(run, why, sizeof(why));
	else if (o->acpi[0])
		status = read_tables(run, why, sizeof(why));
	else
		status = make_tables(run, why, sizeof(why));

	for (size_t i = 0; !status && i < o->nenable; i++)
		if (smmu_fw_set_enabled(run->fw, o->enable[i], true))
			status = cli_complain(
				"%s: %s: no IOMMU, master or host of that path", o->board,
				o->enable[i]);
	return status;
}

static int build(struct run *run)
{
	const struct run_options *o = run->options;
	struct smmu_machine_options mo;
	char why[512] = "";
	int err;

	smmu_machine_options_init(&mo);
	mo.preset = o->preset;
	mo.functions = o->functions;
	mo.sid_bits = o->sid_bits;
	mo.named = o->named;
	mo.num_named = o->nnamed;
	mo.lenient = o->lenient;
	mo.msi = run_platform_msi;
	mo.msi_ctx = &run->platform;
	if (run->pci && run_pci_ops->choose(run, &mo))
		return CLI_INPUT;
	err = smmu_machine_create(&run->machine, run->fw, &mo, why, sizeof(why));
	if (err)
		return cli_complain("%s: %s", o->board, why[0] ? why : strerror(-err));
	if (run->pci)
		run_pci_ops->power_on(run);
	run->platform.bus = smmu_machine_bus(run->machine);
	run->platform.doorbell = smmu_machine_doorbell(run->machine);
	run->platform.verbose = o->verbose;
	if (run_memory_init(&run->platform.memory, run->machine))
		return cli_complain("%s: no memory", o->board);
	return CLI_OK;
}

/* What the reader should know of the board, though nothing fails by it. */
static void remark(struct run *run)
{
	for (size_t i = 0; i < run->fw->nproblems; i++) {
		const struct smmu_fw_problem *p = &run->fw->problems[i];

		run_finding(run, "%s: %s%s%s", p->path, p->property,
			    p->property[0] ? ": " : "", p->message);
	}
	if (run->fw->problems_dropped)
		run_finding(run, "and %zu more findings", run->fw->problems_dropped);
	for (size_t i = 0; i < run->fw->niommus; i++) {
		const struct smmu_fw_iommu *node = &run->fw->iommus[i];

		if (node->is_smmuv3 && !node->state.populated)
			run_note(run,
				 "%s is disabled; --enable %s does what a boot loader "
				 "would",
				 node->path, node->path);
	}
	if (smmu_machine_masters(run->machine) == 0)
		run_note(run, "no node of this board is a master that does DMA");
}

static int read_functions(struct run *run)
{
	if (!run->options->pci)
		return CLI_OK;
	if (!run_pci_ops)
		return cli_complain("--pci %s: this program was built without libpci",
				    run->options->pci);
	return run_pci_ops->read(run);
}

int run_board_create(struct run *run)
{
	int status = read_functions(run);

	if (!status)
		status = describe(run);
	if (!status)
		status = build(run);
	if (!status)
		remark(run);
	return status;
}

void run_board_destroy(struct run *run)
{
	run_platform_destroy(&run->platform);
	smmu_machine_destroy(run->machine);
	smmu_fw_destroy(run->fw);
	if (run->pci)
		run_pci_ops->destroy(run->pci);
}
