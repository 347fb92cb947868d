/* SPDX-License-Identifier: MIT */
/*
 * I/O page faults: from the driver's report through the domain's handler to exactly
 * one answer for each group (CORE-105 to CORE-109).
 */
#include <stdlib.h>
#include <string.h>
#include <smmulator/iommu_fault.h>
#include "core/core.h"

/* A group, from its last request to its free. */
struct group_core {
	struct iommu_iopf_group pub; /* what handlers see; first */
	struct core_iopf *iopf;	     /* referenced */
	struct core_list pending;    /* iopf->pending; off it: answered */
	struct core_list work;	     /* queue->works */
	void (*fn)(struct iommu_iopf_group *group);
	struct iommu_page_request requests[];
};

/* A request whose group is not complete yet. */
struct partial {
	struct core_list link;
	unsigned epoch; /* of the queue, when it came */
	struct iommu_page_request request;
};

/* A device that has a queue. Lives until the last group of it is freed. */
struct core_iopf {
	struct iommu_dev *dev;
	struct iommu_iopf_queue *queue;
	struct core_list link; /* queue->devs; queue->members */
	unsigned users;	       /* queue->members: how often it was added */
	atomic_uint refs;
	atomic_bool leaving;  /* no reports any more; flushes still find it */
	pthread_mutex_t lock; /* leaf */
	struct core_list partials, pending;
	unsigned answering;   /* lock: answers on their way to the driver */
	pthread_cond_t quiet; /* none is */
};

struct iommu_iopf_queue {
	atomic_uint refs; /* its maker, and each device that ever was in it */
	/* Partials of an earlier one are to be forgotten: hardware lost what belongs to
	 * them. A count, so that an interrupt handler can say so without a lock. */
	atomic_uint epoch;
	/* Who is in it. Waits for readers under it, so that no reader may take it. */
	pthread_mutex_t members;
	struct core_list devs;
	/* Its work; leaf. */
	pthread_mutex_t mutex;
	pthread_cond_t wake; /* work for the thread, or its end */
	pthread_cond_t idle; /* a work was done */
	struct core_list works;
	uint64_t taken, done; /* works so far, in one order */
	bool threaded, quit, busy;
	pthread_t thread;
};

static struct group_core *core_of(struct iommu_iopf_group *group)
{
	return (struct group_core *)(void *)group;
}

/* ---- references ---- */

static void queue_put(struct iommu_iopf_queue *queue)
{
	if (atomic_fetch_sub(&queue->refs, 1) != 1)
		return;
	pthread_mutex_destroy(&queue->members);
	pthread_mutex_destroy(&queue->mutex);
	pthread_cond_destroy(&queue->wake);
	pthread_cond_destroy(&queue->idle);
	free(queue);
}

static void iopf_put(struct core_iopf *iopf)
{
	if (atomic_fetch_sub(&iopf->refs, 1) != 1)
		return;
	queue_put(iopf->queue);
	pthread_mutex_destroy(&iopf->lock);
	pthread_cond_destroy(&iopf->quiet);
	free(iopf);
}

/* NULL: no queue serves the device. */
static struct core_iopf *iopf_get(struct iommu_dev *dev)
{
	struct core_iopf *iopf;

	rcu_reader_begins();
	iopf = rcu_get(&dev->iopf);
	if (iopf)
		atomic_fetch_add(&iopf->refs, 1);
	rcu_reader_ends();
	return iopf;
}

/* ---- groups ---- */

static void respond(struct iommu_dev *dev, const struct iommu_page_request *last,
		    enum iommu_page_response code)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);

	if (ops && ops->page_response)
		ops->page_response(dev, last, code);
}

/* iopf->lock held. all: also those whose group may still become complete. */
static void drop_partials(struct core_iopf *iopf, bool all)
{
	unsigned epoch = atomic_load(&iopf->queue->epoch);

	CORE_LIST_FOR_EACH_SAFE(pos, &iopf->partials)
	{
		struct partial *partial = CORE_LIST_ENTRY(pos, struct partial, link);

		if (!all && partial->epoch == epoch)
			continue;
		core_list_del(pos);
		free(partial);
	}
}

