/* SPDX-License-Identifier: MIT */
/* One kernel: its options, its probe lock, its messages. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/core.h"

/* Only its address is used: it tells threads apart. */
static _Thread_local char this_thread;

void core_probe_lock(struct iommu_system *sys)
{
	pthread_mutex_lock(&sys->probe_lock);
	atomic_store_explicit(&sys->probe_owner, &this_thread, memory_order_relaxed);
}

void core_probe_unlock(struct iommu_system *sys)
{
	atomic_store_explicit(&sys->probe_owner, NULL, memory_order_relaxed);
	pthread_mutex_unlock(&sys->probe_lock);
}

bool core_probe_held(struct iommu_system *sys)
{
	return atomic_load_explicit(&sys->probe_owner, memory_order_relaxed) ==
	       &this_thread;
}

static bool deferral_valid(enum iommu_deferral deferral)
{
	return deferral == IOMMU_DEFER_WAIT || deferral == IOMMU_DEFER_NONE ||
	       deferral == IOMMU_DEFER_TIMED_OUT;
}

int iommu_system_create(struct iommu_system **out, const struct iommu_system_config *cfg)
{
	static const struct iommu_system_config all_default;
	struct iommu_system *sys;

	if (!cfg)
		cfg = &all_default;
	if ((cfg->default_domain_type && cfg->default_domain_type != IOMMU_DOMAIN_DMA &&
	     cfg->default_domain_type != IOMMU_DOMAIN_DMA_FQ &&
	     cfg->default_domain_type != IOMMU_DOMAIN_IDENTITY) ||
	    !deferral_valid(cfg->deferral))
		return -EINVAL;
	sys = calloc(1, sizeof(*sys));
	if (!sys)
		return -ENOMEM;
	sys->cfg = *cfg;
	if (!sys->cfg.default_domain_type)
		sys->cfg.default_domain_type = IOMMU_DOMAIN_DMA;
	atomic_init(&sys->deferral, (int)cfg->deferral);
	atomic_init(&sys->probe_owner, NULL);
	atomic_init(&sys->next_group_id, 0);
	/* Default mutexes of glibc and musl need no memory and cannot fail. */
	pthread_mutex_init(&sys->probe_lock, NULL);
	pthread_mutex_init(&sys->sva_lock, NULL);
	core_list_init(&sys->instances);
	core_list_init(&sys->devs);
	*out = sys;
	return 0;
}

void iommu_system_destroy(struct iommu_system *sys)
{
	if (!sys)
		return;
	while (!core_list_empty(&sys->devs))
		iommu_dev_remove(CORE_SYS_DEV(sys->devs.next));
	CORE_LIST_FOR_EACH_SAFE(pos, &sys->instances)
	{
		struct iommu_instance_core *core =
			CORE_LIST_ENTRY(pos, struct iommu_instance_core, link);

		core_warn(sys, "%s: still registered", core->inst->name);
		iommu_instance_unregister(core->inst);
	}
	pthread_mutex_destroy(&sys->probe_lock);
	pthread_mutex_destroy(&sys->sva_lock);
	free(sys->pasids);
	free(sys);
}

void iommu_system_set_deferral(struct iommu_system *sys, enum iommu_deferral deferral)
{
	if (!deferral_valid(deferral))
		return;
	atomic_store(&sys->deferral, (int)deferral);
	/* Whoever waits for an IOMMU that will not come must hear of it now. */
	core_retry_deferred(sys);
}

void iommu_log(struct iommu_system *sys, enum iommu_log_level level, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (!sys->cfg.log)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sys->cfg.log(sys->cfg.log_ctx, level, text);
}
