/* SPDX-License-Identifier: MIT */
/* Sizes, flags, reserved fields, ids: what holds for every command (CORE-133 to 137). */
#include "user/box.h"

/* Every command, and what one says that is all zero but for its size. */
static const struct {
	unsigned cmd;
	uint32_t min, size;
	int zero;
} commands[] = {
	{ IOMMUFD_CMD_DESTROY, 8, 8, -ENOENT },
	{ IOMMUFD_CMD_IOAS_ALLOC, 12, 12, 0 },
	{ IOMMUFD_CMD_IOAS_ALLOW_IOVAS, 24, 24, -ENOENT },
	{ IOMMUFD_CMD_IOAS_COPY, 40, 40, -EINVAL },
	{ IOMMUFD_CMD_IOAS_IOVA_RANGES, 32, 32, -ENOENT },
	{ IOMMUFD_CMD_IOAS_MAP, 40, 40, -EINVAL },
	{ IOMMUFD_CMD_IOAS_UNMAP, 24, 24, -ENOENT },
	{ IOMMUFD_CMD_OPTION, 24, 24, -EPERM },
	{ IOMMUFD_CMD_HWPT_ALLOC, 24, 48, -ENOENT },
	{ IOMMUFD_CMD_GET_HW_INFO, 32, 40, -ENOENT },
	{ IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING, 16, 16, -ENOENT },
	{ IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP, 48, 48, -ENOENT },
	{ IOMMUFD_CMD_HWPT_INVALIDATE, 32, 32, -ENOENT },
	{ IOMMUFD_CMD_FAULT_QUEUE_ALLOC, 16, 16, 0 },
	{ IOMMUFD_CMD_VIOMMU_ALLOC, 24, 40, -EOPNOTSUPP },
	{ IOMMUFD_CMD_VDEVICE_ALLOC, 24, 24, -ENOENT },
	{ IOMMUFD_CMD_VEVENTQ_ALLOC, 28, 32, -EOPNOTSUPP },
	{ IOMMUFD_CMD_HW_QUEUE_ALLOC, 40, 40, -EOPNOTSUPP },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

union buffer {
	uint32_t size;
	unsigned char bytes[256];
	uint64_t align;
};

static int run(struct box *b, unsigned cmd, union buffer *buf, uint32_t size)
{
	buf->size = size;
	return iommufd_ioctl(b->ctx, cmd, uptr(buf));
}

/* CORE-133, CORE-190: shorter and older, of our age, longer with zeroes, longer with
 * more. */
static void abi_sizes(void **state)
{
	struct box b;

	(void)state;
	box_init(&b);
	for (size_t i = 0; i < COMMANDS; i++) {
		const uint32_t min = commands[i].min, size = commands[i].size;
		const struct {
			uint32_t size;
			int tail; /* of the first byte that we do not know; -1: none */
			int err;
		} cases[] = {
			{ 0, -1, -EINVAL },
			{ 4, -1, -EINVAL },
			{ min - 1, -1, -EINVAL },
			{ min, -1, commands[i].zero },
			{ size, -1, commands[i].zero },
			{ size + 1, 0, commands[i].zero },
			{ size + 8, 0, commands[i].zero },
			{ 256, 0, commands[i].zero },
			{ size + 1, 1, -E2BIG },
			{ size + 8, 0x80, -E2BIG },
			{ 256, 1, -E2BIG },
		};

		for (size_t j = 0; j < sizeof(cases) / sizeof(cases[0]); j++) {
			union buffer buf = { .bytes = { 0 } };

			if (cases[j].tail > 0)
				buf.bytes[size] = (unsigned char)cases[j].tail;
			assert_int_equal(run(&b, commands[i].cmd, &buf, cases[j].size),
					 cases[j].err);
		}
		/* The last byte of a long tail counts as well. */
		union buffer buf = { .bytes = { [255] = 1 } };

		assert_int_equal(run(&b, commands[i].cmd, &buf, 256), -E2BIG);
		assert_int_equal(run(&b, commands[i].cmd, &buf, 255), commands[i].zero);
	}
	box_fini(&b);
}

/* CORE-133: fields that an old caller has not count as 0, and are not written. */
static void abi_old_caller(void **state)
{
	union buffer buf;
	struct box b;
	struct iommu_hwpt_alloc hwpt = { .size = 24 };

	(void)state;
	box_init(&b);
	hwpt.dev_id = b.dev_id;
	hwpt.pt_id = box_ioas(&b);
	memset(&buf, 0xee, sizeof(buf));
	memcpy(&buf, &hwpt, 24);
	assert_int_equal(iommufd_ioctl(b.ctx, IOMMUFD_CMD_HWPT_ALLOC, uptr(&buf)), 0);
	memcpy(&hwpt, &buf, 24);
	assert_true(hwpt.out_hwpt_id > 0);
	for (unsigned i = 24; i < 256; i++)
		assert_int_equal(buf.bytes[i], 0xee);
	/* With the rest of it in size, what is there counts. */
	memset(&buf, 0xee, sizeof(buf));
	memcpy(&buf, &hwpt, 24);
	assert_int_equal(run(&b, IOMMUFD_CMD_HWPT_ALLOC, &buf, 48), -EOPNOTSUPP);
	box_fini(&b);
}

/* CORE-133: numbers that are no commands, addresses that are nobody's. */
static void abi_numbers_and_addresses(void **state)
{
	static const unsigned none[] = { 0, 0x7f, 0x88, 0x8f, 0x92, 0x95, 0xff, ~0u };
	union buffer buf = { .bytes = { 0 } };
	struct box b;

	(void)state;
	box_init(&b);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(run(&b, none[i], &buf, 256), -ENOTTY);
	for (size_t i = 0; i < COMMANDS; i++) {
		assert_int_equal(iommufd_ioctl(b.ctx, commands[i].cmd, 0), -EFAULT);
		assert_int_equal(iommufd_ioctl(b.ctx, commands[i].cmd, BAD_UADDR),
				 -EFAULT);
	}
	assert_int_equal(iommufd_ioas_alloc(b.ctx, NULL), -EFAULT);
	box_fini(&b);
}

/* CORE-134: where a bit that nobody knows is -EOPNOTSUPP. Before any id is looked at. */
static const struct {
	unsigned cmd;
	uint32_t offset;
	uint64_t known; /* bits of the 32-bit word there that are fine */
} reserved[] = {
	{ IOMMUFD_CMD_IOAS_ALLOC, offsetof(struct iommu_ioas_alloc, flags), 0 },
	{ IOMMUFD_CMD_IOAS_ALLOW_IOVAS,
	  offsetof(struct iommu_ioas_allow_iovas, __reserved), 0 },
	{ IOMMUFD_CMD_IOAS_COPY, offsetof(struct iommu_ioas_copy, flags), 7 },
	{ IOMMUFD_CMD_IOAS_IOVA_RANGES,
	  offsetof(struct iommu_ioas_iova_ranges, __reserved), 0 },
	{ IOMMUFD_CMD_IOAS_MAP, offsetof(struct iommu_ioas_map, flags), 7 },
	{ IOMMUFD_CMD_IOAS_MAP, offsetof(struct iommu_ioas_map, __reserved), 0 },
	{ IOMMUFD_CMD_OPTION, offsetof(struct iommu_option, op), 0xffff },
	{ IOMMUFD_CMD_OPTION, offsetof(struct iommu_option, option_id), 1 },
	{ IOMMUFD_CMD_HWPT_ALLOC, offsetof(struct iommu_hwpt_alloc, flags), 15 },
	{ IOMMUFD_CMD_HWPT_ALLOC, offsetof(struct iommu_hwpt_alloc, __reserved), 0 },
	{ IOMMUFD_CMD_HWPT_ALLOC, offsetof(struct iommu_hwpt_alloc, __reserved2), 0 },
	{ IOMMUFD_CMD_GET_HW_INFO, offsetof(struct iommu_hw_info, flags), 1 },
	{ IOMMUFD_CMD_GET_HW_INFO, offsetof(struct iommu_hw_info, out_max_pasid_log2),
	  0xff },
	{ IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING,
	  offsetof(struct iommu_hwpt_set_dirty_tracking, flags), 1 },
	{ IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING,
	  offsetof(struct iommu_hwpt_set_dirty_tracking, __reserved), 0 },
	{ IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP,
	  offsetof(struct iommu_hwpt_get_dirty_bitmap, flags), 1 },
	{ IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP,
	  offsetof(struct iommu_hwpt_get_dirty_bitmap, __reserved), 0 },
	{ IOMMUFD_CMD_HWPT_INVALIDATE, offsetof(struct iommu_hwpt_invalidate, __reserved),
	  0 },
	{ IOMMUFD_CMD_FAULT_QUEUE_ALLOC, offsetof(struct iommu_fault_alloc, flags), 0 },
	{ IOMMUFD_CMD_VIOMMU_ALLOC, offsetof(struct iommu_viommu_alloc, flags), 0 },
	{ IOMMUFD_CMD_VIOMMU_ALLOC, offsetof(struct iommu_viommu_alloc, __reserved), 0 },
	{ IOMMUFD_CMD_VEVENTQ_ALLOC, offsetof(struct iommu_veventq_alloc, flags), 0 },
	{ IOMMUFD_CMD_VEVENTQ_ALLOC, offsetof(struct iommu_veventq_alloc, __reserved),
	  0 },
	{ IOMMUFD_CMD_HW_QUEUE_ALLOC, offsetof(struct iommu_hw_queue_alloc, flags), 0 },
};

static uint32_t size_of(unsigned cmd)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (commands[i].cmd == cmd)
			return commands[i].size;
	fail();
	return 0;
}

