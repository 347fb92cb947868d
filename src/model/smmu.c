/* SPDX-License-Identifier: MIT */
/* An SMMU as a whole: creation, reset, the lock, statistics, trace. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "model/model.h"
#include "model/mpam/mpam.h"
#include "model/pmcg/pmcg.h"
#include "model/queue/command.h"

static const char *const irq_names[SMMU_IRQ_COUNT] = {
	[SMMU_IRQ_EVENTQ] = "eventq", [SMMU_IRQ_PRIQ] = "priq",
	[SMMU_IRQ_GERROR] = "gerror", [SMMU_IRQ_CMD_SYNC] = "cmdq-sync",
	[SMMU_IRQ_SEV] = "sev",
};
static const char *const pmcg_names[SMMU_PMCG_MAX] = { "pmcg0", "pmcg1", "pmcg2",
						       "pmcg3" };

/* ---- what waits for the lock to be released ---- */

static struct smmu_signal take_signal(struct smmu *smmu, unsigned i)
{
	const struct smmu_signal signal = smmu->signal[i];

	smmu->n_signals--;
	memmove(&smmu->signal[i], &smmu->signal[i + 1],
		(smmu->n_signals - i) * sizeof(signal));
	return signal;
}

/* REG-59 */
static void msi_aborted(struct smmu *smmu, unsigned irq)
{
	static const unsigned errors[SMMU_IRQ_COUNT] = {
		[SMMU_IRQ_EVENTQ] = SMMU_GERROR_MSI_EVENTQ_ABT_ERR,
		[SMMU_IRQ_PRIQ] = SMMU_GERROR_MSI_PRIQ_ABT_ERR,
		[SMMU_IRQ_GERROR] = SMMU_GERROR_MSI_GERROR_ABT_ERR,
		[SMMU_IRQ_CMD_SYNC] = SMMU_GERROR_MSI_CMDQ_ABT_ERR,
	};

	if (irq >= SMMU_IRQ_PMCG)
		smmu_pmcg_msi_aborted(smmu, irq - SMMU_IRQ_PMCG);
	else
		smmu_gerror_raise(smmu, errors[irq]);
}

/*
 * An MSI to RAM is written under the lock, so that no other thread's CMD_SYNC or
 * IRQ_CTRL write can complete before it is visible (CMD-78, REG-57). GAP: one to
 * anything else may run a handler, so the lock is free meanwhile, as it is for wires:
 * between threads such a one can come late.
 */
static void send_msi(struct smmu *smmu, const struct smmu_signal *s)
{
	bool ram = smmu_msi_to_ram(smmu, s->pa), ok;
	unsigned resets = smmu->resets;

	if (!ram)
		smmu_lock_drop(&smmu->lock);
	ok = smmu_msi_write(smmu, s);
	if (!ram)
		(void)smmu_lock_take(&smmu->lock);
	/* An abort from before a reset is nothing to the SMMU after it. */
	if (!ok && smmu->resets == resets)
		msi_aborted(smmu, s->irq);
}

/* REG-53, REG-60: the MSI, its abort in GERROR, and the wire, in that order. */
static void send(struct smmu *smmu, const struct smmu_signal *signal)
{
	if (signal->pa)
		send_msi(smmu, signal);
	smmu_lock_drop(&smmu->lock);
	smmu_wire_pulse(smmu->wire[signal->irq]);
	(void)smmu_lock_take(&smmu->lock);
}

/* REG-120. CHOICE: the caches are empty after a reset. */
static void reset_now(struct smmu *smmu)
{
	smmu->n_signals = 0;
	smmu->resets++;
	smmu->reset_wanted = false;
	/* EVT-60: nothing that is recorded later is the same event. */
	smmu->last_event.valid = false;
	/* STALL-12 */
	smmu_stall_terminate_all(smmu);
	smmu_regs_reset(smmu);
	smmu_ats_reset(smmu);
	smmu_cfgcache_flush(smmu->cfgcache);
	smmu_tlb_flush(smmu->tlb);
	smmu_vms_flush(smmu);
	smmu_pmcg_reset(smmu);
	smmu_void_all(smmu->voids);
	smmu_ports_count(smmu);
	memset(&smmu->stats, 0, sizeof(smmu->stats));
	smmu_run_reset(smmu);
}

void smmu_signal_send(struct smmu *smmu, unsigned i)
{
	const struct smmu_signal signal = take_signal(smmu, i);

	send(smmu, &signal);
}

static bool next_signal(struct smmu *smmu, struct smmu_signal *signal)
{
	if (smmu->reset_wanted)
		reset_now(smmu);
	if (smmu->n_signals == 0)
		return false;
	*signal = take_signal(smmu, 0);
	return true;
}

/* A reset does not wait; for the rest somebody else is there. */
static void deliver_elsewhere(struct smmu *smmu)
{
	if (smmu->reset_wanted)
		reset_now(smmu);
	smmu_reg_put(&smmu->attention,
		     smmu->attention & ~(uint32_t)SMMU_ATTENTION_DELIVER);
	if (smmu->cfg.mode == SMMU_MODE_THREADED)
		smmu_device_work(smmu);
}

/*
 * A handler may come back in from send() and take the signals that are still
 * waiting: they go out in order all the same, just from a deeper frame. Another
 * thread may do so too; then they go out on that thread. Messages to PCIe functions go
 * the same way.
 */
void smmu_deliver(struct smmu *smmu)
{
	struct smmu_signal signal;

	if (!smmu_runs_here(smmu)) {
		deliver_elsewhere(smmu);
		return;
	}
	do {
		while (next_signal(smmu, &signal)) {
			send(smmu, &signal);
			if (signal.irq == SMMU_IRQ_CMD_SYNC)
				smmu_cmdq_run(smmu);
		}
	} while ((__builtin_expect(smmu->stall_due, 0) && smmu_stall_work(smmu)) ||
		 (smmu->ats && smmu_ats_deliver(smmu)));
	smmu_reg_put(&smmu->attention,
		     smmu->attention & ~(uint32_t)SMMU_ATTENTION_DELIVER);
}

