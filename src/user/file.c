/* SPDX-License-Identifier: MIT */
/* read, write and poll of the objects that are files (CORE-158 to CORE-160, CORE-177). */
#include "user/user.h"

/* ctx->lock held. NULL: no such file. */
static struct user_object *file_get(struct iommufd_ctx *ctx, uint32_t fd)
{
	struct user_object *obj = user_object_get(ctx, fd, USER_ANY);

	if (!obj || (obj->type != USER_FAULT && obj->type != USER_VEVENTQ))
		return NULL;
	return obj;
}

int64_t iommufd_read(struct iommufd_ctx *ctx, uint32_t fd, uint64_t uaddr, size_t count,
		     uint64_t pos)
{
	struct user_object *obj;
	int64_t done = -ENOENT;

	pthread_mutex_lock(&ctx->lock);
	obj = file_get(ctx, fd);
	if (obj && pos)
		done = -ESPIPE;
	else if (obj && obj->type == USER_FAULT)
		done = user_fault_read(obj, uaddr, count);
	else if (obj)
		done = user_veventq_read(obj, uaddr, count);
	pthread_mutex_unlock(&ctx->lock);
	return done;
}

int64_t iommufd_write(struct iommufd_ctx *ctx, uint32_t fd, uint64_t uaddr, size_t count,
		      uint64_t pos)
{
	struct user_object *obj;
	int64_t done = -ENOENT;

	pthread_mutex_lock(&ctx->lock);
	obj = file_get(ctx, fd);
	if (obj && obj->type != USER_FAULT)
		done = -EINVAL; /* nothing can be said to it */
	else if (obj && pos)
		done = -ESPIPE;
	else if (obj)
		done = user_fault_write(obj, uaddr, count);
	pthread_mutex_unlock(&ctx->lock);
	return done;
}

int iommufd_poll(struct iommufd_ctx *ctx, uint32_t fd)
{
	struct user_object *obj;
	int ready = -ENOENT;

	pthread_mutex_lock(&ctx->lock);
	obj = file_get(ctx, fd);
	if (obj && obj->type == USER_FAULT)
		ready = IOMMUFD_WRITABLE |
			(user_fault_readable(obj) ? IOMMUFD_READABLE : 0);
	else if (obj)
		ready = user_veventq_readable(obj) ? IOMMUFD_READABLE : 0;
	pthread_mutex_unlock(&ctx->lock);
	return ready;
}