/* CORE-106 */
static int keep_partial(struct core_iopf *iopf, const struct iommu_page_request *request)
{
	struct partial *partial = malloc(sizeof(*partial));

	if (!partial)
		return -ENOMEM;
	partial->request = *request;
	partial->epoch = atomic_load(&iopf->queue->epoch);
	pthread_mutex_lock(&iopf->lock);
	drop_partials(iopf, false);
	core_list_add_tail(&partial->link, &iopf->partials);
	pthread_mutex_unlock(&iopf->lock);
	return 0;
}

static size_t count_partials(const struct core_iopf *iopf, uint32_t grpid)
{
	size_t n = 0;

	CORE_LIST_FOR_EACH(pos, &iopf->partials)
	n += CORE_LIST_ENTRY(pos, struct partial, link)->request.grpid == grpid;
	return n;
}

/* CORE-107: the partials of this grpid in order, then the last. iopf->lock held. */
static struct group_core *gather(struct core_iopf *iopf,
				 const struct iommu_page_request *last)
{
	struct group_core *group;
	size_t n, i = 0;

	drop_partials(iopf, false);
	n = count_partials(iopf, last->grpid) + 1;
	group = calloc(1, sizeof(*group) + n * sizeof(group->requests[0]));
	CORE_LIST_FOR_EACH_SAFE(pos, &iopf->partials)
	{
		struct partial *partial = CORE_LIST_ENTRY(pos, struct partial, link);

		if (partial->request.grpid != last->grpid)
			continue;
		if (group)
			group->requests[i++] = partial->request;
		core_list_del(pos);
		free(partial);
	}
	if (!group)
		return NULL;
	group->requests[i] = *last;
	group->pub.dev = iopf->dev;
	group->pub.requests = group->requests;
	group->pub.num = n;
	group->iopf = iopf;
	atomic_fetch_add(&iopf->refs, 1);
	core_list_init(&group->work);
	core_list_add_tail(&group->pending, &iopf->pending);
	return group;
}

void iommu_iopf_group_response(struct iommu_iopf_group *pub,
			       enum iommu_page_response code)
{
	struct group_core *group = core_of(pub);
	struct core_iopf *iopf = group->iopf;
	bool mine;

	pthread_mutex_lock(&iopf->lock);
	mine = !core_list_empty(&group->pending);
	if (mine) {
		core_list_del(&group->pending);
		iopf->answering++;
	}
	pthread_mutex_unlock(&iopf->lock);
	if (!mine)
		return;
	/* Without the lock: hardware may have the next fault of the device at once. */
	respond(pub->dev, &pub->requests[pub->num - 1], code);
	pthread_mutex_lock(&iopf->lock);
	if (--iopf->answering == 0)
		pthread_cond_broadcast(&iopf->quiet);
	pthread_mutex_unlock(&iopf->lock);
}

void iommu_iopf_group_free(struct iommu_iopf_group *pub)
{
	struct group_core *group = core_of(pub);

	if (!pub)
		return;
	/* A group that nobody answered: the device may not wait for ever. */
	iommu_iopf_group_response(pub, IOMMU_PAGE_FAILURE);
	iopf_put(group->iopf);
	free(group);
}

/* ---- reports ---- */

/* CORE-105: whose fault it is; between rcu_reader_begins() and _ends(). */
static struct iommu_attach_handle *find_handle(struct iommu_group *group,
					       const struct iommu_ops *ops,
					       const struct iommu_page_request *request)
{
	struct iommu_attach_handle *handle = NULL;

	if (!(request->flags & IOMMU_PRQ_PASID)) {
		(void)core_handle_get(group, IOMMU_NO_PASID, 0, &handle);
		return handle;
	}
	if (core_handle_get(group, request->pasid, 0, &handle) != -ENOENT ||
	    !ops->user_pasid_table)
		return handle;
	(void)core_handle_get(group, IOMMU_NO_PASID, IOMMU_DOMAIN_NESTED, &handle);
	return handle;
}

