/* SPDX-License-Identifier: MIT */
/* One guest: its VMM, and the software that runs in it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli/guest.h"

#define RAM_ALIGN (UINT64_C(2) << 20)

static int fail(struct guest *g, const char *what, int err)
{
	run_unexpected(&g->all->run, "%s: %s: %s", g->name, what, strerror(-err));
	return CLI_UNEXPECTED;
}

/* ---- the VMM ---- */

/* No driver of the host has the group any more. */
static int give_up(struct guest *g)
{
	for (size_t i = 0; i < g->ndevices; i++) {
		struct run_master *m = &g->all->run.masters[g->devices[i].master];
		int err = iommu_dev_bound(m->dev) ? iommu_dev_unbind(m->dev) : 0;

		if (err)
			return fail(g, m->hw->name, err);
	}
	return CLI_OK;
}

static int make_vmm(struct guest *g, struct vmm_device *devices)
{
	struct vmm_config cfg;
	char why[200] = "";
	int err;

	for (size_t i = 0; i < g->ndevices; i++)
		devices[i] = (struct vmm_device){
			.dev = g->all->run.masters[g->devices[i].master].dev,
			.vsid = g->devices[i].vsid,
		};
	vmm_config_init(&cfg);
	cfg.name = g->name;
	cfg.host_bus = g->all->run.platform.bus;
	cfg.host_pa = g->ram.pa;
	cfg.ram_size = g->ram.size;
	cfg.devices = devices;
	cfg.num_devices = g->ndevices;
	err = vmm_guest_create(&g->vmm, &cfg, why, sizeof(why));
	if (err) {
		run_unexpected(&g->all->run, "%s: %s", g->name, why);
		return CLI_UNEXPECTED;
	}
	err = run_memory_init_range(&g->platform.memory, vmm_guest_bus(g->vmm),
				    cfg.ram_base, cfg.ram_size);
	return err ? fail(g, "its memory", err) : CLI_OK;
}

int guest_vm_reserve(struct guest *g)
{
	uint64_t mib = g->all->options->ram_mib;

	if (!run_memory_alloc(&g->all->run.platform.memory, mib << 20, RAM_ALIGN,
			      &g->ram))
		return CLI_OK;
	return cli_complain("--ram %" PRIu64 ": %s has no room for the memory of %s", mib,
			    g->all->options->host.board, g->name);
}

static int start_vmm(struct guest *g)
{
	struct vmm_device *devices = calloc(g->ndevices, sizeof(*devices));
	int status = give_up(g);

	if (!devices)
		status = fail(g, "its devices", -ENOMEM);
	if (!status)
		status = make_vmm(g, devices);
	free(devices);
	return status;
}

/* ---- its software ---- */

static void on_event(void *ctx, const struct arm_smmu_event *event)
{
	struct guest *g = ctx;

	if (g->nevents < GUEST_EVENTS) {
		g->events[g->nevents] = *event;
		g->events[g->nevents].record = NULL; /* it goes with the call */
	}
	g->nevents++;
	g->all_events++;
}

static void on_log(void *ctx, enum iommu_log_level level, const char *message)
{
	const struct guest *g = ctx;

	if (g->all->options->host.verbose && level != IOMMU_LOG_INFO)
		cli_complain("%s: %s", g->name, message);
}

static int probe(struct guest *g)
{
	struct iommu_platform platform = run_platform(&g->platform);
	char eventq[48], priq[48], gerror[48];
	struct vmm_config cfg;
	struct arm_smmu_desc desc = {
		.name = g->name,
		.size = vmm_guest_window(g->vmm),
		.coherent = true,
		.irq_eventq = eventq,
		.irq_priq = priq,
		.irq_gerror = gerror,
		.iommu_cells = 1,
		.fwnode = g->fwnode,
	};
	int err;

	vmm_config_init(&cfg);
	desc.base = cfg.smmu_base;
	(void)snprintf(eventq, sizeof(eventq), "%s.eventq", g->name);
	(void)snprintf(priq, sizeof(priq), "%s.priq", g->name);
	(void)snprintf(gerror, sizeof(gerror), "%s.gerror", g->name);
	err = arm_smmu_probe(&g->driver, &desc, &platform, g->sys);
	if (err) {
		g->driver = NULL;
		return fail(g, "the guest's driver refuses the virtual SMMU", err);
	}
	arm_smmu_get_info(g->driver, &g->info);
	arm_smmu_set_event_hook(g->driver, on_event, g);
	return CLI_OK;
}

/* What firmware says: each device refers to the guest's SMMU with one StreamID. */
static int describe(void *ctx, struct iommu_dev *dev, struct iommu_fwspec *fwspec)
{
	const struct guest_firmware *fw = ctx;
	const struct iommu_fw_args args = { .fwnode = fw->fwnode,
					    .count = 1,
					    .args = { fw->vsid } };

	return iommu_fwspec_xlate(dev, fwspec, &args);
}

static int add_device(struct guest *g, struct guest_device *d, struct guest_firmware *fw)
{
	static const struct iommu_fw_ops ops = { .describe = describe };
	struct run_master *m = &g->all->run.masters[d->master];
	struct iommu_dev_desc desc = {
		.name = m->hw->name,
		.fw = &ops,
		.fw_ctx = fw,
		.harness = m,
	};
	int err;

	*fw = (struct guest_firmware){ g->fwnode, d->vsid };
	err = iommu_dev_add(g->sys, &desc, &d->dev);
	if (!err)
		err = iommu_dev_bind(d->dev);
	return err ? fail(g, m->hw->name, err) : CLI_OK;
}

static int start_software(struct guest *g)
{
	struct iommu_system_config cfg = { .log = on_log, .log_ctx = g };
	int status;

	g->platform.bus = vmm_guest_bus(g->vmm);
	g->platform.verbose = g->all->options->host.verbose;
	g->firmware = calloc(g->ndevices, sizeof(*g->firmware));
	g->fwnode = iommu_fwnode_create(g->name);
	if (!g->firmware || !g->fwnode || iommu_system_create(&g->sys, &cfg) != 0)
		return fail(g, "its system", -ENOMEM);
	status = probe(g);
	for (size_t i = 0; i < g->ndevices && !status; i++)
		status = add_device(g, &g->devices[i], &g->firmware[i]);
	return status;
}

int guest_vm_start(struct guest *g)
{
	int status = start_vmm(g);

	return status ? status : start_software(g);
}

/* The guest shuts down, then its VMM. */
void guest_vm_stop(struct guest *g)
{
	for (size_t i = 0; i < g->ndevices; i++) {
		if (!g->devices[i].dev)
			continue;
		if (iommu_dev_bound(g->devices[i].dev))
			(void)iommu_dev_unbind(g->devices[i].dev);
		iommu_dev_remove(g->devices[i].dev);
	}
	arm_smmu_remove(g->driver);
	iommu_system_destroy(g->sys);
	iommu_fwnode_put(g->fwnode);
	run_platform_destroy(&g->platform);
	vmm_guest_destroy(g->vmm);
	run_memory_free(&g->all->run.platform.memory, &g->ram);
	free(g->firmware);
	free(g->devices);
}
