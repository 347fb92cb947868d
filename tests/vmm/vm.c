/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "vmm/vm.h"

/* ---- The VMM ---- */

struct smmu_config vm_host_config(void)
{
	struct smmu_config cfg = rig_config();

	cfg.ats = 1;
	return cfg;
}

static void on_ready(void *ctx)
{
	struct vm *vm = ctx;

	__atomic_fetch_add(&vm->ready, 1, __ATOMIC_RELAXED);
}

struct vmm_config vm_config(struct rig *host, struct vm *vm, unsigned index)
{
	struct vmm_config c;

	vm->host = host;
	vm->index = index;
	vm->host_pa = DATA_BASE + 2 * index * VM_RAM_SIZE;
	vm->ram = smmu_bus_ptr(host->bus, vm->host_pa, VM_RAM_SIZE);
	vm->next = VM_RAM + 0x1000;
	vmm_config_init(&c);
	c.host_bus = host->bus;
	c.host_pa = vm->host_pa;
	c.ram_size = VM_RAM_SIZE;
	c.devices = vm->assigned;
	c.num_devices = vm->num;
	c.ready = on_ready;
	c.ready_ctx = vm;
	return c;
}

void vm_assign(struct rig *host, struct vm *vm, uint32_t sid, uint32_t vsid)
{
	char name[32];

	assert_true(vm->num < VM_DEVICES);
	snprintf(name, sizeof(name), "dev-%x", sid);
	vm->assigned[vm->num].dev = rig_add(host, name, &sid, 1);
	vm->assigned[vm->num].vsid = vsid;
	vm->sids[vm->num++] = sid;
}

void vm_make(struct vm *vm, void (*tweak)(struct vmm_config *config))
{
	struct vmm_config c = vm_config(vm->host, vm, vm->index);
	char why[200] = "";
	int err;

	if (tweak)
		tweak(&c);
	err = vmm_guest_create(&vm->vmm, &c, why, sizeof(why));
	assert_string_equal(why, "");
	assert_int_equal(err, 0);
}

void vm_up(struct rig *host, struct vm *vm, unsigned index, size_t n)
{
	*vm = (struct vm){ .host = host, .index = index };
	for (size_t i = 0; i < n; i++)
		vm_assign(host, vm, (uint32_t)(16 * (index + 1) + i), (uint32_t)(3 + i));
	vm_make(vm, NULL);
}

void vm_destroy(struct vm *vm)
{
	vmm_guest_destroy(vm->vmm);
	vm->vmm = NULL;
}

/* ---- Memory and DMA ---- */

uint64_t vm_alloc(struct vm *vm, uint64_t size, uint64_t align)
{
	uint64_t gpa = (vm->next + align - 1) & ~(align - 1);

	assert_true(gpa + size <= VM_RAM + VM_RAM_SIZE);
	vm->next = gpa + size;
	memset(vm_ptr(vm, gpa), 0, size);
	return gpa;
}

void *vm_ptr(struct vm *vm, uint64_t gpa)
{
	assert_true(gpa >= VM_RAM && gpa < VM_RAM + VM_RAM_SIZE);
	return vm->ram + (gpa - VM_RAM);
}

struct smmu_result vm_dma(struct vm *vm, size_t i, uint64_t iova, bool write,
			  uint64_t *value)
{
	return rig_dma(vm->host, vm->sids[i], iova, write, value);
}

struct vmm_stats vm_stats(struct vm *vm)
{
	struct vmm_stats s;

	vmm_guest_stats(vm->vmm, &s);
	return s;
}

struct vmm_assigned vm_assigned(struct vm *vm, size_t i)
{
	struct vmm_assigned a;

	assert_int_equal(vmm_guest_assigned(vm->vmm, i, &a), 0);
	return a;
}

/* ---- The guest's platform ---- */

static uint32_t g_read32(void *ctx, uint64_t pa)
{
	uint32_t v = 0;

	assert_int_equal(
		smmu_bus_read32(vmm_guest_bus(((struct vm *)ctx)->vmm), pa, &v, NULL), 0);
	return v;
}

static uint64_t g_read64(void *ctx, uint64_t pa)
{
	uint64_t v = 0;

	assert_int_equal(
		smmu_bus_read64(vmm_guest_bus(((struct vm *)ctx)->vmm), pa, &v, NULL), 0);
	return v;
}

static void g_write32(void *ctx, uint64_t pa, uint32_t value)
{
	assert_int_equal(
		smmu_bus_write32(vmm_guest_bus(((struct vm *)ctx)->vmm), pa, value, NULL),
		0);
}

static void g_write64(void *ctx, uint64_t pa, uint64_t value)
{
	assert_int_equal(
		smmu_bus_write64(vmm_guest_bus(((struct vm *)ctx)->vmm), pa, value, NULL),
		0);
}

