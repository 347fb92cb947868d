/* SPDX-License-Identifier: MIT */
/* Global PASIDs, mms and binds (CORE-98 to CORE-104, CORE-110). */
#include <stdlib.h>
#include "core/double.h"
#include <smmulator/iommu_sva.h>

static struct {
	int allocs, frees, released, alloc_err;
	uint64_t start, last;
	int answers;
	unsigned code;
	uint64_t faulted;
	uint32_t perm;
} seen;

static void sva_free(struct iommu_domain *d)
{
	seen.frees++;
	free(d);
}

static int sva_set_pasid(struct iommu_domain *d, struct iommu_dev *dev, uint32_t pasid,
			 struct iommu_domain *old)
{
	(void)old;
	/* A domain made for one instance does not suit the other. */
	if (d->fault_token != iommu_dev_instance(dev))
		return -EINVAL;
	td(dev)->pasid[pasid] = d;
	return 0;
}

static void sva_invalidate(struct iommu_domain *d, uint64_t start, uint64_t last)
{
	(void)d;
	seen.start = start;
	seen.last = last;
}

static void sva_release(struct iommu_domain *d)
{
	(void)d;
	seen.released++;
}

static struct iommu_domain_ops sva_ops = {
	.set_dev_pasid = sva_set_pasid,
	.mm_invalidate = sva_invalidate,
	.mm_release = sva_release,
	.free = sva_free,
};

static int sva_alloc(struct iommu_dev *dev, struct iommu_mm *mm,
		     struct iommu_domain **out)
{
	(void)mm;
	if (seen.alloc_err)
		return seen.alloc_err;
	*out = calloc(1, sizeof(**out));
	assert_non_null(*out);
	(*out)->ops = &sva_ops;
	(*out)->fault_token = iommu_dev_instance(dev);
	seen.allocs++;
	return 0;
}

static void answer(struct iommu_dev *dev, const struct iommu_page_request *last,
		   unsigned code)
{
	(void)dev;
	(void)last;
	seen.answers++;
	seen.code = code;
}

/* The process has the page at 0x1000, read-only, and nothing else. */
static int mm_fault(void *ctx, uint64_t addr, uint32_t perm)
{
	(void)ctx;
	seen.faulted = addr;
	seen.perm = perm;
	return addr == 0x1000 && !(perm & IOMMU_PRQ_WRITE) ? 0 : -EFAULT;
}

struct sva_world {
	struct world *w;
	struct iommu_dev *a, *b; /* on instances 0 and 1, of one driver */
	struct iommu_mm *mm;
};

static const struct iommu_mm_desc mm_desc = { .root = 0x80000000, .fault = mm_fault };

static struct iommu_dev *add(struct world *w, const char *name, int slot, int inst,
			     uint32_t pasid_bits)
{
	const struct iommu_dev_desc desc = { .name = name, .pasid_num_bits = pasid_bits };

	w->fw[slot] = (struct td_fw){ .n = 1 };
	w->fw[slot].fwnode[0] = w->fwnode[inst];
	return world_add(w, &desc, slot);
}

static struct sva_world setup(void)
{
	struct sva_world s = { .w = world_create(NULL) };

	memset(&seen, 0, sizeof(seen));
	s.w->drv[0].ops.domain_alloc_sva = sva_alloc;
	s.w->drv[0].ops.page_response = answer;
	world_register(s.w, 0);
	world_register(s.w, 1);
	s.a = add(s.w, "a", 4, 0, 3);
	s.b = add(s.w, "b", 5, 1, 2);
	assert_int_equal(iommu_mm_create(s.w->sys, &mm_desc, &s.mm), 0);
	return s;
}

static void teardown(struct sva_world *s)
{
	iommu_mm_put(s->mm);
	assert_int_equal(seen.allocs, seen.frees);
	world_destroy(s->w);
}

