/* SPDX-License-Identifier: MIT */
/*
 * Devices on the page table of a process: they stall, the page comes, they go on; what
 * the process does to its table they see (DRV-42, DRV-109 to DRV-113).
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/stall.h>
#include "driver/cdtab.h"
#include "driver/change.h"
#include "driver/process.h"

#define KIB(n) (UINT64_C(n) << 10)
#define MIB(n) (UINT64_C(n) << 20)
#define SID    5u

static struct arm_smmu_master *master_of(struct iommu_dev *dev)
{
	return iommu_dev_priv(dev);
}

static struct smmu_result dma(struct rig *r, uint32_t sid, uint32_t pasid, uint64_t iova,
			      bool write, uint64_t *value)
{
	return pasid ? rig_dma_pasid(r, sid, pasid, iova, write, value)
		     : rig_dma(r, sid, iova, write, value);
}

/* A DMA that stalls; its result after whoever serves it has. */
static struct smmu_result stalled(struct rig *r, uint32_t pasid, uint64_t iova,
				  bool write, uint64_t *value)
{
	struct smmu_result res = dma(r, SID, pasid, iova, write, value);

	assert_int_equal(res.status, SMMU_STALLED);
	assert_int_equal(smmu_port_wait(r->port, res.ticket, 0, NULL, NULL), -ETIMEDOUT);
	assert_int_equal(serve(r), 1);
	assert_int_equal(smmu_port_wait(r->port, res.ticket, 0, &res, NULL), 0);
	return res;
}

static uint64_t cd_word(struct iommu_dev *dev, uint32_t pasid, unsigned i)
{
	return hw_load(&arm_smmu_cdtab_cd(master_of(dev), pasid)[i]);
}

/* DRV-42, DRV-110: bit by bit, the process's own table under an ASID of ours. */
static void cd_of_a_process(void **state)
{
	struct smmu_config cfg = stall_config();
	const struct iommu_mm_desc *desc;
	struct iommu_domain *domain;
	struct iommu_sva *sva;
	struct iommu_dev *dev;
	struct process p;
	struct rig r;
	uint32_t pasid;
	uint64_t word;

	(void)state;
	cfg.btm = 1;
	rig_up(&r, &cfg);
	dev = add_stalling(&r, "dev", SID);
	process_begin(&p, &r);
	desc = iommu_mm_desc(p.mm);
	assert_int_equal(iommu_sva_bind_device(dev, p.mm, &sva), 0);
	pasid = iommu_sva_get_pasid(sva);
	domain = arm_smmu_attachment(master_of(dev), pasid)->core;
	/* T0SZ 16, WB RA, ISH; EPD1, V; IPS 44; AA64, S, R, A, ASET, ASID. */
	word = 16 | 1u << 8 | 1u << 10 | 3u << 12 | UINT64_C(3) << 30 |
	       UINT64_C(4) << 32 | UINT64_C(1) << 41 | UINT64_C(15) << 44 |
	       (uint64_t)to_domain(domain)->id << 48;
	assert_int_equal(cd_word(dev, pasid, 0), word);
	assert_int_equal(cd_word(dev, pasid, 1), desc->root);
	assert_int_equal(cd_word(dev, pasid, 2), 0);
	assert_int_equal(cd_word(dev, pasid, 3), desc->mair);
	assert_int_not_equal(to_domain(domain)->id, 0);
	/* Nothing of broadcast maintenance (DRV-16): CR2.PTM is set. */
	assert_int_equal(
		smmu_reg_get(smmu_mmio_read(r.smmu, SMMU_REG_CR2, 4), SMMU_CR2_PTM), 1);
	/* DRV-112: no TTB0 that counts, no stall, no record. */
	iommu_mm_exit(p.mm);
	word = (word & ~(uint64_t)0x3fff & ~(UINT64_C(3) << 44)) | 1u << 14;
	assert_int_equal(cd_word(dev, pasid, 0), word);
	assert_int_equal(cd_word(dev, pasid, 1), 0);
	assert_int_equal(cd_word(dev, pasid, 3), desc->mair);
	iommu_sva_unbind_device(sva);
	assert_int_equal(cd_word(dev, pasid, 0), 0);
	process_end(&p);
	rig_down(&r);
}

