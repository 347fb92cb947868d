/* SPDX-License-Identifier: MIT */
/* I/O address spaces: what may be mapped, copied, unmapped, reserved (CORE-140 to 148).
 */
#include "user/box.h"

static int map(struct box *b, const struct iommu_ioas_map *want, uint64_t *iova)
{
	struct iommu_ioas_map cmd = *want;
	int err;

	cmd.size = sizeof(cmd);
	err = iommufd_ioas_map(b->ctx, &cmd);
	if (!err && iova)
		*iova = cmd.iova;
	return err;
}

/* CORE-140: alignment 1, and every address. */
static void ioas_starts_whole(void **state)
{
	struct iommu_iova_range range[2] = { { 1, 1 } };
	struct iommu_ioas_iova_ranges cmd = { .size = sizeof(cmd),
					      .num_iovas = 2,
					      .allowed_iovas = uptr(range) };
	struct box b;

	(void)state;
	box_init(&b);
	cmd.ioas_id = box_ioas(&b);
	assert_int_equal(iommufd_ioas_iova_ranges(b.ctx, &cmd), 0);
	assert_int_equal(cmd.num_iovas, 1);
	assert_int_equal(cmd.out_iova_alignment, 1);
	assert_int_equal(range[0].start, 0);
	assert_int_equal(range[0].last, UINT64_MAX);
	/* So that one byte can be mapped. */
	assert_int_equal(box_map(&b, cmd.ioas_id, UADDR + 3, 1, 77), 0);
	box_fini(&b);
}

/* CORE-141, the errors in their order: each line has every later mistake as well. */
static void map_errors_in_order(void **state)
{
	const uint32_t fixed = IOMMU_IOAS_MAP_FIXED_IOVA, r = IOMMU_IOAS_MAP_READABLE;
	struct box b;
	uint32_t ioas, hwpt;

	(void)state;
	box_init(&b);
	ioas = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), 0); /* alignment: a page */
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, 16 * PAGE), 0);
	const struct {
		struct iommu_ioas_map cmd;
		int err;
	} cases[] = {
		{ { .flags = 8, .iova = UINT64_MAX }, -EOPNOTSUPP },
		{ { .flags = fixed, .__reserved = 1, .length = UINT64_MAX },
		  -EOPNOTSUPP },
		{ { .flags = fixed, .iova = UINT64_MAX }, -EOVERFLOW },
		{ { .flags = fixed, .length = UINT64_MAX }, -EOVERFLOW },
		{ { .flags = fixed, .ioas_id = 99 }, -EINVAL },
		{ { .flags = fixed | r, .ioas_id = 99 }, -ENOENT },
		{ { .flags = fixed | r, .ioas_id = b.dev_id, .length = PAGE }, -ENOENT },
		{ { .flags = fixed | r, .ioas_id = ioas, .iova = 1 }, -EINVAL },
		{ { .flags = fixed | r, .ioas_id = ioas, .length = PAGE + 1 }, -EINVAL },
		{ { .flags = fixed | r, .ioas_id = ioas, .length = PAGE, .iova = 12 },
		  -EINVAL },
		{ { .flags = fixed | r,
		    .ioas_id = ioas,
		    .length = 2 * PAGE,
		    .iova = UINT64_MAX - PAGE + 1,
		    .user_va = UADDR },
		  -EOVERFLOW },
		{ { .flags = fixed | r,
		    .ioas_id = ioas,
		    .length = 2 * PAGE,
		    .iova = 15 * PAGE,
		    .user_va = UADDR },
		  -EEXIST },
		{ { .flags = fixed | r,
		    .ioas_id = ioas,
		    .length = PAGE,
		    .iova = 16 * PAGE,
		    .user_va = UADDR },
		  -EEXIST },
		{ { .flags = fixed | r,
		    .ioas_id = ioas,
		    .length = PAGE,
		    .iova = 17 * PAGE,
		    .user_va = UADDR + 8 },
		  -EINVAL },
		{ { .flags = fixed | r,
		    .ioas_id = ioas,
		    .length = PAGE,
		    .iova = 17 * PAGE,
		    .user_va = UADDR },
		  0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(map(&b, &cases[i].cmd, NULL), cases[i].err);
	box_fini(&b);
}

/* CORE-141: reserved addresses, memory that is nobody's; nothing stays mapped. */
static void map_reserved_and_bad_memory(void **state)
{
	uint32_t ioas, hwpt;
	struct box b;

	(void)state;
	box_init(&b);
	b.w->resv[0] =
		(struct iommu_resv_region){ 32 * PAGE, 2 * PAGE, 0, IOMMU_RESV_RESERVED };
	b.w->num_resv = 1;
	ioas = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), 0);
	assert_int_equal(box_map(&b, ioas, UADDR, 2 * PAGE, 31 * PAGE), -EINVAL);
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, 33 * PAGE), -EINVAL);
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, 34 * PAGE), 0);
	b.most = 2 * PAGE;
	b.bad_first = UADDR + 5 * PAGE;
	b.bad_end = UADDR + 6 * PAGE;
	assert_int_equal(box_map(&b, ioas, UADDR, 8 * PAGE, 64 * PAGE), -EFAULT);
	assert_int_equal(b.pinned, PAGE);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(box_walk(b.dev, (64 + i) * PAGE), 0);
	/* The page before it is fine; only reading may be, too. */
	assert_int_equal(box_map(&b, ioas, UADDR + PAGE, 4 * PAGE, 64 * PAGE), 0);
	assert_int_equal(box_walk(b.dev, 66 * PAGE + 5),
			 UADDR + 3 * PAGE + 5 + PA_OF_USER);
	b.read_only = UADDR + 16 * PAGE;
	b.ro_end = UADDR + 17 * PAGE;
	assert_int_equal(box_map(&b, ioas, UADDR + 16 * PAGE, PAGE, 80 * PAGE), -EFAULT);
	const struct iommu_ioas_map read_only = { .flags = IOMMU_IOAS_MAP_READABLE |
							   IOMMU_IOAS_MAP_FIXED_IOVA,
						  .ioas_id = ioas,
						  .user_va = UADDR + 16 * PAGE,
						  .length = PAGE,
						  .iova = 80 * PAGE };
	assert_int_equal(map(&b, &read_only, NULL), 0);
	/* A driver that fails in the middle. */
	world_fail(b.w, "map", NULL, -ENOSPC, 1, 1);
	assert_int_equal(box_map(&b, ioas, UADDR, 4 * PAGE, 96 * PAGE), -ENOSPC);
	assert_int_equal(b.pinned, 6 * PAGE);
	assert_int_equal(box_map(&b, ioas, UADDR, 4 * PAGE, 96 * PAGE), 0);
	box_fini(&b);
}

