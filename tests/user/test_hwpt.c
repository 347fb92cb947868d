/* SPDX-License-Identifier: MIT */
/* Binding, HWPTs, attach and replace (CORE-138, 139, CORE-149 to 168, CORE-183, 184). */
#include <stdlib.h>
#include "user/box.h"

#define NEST  IOMMU_HWPT_ALLOC_NEST_PARENT
#define FAULT IOMMU_HWPT_FAULT_ID_VALID

/* ---- A driver that nests: the double's, with a kind of data of its own ---- */

#define DATA_TYPE 77u

struct nested {
	struct iommu_domain d;
	uint64_t word;
};

static unsigned nested_type = IOMMU_DOMAIN_NESTED;

static int nested_attach(struct iommu_domain *d, struct iommu_dev *dev,
			 struct iommu_domain *old)
{
	(void)d;
	td(dev)->old = old;
	td(dev)->cur = d;
	return 0;
}

static void nested_free(struct iommu_domain *d)
{
	free(IOMMU_CONTAINER_OF(d, struct nested, d));
}

static int inv_result;
static uint32_t inv_done;

static int nested_invalidate(struct iommu_domain *d, struct iommu_user_array *array)
{
	(void)d;
	array->entry_num = inv_done;
	return inv_result;
}

static struct iommu_domain_ops nested_ops = { .attach_dev = nested_attach,
					      .cache_invalidate_user = nested_invalidate,
					      .free = nested_free };

static int alloc_nested(struct iommu_dev *dev, struct iommu_domain *parent,
			uint32_t flags, const struct iommu_user_data *data,
			struct iommu_domain **out)
{
	struct nested *n;
	uint64_t word;
	int err = iommu_user_data_copy(data, DATA_TYPE, &word, sizeof(word), 4);

	(void)dev;
	assert_int_equal(parent->type, IOMMU_DOMAIN_UNMANAGED);
	if (flags & ~IOMMU_ALLOC_PASID)
		return -EOPNOTSUPP;
	if (err)
		return err;
	n = calloc(1, sizeof(*n));
	n->d.type = nested_type;
	n->d.ops = &nested_ops;
	n->word = word;
	*out = &n->d;
	return 0;
}

static void nesting_box(struct box *b)
{
	box_init(b);

	nested_type = IOMMU_DOMAIN_NESTED;
	b->w->drv[0].ops.domain_alloc_nested = alloc_nested;
}

/* ---- CORE-138, CORE-139 ---- */

static void bind_rules(void **state)
{
	const struct iommufd_config unsafe = { .msi_not_isolated = true };
	struct iommufd_config allowed = unsafe;
	struct iommufd_ctx *other;
	struct iommu_dev *dev, *bare;
	uint32_t id = 0;
	struct box b;

	(void)state;
	allowed.allow_unsafe_interrupts = true;
	box_init(&b);
	dev = world_dev(b.w, "dev2", 0, 2);
	bare = world_dev(b.w, "bare", -1, 0);
	assert_int_equal(iommufd_device_bind(b.ctx, bare, &id), -ENODEV);
	b.w->caps = 0;
	assert_int_equal(iommufd_device_bind(b.ctx, dev, &id), -EINVAL);
	b.w->caps = 1u << IOMMU_CAP_CACHE_COHERENCY;
	assert_int_equal(iommufd_device_bind(b.ctx, b.dev, &id), -EEXIST);
	/* Interrupts that anybody can raise. */
	assert_int_equal(iommufd_ctx_create(&other, &unsafe), 0);
	assert_int_equal(iommufd_device_bind(other, dev, &id), -EPERM);
	iommufd_ctx_destroy(other);
	assert_int_equal(iommufd_ctx_create(&other, &allowed), 0);
	assert_int_equal(iommufd_device_bind(other, dev, &id), 0);
	/* One owner at a time. */
	assert_int_equal(iommufd_device_bind(b.ctx, dev, &id), -EPERM);
	assert_int_equal(iommufd_device_unbind(other, id), 0);
	assert_int_equal(iommufd_device_unbind(other, id), -ENOENT);
	assert_int_equal(iommufd_device_bind(b.ctx, dev, &id), 0);
	assert_int_equal(iommufd_device_unbind(b.ctx, id), 0);
	iommufd_ctx_destroy(other);
	/* A kernel driver has it; and its DMA is its own again after an unbind. */
	assert_int_equal(iommu_dev_bind(dev), 0);
	assert_int_equal(iommufd_device_bind(b.ctx, dev, &id), -EPERM);
	assert_int_equal(iommu_dev_unbind(dev), 0);
	assert_ptr_equal(state_of(dev).domain, state_of(dev).default_domain);
	/* While it is bound its DMA goes nowhere. */
	assert_ptr_equal(state_of(b.dev).domain, state_of(b.dev).blocking_domain);
	assert_ptr_equal(state_of(b.dev).owner, b.ctx);
	box_fini(&b);
}

