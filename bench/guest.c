/* SPDX-License-Identifier: MIT */
/*
 * A guest with a virtual SMMU, end to end: what its invalidations cost from its write of
 * PROD to the host's SMMU and back, by how many go under one CMD_SYNC; DMA through the
 * two stages; and what it costs the host to take a page out of a stage 2 under which many
 * devices are nested, without ATS and with.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/arch.h>
#include <smmulator/arm_smmu.h>
#include <smmulator/iommu.h>
#include <smmulator/pcie.h>
#include <smmulator/smmu.h>
#include <smmulator/vmm.h>
#include "bench.h"

#define HOST_RAM   UINT64_C(0x80000000)
#define HOST_SIZE  (UINT64_C(128) << 20)
#define WINDOW	   UINT64_C(0x20000)
#define GUEST_RAM  UINT64_C(0x40000000)
#define GUEST_SIZE (UINT64_C(16) << 20)
#define GUEST_PA   (HOST_RAM + HOST_SIZE - GUEST_SIZE)
#define SPARE	   UINT64_C(0x90000000) /* where the guest has no memory at first */
#define PAGE	   UINT64_C(4096)
#define IOVA	   UINT64_C(0x7f0000000)

enum { MAX_DEVICES = 64, PAGES = 512, QUEUE = 512, ROUND = 64 };

struct device {
	struct world *world;
	struct iommu_fw_args id;
	struct smmu_pcie *fn; /* with ATS */
	struct iommu_dev *dev;
	char name[16];
};

