/* SPDX-License-Identifier: MIT */
/*
 * What the files of the user floor share. Locks, outermost first:
 *	ctx->lock > the core's group mutex and all inside it > a queue's lock (leaf).
 * ctx->lock guards every object. Handlers of events and page faults, which may run under
 * the driver's locks and as readers that a detach waits for, take a queue's lock only.
 */
#ifndef USER_USER_H
#define USER_USER_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/iommu_dma.h>
#include <smmulator/iommu_user.h>
#include <smmulator/iommufd.h>
#include "core/list.h"

#define USER_PAGE IOMMUFD_PAGE_SIZE

enum user_type {
	USER_ANY,
	USER_DEVICE,
	USER_IOAS,
	USER_PAGING, /* an HWPT */
	USER_NESTED, /* an HWPT */
	USER_FAULT,
	USER_ACCESS,
	USER_VIOMMU,
	USER_VDEVICE,
	USER_VEVENTQ,
	USER_TOMBSTONE, /* an id that may not be used again (CORE-171) */
	USER_TYPES,
};

/* First in every object. ctx->lock. */
struct user_object {
	struct iommufd_ctx *ctx;
	enum user_type type;
	uint32_t id;
	bool visible;	/* its command has succeeded (CORE-136) */
	unsigned users; /* objects that refer to it */
	unsigned busy;	/* commands that work on it without ctx->lock */
};

struct iommufd_ctx {
	pthread_mutex_t lock;
	pthread_cond_t idle; /* an object's busy has become 0 */
	struct iommufd_config cfg;
	struct iommu_user_mem mem;
	struct user_object **objects; /* by id; [0] is never used */
	size_t room;
	bool rlimit_by_user; /* IOMMU_OPTION_RLIMIT_MODE: kept, not used */
	struct core_list groups;
	/* Inside the group's mutex: doorbells, in order of first use (CORE-117). */
	pthread_mutex_t sw_msi_lock;
	struct core_list sw_msi;
};

/* ---- object.c ---- */
/*
 * A zeroed object of `size` bytes with an id of its own, not visible yet. NULL: no
 * memory.
 */
void *user_object_new(struct iommufd_ctx *ctx, enum user_type type, size_t size);
/* A visible object, NULL: none of that id and type. */
void *user_object_get(struct iommufd_ctx *ctx, uint32_t id, enum user_type type);
/* Gives the id back and frees the memory, nothing else. */
void user_object_free(struct user_object *obj);
/* What its type has to take down, then user_object_free(). Nobody refers to it. */
void user_object_destroy(struct user_object *obj);
/* Works without ctx->lock from get_busy to put_busy. */
void user_object_begin(struct user_object *obj);
void user_object_end(struct user_object *obj);

/* ---- command.c ---- */
/* One command on its way. */
struct user_cmd {
	struct iommufd_ctx *ctx;
	void *arg;		  /* our copy of its structure */
	struct user_object *made; /* becomes visible when the answer was written */
	bool answer_anyway;	  /* write the answer although it failed */
	struct user_ioas *mapped; /* what is taken back if it cannot be written */
	uint64_t first, last;
};

/* ---- pages.c: memory of the user behind an area ---- */
struct user_piece {
	uint64_t pa, len;
};
struct user_pages {
	unsigned refs; /* areas */
	unsigned pins; /* who needs it to be where it is */
	struct iommufd_ctx *ctx;
	uint64_t uaddr, len; /* whole pages */
	bool writable;
	struct user_piece *pieces; /* while pinned, in order */
	size_t num;
};
/* NULL: no memory. */
struct user_pages *user_pages_new(struct iommufd_ctx *ctx, uint64_t uaddr, uint64_t len,
				  bool writable);
void user_pages_put(struct user_pages *pages);
int user_pages_pin(struct user_pages *pages);
void user_pages_unpin(struct user_pages *pages);
/* Of byte `offset`; pinned. *len: how much more is one piece. */
uint64_t user_pages_pa(const struct user_pages *pages, uint64_t offset, uint64_t *len);

/* ---- area.c, ioas.c, iova.c: address spaces ---- */
struct user_area {
	uint64_t iova, last;
	uint64_t offset; /* of its first byte in pages */
	uint32_t prot;
	struct user_pages *pages;
	unsigned accesses; /* ranges that accesses have pinned here */
};

/* Addresses that cannot be mapped, while their owner is there. */
struct user_reserved {
	uint64_t first, last;
	const void *owner;
};

struct user_ioas {
	struct user_object obj;
	struct user_area *areas; /* ascending, none touches another's bytes */
	size_t num_areas, room_areas;
	struct user_reserved *reserved;
	size_t num_reserved, room_reserved;
	struct iommu_iova_range *allowed; /* ascending; none: everything is */
	size_t num_allowed;
	uint64_t alignment;
	bool small_pages;
	struct core_list hwpts;	   /* struct user_hwpt */
	struct core_list accesses; /* struct iommufd_access */
	unsigned tellings;	   /* of accesses about an unmap */
};