/* CORE-141: every mapping is coherent, and allows what was asked for. */
static void map_protections(void **state)
{
	static const struct {
		uint32_t flags, prot;
	} cases[] = {
		{ IOMMU_IOAS_MAP_READABLE, IOMMU_READ | IOMMU_CACHE },
		{ IOMMU_IOAS_MAP_WRITEABLE, IOMMU_WRITE | IOMMU_CACHE },
		{ IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE,
		  IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE },
	};
	struct td_domain *t;
	uint32_t ioas, hwpt;
	struct box b;

	(void)state;
	box_init(&b);
	ioas = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), 0);
	t = tdom(state_of(b.dev).domain);
	for (unsigned i = 0; i < 3; i++) {
		const struct iommu_ioas_map cmd = { .flags = cases[i].flags |
							     IOMMU_IOAS_MAP_FIXED_IOVA,
						    .ioas_id = ioas,
						    .user_va = UADDR,
						    .length = PAGE,
						    .iova = (i + 1) * PAGE };

		assert_int_equal(map(&b, &cmd, NULL), 0);
		assert_int_equal(t->prot[i], cases[i].prot);
	}
	box_fini(&b);
}

/* CORE-141: an address of the kernel's choice, and when there is none. */
static void map_anywhere(void **state)
{
	struct iommu_ioas_map cmd = { .flags = IOMMU_IOAS_MAP_READABLE,
				      .user_va = UADDR,
				      .length = 3 * PAGE };
	struct iommu_iova_range few = { 64 * PAGE, 72 * PAGE - 1 };
	struct iommu_ioas_allow_iovas allow = { .size = sizeof(allow),
						.num_iovas = 1,
						.allowed_iovas = uptr(&few) };
	uint64_t a, c;
	struct box b;

	(void)state;
	box_init(&b);
	cmd.ioas_id = allow.ioas_id = box_ioas(&b);
	assert_int_equal(map(&b, &cmd, &a), 0);
	assert_true(a >= PAGE && a % PAGE == 0);
	assert_int_equal(map(&b, &cmd, &c), 0);
	assert_true(c >= a + 3 * PAGE || c + 3 * PAGE <= a);
	/* Where the memory begins within its page, so does the address. */
	cmd.user_va = UADDR + 0x123;
	cmd.length = 10;
	assert_int_equal(map(&b, &cmd, &a), 0);
	assert_int_equal(a % PAGE, 0x123);
	/* Large pages stay possible. */
	cmd.user_va = 0x40000000;
	cmd.length = 0x400000;
	assert_int_equal(map(&b, &cmd, &a), 0);
	assert_int_equal(a % 0x200000, 0);
	/* CORE-145: only where it is allowed. */
	assert_int_equal(iommufd_ioas_allow_iovas(b.ctx, &allow), 0);
	cmd.user_va = UADDR;
	cmd.length = 5 * PAGE;
	assert_int_equal(map(&b, &cmd, &a), 0);
	assert_true(a >= few.start && a + cmd.length - 1 <= few.last);
	assert_int_equal(map(&b, &cmd, &a), -ENOSPC);
	cmd.length = UINT64_MAX / 2;
	assert_int_equal(map(&b, &cmd, &a), -EOVERFLOW);
	box_fini(&b);
}