struct world {
	struct smmu_bus *bus;
	struct smmu *smmu;
	struct smmu_port *port;
	struct iommu_platform platform;
	struct iommu_system *sys;
	struct iommu_fwnode *fwnode;
	struct arm_smmu *drv;
	uint64_t next_pa;
	struct device device[MAX_DEVICES];
	unsigned num;
	bool ats;
	struct vmm_guest *vmm;
	struct vmm_objects objects;
	/* The guest's memory, from its beginning. */
	uint64_t next, cmdq, prod;
	uint64_t seed;
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* ---- the host's platform ---- */

static uint32_t p_read32(void *ctx, uint64_t pa)
{
	return (uint32_t)smmu_mmio_read(((struct world *)ctx)->smmu, pa, 4);
}

static uint64_t p_read64(void *ctx, uint64_t pa)
{
	return smmu_mmio_read(((struct world *)ctx)->smmu, pa, 8);
}

static void p_write32(void *ctx, uint64_t pa, uint32_t value)
{
	smmu_mmio_write(((struct world *)ctx)->smmu, pa, 4, value);
}

static void p_write64(void *ctx, uint64_t pa, uint64_t value)
{
	smmu_mmio_write(((struct world *)ctx)->smmu, pa, 8, value);
}

static int p_alloc(void *ctx, uint64_t size, uint64_t align, struct iommu_dma *mem)
{
	struct world *w = ctx;

	w->next_pa = (w->next_pa + align - 1) & ~(align - 1);
	must(w->next_pa + size <= GUEST_PA);
	*mem = (struct iommu_dma){ .pa = w->next_pa, .size = size };
	mem->cpu = smmu_bus_ptr(w->bus, mem->pa, size);
	w->next_pa += size;
	return 0;
}

static void p_free(void *ctx, const struct iommu_dma *mem)
{
	(void)ctx;
	(void)mem;
}

static void *p_phys(void *ctx, uint64_t pa, uint64_t len)
{
	return smmu_bus_ptr(((struct world *)ctx)->bus, pa, len);
}

static const struct iommu_platform_ops platform_ops = {
	.read32 = p_read32,
	.read64 = p_read64,
	.write32 = p_write32,
	.write64 = p_write64,
	.dma_alloc = p_alloc,
	.dma_free = p_free,
	.phys_to_virt = p_phys,
};

/* ---- the guest, which is programmed by hand ---- */

static void poke(struct world *w, uint64_t gpa, uint64_t value)
{
	must(smmu_bus_write64(vmm_guest_bus(w->vmm), gpa, value, NULL) == 0);
}

static void reg32(struct world *w, uint64_t reg, uint64_t value)
{
	struct vmm_config cfg;

	vmm_config_init(&cfg);
	must(smmu_bus_write32(vmm_guest_bus(w->vmm), cfg.smmu_base + reg, (uint32_t)value,
			      NULL) == 0);
}

static void reg64(struct world *w, uint64_t reg, uint64_t value)
{
	struct vmm_config cfg;

	vmm_config_init(&cfg);
	poke(w, cfg.smmu_base + reg, value);
}

static uint64_t take(struct world *w, uint64_t size)
{
	uint64_t gpa = w->next;

	w->next += (size + PAGE - 1) & ~(PAGE - 1);
	must(w->next <= GUEST_RAM + GUEST_SIZE);
	return gpa;
}

/* PAGES pages at IOVA, each the guest's page of the same number from the end down. */
static uint64_t stage1(struct world *w)
{
	uint64_t cd = take(w, 64), table = take(w, PAGE), dw[8] = { 0 };

	smmu_set(dw, SMMU_CD_V, 1);
	smmu_set(dw, SMMU_CD_AA64, 1);
	smmu_set(dw, SMMU_CD_T0SZ, 16);
	smmu_set(dw, SMMU_CD_EPD1, 1);
	smmu_set(dw, SMMU_CD_IPS, 5);
	smmu_set(dw, SMMU_CD_A, 1);
	smmu_set(dw, SMMU_CD_R, 1);
	smmu_set(dw, SMMU_CD_ASID, 1);
	smmu_set(dw, SMMU_CD_AFFD, 1);
	smmu_set_addr(dw, SMMU_CD_TTB0, table);
	dw[3] = 0xff;
	for (unsigned i = 0; i < 8; i++)
		poke(w, cd + 8 * i, dw[i]);
	for (unsigned shift = 39; shift > 12; shift -= 9) {
		uint64_t next = take(w, PAGE);

		poke(w, table + 8 * (IOVA >> shift & 511), next | 3);
		table = next;
	}
	for (uint64_t i = 0; i < PAGES; i++)
		poke(w, table + 8 * ((IOVA >> 12) % 512 + i),
		     (GUEST_RAM + GUEST_SIZE - PAGE * (i + 1)) | 0x743);
	return cd;
}

static void push(struct world *w, uint64_t dw0, uint64_t dw1)
{
	uint64_t slot = w->cmdq + 16 * (w->prod % QUEUE);
	uint64_t *to = smmu_bus_ptr(vmm_guest_bus(w->vmm), slot, 16);

	to[0] = htole64(dw0);
	to[1] = htole64(dw1);
	w->prod++;
}

static void ring(struct world *w)
{
	reg32(w, SMMU_REG_CMDQ_PROD, w->prod % (2 * QUEUE));
}

/* TLBI_NH_VA for that page, as a guest's driver sends it. */
static void push_tlbi(struct world *w, uint64_t page)
{
	uint64_t dw[2] = { 0, 0 };

	smmu_set(dw, SMMU_CMD_OPCODE, SMMU_OP_TLBI_NH_VA);
	smmu_set(dw, SMMU_CMD_TLBI_NH_VA_ASID, 1);
	smmu_set(dw, SMMU_CMD_TLBI_NH_VA_Leaf, 1);
	smmu_set_addr(dw, SMMU_CMD_TLBI_NH_VA_Address, IOVA + PAGE * page);
	push(w, dw[0], dw[1]);
}

static void push_sync(struct world *w)
{
	push(w, SMMU_OP_SYNC, 0);
}

static void guest_up(struct world *w)
{
	uint64_t strtab, cd, ste[2] = { 0, 0 };

	w->next = GUEST_RAM;
	w->cmdq = take(w, 16 * QUEUE);
	strtab = take(w, 64 * 128);
	cd = stage1(w);
	smmu_set(ste, SMMU_STE_V, 1);
	smmu_set(ste, SMMU_STE_Config, SMMU_STE_CONFIG_S1);
	smmu_set_addr(ste, SMMU_STE_S1ContextPtr, cd);
	smmu_set(ste, SMMU_STE_S1CIR, 1);
	smmu_set(ste, SMMU_STE_S1COR, 1);
	smmu_set(ste, SMMU_STE_S1CSH, 3);
	smmu_set(ste, SMMU_STE_EATS, w->ats);
	for (unsigned i = 0; i < w->num; i++) {
		poke(w, strtab + 64 * i, ste[0]);
		poke(w, strtab + 64 * i + 8, ste[1]);
	}
	reg32(w, SMMU_REG_CR1, 0xd75);
	reg64(w, SMMU_REG_CMDQ_BASE, w->cmdq | 9);
	reg64(w, SMMU_REG_STRTAB_BASE, strtab);
	reg32(w, SMMU_REG_STRTAB_BASE_CFG, 7);
	reg32(w, SMMU_REG_CR0, SMMU_MASK(SMMU_CR0_CMDQEN));
	reg32(w, SMMU_REG_CR0, SMMU_MASK(SMMU_CR0_CMDQEN) | SMMU_MASK(SMMU_CR0_SMMUEN));
}

/* ---- the host ---- */

static int describe(void *ctx, struct iommu_dev *dev, struct iommu_fwspec *fwspec)
{
	struct device *d = ctx;
	int err = iommu_fwspec_xlate(dev, fwspec, &d->id);

	if (!err && d->fn)
		fwspec->flags |= IOMMU_FWSPEC_PCI_RC_ATS;
	return err;
}

static const struct iommu_fw_ops fw_ops = { .describe = describe };

static uint32_t cfg_read(void *ctx, uint16_t offset, unsigned size)
{
	return smmu_pcie_cfg_read(((struct device *)ctx)->fn, offset, size);
}

static void cfg_write(void *ctx, uint16_t offset, unsigned size, uint32_t value)
{
	smmu_pcie_cfg_write(((struct device *)ctx)->fn, offset, size, value);
}

static void device_up(struct world *w, unsigned i)
{
	struct device *d = &w->device[i];
	struct smmu_pcie_config fn = { .size = sizeof(fn),
				       .name = d->name,
				       .smmu = w->smmu,
				       .sid = 8 * (i + 1),
				       .ats = true };
	struct iommu_dev_desc desc = { .name = d->name, .fw = &fw_ops, .fw_ctx = d };

	snprintf(d->name, sizeof(d->name), "dev%u", i);
	d->world = w;
	d->id = (struct iommu_fw_args){ w->fwnode, 1, { 8 * (i + 1) } };
	if (w->ats) {
		must(smmu_pcie_create(&d->fn, &fn) == 0);
		smmu_pcie_set_master(d->fn, true);
		desc.bus = IOMMU_BUS_PCI;
		desc.rid = (uint16_t)(8 * (i + 1));
		desc.ats_supported = true;
		desc.pci_isolates = true;
		desc.pci_config.read = cfg_read;
		desc.pci_config.write = cfg_write;
		desc.pci_config.ctx = d;
	}
	must(iommu_dev_add(w->sys, &desc, &d->dev) == 0);
}

static void host_up(struct world *w)
{
	struct smmu_config cfg;
	struct arm_smmu_desc desc = {
		.name = "smmu", .size = WINDOW, .coherent = true, .iommu_cells = 1
	};

	must(smmu_config_init(&cfg, SMMU_PRESET_V3_2) == 0);
	cfg.sid_bits = 10;
	cfg.ats = 1;
	w->bus = smmu_bus_create();
	must(w->bus && smmu_bus_add_ram(w->bus, HOST_RAM, HOST_SIZE, NULL) == 0 &&
	     smmu_create(&w->smmu, w->bus, &cfg) == 0);
	w->next_pa = HOST_RAM;
	w->platform = (struct iommu_platform){ &platform_ops, w };
	desc.fwnode = w->fwnode = iommu_fwnode_create("smmu");
	must(iommu_system_create(&w->sys, NULL) == 0 &&
	     arm_smmu_probe(&w->drv, &desc, &w->platform, w->sys) == 0);
	for (unsigned i = 0; i < w->num; i++)
		device_up(w, i);
	w->port = smmu_port_open(w->smmu);
	must(w->port != NULL);
}

static void vmm_up(struct world *w)
{
	struct vmm_device devices[MAX_DEVICES];
	struct vmm_config cfg;

	vmm_config_init(&cfg);
	for (unsigned i = 0; i < w->num; i++)
		devices[i] = (struct vmm_device){ w->device[i].dev, i };
	cfg.host_bus = w->bus;
	cfg.host_pa = GUEST_PA;
	cfg.ram_size = GUEST_SIZE;
	cfg.ats = w->ats;
	cfg.devices = devices;
	cfg.num_devices = w->num;
	must(vmm_guest_create(&w->vmm, &cfg, NULL, 0) == 0);
	vmm_guest_objects(w->vmm, &w->objects);
}

static bool world_up(unsigned num, bool ats, void **out)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return bench_skip("no memory");
	w->num = num;
	w->ats = ats;
	w->seed = 88172645463325252u;
	host_up(w);
	vmm_up(w);
	guest_up(w);
	*out = w;
	return true;
}

