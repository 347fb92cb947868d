/* SPDX-License-Identifier: MIT */
/*
 * Each allocation of each user command fails once, in turn: -ENOMEM, no object more, not
 * a byte pinned more, and the same command works afterwards (CORE-136, CORE-141,
 * CORE-147, CORE-175). The linker routes allocations here (--wrap).
 */
#include <stdlib.h>
#include <smmulator/iommu_dma.h>
#include "alloc_fail.h"
#include "user/box.h"

/* ---- The scene: what earlier steps made, later ones use ---- */

#define EVENT_TYPE 9u

static struct scene {
	struct box b;
	struct iommu_dev *dev2;
	uint32_t dev2_id, ioas, other, parent, hwpt, fault, viommu, vdev, queue, nested;
	struct iommufd_access *access;
	struct iommufd_viommu *made;
	uint64_t pas[4];
} s;

static struct iommufd_viommu_ops viommu_ops;

static size_t viommu_size(struct iommu_dev *dev, uint32_t type)
{
	(void)dev;
	(void)type;
	return sizeof(struct iommufd_viommu);
}

static int viommu_init(struct iommufd_viommu *viommu, struct iommu_domain *parent,
		       const struct iommu_user_data *data)
{
	(void)parent;
	(void)data;
	viommu->ops = &viommu_ops;
	s.made = viommu;
	return 0;
}

static bool has_events(struct iommufd_viommu *viommu, uint32_t type)
{
	(void)viommu;
	return type == EVENT_TYPE;
}

static int nested_attach(struct iommu_domain *d, struct iommu_dev *dev,
			 struct iommu_domain *old)
{
	(void)old;
	td(dev)->cur = d;
	return 0;
}

static void nested_free(struct iommu_domain *d)
{
	free(d);
}

static const struct iommu_domain_ops nested_ops = { .attach_dev = nested_attach,
						    .free = nested_free };

static int alloc_nested(struct iommufd_viommu *viommu, uint32_t flags,
			const struct iommu_user_data *data, struct iommu_domain **out)
{
	struct iommu_domain *d = calloc(1, sizeof(*d));

	(void)viommu;
	(void)flags;
	(void)data;
	if (!d)
		return -ENOMEM;
	d->type = IOMMU_DOMAIN_NESTED;
	d->ops = &nested_ops;
	*out = d;
	return 0;
}

/* ---- The steps ---- */

static int do_bind(void)
{
	return iommufd_device_bind(s.b.ctx, s.dev2, &s.dev2_id);
}

static int do_ioas(void)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	int err = iommufd_ioas_alloc(s.b.ctx, &cmd);

	s.ioas = cmd.out_ioas_id;
	return err;
}

static int do_other(void)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	int err = iommufd_ioas_alloc(s.b.ctx, &cmd);

	s.other = cmd.out_ioas_id;
	return err;
}

static int do_map(void)
{
	return box_map(&s.b, s.ioas, UADDR, 4 * PAGE, 16 * PAGE);
}

static int do_fault(void)
{
	struct iommu_fault_alloc cmd = { .size = sizeof(cmd) };
	int err = iommufd_fault_alloc(s.b.ctx, &cmd);

	s.fault = cmd.out_fault_id;
	return err;
}

static int do_parent(void)
{
	return box_hwpt(&s.b, s.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &s.parent);
}

static int do_hwpt(void)
{
	struct iommu_hwpt_alloc cmd = { .size = sizeof(cmd),
					.flags = IOMMU_HWPT_FAULT_ID_VALID,
					.dev_id = s.b.dev_id,
					.pt_id = s.ioas,
					.fault_id = s.fault };
	int err = iommufd_hwpt_alloc(s.b.ctx, &cmd);

	s.hwpt = cmd.out_hwpt_id;
	return err;
}

static int do_map_more(void)
{
	return box_map(&s.b, s.ioas, UADDR + 64 * PAGE, 3 * PAGE, 32 * PAGE);
}

