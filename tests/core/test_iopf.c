/* SPDX-License-Identifier: MIT */
/* Page requests: from report to exactly one answer (CORE-105 to CORE-109). */
#include "core/double.h"
#include <smmulator/iommu_fault.h>

enum { MAX_ANSWERS = 32, LATER = 1, REFUSE = 2 };

/* Answers as the driver was told to give them, and groups that a handler keeps. */
static struct {
	uint32_t grpid;
	unsigned code;
} answer[MAX_ANSWERS];
static int answers;
static struct iommu_iopf_group *kept[MAX_ANSWERS];
static int n_kept, refuse;

static void page_response(struct iommu_dev *dev, const struct iommu_page_request *last,
			  unsigned code)
{
	(void)dev;
	assert_true(answers < MAX_ANSWERS);
	answer[answers].grpid = last->grpid;
	answer[answers++].code = code;
}

static int keep(struct iommu_iopf_group *group)
{
	if (refuse)
		return refuse;
	kept[n_kept++] = group;
	return 0;
}

struct iopf_world {
	struct world *w;
	struct iommu_dev *a;
	struct iommu_group *g;
	struct iommu_domain *d, *e;
	struct iommu_attach_handle rid, pasid;
	struct iommu_iopf_queue *q;
};

/* One device; d with a handler, e without. */
static struct iopf_world setup(bool threaded)
{
	struct iommu_dev_desc desc = { .name = "a", .pasid_num_bits = 3 };
	struct iopf_world p = { .w = world_create(NULL) };

	answers = n_kept = refuse = 0;
	p.w->drv[0].ops.page_response = page_response;
	world_register(p.w, 0);
	p.w->fw[4] = (struct td_fw){ .n = 1 };
	p.w->fw[4].fwnode[0] = p.w->fwnode[0];
	p.a = world_add(p.w, &desc, 4);
	p.g = iommu_group_get(p.a);
	p.d = world_domain(p.a);
	p.e = world_domain(p.a);
	p.d->iopf_handler = keep;
	assert_int_equal(iommu_iopf_queue_create(&p.q, threaded), 0);
	assert_int_equal(iommu_iopf_queue_add_device(p.q, p.a), 0);
	return p;
}

static void attach_both(struct iopf_world *p)
{
	assert_int_equal(iommu_attach_group_handle(p->d, p->g, &p->rid), 0);
	assert_int_equal(iommu_attach_device_pasid(p->e, p->a, 3, &p->pasid), 0);
}

static void detach_both(struct iopf_world *p)
{
	iommu_detach_device_pasid(p->e, p->a, 3);
	iommu_detach_group_handle(p->d, p->g);
}

static void teardown(struct iopf_world *p)
{
	iommu_iopf_queue_destroy(p->q);
	iommu_group_put(p->g);
	iommu_domain_free(p->d);
	iommu_domain_free(p->e);
	world_destroy(p->w);
}

static int report(struct iopf_world *p, uint32_t flags, uint32_t pasid, uint32_t grpid,
		  uint64_t addr)
{
	const struct iommu_page_request request = { .flags = flags,
						    .pasid = pasid,
						    .grpid = grpid,
						    .perm = IOMMU_PRQ_READ,
						    .addr = addr };

	return iommu_report_device_fault(p->a, &request);
}