static int g_alloc(void *ctx, uint64_t size, uint64_t align, struct iommu_dma *mem)
{
	struct vm *vm = ctx;
	uint64_t gpa = vm_alloc(vm, size, align > 64 ? align : 64);

	*mem = (struct iommu_dma){ .cpu = vm_ptr(vm, gpa), .pa = gpa, .size = size };
	return 0;
}

static void g_free(void *ctx, const struct iommu_dma *mem)
{
	(void)ctx;
	/* What still walks it finds reserved descriptors. */
	memset(mem->cpu, 0xa5, mem->size);
}

static void *g_phys(void *ctx, uint64_t pa, uint64_t len)
{
	return smmu_bus_ptr(vmm_guest_bus(((struct vm *)ctx)->vmm), pa, len);
}

static void on_wire(void *ctx, const char *name)
{
	struct rig_irq *irq = ctx;

	(void)name;
	irq->fn(irq->arg);
}

static int g_irq(void *ctx, const char *name, iommu_irq_fn fn, void *arg)
{
	static const char *const names[] = { "vsmmu.eventq", "vsmmu.priq",
					     "vsmmu.gerror" };
	struct vm *vm = ctx;

	for (size_t i = 0; i < 3; i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		vm->irqs[i] = (struct rig_irq){ fn, arg };
		return smmu_bus_listen(vmm_guest_bus(vm->vmm), name, on_wire,
				       &vm->irqs[i]);
	}
	return -ENOENT;
}

static void g_irq_free(void *ctx, const char *name)
{
	(void)smmu_bus_listen(vmm_guest_bus(((struct vm *)ctx)->vmm), name, NULL, NULL);
}

static void g_log(void *ctx, enum iommu_msg_level level, const char *message)
{
	struct vm *vm = ctx;

	(void)message;
	vm->errors += level == IOMMU_MSG_ERROR;
}

static const struct iommu_platform_ops platform_ops = {
	.read32 = g_read32,
	.read64 = g_read64,
	.write32 = g_write32,
	.write64 = g_write64,
	.dma_alloc = g_alloc,
	.dma_free = g_free,
	.phys_to_virt = g_phys,
	.irq_request = g_irq,
	.irq_free = g_irq_free,
	.log = g_log,
};

/* ---- The guest's driver ---- */

static void on_event(void *ctx, const struct arm_smmu_event *e)
{
	struct vm *vm = ctx;

	if (vm->num_events < sizeof(vm->events) / sizeof(vm->events[0]))
		vm->events[vm->num_events] = (struct vm_event){
			.id = e->id,
			.sid = e->sid,
			.ssid = e->ssid,
			.iova = e->iova,
			.stage2 = e->stage2,
			.dev = e->dev,
		};
	vm->num_events++;
}

static int describe(void *ctx, struct iommu_dev *dev, struct iommu_fwspec *fwspec)
{
	const struct vm_fw *fw = ctx;
	const struct iommu_fw_args args = { .fwnode = fw->vm->fwnode,
					    .count = 1,
					    .args = { fw->vsid } };

	fwspec->flags |= IOMMU_FWSPEC_PCI_RC_ATS;
	return iommu_fwspec_xlate(dev, fwspec, &args);
}

static uint32_t cfg_read(void *ctx, uint16_t offset, unsigned size)
{
	return smmu_pcie_cfg_read(ctx, offset, size);
}

static void cfg_write(void *ctx, uint16_t offset, unsigned size, uint32_t value)
{
	smmu_pcie_cfg_write(ctx, offset, size, value);
}

/* As a PCI function, if it has a configuration space there. */
static void boot_device(struct vm *vm, size_t i, const struct iommu_fw_ops *fw)
{
	char name[32];
	struct iommu_dev_desc d = { .name = name,
				    .fw = fw,
				    .fw_ctx = &vm->fw[i],
				    .pasid_num_bits = vm->pasid_bits };

	snprintf(name, sizeof(name), "vdev-%zu", i);
	vm->fw[i] = (struct vm_fw){ vm, vm->assigned[i].vsid };
	if (vm->shadow[i]) {
		d.bus = IOMMU_BUS_PCI;
		d.rid = (uint16_t)vm->assigned[i].vsid;
		d.ats_supported = true;
		d.pci_config =
			(struct iommu_pci_config){ cfg_read, cfg_write, vm->shadow[i] };
	}
	assert_int_equal(iommu_dev_add(vm->sys, &d, &vm->dev[i]), 0);
	assert_int_equal(iommu_dev_bind(vm->dev[i]), 0);
}

