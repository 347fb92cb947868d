/* SPDX-License-Identifier: MIT */
/* Access to an address space without DMA: what emulated devices use (CORE-143). */
#include <stdlib.h>
#include "user/user.h"

struct iommufd_access {
	struct user_object obj;
	const struct iommufd_access_ops *ops;
	void *ops_ctx;
	struct user_ioas *ioas; /* NULL: not attached */
	struct core_list link;	/* ioas->accesses */
	unsigned told;		/* the last ioas->tellings that it has heard of */
};

int iommufd_access_create(struct iommufd_ctx *ctx, const struct iommufd_access_ops *ops,
			  void *ops_ctx, struct iommufd_access **out, uint32_t *id)
{
	struct iommufd_access *access;

	pthread_mutex_lock(&ctx->lock);
	access = user_object_new(ctx, USER_ACCESS, sizeof(*access));
	if (access) {
		access->ops = ops;
		access->ops_ctx = ops_ctx;
		core_list_init(&access->link);
		access->obj.users = 1; /* its maker: DESTROY is not for it */
		access->obj.visible = true;
		*out = access;
		*id = access->obj.id;
	}
	pthread_mutex_unlock(&ctx->lock);
	return access ? 0 : -ENOMEM;
}

/* ctx->lock held, and not opened between here and the list's change. */
static void leave(struct iommufd_access *access)
{
	if (!access->ioas)
		return;
	core_list_del(&access->link);
	access->ioas->obj.users--;
	access->ioas = NULL;
}

void user_access_destroy(struct user_object *obj)
{
	leave((struct iommufd_access *)(void *)obj);
}

/* Everything that it has pinned is being unmapped, as far as it knows. */
static void let_go(struct iommufd_access *access)
{
	struct iommufd_ctx *ctx = access->obj.ctx;

	if (!access->ioas || !access->ops || !access->ops->unmap)
		return;
	user_object_begin(&access->obj);
	access->ops->unmap(access->ops_ctx, 0, UINT64_MAX);
	user_object_end(&access->obj);
	while (access->obj.busy)
		pthread_cond_wait(&ctx->idle, &ctx->lock);
}

void iommufd_access_destroy(struct iommufd_access *access)
{
	struct iommufd_ctx *ctx;

	if (!access)
		return;
	ctx = access->obj.ctx;
	pthread_mutex_lock(&ctx->lock);
	let_go(access);
	access->obj.users--;
	user_object_destroy(&access->obj);
	pthread_mutex_unlock(&ctx->lock);
}

int iommufd_access_attach(struct iommufd_access *access, uint32_t ioas_id)
{
	struct iommufd_ctx *ctx = access->obj.ctx;
	struct user_ioas *ioas;
	int err = 0;

	pthread_mutex_lock(&ctx->lock);
	ioas = user_object_get(ctx, ioas_id, USER_IOAS);
	if (access->ioas) {
		err = -EINVAL;
	} else if (!ioas) {
		err = -ENOENT;
	} else {
		access->ioas = ioas;
		access->told = ioas->tellings;
		ioas->obj.users++;
		core_list_add_tail(&access->link, &ioas->accesses);
	}
	pthread_mutex_unlock(&ctx->lock);
	return err;
}

int iommufd_access_detach(struct iommufd_access *access)
{
	struct iommufd_ctx *ctx = access->obj.ctx;
	int err = 0;

	pthread_mutex_lock(&ctx->lock);
	let_go(access);
	if (access->ioas)
		leave(access);
	else
		err = -EINVAL;
	pthread_mutex_unlock(&ctx->lock);
	return err;
}

/* One that has not heard of this unmap yet. */
static struct iommufd_access *untold(struct user_ioas *ioas, unsigned telling)
{
	CORE_LIST_FOR_EACH(pos, &ioas->accesses)
	{
		struct iommufd_access *access =
			CORE_LIST_ENTRY(pos, struct iommufd_access, link);

		if (access->told != telling && access->ops && access->ops->unmap)
			return access;
	}
	return NULL;
}

void user_access_unmap(struct user_ioas *ioas, uint64_t iova, uint64_t length)
{
	unsigned telling = ++ioas->tellings;
	struct iommufd_access *access;

	ioas->obj.busy++;
	while ((access = untold(ioas, telling)) != NULL) {
		access->told = telling;
		user_object_begin(&access->obj);
		access->ops->unmap(access->ops_ctx, iova, length);
		user_object_end(&access->obj);
	}
	ioas->obj.busy--;
	pthread_cond_broadcast(&ioas->obj.ctx->idle);
}

/* ---- Pages ---- */

/* ctx->lock held: whether the whole range is there, and may be written. */
static int check_range(const struct iommufd_access *access, uint64_t iova,
		       uint64_t length, unsigned flags)
{
	uint64_t last = iova + (length - 1);

	if (flags & ~IOMMUFD_ACCESS_WRITE)
		return -EINVAL;
	if (!access->ioas)
		return -ENOENT;
	if (!length)
		return -EINVAL;
	if (last < iova)
		return -EOVERFLOW;
	if (!user_ioas_covers(access->ioas, iova, last))
		return -ENOENT;
	for (uint64_t at = iova; flags & IOMMUFD_ACCESS_WRITE;) {
		const struct user_area *area = user_ioas_find(access->ioas, at);

		if (!(area->prot & IOMMU_WRITE))
			return -EPERM;
		if (area->last >= last)
			break;
		at = area->last + 1;
	}
	return 0;
}