/* CORE-98 */
static void sva_global_pasids(void **state)
{
	struct sva_world s = setup();
	struct iommu_dev *none = world_dev(s.w, "none", -1, 0);
	struct iommu_dev *zero = world_dev(s.w, "zero", 0, 1);

	(void)state;
	assert_int_equal(iommu_alloc_global_pasid(none), IOMMU_PASID_INVALID);
	assert_int_equal(iommu_alloc_global_pasid(zero), IOMMU_PASID_INVALID);
	assert_int_equal(iommu_alloc_global_pasid(s.b), 1);
	assert_int_equal(iommu_alloc_global_pasid(s.a), 2);
	assert_int_equal(iommu_alloc_global_pasid(s.b), 3);
	assert_int_equal(iommu_alloc_global_pasid(s.b), IOMMU_PASID_INVALID); /* 2 bits */
	assert_int_equal(iommu_alloc_global_pasid(s.a), 4);
	iommu_free_global_pasid(s.w->sys, 2);
	iommu_free_global_pasid(s.w->sys, 0);
	iommu_free_global_pasid(s.w->sys, IOMMU_PASID_INVALID);
	assert_int_equal(iommu_alloc_global_pasid(s.b), 2);
	for (uint32_t i = 5; i < 8; i++)
		assert_int_equal(iommu_alloc_global_pasid(s.a), i);
	assert_int_equal(iommu_alloc_global_pasid(s.a), IOMMU_PASID_INVALID);
	teardown(&s);
}

/* CORE-99: the errors, nothing left of them. */
static void sva_bind_errors(void **state)
{
	struct sva_world s = setup();
	struct iommu_dev *none = world_dev(s.w, "none", -1, 0);
	struct iommu_sva *sva;
	struct iommu_mm *other;
	uint32_t first;

	(void)state;
	assert_int_equal(iommu_mm_create(s.w->sys, NULL, &other), -EINVAL);
	assert_int_equal(iommu_sva_bind_device(none, s.mm, &sva), -ENODEV);
	seen.alloc_err = -ENOMEM;
	assert_int_equal(iommu_sva_bind_device(s.a, s.mm, &sva), -ENOMEM);
	seen.alloc_err = 0;
	s.w->drv[0].ops.domain_alloc_sva = NULL;
	assert_int_equal(iommu_sva_bind_device(s.a, s.mm, &sva), -EOPNOTSUPP);
	s.w->drv[0].ops.domain_alloc_sva = sva_alloc;
	/* No PASID below the device's limit is free. */
	assert_int_equal(iommu_mm_create(s.w->sys, &mm_desc, &other), 0);
	first = iommu_alloc_global_pasid(s.b);
	assert_int_equal(iommu_alloc_global_pasid(s.b), first + 1);
	assert_int_equal(iommu_sva_bind_device(s.b, other, &sva), -ENOSPC);
	/* A PASID that another device took is too large for this one. */
	assert_int_equal(iommu_sva_bind_device(s.a, other, &sva), 0);
	assert_int_equal(iommu_sva_get_pasid(sva), 4);
	{
		struct iommu_sva *no;

		assert_int_equal(iommu_sva_bind_device(s.b, other, &no), -EOVERFLOW);
	}
	iommu_sva_unbind_device(sva);
	iommu_mm_put(other);
	teardown(&s);
}

/* CORE-100, CORE-102, CORE-104 */
static void sva_bind_counts(void **state)
{
	struct sva_world s = setup();
	struct iommu_domain *d = world_domain(s.a);
	struct iommu_sva *one, *two, *other_dev;
	struct iommu_mm *next;

	(void)state;
	assert_int_equal(iommu_sva_bind_device(s.a, s.mm, &one), 0);
	assert_int_equal(iommu_sva_bind_device(s.a, s.mm, &two), 0);
	assert_ptr_equal(one, two);
	assert_int_equal(seen.allocs, 1);
	assert_int_equal(iommu_sva_get_pasid(one), 1);
	assert_non_null(td(s.a)->pasid[1]);
	/* One PASID per mm; the other instance needs a domain of its own (CORE-101). */
	assert_int_equal(iommu_sva_bind_device(s.b, s.mm, &other_dev), 0);
	assert_int_equal(iommu_sva_get_pasid(other_dev), 1);
	assert_int_equal(seen.allocs, 2);
	iommu_sva_unbind_device(one);
	assert_non_null(td(s.a)->pasid[1]);
	assert_int_equal(seen.frees, 0);
	iommu_sva_unbind_device(two);
	assert_null(td(s.a)->pasid[1]);
	assert_int_equal(seen.frees, 1);
	/* CORE-100: the PASID is somebody else's on this device. */
	assert_int_equal(iommu_attach_device_pasid(d, s.a, 1, NULL), 0);
	assert_int_equal(iommu_sva_bind_device(s.a, s.mm, &one), -EBUSY);
	iommu_detach_device_pasid(d, s.a, 1);
	iommu_sva_unbind_device(other_dev);
	/* CORE-104: kept as long as the mm, then free for the next. */
	assert_int_equal(iommu_alloc_global_pasid(s.a), 2);
	iommu_mm_put(s.mm);
	assert_int_equal(iommu_mm_create(s.w->sys, &mm_desc, &next), 0);
	assert_int_equal(iommu_sva_bind_device(s.a, next, &one), 0);
	assert_int_equal(iommu_sva_get_pasid(one), 1);
	/* The bind holds the mm: its maker may let go first. */
	iommu_mm_put(next);
	iommu_sva_unbind_device(one);
	s.mm = NULL;
	iommu_domain_free(d);
	teardown(&s);
}