/* ---- CORE-149, CORE-150 ---- */

static void alloc_errors_in_order(void **state)
{
	uint64_t word = 5;
	uint32_t ioas, parent, plain, fault;
	struct iommu_fault_alloc falloc = { .size = sizeof(falloc) };
	struct box b;

	(void)state;
	nesting_box(&b);
	ioas = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, ioas, NEST, &parent), 0);
	assert_int_equal(box_hwpt(&b, ioas, 0, &plain), 0);
	assert_int_equal(iommufd_fault_alloc(b.ctx, &falloc), 0);
	fault = falloc.out_fault_id;
	const uint64_t p = uptr(&word);
	const struct {
		uint32_t flags, dev, pt, res, type, len, fault, res2;
		uint64_t uptr;
		int err;
	} cases[] = {
		{ 16, 99, 99, 0, 0, 8, 99, 0, p, -EOPNOTSUPP },
		{ 0, 99, 99, 1, 0, 8, 99, 0, p, -EOPNOTSUPP },
		{ 0, 99, 99, 0, 0, 8, 99, 1, p, -EOPNOTSUPP },
		{ FAULT, 99, 99, 0, 0, 8, 99, 0, p, -EINVAL },
		{ FAULT, 99, 99, 0, DATA_TYPE, 0, 99, 0, p, -EINVAL },
		{ FAULT, 99, 99, 0, 0, 0, 99, 0, p, -ENOENT },
		{ FAULT, ioas, 99, 0, 0, 0, 99, 0, p, -ENOENT },
		{ FAULT, b.dev_id, 99, 0, 0, 0, 99, 0, p, -EINVAL },
		{ FAULT, b.dev_id, b.dev_id, 0, 0, 0, 99, 0, p, -EINVAL },
		{ FAULT, b.dev_id, fault, 0, 0, 0, 99, 0, p, -EINVAL },
		{ FAULT, b.dev_id, ioas, 0, 0, 0, 99, 0, p, -ENOENT },
		{ FAULT, b.dev_id, ioas, 0, 0, 0, ioas, 0, p, -ENOENT },
		/* CORE-151 */
		{ FAULT | NEST, b.dev_id, ioas, 0, 0, 0, fault, 0, p, -EOPNOTSUPP },
		{ IOMMU_HWPT_ALLOC_DIRTY_TRACKING, b.dev_id, ioas, 0, 0, 0, 0, 0, p,
		  -EOPNOTSUPP },
		{ FAULT, b.dev_id, ioas, 0, 0, 0, fault, 0, p, 0 },
		{ IOMMU_HWPT_ALLOC_PASID, b.dev_id, ioas, 0, 0, 0, 0, 0, p, 0 },
		/* CORE-152 */
		{ NEST, b.dev_id, parent, 0, DATA_TYPE, 8, 0, 0, p, -EOPNOTSUPP },
		{ IOMMU_HWPT_ALLOC_DIRTY_TRACKING, b.dev_id, parent, 0, DATA_TYPE, 8, 0,
		  0, p, -EOPNOTSUPP },
		{ 0, b.dev_id, parent, 0, 0, 0, 0, 0, p, -EOPNOTSUPP },
		{ 0, b.dev_id, plain, 0, DATA_TYPE, 8, 0, 0, p, -EINVAL },
		{ 0, b.dev_id, parent, 0, DATA_TYPE, 3, 0, 0, p, -EINVAL },
		{ 0, b.dev_id, parent, 0, DATA_TYPE + 1, 8, 0, 0, p, -EINVAL },
		{ 0, b.dev_id, parent, 0, DATA_TYPE, 8, 0, 0, BAD_UADDR, -EFAULT },
		{ 0, b.dev_id, parent, 0, DATA_TYPE, 4, 0, 0, p, 0 },
		{ FAULT | IOMMU_HWPT_ALLOC_PASID, b.dev_id, parent, 0, DATA_TYPE, 8,
		  fault, 0, p, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct iommu_hwpt_alloc cmd = {
			.size = sizeof(cmd),
			.flags = cases[i].flags,
			.dev_id = cases[i].dev,
			.pt_id = cases[i].pt,
			.__reserved = cases[i].res,
			.data_type = cases[i].type,
			.data_len = cases[i].len,
			.data_uptr = cases[i].uptr,
			.fault_id = cases[i].fault,
			.__reserved2 = cases[i].res2,
		};
		size_t before = iommufd_ctx_objects(b.ctx);

		assert_int_equal(iommufd_hwpt_alloc(b.ctx, &cmd), cases[i].err);
		assert_int_equal(iommufd_ctx_objects(b.ctx), before + !cases[i].err);
	}
	box_fini(&b);
}

