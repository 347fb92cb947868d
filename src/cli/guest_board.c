/* SPDX-License-Identifier: MIT */
/* A board for guests where no other is given, as a flattened device tree. */
#include <libfdt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "cli/guest.h"

enum { SMMU_PHANDLE = 1, ROOM_EACH = 160, ROOM = 4096 };

/* Each step is done only while all before it went well. */
static void property(void *fdt, int *err, const char *name, const void *value, size_t len)
{
	if (!*err)
		*err = fdt_property(fdt, name, value, (int)len);
}

static void text(void *fdt, int *err, const char *name, const char *value)
{
	property(fdt, err, name, value, strlen(value) + 1);
}

static void cells(void *fdt, int *err, const char *name, const uint32_t *value, size_t n)
{
	fdt32_t be[8];

	for (size_t i = 0; i < n; i++)
		be[i] = cpu_to_fdt32(value[i]);
	property(fdt, err, name, be, n * sizeof(be[0]));
}

static void begin(void *fdt, int *err, const char *name)
{
	if (!*err)
		*err = fdt_begin_node(fdt, name);
}

static void end(void *fdt, int *err)
{
	if (!*err)
		*err = fdt_end_node(fdt);
}

static void memory_and_smmu(void *fdt, int *err)
{
	static const char names[] = "eventq\0gerror\0priq";
	const uint32_t ram[] = { 0, 0x80000000, 0, 0x40000000 };
	const uint32_t regs[] = { 0, 0x2b400000, 0, 0x20000 };
	const uint32_t irqs[] = { 74, 79, 75 }, one = 1, phandle = SMMU_PHANDLE;

	begin(fdt, err, "memory@80000000");
	text(fdt, err, "device_type", "memory");
	cells(fdt, err, "reg", ram, 4);
	end(fdt, err);
	begin(fdt, err, "iommu@2b400000");
	text(fdt, err, "compatible", "arm,smmu-v3");
	cells(fdt, err, "reg", regs, 4);
	cells(fdt, err, "interrupts", irqs, 3);
	property(fdt, err, "interrupt-names", names, sizeof(names));
	property(fdt, err, "dma-coherent", NULL, 0);
	cells(fdt, err, "#iommu-cells", &one, 1);
	cells(fdt, err, "phandle", &phandle, 1);
	end(fdt, err);
}

static void interrupt_controller(void *fdt, int *err)
{
	const uint32_t one = 1, phandle = SMMU_PHANDLE + 1;

	begin(fdt, err, "interrupt-controller");
	text(fdt, err, "compatible", "smmulator,wires");
	property(fdt, err, "interrupt-controller", NULL, 0);
	cells(fdt, err, "#interrupt-cells", &one, 1);
	cells(fdt, err, "phandle", &phandle, 1);
	end(fdt, err);
}

static void master(void *fdt, int *err, unsigned i)
{
	const uint32_t iommus[] = { SMMU_PHANDLE, i + 1 };
	char name[32];

	(void)snprintf(name, sizeof(name), "dma-%u", i);
	begin(fdt, err, name);
	text(fdt, err, "compatible", "smmulator,dma");
	property(fdt, err, "dma-coherent", NULL, 0);
	cells(fdt, err, "iommus", iommus, 2);
	end(fdt, err);
}

void *guest_board(unsigned masters, size_t *len)
{
	const size_t room = ROOM + (size_t)masters * ROOM_EACH;
	const uint32_t two = 2, parent = SMMU_PHANDLE + 1;
	void *fdt = malloc(room);
	int err;

	if (!fdt)
		return NULL;
	err = fdt_create(fdt, (int)room);
	if (!err)
		err = fdt_finish_reservemap(fdt);
	begin(fdt, &err, "");
	text(fdt, &err, "model", "smmulator guests");
	text(fdt, &err, "compatible", "smmulator,guests");
	cells(fdt, &err, "#address-cells", &two, 1);
	cells(fdt, &err, "#size-cells", &two, 1);
	cells(fdt, &err, "interrupt-parent", &parent, 1);
	interrupt_controller(fdt, &err);
	memory_and_smmu(fdt, &err);
	for (unsigned i = 0; i < masters; i++)
		master(fdt, &err, i);
	end(fdt, &err);
	if (!err)
		err = fdt_finish(fdt);
	if (err) {
		free(fdt);
		return NULL;
	}
	*len = fdt_totalsize(fdt);
	return fdt;
}