/* CORE-105: by PASID, else by RID; nobody's, or without handler: INVALID. */
static void iopf_finds_the_domain(void **state)
{
	struct iopf_world p = setup(false);

	(void)state;
	assert_int_equal(report(&p, IOMMU_PRQ_LAST, 0, 1, 0x1000), -EINVAL);
	assert_int_equal(answers, 1);
	assert_int_equal(answer[0].code, IOMMU_PAGE_INVALID);
	attach_both(&p);
	assert_int_equal(report(&p, IOMMU_PRQ_LAST, 0, 2, 0x1000), 0);
	assert_int_equal(n_kept, 1);
	assert_ptr_equal(kept[0]->handle, &p.rid);
	assert_ptr_equal(kept[0]->dev, p.a);
	assert_int_equal(answers, 1);
	/* e has no handler, PASID 4 nothing at all. */
	assert_int_equal(report(&p, IOMMU_PRQ_LAST | IOMMU_PRQ_PASID, 3, 3, 0), -EINVAL);
	assert_int_equal(report(&p, IOMMU_PRQ_LAST | IOMMU_PRQ_PASID, 4, 4, 0), -EINVAL);
	assert_int_equal(answers, 3);
	assert_int_equal(answer[2].code, IOMMU_PAGE_INVALID);
	p.e->iopf_handler = keep;
	assert_int_equal(report(&p, IOMMU_PRQ_LAST | IOMMU_PRQ_PASID, 3, 5, 0), 0);
	assert_ptr_equal(kept[1]->handle, &p.pasid);
	iommu_iopf_group_free(kept[0]);
	iommu_iopf_group_free(kept[1]);
	detach_both(&p);
	teardown(&p);
}

/* CORE-105: a table that a user keeps: what has no handle goes to the nested domain. */
static void iopf_user_pasid_table(void **state)
{
	struct iopf_world p = setup(false);

	(void)state;
	attach_both(&p);
	p.w->drv[0].ops.user_pasid_table = true;
	assert_int_equal(report(&p, IOMMU_PRQ_LAST | IOMMU_PRQ_PASID, 5, 1, 0), -EINVAL);
	p.d->type = IOMMU_DOMAIN_NESTED;
	assert_int_equal(report(&p, IOMMU_PRQ_LAST | IOMMU_PRQ_PASID, 5, 2, 0), 0);
	assert_ptr_equal(kept[0]->handle, &p.rid);
	p.w->drv[0].ops.user_pasid_table = false;
	assert_int_equal(report(&p, IOMMU_PRQ_LAST | IOMMU_PRQ_PASID, 5, 3, 0), -EINVAL);
	p.d->type = IOMMU_DOMAIN_UNMANAGED;
	iommu_iopf_group_free(kept[0]);
	detach_both(&p);
	teardown(&p);
}

/* CORE-1, CORE-105: no queue: said so, and answered. */
static void iopf_without_a_queue(void **state)
{
	struct iopf_world p = setup(false);

	(void)state;
	assert_int_equal(iommu_iopf_queue_remove_device(p.q, p.a), 0);
	assert_int_equal(report(&p, IOMMU_PRQ_LAST, 0, 1, 0x1000), -EINVAL);
	assert_int_equal(p.w->warns, 1);
	assert_int_equal(answer[0].code, IOMMU_PAGE_INVALID);
	/* An answer is for a group, not for a part of it. */
	assert_int_equal(report(&p, 0, 0, 1, 0x1000), -EINVAL);
	assert_int_equal(answers, 1);
	assert_int_equal(iommu_iopf_flush_dev(p.a), -ENODEV);
	teardown(&p);
}

/* CORE-106, CORE-107: partials of the group in order, others left where they are. */
static void iopf_partials(void **state)
{
	struct iopf_world p = setup(false);

	(void)state;
	attach_both(&p);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(report(&p, 0, 0, i % 2, 0x1000 * i), 0);
	assert_int_equal(answers + n_kept, 0);
	assert_int_equal(report(&p, IOMMU_PRQ_LAST, 0, 1, 0x9000), 0);
	assert_int_equal(n_kept, 1);
	assert_int_equal(kept[0]->num, 4);
	assert_int_equal(kept[0]->requests[0].addr, 0x1000);
	assert_int_equal(kept[0]->requests[1].addr, 0x3000);
	assert_int_equal(kept[0]->requests[2].addr, 0x5000);
	assert_int_equal(kept[0]->requests[3].addr, 0x9000);
	/* CORE-109: what is left is forgotten when the hardware has lost some. */
	assert_int_equal(iommu_iopf_queue_discard_partial(NULL), -EINVAL);
	assert_int_equal(iommu_iopf_queue_discard_partial(p.q), 0);
	assert_int_equal(report(&p, IOMMU_PRQ_LAST, 0, 0, 0xa000), 0);
	assert_int_equal(kept[1]->num, 1);
	iommu_iopf_group_free(kept[0]);
	iommu_iopf_group_free(kept[1]);
	detach_both(&p);
	teardown(&p);
}