static int do_copy(void)
{
	struct iommu_ioas_copy cmd = { .size = sizeof(cmd),
				       .flags = RWF,
				       .dst_ioas_id = s.other,
				       .src_ioas_id = s.ioas,
				       .length = 2 * PAGE,
				       .dst_iova = 8 * PAGE,
				       .src_iova = 17 * PAGE };

	return iommufd_ioas_copy(s.b.ctx, &cmd);
}

static int do_map_anywhere(void)
{
	struct iommu_ioas_map cmd = { .size = sizeof(cmd),
				      .flags = IOMMU_IOAS_MAP_READABLE,
				      .ioas_id = s.ioas,
				      .user_va = UADDR,
				      .length = PAGE };

	return iommufd_ioas_map(s.b.ctx, &cmd);
}

static int do_allow(void)
{
	const struct iommu_iova_range range = { PAGE, 1000 * PAGE };
	struct iommu_ioas_allow_iovas cmd = { .size = sizeof(cmd),
					      .ioas_id = s.other,
					      .num_iovas = 1,
					      .allowed_iovas = uptr(&range) };

	return iommufd_ioas_allow_iovas(s.b.ctx, &cmd);
}

static int do_ranges(void)
{
	struct iommu_iova_range out[4] = { { 0, 0 } };
	struct iommu_ioas_iova_ranges cmd = { .size = sizeof(cmd),
					      .ioas_id = s.ioas,
					      .num_iovas = 4,
					      .allowed_iovas = uptr(out) };

	return iommufd_ioas_iova_ranges(s.b.ctx, &cmd);
}

static int do_attach(void)
{
	return box_attach(&s.b, s.b.dev_id, 0, s.hwpt);
}

static int do_attach_ioas(void)
{
	return box_attach(&s.b, s.dev2_id, 0, s.other);
}

static int do_replace(void)
{
	uint32_t pt = s.parent;

	return iommufd_device_replace(s.b.ctx, s.b.dev_id, 0, &pt);
}

static int do_doorbell(void)
{
	uint64_t iova;

	return iommu_dma_prepare_msi(s.b.dev, 0xfee00000, &iova);
}

static int do_access(void)
{
	uint32_t id;

	return iommufd_access_create(s.b.ctx, NULL, NULL, &s.access, &id);
}

static int do_viommu(void)
{
	struct iommu_viommu_alloc cmd = {
		.size = sizeof(cmd), .type = 1, .dev_id = s.b.dev_id, .hwpt_id = s.parent
	};
	int err = iommufd_viommu_alloc(s.b.ctx, &cmd);

	s.viommu = cmd.out_viommu_id;
	return err;
}

static int do_vdevice(void)
{
	struct iommu_vdevice_alloc cmd = { .size = sizeof(cmd),
					   .viommu_id = s.viommu,
					   .dev_id = s.b.dev_id,
					   .virt_id = 3 };

	return iommufd_vdevice_alloc(s.b.ctx, &cmd);
}

static int do_queue(void)
{
	struct iommu_veventq_alloc cmd = { .size = sizeof(cmd),
					   .viommu_id = s.viommu,
					   .type = EVENT_TYPE,
					   .veventq_depth = 4 };
	int err = iommufd_veventq_alloc(s.b.ctx, &cmd);

	s.queue = cmd.out_veventq_fd;
	return err;
}

static int do_nested(void)
{
	struct iommu_hwpt_alloc cmd = { .size = sizeof(cmd),
					.dev_id = s.b.dev_id,
					.pt_id = s.viommu,
					.data_type = 1,
					.data_len = 8 };
	int err = iommufd_hwpt_alloc(s.b.ctx, &cmd);

	s.nested = cmd.out_hwpt_id;
	return err;
}

static int do_replace_nested(void)
{
	uint32_t pt = s.nested;

	return iommufd_device_replace(s.b.ctx, s.b.dev_id, 0, &pt);
}

