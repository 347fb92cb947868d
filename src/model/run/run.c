/* SPDX-License-Identifier: MIT */
/* The modes: their life, what is accepted and not yet done, and running until idle. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "model/queue/command.h"
#include "model/run/run.h"

int smmu_run_create(struct smmu *smmu)
{
	int err;

	if (smmu->cfg.mode == SMMU_MODE_INLINE)
		return 0;
	smmu->run = calloc(1, sizeof(*smmu->run));
	if (!smmu->run)
		return -ENOMEM;
	smmu->run->random = smmu->cfg.seed;
	if (smmu->cfg.mode == SMMU_MODE_STEPPED)
		return 0;
	err = smmu_device_start(smmu);
	if (err) {
		free(smmu->run);
		smmu->run = NULL;
	}
	return err;
}

void smmu_run_destroy(struct smmu *smmu)
{
	if (!smmu->run)
		return;
	if (smmu->cfg.mode == SMMU_MODE_THREADED)
		smmu_device_stop(smmu);
	free(smmu->run);
	smmu->run = NULL;
}

void smmu_run_reset(struct smmu *smmu)
{
	if (smmu->run)
		smmu->run->n_inv = smmu->run->n_records = 0;
}

/* ---- invalidations ---- */

void smmu_run_do_inv(struct smmu *smmu, unsigned i)
{
	struct smmu_runner *run = smmu->run;
	const struct smmu_run_inv inv = run->inv[i];
	const struct smmu_command *cmd;
	uint64_t dw[2];

	run->n_inv--;
	memmove(&run->inv[i], &run->inv[i + 1], (run->n_inv - i) * sizeof(inv));
	/* It was legal when it was consumed, and no register that decides has changed. */
	cmd = smmu_command_decode(smmu, inv.raw, dw);
	if (cmd)
		cmd->run(smmu, dw);
}

/* ---- records ---- */

unsigned smmu_run_oldest(const struct smmu_runner *run, bool pri)
{
	unsigned i = 0;

	while (i < run->n_records && run->record[i].pri != pri)
		i++;
	return i;
}

void smmu_run_write_record(struct smmu *smmu, unsigned i)
{
	struct smmu_runner *run = smmu->run;
	const struct smmu_run_record record = run->record[i];

	run->n_records--;
	memmove(&run->record[i], &run->record[i + 1],
		(run->n_records - i) * sizeof(record));
	if (record.pri)
		smmu_priq_append(smmu, record.dw);
	else
		smmu_eventq_append(smmu, record.dw);
}

unsigned smmu_run_records(const struct smmu *smmu, bool pri)
{
	unsigned n = 0;

	for (unsigned i = 0; smmu->run && i < smmu->run->n_records; i++)
		n += smmu->run->record[i].pri == pri;
	return n;
}

static void write_all(struct smmu *smmu, bool pri)
{
	unsigned i;

	while ((i = smmu_run_oldest(smmu->run, pri)) < smmu->run->n_records)
		smmu_run_write_record(smmu, i);
}

bool smmu_run_keep_record(struct smmu *smmu, bool pri, uint64_t pa, const uint64_t *dw)
{
	size_t bytes = 8 * (pri ? (size_t)SMMU_PRI_DWORDS : (size_t)SMMU_EVENT_DWORDS);
	struct smmu_runner *run = smmu->run;
	struct smmu_run_record *record;

	if (smmu->cfg.mode != SMMU_MODE_STEPPED)
		return false;
	/* CHOICE: whether other memory than RAM takes it is known at once, as ever. */
	if (!smmu_bus_ptr(smmu->bus, pa, bytes)) {
		write_all(smmu, pri);
		return false;
	}
	if (run->n_records == SMMU_RUN_RECORDS)
		smmu_run_write_record(smmu, 0);
	record = &run->record[run->n_records++];
	*record = (struct smmu_run_record){ .since = run->now, .pri = pri };
	memcpy(record->dw, dw, bytes);
	return true;
}

void smmu_run_settle(struct smmu *smmu)
{
	if (!smmu->run)
		return;
	while (smmu->run->n_inv)
		smmu_run_do_inv(smmu, 0);
	while (smmu->run->n_records)
		smmu_run_write_record(smmu, 0);
}

bool smmu_run_in_the_middle(const struct smmu *smmu)
{
	if (smmu->cfg.mode != SMMU_MODE_STEPPED)
		return false;
	if (smmu->run->n_inv || smmu->run->n_records || smmu->cmdq.step.half)
		return true;
	for (unsigned i = 0; i < smmu_ecmdq_count(smmu); i++)
		if (smmu->ecmdq[i].step.half)
			return true;
	return smmu_stall_started(smmu) != 0;
}

/* ---- until idle ---- */

int smmu_run_until_idle(struct smmu *smmu)
{
	int steps = 0, moved;

	if (!smmu)
		return -EINVAL;
	if (smmu_lock_mine(&smmu->lock))
		return -EDEADLK;
	switch (smmu->cfg.mode) {
	case SMMU_MODE_STEPPED:
		while ((moved = smmu_step(smmu)) == 1)
			steps++;
		return moved < 0 ? moved : steps;
	case SMMU_MODE_THREADED:
		if (smmu_device_is_me(smmu))
			return -EDEADLK;
		smmu_device_wait_idle(smmu);
		return 0;
	default:
		return 0;
	}
}
