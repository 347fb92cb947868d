/* SPDX-License-Identifier: MIT */
/*
 * I/O page faults: a device asks for a page and waits (CORE-105 to CORE-110). Its
 * IOMMU's driver reports each request; the last one of a group brings the group to the
 * handler of the domain that the DMA was in; each group is answered exactly once.
 *
 * Context: unless said otherwise any thread, no lock of the core held.
 */
#ifndef SMMULATOR_IOMMU_FAULT_H
#define SMMULATOR_IOMMU_FAULT_H

#include <smmulator/iommu.h>

SMMU_BEGIN_DECLS

#define IOMMU_PRQ_PASID (1u << 0) /* pasid is valid */
#define IOMMU_PRQ_LAST	(1u << 1) /* the last request of its group */

#define IOMMU_PRQ_READ	(1u << 0)
#define IOMMU_PRQ_WRITE (1u << 1)
#define IOMMU_PRQ_EXEC	(1u << 2)
#define IOMMU_PRQ_PRIV	(1u << 3)

struct iommu_page_request {
	uint32_t flags; /* IOMMU_PRQ_PASID, IOMMU_PRQ_LAST */
	uint32_t pasid;
	uint32_t grpid;
	uint32_t perm; /* what the device wants: IOMMU_PRQ_READ ... */
	uint64_t addr; /* of the page */
};

enum iommu_page_response {
	IOMMU_PAGE_SUCCESS, /* the page is there: ask again */
	IOMMU_PAGE_INVALID, /* it never will be */
	IOMMU_PAGE_FAILURE, /* the machinery failed; ask no more */
};

/* What a handler gets: the requests of one group, the last one last. */
struct iommu_iopf_group {
	struct iommu_dev *dev;
	struct iommu_attach_handle *handle; /* of the domain, as it was attached */
	const struct iommu_page_request *requests;
	size_t num;
};

/*
 * For drivers. 0: on its way to an answer, or stored until its group is complete.
 * -EINVAL, answered INVALID: no queue serves the device (with a warning), or the group
 * is for nobody: nothing is attached there, or without handler. -ENOMEM: a request
 * that is not the last could not be stored; the driver answers. Never waits for a
 * lock of the attach path. The domain's handler runs inside, on this thread, as a reader
 * that detach waits for: it may not attach, detach or free, nor wait for who does.
 */
SMMU_API int iommu_report_device_fault(struct iommu_dev *dev,
				       const struct iommu_page_request *request);
/* Answers; a group that has its answer: nothing (CORE-108). */
SMMU_API void iommu_iopf_group_response(struct iommu_iopf_group *group,
					enum iommu_page_response code);
/* Gives the group back; its owner is who the handler said 0 for. NULL is allowed. */
SMMU_API void iommu_iopf_group_free(struct iommu_iopf_group *group);

/*
 * Where handlers that have to sleep put their work, and what a driver flushes before a
 * domain goes away. threaded: one thread of the queue does the work; else whoever calls
 * iommu_iopf_queue_run() or iommu_iopf_flush_dev(): tests that want an order.
 * -ENOMEM, -EAGAIN: no thread.
 */
struct iommu_iopf_queue;
SMMU_API int iommu_iopf_queue_create(struct iommu_iopf_queue **queue, bool threaded);
/* Removes the devices that are left, does the work that is left. NULL is allowed. */
SMMU_API void iommu_iopf_queue_destroy(struct iommu_iopf_queue *queue);
/* CORE-109. -ENODEV: no IOMMU, or its driver answers no pages; -EBUSY: other queue. */
SMMU_API int iommu_iopf_queue_add_device(struct iommu_iopf_queue *queue,
					 struct iommu_dev *dev);
/*
 * As often as it was added: then everything that waits is answered INVALID, requests
 * without their last are forgotten, and work that is queued is waited for. -EINVAL: not
 * in this queue. Like destroy, flush and unbind, not from the queue's own work.
 */
SMMU_API int iommu_iopf_queue_remove_device(struct iommu_iopf_queue *queue,
					    struct iommu_dev *dev);
/* Waits until the work that its queue has now is done. -ENODEV: it has no queue. */
SMMU_API int iommu_iopf_flush_dev(struct iommu_dev *dev);
/*
 * The hardware lost requests: forget the incomplete groups. -EINVAL: no queue. Takes no
 * lock: an interrupt handler may call it whatever its thread is in the middle of.
 */
SMMU_API int iommu_iopf_queue_discard_partial(struct iommu_iopf_queue *queue);
/*
 * For handlers: fn(group) on the queue of the group's device, one after the other; it may
 * take what locks of the core it wants, except by removing or binding devices.
 * 0: always taken.
 */
SMMU_API int iommu_iopf_queue_work(struct iommu_iopf_group *group,
				   void (*fn)(struct iommu_iopf_group *group));
/* Does the work that is there, on this thread; how many groups. */
SMMU_API size_t iommu_iopf_queue_run(struct iommu_iopf_queue *queue);

SMMU_END_DECLS

#endif /* SMMULATOR_IOMMU_FAULT_H */