/*
 * Hands a complete group to its domain. -EINVAL: there is none that takes it; members
 * NULL: the device has just left its IOMMU.
 */
static int hand_over(struct iommu_group *members, struct group_core *group)
{
	const struct iommu_ops *ops = atomic_load(&group->pub.dev->ops);
	const struct iommu_page_request *last = &group->requests[group->pub.num - 1];
	struct iommu_attach_handle *handle = NULL;
	int err = -EINVAL;

	if (ops && members)
		handle = find_handle(members, ops, last);
	if (handle && handle->domain->iopf_handler) {
		group->pub.handle = handle;
		err = handle->domain->iopf_handler(&group->pub);
		if (err) {
			iommu_iopf_group_response(&group->pub, IOMMU_PAGE_FAILURE);
			iommu_iopf_group_free(&group->pub);
			err = 0;
		}
	} else {
		iommu_iopf_group_response(&group->pub, IOMMU_PAGE_INVALID);
		iommu_iopf_group_free(&group->pub);
	}
	return err;
}

static int report_last(struct core_iopf *iopf, const struct iommu_page_request *last)
{
	struct iommu_group *members = iommu_group_get(iopf->dev);
	struct group_core *group;
	int err;

	pthread_mutex_lock(&iopf->lock);
	group = gather(iopf, last);
	pthread_mutex_unlock(&iopf->lock);
	if (group) {
		err = hand_over(members, group);
	} else {
		respond(iopf->dev, last, IOMMU_PAGE_FAILURE);
		err = 0;
	}
	iommu_group_put(members);
	return err;
}

/* Between rcu_reader_begins() and _ends(). iopf NULL: no queue serves the device. */
static int report(struct iommu_dev *dev, struct core_iopf *iopf,
		  const struct iommu_page_request *request)
{
	bool last = request->flags & IOMMU_PRQ_LAST;

	if (iopf && !atomic_load(&iopf->leaving))
		return last ? report_last(iopf, request) : keep_partial(iopf, request);
	core_warn(dev->sys, "%s: page request, but no queue serves it", dev->name);
	if (last)
		respond(dev, request, IOMMU_PAGE_INVALID);
	return -EINVAL;
}

/*
 * One reader from the look at dev->iopf to the handler's return: whoever takes the
 * device out of its queue finds everything that was reported before, and nothing
 * comes to the queue after.
 */
int iommu_report_device_fault(struct iommu_dev *dev,
			      const struct iommu_page_request *request)
{
	int err;

	rcu_reader_begins();
	err = report(dev, rcu_get(&dev->iopf), request);
	rcu_reader_ends();
	return err;
}

/* ---- the queue's work ---- */

/*
 * Does the first work, the mutex held around it. False: there was none. One at a time,
 * whoever does it: so the n-th that is done is the n-th that was taken.
 */
static bool do_one(struct iommu_iopf_queue *queue)
{
	struct group_core *group;

	while (queue->busy)
		pthread_cond_wait(&queue->idle, &queue->mutex);
	if (core_list_empty(&queue->works))
		return false;
	group = CORE_LIST_ENTRY(queue->works.next, struct group_core, work);
	core_list_del(&group->work);
	queue->busy = true;
	pthread_mutex_unlock(&queue->mutex);
	group->fn(&group->pub);
	pthread_mutex_lock(&queue->mutex);
	queue->busy = false;
	queue->done++;
	pthread_cond_broadcast(&queue->idle);
	return true;
}

static void *serve(void *arg)
{
	struct iommu_iopf_queue *queue = arg;

	pthread_mutex_lock(&queue->mutex);
	while (do_one(queue) || !queue->quit) {
		if (core_list_empty(&queue->works) && !queue->quit)
			pthread_cond_wait(&queue->wake, &queue->mutex);
	}
	pthread_mutex_unlock(&queue->mutex);
	return NULL;
}

