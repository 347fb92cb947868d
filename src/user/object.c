/* SPDX-License-Identifier: MIT */
/* The context, its objects and their ids (CORE-135, CORE-136). */
#include <stdlib.h>
#include <string.h>
#include "user/user.h"

/* As many as ids may be. */
#define MAX_ID UINT32_C(0x7fffffff)

/* In place of an object that is gone, where its id may not come back. */
static struct user_object tombstone = { .type = USER_TOMBSTONE };

/* The lowest that is free, 0: none. */
static uint32_t new_id(struct iommufd_ctx *ctx)
{
	struct user_object **grown;
	size_t id = 1, room = ctx->room * 2 + 16;

	while (id < ctx->room && ctx->objects[id])
		id++;
	if (id < ctx->room)
		return (uint32_t)id;
	if (room > MAX_ID)
		return 0;
	grown = realloc(ctx->objects, room * sizeof(*grown));
	if (!grown)
		return 0;
	memset(grown + ctx->room, 0, (room - ctx->room) * sizeof(*grown));
	id = ctx->room ? ctx->room : 1;
	ctx->objects = grown;
	ctx->room = room;
	return (uint32_t)id;
}

void *user_object_new(struct iommufd_ctx *ctx, enum user_type type, size_t size)
{
	struct user_object *obj = calloc(1, size);

	if (!obj)
		return NULL;
	obj->ctx = ctx;
	obj->type = type;
	obj->id = new_id(ctx);
	if (!obj->id) {
		free(obj);
		return NULL;
	}
	ctx->objects[obj->id] = obj;
	return obj;
}

void *user_object_get(struct iommufd_ctx *ctx, uint32_t id, enum user_type type)
{
	struct user_object *obj = id < ctx->room ? ctx->objects[id] : NULL;

	if (!obj || !obj->visible || (type != USER_ANY && obj->type != type))
		return NULL;
	return obj;
}

void user_object_free(struct user_object *obj)
{
	obj->ctx->objects[obj->id] = NULL;
	free(obj);
}

void user_object_destroy(struct user_object *obj)
{
	static void (*const destroy[USER_TYPES])(struct user_object * obj) = {
		[USER_DEVICE] = user_device_destroy,
		[USER_IOAS] = user_ioas_destroy,
		[USER_PAGING] = user_hwpt_destroy,
		[USER_NESTED] = user_hwpt_destroy,
		[USER_FAULT] = user_fault_destroy,
		[USER_ACCESS] = user_access_destroy,
		[USER_VIOMMU] = user_viommu_destroy,
		[USER_VDEVICE] = user_vdevice_destroy,
		[USER_VEVENTQ] = user_veventq_destroy,
	};

	destroy[obj->type](obj);
	user_object_free(obj);
}

void user_vdevice_bury(struct user_vdevice *vdev)
{
	struct iommufd_ctx *ctx = vdev->obj.ctx;
	uint32_t id = vdev->obj.id;

	user_object_destroy(&vdev->obj);
	ctx->objects[id] = &tombstone;
}

void user_object_begin(struct user_object *obj)
{
	obj->busy++;
	pthread_mutex_unlock(&obj->ctx->lock);
}

void user_object_end(struct user_object *obj)
{
	pthread_mutex_lock(&obj->ctx->lock);
	obj->busy--;
	pthread_cond_broadcast(&obj->ctx->idle);
}

int user_cmd_destroy(struct user_cmd *cmd)
{
	const struct iommu_destroy *arg = cmd->arg;
	struct user_object *obj = user_object_get(cmd->ctx, arg->id, USER_ANY);

	/* It may be another one by the time that it is idle. */
	while (obj && obj->busy) {
		pthread_cond_wait(&cmd->ctx->idle, &cmd->ctx->lock);
		obj = user_object_get(cmd->ctx, arg->id, USER_ANY);
	}
	if (!obj)
		return -ENOENT;
	if (obj->users)
		return -EBUSY;
	user_object_destroy(obj);
	return 0;
}

/* ---- The context ---- */

/* NULL, and what is reckoned from it. */
static bool nowhere(uint64_t uaddr)
{
	return uaddr < USER_PAGE;
}

static int host_read(void *ctx, void *to, uint64_t uaddr, size_t len)
{
	(void)ctx;
	if (nowhere(uaddr))
		return -EFAULT;
	memcpy(to, (const void *)(uintptr_t)uaddr, len);
	return 0;
}

static int host_write(void *ctx, uint64_t uaddr, const void *from, size_t len)
{
	(void)ctx;
	if (nowhere(uaddr))
		return -EFAULT;
	memcpy((void *)(uintptr_t)uaddr, from, len);
	return 0;
}

int iommufd_ctx_create(struct iommufd_ctx **out, const struct iommufd_config *cfg)
{
	struct iommufd_ctx *ctx = calloc(1, sizeof(*ctx));

	if (!ctx)
		return -ENOMEM;
	if (cfg)
		ctx->cfg = *cfg;
	ctx->mem = (struct iommu_user_mem){
		.read = ctx->cfg.user.read ? ctx->cfg.user.read : host_read,
		.write = ctx->cfg.user.write ? ctx->cfg.user.write : host_write,
		.ctx = ctx->cfg.user_ctx,
	};
	pthread_mutex_init(&ctx->lock, NULL);
	pthread_mutex_init(&ctx->sw_msi_lock, NULL);
	pthread_cond_init(&ctx->idle, NULL);
	core_list_init(&ctx->groups);
	core_list_init(&ctx->sw_msi);
	*out = ctx;
	return 0;
}

/* Whoever is referred to waits until who refers to it is gone. */
static void destroy_all(struct iommufd_ctx *ctx)
{
	bool again = true;

	while (again) {
		again = false;
		for (size_t id = 1; id < ctx->room; id++) {
			struct user_object *obj = ctx->objects[id];

			if (obj == &tombstone) {
				ctx->objects[id] = NULL;
			} else if (obj && !obj->users) {
				user_object_destroy(obj);
				again = true;
			}
		}
	}
}

void iommufd_ctx_destroy(struct iommufd_ctx *ctx)
{
	if (!ctx)
		return;
	pthread_mutex_lock(&ctx->lock);
	for (size_t id = 1; id < ctx->room; id++) {
		struct user_object *obj = ctx->objects[id];

		if (obj && obj->type == USER_DEVICE) {
			user_device_detach_all((struct user_device *)(void *)obj);
			obj->users--; /* its binder's */
		} else if (obj && obj->type == USER_ACCESS) {
			obj->users--;
		}
	}
	destroy_all(ctx);
	pthread_mutex_unlock(&ctx->lock);
	user_msi_free(ctx);
	free(ctx->objects);
	pthread_mutex_destroy(&ctx->lock);
	pthread_mutex_destroy(&ctx->sw_msi_lock);
	pthread_cond_destroy(&ctx->idle);
	free(ctx);
}

size_t iommufd_ctx_objects(struct iommufd_ctx *ctx)
{
	size_t n = 0;

	pthread_mutex_lock(&ctx->lock);
	for (size_t id = 1; id < ctx->room; id++)
		n += ctx->objects[id] && ctx->objects[id] != &tombstone;
	pthread_mutex_unlock(&ctx->lock);
	return n;
}