/* CORE-136: an answer that cannot be written, and so an address that nobody knows. */
static int no_write(void *ctx, uint64_t uaddr, const void *from, size_t len)
{
	(void)ctx;
	(void)uaddr;
	(void)from;
	(void)len;
	return -EFAULT;
}

static void map_that_cannot_be_told(void **state)
{
	const struct iommufd_config cfg = { .user = { .write = no_write } };
	struct iommu_ioas_map cmd = { .size = sizeof(cmd),
				      .flags = IOMMU_IOAS_MAP_READABLE,
				      .user_va = UADDR,
				      .length = PAGE };
	struct iommu_ioas_copy copy = { .size = sizeof(copy),
					.flags = IOMMU_IOAS_MAP_READABLE,
					.length = PAGE };
	uint64_t bytes;
	struct box b;

	(void)state;
	box_init(&b);
	iommufd_ctx_destroy(b.ctx);
	assert_int_equal(iommufd_ctx_create(&b.ctx, &cfg), 0);
	cmd.ioas_id = copy.src_ioas_id = copy.dst_ioas_id = box_ioas(&b);
	assert_int_equal(iommufd_ioctl(b.ctx, IOMMUFD_CMD_IOAS_MAP, uptr(&cmd)), -EFAULT);
	assert_int_equal(box_unmap(&b, cmd.ioas_id, 0, UINT64_MAX, &bytes), 0);
	assert_int_equal(bytes, 0);
	assert_int_equal(box_map(&b, cmd.ioas_id, UADDR, PAGE, 16 * PAGE), 0);
	copy.src_iova = 16 * PAGE;
	assert_int_equal(iommufd_ioctl(b.ctx, IOMMUFD_CMD_IOAS_COPY, uptr(&copy)),
			 -EFAULT);
	assert_int_equal(box_unmap(&b, cmd.ioas_id, 0, UINT64_MAX, &bytes), 0);
	assert_int_equal(bytes, PAGE);
	box_fini(&b);
}

/* ---- CORE-142 ---- */

