/* SPDX-License-Identifier: MIT */
/* Queues of events for a guest: in order, bounded, and honest about what was lost
 * (CORE-174 to CORE-177). */
#include <stdlib.h>
#include <string.h>
#include "user/user.h"

struct event {
	struct core_list link;
	struct iommufd_vevent_header header;
	size_t len;
	unsigned char data[];
};

struct user_veventq {
	struct user_object obj;
	struct user_viommu *viommu;
	struct core_list link; /* viommu->queues */
	uint32_t type, depth;
	/* viommu->lock: */
	struct core_list events;
	uint32_t num;	   /* in events, without the lost one */
	uint32_t sequence; /* of the next event */
	struct event lost; /* in events, at the end, while something is lost there */
};

static struct user_veventq *queue_at(struct core_list *pos)
{
	return CORE_LIST_ENTRY(pos, struct user_veventq, link);
}

static struct user_veventq *find(struct user_viommu *viommu, uint32_t type)
{
	CORE_LIST_FOR_EACH(pos, &viommu->queues)
	{
		if (queue_at(pos)->type == type)
			return queue_at(pos);
	}
	return NULL;
}

int user_cmd_veventq_alloc(struct user_cmd *cmd)
{
	struct iommu_veventq_alloc *arg = cmd->arg;
	struct iommufd_viommu *viommu;
	struct user_viommu *owner;
	struct user_veventq *queue;

	if (arg->flags || arg->__reserved || arg->type == IOMMU_VEVENTQ_TYPE_DEFAULT)
		return -EOPNOTSUPP;
	if (!arg->veventq_depth)
		return -EINVAL;
	owner = user_object_get(cmd->ctx, arg->viommu_id, USER_VIOMMU);
	if (!owner)
		return -ENOENT;
	viommu = owner->viommu;
	if (!viommu->ops->has_events || !viommu->ops->has_events(viommu, arg->type))
		return -EOPNOTSUPP;
	/* The list is changed with ctx->lock held as well: it may be read with that. */
	if (find(owner, arg->type))
		return -EEXIST;
	queue = user_object_new(cmd->ctx, USER_VEVENTQ, sizeof(*queue));
	if (!queue)
		return -ENOMEM;
	queue->viommu = owner;
	queue->type = arg->type;
	queue->depth = arg->veventq_depth;
	core_list_init(&queue->events);
	core_list_init(&queue->lost.link);
	queue->lost.header.flags = IOMMU_VEVENTQ_FLAG_LOST_EVENTS;
	owner->obj.users++;
	pthread_mutex_lock(&owner->lock);
	core_list_add_tail(&queue->link, &owner->queues);
	pthread_mutex_unlock(&owner->lock);
	arg->out_veventq_id = queue->obj.id;
	arg->out_veventq_fd = queue->obj.id;
	cmd->made = &queue->obj;
	return 0;
}

void user_veventq_destroy(struct user_object *obj)
{
	struct user_veventq *queue = (struct user_veventq *)(void *)obj;

	pthread_mutex_lock(&queue->viommu->lock);
	core_list_del(&queue->link);
	pthread_mutex_unlock(&queue->viommu->lock);
	core_list_del(&queue->lost.link);
	CORE_LIST_FOR_EACH_SAFE(pos, &queue->events)
	free(CORE_LIST_ENTRY(pos, struct event, link));
	queue->viommu->obj.users--;
}

/* viommu->lock held. The mark of what is lost goes when a later event gets in. */
static int put(struct user_veventq *queue, const void *data, size_t len)
{
	struct event *event = NULL;
	uint32_t sequence = queue->sequence;

	queue->sequence = sequence == INT32_MAX ? 0 : sequence + 1;
	core_list_del(&queue->lost.link);
	if (queue->num < queue->depth) {
		event = malloc(sizeof(*event) + len);
		if (event) {
			event->header = (struct iommufd_vevent_header){ 0, sequence };
			event->len = len;
			memcpy(event->data, data, len);
			core_list_add_tail(&event->link, &queue->events);
			queue->num++;
			return 0;
		}
	}
	queue->lost.header.sequence = sequence;
	core_list_add_tail(&queue->lost.link, &queue->events);
	return queue->num < queue->depth ? -ENOMEM : 0;
}

int user_veventq_report(void *ctx, uint32_t type, const void *data, size_t len)
{
	struct user_viommu *viommu = ctx;
	const struct iommufd_config *cfg = &viommu->obj.ctx->cfg;
	struct user_veventq *queue;
	bool was_empty = false;
	uint32_t id = 0;
	int err = -EOPNOTSUPP;

	pthread_mutex_lock(&viommu->lock);
	queue = find(viommu, type);
	if (queue) {
		was_empty = core_list_empty(&queue->events);
		err = put(queue, data, len);
		id = queue->obj.id;
	}
	pthread_mutex_unlock(&viommu->lock);
	if (was_empty && cfg->ready)
		cfg->ready(cfg->ready_ctx, id);
	return err;
}

/* The first event, taken out of the queue; lost ones are copied. NULL: none fits. */
static struct event *take(struct user_veventq *queue, size_t room)
{
	struct event *event = NULL, *lost;

	pthread_mutex_lock(&queue->viommu->lock);
	if (!core_list_empty(&queue->events))
		event = CORE_LIST_ENTRY(queue->events.next, struct event, link);
	if (event && sizeof(event->header) + event->len > room) {
		event = NULL;
	} else if (event == &queue->lost) {
		lost = malloc(sizeof(*lost));
		if (lost) {
			*lost = queue->lost;
			core_list_del(&queue->lost.link);
		}
		event = lost;
	} else if (event) {
		core_list_del(&event->link);
		queue->num--;
	}
	pthread_mutex_unlock(&queue->viommu->lock);
	return event;
}

/* It could not be copied: as if it had never been taken. */
static void give_back(struct user_veventq *queue, struct event *event)
{
	bool lost = event->header.flags & IOMMU_VEVENTQ_FLAG_LOST_EVENTS;

	pthread_mutex_lock(&queue->viommu->lock);
	if (lost && core_list_empty(&queue->events)) {
		core_list_add_tail(&queue->lost.link, &queue->events);
	} else if (!lost) {
		/* Before the first. */
		core_list_add_tail(&event->link, queue->events.next);
		queue->num++;
	}
	pthread_mutex_unlock(&queue->viommu->lock);
	if (lost)
		free(event);
}

int64_t user_veventq_read(struct user_object *obj, uint64_t uaddr, size_t count)
{
	struct user_veventq *queue = (struct user_veventq *)(void *)obj;
	const struct iommu_user_mem *mem = &obj->ctx->mem;
	size_t done = 0;

	for (;;) {
		struct event *event = take(queue, count - done);
		size_t head = sizeof(event->header);

		if (!event)
			return (int64_t)done;
		if (mem->write(mem->ctx, uaddr + done, &event->header, head) ||
		    (event->len && mem->write(mem->ctx, uaddr + done + head, event->data,
					      event->len))) {
			give_back(queue, event);
			return done ? (int64_t)done : -EFAULT;
		}
		done += head + event->len;
		free(event);
	}
}

bool user_veventq_readable(struct user_object *obj)
{
	struct user_veventq *queue = (struct user_veventq *)(void *)obj;
	bool some;

	pthread_mutex_lock(&queue->viommu->lock);
	some = !core_list_empty(&queue->events);
	pthread_mutex_unlock(&queue->viommu->lock);
	return some;
}