/* ---- life ---- */

static void report(const struct smmu_config *cfg, const char *why)
{
	const char *name = cfg && cfg->name ? cfg->name : "smmu";
	char message[256];

	(void)snprintf(message, sizeof(message), "%s: impossible configuration: %s", name,
		       why);
	if (cfg && cfg->log)
		cfg->log(cfg->log_ctx, message);
	else
		(void)fprintf(stderr, "%s\n", message);
}

static int check(const struct smmu_config *cfg)
{
	char why[192];

	if (smmu_config_check(cfg, why, sizeof(why)) == 0)
		return 0;
	/* A configuration of another size has its log elsewhere, if at all. */
	report(cfg && cfg->size == sizeof(*cfg) ? cfg : NULL, why);
	return -EINVAL;
}

static int find_wires(struct smmu *smmu)
{
	char name[64];

	for (unsigned i = 0; i < SMMU_IRQ_PMCG + (unsigned)smmu->cfg.pmcgs; i++) {
		(void)snprintf(name, sizeof(name), "%s.%s", smmu->name,
			       i < SMMU_IRQ_PMCG ? irq_names[i]
						 : pmcg_names[i - SMMU_IRQ_PMCG]);
		smmu->wire[i] = smmu_bus_wire(smmu->bus, name);
		if (!smmu->wire[i])
			return -ENOMEM;
	}
	return 0;
}

static int make_parts(struct smmu *smmu)
{
	int err = find_wires(smmu);

	if (!err)
		err = smmu_voids_create(&smmu->voids);
	if (!err)
		err = smmu_cfgcache_create(&smmu->cfgcache, &smmu->cfg, smmu->voids);
	if (!err)
		err = smmu_tlb_create(&smmu->tlb, &smmu->cfg, smmu->voids);
	if (!err)
		err = smmu_ecmdq_create(smmu);
	if (!err)
		err = smmu_vms_create(smmu);
	if (!err)
		err = smmu_pmcg_create(smmu);
	if (!err)
		err = smmu_stalls_create(smmu);
	if (!err)
		err = smmu_ats_create(smmu);
	return err;
}

static void free_parts(struct smmu *smmu)
{
	smmu_ats_destroy(smmu);
	smmu_ecmdq_destroy(smmu);
	smmu_stalls_destroy(smmu);
	if (smmu->tlb)
		smmu_tlb_destroy(smmu->tlb);
	if (smmu->cfgcache)
		smmu_cfgcache_destroy(smmu->cfgcache);
	free(smmu->pmcg);
	free(smmu->vms);
	smmu_lock_fini(&smmu->lock);
	free(smmu->voids);
	free(smmu);
}

static int name_it(struct smmu *smmu, const char *name)
{
	int len = snprintf(smmu->name, sizeof(smmu->name), "%s", name ? name : "smmu");

	if (len <= 0 || (size_t)len >= sizeof(smmu->name)) {
		report(&smmu->cfg, "name: 1 to 47 characters are legal");
		return -EINVAL;
	}
	smmu->cfg.name = smmu->name;
	return 0;
}

int smmu_create(struct smmu **out, struct smmu_bus *bus, const struct smmu_config *cfg)
{
	struct smmu *smmu;
	int err = out && bus ? check(cfg) : -EINVAL;

	if (err)
		return err;
	smmu = calloc(1, sizeof(*smmu));
	if (!smmu)
		return -ENOMEM;
	if (smmu_lock_init(&smmu->lock) != 0) {
		free(smmu);
		return -ENOMEM;
	}
	smmu->bus = bus;
	smmu->cfg = *cfg;
	err = name_it(smmu, cfg->name);
	if (!err)
		err = make_parts(smmu);
	if (err) {
		free_parts(smmu);
		return err;
	}
	smmu_id_derive(&smmu->id, &smmu->cfg);
	smmu_commands_init(smmu);
	smmu_regs_init(smmu);
	smmu_reset(smmu);
	err = smmu_run_create(smmu);
	if (err) {
		free_parts(smmu);
		return err;
	}
	*out = smmu;
	return 0;
}

void smmu_destroy(struct smmu *smmu)
{
	if (!smmu)
		return;
	smmu_run_destroy(smmu);
	free_parts(smmu);
}

/*
 * From inside, that is from what answers an access of this SMMU to a table or a
 * queue, it waits until the call that made the access is about to end.
 */
void smmu_reset(struct smmu *smmu)
{
	bool outside = smmu_lock(smmu);

	smmu->reset_wanted = true;
	smmu_deliver_later(smmu);
	if (outside)
		smmu_unlock_and_deliver(smmu);
}

/* ---- watching ---- */

void smmu_stats_read(struct smmu *smmu, struct smmu_stats *stats)
{
	bool outside = smmu_lock(smmu);

	smmu_ports_count(smmu);
	*stats = smmu->stats;
	if (outside)
		smmu_unlock_and_deliver(smmu);
}

void smmu_set_trace(struct smmu *smmu, smmu_trace_fn fn, void *ctx)
{
	bool outside = smmu_lock(smmu);

	smmu->trace = fn;
	smmu->trace_ctx = ctx;
	smmu_reg_put(&smmu->attention,
		     (smmu->attention & ~(uint32_t)SMMU_ATTENTION_TRACE) |
			     (fn ? SMMU_ATTENTION_TRACE : 0));
	smmu_void_all(smmu->voids);
	if (outside)
		smmu_unlock_and_deliver(smmu);
}