static void copy_errors(void **state)
{
	uint32_t src, dst;
	struct box b;

	(void)state;
	box_init(&b);
	src = box_ioas(&b);
	dst = box_ioas(&b);
	const struct iommu_ioas_map read_only = { .flags = IOMMU_IOAS_MAP_READABLE |
							   IOMMU_IOAS_MAP_FIXED_IOVA,
						  .ioas_id = src,
						  .user_va = UADDR + 4 * PAGE,
						  .length = PAGE,
						  .iova = 14 * PAGE };
	assert_int_equal(box_map(&b, src, UADDR, 4 * PAGE, 10 * PAGE), 0);
	assert_int_equal(map(&b, &read_only, NULL), 0);
	assert_int_equal(box_map(&b, dst, UADDR, PAGE, 50 * PAGE), 0);
	const struct {
		uint32_t flags, dst, src;
		uint64_t length, dst_iova, src_iova;
		int err;
	} cases[] = {
		{ 8, dst, src, PAGE, 0, 10 * PAGE, -EOPNOTSUPP },
		{ RWF, dst, src, UINT64_MAX, 0, 10 * PAGE, -EOVERFLOW },
		{ RWF, dst, src, PAGE, UINT64_MAX, 10 * PAGE, -EOVERFLOW },
		{ RWF, dst, src, PAGE, 0, UINT64_MAX, -EOVERFLOW },
		{ IOMMU_IOAS_MAP_FIXED_IOVA, dst, src, PAGE, 0, 10 * PAGE, -EINVAL },
		{ RWF, dst, 99, PAGE, PAGE, 10 * PAGE, -ENOENT },
		{ RWF, 99, src, PAGE, PAGE, 10 * PAGE, -ENOENT },
		{ RWF, dst, src, 0, PAGE, 10 * PAGE, -EINVAL },
		{ RWF, dst, src, PAGE, PAGE, 9 * PAGE, -ENOENT },
		{ RWF, dst, src, 8 * PAGE, PAGE, 10 * PAGE, -ENOENT },
		{ RWF, dst, src, 2 * PAGE, PAGE, UINT64_MAX - PAGE + 1, -EOVERFLOW },
		{ RWF, dst, src, PAGE, PAGE, 14 * PAGE, -EPERM },
		{ RWF, dst, src, PAGE, 50 * PAGE, 10 * PAGE, -EEXIST },
		{ RWF, dst, src, 4 * PAGE, PAGE, 10 * PAGE, 0 },
		{ IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_FIXED_IOVA, dst, src, 3 * PAGE,
		  80 * PAGE, 12 * PAGE, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct iommu_ioas_copy cmd = { .size = sizeof(cmd),
					       .flags = cases[i].flags,
					       .dst_ioas_id = cases[i].dst,
					       .src_ioas_id = cases[i].src,
					       .length = cases[i].length,
					       .dst_iova = cases[i].dst_iova,
					       .src_iova = cases[i].src_iova };

		assert_int_equal(iommufd_ioas_copy(b.ctx, &cmd), cases[i].err);
	}
	box_fini(&b);
}

/* The copy leads where the original does, pins nothing twice, and outlives it. */
static void copy_shares_pages(void **state)
{
	struct iommu_ioas_copy cmd = { .size = sizeof(cmd),
				       .flags = RWF,
				       .length = 3 * PAGE,
				       .dst_iova = 100 * PAGE,
				       .src_iova = 11 * PAGE };
	uint32_t src_hwpt, dst_hwpt;
	struct box b;

	(void)state;
	box_init(&b);
	cmd.src_ioas_id = box_ioas(&b);
	cmd.dst_ioas_id = box_ioas(&b);
	assert_int_equal(box_map(&b, cmd.src_ioas_id, UADDR, 2 * PAGE, 10 * PAGE), 0);
	assert_int_equal(
		box_map(&b, cmd.src_ioas_id, UADDR + 64 * PAGE, 2 * PAGE, 12 * PAGE), 0);
	assert_int_equal(box_hwpt(&b, cmd.src_ioas_id, 0, &src_hwpt), 0);
	assert_int_equal(box_hwpt(&b, cmd.dst_ioas_id, 0, &dst_hwpt), 0);
	assert_int_equal(b.pinned, 4 * PAGE);
	assert_int_equal(iommufd_ioas_copy(b.ctx, &cmd), 0);
	assert_int_equal(b.pinned, 4 * PAGE);
	assert_int_equal(box_unmap(&b, cmd.src_ioas_id, 0, UINT64_MAX, NULL), 0);
	assert_int_equal(b.pinned, 4 * PAGE);
	assert_int_equal(box_attach(&b, b.dev_id, 0, dst_hwpt), 0);
	assert_int_equal(box_walk(b.dev, 100 * PAGE), UADDR + PAGE + PA_OF_USER);
	assert_int_equal(box_walk(b.dev, 101 * PAGE), UADDR + 64 * PAGE + PA_OF_USER);
	assert_int_equal(box_walk(b.dev, 102 * PAGE), UADDR + 65 * PAGE + PA_OF_USER);
	/* A failure in the second piece undoes the first. */
	cmd.dst_ioas_id = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, cmd.dst_ioas_id, 0, &dst_hwpt), 0);
	cmd.src_ioas_id = box_ioas(&b);
	assert_int_equal(box_map(&b, cmd.src_ioas_id, UADDR, 2 * PAGE, 10 * PAGE), 0);
	assert_int_equal(
		box_map(&b, cmd.src_ioas_id, UADDR + 64 * PAGE, 2 * PAGE, 12 * PAGE), 0);
	b.bad_first = UADDR + 64 * PAGE;
	b.bad_end = UADDR + 65 * PAGE;
	assert_int_equal(iommufd_ioas_copy(b.ctx, &cmd), -EFAULT);
	assert_int_equal(box_unmap(&b, cmd.dst_ioas_id, 0, UINT64_MAX, NULL), 0);
	box_fini(&b);
}

/* ---- CORE-143 ---- */

static void unmap_rules(void **state)
{
	uint64_t bytes;
	uint32_t ioas;
	struct box b;

	(void)state;
	box_init(&b);
	ioas = box_ioas(&b);
	assert_int_equal(box_unmap(&b, 99, 0, PAGE, NULL), -ENOENT);
	/* Everything: of nothing too. */
	assert_int_equal(box_unmap(&b, ioas, 0, UINT64_MAX, &bytes), 0);
	assert_int_equal(bytes, 0);
	assert_int_equal(box_unmap(&b, ioas, 1, UINT64_MAX, NULL), -EOVERFLOW);
	assert_int_equal(box_unmap(&b, ioas, UINT64_MAX, 1, NULL), -EOVERFLOW);
	assert_int_equal(box_unmap(&b, ioas, UINT64_MAX - 1, 3, NULL), -EOVERFLOW);
	assert_int_equal(box_unmap(&b, ioas, PAGE, 0, NULL), -EINVAL);
	assert_int_equal(box_unmap(&b, ioas, PAGE, PAGE, NULL), -ENOENT);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(box_map(&b, ioas, UADDR, 2 * PAGE, (10 + 4 * i) * PAGE),
				 0);
	/* An area that sticks out at the end, at the beginning, on both sides. */
	assert_int_equal(box_unmap(&b, ioas, 10 * PAGE, PAGE, NULL), -ENOENT);
	assert_int_equal(box_unmap(&b, ioas, 11 * PAGE, PAGE, NULL), -ENOENT);
	assert_int_equal(box_unmap(&b, ioas, 10 * PAGE + 1, 10, NULL), -ENOENT);
	assert_int_equal(box_unmap(&b, ioas, 12 * PAGE, 2 * PAGE, NULL), -ENOENT);
	/* Those before the one that does are gone. */
	assert_int_equal(box_unmap(&b, ioas, 9 * PAGE, 6 * PAGE, &bytes), -ENOENT);
	assert_int_equal(box_unmap(&b, ioas, 10 * PAGE, 2 * PAGE, NULL), -ENOENT);
	/* Holes are fine, and the bytes are those of the areas. */
	assert_int_equal(box_unmap(&b, ioas, 13 * PAGE, 8 * PAGE, &bytes), 0);
	assert_int_equal(bytes, 4 * PAGE);
	assert_int_equal(box_unmap(&b, ioas, 0, UINT64_MAX, &bytes), 0);
	assert_int_equal(bytes, 2 * PAGE);
	box_fini(&b);
}

