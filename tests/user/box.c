/* SPDX-License-Identifier: MIT */
#include "user/box.h"

static int box_read(void *ctx, void *to, uint64_t uaddr, size_t len)
{
	(void)ctx;
	if (uaddr < PAGE || uaddr == BAD_UADDR)
		return -EFAULT;
	memcpy(to, (const void *)(uintptr_t)uaddr, len);
	return 0;
}

static int box_write(void *ctx, uint64_t uaddr, const void *from, size_t len)
{
	(void)ctx;
	if (uaddr < PAGE || uaddr == BAD_UADDR)
		return -EFAULT;
	memcpy((void *)(uintptr_t)uaddr, from, len);
	return 0;
}

static bool touches(uint64_t a, uint64_t a_end, uint64_t b, uint64_t b_end)
{
	return b != b_end && a < b_end && b < a_end;
}

static int box_pin(void *ctx, uint64_t uaddr, uint64_t len, bool write, uint64_t *pa,
		   uint64_t *got)
{
	struct box *b = ctx;

	assert_int_equal((uaddr | len) % IOMMUFD_PAGE_SIZE, 0);
	if (b->most && len > b->most)
		len = b->most;
	if (touches(uaddr, uaddr + len, b->bad_first, b->bad_end) ||
	    (write && touches(uaddr, uaddr + len, b->read_only, b->ro_end)))
		return -EFAULT;
	*pa = uaddr + PA_OF_USER;
	*got = len;
	b->pinned += len;
	return 0;
}

static void box_unpin(void *ctx, uint64_t pa, uint64_t len)
{
	struct box *b = ctx;

	(void)pa;
	assert_true(len <= b->pinned);
	b->pinned -= len;
}

static void box_ready(void *ctx, uint32_t fd)
{
	struct box *b = ctx;

	(void)fd;
	b->readies++;
}

void box_init_cfg(struct box *b, const struct iommufd_config *base)
{
	struct iommufd_config cfg = *base;

	*b = (struct box){ .w = world_create(NULL) };
	b->w->caps = 1u << IOMMU_CAP_CACHE_COHERENCY;
	world_register(b->w, 0);
	b->dev = world_dev(b->w, "dev", 0, 1);
	cfg.user = (struct iommufd_user_ops){ box_read, box_write, box_pin, box_unpin };
	cfg.user_ctx = b;
	cfg.ready = box_ready;
	cfg.ready_ctx = b;
	assert_int_equal(iommufd_ctx_create(&b->ctx, &cfg), 0);
	assert_int_equal(iommufd_device_bind(b->ctx, b->dev, &b->dev_id), 0);
}

void box_init(struct box *b)
{
	const struct iommufd_config none = { .privileged = false };

	box_init_cfg(b, &none);
}

void box_fini(struct box *b)
{
	iommufd_ctx_destroy(b->ctx);
	assert_int_equal(b->pinned, 0);
	world_destroy(b->w);
}

uint32_t box_ioas(struct box *b)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };

	assert_int_equal(iommufd_ioas_alloc(b->ctx, &cmd), 0);
	return cmd.out_ioas_id;
}

int box_map(struct box *b, uint32_t ioas, uint64_t uaddr, uint64_t length, uint64_t iova)
{
	struct iommu_ioas_map cmd = { .size = sizeof(cmd),
				      .flags = RWF,
				      .ioas_id = ioas,
				      .user_va = uaddr,
				      .length = length,
				      .iova = iova };

	return iommufd_ioas_map(b->ctx, &cmd);
}

int box_unmap(struct box *b, uint32_t ioas, uint64_t iova, uint64_t length,
	      uint64_t *bytes)
{
	struct iommu_ioas_unmap cmd = { sizeof(cmd), ioas, iova, length };
	int err = iommufd_ioas_unmap(b->ctx, &cmd);

	if (bytes)
		*bytes = cmd.length;
	return err;
}

int box_hwpt(struct box *b, uint32_t pt, uint32_t flags, uint32_t *id)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd), .flags = flags, .dev_id = b->dev_id, .pt_id = pt
	};
	int err = iommufd_hwpt_alloc(b->ctx, &cmd);

	if (!err)
		*id = cmd.out_hwpt_id;
	return err;
}

int box_attach(struct box *b, uint32_t dev, uint32_t pasid, uint32_t pt)
{
	return iommufd_device_attach(b->ctx, dev, pasid, &pt);
}

int box_destroy(struct box *b, uint32_t id)
{
	struct iommu_destroy cmd = { sizeof(cmd), id };

	return iommufd_destroy(b->ctx, &cmd);
}

uint64_t box_walk(struct iommu_dev *dev, uint64_t iova)
{
	return iommu_iova_to_phys(state_of(dev).domain, iova);
}