/* CORE-151, CORE-152: what the driver lacks, and what it does wrong. */
static void alloc_and_the_driver(void **state)
{
	uint64_t word = 5;
	struct iommu_hwpt_alloc cmd = { .size = sizeof(cmd),
					.data_type = DATA_TYPE,
					.data_len = 8,
					.data_uptr = uptr(&word) };
	uint32_t ioas, parent;
	struct box b;
	int warns;

	(void)state;
	nesting_box(&b);
	ioas = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, ioas, NEST, &parent), 0);
	cmd.dev_id = b.dev_id;
	cmd.pt_id = parent;
	warns = b.w->warns;
	nested_type = IOMMU_DOMAIN_UNMANAGED; /* CORE-153 */
	assert_int_equal(iommufd_hwpt_alloc(b.ctx, &cmd), -EOPNOTSUPP);
	assert_int_equal(b.w->warns, warns + 1);
	b.w->drv[0].ops.domain_alloc_nested = NULL;
	assert_int_equal(iommufd_hwpt_alloc(b.ctx, &cmd), -EOPNOTSUPP);
	/* User data and flags are for domain_alloc_paging_flags alone. */
	b.w->drv[0].ops.domain_alloc_paging_flags = NULL;
	cmd.pt_id = ioas;
	assert_int_equal(iommufd_hwpt_alloc(b.ctx, &cmd), -EOPNOTSUPP);
	assert_int_equal(box_hwpt(&b, ioas, NEST, &parent), -EOPNOTSUPP);
	assert_int_equal(box_hwpt(&b, ioas, 0, &parent), 0);
	world_fail(b.w, "alloc", "dev", -EIO, 0, 1);
	assert_int_equal(box_hwpt(&b, ioas, 0, &parent), -EIO);
	world_fail(b.w, "alloc", "dev", 1, 0, 1); /* "success" without a domain */
	assert_int_equal(box_hwpt(&b, ioas, 0, &parent), -ENOMEM);
	box_fini(&b);
}

static unsigned asked;
static bool enforce(struct iommu_domain *domain)
{
	assert_int_equal(tdom(domain)->pages, 0); /* before anything is mapped */
	asked++;
	return true;
}

/* CORE-131, CORE-151: coherency is enforced where the device wants it, but in a parent.
 */
static void alloc_enforces_coherency(void **state)
{
	uint32_t ioas, hwpt, dev_id;
	struct iommu_dev *dev;
	struct box b;

	(void)state;
	asked = 0;
	box_init(&b);
	b.w->drv[0].paging_ops.enforce_cache_coherency = enforce;
	ioas = box_ioas(&b);
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, PAGE), 0);
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), 0);
	assert_int_equal(asked, 0);
	b.w->caps |= 1u << IOMMU_CAP_ENFORCE_CACHE_COHERENCY;
	dev = world_dev(b.w, "dev2", 0, 2);
	assert_int_equal(iommufd_device_bind(b.ctx, dev, &dev_id), 0);
	b.dev_id = dev_id;
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), 0);
	assert_int_equal(asked, 1);
	assert_int_equal(box_attach(&b, dev_id, 0, hwpt), 0);
	assert_true(state_of(dev).domain->enforces_coherency);
	assert_int_equal(state_of(dev).domain->cookie_kind, IOMMU_COOKIE_IOMMUFD);
	assert_int_equal(state_of(dev).domain->type, IOMMU_DOMAIN_UNMANAGED);
	assert_int_equal(box_hwpt(&b, ioas, NEST, &hwpt), 0);
	assert_int_equal(asked, 1);
	box_fini(&b);
}

