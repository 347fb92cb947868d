/* SPDX-License-Identifier: MIT */
/*
 * Each allocation of the core fails once, in turn: the caller hears -ENOMEM (or
 * goes on where the rule says so), and nothing is half done (CORE-16, 17, 27, 48, 84,
 * 92, 99, 106, 107, 115, 116). The linker routes the core's allocations here (--wrap).
 */
#include <stdlib.h>
#include <smmulator/iommu_dma.h>
#include <smmulator/iommu_sva.h>
#include "alloc_fail.h"
#include "core/double.h"

/*
 * Runs a step with its k-th allocation failing, for every k it has; afterwards the
 * same step must work, in the same world.
 */
static void each_allocation(struct world *w, int (*step)(struct world *w),
			    void (*undo)(struct world *w), int want)
{
	for (long k = 0; k < 100; k++) {
		int err;

		failed = false;
		fail_at = k;
		err = step(w);
		fail_at = FAIL_NEVER;
		if (!failed) {
			assert_int_equal(err, 0);
			assert_true(k > 0);
			undo(w);
			return;
		}
		assert_int_equal(err, want);
	}
	fail();
}

static struct iommu_dev *dev;

static int step_register(struct world *w)
{
	return iommu_instance_register(w->sys, &w->inst[0].inst);
}

static void undo_register(struct world *w)
{
	assert_true(iommu_dev_has_iommu(dev));
	iommu_instance_unregister(&w->inst[0].inst);
}

/*
 * Registration, probe, default domain. A fwspec that cannot grow inside the walk
 * makes that device's firmware answer -ENODEV, which is no error (CORE-25).
 */
static void nomem_register(void **state)
{
	struct world *w = world_create(NULL);

	(void)state;
	dev = world_dev(w, "a", 0, 1);
	for (long k = 0; k < 100; k++) {
		int err;

		failed = false;
		fail_at = k;
		err = step_register(w);
		fail_at = FAIL_NEVER;
		if (err)
			assert_int_equal(err, -ENOMEM);
		if (!err && !failed) {
			undo_register(w);
			break;
		}
		if (!err)
			iommu_instance_unregister(&w->inst[0].inst);
		assert_false(iommu_dev_has_iommu(dev));
		assert_int_equal(w->domains, 0);
		assert_int_equal(w->probed, w->released);
		assert_int_equal(iommu_fwnode_refs(w->fwnode[0]), 1);
	}
	world_destroy(w);
}

static int step_configure(struct world *w)
{
	(void)w;
	return iommu_dev_configure(dev);
}

static void undo_configure(struct world *w)
{
	(void)w;
	assert_int_equal(iommu_dev_fwspec(dev)->num_ids, 1);
}

/* CORE-16, CORE-17, CORE-22, CORE-27 */
static void nomem_configure(void **state)
{
	struct world *w = world_create(NULL);

	(void)state;
	world_register(w, 0);
	w->fw[0].err = -EIO;
	dev = world_add(w, &(struct iommu_dev_desc){ .name = "a" }, 0);
	w->fw[0] = (struct td_fw){ .n = 1 };
	w->fw[0].fwnode[0] = w->fwnode[0];
	each_allocation(w, step_configure, undo_configure, -ENOMEM);
	world_destroy(w);
}

static struct iommu_domain *dom;

static int step_pasid(struct world *w)
{
	int err = iommu_paging_domain_alloc(dev, 0, &dom);

	(void)w;
	if (err)
		return err;
	err = iommu_get_msi_cookie(dom, 0);
	if (!err)
		err = iommu_attach_device_pasid(dom, dev, 1, NULL);
	if (err)
		iommu_domain_free(dom);
	return err;
}

static void undo_pasid(struct world *w)
{
	(void)w;
	iommu_detach_device_pasid(dom, dev, 1);
	iommu_domain_free(dom);
}

/* CORE-50, CORE-92, CORE-115 */
static void nomem_pasid(void **state)
{
	struct world *w = world_create(NULL);

	(void)state;
	world_register(w, 0);
	dev = world_add(w, &(struct iommu_dev_desc){ .name = "none" }, 5);
	iommu_dev_remove(dev);
	w->fw[0] = (struct td_fw){ .n = 1 };
	w->fw[0].fwnode[0] = w->fwnode[0];
	dev = world_add(w, &(struct iommu_dev_desc){ .name = "a", .pasid_num_bits = 3 },
			0);
	each_allocation(w, step_pasid, undo_pasid, -ENOMEM);
	world_destroy(w);
}