void vm_boot(struct vm *vm)
{
	static const struct iommu_fw_ops fw_ops = { .describe = describe };
	const struct arm_smmu_desc desc = {
		.name = "vsmmu",
		.base = VM_SMMU,
		.size = vmm_guest_window(vm->vmm),
		.coherent = true,
		.irq_eventq = "vsmmu.eventq",
		.irq_priq = "vsmmu.priq",
		.irq_gerror = "vsmmu.gerror",
		.iommu_cells = 1,
		.fwnode = vm->fwnode = iommu_fwnode_create("vsmmu"),
	};

	vm->platform = (struct iommu_platform){ &platform_ops, vm };
	assert_int_equal(iommu_system_create(&vm->sys, NULL), 0);
	assert_int_equal(arm_smmu_probe(&vm->drv, &desc, &vm->platform, vm->sys), 0);
	arm_smmu_set_event_hook(vm->drv, on_event, vm);
	for (size_t i = 0; i < vm->num; i++)
		boot_device(vm, i, &fw_ops);
	assert_int_equal(vm->errors, 0);
}

void vm_shutdown(struct vm *vm)
{
	for (size_t i = 0; i < vm->num; i++) {
		assert_int_equal(iommu_dev_unbind(vm->dev[i]), 0);
		iommu_dev_remove(vm->dev[i]);
	}
	arm_smmu_remove(vm->drv);
	iommu_system_destroy(vm->sys);
	iommu_fwnode_put(vm->fwnode);
	assert_int_equal(vm->errors, 0);
}

/* ---- By hand ---- */

uint32_t raw_rd32(struct vm *vm, uint32_t reg)
{
	return g_read32(vm, VM_SMMU + reg);
}

void raw_wr32(struct vm *vm, uint32_t reg, uint32_t value)
{
	g_write32(vm, VM_SMMU + reg, value);
}

void raw_wr64(struct vm *vm, uint32_t reg, uint64_t value)
{
	g_write64(vm, VM_SMMU + reg, value);
}

void raw_poke(struct vm *vm, uint64_t gpa, uint64_t value)
{
	g_write64(vm, gpa, value);
}

void raw_init(struct vm *vm)
{
	uint32_t cr0 =
		(uint32_t)(SMMU_MASK(SMMU_CR0_CMDQEN) | SMMU_MASK(SMMU_CR0_EVENTQEN));

	raw_wr32(vm, SMMU_REG_CR0, 0);
	vm->cmdq = vm_alloc(vm, 64 * 16, 4096);
	vm->eventq = vm_alloc(vm, 64 * 32, 4096);
	vm->strtab = vm_alloc(vm, 64 * 64, 4096);
	raw_wr32(vm, SMMU_REG_CR1, 0xd75); /* write-back, inner shareable */
	raw_wr64(vm, SMMU_REG_CMDQ_BASE, vm->cmdq | 6);
	raw_wr64(vm, SMMU_REG_EVENTQ_BASE, vm->eventq | 6);
	raw_wr64(vm, SMMU_REG_STRTAB_BASE, vm->strtab);
	raw_wr32(vm, SMMU_REG_STRTAB_BASE_CFG, 6);
	raw_wr32(vm, SMMU_REG_CR0, cr0);
}

void raw_enable(struct vm *vm, bool on)
{
	uint32_t cr0 = raw_rd32(vm, SMMU_REG_CR0);

	raw_wr32(vm, SMMU_REG_CR0, (uint32_t)smmu_reg_set(cr0, SMMU_CR0_SMMUEN, on));
}

void raw_ste(struct vm *vm, uint32_t vsid, uint64_t dw0, uint64_t dw1)
{
	raw_poke(vm, vm->strtab + 64 * vsid + 8, dw1);
	raw_poke(vm, vm->strtab + 64 * vsid, dw0);
}

void raw_cmds(struct vm *vm, const uint64_t (*cmds)[2], size_t n)
{
	uint32_t prod = raw_rd32(vm, SMMU_REG_CMDQ_PROD);

	for (size_t i = 0; i < n; i++) {
		raw_poke(vm, vm->cmdq + 16 * ((prod + i) & 63), cmds[i][0]);
		raw_poke(vm, vm->cmdq + 16 * ((prod + i) & 63) + 8, cmds[i][1]);
	}
	raw_wr32(vm, SMMU_REG_CMDQ_PROD, (uint32_t)((prod + n) & 127));
}

void raw_cmd(struct vm *vm, unsigned op, uint32_t vsid)
{
	uint64_t cmds[2][2] = { { op, 0 }, { SMMU_OP_SYNC, 0 } };

	if (op < SMMU_OP_TLBI_NH_ALL || op == SMMU_OP_ATC_INV || op == SMMU_OP_STALL_TERM)
		smmu_set(cmds[0], SMMU_CMD_StreamID, vsid);
	raw_cmds(vm, (const uint64_t(*)[2])cmds, 2);
}