/* CORE-101, CORE-102: a second device of the same instance shares the domain. */
static void sva_domain_is_shared(void **state)
{
	struct sva_world s = setup();
	struct iommu_dev *c = add(s.w, "c", 6, 0, 3);
	struct iommu_sva *one, *two;

	(void)state;
	assert_int_equal(iommu_sva_bind_device(s.a, s.mm, &one), 0);
	assert_int_equal(iommu_sva_bind_device(c, s.mm, &two), 0);
	assert_int_equal(seen.allocs, 1);
	assert_ptr_equal(td(s.a)->pasid[1], td(c)->pasid[1]);
	iommu_sva_unbind_device(one);
	assert_int_equal(seen.frees, 0);
	iommu_sva_unbind_device(two);
	assert_int_equal(seen.frees, 1);
	teardown(&s);
}

/* CORE-100: a PASID is its group's: devices of one group have one handle. */
static void sva_of_a_group(void **state)
{
	struct sva_world s = setup();
	struct iommu_dev *a, *b;
	struct iommu_sva *one, *two;

	(void)state;
	iommu_dev_remove(s.a);
	iommu_dev_remove(s.b);
	(void)world_pair(s.w, &a, &b);
	assert_int_equal(iommu_sva_bind_device(a, s.mm, &one), 0);
	assert_non_null(td(b)->pasid[1]);
	assert_int_equal(iommu_sva_bind_device(b, s.mm, &two), 0);
	assert_ptr_equal(one, two);
	iommu_sva_unbind_device(two);
	assert_non_null(td(a)->pasid[1]);
	/* The device that bound leaves: the other one's PASID is taken back. */
	iommu_dev_remove(a);
	assert_non_null(td(b)->pasid[1]);
	iommu_sva_unbind_device(one);
	assert_null(td(b)->pasid[1]);
	assert_int_equal(seen.frees, 1);
	teardown(&s);
}

/* CORE-102: bound, and released from its IOMMU; bound again to the IOMMU's next life. */
static void sva_device_goes(void **state)
{
	struct sva_world s = setup();
	struct iommu_sva *old, *new;

	(void)state;
	assert_int_equal(iommu_sva_bind_device(s.a, s.mm, &old), 0);
	iommu_instance_unregister(&s.w->inst[0].inst);
	world_register(s.w, 0);
	assert_null(td(s.a)->pasid[1]);
	assert_int_equal(iommu_sva_bind_device(s.a, s.mm, &new), 0);
	assert_ptr_not_equal(old, new);
	assert_non_null(td(s.a)->pasid[1]);
	iommu_sva_unbind_device(old);
	assert_non_null(td(s.a)->pasid[1]);
	iommu_dev_remove(s.a);
	iommu_sva_unbind_device(new);
	teardown(&s);
}