int iommu_iopf_queue_work(struct iommu_iopf_group *pub,
			  void (*fn)(struct iommu_iopf_group *group))
{
	struct group_core *group = core_of(pub);
	struct iommu_iopf_queue *queue = group->iopf->queue;

	group->fn = fn;
	pthread_mutex_lock(&queue->mutex);
	core_list_add_tail(&group->work, &queue->works);
	queue->taken++;
	pthread_cond_signal(&queue->wake);
	pthread_mutex_unlock(&queue->mutex);
	return 0;
}

size_t iommu_iopf_queue_run(struct iommu_iopf_queue *queue)
{
	size_t n = 0;

	pthread_mutex_lock(&queue->mutex);
	while (do_one(queue))
		n++;
	pthread_mutex_unlock(&queue->mutex);
	return n;
}

/* CORE-109: what was taken before this call is done when it returns. */
static void flush(struct iommu_iopf_queue *queue)
{
	uint64_t until;

	pthread_mutex_lock(&queue->mutex);
	until = queue->taken;
	while (queue->done < until) {
		if (queue->threaded || queue->busy)
			pthread_cond_wait(&queue->idle, &queue->mutex);
		else
			do_one(queue);
	}
	pthread_mutex_unlock(&queue->mutex);
}

int iommu_iopf_flush_dev(struct iommu_dev *dev)
{
	struct core_iopf *iopf = iopf_get(dev);

	if (!iopf)
		return -ENODEV;
	flush(iopf->queue);
	iopf_put(iopf);
	return 0;
}

/* ---- queues and their devices ---- */

int iommu_iopf_queue_create(struct iommu_iopf_queue **out, bool threaded)
{
	struct iommu_iopf_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return -ENOMEM;
	atomic_init(&queue->refs, 1);
	atomic_init(&queue->epoch, 0);
	pthread_mutex_init(&queue->members, NULL);
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_cond_init(&queue->wake, NULL);
	pthread_cond_init(&queue->idle, NULL);
	core_list_init(&queue->devs);
	core_list_init(&queue->works);
	queue->threaded = threaded;
	if (threaded && pthread_create(&queue->thread, NULL, serve, queue)) {
		queue->threaded = false;
		iommu_iopf_queue_destroy(queue);
		return -EAGAIN;
	}
	*out = queue;
	return 0;
}

/* On return every group has its answer, and no answer is on its way. */
static void answer_pending(struct core_iopf *iopf)
{
	pthread_mutex_lock(&iopf->lock);
	while (!core_list_empty(&iopf->pending)) {
		struct core_list *first = iopf->pending.next;
		const struct group_core *group =
			CORE_LIST_ENTRY(first, struct group_core, pending);
		/* Its owner may free it as soon as the lock is gone. */
		struct iommu_page_request last = group->requests[group->pub.num - 1];

		core_list_del(first);
		pthread_mutex_unlock(&iopf->lock);
		respond(iopf->dev, &last, IOMMU_PAGE_INVALID);
		pthread_mutex_lock(&iopf->lock);
	}
	while (iopf->answering)
		pthread_cond_wait(&iopf->quiet, &iopf->lock);
	pthread_mutex_unlock(&iopf->lock);
}

/*
 * queue->members held. No new reports; then emptied; only when its work is done, which
 * looks at handles, nobody finds it to flush any more.
 */
static void take_out(struct core_iopf *iopf)
{
	core_list_del(&iopf->link);
	atomic_store(&iopf->leaving, true);
	rcu_wait_for_readers();
	pthread_mutex_lock(&iopf->lock);
	drop_partials(iopf, true);
	pthread_mutex_unlock(&iopf->lock);
	answer_pending(iopf);
	flush(iopf->queue);
	rcu_publish(&iopf->dev->iopf, NULL);
	rcu_wait_for_readers();
	iopf_put(iopf);
}