unsigned raw_cerror(struct vm *vm)
{
	uint32_t active = raw_rd32(vm, SMMU_REG_GERROR) ^ raw_rd32(vm, SMMU_REG_GERRORN);

	if (!(active & SMMU_MASK(SMMU_GERROR_CMDQ_ERR)))
		return 0;
	return (unsigned)smmu_reg_get(raw_rd32(vm, SMMU_REG_CMDQ_CONS),
				      SMMU_CMDQ_CONS_ERR);
}

unsigned raw_cons(struct vm *vm)
{
	return raw_rd32(vm, SMMU_REG_CMDQ_CONS) & 127;
}

void raw_skip(struct vm *vm)
{
	raw_poke(vm, vm->cmdq + 16 * (raw_cons(vm) & 63), SMMU_OP_SYNC);
	raw_poke(vm, vm->cmdq + 16 * (raw_cons(vm) & 63) + 8, 0);
	raw_wr32(vm, SMMU_REG_GERRORN, raw_rd32(vm, SMMU_REG_GERROR));
}

bool raw_event(struct vm *vm, uint64_t dw[4])
{
	uint32_t prod = raw_rd32(vm, SMMU_REG_EVENTQ_PROD) & 127;
	uint32_t cons = raw_rd32(vm, SMMU_REG_EVENTQ_CONS) & 127;

	if (prod == cons)
		return false;
	for (unsigned i = 0; i < 4; i++)
		dw[i] = g_read64(vm, vm->eventq + 32 * (cons & 63) + 8 * i);
	raw_wr32(vm, SMMU_REG_EVENTQ_CONS, (cons + 1) & 127);
	return true;
}

uint64_t raw_stage1(struct vm *vm, uint64_t iova, uint64_t gpa)
{
	uint64_t cd = vm_alloc(vm, 64, 64), table = vm_alloc(vm, 4096, 4096);
	uint64_t words[8] = { 0 };

	smmu_set(words, SMMU_CD_V, 1);
	smmu_set(words, SMMU_CD_AA64, 1);
	smmu_set(words, SMMU_CD_T0SZ, 16);
	smmu_set(words, SMMU_CD_EPD1, 1);
	smmu_set(words, SMMU_CD_IPS, 5);
	smmu_set(words, SMMU_CD_A, 1);
	smmu_set(words, SMMU_CD_R, 1);
	smmu_set(words, SMMU_CD_ASID, 1);
	smmu_set(words, SMMU_CD_AFFD, 1);
	smmu_set_addr(words, SMMU_CD_TTB0, table);
	words[3] = 0xff; /* MAIR: attribute 0 is write-back */
	for (unsigned level = 0; level < 3; level++) {
		unsigned index = (unsigned)(iova >> (39 - 9 * level)) & 511;
		uint64_t next = vm_alloc(vm, 4096, 4096);

		raw_poke(vm, table + 8 * index, next | 3);
		table = next;
	}
	/* AF, inner shareable, EL0 and EL1 may read and write, a page. */
	raw_poke(vm, table + 8 * ((iova >> 12) & 511), gpa | 0x743);
	for (unsigned i = 0; i < 8; i++)
		raw_poke(vm, cd + 8 * i, words[i]);
	return cd;
}

void raw_ste_s1(uint64_t ste[2], uint64_t cd)
{
	ste[0] = ste[1] = 0;
	smmu_set(ste, SMMU_STE_V, 1);
	smmu_set(ste, SMMU_STE_Config, SMMU_STE_CONFIG_S1);
	smmu_set_addr(ste, SMMU_STE_S1ContextPtr, cd);
	smmu_set(ste, SMMU_STE_S1CIR, 1);
	smmu_set(ste, SMMU_STE_S1COR, 1);
	smmu_set(ste, SMMU_STE_S1CSH, 3);
}

/* ---- The host's command queue ---- */

static void on_trace(void *ctx, const struct smmu_trace *t)
{
	struct host_commands *seen = ctx;

	if (t->kind != SMMU_TRACE_COMMAND)
		return;
	if (smmu_get(t->dw, SMMU_CMD_OPCODE) == SMMU_OP_SYNC) {
		seen->syncs++;
		return;
	}
	assert_true(seen->n < 512);
	memcpy(seen->dw[seen->n++], t->dw, sizeof(seen->dw[0]));
}

void host_watch(struct rig *host, struct host_commands *seen)
{
	memset(seen, 0, sizeof(*seen));
	smmu_set_trace(host->smmu, on_trace, seen);
}

void host_unwatch(struct rig *host)
{
	smmu_set_trace(host->smmu, NULL, NULL);
}

unsigned host_count(const struct host_commands *seen, unsigned op)
{
	unsigned n = 0;

	for (unsigned i = 0; i < seen->n; i++)
		n += smmu_get(seen->dw[i], SMMU_CMD_OPCODE) == op;
	return n;
}
