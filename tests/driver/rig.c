/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "core/rcu.h"
#include "driver/driver.h"
#include "driver/rig.h"

/* ---- The platform ---- */

static void touch(struct rig *r, uint64_t pa)
{
	if (pa - MMIO_BASE < 0x20000)
		__atomic_store_n(&r->touched[(pa - MMIO_BASE) / 4], 1, __ATOMIC_RELAXED);
}

static uint32_t p_read32(void *ctx, uint64_t pa)
{
	struct rig *r = ctx;

	touch(r, pa);
	for (size_t i = 0; i < r->num_lies; i++)
		if (MMIO_BASE + r->lies[i].reg == pa)
			return r->lies[i].value;
	return (uint32_t)smmu_mmio_read(r->smmu, pa - MMIO_BASE, 4);
}

static uint64_t p_read64(void *ctx, uint64_t pa)
{
	struct rig *r = ctx;

	touch(r, pa);
	return smmu_mmio_read(r->smmu, pa - MMIO_BASE, 8);
}

static void p_write32(void *ctx, uint64_t pa, uint32_t value)
{
	struct rig *r = ctx;

	touch(r, pa);
	__atomic_fetch_add(&r->mmio_writes, 1, __ATOMIC_RELAXED);
	if (!r->swallow || MMIO_BASE + r->swallow != pa)
		smmu_mmio_write(r->smmu, pa - MMIO_BASE, 4, value);
	if (r->at_write && pa == MMIO_BASE + SMMU_REG_CMDQ_PROD)
		r->at_write(r->at_write_ctx);
}

static void p_write64(void *ctx, uint64_t pa, uint64_t value)
{
	struct rig *r = ctx;

	touch(r, pa);
	__atomic_fetch_add(&r->mmio_writes, 1, __ATOMIC_RELAXED);
	smmu_mmio_write(r->smmu, pa - MMIO_BASE, 8, value);
}

static int p_alloc(void *ctx, uint64_t size, uint64_t align, struct iommu_dma *mem)
{
	struct rig *r = ctx;
	uint64_t pa;

	pthread_mutex_lock(&r->lock);
	pa = (r->next_pa + align - 1) & ~(align - 1);
	if (r->fail_after == 0 || pa + size > DATA_BASE) {
		pthread_mutex_unlock(&r->lock);
		return -ENOMEM;
	}
	if (r->fail_after > 0)
		r->fail_after--;
	*mem = (struct iommu_dma){ .pa = pa, .size = size };
	mem->cpu = smmu_bus_ptr(r->bus, mem->pa, size);
	r->next_pa = pa + size + 16; /* no more alignment than was asked for */
	r->live++;
	pthread_mutex_unlock(&r->lock);
	return 0;
}

static void p_free(void *ctx, const struct iommu_dma *mem)
{
	struct rig *r = ctx;

	/* What still walks it finds reserved descriptors and reads addresses of nowhere.
	 */
	for (uint64_t at = 0; at + 8 <= mem->size; at += 8)
		rig_poke(r, mem->pa + at, UINT64_C(0xa5a5a5a5a5a5a5a5));
	pthread_mutex_lock(&r->lock);
	r->live--;
	pthread_mutex_unlock(&r->lock);
}

static void *p_phys(void *ctx, uint64_t pa, uint64_t len)
{
	struct rig *r = ctx;

	return smmu_bus_ptr(r->bus, pa, len);
}

static struct rig_irq *wire_slot(struct rig *r, const char *name)
{
	static const char *const names[] = { "smmu.eventq", "smmu.priq", "smmu.gerror",
					     "smmu.combined", "smmu.cmdq-sync" };

	for (size_t i = 0; i < 5; i++)
		if (!strcmp(names[i], name))
			return &r->irqs[i];
	return NULL;
}

static void on_wire(void *ctx, const char *name)
{
	struct rig_irq *irq = ctx;

	(void)name;
	irq->fn(irq->arg);
}

static int p_irq(void *ctx, const char *name, iommu_irq_fn fn, void *arg)
{
	struct rig *r = ctx;
	struct rig_irq *w = wire_slot(r, name);

	if (!w)
		return -ENOENT;
	*w = (struct rig_irq){ fn, arg };
	if (strcmp(name, "smmu.combined"))
		return smmu_bus_listen(r->bus, name, on_wire, w);
	smmu_bus_listen(r->bus, "smmu.eventq", on_wire, w);
	smmu_bus_listen(r->bus, "smmu.priq", on_wire, w);
	return smmu_bus_listen(r->bus, "smmu.gerror", on_wire, w);
}