static int step_create(struct world *w)
{
	struct iommu_dev_desc desc = { .name = "new", .harness = w };
	struct iommu_system *sys;
	int err = iommu_system_create(&sys, NULL);

	if (err)
		return err;
	err = iommu_dev_add(sys, &desc, &dev);
	iommu_system_destroy(sys);
	return err;
}

static struct iommu_resv_list regions;

static int step_resv(struct world *w)
{
	struct iommu_group *group = iommu_group_get(dev);
	int err = iommu_get_group_resv_regions(group, &regions);

	(void)w;
	iommu_group_put(group);
	return err;
}

static void undo_resv(struct world *w)
{
	(void)w;
	assert_int_equal(regions.count, 1);
	iommu_resv_list_free(&regions);
}

/* CORE-113 */
static void nomem_resv(void **state)
{
	struct world *w = world_create(NULL);

	(void)state;
	world_register(w, 0);
	dev = world_dev(w, "a", 0, 1);
	w->resv[0] = (struct iommu_resv_region){ 0x1000, 0x1000, 0, IOMMU_RESV_MSI };
	w->num_resv = 1;
	each_allocation(w, step_resv, undo_resv, -ENOMEM);
	world_destroy(w);
}

/* A system and a device without anything. */
static void nomem_create(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_fwnode *fwnode;

	(void)state;
	/* Its last allocation is the probe's, whose error is not the adder's (CORE-12).
	 */
	for (long k = 0; k < 4; k++) {
		int err;

		failed = false;
		fail_at = k;
		err = step_create(w);
		fail_at = FAIL_NEVER;
		assert_int_equal(err, k < 2 ? -ENOMEM : 0);
	}
	fail_at = 0;
	fwnode = iommu_fwnode_create("x");
	assert_null(fwnode);
	fail_at = 0;
	assert_null(iommu_module_create());
	fail_at = FAIL_NEVER;
	world_destroy(w);
}

/* A device on instance 0 with 3 bits of PASID and ATS. */
static struct world *world_of_one(void)
{
	const struct iommu_dev_desc desc = { .name = "a",
					     .bus = IOMMU_BUS_PCI,
					     .pci_max_pasids = 8,
					     .ats_supported = true };
	struct world *w = world_create(NULL);

	world_register(w, 0);
	w->fw[0] = (struct td_fw){ .n = 1 };
	w->fw[0].fwnode[0] = w->fwnode[0];
	dev = world_add(w, &desc, 0);
	return w;
}

static int step_reset(struct world *w)
{
	int err = iommu_dev_reset_prepare(dev);

	assert_int_equal(state_of(dev).recovery_cnt, err ? 0 : 1);
	assert_true(err == 0 || td(dev)->cur == state_of(dev).default_domain);
	(void)w;
	return err;
}

static void undo_reset(struct world *w)
{
	iommu_dev_reset_done(dev);
	assert_int_equal(w->warns, 0);
	assert_ptr_equal(td(dev)->cur, state_of(dev).default_domain);
}

/* CORE-84: no static blocked domain, and none can be made: there is no reset. */
static void nomem_reset(void **state)
{
	struct world *w = world_of_one();

	(void)state;
	w->drv[0].ops.blocked_domain = NULL;
	each_allocation(w, step_reset, undo_reset, -ENOMEM);
	world_destroy(w);
}

/* CORE-59: nor is there a last resort; that is told, and the next try works. */
static void nomem_last_resort(void **state)
{
	struct world *w = world_of_one();
	struct iommu_domain *d = world_domain(dev);

	(void)state;
	w->drv[0].ops.blocked_domain = NULL;
	assert_int_equal(iommu_attach_device(d, dev), 0);
	world_fail(w, "attach", "a", -EIO, 0, 1);
	fail_at = 0;
	iommu_detach_device(d, dev);
	fail_at = FAIL_NEVER;
	assert_int_equal(w->warns, 3); /* no memory; attach failed; of the group */
	assert_null(state_of(dev).blocking_domain);
	assert_int_equal(iommu_attach_device(d, dev), 0);
	world_fail(w, "attach", "a", -EIO, 0, 1);
	iommu_detach_device(d, dev);
	assert_ptr_equal(td(dev)->cur, state_of(dev).blocking_domain);
	iommu_domain_free(d);
	world_destroy(w);
}