/* CORE-107, CORE-108: one answer, whoever gives it first. */
static void iopf_one_answer(void **state)
{
	struct iopf_world p = setup(false);

	(void)state;
	attach_both(&p);
	assert_int_equal(report(&p, IOMMU_PRQ_LAST, 0, 7, 0), 0);
	iommu_iopf_group_response(kept[0], IOMMU_PAGE_SUCCESS);
	iommu_iopf_group_response(kept[0], IOMMU_PAGE_FAILURE);
	iommu_iopf_group_free(kept[0]);
	assert_int_equal(answers, 1);
	assert_int_equal(answer[0].grpid, 7);
	assert_int_equal(answer[0].code, IOMMU_PAGE_SUCCESS);
	/* The handler will not have it. */
	refuse = -ENOMEM;
	assert_int_equal(report(&p, IOMMU_PRQ_LAST, 0, 8, 0), 0);
	assert_int_equal(answers, 2);
	assert_int_equal(answer[1].code, IOMMU_PAGE_FAILURE);
	/* Given back without an answer: the device does not wait for ever. */
	refuse = 0;
	assert_int_equal(report(&p, IOMMU_PRQ_LAST, 0, 9, 0), 0);
	iommu_iopf_group_free(kept[1]);
	assert_int_equal(answer[2].code, IOMMU_PAGE_FAILURE);
	iommu_iopf_group_free(NULL);
	detach_both(&p);
	teardown(&p);
}

/* CORE-109: who may be in a queue, and how often. */
static void iopf_queue_members(void **state)
{
	struct iopf_world p = setup(false);
	struct iommu_dev *none = world_dev(p.w, "none", -1, 0);
	struct iommu_iopf_queue *other;

	(void)state;
	assert_int_equal(iommu_iopf_queue_create(&other, false), 0);
	assert_int_equal(iommu_iopf_queue_add_device(p.q, none), -ENODEV);
	assert_int_equal(iommu_iopf_queue_add_device(other, p.a), -EBUSY);
	assert_int_equal(iommu_iopf_queue_remove_device(other, p.a), -EINVAL);
	assert_int_equal(iommu_iopf_queue_add_device(p.q, p.a), 0);
	attach_both(&p);
	assert_int_equal(report(&p, IOMMU_PRQ_LAST, 0, 1, 0), 0);
	assert_int_equal(report(&p, 0, 0, 2, 0), 0);
	assert_int_equal(iommu_iopf_queue_remove_device(p.q, p.a), 0);
	assert_int_equal(answers, 0); /* one user is left */
	assert_int_equal(iommu_iopf_queue_remove_device(p.q, p.a), 0);
	assert_int_equal(answers, 1);
	assert_int_equal(answer[0].code, IOMMU_PAGE_INVALID);
	assert_int_equal(iommu_iopf_queue_remove_device(p.q, p.a), -EINVAL);
	/* The handler's own answer comes too late, and its group outlives the queue. */
	iommu_iopf_group_response(kept[0], IOMMU_PAGE_SUCCESS);
	assert_int_equal(answers, 1);
	assert_int_equal(iommu_iopf_queue_add_device(other, p.a), 0);
	iommu_iopf_queue_destroy(other);
	iommu_iopf_group_free(kept[0]);
	p.w->drv[0].ops.page_response = NULL;
	assert_int_equal(iommu_iopf_queue_add_device(p.q, p.a), -ENODEV);
	detach_both(&p);
	teardown(&p);
}