static void p_irq_free(void *ctx, const char *name)
{
	struct rig *r = ctx;

	if (!strcmp(name, "smmu.combined")) {
		smmu_bus_listen(r->bus, "smmu.eventq", NULL, NULL);
		smmu_bus_listen(r->bus, "smmu.priq", NULL, NULL);
		smmu_bus_listen(r->bus, "smmu.gerror", NULL, NULL);
	} else {
		smmu_bus_listen(r->bus, name, NULL, NULL);
	}
}

static void on_doorbell(void *ctx, uint64_t pa, uint32_t data,
			const struct smmu_attr *attr)
{
	struct rig *r = ctx;

	(void)attr;
	assert_int_equal(pa, DOORBELL);
	assert_true(data < r->num_msi);
	r->msis++;
	r->irqs[data].fn(r->irqs[data].arg);
}

static int p_msi(void *ctx, const char *name, iommu_irq_fn fn, void *arg,
		 struct iommu_msi *msi)
{
	struct rig *r = ctx;

	(void)name;
	r->irqs[r->num_msi].fn = fn;
	r->irqs[r->num_msi].arg = arg;
	*msi = (struct iommu_msi){ .pa = DOORBELL, .data = r->num_msi++ };
	return 0;
}

static void p_relax(void *ctx)
{
	struct rig *r = ctx;

	__atomic_fetch_add(&r->polls, 1, __ATOMIC_RELAXED);
	if (r->yields)
		sched_yield();
}

static void p_log(void *ctx, enum iommu_msg_level level, const char *message)
{
	struct rig *r = ctx;

	pthread_mutex_lock(&r->lock);
	r->messages++;
	r->errors += level == IOMMU_MSG_ERROR;
	snprintf(r->last, sizeof(r->last), "%s", message);
	pthread_mutex_unlock(&r->lock);
}

static const struct iommu_platform_ops platform_ops = {
	.read32 = p_read32,
	.read64 = p_read64,
	.write32 = p_write32,
	.write64 = p_write64,
	.dma_alloc = p_alloc,
	.dma_free = p_free,
	.phys_to_virt = p_phys,
	.irq_request = p_irq,
	.irq_free = p_irq_free,
	.msi_request = p_msi,
	.relax = p_relax,
	.log = p_log,
};

/* ---- The system ---- */

static void on_fault(void *ctx, struct iommu_instance *inst, struct iommu_dev *dev,
		     const struct iommu_fault *fault)
{
	struct rig *r = ctx;

	assert_ptr_equal(inst, arm_smmu_instance(r->drv));
	r->faults++;
	r->fault = *fault;
	r->fault_dev = dev;
	snprintf(r->reason, sizeof(r->reason), "%s", fault->reason);
}

static int describe(void *ctx, struct iommu_dev *dev, struct iommu_fwspec *fwspec)
{
	struct rig_dev *d = ctx;
	int err = d->num_sids ? 0 : -ENODEV;

	fwspec->flags |= d->fw_flags;

	for (size_t i = 0; i < d->num_sids && !err; i++) {
		struct iommu_fw_args args = { .fwnode = d->fwnode ? d->fwnode
								  : d->rig->fwnode,
					      .count = d->cells,
					      .args = { d->sids[i] } };

		err = iommu_fwspec_xlate(dev, fwspec, &args);
	}
	return err;
}

static const struct iommu_fw_ops fw_ops = { .describe = describe };

struct smmu_config rig_config(void)
{
	struct smmu_config cfg;

	assert_int_equal(smmu_config_init(&cfg, SMMU_PRESET_V3_2), 0);
	cfg.sid_bits = 10;
	cfg.cmdqs = 10;
	cfg.eventqs = 7;
	return cfg;
}

void rig_init(struct rig *r, const struct smmu_config *cfg)
{
	struct iommu_system_config sys = { .fault = on_fault, .fault_ctx = r };

	*r = (struct rig){ .next_pa = RAM_BASE, .fail_after = -1 };
	pthread_mutex_init(&r->lock, NULL);
	r->cfg = cfg ? *cfg : rig_config();
	r->bus = smmu_bus_create();
	assert_non_null(r->bus);
	assert_int_equal(smmu_bus_add_ram(r->bus, RAM_BASE, RAM_SIZE, NULL), 0);
	assert_int_equal(smmu_bus_add_doorbell(r->bus, DOORBELL, 4096, on_doorbell, r),
			 0);
	assert_int_equal(smmu_create(&r->smmu, r->bus, &r->cfg), 0);
	r->port = smmu_port_open(r->smmu);
	assert_non_null(r->port);
	r->platform = (struct iommu_platform){ &platform_ops, r };
	assert_int_equal(iommu_system_create(&r->sys, &sys), 0);
	r->fwnode = iommu_fwnode_create("smmu@2b400000");
	r->desc = (struct arm_smmu_desc){
		.name = "smmu",
		.base = MMIO_BASE,
		.size = 0x20000,
		.coherent = true,
		.irq_eventq = "smmu.eventq",
		.irq_priq = "smmu.priq",
		.irq_gerror = "smmu.gerror",
		.iommu_cells = 1,
		.fwnode = r->fwnode,
	};
}