/* CORE-103: hardware is told, the handle stays, and nobody new comes. */
static void sva_process_exits(void **state)
{
	struct sva_world s = setup();
	struct iommu_sva *sva, *no;

	(void)state;
	assert_int_equal(iommu_sva_bind_device(s.a, s.mm, &sva), 0);
	iommu_mm_invalidate(s.mm, 0x1000, 0x1fff);
	assert_int_equal(seen.start, 0x1000);
	assert_int_equal(seen.last, 0x1fff);
	assert_int_equal(seen.released, 0);
	iommu_mm_exit(s.mm);
	iommu_mm_exit(s.mm);
	assert_int_equal(seen.released, 1);
	assert_int_equal(iommu_sva_bind_device(s.b, s.mm, &no), -EBUSY);
	assert_int_equal(iommu_sva_bind_device(s.a, s.mm, &no), -EBUSY);
	assert_int_equal(iommu_sva_get_pasid(sva), 1);
	iommu_sva_unbind_device(sva);
	teardown(&s);
}

static void request(struct sva_world *s, uint32_t flags, uint32_t perm, uint64_t addr)
{
	const struct iommu_page_request r = {
		.flags = flags, .pasid = 1, .grpid = 1, .perm = perm, .addr = addr
	};

	assert_int_equal(iommu_report_device_fault(s->a, &r), 0);
}

static unsigned answered(struct sva_world *s, struct iommu_iopf_queue *q)
{
	(void)s;
	assert_int_equal(iommu_iopf_queue_run(q), 1);
	return seen.code;
}

/* CORE-110 */
static void sva_faults(void **state)
{
	const uint32_t last = IOMMU_PRQ_LAST | IOMMU_PRQ_PASID;
	struct sva_world s = setup();
	struct iommu_iopf_queue *q;
	struct iommu_sva *sva;

	(void)state;
	assert_int_equal(iommu_iopf_queue_create(&q, false), 0);
	assert_int_equal(iommu_iopf_queue_add_device(q, s.a), 0);
	assert_int_equal(iommu_sva_bind_device(s.a, s.mm, &sva), 0);
	request(&s, last, IOMMU_PRQ_READ, 0x1000);
	assert_int_equal(answered(&s, q), IOMMU_PAGE_SUCCESS);
	assert_int_equal(seen.faulted, 0x1000);
	assert_int_equal(seen.perm, IOMMU_PRQ_READ);
	request(&s, last, IOMMU_PRQ_READ | IOMMU_PRQ_WRITE, 0x1000);
	assert_int_equal(answered(&s, q), IOMMU_PAGE_INVALID);
	request(&s, last, IOMMU_PRQ_READ, 0x2000);
	assert_int_equal(answered(&s, q), IOMMU_PAGE_INVALID);
	request(&s, last, IOMMU_PRQ_READ | IOMMU_PRQ_PRIV, 0x1000);
	assert_int_equal(answered(&s, q), IOMMU_PAGE_INVALID);
	/* The first bad one decides for the group. */
	request(&s, IOMMU_PRQ_PASID, IOMMU_PRQ_READ, 0x2000);
	request(&s, last, IOMMU_PRQ_READ, 0x1000);
	assert_int_equal(answered(&s, q), IOMMU_PAGE_INVALID);
	assert_int_equal(seen.faulted, 0x2000);
	/* Unbound with a fault in the queue: answered on the way out. */
	request(&s, last, IOMMU_PRQ_READ, 0x1000);
	iommu_sva_unbind_device(sva);
	assert_int_equal(seen.code, IOMMU_PAGE_SUCCESS);
	/* CORE-103: after the exit there is nothing to page in. */
	assert_int_equal(iommu_sva_bind_device(s.a, s.mm, &sva), 0);
	iommu_mm_exit(s.mm);
	request(&s, last, IOMMU_PRQ_READ, 0x1000);
	assert_int_equal(answered(&s, q), IOMMU_PAGE_INVALID);
	iommu_sva_unbind_device(sva);
	iommu_iopf_queue_destroy(q);
	teardown(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sva_global_pasids),
		cmocka_unit_test(sva_bind_errors),
		cmocka_unit_test(sva_bind_counts),
		cmocka_unit_test(sva_domain_is_shared),
		cmocka_unit_test(sva_of_a_group),
		cmocka_unit_test(sva_device_goes),
		cmocka_unit_test(sva_process_exits),
		cmocka_unit_test(sva_faults),
	};

	return cmocka_run_group_tests_name("core_sva", tests, NULL, NULL);
}
