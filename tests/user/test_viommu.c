/* SPDX-License-Identifier: MIT */
/* Virtual IOMMUs, their devices and events (CORE-153, CORE-169 to CORE-177). */
#include <stdlib.h>
#include "user/box.h"

#define TYPE	   3u
#define EVENT_TYPE 9u

/* ---- A driver that has virtual IOMMUs ---- */

struct fake {
	struct iommufd_viommu core;
	uint64_t word;
};

static size_t fake_size;
static int init_result, vdev_result;
static unsigned destroyed;
static struct iommufd_viommu *last;
static unsigned nested_type;
static bool without_ops;
static struct iommufd_viommu_ops fake_ops;

static size_t get_size(struct iommu_dev *dev, uint32_t type)
{
	(void)dev;
	return type == TYPE ? fake_size : 0;
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
	struct iommu_domain *d;

	assert_ptr_equal(viommu, last);
	assert_int_equal(data->type, 8);
	if (flags)
		return -EOPNOTSUPP;
	d = calloc(1, sizeof(*d));
	d->type = nested_type;
	d->ops = &nested_ops;
	*out = d;
	return 0;
}

static void destroy(struct iommufd_viommu *viommu)
{
	assert_ptr_equal(viommu->ops, &fake_ops);
	destroyed++;
}

static int vdevice_init(struct iommufd_viommu *viommu, struct iommu_dev *dev,
			uint64_t virt_id)
{
	(void)viommu;
	(void)dev;
	(void)virt_id;
	return vdev_result;
}

static bool has_events(struct iommufd_viommu *viommu, uint32_t type)
{
	(void)viommu;
	return type == EVENT_TYPE;
}

static int viommu_init(struct iommufd_viommu *viommu, struct iommu_domain *parent,
		       const struct iommu_user_data *data)
{
	assert_ptr_equal(viommu->parent, parent);
	assert_int_equal(viommu->type, TYPE);
	assert_int_equal(((struct fake *)(void *)viommu)->word, 0);
	if (data)
		assert_int_equal(data->type, TYPE);
	if (init_result)
		return init_result;
	if (!without_ops)
		viommu->ops = &fake_ops;
	last = viommu;
	return 0;
}

struct vbox {
	struct box b;
	uint32_t ioas, parent, viommu;
};

static int new_viommu(struct vbox *v, uint32_t *id)
{
	struct iommu_viommu_alloc cmd = { .size = sizeof(cmd),
					  .type = TYPE,
					  .dev_id = v->b.dev_id,
					  .hwpt_id = v->parent };
	int err = iommufd_viommu_alloc(v->b.ctx, &cmd);

	if (!err)
		*id = cmd.out_viommu_id;
	return err;
}

static void vbox_init(struct vbox *v)
{
	fake_ops = (struct iommufd_viommu_ops){ .destroy = destroy,
						.alloc_domain_nested = alloc_nested,
						.vdevice_init = vdevice_init,
						.has_events = has_events };
	fake_size = sizeof(struct fake);
	init_result = vdev_result = 0;
	without_ops = false;
	destroyed = 0;
	nested_type = IOMMU_DOMAIN_NESTED;
	box_init(&v->b);
	v->b.w->drv[0].ops.get_viommu_size = get_size;
	v->b.w->drv[0].ops.viommu_init = viommu_init;
	v->ioas = box_ioas(&v->b);
	assert_int_equal(
		box_hwpt(&v->b, v->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &v->parent), 0);
	assert_int_equal(new_viommu(v, &v->viommu), 0);
}

/* ---- CORE-169 ---- */