static void abi_reserved(void **state)
{
	struct box b;

	(void)state;
	box_init(&b);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		for (unsigned bit = 0; bit < 32; bit++) {
			union buffer buf = { .bytes = { 0 } };

			if (reserved[i].known >> bit & 1)
				continue;
			buf.bytes[reserved[i].offset + bit / 8] =
				(unsigned char)(1u << bit % 8);
			assert_int_equal(
				run(&b, reserved[i].cmd, &buf, size_of(reserved[i].cmd)),
				-EOPNOTSUPP);
		}
	}
	box_fini(&b);
}

/* CORE-135, CORE-53: what DESTROY says, so that no domain is freed in use; ids are the
 * lowest that are free. */
static void abi_destroy(void **state)
{
	uint32_t ioas, other, hwpt;
	struct box b;

	(void)state;
	box_init(&b);
	ioas = box_ioas(&b);
	other = box_ioas(&b);
	assert_int_equal(box_destroy(&b, 0), -ENOENT);
	assert_int_equal(box_destroy(&b, 1000), -ENOENT);
	assert_int_equal(box_destroy(&b, UINT32_MAX), -ENOENT);
	assert_int_equal(box_destroy(&b, b.dev_id), -EBUSY); /* its binder has it */
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), 0);
	assert_int_equal(box_destroy(&b, ioas), -EBUSY);
	assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), 0);
	assert_int_equal(box_destroy(&b, hwpt), -EBUSY);
	assert_int_equal(iommufd_device_unbind(b.ctx, b.dev_id), -EBUSY);
	assert_int_equal(iommufd_device_detach(b.ctx, b.dev_id, 0), 0);
	assert_int_equal(box_destroy(&b, hwpt), 0);
	assert_int_equal(box_destroy(&b, hwpt), -ENOENT);
	assert_int_equal(box_destroy(&b, ioas), 0);
	assert_int_equal(box_destroy(&b, other), 0);
	assert_int_equal(box_ioas(&b), ioas);
	box_fini(&b);
}