/* DRV-111, DRV-112: what the process does to its table the device sees at once. */
static void device_on_a_process(void **state)
{
	struct smmu_config cfg = stall_config();
	struct iommu_sva *sva, *again;
	struct iommu_dev *dev;
	struct smmu_result res;
	struct process p;
	uint64_t value;
	uint32_t pasid;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	dev = add_stalling(&r, "dev", SID);
	process_begin(&p, &r);
	assert_int_equal(iommu_sva_bind_device(dev, p.mm, &sva), 0);
	pasid = iommu_sva_get_pasid(sva);
	for (unsigned i = 0; i < 3; i++) {
		value = 100 + i;
		res = stalled(&r, pasid, p.base + KIB(8), true, &value);
		assert_int_equal(res.status, SMMU_OK);
		assert_int_equal(rig_peek(&r, DATA_BASE + KIB(8)), 100 + i);
		assert_int_equal(p.faults, i + 1);
		assert_int_equal(p.last, p.base + KIB(8));
		/* It is there now. */
		res = dma(&r, SID, pasid, p.base + KIB(8), false, &value);
		assert_int_equal(res.status, SMMU_OK);
		process_page_out(&p, p.base + KIB(8));
	}
	/* All of the address space, as at an exec: by the tag. */
	value = 1;
	assert_int_equal(stalled(&r, pasid, p.base, true, &value).status, SMMU_OK);
	assert_int_equal(io_pgtable_unmap(p.table, p.base, KIB(4), NULL), KIB(4));
	iommu_mm_invalidate(p.mm, 0, UINT64_MAX);
	assert_int_equal(stalled(&r, pasid, p.base, true, &value).status, SMMU_OK);
	/* A second bind shares; the process ends; nothing is told and nothing gets in. */
	assert_int_equal(iommu_sva_bind_device(dev, p.mm, &again), 0);
	iommu_mm_exit(p.mm);
	r.faults = 0;
	assert_int_equal(dma(&r, SID, pasid, p.base, true, &value).status, SMMU_ABORT);
	assert_int_equal(dma(&r, SID, pasid, p.base + KIB(8), true, &value).status,
			 SMMU_ABORT);
	assert_int_equal(r.faults, 0);
	iommu_sva_unbind_device(again);
	iommu_sva_unbind_device(sva);
	process_end(&p);
	rig_down(&r);
}

/* DRV-109: what the SMMU and the CPU must have in common. */
static void processes_that_cannot_be_shared(void **state)
{
	static const struct {
		uint8_t va, pa, shift, bbml2, err;
	} rows[] = {
		{ 48, 44, 12, 0, 0 },	       { 48, 44, 16, 0, 0 },
		{ 52, 44, 16, 0, EOPNOTSUPP }, /* no IDR5.VAX */
		{ 48, 48, 12, 0, EOPNOTSUPP }, /* IDR5.OAS is 44 */
		{ 48, 44, 14, 0, EOPNOTSUPP }, /* no IDR5.GRAN16K */
		{ 48, 44, 12, 1, EOPNOTSUPP }, /* IDR3.BBML is 1 */
		{ 24, 44, 12, 0, EOPNOTSUPP }, { 25, 44, 12, 0, 0 },
		{ 49, 44, 12, 0, EOPNOTSUPP },
	};
	struct smmu_config cfg = stall_config();
	struct iommu_dev *dev;
	struct iommu_sva *sva;
	struct rig r;

	(void)state;
	cfg.oas = 4;
	cfg.gran16k = 0;
	cfg.bbml = 1;
	rig_up(&r, &cfg);
	dev = add_stalling(&r, "dev", SID);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct iommu_mm_desc desc = { .root = RAM_BASE,
					      .va_bits = rows[i].va,
					      .pa_bits = rows[i].pa,
					      .page_shift = rows[i].shift,
					      .bbml2 = rows[i].bbml2 };
		struct iommu_mm *mm;

		assert_int_equal(iommu_mm_create(r.sys, &desc, &mm), 0);
		assert_int_equal(iommu_sva_bind_device(dev, mm, &sva), -rows[i].err);
		if (!rows[i].err)
			iommu_sva_unbind_device(sva);
		iommu_mm_put(mm);
	}
	rig_down(&r);

	/* Neither without coherent walks. */
	cfg = stall_config();
	cfg.cohacc = 0;
	rig_init(&r, &cfg);
	r.desc.coherent = false;
	assert_int_equal(rig_probe(&r), 0);
	dev = add_stalling(&r, "dev", SID);
	{
		struct process p;

		process_begin(&p, &r);
		assert_int_equal(iommu_sva_bind_device(dev, p.mm, &sva), -EOPNOTSUPP);
		process_end(&p);
	}
	rig_down(&r);
}