static void teardown(void *state)
{
	struct world *w = state;
	struct vmm_stats s;

	vmm_guest_stats(w->vmm, &s);
	must(!s.refused && !s.stes_failed);
	vmm_guest_destroy(w->vmm);
	smmu_port_close(w->port);
	for (unsigned i = 0; i < w->num; i++) {
		iommu_dev_remove(w->device[i].dev);
		smmu_pcie_destroy(w->device[i].fn);
	}
	arm_smmu_remove(w->drv);
	iommu_system_destroy(w->sys);
	iommu_fwnode_put(w->fwnode);
	smmu_destroy(w->smmu);
	smmu_bus_destroy(w->bus);
	free(w);
}

/* ---- the guest's invalidations ---- */

static bool setup_one(const struct bench_case *c, void **out)
{
	(void)c;
	return world_up(1, false, out);
}

/* Each operation is a TLBI; param of them under one CMD_SYNC and one write of PROD. */
static void tlbi_sample(const struct bench_case *c, void *state, uint64_t ops,
			struct stopwatch *watch)
{
	struct world *w = state;
	uint64_t done = 0;

	stopwatch_start(watch);
	while (done < ops) {
		for (uint64_t i = 0; i < c->param; i++)
			push_tlbi(w, (done + i) % PAGES);
		push_sync(w);
		ring(w);
		done += c->param;
	}
	stopwatch_stop(watch, done);
}