/* ---- CORE-144, CORE-145 ---- */

static void ranges_and_allowed(void **state)
{
	struct iommu_iova_range out[4] = { { 0 } },
				want[2] = { { 0, 3 * PAGE - 1 },
					    { 8 * PAGE, 16 * PAGE - 1 } };
	struct iommu_ioas_iova_ranges cmd = { .size = sizeof(cmd),
					      .num_iovas = 4,
					      .allowed_iovas = uptr(out) };
	struct iommu_ioas_allow_iovas allow = { .size = sizeof(allow),
						.num_iovas = 2,
						.allowed_iovas = uptr(want) };
	uint32_t hwpt;
	struct box b;

	(void)state;
	box_init(&b);
	b.w->resv[0] =
		(struct iommu_resv_region){ 16 * PAGE, PAGE, 0, IOMMU_RESV_RESERVED };
	b.w->resv[1] = (struct iommu_resv_region){ 4 * PAGE, PAGE, 0, IOMMU_RESV_MSI };
	b.w->resv[2] =
		(struct iommu_resv_region){ 5 * PAGE, 2 * PAGE, 0, IOMMU_RESV_DIRECT };
	b.w->resv[3] = (struct iommu_resv_region){ 64 * PAGE, PAGE, 0,
						   IOMMU_RESV_DIRECT_RELAXABLE };
	b.w->num_resv = 4;
	cmd.ioas_id = allow.ioas_id = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, cmd.ioas_id, 0, &hwpt), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), 0);
	assert_int_equal(iommufd_ioas_iova_ranges(b.ctx, &cmd), 0);
	assert_int_equal(cmd.num_iovas, 3);
	assert_int_equal(cmd.out_iova_alignment, PAGE);
	assert_int_equal(out[0].start, 0);
	assert_int_equal(out[0].last, 4 * PAGE - 1);
	assert_int_equal(out[1].start, 7 * PAGE);
	assert_int_equal(out[1].last, 16 * PAGE - 1);
	assert_int_equal(out[2].start, 17 * PAGE);
	assert_int_equal(out[2].last, UINT64_MAX);
	/* Too little room: the first ones, and how many there are. */
	memset(out, 0xee, sizeof(out));
	cmd.num_iovas = 2;
	assert_int_equal(iommufd_ioas_iova_ranges(b.ctx, &cmd), -EMSGSIZE);
	assert_int_equal(cmd.num_iovas, 3);
	assert_int_equal(out[1].start, 7 * PAGE);
	assert_int_equal(out[2].start, UINT64_C(0xeeeeeeeeeeeeeeee));
	cmd.allowed_iovas = BAD_UADDR;
	assert_int_equal(iommufd_ioas_iova_ranges(b.ctx, &cmd), -EFAULT);
	cmd.ioas_id = 99;
	assert_int_equal(iommufd_ioas_iova_ranges(b.ctx, &cmd), -ENOENT);

	/* CORE-145 */
	assert_int_equal(iommufd_ioas_allow_iovas(b.ctx, &allow), 0);
	want[1].start = want[0].last; /* overlap */
	assert_int_equal(iommufd_ioas_allow_iovas(b.ctx, &allow), -EINVAL);
	want[1] = (struct iommu_iova_range){ 9 * PAGE, 9 * PAGE };
	assert_int_equal(iommufd_ioas_allow_iovas(b.ctx, &allow), -EINVAL);
	want[1] = (struct iommu_iova_range){ 9 * PAGE, 8 * PAGE };
	assert_int_equal(iommufd_ioas_allow_iovas(b.ctx, &allow), -EINVAL);
	want[1] = (struct iommu_iova_range){ 8 * PAGE, 16 * PAGE };
	assert_int_equal(iommufd_ioas_allow_iovas(b.ctx, &allow), -EADDRINUSE);
	allow.allowed_iovas = BAD_UADDR;
	assert_int_equal(iommufd_ioas_allow_iovas(b.ctx, &allow), -EFAULT);
	allow.ioas_id = 99;
	assert_int_equal(iommufd_ioas_allow_iovas(b.ctx, &allow), -ENOENT);
	/* What was refused changed nothing: there is room for 3 and 8 pages. */
	struct iommu_ioas_map room = { .flags = IOMMU_IOAS_MAP_READABLE,
				       .ioas_id = cmd.ioas_id,
				       .user_va = UADDR,
				       .length = 8 * PAGE };
	uint64_t iova;

	room.ioas_id = 2;
	assert_int_equal(map(&b, &room, &iova), 0);
	assert_int_equal(iova, 8 * PAGE);
	room.length = 3 * PAGE;
	assert_int_equal(map(&b, &room, &iova), -ENOSPC); /* page 0 is never chosen */
	room.length = PAGE;
	assert_int_equal(map(&b, &room, &iova), 0);
	box_fini(&b);
}