/* With its k-th allocation failing, for every k that it has. */
static void each_allocation(const char *name, int (*step)(void))
{
	for (long k = 0; k < 100; k++) {
		size_t objects = iommufd_ctx_objects(s.b.ctx);
		uint64_t pinned = s.b.pinned;
		int err;

		failed = false;
		fail_at = k;
		err = step();
		fail_at = FAIL_NEVER;
		if (!failed) {
			assert_int_equal(err, 0);
			if (!k)
				fail_msg("%s allocates nothing", name);
			return;
		}
		if (err != -ENOMEM)
			fail_msg("%s, allocation %ld: %d", name, k, err);
		assert_int_equal(iommufd_ctx_objects(s.b.ctx), objects);
		assert_int_equal(s.b.pinned, pinned);
	}
	fail();
}

static void user_commands_without_memory(void **state)
{
#define STEP(fn)                                                                         \
	{                                                                                \
#fn, fn                                                                  \
	}
	static const struct {
		const char *name;
		int (*fn)(void);
	} steps[] = {
		STEP(do_bind),	  STEP(do_ioas),
		STEP(do_other),	  STEP(do_map),
		STEP(do_fault),	  STEP(do_parent),
		STEP(do_hwpt),	  STEP(do_map_more),
		STEP(do_copy),	  STEP(do_map_anywhere),
		STEP(do_allow),	  STEP(do_ranges),
		STEP(do_attach),  STEP(do_attach_ioas),
		STEP(do_replace), STEP(do_doorbell),
		STEP(do_access),  STEP(do_viommu),
		STEP(do_vdevice), STEP(do_queue),
		STEP(do_nested),  STEP(do_replace_nested),
	};
	struct iommufd_ctx *ctx = NULL;

	(void)state;
	fail_at = 0;
	assert_int_equal(iommufd_ctx_create(&ctx, NULL), -ENOMEM);
	fail_at = FAIL_NEVER;
	assert_null(ctx);
	s = (struct scene){ .ioas = 0 };
	viommu_ops = (struct iommufd_viommu_ops){ .alloc_domain_nested = alloc_nested,
						  .has_events = has_events };
	box_init(&s.b);
	s.b.most = PAGE; /* many pieces of memory */
	s.b.w->resv[0] =
		(struct iommu_resv_region){ 0x8000000, 64 * PAGE, 0, IOMMU_RESV_SW_MSI };
	s.b.w->num_resv = 1;
	s.b.w->drv[0].ops.get_viommu_size = viommu_size;
	s.b.w->drv[0].ops.viommu_init = viommu_init;
	s.dev2 = world_dev(s.b.w, "dev2", 0, 2);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		each_allocation(steps[i].name, steps[i].fn);
	iommufd_access_destroy(s.access);
	box_fini(&s.b);
}

/* CORE-175: no memory for an event: it is lost, and the reader is told. */
static void event_without_memory(void **state)
{
	unsigned char buf[64];
	struct iommufd_vevent_header header;
	uint32_t word = 5;

	(void)state;
	s = (struct scene){ .ioas = 0 };
	viommu_ops = (struct iommufd_viommu_ops){ .has_events = has_events };
	box_init(&s.b);
	s.b.w->drv[0].ops.get_viommu_size = viommu_size;
	s.b.w->drv[0].ops.viommu_init = viommu_init;
	assert_int_equal(do_ioas(), 0);
	assert_int_equal(do_parent(), 0);
	assert_int_equal(do_viommu(), 0);
	assert_int_equal(do_queue(), 0);
	assert_int_equal(iommufd_viommu_report_event(s.made, EVENT_TYPE, &word, 4), 0);
	fail_at = 0;
	assert_int_equal(iommufd_viommu_report_event(s.made, EVENT_TYPE, &word, 4),
			 -ENOMEM);
	fail_at = FAIL_NEVER;
	assert_int_equal(iommufd_read(s.b.ctx, s.queue, uptr(buf), sizeof(buf), 0),
			 12 + 8);
	memcpy(&header, buf + 12, sizeof(header));
	assert_int_equal(header.flags, IOMMU_VEVENTQ_FLAG_LOST_EVENTS);
	assert_int_equal(header.sequence, 1);
	box_fini(&s.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(user_commands_without_memory),
		cmocka_unit_test(event_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