/* A CFGI_STE of an STE that has changed: a nested HWPT made, replaced, and one destroyed.
 */
static void ste_sample(const struct bench_case *c, void *state, uint64_t ops,
		       struct stopwatch *watch)
{
	struct world *w = state;
	uint64_t strtab = w->cmdq + 16 * QUEUE, ste[2] = { 0, 0 }, cfgi[2] = { 0, 0 };

	(void)c;
	smmu_set(cfgi, SMMU_CMD_OPCODE, SMMU_OP_CFGI_STE);
	smmu_set(ste, SMMU_STE_V, 1);
	stopwatch_start(watch);
	for (uint64_t i = 0; i < ops; i++) {
		smmu_set(ste, SMMU_STE_Config,
			 i & 1 ? SMMU_STE_CONFIG_BYPASS : SMMU_STE_CONFIG_ABORT);
		poke(w, strtab, ste[0]);
		push(w, cfgi[0], cfgi[1]);
		push_sync(w);
		ring(w);
	}
	stopwatch_stop(watch, ops);
}

/* ---- DMA through both stages ---- */

static void touch(struct world *w, uint64_t page)
{
	struct smmu_txn txn = { .sid = 8, .op = SMMU_READ, .addr = IOVA + PAGE * page };

	must(smmu_translate(w->port, &txn).status == SMMU_OK);
}