/* CORE-145, CORE-148: a reservation that comes later. */
static void reservation_over_what_is_in_use(void **state)
{
	struct iommu_iova_range want = { 32 * PAGE, 33 * PAGE - 1 };
	struct iommu_ioas_allow_iovas allow = { .size = sizeof(allow),
						.num_iovas = 1,
						.allowed_iovas = uptr(&want) };
	uint32_t hwpt, ioas;
	struct box b;

	(void)state;
	box_init(&b);
	b.w->resv[0] =
		(struct iommu_resv_region){ 8 * PAGE, PAGE, 0, IOMMU_RESV_RESERVED };
	b.w->resv[1] =
		(struct iommu_resv_region){ 32 * PAGE, PAGE, 0, IOMMU_RESV_RESERVED };
	b.w->num_resv = 2;
	ioas = allow.ioas_id = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), 0);
	assert_int_equal(iommufd_ioas_allow_iovas(b.ctx, &allow), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), -EADDRINUSE);
	allow.num_iovas = 0;
	assert_int_equal(iommufd_ioas_allow_iovas(b.ctx, &allow), 0);
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, 32 * PAGE), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), -EADDRINUSE);
	/* All of its reservations were undone: the first one too. */
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, 8 * PAGE), 0);
	assert_int_equal(box_unmap(&b, ioas, 0, UINT64_MAX, NULL), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), 0);
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, 8 * PAGE), -EINVAL);
	assert_int_equal(iommufd_device_detach(b.ctx, b.dev_id, 0), 0);
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, 8 * PAGE), 0);
	box_fini(&b);
}

/* CORE-148: windows for interrupts that contradict each other. */
static void reservation_of_interrupts(void **state)
{
	static const struct {
		enum iommu_resv_type a, b;
		int err;
	} cases[] = {
		{ IOMMU_RESV_SW_MSI, IOMMU_RESV_RESERVED, 0 },
		{ IOMMU_RESV_MSI, IOMMU_RESV_RESERVED, 0 },
		{ IOMMU_RESV_MSI, IOMMU_RESV_MSI, 0 },
		{ IOMMU_RESV_MSI, IOMMU_RESV_SW_MSI, -EINVAL },
		{ IOMMU_RESV_SW_MSI, IOMMU_RESV_SW_MSI, -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t ioas, hwpt;
		struct box b;
		int warns;

		box_init(&b);
		b.w->resv[0] =
			(struct iommu_resv_region){ 8 * PAGE, PAGE, 0, cases[i].a };
		b.w->resv[1] =
			(struct iommu_resv_region){ 16 * PAGE, PAGE, 0, cases[i].b };
		b.w->num_resv = 2;
		warns = b.w->warns;
		ioas = box_ioas(&b);
		assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), 0);
		assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), cases[i].err);
		assert_int_equal(b.w->warns - warns, cases[i].err ? 1 : 0);
		box_fini(&b);
	}
}

/* ---- CORE-146 ---- */

static int option(struct box *b, uint32_t id, uint16_t op, uint32_t object, uint64_t *val)
{
	struct iommu_option cmd = { .size = sizeof(cmd),
				    .option_id = id,
				    .op = op,
				    .object_id = object,
				    .val64 = *val };
	int err = iommufd_option(b->ctx, &cmd);

	*val = cmd.val64;
	return err;
}