int rig_probe(struct rig *r)
{
	return arm_smmu_probe(&r->drv, &r->desc, &r->platform, r->sys);
}

void rig_up(struct rig *r, const struct smmu_config *cfg)
{
	rig_init(r, cfg);
	assert_int_equal(rig_probe(r), 0);
	assert_int_equal(r->errors, 0);
}

void rig_down(struct rig *r)
{
	for (size_t i = 0; i < r->num_devs; i++)
		iommu_dev_remove(r->devs[i].dev);
	arm_smmu_remove(r->drv);
	assert_int_equal(r->live, 0);
	iommu_system_destroy(r->sys);
	assert_int_equal(iommu_fwnode_refs(r->fwnode), 1);
	iommu_fwnode_put(r->fwnode);
	smmu_port_close(r->port);
	smmu_destroy(r->smmu);
	smmu_bus_destroy(r->bus);
	pthread_mutex_destroy(&r->lock);
}

void rig_lie(struct rig *r, uint32_t reg, uint32_t value)
{
	for (size_t i = 0; i < r->num_lies; i++) {
		if (r->lies[i].reg == reg) {
			r->lies[i].value = value;
			return;
		}
	}
	assert_true(r->num_lies < 8);
	r->lies[r->num_lies].reg = reg;
	r->lies[r->num_lies++].value = value;
}

struct iommu_dev *rig_add_as(struct rig *r, const struct iommu_dev_desc *as,
			     const uint32_t *sids, size_t n)
{
	struct rig_dev *d = &r->devs[r->num_devs];
	struct iommu_dev_desc desc = *as;

	assert_true(r->num_devs < MAX_DEVS && n <= 8);
	*d = (struct rig_dev){
		.rig = r, .num_sids = n, .cells = 1, .fw_flags = d->fw_flags
	};
	memcpy(d->sids, sids, n * sizeof(*sids));
	desc.fw = &fw_ops;
	desc.fw_ctx = d;
	assert_int_equal(iommu_dev_add(r->sys, &desc, &d->dev), 0);
	r->num_devs++;
	return d->dev;
}

struct iommu_dev *rig_add(struct rig *r, const char *name, const uint32_t *sids, size_t n)
{
	struct iommu_dev_desc desc = { .name = name,
				       .pasid_num_bits =
					       r->devs[r->num_devs].pasid_bits };

	return rig_add_as(r, &desc, sids, n);
}

unsigned rig_users(struct iommu_domain *domain)
{
	struct arm_smmu_invs *invs = rcu_get(&to_domain(domain)->invs);

	return invs->num ? invs->inv[0].users : 0;
}

struct smmu_result rig_dma(struct rig *r, uint32_t sid, uint64_t iova, bool write,
			   uint64_t *value)
{
	struct smmu_txn txn = { .sid = sid,
				.addr = iova,
				.op = write ? SMMU_WRITE : SMMU_READ };

	return smmu_dma(r->port, &txn, value, sizeof(*value), NULL);
}

struct smmu_result rig_dma_pasid(struct rig *r, uint32_t sid, uint32_t ssid,
				 uint64_t iova, bool write, uint64_t *value)
{
	struct smmu_txn txn = { .sid = sid,
				.ssv = true,
				.ssid = ssid,
				.addr = iova,
				.op = write ? SMMU_WRITE : SMMU_READ };

	return smmu_dma(r->port, &txn, value, sizeof(*value), NULL);
}

uint64_t rig_peek(struct rig *r, uint64_t pa)
{
	uint64_t v = 0;

	assert_int_equal(smmu_bus_read64(r->bus, pa, &v, NULL), 0);
	return v;
}

void rig_poke(struct rig *r, uint64_t pa, uint64_t value)
{
	assert_int_equal(smmu_bus_write64(r->bus, pa, value, NULL), 0);
}