struct user_hwpt;
/* CORE-147; on an error the address space is as it was. */
int user_ioas_add_hwpt(struct user_ioas *ioas, struct user_hwpt *hwpt);
void user_ioas_remove_hwpt(struct user_ioas *ioas, struct user_hwpt *hwpt);
/* The area with that address, or NULL. */
struct user_area *user_ioas_find(const struct user_ioas *ioas, uint64_t iova);
/* The first area that does not end below iova; num_areas: none. */
size_t user_ioas_position(const struct user_ioas *ioas, uint64_t iova);
/* Whether areas without a gap cover [iova, last]. */
bool user_ioas_covers(const struct user_ioas *ioas, uint64_t iova, uint64_t last);
/* Takes over the reference on area->pages, on an error too. */
int user_area_insert(struct user_ioas *ioas, const struct user_area *area);
void user_area_erase(struct user_ioas *ioas, size_t at);
/* CORE-146 */
int user_ioas_set_small_pages(struct user_ioas *ioas, bool small);
/* A mapping that was just made, and that nobody has heard of. */
void user_ioas_take_back(struct user_ioas *ioas, uint64_t first, uint64_t last);
void user_ioas_destroy(struct user_object *obj);

/* iova.c */
/* -EADDRINUSE: an area or an allowed range is there; -ENOMEM. */
int user_iova_reserve(struct user_ioas *ioas, uint64_t first, uint64_t last,
		      const void *owner);
void user_iova_unreserve(struct user_ioas *ioas, const void *owner);
/* CORE-148. *sw_msi: where the window is; untouched without one. */
int user_iova_reserve_dev(struct user_ioas *ioas, struct iommu_dev *dev,
			  const void *owner, uint64_t *sw_msi);
bool user_iova_reserved(const struct user_ioas *ioas, uint64_t first, uint64_t last);
/* CORE-141: room for the memory at uaddr. -ENOSPC, -EOVERFLOW, -EINVAL. */
int user_iova_alloc(const struct user_ioas *ioas, uint64_t uaddr, uint64_t length,
		    uint64_t *iova);

/* ---- hwpt.c ---- */
struct iommu_iopf_group;
struct user_viommu;
struct user_fault;

struct user_hwpt {
	struct user_object obj; /* USER_PAGING or USER_NESTED */
	struct iommu_domain *domain;
	struct user_fault *fault; /* who hears of page faults, or NULL */
	bool pasid_compat;
	/* Paging. */
	struct user_ioas *ioas;
	struct core_list link; /* ioas->hwpts */
	bool auto_made, nest_parent, linked;
	struct core_list msi;	 /* doorbell pages in it: struct user_msi_map */
	struct user_hwpt *table; /* what the older interface has put on it (CORE-185) */
	/* Nested. */
	struct user_hwpt *parent;
	struct user_viommu *viommu; /* NULL: made of the parent directly */
};

struct user_device;
int user_hwpt_make_paging(struct iommufd_ctx *ctx, struct user_ioas *ioas,
			  struct user_device *dev, uint32_t flags,
			  const struct iommu_user_data *data, struct user_hwpt **hwpt);
/* CORE-153 */
int user_hwpt_make_nested(struct user_viommu *viommu, struct user_device *dev,
			  uint32_t flags, const struct iommu_user_data *data,
			  struct user_hwpt **hwpt);
/* Maps what the address space has; -EEXIST if it is done. */
int user_hwpt_link(struct user_hwpt *hwpt);
/* Either kind, or NULL. */
struct user_hwpt *user_hwpt_get(struct iommufd_ctx *ctx, uint32_t id);
void user_hwpt_destroy(struct user_object *obj);
/* Where its MSIs are mapped: itself, or its parent (CORE-154). */
struct user_hwpt *user_hwpt_paging(struct user_hwpt *hwpt);

/* ---- device.c, attach.c ---- */
/* One device or PASID in an HWPT. */
struct user_attach {
	struct iommu_attach_handle handle; /* of the group; first */
	uint32_t pasid;
	struct user_hwpt *hwpt;
	struct user_group *group;
	struct core_list link; /* group->attaches */
	struct core_list devs; /* struct attached */
};

/* A group as far as this context has devices of it. */
struct user_group {
	struct core_list link; /* ctx->groups */
	struct iommu_group *group;
	/* Bound ones: struct user_device. A leaf lock, for handlers look there too. */
	pthread_mutex_t members_lock;
	struct core_list members;
	struct core_list attaches;
	/* sw_msi_lock: the window of its interrupts (CORE-148); the doorbells in use. */
	bool has_sw_msi;
	uint64_t sw_msi;
	struct core_list msi; /* struct user_msi_map */
};

struct user_vdevice;
struct user_device {
	struct user_object obj;
	struct iommu_dev *dev;
	struct user_group *group;
	struct core_list link; /* group->members */
	bool enforce_coherency;
	struct user_vdevice *vdev;
};