/* ctx->lock held: [iova, last] is covered. */
static void unpin(struct user_ioas *ioas, uint64_t iova, uint64_t last)
{
	for (;;) {
		struct user_area *area = user_ioas_find(ioas, iova);

		user_pages_unpin(area->pages);
		area->accesses--;
		if (area->last >= last)
			return;
		iova = area->last + 1;
	}
}

static int pin(struct user_ioas *ioas, uint64_t iova, uint64_t last)
{
	for (uint64_t at = iova;;) {
		struct user_area *area = user_ioas_find(ioas, at);
		int err = user_pages_pin(area->pages);

		if (err) {
			if (at != iova)
				unpin(ioas, iova, at - 1);
			return err;
		}
		area->accesses++;
		if (area->last >= last)
			return 0;
		at = area->last + 1;
	}
}

static void list_pages(const struct user_ioas *ioas, uint64_t iova, uint64_t last,
		       uint64_t *pas)
{
	for (;;) {
		const struct user_area *area = user_ioas_find(ioas, iova);
		uint64_t more;

		*pas++ = user_pages_pa(area->pages, area->offset + (iova - area->iova),
				       &more) &
			 ~(USER_PAGE - 1);
		if (last - iova < USER_PAGE - iova % USER_PAGE)
			return;
		iova += USER_PAGE - iova % USER_PAGE;
	}
}

/* An area's bytes lie in their pages as its addresses do, or pages cannot be named. */
static bool pages_agree(const struct user_ioas *ioas, uint64_t iova, uint64_t last)
{
	for (;;) {
		const struct user_area *area = user_ioas_find(ioas, iova);

		if ((area->iova ^ area->offset) % USER_PAGE)
			return false;
		if (area->last >= last)
			return true;
		iova = area->last + 1;
	}
}

int iommufd_access_pin_pages(struct iommufd_access *access, uint64_t iova,
			     uint64_t length, uint64_t *pas, unsigned flags)
{
	struct iommufd_ctx *ctx = access->obj.ctx;
	uint64_t last = iova + (length - 1);
	int err;

	/* Who cannot be told to let go may not hold anything. */
	if (!access->ops || !access->ops->unmap)
		return -EINVAL;
	pthread_mutex_lock(&ctx->lock);
	err = check_range(access, iova, length, flags);
	if (!err && !pages_agree(access->ioas, iova, last))
		err = -EINVAL;
	if (!err)
		err = pin(access->ioas, iova, last);
	if (!err)
		list_pages(access->ioas, iova, last, pas);
	pthread_mutex_unlock(&ctx->lock);
	return err;
}

void iommufd_access_unpin_pages(struct iommufd_access *access, uint64_t iova,
				uint64_t length)
{
	struct iommufd_ctx *ctx = access->obj.ctx;
	uint64_t last = iova + (length - 1);
	bool held;

	if (!length || last < iova)
		return;
	pthread_mutex_lock(&ctx->lock);
	held = access->ioas && user_ioas_covers(access->ioas, iova, last);
	for (uint64_t at = iova; held;) {
		const struct user_area *area = user_ioas_find(access->ioas, at);

		if (!area->accesses)
			held = false;
		if (area->last >= last)
			break;
		at = area->last + 1;
	}
	if (held)
		unpin(access->ioas, iova, last);
	pthread_mutex_unlock(&ctx->lock);
}

/* The user's memory is where the user finds it too. */
static int copy(const struct user_ioas *ioas, uint64_t iova, unsigned char *data,
		size_t length, bool write)
{
	const struct iommu_user_mem *mem = &ioas->obj.ctx->mem;

	while (length) {
		const struct user_area *area = user_ioas_find(ioas, iova);
		uint64_t uaddr = area->pages->uaddr + area->offset + (iova - area->iova);
		uint64_t left = area->last - iova + 1;
		size_t n = length < left ? length : (size_t)left;

		if (write ? mem->write(mem->ctx, uaddr, data, n)
			  : mem->read(mem->ctx, data, uaddr, n))
			return -EFAULT;
		iova += n;
		data += n;
		length -= n;
	}
	return 0;
}

int iommufd_access_rw(struct iommufd_access *access, uint64_t iova, void *data,
		      size_t length, unsigned flags)
{
	struct iommufd_ctx *ctx = access->obj.ctx;
	int err;

	pthread_mutex_lock(&ctx->lock);
	err = check_range(access, iova, length, flags);
	if (!err)
		err = copy(access->ioas, iova, data, length,
			   flags & IOMMUFD_ACCESS_WRITE);
	pthread_mutex_unlock(&ctx->lock);
	return err;
}
