/* SPDX-License-Identifier: MIT */
/* Counted things without behaviour: firmware nodes, and driver modules. */
#include <stdlib.h>
#include <string.h>
#include "core/core.h"

struct iommu_fwnode {
	atomic_uint refs;
	char name[];
};

struct iommu_fwnode *iommu_fwnode_create(const char *name)
{
	size_t len = strlen(name) + 1;
	struct iommu_fwnode *fwnode = calloc(1, sizeof(*fwnode) + len);

	if (!fwnode)
		return NULL;
	atomic_init(&fwnode->refs, 1);
	memcpy(fwnode->name, name, len);
	return fwnode;
}

struct iommu_fwnode *iommu_fwnode_get(struct iommu_fwnode *fwnode)
{
	atomic_fetch_add(&fwnode->refs, 1);
	return fwnode;
}

void iommu_fwnode_put(struct iommu_fwnode *fwnode)
{
	if (fwnode && atomic_fetch_sub(&fwnode->refs, 1) == 1)
		free(fwnode);
}

const char *iommu_fwnode_name(const struct iommu_fwnode *fwnode)
{
	return fwnode->name;
}

unsigned iommu_fwnode_refs(const struct iommu_fwnode *fwnode)
{
	return atomic_load(&fwnode->refs);
}

/* Bit 31: going; below: pins. In one word, so that no pin slips in after going. */
#define MODULE_GOING (1u << 31)

struct iommu_module {
	atomic_uint state;
};

struct iommu_module *iommu_module_create(void)
{
	struct iommu_module *module = calloc(1, sizeof(*module));

	if (module)
		atomic_init(&module->state, 0);
	return module;
}

void iommu_module_destroy(struct iommu_module *module)
{
	free(module);
}

void iommu_module_set_going(struct iommu_module *module, bool going)
{
	if (going)
		atomic_fetch_or(&module->state, MODULE_GOING);
	else
		atomic_fetch_and(&module->state, ~MODULE_GOING);
}

unsigned iommu_module_pins(const struct iommu_module *module)
{
	return atomic_load(&module->state) & ~MODULE_GOING;
}

bool core_module_pin(struct iommu_module *module)
{
	unsigned state;

	if (!module)
		return true;
	state = atomic_load(&module->state);
	do {
		if (state & MODULE_GOING)
			return false;
	} while (!atomic_compare_exchange_weak(&module->state, &state, state + 1));
	return true;
}

void core_module_unpin(struct iommu_module *module)
{
	if (module)
		atomic_fetch_sub(&module->state, 1);
}