static _Atomic int worked;

static void work(struct iommu_iopf_group *group)
{
	worked++;
	iommu_iopf_group_response(group, IOMMU_PAGE_SUCCESS);
	iommu_iopf_group_free(group);
}

static int put_to_work(struct iommu_iopf_group *group)
{
	return iommu_iopf_queue_work(group, work);
}

/* CORE-109: flush means done, with a thread and without. */
static void iopf_flush(void **state)
{
	(void)state;
	for (int threaded = 0; threaded < 2; threaded++) {
		struct iopf_world p = setup(threaded);

		worked = 0;
		p.d->iopf_handler = put_to_work;
		attach_both(&p);
		for (uint32_t i = 0; i < 5; i++)
			assert_int_equal(report(&p, IOMMU_PRQ_LAST, 0, i, 0), 0);
		if (!threaded)
			assert_int_equal(worked, 0);
		assert_int_equal(iommu_iopf_flush_dev(p.a), 0);
		assert_int_equal(worked, 5);
		assert_int_equal(answers, 5);
		for (uint32_t i = 0; i < 5; i++)
			assert_int_equal(answer[i].grpid, i);
		assert_int_equal(report(&p, IOMMU_PRQ_LAST, 0, 5, 0), 0);
		if (!threaded)
			assert_int_equal(iommu_iopf_queue_run(p.q), 1);
		iommu_iopf_flush_dev(p.a);
		assert_int_equal(report(&p, IOMMU_PRQ_LAST, 0, 6, 0), 0);
		detach_both(&p);
		teardown(&p); /* does what is left */
		assert_int_equal(worked, 7);
	}
}

/* CORE-109: whoever takes a device out of its queue finds its work done. */
static void iopf_leaving_waits_for_work(void **state)
{
	(void)state;
	for (int threaded = 0; threaded < 2; threaded++) {
		struct iopf_world p = setup(threaded);

		worked = 0;
		p.d->iopf_handler = put_to_work;
		attach_both(&p);
		for (uint32_t i = 0; i < 5; i++)
			assert_int_equal(report(&p, IOMMU_PRQ_LAST, 0, i, 0), 0);
		assert_int_equal(iommu_iopf_queue_remove_device(p.q, p.a), 0);
		assert_int_equal(worked, 5);
		assert_int_equal(answers, 5);
		/* So the handle may go, without a queue to flush. */
		detach_both(&p);
		assert_int_equal(iommu_iopf_flush_dev(p.a), -ENODEV);
		teardown(&p);
	}
}

static struct iopf_world *releasing;
static void (*real_release)(struct iommu_dev *dev);

static void release_and_add(struct iommu_dev *dev)
{
	real_release(dev);
	assert_int_equal(iommu_iopf_queue_add_device(releasing->q, dev), 0);
}

/* CORE-109: put into a queue while it is being released: not left there (ASan). */
static void iopf_added_in_release(void **state)
{
	struct iopf_world p = setup(false);

	(void)state;
	releasing = &p;
	real_release = p.w->drv[0].ops.release_device;
	p.w->drv[0].ops.release_device = release_and_add;
	assert_int_equal(iommu_iopf_queue_remove_device(p.q, p.a), 0);
	iommu_dev_remove(p.a);
	iommu_iopf_queue_discard_partial(p.q);
	teardown(&p);
}

/* CORE-109: the device goes with faults on their way. */
static void iopf_device_goes(void **state)
{
	struct iopf_world p = setup(false);

	(void)state;
	attach_both(&p);
	assert_int_equal(report(&p, IOMMU_PRQ_LAST, 0, 1, 0), 0);
	detach_both(&p);
	iommu_dev_remove(p.a);
	assert_int_equal(p.w->warns, 1);
	assert_int_equal(answers, 1);
	assert_int_equal(answer[0].code, IOMMU_PAGE_INVALID);
	iommu_iopf_group_free(kept[0]);
	assert_int_equal(answers, 1);
	teardown(&p);
}

