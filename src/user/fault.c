/* SPDX-License-Identifier: MIT */
/* Page faults for a user to answer (CORE-157 to CORE-160). */
#include <stdlib.h>
#include <smmulator/iommu_fault.h>
#include "user/user.h"

_Static_assert(sizeof(struct iommu_hwpt_pgfault) == 40, "what CORE-158 says");
_Static_assert(IOMMU_PRQ_PASID == IOMMU_PGFAULT_FLAGS_PASID_VALID &&
		       IOMMU_PRQ_LAST == IOMMU_PGFAULT_FLAGS_LAST_PAGE &&
		       IOMMU_PRQ_READ == IOMMU_PGFAULT_PERM_READ &&
		       IOMMU_PRQ_WRITE == IOMMU_PGFAULT_PERM_WRITE &&
		       IOMMU_PRQ_EXEC == IOMMU_PGFAULT_PERM_EXEC &&
		       IOMMU_PRQ_PRIV == IOMMU_PGFAULT_PERM_PRIV,
	       "passed on as they are");

/* A group that waits to be read, or to be answered. */
struct waiting {
	struct core_list link;
	struct iommu_iopf_group *group;
	const struct user_attach *attach;
	uint32_t dev_id;
	uint32_t cookie; /* given when it is read */
};

struct user_fault {
	struct user_object obj;
	pthread_mutex_t lock; /* leaf */
	struct core_list unread, unanswered;
	uint32_t next_cookie;
};

struct user_object *user_fault_object(struct user_fault *fault)
{
	return &fault->obj;
}

int user_cmd_fault_alloc(struct user_cmd *cmd)
{
	struct iommu_fault_alloc *arg = cmd->arg;
	struct user_fault *fault;

	if (arg->flags)
		return -EOPNOTSUPP;
	fault = user_object_new(cmd->ctx, USER_FAULT, sizeof(*fault));
	if (!fault)
		return -ENOMEM;
	pthread_mutex_init(&fault->lock, NULL);
	core_list_init(&fault->unread);
	core_list_init(&fault->unanswered);
	arg->out_fault_id = fault->obj.id;
	arg->out_fault_fd = fault->obj.id;
	cmd->made = &fault->obj;
	return 0;
}

static void answer(struct waiting *w, enum iommu_page_response code)
{
	iommu_iopf_group_response(w->group, code);
	iommu_iopf_group_free(w->group);
	free(w);
}

/* Moves what belongs to attach (NULL: everything) from one list to another. */
static void collect(struct core_list *from, const struct user_attach *attach,
		    struct core_list *to)
{
	CORE_LIST_FOR_EACH_SAFE(pos, from)
	{
		struct waiting *w = CORE_LIST_ENTRY(pos, struct waiting, link);

		if (attach && w->attach != attach)
			continue;
		core_list_del(pos);
		core_list_add_tail(pos, to);
	}
}

void user_fault_forget(struct user_fault *fault, const struct user_attach *attach)
{
	struct core_list gone;

	core_list_init(&gone);
	pthread_mutex_lock(&fault->lock);
	collect(&fault->unread, attach, &gone);
	collect(&fault->unanswered, attach, &gone);
	pthread_mutex_unlock(&fault->lock);
	CORE_LIST_FOR_EACH_SAFE(pos, &gone)
	answer(CORE_LIST_ENTRY(pos, struct waiting, link), IOMMU_PAGE_INVALID);
}

void user_fault_destroy(struct user_object *obj)
{
	struct user_fault *fault = (struct user_fault *)(void *)obj;

	user_fault_forget(fault, NULL);
	pthread_mutex_destroy(&fault->lock);
}

/*
 * As a reader that a detach waits for: the handle, the HWPT and its fault object are
 * there until it returns.
 */
int user_fault_handler(struct iommu_iopf_group *group)
{
	const struct user_attach *attach =
		IOMMU_CONTAINER_OF(group->handle, struct user_attach, handle);
	struct user_fault *fault = attach->hwpt->fault;
	const struct iommufd_config *cfg = &fault->obj.ctx->cfg;
	struct waiting *w = calloc(1, sizeof(*w));
	bool was_empty;

	if (!w)
		return -ENOMEM;
	w->group = group;
	w->attach = attach;
	w->dev_id = user_group_dev_id(attach->group, group->dev);
	pthread_mutex_lock(&fault->lock);
	was_empty = core_list_empty(&fault->unread);
	core_list_add_tail(&w->link, &fault->unread);
	pthread_mutex_unlock(&fault->lock);
	if (was_empty && cfg->ready)
		cfg->ready(cfg->ready_ctx, fault->obj.id);
	return 0;
}

