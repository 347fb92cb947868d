/* SPDX-License-Identifier: MIT */
/* The driver on each SMMU of the board, and what is watched of both. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/acpi.h>
#include <smmulator/arch.h>
#include <smmulator/smmu.h>
#include <smmulator/snapshot.h>
#include "cli/run.h"

/* ---- Watching ---------------------------------------------------------------------- */

/* Which stages translate is taken from the walks themselves. */
static void on_trace(void *ctx, const struct smmu_trace *trace)
{
	struct run_smmu *smmu = ctx;

	if (trace->kind == SMMU_TRACE_WALK)
		smmu->stages |= trace->stage == 2 ? 2u : 1u;
}

static void on_event(void *ctx, const struct arm_smmu_event *event)
{
	struct run_smmu *smmu = ctx;
	struct run *run = smmu->run;

	if (run->nshown < RUN_SHOWN) {
		run->shown[run->nshown].smmu = smmu;
		memcpy(run->shown[run->nshown++].record, event->record,
		       sizeof(run->shown[0].record));
	}
	if (smmu->nevents < RUN_EVENTS) {
		smmu->events[smmu->nevents] = *event;
		smmu->events[smmu->nevents].record = NULL; /* it goes with the call */
	}
	smmu->nevents++;
	smmu->all_events++;
}

void run_smmu_watch(struct run_smmu *smmu)
{
	smmu->stages = 0;
	smmu->nevents = 0;
	smmu_set_trace(smmu->hw->smmu, on_trace, smmu);
}

void run_smmu_unwatch(struct run_smmu *smmu)
{
	smmu_set_trace(smmu->hw->smmu, NULL, NULL);
}

/* Only where nothing interrupts: a lost interrupt must not be hidden. */
void run_smmu_poll(struct run_smmu *smmu)
{
	if (smmu->driver && strcmp(smmu->interrupts, "none") == 0)
		arm_smmu_poll(smmu->driver);
}

/* ---- Bringing up ------------------------------------------------------------------- */

struct irq_names {
	char combined[64], eventq[64], priq[64], gerror[64];
};

/* Which of its interrupts the tree has, under the names that its wires have. */
static void name_irqs(struct run_smmu *smmu, struct irq_names *names,
		      struct arm_smmu_desc *desc)
{
	const struct {
		const char *name;
		char *buf;
		const char **to;
	} irqs[] = {
		{ "combined", names->combined, &desc->irq_combined },
		{ "eventq", names->eventq, &desc->irq_eventq },
		{ "priq", names->priq, &desc->irq_priq },
		{ "gerror", names->gerror, &desc->irq_gerror },
	};
	const struct smmu_fw_iommu *node = smmu->hw->node;

	for (size_t i = 0; i < node->nirqs; i++) {
		for (size_t j = 0; j < sizeof(irqs) / sizeof(irqs[0]); j++) {
			if (strcmp(node->irq[i].name, irqs[j].name) != 0)
				continue;
			(void)snprintf(irqs[j].buf, sizeof(names->combined), "%s.%s",
				       smmu->hw->name, irqs[j].name);
			*irqs[j].to = irqs[j].buf;
		}
	}
}

/* After the probe: MSIs come to be only where the SMMU has them. */
static const char *interrupts_of(const struct run_smmu *smmu,
				 const struct arm_smmu_desc *desc)
{
	const bool has_msi =
		smmu_reg_get(smmu->info.idr[0], SMMU_IDR0_MSI) != 0 && desc->use_msi;

	if (has_msi)
		return "messages";
	return desc->irq_combined || desc->irq_eventq ? "wires" : "none";
}

struct sids {
	struct arm_smmu_sids *list;
	size_t n;
	bool failed;
};

static void on_rmr_stream(void *ctx, uint32_t first, uint32_t last)
{
	struct sids *s = ctx;
	struct arm_smmu_sids *more = realloc(s->list, (s->n + 1) * sizeof(*more));

	if (!more) {
		s->failed = true;
		return;
	}
	s->list = more;
	more[s->n++] = (struct arm_smmu_sids){ first, last };
}