static int add_new(struct iommu_iopf_queue *queue, struct iommu_dev *dev)
{
	struct core_iopf *none = NULL, *iopf = calloc(1, sizeof(*iopf));

	if (!iopf)
		return -ENOMEM;
	iopf->dev = dev;
	iopf->queue = queue;
	atomic_fetch_add(&queue->refs, 1);
	iopf->users = 1;
	atomic_init(&iopf->refs, 1);
	atomic_init(&iopf->leaving, false);
	pthread_mutex_init(&iopf->lock, NULL);
	pthread_cond_init(&iopf->quiet, NULL);
	core_list_init(&iopf->partials);
	core_list_init(&iopf->pending);
	if (!atomic_compare_exchange_strong(&dev->iopf, &none, iopf)) {
		iopf_put(iopf);
		return -EBUSY;
	}
	core_list_add_tail(&iopf->link, &queue->devs);
	return 0;
}

/*
 * The device's part of this queue, whose members are locked: it stays. NULL: not in it,
 * and *other tells whether in another one, which may let it go at any moment.
 */
static struct core_iopf *in_queue(struct iommu_iopf_queue *queue, struct iommu_dev *dev,
				  bool *other)
{
	struct core_iopf *iopf;

	rcu_reader_begins();
	iopf = rcu_get(&dev->iopf);
	*other = iopf && iopf->queue != queue;
	rcu_reader_ends();
	return *other ? NULL : iopf;
}

int iommu_iopf_queue_add_device(struct iommu_iopf_queue *queue, struct iommu_dev *dev)
{
	const struct iommu_ops *ops = atomic_load(&dev->ops);
	struct core_iopf *iopf;
	bool other;
	int err = 0;

	if (!ops || !ops->page_response)
		return -ENODEV;
	pthread_mutex_lock(&queue->members);
	iopf = in_queue(queue, dev, &other);
	if (iopf)
		iopf->users++;
	else
		err = other ? -EBUSY : add_new(queue, dev);
	pthread_mutex_unlock(&queue->members);
	return err;
}

int iommu_iopf_queue_remove_device(struct iommu_iopf_queue *queue, struct iommu_dev *dev)
{
	struct core_iopf *iopf;
	bool other;

	pthread_mutex_lock(&queue->members);
	iopf = in_queue(queue, dev, &other);
	if (iopf && --iopf->users == 0)
		take_out(iopf);
	pthread_mutex_unlock(&queue->members);
	return iopf ? 0 : -EINVAL;
}

void core_iopf_forget(struct iommu_dev *dev)
{
	struct core_iopf *iopf = iopf_get(dev);
	struct iommu_iopf_queue *queue;

	if (!iopf)
		return;
	core_warn(dev->sys, "%s: released while a queue serves its faults", dev->name);
	queue = iopf->queue;
	pthread_mutex_lock(&queue->members);
	if (rcu_get(&dev->iopf) == iopf)
		take_out(iopf);
	pthread_mutex_unlock(&queue->members);
	iopf_put(iopf);
}

int iommu_iopf_queue_discard_partial(struct iommu_iopf_queue *queue)
{
	if (!queue)
		return -EINVAL;
	atomic_fetch_add(&queue->epoch, 1);
	return 0;
}

void iommu_iopf_queue_destroy(struct iommu_iopf_queue *queue)
{
	if (!queue)
		return;
	pthread_mutex_lock(&queue->members);
	CORE_LIST_FOR_EACH_SAFE(pos, &queue->devs)
	take_out(CORE_LIST_ENTRY(pos, struct core_iopf, link));
	pthread_mutex_unlock(&queue->members);
	pthread_mutex_lock(&queue->mutex);
	while (!queue->threaded && do_one(queue))
		;
	queue->quit = true;
	pthread_cond_broadcast(&queue->wake);
	pthread_mutex_unlock(&queue->mutex);
	if (queue->threaded)
		pthread_join(queue->thread, NULL);
	queue_put(queue);
}