/* ---- read (CORE-158) ---- */

static struct waiting *take_unread(struct user_fault *fault, size_t room)
{
	struct waiting *w = NULL;

	pthread_mutex_lock(&fault->lock);
	if (!core_list_empty(&fault->unread))
		w = CORE_LIST_ENTRY(fault->unread.next, struct waiting, link);
	if (w && w->group->num * sizeof(struct iommu_hwpt_pgfault) > room)
		w = NULL;
	if (w) {
		core_list_del(&w->link);
		/* In the other list already: a detach finds it wherever it is. */
		w->cookie = fault->next_cookie++;
		core_list_add_tail(&w->link, &fault->unanswered);
	}
	pthread_mutex_unlock(&fault->lock);
	return w;
}

static int copy_group(const struct iommu_user_mem *mem, const struct waiting *w,
		      uint64_t uaddr)
{
	for (size_t i = 0; i < w->group->num; i++) {
		const struct iommu_page_request *request = &w->group->requests[i];
		struct iommu_hwpt_pgfault record = {
			.flags = request->flags,
			.dev_id = w->dev_id,
			.pasid = request->pasid,
			.grpid = request->grpid,
			.perm = request->perm,
			.addr = request->addr,
			.cookie = w->cookie,
		};

		if (mem->write(mem->ctx, uaddr + i * sizeof(record), &record,
			       sizeof(record)))
			return -EFAULT;
	}
	return 0;
}

int64_t user_fault_read(struct user_object *obj, uint64_t uaddr, size_t count)
{
	struct user_fault *fault = (struct user_fault *)(void *)obj;
	const struct iommu_user_mem *mem = &obj->ctx->mem;
	struct waiting *w;
	size_t done = 0;

	if (count % sizeof(struct iommu_hwpt_pgfault))
		return -ESPIPE;
	while ((w = take_unread(fault, count - done)) != NULL) {
		if (copy_group(mem, w, uaddr + done)) {
			pthread_mutex_lock(&fault->lock);
			core_list_del(&w->link);
			core_list_add_tail(&w->link, fault->unread.next);
			pthread_mutex_unlock(&fault->lock);
			return done ? (int64_t)done : -EFAULT;
		}
		done += w->group->num * sizeof(struct iommu_hwpt_pgfault);
	}
	return (int64_t)done;
}

/* ---- write (CORE-159) ---- */

static struct waiting *take_unanswered(struct user_fault *fault, uint32_t cookie)
{
	struct waiting *found = NULL;

	pthread_mutex_lock(&fault->lock);
	CORE_LIST_FOR_EACH(pos, &fault->unanswered)
	{
		struct waiting *w = CORE_LIST_ENTRY(pos, struct waiting, link);

		if (w->cookie == cookie)
			found = w;
	}
	if (found)
		core_list_del(&found->link);
	pthread_mutex_unlock(&fault->lock);
	return found;
}

static int one_response(struct user_fault *fault, uint64_t uaddr)
{
	const struct iommu_user_mem *mem = &fault->obj.ctx->mem;
	struct iommu_hwpt_page_response response;
	struct waiting *w;

	if (mem->read(mem->ctx, &response, uaddr, sizeof(response)))
		return -EFAULT;
	if (response.code != IOMMUFD_PAGE_RESP_SUCCESS &&
	    response.code != IOMMUFD_PAGE_RESP_INVALID)
		return -EINVAL;
	w = take_unanswered(fault, response.cookie);
	if (!w)
		return -EINVAL;
	answer(w, response.code == IOMMUFD_PAGE_RESP_SUCCESS ? IOMMU_PAGE_SUCCESS
							     : IOMMU_PAGE_INVALID);
	return 0;
}

int64_t user_fault_write(struct user_object *obj, uint64_t uaddr, size_t count)
{
	struct user_fault *fault = (struct user_fault *)(void *)obj;
	size_t done = 0;
	int err = 0;

	if (count % sizeof(struct iommu_hwpt_page_response))
		return -ESPIPE;
	while (done < count && !err) {
		err = one_response(fault, uaddr + done);
		if (!err)
			done += sizeof(struct iommu_hwpt_page_response);
	}
	return done ? (int64_t)done : err;
}

bool user_fault_readable(struct user_object *obj)
{
	struct user_fault *fault = (struct user_fault *)(void *)obj;
	bool some;

	pthread_mutex_lock(&fault->lock);
	some = !core_list_empty(&fault->unread);
	pthread_mutex_unlock(&fault->lock);
	return some;
}