/* Streams that RMR nodes let run on (FW-27). */
static struct sids rmr_streams(const struct run *run, const struct run_smmu *smmu)
{
	const struct smmu_acpi *acpi = run->fw->acpi;
	struct sids s = { NULL, 0, false };

	if (acpi && acpi->iommu_node[smmu->hw->iommu])
		smmu_iort_for_each_rmr_stream(
			acpi->iort, acpi->iommu_node[smmu->hw->iommu], on_rmr_stream, &s);
	return s;
}

static void probe(struct run *run, struct run_smmu *smmu)
{
	const struct smmu_fw_iommu *node = smmu->hw->node;
	struct iommu_platform platform = run_platform(&run->platform);
	struct sids bypass = rmr_streams(run, smmu);
	struct irq_names names;
	struct arm_smmu_desc desc = {
		.name = smmu->hw->name,
		.base = smmu->hw->base,
		.size = smmu->hw->size,
		.coherent = node->dma_coherent,
		.options = (node->broken_prefetch_cmd ? ARM_SMMU_SKIP_PREFETCH : 0u) |
			   (node->broken_page1_regspace ? ARM_SMMU_PAGE0_REGS_ONLY : 0u),
		.use_msi = node->msi_parent.count > 0 && run->platform.doorbell,
		.iommu_cells = node->has_iommu_cells ? node->iommu_cells : 0,
		.fwnode = run->acpi ? iommu_acpi_fwnode(run->acpi, smmu->hw->iommu)
				    : iommu_of_fwnode(run->of, smmu->hw->iommu),
		.httu_override = node->httu_override,
		.httu = node->httu,
	};
	int err;

	name_irqs(smmu, &names, &desc);
	desc.bypass = bypass.list;
	desc.num_bypass = bypass.n;
	if (bypass.failed)
		run_unexpected(run, "%s: no memory for its RMR streams", node->path);
	err = arm_smmu_probe(&smmu->driver, &desc, &platform, run->sys);
	free(bypass.list);
	if (err) {
		smmu->driver = NULL;
		smmu->interrupts = "none";
		run->bad_board = run->bad_board || err == -EINVAL;
		run_unexpected(run, "%s: the driver refuses it: %s", node->path,
			       strerror(-err));
		return;
	}
	arm_smmu_get_info(smmu->driver, &smmu->info);
	smmu->interrupts = interrupts_of(smmu, &desc);
	arm_smmu_set_event_hook(smmu->driver, on_event, smmu);
}

void run_smmus_probe(struct run *run)
{
	for (size_t i = 0; i < run->nsmmus; i++) {
		run->smmus[i].run = run;
		run->smmus[i].hw = smmu_machine_smmu(run->machine, i);
		run->smmus[i].interrupts = "none";
		probe(run, &run->smmus[i]);
		run_progress(run, "SMMUs probed", i + 1, run->nsmmus);
	}
	if (run->platform.aborts)
		run_unexpected(run,
			       "the driver made %llu register accesses that nothing "
			       "answered",
			       (unsigned long long)run->platform.aborts);
}

void run_smmus_remove(struct run *run)
{
	for (size_t i = 0; i < run->nsmmus; i++)
		if (run->smmus[i].driver)
			arm_smmu_remove(run->smmus[i].driver);
}

static int write_file(const char *path, const void *data, size_t len)
{
	FILE *out = fopen(path, "wb");
	bool ok;

	if (!out)
		return cli_complain("--save-state %s: %s", path, strerror(errno));
	ok = fwrite(data, 1, len, out) == len;
	ok = fclose(out) == 0 && ok;
	return ok ? CLI_OK : cli_complain("--save-state %s: cannot be written", path);
}

int run_save_state(struct run *run)
{
	const char *path = run->options->save_state;
	void *data;
	size_t len;
	int status;

	if (!path)
		return CLI_OK;
	if (run->nsmmus == 0)
		return cli_complain("--save-state %s: the board has no enabled SMMU", path);
	if (smmu_snapshot_save(run->smmus[0].hw->smmu, SMMU_SNAPSHOT_MEMORY, &data, &len))
		return cli_complain("--save-state %s: no memory", path);
	status = write_file(path, data, len);
	free(data);
	return status;
}