static void option_huge_pages(void **state)
{
	const uint32_t huge = IOMMU_OPTION_HUGE_PAGES;
	uint32_t ioas, hwpt;
	uint64_t val = 7;
	struct box b;

	(void)state;
	box_init(&b);
	ioas = box_ioas(&b);
	assert_int_equal(option(&b, 2, IOMMU_OPTION_OP_GET, ioas, &val), -EOPNOTSUPP);
	assert_int_equal(option(&b, huge, 2, ioas, &val), -EOPNOTSUPP);
	assert_int_equal(option(&b, huge, IOMMU_OPTION_OP_GET, 99, &val), -ENOENT);
	assert_int_equal(option(&b, huge, IOMMU_OPTION_OP_GET, ioas, &val), 0);
	assert_int_equal(val, 1);
	val = 2;
	assert_int_equal(option(&b, huge, IOMMU_OPTION_OP_SET, ioas, &val), -EINVAL);
	/* What is not in whole pages cannot be had in small ones. */
	assert_int_equal(box_map(&b, ioas, UADDR + 4, 8, 4), 0);
	val = 0;
	assert_int_equal(option(&b, huge, IOMMU_OPTION_OP_SET, ioas, &val), -EADDRINUSE);
	assert_int_equal(box_unmap(&b, ioas, 0, UINT64_MAX, NULL), 0);
	/* A domain with a mapping has large pages already. */
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), 0);
	assert_int_equal(box_map(&b, ioas, 0x40000000, 0x200000, 0x40000000), 0);
	assert_int_equal(option(&b, huge, IOMMU_OPTION_OP_SET, ioas, &val), -EINVAL);
	assert_int_equal(box_unmap(&b, ioas, 0, UINT64_MAX, NULL), 0);
	assert_int_equal(option(&b, huge, IOMMU_OPTION_OP_SET, ioas, &val), 0);
	assert_int_equal(option(&b, huge, IOMMU_OPTION_OP_GET, ioas, &val), 0);
	assert_int_equal(val, 0);
	/* Only small pages from now on: 16 of them, not one of anything larger. */
	assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), 0);
	assert_int_equal(box_map(&b, ioas, 0x40000000, 16 * PAGE, 0x40000000), 0);
	assert_int_equal(tdom(state_of(b.dev).domain)->pages, 16);
	box_fini(&b);
}

static void option_rlimit(void **state)
{
	const uint32_t mode = IOMMU_OPTION_RLIMIT_MODE;
	const struct iommufd_config cfg = { .privileged = true };
	struct iommufd_ctx *ctx;
	uint64_t val = 1;
	struct box b;

	(void)state;
	box_init(&b);
	assert_int_equal(option(&b, mode, IOMMU_OPTION_OP_SET, 1, &val), -EOPNOTSUPP);
	assert_int_equal(option(&b, mode, 5, 0, &val), -EOPNOTSUPP);
	assert_int_equal(option(&b, mode, IOMMU_OPTION_OP_SET, 0, &val), -EPERM);
	assert_int_equal(option(&b, mode, IOMMU_OPTION_OP_GET, 0, &val), 0);
	assert_int_equal(val, 0);
	box_fini(&b);
	assert_int_equal(iommufd_ctx_create(&ctx, &cfg), 0);
	b.ctx = ctx;
	val = 2;
	assert_int_equal(option(&b, mode, IOMMU_OPTION_OP_SET, 0, &val), -EINVAL);
	val = 1;
	assert_int_equal(option(&b, mode, IOMMU_OPTION_OP_SET, 0, &val), 0);
	val = 9;
	assert_int_equal(option(&b, mode, IOMMU_OPTION_OP_GET, 0, &val), 0);
	assert_int_equal(val, 1);
	(void)box_ioas(&b);
	assert_int_equal(option(&b, mode, IOMMU_OPTION_OP_SET, 0, &val), -EBUSY);
	iommufd_ctx_destroy(ctx);
}

/* ---- CORE-147 ---- */

static struct world *narrow;
static uint64_t first, last;

/* As the double's, but with an end. */
static int alloc_narrow(struct iommu_dev *dev, uint32_t flags,
			const struct iommu_user_data *data, struct iommu_domain **domain)
{
	int err = narrow->drv[1].ops.domain_alloc_paging_flags(dev, flags, data, domain);

	if (!err) {
		(*domain)->aperture_start = first;
		(*domain)->aperture_last = last;
		(*domain)->force_aperture = true;
	}
	return err;
}