/* ---- CORE-155, CORE-165: attached to an address space ---- */

static void attach_to_an_ioas(void **state)
{
	uint32_t ioas, pt, pt2, pt3, id2, id3;
	struct iommu_dev *dev2, *dev3;
	struct box b;

	(void)state;
	box_init(&b);
	world_register(b.w, 2);
	dev2 = world_dev(b.w, "dev2", 0, 2);
	dev3 = world_dev(b.w, "dev3", 2, 3); /* of another driver */
	assert_int_equal(iommufd_device_bind(b.ctx, dev2, &id2), 0);
	assert_int_equal(iommufd_device_bind(b.ctx, dev3, &id3), 0);
	ioas = pt = pt2 = pt3 = box_ioas(&b);
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, PAGE), 0);
	assert_int_equal(iommufd_device_attach(b.ctx, b.dev_id, 0, &pt), 0);
	assert_int_equal(iommufd_device_attach(b.ctx, id2, 0, &pt2), 0);
	assert_int_equal(pt, pt2); /* shared */
	assert_int_equal(iommufd_device_attach(b.ctx, id3, 0, &pt3), 0);
	assert_true(pt3 != pt); /* it did not suit */
	assert_int_equal(box_walk(dev2, PAGE), UADDR + PA_OF_USER);
	assert_int_equal(box_walk(dev3, PAGE), UADDR + PA_OF_USER);
	/* Gone with their last device, and not before. */
	assert_int_equal(box_destroy(&b, pt), -EBUSY);
	assert_int_equal(iommufd_device_detach(b.ctx, b.dev_id, 0), 0);
	assert_int_equal(box_destroy(&b, pt), -EBUSY);
	assert_int_equal(iommufd_device_detach(b.ctx, id2, 0), 0);
	assert_int_equal(box_destroy(&b, pt), -ENOENT);
	/* Hard errors end the search; they leave no HWPT behind. */
	size_t before = iommufd_ctx_objects(b.ctx);
	pt = ioas;
	world_fail(b.w, "attach", "dev", -EIO, 0, 1);
	assert_int_equal(iommufd_device_attach(b.ctx, b.dev_id, 0, &pt), -EIO);
	assert_int_equal(iommufd_ctx_objects(b.ctx), before);
	box_fini(&b);
}

/* CORE-152: such an HWPT is nobody's parent. */
static void auto_hwpt_is_no_parent(void **state)
{
	uint64_t word = 0;
	struct iommu_hwpt_alloc cmd = { .size = sizeof(cmd),
					.data_type = DATA_TYPE,
					.data_len = 8,
					.data_uptr = uptr(&word) };
	struct box b;

	(void)state;
	nesting_box(&b);
	cmd.dev_id = b.dev_id;
	cmd.pt_id = box_ioas(&b);
	assert_int_equal(iommufd_device_attach(b.ctx, b.dev_id, 0, &cmd.pt_id), 0);
	assert_int_equal(iommufd_hwpt_alloc(b.ctx, &cmd), -EINVAL);
	box_fini(&b);
}

/* ---- CORE-161 to CORE-164, 166, 167 ---- */

static void attach_errors(void **state)
{
	uint32_t ioas, hwpt, pt;
	struct box b;

	(void)state;
	box_init(&b);
	ioas = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), 0);
	assert_int_equal(box_attach(&b, 99, 0, hwpt), -ENOENT);
	assert_int_equal(box_attach(&b, b.dev_id, 0, 99), -ENOENT);
	assert_int_equal(box_attach(&b, b.dev_id, 0, b.dev_id), -EINVAL);
	assert_int_equal(iommufd_device_detach(b.ctx, b.dev_id, 0), -EINVAL);
	assert_int_equal(iommufd_device_detach(b.ctx, 99, 0), -ENOENT);
	pt = hwpt;
	assert_int_equal(iommufd_device_replace(b.ctx, b.dev_id, 0, &pt), -EINVAL);
	assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), -EBUSY);
	assert_int_equal(iommufd_device_replace(b.ctx, b.dev_id, 0, &pt), 0); /* same */
	assert_int_equal(box_destroy(&b, hwpt), -EBUSY);
	assert_int_equal(iommufd_device_detach(b.ctx, b.dev_id, 0), 0);
	assert_int_equal(box_destroy(&b, hwpt), 0);
	box_fini(&b);
}