static void hit_sample(const struct bench_case *c, void *state, uint64_t ops,
		       struct stopwatch *watch)
{
	struct world *w = state;

	for (uint64_t i = 0; i < c->param; i++)
		touch(w, i);
	stopwatch_start(watch);
	for (uint64_t i = 0; i < ops; i++)
		touch(w, bench_random(&w->seed) % c->param);
	stopwatch_stop(watch, ops);
}

/* The guest forgets all, then each page is walked again: 4 levels of it, each by 4. */
static void miss_sample(const struct bench_case *c, void *state, uint64_t ops,
			struct stopwatch *watch)
{
	struct world *w = state;

	for (uint64_t done = 0; done < ops; done += c->param) {
		push(w, SMMU_OP_TLBI_NSNH_ALL, 0);
		push_sync(w);
		ring(w);
		stopwatch_start(watch);
		for (uint64_t i = 0; i < c->param; i++)
			touch(w, i);
		stopwatch_stop(watch, c->param);
	}
}

/* ---- stage 2 under nested devices ---- */

static bool setup_many(const struct bench_case *c, void **out)
{
	return world_up((unsigned)(c->param & 0xff), c->param >> 8, out);
}

static void unmap_sample(const struct bench_case *c, void *state, uint64_t ops,
			 struct stopwatch *watch)
{
	struct world *w = state;

	(void)c;
	for (uint64_t done = 0; done < ops; done += ROUND) {
		struct iommu_ioas_map map = {
			.size = sizeof(map),
			.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
				 IOMMU_IOAS_MAP_WRITEABLE,
			.ioas_id = w->objects.ioas,
			.user_va = (uintptr_t)smmu_bus_ptr(w->bus, GUEST_PA, PAGE),
			.length = PAGE,
		};

		for (uint64_t i = 0; i < ROUND; i++) {
			map.iova = SPARE + PAGE * i;
			must(iommufd_ioas_map(w->objects.ctx, &map) == 0);
		}
		stopwatch_start(watch);
		for (uint64_t i = 0; i < ROUND; i++) {
			struct iommu_ioas_unmap unmap = { .size = sizeof(unmap),
							  .ioas_id = w->objects.ioas,
							  .iova = SPARE + PAGE * i,
							  .length = PAGE };

			must(iommufd_ioas_unmap(w->objects.ctx, &unmap) == 0);
		}
		stopwatch_stop(watch, ROUND);
	}
}

#define TLBI(n)                                                                          \
	{                                                                                \
		"guest/tlbi/" #n, "guest's TLBI_NH_VA, end to end, " #n " a CMD_SYNC",   \
			n, setup_one, tlbi_sample, teardown                              \
	}
#define UNMAP(name_, what_, param_)                                                      \
	{                                                                                \
		"guest/unmap_s2/" name_, "unmap of a page of stage 2, nested: " what_,   \
			param_, setup_many, unmap_sample, teardown                       \
	}
static const struct bench_case cases[] = {
	TLBI(1),
	TLBI(16),
	TLBI(64),
	TLBI(256),
	{ "guest/ste", "guest's CFGI_STE of a changed STE", 0, setup_one, ste_sample,
	  teardown },
	{ "guest/hit/64", "nested by a guest's tables: TLB hit, 64 pages", 64, setup_one,
	  hit_sample, teardown },
	{ "guest/miss/512", "the same after the guest's TLBI: 4+4 levels, 512 pages", 512,
	  setup_one, miss_sample, teardown },
	UNMAP("1", "1 device", 1),
	UNMAP("64", "64 devices", 64),
	UNMAP("1ats", "1 device with ATS", 0x101),
	UNMAP("64ats", "64 devices with ATS", 0x140),
};
const struct bench_suite suite_guest = { cases, sizeof(cases) / sizeof(cases[0]) };