static void domain_joins(void **state)
{
	struct iommu_ioas_iova_ranges ranges = { .size = sizeof(ranges) };
	struct iommu_iova_range out[3] = { { 0 } };
	uint32_t ioas, hwpt, wide;
	struct box b;

	(void)state;
	box_init(&b);
	narrow = b.w;
	b.w->drv[0].ops.domain_alloc_paging_flags = alloc_narrow;
	first = 16 * PAGE;
	last = 64 * PAGE - 1;
	ioas = box_ioas(&b);
	/* An area that is not made of its pages; that lies before, behind its aperture.
	 */
	assert_int_equal(box_map(&b, ioas, UADDR, 8, 20 * PAGE), 0);
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), -EADDRINUSE);
	assert_int_equal(box_unmap(&b, ioas, 0, UINT64_MAX, NULL), 0);
	assert_int_equal(box_map(&b, ioas, UADDR + 8, PAGE, 20 * PAGE), 0);
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), -EADDRINUSE);
	assert_int_equal(box_unmap(&b, ioas, 0, UINT64_MAX, NULL), 0);
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, 15 * PAGE), 0);
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), -EADDRINUSE);
	assert_int_equal(box_unmap(&b, ioas, 0, UINT64_MAX, NULL), 0);
	assert_int_equal(box_map(&b, ioas, UADDR, 2 * PAGE, 63 * PAGE), 0);
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), -EADDRINUSE);
	assert_int_equal(box_unmap(&b, ioas, 0, UINT64_MAX, NULL), 0);
	/* Memory that cannot be pinned is found out now. */
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, 16 * PAGE), 0);
	assert_int_equal(box_map(&b, ioas, UADDR + PAGE, PAGE, 17 * PAGE), 0);
	b.bad_first = UADDR + PAGE;
	b.bad_end = UADDR + 2 * PAGE;
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), -EFAULT);
	assert_int_equal(b.pinned, 0);
	b.bad_end = b.bad_first;
	assert_int_equal(b.w->domains, 1); /* its group's default domain */
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), 0);
	assert_int_equal(b.pinned, 2 * PAGE);
	/* While it is there, what is beyond is reserved, and whole pages are a must. */
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, 64 * PAGE), -EINVAL);
	assert_int_equal(box_map(&b, ioas, UADDR, 8, 20 * PAGE), -EINVAL);
	ranges.ioas_id = ioas;
	ranges.num_iovas = 3;
	ranges.allowed_iovas = uptr(out);
	assert_int_equal(iommufd_ioas_iova_ranges(b.ctx, &ranges), 0);
	assert_int_equal(ranges.num_iovas, 1);
	assert_int_equal(out[0].start, first);
	assert_int_equal(out[0].last, last);
	assert_int_equal(box_destroy(&b, hwpt), 0);
	assert_int_equal(b.pinned, 0);
	assert_int_equal(box_map(&b, ioas, UADDR, 8, 64 * PAGE), 0);
	assert_int_equal(iommufd_ioas_iova_ranges(b.ctx, &ranges), 0);
	assert_int_equal(ranges.out_iova_alignment, 1);
	/* Pages that are larger than the CPU's. */
	b.w->drv[0].pgsizes = 0x10000;
	wide = box_ioas(&b);
	assert_int_equal(box_hwpt(&b, wide, 0, &hwpt), -EINVAL);
	box_fini(&b);
}

/* Every domain of the address space has what it has; an error takes it from all. */
static void domains_share(void **state)
{
	uint32_t ioas, h1, h2, other_id;
	struct iommu_dev *other;
	struct box b;

	(void)state;
	box_init(&b);
	other = world_dev(b.w, "other", 0, 2);
	assert_int_equal(iommufd_device_bind(b.ctx, other, &other_id), 0);
	ioas = box_ioas(&b);
	assert_int_equal(box_map(&b, ioas, UADDR, 2 * PAGE, PAGE), 0);
	assert_int_equal(box_hwpt(&b, ioas, 0, &h1), 0);
	assert_int_equal(box_hwpt(&b, ioas, 0, &h2), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 0, h1), 0);
	assert_int_equal(box_attach(&b, other_id, 0, h2), 0);
	assert_int_equal(box_map(&b, ioas, UADDR + 64 * PAGE, PAGE, 9 * PAGE), 0);
	for (int i = 0; i < 2; i++) {
		struct iommu_dev *dev = i ? other : b.dev;

		assert_int_equal(box_walk(dev, 2 * PAGE), UADDR + PAGE + PA_OF_USER);
		assert_int_equal(box_walk(dev, 9 * PAGE), UADDR + 64 * PAGE + PA_OF_USER);
	}
	world_fail(b.w, "map", NULL, -ENOMEM, 1, 1); /* in the second domain */
	assert_int_equal(box_map(&b, ioas, UADDR, PAGE, 20 * PAGE), -ENOMEM);
	assert_int_equal(box_walk(b.dev, 20 * PAGE), 0);
	assert_int_equal(box_walk(other, 20 * PAGE), 0);
	assert_int_equal(b.pinned, 3 * PAGE);
	assert_int_equal(box_unmap(&b, ioas, PAGE, 2 * PAGE, NULL), 0);
	assert_int_equal(box_walk(b.dev, PAGE), 0);
	assert_int_equal(box_walk(other, PAGE), 0);
	assert_int_equal(b.pinned, PAGE);
	box_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ioas_starts_whole),
		cmocka_unit_test(map_errors_in_order),
		cmocka_unit_test(map_reserved_and_bad_memory),
		cmocka_unit_test(map_protections),
		cmocka_unit_test(map_anywhere),
		cmocka_unit_test(map_that_cannot_be_told),
		cmocka_unit_test(copy_errors),
		cmocka_unit_test(copy_shares_pages),
		cmocka_unit_test(unmap_rules),
		cmocka_unit_test(ranges_and_allowed),
		cmocka_unit_test(reservation_over_what_is_in_use),
		cmocka_unit_test(reservation_of_interrupts),
		cmocka_unit_test(option_huge_pages),
		cmocka_unit_test(option_rlimit),
		cmocka_unit_test(domain_joins),
		cmocka_unit_test(domains_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