/* DRV-90, DRV-110: a process that has ended is no place to go to. */
static void processes_that_have_ended(void **state)
{
	struct smmu_config cfg = stall_config();
	struct iommu_domain *domain;
	struct iommu_sva *sva, *none;
	struct iommu_dev *dev;
	struct process p;
	struct rig r;

	(void)state;
	rig_up(&r, &cfg);
	dev = add_stalling(&r, "dev", SID);
	process_begin(&p, &r);
	assert_int_equal(iommu_sva_bind_device(dev, p.mm, &sva), 0);
	domain = arm_smmu_attachment(master_of(dev), iommu_sva_get_pasid(sva))->core;
	assert_int_equal(domain->ops->test_dev(domain, dev, 9, NULL), 0);
	iommu_mm_exit(p.mm);
	assert_int_equal(domain->ops->test_dev(domain, dev, 9, NULL), -EINVAL);
	assert_int_equal(domain->ops->set_dev_pasid(domain, dev, 9, NULL), -EINVAL);
	assert_int_equal(
		iommu_sva_bind_device(add_stalling(&r, "other", SID + 1), p.mm, &none),
		-EBUSY);
	/* Not by RID, gone or not. */
	assert_null(domain->ops->attach_dev);
	iommu_sva_unbind_device(sva);
	process_end(&p);
	rig_down(&r);
}

/* ---- Threads ---- */

struct worker {
	struct rig *r;
	struct process *p;
	uint32_t sid, pasid;
	unsigned wrong, done;
	pthread_t thread;
};

/* Every page of the process's area by stalls, some of them seen by the others first. */
static void *walk(void *arg)
{
	struct worker *w = arg;
	struct smmu_port *port = smmu_port_open(w->r->smmu);

	for (unsigned i = 0; i < 64; i++) {
		uint64_t value = i;
		struct smmu_txn txn = { .sid = w->sid,
					.ssid = w->pasid,
					.ssv = true,
					.addr = w->p->base + KIB(4) * i + 8 * w->sid,
					.op = SMMU_WRITE };
		struct smmu_result res = smmu_dma(port, &txn, &value, 8, NULL);

		if (res.status == SMMU_STALLED)
			w->wrong += smmu_port_wait(port, res.ticket, -1, &res, NULL) != 0;
		w->wrong += res.status != SMMU_OK;
		w->done++;
	}
	smmu_port_close(port);
	return NULL;
}

/* With a thread for the faults: devices of one process, which takes pages away. */
static void faults_on_a_thread(void **state)
{
	struct smmu_config cfg = stall_config();
	struct iommu_sva *sva[3];
	struct worker w[3];
	struct process p;
	struct rig r;

	(void)state;
	rig_init(&r, &cfg);
	r.desc.iopf_thread = true;
	r.yields = true;
	assert_int_equal(rig_probe(&r), 0);
	process_begin(&p, &r);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const names[] = { "a", "b", "c" };
		struct iommu_dev *dev = add_stalling(&r, names[i], SID + i);

		assert_int_equal(iommu_sva_bind_device(dev, p.mm, &sva[i]), 0);
		w[i] = (struct worker){ .r = &r,
					.p = &p,
					.sid = SID + i,
					.pasid = iommu_sva_get_pasid(sva[i]) };
	}
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&w[i].thread, NULL, walk, &w[i]), 0);
	for (unsigned i = 0; i < 40; i++) {
		uint64_t addr = p.base + KIB(4) * (i * 7 % 64);

		pthread_mutex_lock(&p.lock);
		io_pgtable_unmap(p.table, addr, KIB(4), NULL);
		pthread_mutex_unlock(&p.lock);
		iommu_mm_invalidate(p.mm, addr, addr + KIB(4) - 1);
	}
	for (unsigned i = 0; i < 3; i++) {
		pthread_join(w[i].thread, NULL);
		assert_int_equal(w[i].wrong, 0);
		assert_int_equal(w[i].done, 64);
		iommu_sva_unbind_device(sva[i]);
	}
	process_end(&p);
	assert_int_equal(r.errors, 0);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cd_of_a_process),
		cmocka_unit_test(device_on_a_process),
		cmocka_unit_test(processes_that_cannot_be_shared),
		cmocka_unit_test(processes_that_have_ended),
		cmocka_unit_test(faults_on_a_thread),
	};

	return cmocka_run_group_tests_name("driver_sva", tests, NULL, NULL);
}