/* CORE-136: a command that fails leaves no object, also if only its answer failed. */
static int no_write(void *ctx, uint64_t uaddr, const void *from, size_t len)
{
	(void)ctx;
	(void)uaddr;
	(void)from;
	(void)len;
	return -EFAULT;
}

static void abi_failure_leaves_nothing(void **state)
{
	struct iommufd_config cfg = { .user = { .write = no_write } };
	struct iommufd_ctx *ctx;
	struct box b;

	(void)state;
	assert_int_equal(iommufd_ctx_create(&ctx, &cfg), 0);
	for (size_t i = 0; i < COMMANDS; i++) {
		union buffer buf = { .bytes = { 0 } };

		buf.size = commands[i].size;
		if (!commands[i].zero)
			assert_int_equal(iommufd_ioctl(ctx, commands[i].cmd, uptr(&buf)),
					 -EFAULT);
		assert_int_equal(iommufd_ctx_objects(ctx), 0);
	}
	iommufd_ctx_destroy(ctx);
	/* Errors of the commands themselves. */
	box_init(&b);
	for (size_t i = 0; i < COMMANDS; i++) {
		union buffer buf = { .bytes = { 0 } };

		if (commands[i].zero) {
			run(&b, commands[i].cmd, &buf, commands[i].size);
			assert_int_equal(iommufd_ctx_objects(b.ctx), 1); /* the device */
		}
	}
	box_fini(&b);
	iommufd_ctx_destroy(NULL);
}

/* CORE-135: a context goes with everything in it, whoever refers to whom. */
static void abi_context_goes(void **state)
{
	uint32_t ioas, hwpt, auto_pt;
	struct iommu_dev *other;
	uint32_t other_id;
	struct box b;

	(void)state;
	box_init(&b);
	other = world_dev(b.w, "other", 0, 2);
	assert_int_equal(iommufd_device_bind(b.ctx, other, &other_id), 0);
	ioas = box_ioas(&b);
	assert_int_equal(box_map(&b, ioas, UADDR, 4 * PAGE, 0x10000), 0);
	assert_int_equal(box_hwpt(&b, ioas, 0, &hwpt), 0);
	assert_int_equal(box_attach(&b, b.dev_id, 0, hwpt), 0);
	auto_pt = ioas;
	assert_int_equal(iommufd_device_attach(b.ctx, other_id, 0, &auto_pt), 0);
	assert_true(auto_pt != ioas && auto_pt != hwpt);
	assert_int_equal(b.pinned, 4 * PAGE);
	box_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(abi_sizes),
		cmocka_unit_test(abi_old_caller),
		cmocka_unit_test(abi_numbers_and_addresses),
		cmocka_unit_test(abi_reserved),
		cmocka_unit_test(abi_destroy),
		cmocka_unit_test(abi_failure_leaves_nothing),
		cmocka_unit_test(abi_context_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