struct racer {
	struct iopf_world *p;
	int reported;
};

static void *report_many(void *arg)
{
	struct racer *r = arg;

	for (uint32_t i = 0; i < 2000; i++) {
		(void)report(r->p, 0, 0, i, 0);
		(void)report(r->p, IOMMU_PRQ_LAST, 0, i, 0);
		r->reported++;
	}
	return NULL;
}

static _Atomic int racing_answers;

static void count_response(struct iommu_dev *dev, const struct iommu_page_request *last,
			   unsigned code)
{
	(void)dev;
	(void)last;
	(void)code;
	racing_answers++;
}

/* CORE-97, CORE-105, CORE-108: reports beside attach, detach and flush; one answer each
 * (TSan). */
static void iopf_beside_attach(void **state)
{
	struct iopf_world p = setup(true);
	struct racer r = { &p, 0 };
	pthread_t thread;

	(void)state;
	racing_answers = 0;
	p.w->drv[0].ops.page_response = count_response;
	p.d->iopf_handler = put_to_work;
	assert_int_equal(pthread_create(&thread, NULL, report_many, &r), 0);
	for (int i = 0; i < 200; i++) {
		assert_int_equal(iommu_attach_group_handle(p.d, p.g, &p.rid), 0);
		iommu_detach_group_handle(p.d, p.g);
		iommu_iopf_flush_dev(p.a);
	}
	pthread_join(thread, NULL);
	iommu_iopf_flush_dev(p.a);
	assert_int_equal(racing_answers, r.reported);
	teardown(&p);
}

static _Atomic bool leaving_done;

static void *report_until_done(void *arg)
{
	struct racer *r = arg;

	for (uint32_t i = 0; !leaving_done; i++) {
		(void)report(r->p, 0, 0, i, 0);
		(void)report(r->p, IOMMU_PRQ_LAST, 0, i, 0);
		r->reported++;
	}
	return NULL;
}

/* CORE-105, CORE-108, CORE-109: reports while the device changes queues (TSan, ASan). */
static void iopf_beside_leaving(void **state)
{
	struct iopf_world p = setup(true);
	struct racer r = { &p, 0 };
	pthread_t thread;

	(void)state;
	leaving_done = false;
	racing_answers = 0;
	p.w->drv[0].ops.page_response = count_response;
	p.d->iopf_handler = put_to_work;
	assert_int_equal(iommu_attach_group_handle(p.d, p.g, &p.rid), 0);
	assert_int_equal(pthread_create(&thread, NULL, report_until_done, &r), 0);
	for (int i = 0; i < 200; i++) {
		struct iommu_iopf_queue *q;

		assert_int_equal(iommu_iopf_queue_create(&q, i % 2), 0);
		iommu_iopf_queue_destroy(p.q);
		p.q = q;
		assert_int_equal(iommu_iopf_queue_add_device(p.q, p.a), 0);
	}
	leaving_done = true;
	pthread_join(thread, NULL);
	iommu_iopf_flush_dev(p.a);
	assert_int_equal(racing_answers, r.reported);
	iommu_detach_group_handle(p.d, p.g);
	teardown(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(iopf_finds_the_domain),
		cmocka_unit_test(iopf_user_pasid_table),
		cmocka_unit_test(iopf_without_a_queue),
		cmocka_unit_test(iopf_partials),
		cmocka_unit_test(iopf_one_answer),
		cmocka_unit_test(iopf_queue_members),
		cmocka_unit_test(iopf_flush),
		cmocka_unit_test(iopf_leaving_waits_for_work),
		cmocka_unit_test(iopf_added_in_release),
		cmocka_unit_test(iopf_device_goes),
		cmocka_unit_test(iopf_beside_attach),
		cmocka_unit_test(iopf_beside_leaving),
	};

	return cmocka_run_group_tests_name("core_iopf", tests, NULL, NULL);
}