static void attach_with_pasids(void **state)
{
	uint32_t ioas, with, without, pt;
	struct box b;

	(void)state;
	box_init(&b);
	ioas = box_ioas(&b);
	const struct iommu_dev_desc desc = { .name = "p", .pasid_num_bits = 3 };
	b.w->fw[5] = (struct td_fw){ .n = 1, .fwnode = { b.w->fwnode[0] }, .id = { 9 } };
	struct iommu_dev *dev = world_add(b.w, &desc, 5);
	assert_int_equal(iommufd_device_bind(b.ctx, dev, &b.dev_id), 0);
	assert_int_equal(box_hwpt(&b, ioas, IOMMU_HWPT_ALLOC_PASID, &with), 0);
	assert_int_equal(box_hwpt(&b, ioas, 0, &without), 0);
	/* CORE-161: a PASID needs an HWPT for it, and so does the RID beside it. */
	assert_int_equal(box_attach(&b, b.dev_id, 1, without), -EINVAL);
	assert_int_equal(box_attach(&b, b.dev_id, 0, without), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 1, with), -EINVAL);
	assert_int_equal(iommufd_device_detach(b.ctx, b.dev_id, 0), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 1, with), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 1, with), -EBUSY);
	assert_int_equal(box_attach(&b, b.dev_id, 0, without), -EINVAL);
	assert_int_equal(box_attach(&b, b.dev_id, 0, with), 0);
	pt = without;
	assert_int_equal(iommufd_device_replace(b.ctx, b.dev_id, 0, &pt), -EINVAL);
	pt = without;
	assert_int_equal(iommufd_device_replace(b.ctx, b.dev_id, 1, &pt), -EINVAL);
	/* CORE-162: an address space's own HWPT is not for PASIDs. */
	assert_int_equal(box_attach(&b, b.dev_id, 2, ioas), -EINVAL);
	/* Out of range: the core's. */
	assert_int_equal(box_attach(&b, b.dev_id, 8, with), -EINVAL);
	assert_int_equal(iommufd_device_unbind(b.ctx, b.dev_id), -EBUSY);
	assert_int_equal(iommufd_device_detach(b.ctx, b.dev_id, 0), 0);
	assert_int_equal(iommufd_device_unbind(b.ctx, b.dev_id), -EBUSY);
	assert_int_equal(iommufd_device_detach(b.ctx, b.dev_id, 1), 0);
	assert_int_equal(iommufd_device_unbind(b.ctx, b.dev_id), 0);
	box_fini(&b);
}

/* CORE-164: two devices that hardware cannot keep apart. */
static void attach_groups(void **state)
{
	struct iommu_dev *a, *c;
	uint32_t ioas, h1, h2, id_a, id_c, pt;
	struct box b;

	(void)state;
	box_init(&b);
	world_pair(b.w, &a, &c);
	assert_int_equal(iommufd_device_bind(b.ctx, a, &id_a), 0);
	assert_int_equal(iommufd_device_bind(b.ctx, c, &id_c), 0);
	ioas = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, ioas, 0, &h1), 0);
	assert_int_equal(box_hwpt(&b, ioas, 0, &h2), 0);
	assert_int_equal(box_attach(&b, id_a, 0, h1), 0);
	assert_int_equal(box_attach(&b, id_c, 0, h2), -EINVAL);
	assert_int_equal(iommufd_device_detach(b.ctx, id_c, 0), -EINVAL);
	assert_int_equal(box_attach(&b, id_c, 0, h1), 0);
	assert_int_equal(box_attach(&b, id_c, 0, h1), -EBUSY);
	/* CORE-166: both move. */
	pt = h2;
	assert_int_equal(iommufd_device_replace(b.ctx, id_c, 0, &pt), 0);
	assert_int_equal(box_destroy(&b, h1), 0);
	assert_int_equal(box_destroy(&b, h2), -EBUSY);
	/* CORE-167: hardware is detached with the last. */
	assert_int_equal(iommufd_device_detach(b.ctx, id_a, 0), 0);
	assert_ptr_equal(td(a)->cur, td(c)->cur);
	assert_true(state_of(a).domain != state_of(a).blocking_domain);
	assert_int_equal(box_destroy(&b, h2), -EBUSY);
	assert_int_equal(iommufd_device_detach(b.ctx, id_c, 0), 0);
	assert_ptr_equal(state_of(a).domain, state_of(a).blocking_domain);
	assert_int_equal(box_destroy(&b, h2), 0);
	box_fini(&b);
}