enum { GROWN = 7 };

/* More PASIDs than a table begins with: it grows twice. */
static int step_grow(struct world *w)
{
	int err = 0;
	uint32_t pasid;

	(void)w;
	for (pasid = 1; pasid <= GROWN && !err; pasid++)
		err = iommu_attach_device_pasid(dom, dev, pasid, NULL);
	if (!err)
		return 0;
	assert_null(td(dev)->pasid[pasid - 1]);
	for (uint32_t p = 1; p < pasid - 1; p++) {
		assert_ptr_equal(td(dev)->pasid[p], dom);
		iommu_detach_device_pasid(dom, dev, p);
	}
	return err;
}

static void undo_grow(struct world *w)
{
	for (uint32_t p = 1; p <= GROWN; p++)
		iommu_detach_device_pasid(dom, dev, p);
	assert_int_equal(w->warns, 0);
}

/* CORE-92 */
static void nomem_pasid_growth(void **state)
{
	bool more = true;

	(void)state;
	/* Each failure in a world of its own, since a table that has grown stays. */
	for (long k = 0; more; k++) {
		struct world *w = world_of_one();
		int err;

		dom = world_domain(dev);
		failed = false;
		fail_at = k;
		err = step_grow(w);
		fail_at = FAIL_NEVER;
		assert_int_equal(err, failed ? -ENOMEM : 0);
		more = failed;
		assert_true(more || k >= 2);
		if (!more)
			undo_grow(w);
		iommu_domain_free(dom);
		world_destroy(w);
	}
}

static int answers;

static void count_answer(struct iommu_dev *of, const struct iommu_page_request *last,
			 unsigned code)
{
	assert_ptr_equal(of, dev);
	assert_true(last->flags & IOMMU_PRQ_LAST);
	answers += code == IOMMU_PAGE_FAILURE;
}

static struct iommu_iopf_queue *queue;

static int step_queue(struct world *w)
{
	int err = iommu_iopf_queue_create(&queue, false);

	(void)w;
	if (err)
		return err;
	err = iommu_iopf_queue_add_device(queue, dev);
	if (err)
		iommu_iopf_queue_destroy(queue);
	return err;
}

static void undo_queue(struct world *w)
{
	struct iommu_page_request r = { .grpid = 3 };

	(void)w;
	/* CORE-106: not stored, the driver's to answer; CORE-107: the group fails. */
	fail_at = 0;
	assert_int_equal(iommu_report_device_fault(dev, &r), -ENOMEM);
	fail_at = FAIL_NEVER;
	assert_int_equal(iommu_report_device_fault(dev, &r), 0);
	r.flags = IOMMU_PRQ_LAST;
	fail_at = 0;
	assert_int_equal(iommu_report_device_fault(dev, &r), 0);
	fail_at = FAIL_NEVER;
	assert_int_equal(answers, 1);
	iommu_iopf_queue_destroy(queue);
}

/* CORE-106, CORE-107, CORE-109 */
static void nomem_iopf(void **state)
{
	struct world *w = world_of_one();

	(void)state;
	answers = 0;
	w->drv[0].ops.page_response = count_answer;
	each_allocation(w, step_queue, undo_queue, -ENOMEM);
	world_destroy(w);
}

static void free_sva(struct iommu_domain *d)
{
	((struct world *)d->fault_token)->domains--;
	free(d);
}

static int set_sva(struct iommu_domain *d, struct iommu_dev *of, uint32_t pasid,
		   struct iommu_domain *old)
{
	(void)old;
	td(of)->pasid[pasid] = d;
	return 0;
}

static const struct iommu_domain_ops sva_ops = { .set_dev_pasid = set_sva,
						 .free = free_sva };

static int alloc_sva(struct iommu_dev *of, struct iommu_mm *mm, struct iommu_domain **out)
{
	struct world *w = iommu_dev_desc(of)->harness;

	(void)mm;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->ops = &sva_ops;
	(*out)->fault_token = w;
	w->domains++;
	return 0;
}

static struct iommu_mm *mm;
static struct iommu_sva *sva;

static int step_sva(struct world *w)
{
	const struct iommu_mm_desc desc = { .root = 0x1000 };
	int domains = w->domains, err = iommu_mm_create(w->sys, &desc, &mm);

	if (err)
		return err;
	err = iommu_sva_bind_device(dev, mm, &sva);
	if (err) {
		iommu_mm_put(mm);
		assert_int_equal(w->domains, domains);
	}
	return err;
}