static void viommu_errors(void **state)
{
	uint32_t plain, id;
	struct vbox v;
	int warns;

	(void)state;
	vbox_init(&v);
	assert_int_equal(box_hwpt(&v.b, v.ioas, 0, &plain), 0);
	const struct {
		uint32_t flags, type, dev, hwpt, res;
		int err;
	} cases[] = {
		{ 1, TYPE, 99, 99, 0, -EOPNOTSUPP },
		{ 0, 0, 99, 99, 0, -EOPNOTSUPP },
		{ 0, TYPE, 99, 99, 1, -EOPNOTSUPP },
		{ 0, TYPE, 99, v.parent, 0, -ENOENT },
		{ 0, TYPE, v.b.dev_id, 99, 0, -ENOENT },
		{ 0, TYPE, v.b.dev_id, v.ioas, 0, -ENOENT },
		{ 0, TYPE, v.b.dev_id, plain, 0, -EINVAL },
		{ 0, TYPE + 1, v.b.dev_id, v.parent, 0, -EOPNOTSUPP },
		{ 0, TYPE, v.b.dev_id, v.parent, 0, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct iommu_viommu_alloc cmd = { .size = sizeof(cmd),
						  .flags = cases[i].flags,
						  .type = cases[i].type,
						  .dev_id = cases[i].dev,
						  .hwpt_id = cases[i].hwpt,
						  .__reserved = cases[i].res };
		assert_int_equal(iommufd_viommu_alloc(v.b.ctx, &cmd), cases[i].err);
	}
	init_result = -EIO;
	assert_int_equal(new_viommu(&v, &id), -EIO);
	init_result = 0;
	warns = v.b.w->warns;
	fake_size = sizeof(struct iommufd_viommu) - 1;
	assert_int_equal(new_viommu(&v, &id), -EOPNOTSUPP);
	assert_int_equal(v.b.w->warns, warns + 1);
	fake_size = sizeof(struct fake);
	without_ops = true;
	assert_int_equal(new_viommu(&v, &id), -EOPNOTSUPP);
	without_ops = false;
	v.b.w->drv[0].ops.viommu_init = NULL;
	assert_int_equal(new_viommu(&v, &id), -EOPNOTSUPP);
	v.b.w->drv[0].ops.viommu_init = viommu_init;
	v.b.w->drv[0].ops.get_viommu_size = NULL;
	assert_int_equal(new_viommu(&v, &id), -EOPNOTSUPP);
	box_fini(&v.b);
}

static void viommu_holds_its_parent(void **state)
{
	struct vbox v;

	(void)state;
	vbox_init(&v);
	assert_int_equal(box_destroy(&v.b, v.parent), -EBUSY);
	assert_int_equal(box_destroy(&v.b, v.viommu), 0);
	assert_int_equal(destroyed, 1);
	assert_int_equal(box_destroy(&v.b, v.parent), 0);
	box_fini(&v.b);
}

/* ---- CORE-153 ---- */

static void viommu_nested(void **state)
{
	struct iommu_dev *far_dev;
	uint32_t far_id;
	struct vbox v;
	int warns;

	(void)state;
	vbox_init(&v);
	world_register(v.b.w, 1); /* another instance of the same driver */
	far_dev = world_dev(v.b.w, "far", 1, 4);
	assert_int_equal(iommufd_device_bind(v.b.ctx, far_dev, &far_id), 0);
	const struct {
		uint32_t flags, dev, len;
		int err;
	} cases[] = {
		{ IOMMU_HWPT_ALLOC_NEST_PARENT, far_id, 4, -EOPNOTSUPP },
		{ IOMMU_HWPT_ALLOC_DIRTY_TRACKING, far_id, 4, -EOPNOTSUPP },
		{ 0, far_id, 0, -EOPNOTSUPP },
		{ 0, far_id, 4, -EINVAL },
		{ IOMMU_HWPT_ALLOC_PASID, v.b.dev_id, 4, -EOPNOTSUPP }, /* the driver's */
		{ 0, v.b.dev_id, 4, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct iommu_hwpt_alloc cmd = { .size = sizeof(cmd),
						.flags = cases[i].flags,
						.dev_id = cases[i].dev,
						.pt_id = v.viommu,
						.data_type = cases[i].len ? 8 : 0,
						.data_len = cases[i].len };
		assert_int_equal(iommufd_hwpt_alloc(v.b.ctx, &cmd), cases[i].err);
		if (cases[i].err)
			continue;
		assert_int_equal(box_destroy(&v.b, v.viommu), -EBUSY);
		assert_int_equal(box_destroy(&v.b, cmd.out_hwpt_id), 0);
	}
	struct iommu_hwpt_alloc cmd = { .size = sizeof(cmd),
					.dev_id = v.b.dev_id,
					.pt_id = v.viommu,
					.data_type = 8,
					.data_len = 4 };
	warns = v.b.w->warns;
	nested_type = IOMMU_DOMAIN_UNMANAGED;
	assert_int_equal(iommufd_hwpt_alloc(v.b.ctx, &cmd), -EOPNOTSUPP);
	assert_int_equal(v.b.w->warns, warns + 1);
	fake_ops.alloc_domain_nested = NULL;
	assert_int_equal(iommufd_hwpt_alloc(v.b.ctx, &cmd), -EOPNOTSUPP);
	box_fini(&v.b);
}

/* ---- CORE-170 to CORE-172 ---- */

static int new_vdev(struct vbox *v, uint32_t viommu, uint32_t dev, uint64_t virt_id,
		    uint32_t *id)
{
	struct iommu_vdevice_alloc cmd = { .size = sizeof(cmd),
					   .viommu_id = viommu,
					   .dev_id = dev,
					   .virt_id = virt_id };
	int err = iommufd_vdevice_alloc(v->b.ctx, &cmd);

	if (!err)
		*id = cmd.out_vdevice_id;
	return err;
}

static void vdevice_rules(void **state)
{
	struct iommu_dev *far_dev, *dev2;
	uint32_t far_id, id2, vdev, second, viommu2;
	struct vbox v;

	(void)state;
	vbox_init(&v);
	assert_int_equal(new_viommu(&v, &viommu2), 0);
	last = NULL;
	world_register(v.b.w, 1);
	far_dev = world_dev(v.b.w, "far", 1, 4);
	dev2 = world_dev(v.b.w, "dev2", 0, 5);
	assert_int_equal(iommufd_device_bind(v.b.ctx, far_dev, &far_id), 0);
	assert_int_equal(iommufd_device_bind(v.b.ctx, dev2, &id2), 0);
	assert_int_equal(new_vdev(&v, 99, v.b.dev_id, 1, &vdev), -ENOENT);
	assert_int_equal(new_vdev(&v, v.ioas, v.b.dev_id, 1, &vdev), -ENOENT);
	assert_int_equal(new_vdev(&v, v.viommu, 99, 1, &vdev), -ENOENT);
	assert_int_equal(new_vdev(&v, v.viommu, far_id, 1, &vdev), -EINVAL);
	vdev_result = -EIO;
	assert_int_equal(new_vdev(&v, v.viommu, v.b.dev_id, 1, &vdev), -EIO);
	vdev_result = 0;
	assert_int_equal(new_vdev(&v, v.viommu, v.b.dev_id, UINT64_MAX, &vdev), 0);
	/* One for each device, wherever; one device for each id. */
	assert_int_equal(new_vdev(&v, v.viommu, v.b.dev_id, 2, &second), -EEXIST);
	assert_int_equal(new_vdev(&v, viommu2, v.b.dev_id, 2, &second), -EEXIST);
	assert_int_equal(new_vdev(&v, v.viommu, id2, UINT64_MAX, &second), -EEXIST);
	assert_int_equal(box_destroy(&v.b, v.viommu), -EBUSY);
	assert_int_equal(box_destroy(&v.b, vdev), 0);
	destroyed = 0;
	assert_int_equal(new_vdev(&v, v.viommu, id2, UINT64_MAX, &second), 0);
	assert_int_equal(new_vdev(&v, v.viommu, v.b.dev_id, 7, &vdev), 0);
	assert_int_equal(box_destroy(&v.b, second), 0);
	fake_ops.destroy = NULL;
	box_fini(&v.b);
}

/* CORE-172: what a driver finds. */
static void vdevice_lookup(void **state)
{
	struct iommu_dev *dev2;
	uint32_t id2, vdev;
	uint64_t virt = 0;
	struct vbox v;

	(void)state;
	vbox_init(&v);
	dev2 = world_dev(v.b.w, "dev2", 0, 5);
	assert_int_equal(iommufd_device_bind(v.b.ctx, dev2, &id2), 0);
	assert_null(iommufd_viommu_find_dev(last, 7));
	assert_int_equal(iommufd_viommu_get_vdev_id(last, v.b.dev, &virt), -ENOENT);
	assert_int_equal(new_vdev(&v, v.viommu, v.b.dev_id, 7, &vdev), 0);
	assert_int_equal(new_vdev(&v, v.viommu, id2, 3, &vdev), 0);
	assert_ptr_equal(iommufd_viommu_find_dev(last, 7), v.b.dev);
	assert_ptr_equal(iommufd_viommu_find_dev(last, 3), dev2);
	assert_null(iommufd_viommu_find_dev(last, 5));
	assert_int_equal(iommufd_viommu_get_vdev_id(last, dev2, &virt), 0);
	assert_int_equal(virt, 3);
	assert_int_equal(box_destroy(&v.b, vdev), 0);
	assert_null(iommufd_viommu_find_dev(last, 3));
	assert_ptr_equal(iommufd_viommu_find_dev(last, 7), v.b.dev);
	box_fini(&v.b);
}

/* CORE-139, CORE-171: the device goes, the id of its vDEVICE stays dead. */
static void vdevice_tombstone(void **state)
{
	uint32_t vdev, ioas, dev_id;
	struct vbox v;

	(void)state;
	vbox_init(&v);
	assert_int_equal(new_vdev(&v, v.viommu, v.b.dev_id, 7, &vdev), 0);
	assert_int_equal(iommufd_device_unbind(v.b.ctx, v.b.dev_id), 0);
	assert_null(iommufd_viommu_find_dev(last, 7));
	assert_int_equal(box_destroy(&v.b, vdev), -ENOENT);
	/* Nobody gets it; the device's own id is free. */
	for (unsigned i = 0; i < 40; i++) {
		ioas = box_ioas(&v.b);
		assert_true(ioas != vdev);
	}
	assert_int_equal(iommufd_device_bind(v.b.ctx, v.b.dev, &dev_id), 0);
	assert_int_equal(new_vdev(&v, v.viommu, dev_id, 7, &ioas), 0);
	assert_true(ioas != vdev);
	box_fini(&v.b);
}

/* ---- CORE-173: no driver here has one ---- */

static void hw_queue_errors(void **state)
{
	struct vbox v;

	(void)state;
	vbox_init(&v);
	const struct {
		uint32_t flags, viommu, type;
		uint64_t iova, length;
		int err;
	} cases[] = {
		{ 1, 99, 1, 0, 0, -EOPNOTSUPP },
		{ 0, 99, 0, 0, 0, -EOPNOTSUPP },
		{ 0, 99, 1, UINT64_MAX, 0, -EINVAL },
		{ 0, 99, 1, UINT64_MAX, 2, -EOVERFLOW },
		{ 0, 99, 1, UINT64_MAX, 1, -ENOENT },
		{ 0, v.viommu, 1, 0, PAGE, -EOPNOTSUPP },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct iommu_hw_queue_alloc cmd = { .size = sizeof(cmd),
						    .flags = cases[i].flags,
						    .viommu_id = cases[i].viommu,
						    .type = cases[i].type,
						    .nesting_parent_iova = cases[i].iova,
						    .length = cases[i].length };
		assert_int_equal(iommufd_hw_queue_alloc(v.b.ctx, &cmd), cases[i].err);
	}
	box_fini(&v.b);
}

/* ---- CORE-174 to CORE-177 ---- */

static int new_queue(struct vbox *v, uint32_t viommu, uint32_t type, uint32_t depth,
		     uint32_t *fd)
{
	struct iommu_veventq_alloc cmd = { .size = sizeof(cmd),
					   .viommu_id = viommu,
					   .type = type,
					   .veventq_depth = depth };
	int err = iommufd_veventq_alloc(v->b.ctx, &cmd);

	if (!err)
		*fd = cmd.out_veventq_fd;
	return err;
}

static void veventq_errors(void **state)
{
	uint32_t fd;
	struct vbox v;

	(void)state;
	vbox_init(&v);
	assert_int_equal(new_queue(&v, 99, 0, 0, &fd), -EOPNOTSUPP);
	assert_int_equal(new_queue(&v, 99, EVENT_TYPE, 0, &fd), -EINVAL);
	assert_int_equal(new_queue(&v, 99, EVENT_TYPE, 1, &fd), -ENOENT);
	assert_int_equal(new_queue(&v, v.viommu, EVENT_TYPE + 1, 1, &fd), -EOPNOTSUPP);
	assert_int_equal(new_queue(&v, v.viommu, EVENT_TYPE, 1, &fd), 0);
	assert_int_equal(new_queue(&v, v.viommu, EVENT_TYPE, 1, &fd), -EEXIST);
	assert_int_equal(box_destroy(&v.b, v.viommu), -EBUSY);
	assert_int_equal(box_destroy(&v.b, fd), 0);
	assert_int_equal(new_queue(&v, v.viommu, EVENT_TYPE, 1, &fd), 0);
	fake_ops.has_events = NULL;
	assert_int_equal(box_destroy(&v.b, fd), 0);
	assert_int_equal(new_queue(&v, v.viommu, EVENT_TYPE, 1, &fd), -EOPNOTSUPP);
	box_fini(&v.b);
}

/* CORE-175 */
static void veventq_report(void **state)
{
	uint32_t word = 1, fd;
	struct vbox v;
	int warns;

	(void)state;
	vbox_init(&v);
	warns = v.b.w->warns;
	assert_int_equal(iommufd_viommu_report_event(last, EVENT_TYPE, NULL, 4), -EINVAL);
	assert_int_equal(iommufd_viommu_report_event(last, EVENT_TYPE, &word, 0),
			 -EINVAL);
	assert_int_equal(v.b.w->warns, warns + 2);
	assert_int_equal(iommufd_viommu_report_event(last, EVENT_TYPE, &word, 4),
			 -EOPNOTSUPP);
	assert_int_equal(new_queue(&v, v.viommu, EVENT_TYPE, 1, &fd), 0);
	assert_int_equal(iommufd_viommu_report_event(last, EVENT_TYPE + 1, &word, 4),
			 -EOPNOTSUPP);
	assert_int_equal(iommufd_poll(v.b.ctx, fd), 0);
	assert_int_equal(iommufd_viommu_report_event(last, EVENT_TYPE, &word, 4), 0);
	assert_int_equal(iommufd_poll(v.b.ctx, fd), IOMMUFD_READABLE);
	assert_int_equal(v.b.readies, 1);
	assert_int_equal(iommufd_viommu_report_event(last, EVENT_TYPE, &word, 4), 0);
	assert_int_equal(v.b.readies, 1); /* it was not empty */
	box_fini(&v.b);
}

struct record {
	struct iommufd_vevent_header header;
	uint32_t word;
};

static void report(uint32_t word)
{
	assert_int_equal(iommufd_viommu_report_event(last, EVENT_TYPE, &word, 4), 0);
}

static int64_t take(struct vbox *v, uint32_t fd, void *buf, size_t room)
{
	memset(buf, 0xee, room);
	return iommufd_read(v->b.ctx, fd, uptr(buf), room, 0);
}

/* CORE-176: order, numbers, what was lost and where. */
static void veventq_order_and_loss(void **state)
{
	struct record r[4];
	struct iommufd_vevent_header lost;
	uint32_t fd;
	struct vbox v;

	(void)state;
	vbox_init(&v);
	assert_int_equal(new_queue(&v, v.viommu, EVENT_TYPE, 2, &fd), 0);
	report(10);
	report(11);
	assert_int_equal(take(&v, fd, r, sizeof(r)), 24);
	assert_int_equal(r[0].header.flags | r[1].header.flags, 0);
	assert_int_equal(r[0].header.sequence, 0);
	assert_int_equal(r[1].header.sequence, 1);
	assert_int_equal(r[0].word, 10);
	assert_int_equal(r[1].word, 11);
	/* Full: the third and fourth are lost, and the mark is at the end. */
	for (uint32_t i = 12; i < 16; i++)
		report(i);
	assert_int_equal(take(&v, fd, r, sizeof(r)), 24 + 8);
	assert_int_equal(r[0].word, 12);
	assert_int_equal(r[1].word, 13);
	memcpy(&lost, &r[2], sizeof(lost));
	assert_int_equal(lost.flags, IOMMU_VEVENTQ_FLAG_LOST_EVENTS);
	assert_int_equal(lost.sequence, 5);
	assert_int_equal(take(&v, fd, r, sizeof(r)), 0);
	/* The mark goes when one more gets in; the gap in the numbers tells. */
	for (uint32_t i = 16; i < 19; i++)
		report(i);
	assert_int_equal(take(&v, fd, r, 12), 12);
	assert_int_equal(r[0].header.sequence, 6);
	report(19);
	assert_int_equal(take(&v, fd, r, sizeof(r)), 24);
	assert_int_equal(r[0].header.sequence, 7);
	assert_int_equal(r[1].header.sequence, 9);
	assert_int_equal(r[1].word, 19);
	assert_int_equal(v.b.readies, 3);
	box_fini(&v.b);
}

/* CORE-177: whole records only, and an event that could not be copied stays. */
static void veventq_read(void **state)
{
	struct record r[4];
	uint32_t fd;
	struct vbox v;

	(void)state;
	vbox_init(&v);
	assert_int_equal(new_queue(&v, v.viommu, EVENT_TYPE, 2, &fd), 0);
	assert_int_equal(iommufd_read(v.b.ctx, fd, uptr(r), sizeof(r), 1), -ESPIPE);
	assert_int_equal(iommufd_read(v.b.ctx, 99, uptr(r), sizeof(r), 0), -ENOENT);
	assert_int_equal(iommufd_read(v.b.ctx, v.ioas, uptr(r), sizeof(r), 0), -ENOENT);
	assert_int_equal(iommufd_write(v.b.ctx, fd, uptr(r), 8, 0), -EINVAL);
	assert_int_equal(iommufd_poll(v.b.ctx, v.ioas), -ENOENT);
	report(1);
	report(2);
	report(3);
	assert_int_equal(take(&v, fd, r, 0), 0);
	assert_int_equal(take(&v, fd, r, 7), 0);
	assert_int_equal(take(&v, fd, r, 11), 0);
	assert_int_equal(iommufd_read(v.b.ctx, fd, BAD_UADDR, 12, 0), -EFAULT);
	assert_int_equal(take(&v, fd, r, 23), 12); /* the second does not fit */
	assert_int_equal(r[0].word, 1);
	assert_int_equal(take(&v, fd, r, 12 + 7), 12); /* nor the mark */
	assert_int_equal(r[0].word, 2);
	assert_int_equal(iommufd_read(v.b.ctx, fd, BAD_UADDR, 8, 0), -EFAULT);
	assert_int_equal(take(&v, fd, r, 8), 8);
	assert_int_equal(r[0].header.flags, IOMMU_VEVENTQ_FLAG_LOST_EVENTS);
	assert_int_equal(r[0].header.sequence, 2);
	/* Destroyed with events in it. */
	report(4);
	assert_int_equal(box_destroy(&v.b, fd), 0);
	box_fini(&v.b);
}

/* CORE-178, CORE-181: a vIOMMU whose driver invalidates nothing. */
static void viommu_invalidate(void **state)
{
	uint64_t word = 0;
	struct iommu_hwpt_invalidate inv = { .size = sizeof(inv),
					     .data_uptr = uptr(&word),
					     .entry_len = 8,
					     .entry_num = 4 };
	struct vbox v;

	(void)state;
	vbox_init(&v);
	inv.hwpt_id = v.viommu;
	assert_int_equal(iommufd_hwpt_invalidate(v.b.ctx, &inv), -EOPNOTSUPP);
	assert_int_equal(inv.entry_num, 0);
	box_fini(&v.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(viommu_errors),
		cmocka_unit_test(viommu_holds_its_parent),
		cmocka_unit_test(viommu_nested),
		cmocka_unit_test(vdevice_rules),
		cmocka_unit_test(vdevice_lookup),
		cmocka_unit_test(vdevice_tombstone),
		cmocka_unit_test(hw_queue_errors),
		cmocka_unit_test(veventq_errors),
		cmocka_unit_test(veventq_report),
		cmocka_unit_test(veventq_order_and_loss),
		cmocka_unit_test(veventq_read),
		cmocka_unit_test(viommu_invalidate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