/* CORE-166: the new address space's reservations come first, for every device. */
static void replace_reserves_first(void **state)
{
	uint32_t one, two, h1, h2, pt;
	struct box b;

	(void)state;
	box_init(&b);
	b.w->resv[0] =
		(struct iommu_resv_region){ 8 * PAGE, PAGE, 0, IOMMU_RESV_RESERVED };
	b.w->num_resv = 1;
	one = box_ioas(&b);
	two = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, one, 0, &h1), 0);
	assert_int_equal(box_hwpt(&b, two, 0, &h2), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 0, h1), 0);
	assert_int_equal(box_map(&b, two, UADDR, PAGE, 8 * PAGE), 0);
	pt = h2;
	assert_int_equal(iommufd_device_replace(b.ctx, b.dev_id, 0, &pt), -EADDRINUSE);
	assert_int_equal(box_unmap(&b, two, 0, UINT64_MAX, NULL), 0);
	/* What the driver refuses leaves both as they were. */
	world_fail(b.w, "attach", "dev", -EIO, 0, 1);
	assert_int_equal(iommufd_device_replace(b.ctx, b.dev_id, 0, &pt), -EIO);
	assert_int_equal(box_map(&b, two, UADDR, PAGE, 8 * PAGE), 0);
	assert_int_equal(box_map(&b, one, UADDR, PAGE, 8 * PAGE), -EINVAL);
	assert_int_equal(box_unmap(&b, two, 0, UINT64_MAX, NULL), 0);
	assert_int_equal(iommufd_device_replace(b.ctx, b.dev_id, 0, &pt), 0);
	assert_int_equal(box_map(&b, two, UADDR, PAGE, 8 * PAGE), -EINVAL);
	assert_int_equal(box_map(&b, one, UADDR, PAGE, 8 * PAGE), 0);
	/* To the address space as such: to an HWPT of its own. */
	assert_int_equal(box_unmap(&b, one, 0, UINT64_MAX, NULL), 0);
	pt = one;
	assert_int_equal(iommufd_device_replace(b.ctx, b.dev_id, 0, &pt), 0);
	assert_true(pt != one && pt != h1);
	box_fini(&b);
}

/* CORE-168: in reset, whatever is asked. */
static void attach_in_reset(void **state)
{
	const struct iommu_dev_desc desc = {
		.name = "pci", .bus = IOMMU_BUS_PCI, .rid = 0x300, .ats_supported = true
	};
	struct iommu_dev *dev;
	uint32_t ioas, hwpt;
	struct box b;

	(void)state;
	box_init(&b);
	b.w->fw[5] = (struct td_fw){ .n = 1, .fwnode = { b.w->fwnode[0] }, .id = { 9 } };
	dev = world_add(b.w, &desc, 5);
	assert_int_equal(iommufd_device_bind(b.ctx, dev, &b.dev_id), 0);
	ioas = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), 0);
	assert_int_equal(iommu_dev_reset_prepare(dev), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), -EBUSY);
	assert_int_equal(box_attach(&b, b.dev_id, 0, ioas), -EBUSY);
	iommu_dev_reset_done(dev);
	assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), 0);
	box_fini(&b);
}

/* CORE-154: nested; the reservations are those of its parent's address space. */
static void nested_uses_its_parent(void **state)
{
	uint64_t word = 0;
	struct iommu_hwpt_alloc cmd = { .size = sizeof(cmd),
					.data_type = DATA_TYPE,
					.data_len = 8,
					.data_uptr = uptr(&word) };
	uint32_t ioas, parent;
	struct box b;

	(void)state;
	nesting_box(&b);
	b.w->resv[0] =
		(struct iommu_resv_region){ 8 * PAGE, PAGE, 0, IOMMU_RESV_RESERVED };
	b.w->num_resv = 1;
	ioas = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, ioas, NEST, &parent), 0);
	cmd.dev_id = b.dev_id;
	cmd.pt_id = parent;
	assert_int_equal(iommufd_hwpt_alloc(b.ctx, &cmd), 0);
	assert_int_equal(box_destroy(&b, parent), -EBUSY);
	assert_int_equal(box_attach(&b, b.dev_id, 0, cmd.out_hwpt_id), 0);
	assert_int_equal(state_of(b.dev).domain->type, IOMMU_DOMAIN_NESTED);
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, 8 * PAGE), -EINVAL);
	/* From the parent to the child and back nothing is reserved anew. */
	cmd.pt_id = parent;
	assert_int_equal(iommufd_device_replace(b.ctx, b.dev_id, 0, &cmd.pt_id), 0);
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, 8 * PAGE), -EINVAL);
	assert_int_equal(box_destroy(&b, cmd.out_hwpt_id), 0);
	assert_int_equal(iommufd_device_detach(b.ctx, b.dev_id, 0), 0);
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, 8 * PAGE), 0);
	assert_int_equal(box_destroy(&b, parent), 0);
	box_fini(&b);
}