static void undo_sva(struct world *w)
{
	iommu_mm_put(mm);
	assert_int_equal(iommu_sva_get_pasid(sva), 1); /* what failed has none left */
	iommu_sva_unbind_device(sva);
	assert_int_equal(w->warns, 0);
}

/* CORE-99 */
static void nomem_sva(void **state)
{
	struct world *w = world_of_one();

	(void)state;
	w->drv[0].ops.domain_alloc_sva = alloc_sva;
	each_allocation(w, step_sva, undo_sva, -ENOMEM);
	world_destroy(w);
}

static int step_dma(struct world *w)
{
	uint64_t iova, msi;
	int err = iommu_dma_map(dev, 0x5000, 0x1000, IOMMU_READ, &iova);

	(void)w;
	if (err)
		return err;
	err = iommu_dma_prepare_msi(dev, 0x8000, &msi);
	assert_int_equal(iommu_dma_unmap(dev, iova, 0x1000), 0);
	return err;
}

static void undo_dma(struct world *w)
{
	(void)w;
	/* The doorbell only. */
	assert_int_equal(tdom(state_of(dev).domain)->pages, 1);
}

/* CORE-115, CORE-116 */
static void nomem_dma(void **state)
{
	struct world *w = world_of_one();

	(void)state;
	w->resv[0] = (struct iommu_resv_region){ 0x1000, 0x1000, 0, IOMMU_RESV_MSI };
	w->num_resv = 1;
	each_allocation(w, step_dma, undo_dma, -ENOMEM);
	world_destroy(w);
}

/* One change of the type with its k-th allocation failing, and back. False: it had less.
 */
static bool change_type(struct world *w, struct iommu_group *group, unsigned to, long k)
{
	struct iommu_group_state was = state_of(dev);
	unsigned type = was.domain->type;
	int err;

	failed = false;
	fail_at = k;
	err = iommu_group_set_default_type(group, to);
	fail_at = FAIL_NEVER;
	assert_ptr_equal(td(dev)->cur, state_of(dev).domain);
	assert_ptr_equal(td(dev)->cur, state_of(dev).default_domain);
	assert_int_equal(w->domains, !(state_of(dev).domain->type & IOMMU_DOMAIN_BIT_PT));
	if (err) {
		assert_true(failed);
		assert_int_equal(err, -ENOMEM);
		assert_ptr_equal(state_of(dev).domain, was.domain);
		assert_int_equal(was.domain->type, type);
		return true;
	}
	assert_int_equal(state_of(dev).domain->type, to);
	assert_int_equal(iommu_group_set_default_type(group, type), 0);
	return failed;
}

/*
 * CORE-46, CORE-48: the type stays what it was; a list of direct mappings that cannot
 * be had before the attach is had after it.
 */
static void nomem_default_type(void **state)
{
	static const unsigned types[] = { IOMMU_DOMAIN_DMA, IOMMU_DOMAIN_DMA_FQ,
					  IOMMU_DOMAIN_IDENTITY };
	struct world *w = world_of_one();
	struct iommu_group *group = iommu_group_get(dev);

	(void)state;
	w->caps = 1u << IOMMU_CAP_DEFERRED_FLUSH;
	w->resv[0] = (struct iommu_resv_region){ 0x1000, 0x1000, 0, IOMMU_RESV_DIRECT };
	w->num_resv = 1;
	for (size_t from = 0; from < 3; from++) {
		assert_int_equal(iommu_group_set_default_type(group, types[from]), 0);
		for (size_t to = 0; to < 3; to++)
			for (long k = 0;
			     to != from && change_type(w, group, types[to], k); k++)
				;
	}
	iommu_group_put(group);
	world_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nomem_register),    cmocka_unit_test(nomem_configure),
		cmocka_unit_test(nomem_pasid),	     cmocka_unit_test(nomem_resv),
		cmocka_unit_test(nomem_create),	     cmocka_unit_test(nomem_reset),
		cmocka_unit_test(nomem_last_resort), cmocka_unit_test(nomem_pasid_growth),
		cmocka_unit_test(nomem_iopf),	     cmocka_unit_test(nomem_sva),
		cmocka_unit_test(nomem_dma),	     cmocka_unit_test(nomem_default_type),
	};

	return cmocka_run_group_tests_name("core_nomem", tests, NULL, NULL);
}