/* The id of a member, 0: not bound here. For handlers too. */
uint32_t user_group_dev_id(struct user_group *group, const struct iommu_dev *dev);
struct user_attach *user_attach_find(const struct user_group *group, uint32_t pasid);
/* The first device that is in the HWPT by RID, NULL: none. */
struct user_device *user_attached_dev(struct iommufd_ctx *ctx,
				      const struct user_hwpt *hwpt);
/* All that are in `from` by RID, or none of them. */
int user_move_all(struct iommufd_ctx *ctx, struct user_hwpt *from, struct user_hwpt *to);
/* Detaches everything; for the end of a context. */
void user_device_detach_all(struct user_device *dev);
void user_device_destroy(struct user_object *obj);

/* ---- viommu.c ---- */
struct user_viommu {
	struct user_object obj;
	struct iommufd_viommu *viommu;
	struct user_hwpt *parent;
	pthread_mutex_t lock; /* leaf: the list of queues, and what is in them */
	struct core_list queues;
};

struct user_vdevice {
	struct user_object obj;
	struct user_viommu *viommu;
	struct user_device *dev;
};
/* CORE-169, from where the objects are known. */
int user_viommu_make(struct user_hwpt *parent, struct user_device *dev, uint32_t type,
		     const struct iommu_user_data *data, struct user_viommu **viommu);
void user_viommu_destroy(struct user_object *obj);
void user_vdevice_destroy(struct user_object *obj);
/* CORE-171: its device goes; the id stays. */
void user_vdevice_bury(struct user_vdevice *vdev);

/* ---- veventq.c ---- */
struct user_veventq;
void user_veventq_destroy(struct user_object *obj);
/* iommufd_event_fn; ctx is a struct user_viommu. */
int user_veventq_report(void *ctx, uint32_t type, const void *data, size_t len);
int64_t user_veventq_read(struct user_object *obj, uint64_t uaddr, size_t count);
bool user_veventq_readable(struct user_object *obj);

/* ---- fault.c ---- */
void user_fault_destroy(struct user_object *obj);
/* A domain's iopf_handler. */
int user_fault_handler(struct iommu_iopf_group *group);
/* Everything of this attachment is answered INVALID (CORE-160). */
void user_fault_forget(struct user_fault *fault, const struct user_attach *attach);
int64_t user_fault_read(struct user_object *obj, uint64_t uaddr, size_t count);
int64_t user_fault_write(struct user_object *obj, uint64_t uaddr, size_t count);
bool user_fault_readable(struct user_object *obj);
struct user_object *user_fault_object(struct user_fault *fault);

/* ---- access.c ---- */
void user_access_destroy(struct user_object *obj);
/* CORE-143: everybody who has pinned something there is told; opens ctx->lock. */
void user_access_unmap(struct user_ioas *ioas, uint64_t iova, uint64_t length);

/* ---- sw_msi.c ---- */
void user_msi_set_window(struct user_group *group, uint64_t start);
/* The doorbells that the group has seen, mapped into this HWPT as well. */
int user_msi_attach(struct user_group *group, struct user_hwpt *hwpt);
/* A domain's sw_msi. */
int user_msi_prepare(struct iommu_domain *domain, struct iommu_dev *dev, uint64_t pa,
		     uint64_t *iova);
/* An HWPT, a group or a context goes. */
void user_msi_forget_hwpt(struct user_hwpt *hwpt);
void user_msi_forget_group(struct user_group *group);
void user_msi_free(struct iommufd_ctx *ctx);

/* ---- The commands: ctx->lock held. ---- */
int user_cmd_destroy(struct user_cmd *cmd);
int user_cmd_ioas_alloc(struct user_cmd *cmd);
int user_cmd_ioas_allow_iovas(struct user_cmd *cmd);
int user_cmd_ioas_copy(struct user_cmd *cmd);
int user_cmd_ioas_iova_ranges(struct user_cmd *cmd);
int user_cmd_ioas_map(struct user_cmd *cmd);
int user_cmd_ioas_unmap(struct user_cmd *cmd);
int user_cmd_option(struct user_cmd *cmd);
int user_cmd_hwpt_alloc(struct user_cmd *cmd);
int user_cmd_get_hw_info(struct user_cmd *cmd);
int user_cmd_hwpt_set_dirty_tracking(struct user_cmd *cmd);
int user_cmd_hwpt_get_dirty_bitmap(struct user_cmd *cmd);
int user_cmd_hwpt_invalidate(struct user_cmd *cmd);
int user_cmd_fault_alloc(struct user_cmd *cmd);
int user_cmd_viommu_alloc(struct user_cmd *cmd);
int user_cmd_vdevice_alloc(struct user_cmd *cmd);
int user_cmd_veventq_alloc(struct user_cmd *cmd);
int user_cmd_hw_queue_alloc(struct user_cmd *cmd);

#endif /* USER_USER_H */