/* ---- CORE-178 to CORE-181 ---- */

static void invalidate_rules(void **state)
{
	uint64_t word = 0;
	struct iommu_hwpt_alloc cmd = { .size = sizeof(cmd),
					.data_type = DATA_TYPE,
					.data_len = 8,
					.data_uptr = uptr(&word) };
	uint32_t ioas, parent, nested;
	struct box b;

	(void)state;
	nesting_box(&b);
	ioas = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, ioas, NEST, &parent), 0);
	cmd.dev_id = b.dev_id;
	cmd.pt_id = parent;
	assert_int_equal(iommufd_hwpt_alloc(b.ctx, &cmd), 0);
	nested = cmd.out_hwpt_id;
	const struct {
		uint32_t id, len, num, reserved;
		uint64_t uptr;
		int result; /* the driver's */
		uint32_t done;
		int err;
		uint32_t out;
	} cases[] = {
		{ 99, 0, 3, 1, 0, 0, 3, -EOPNOTSUPP, 0 },
		{ 99, 8, 3, 0, 0, 0, 3, -EINVAL, 0 },
		{ 99, 0, 3, 0, uptr(&word), 0, 3, -EINVAL, 0 },
		{ 99, 8, 3, 0, uptr(&word), 0, 3, -ENOENT, 0 },
		{ parent, 8, 3, 0, uptr(&word), 0, 3, -EINVAL, 0 },
		{ ioas, 8, 3, 0, uptr(&word), 0, 3, -EINVAL, 0 },
		{ nested, 8, 3, 0, uptr(&word), 0, 3, 0, 3 },
		{ nested, 8, 3, 0, uptr(&word), -EIO, 2, -EIO, 2 },
		{ nested, 8, 3, 0, uptr(&word), -EIO, 0, -EIO, 0 },
		{ nested, 0, 0, 0, 0, 0, 0, 0, 0 },		/* known */
		{ nested, 0, 0, 0, 0, -EINVAL, 0, -EINVAL, 0 }, /* not */
		{ nested, 8, 3, 0, uptr(&word), 0, 9, 0, 3 },	/* no more than asked */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct iommu_hwpt_invalidate inv = { .size = sizeof(inv),
						     .hwpt_id = cases[i].id,
						     .data_uptr = cases[i].uptr,
						     .data_type = DATA_TYPE,
						     .entry_len = cases[i].len,
						     .entry_num = cases[i].num,
						     .__reserved = cases[i].reserved };

		inv_result = cases[i].result;
		inv_done = cases[i].done;
		assert_int_equal(iommufd_hwpt_invalidate(b.ctx, &inv), cases[i].err);
		assert_int_equal(inv.entry_num, cases[i].out);
	}
	nested_ops.cache_invalidate_user = NULL;
	struct iommu_hwpt_invalidate inv = { .size = sizeof(inv),
					     .hwpt_id = nested,
					     .data_uptr = uptr(&word),
					     .entry_len = 8,
					     .entry_num = 4 };
	assert_int_equal(iommufd_hwpt_invalidate(b.ctx, &inv), -EOPNOTSUPP);
	assert_int_equal(inv.entry_num, 0);
	nested_ops.cache_invalidate_user = nested_invalidate;
	box_fini(&b);
}

/* ---- CORE-183, CORE-184 ---- */

static int td_hw_info(struct iommu_dev *dev, uint32_t *type, void *info, size_t room,
		      size_t *len)
{
	(void)dev;
	assert_true(room >= 6);
	if (*type && *type != 5)
		return -EOPNOTSUPP;
	*type = 5;
	memcpy(info, "abcdef", 6);
	*len = 6;
	return 0;
}

static void hw_info_rules(void **state)
{
	unsigned char buf[16];
	struct iommu_hw_info cmd;
	struct box b;

	(void)state;
	box_init(&b);
	/* No driver to ask: a type of nothing, and success; the room is zeroed. */
	memset(buf, 0xee, sizeof(buf));
	cmd = (struct iommu_hw_info){ .size = sizeof(cmd),
				      .dev_id = b.dev_id,
				      .data_len = 12,
				      .data_uptr = uptr(buf) };
	assert_int_equal(iommufd_get_hw_info(b.ctx, &cmd), 0);
	assert_int_equal(cmd.out_data_type, IOMMU_HW_INFO_TYPE_NONE);
	assert_int_equal(cmd.data_len, 0);
	assert_int_equal(cmd.out_capabilities, 0);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(buf[i], i < 12 ? 0 : 0xee);
	cmd.flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE;
	cmd.in_data_type = 5;
	assert_int_equal(iommufd_get_hw_info(b.ctx, &cmd), -EOPNOTSUPP);

	b.w->drv[0].ops.hw_info = td_hw_info;
	b.w->caps |= 1u << IOMMU_CAP_DIRTY_TRACKING;
	const struct {
		uint32_t flags, dev, len, type;
		uint64_t uptr;
		int err;
		uint32_t out_len;
	} cases[] = {
		{ 2, 99, 4, 0, 0, -EOPNOTSUPP, 0 },
		{ 0, 99, 4, 0, 0, -EINVAL, 0 },
		{ 0, 99, 4, 0, uptr(buf), -ENOENT, 0 },
		{ 0, b.dev_id, 0, 9, 0, 0, 6 }, /* not an input */
		{ 0, b.dev_id, 4, 0, uptr(buf), 0, 6 },
		{ 0, b.dev_id, 16, 0, uptr(buf), 0, 6 },
		{ 1, b.dev_id, 4, 5, uptr(buf), 0, 6 },
		{ 1, b.dev_id, 4, 4, uptr(buf), -EOPNOTSUPP, 0 },
		{ 1, b.dev_id, 4, 0, uptr(buf), 0, 6 },
		{ 0, b.dev_id, 4, 0, BAD_UADDR, -EFAULT, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(buf, 0xee, sizeof(buf));
		cmd = (struct iommu_hw_info){ .size = sizeof(cmd),
					      .flags = cases[i].flags,
					      .dev_id = cases[i].dev,
					      .data_len = cases[i].len,
					      .data_uptr = cases[i].uptr,
					      .in_data_type = cases[i].type };
		assert_int_equal(iommufd_get_hw_info(b.ctx, &cmd), cases[i].err);
		if (cases[i].err)
			continue;
		assert_int_equal(cmd.data_len, cases[i].out_len);
		assert_int_equal(cmd.out_data_type, 5);
		assert_int_equal(cmd.out_capabilities, IOMMU_HW_CAP_DIRTY_TRACKING);
		for (unsigned j = 0; j < 16; j++)
			assert_int_equal(buf[j], j >= cases[i].len ? 0xee
						 : j < 6	   ? "abcdef"[j]
								   : 0);
	}
	/* PASIDs, as many as there are. */
	const struct iommu_dev_desc desc = { .name = "p", .pasid_num_bits = 3 };
	b.w->fw[5] = (struct td_fw){ .n = 1, .fwnode = { b.w->fwnode[0] }, .id = { 9 } };
	assert_int_equal(cmd.out_max_pasid_log2, 0);
	assert_int_equal(
		iommufd_device_bind(b.ctx, world_add(b.w, &desc, 5), &cmd.dev_id), 0);
	cmd.data_len = 0;
	cmd.flags = 0;
	cmd.out_max_pasid_log2 = 0;
	assert_int_equal(iommufd_get_hw_info(b.ctx, &cmd), 0);
	assert_int_equal(cmd.out_max_pasid_log2, 3);
	box_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bind_rules),
		cmocka_unit_test(alloc_errors_in_order),
		cmocka_unit_test(alloc_and_the_driver),
		cmocka_unit_test(alloc_enforces_coherency),
		cmocka_unit_test(attach_to_an_ioas),
		cmocka_unit_test(auto_hwpt_is_no_parent),
		cmocka_unit_test(attach_errors),
		cmocka_unit_test(attach_with_pasids),
		cmocka_unit_test(attach_groups),
		cmocka_unit_test(replace_reserves_first),
		cmocka_unit_test(attach_in_reset),
		cmocka_unit_test(nested_uses_its_parent),
		cmocka_unit_test(invalidate_rules),
		cmocka_unit_test(hw_info_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
