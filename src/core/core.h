/* SPDX-License-Identifier: MIT */
/*
 * What the files of the core share. Locks, outermost first:
 *	dev->bind_lock > sys->probe_lock > group->mutex > dev->group_lock
 * (CORE-5; the first and the last are the core's own), and
 *	sys->sva_lock > mm->lock > group->mutex; an iopf queue's members > a device's
 *	iopf->lock. Inside group->mutex and sva_lock somebody may wait for readers, so a
 *	reader takes leaf locks only.
 */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <smmulator/iommu.h>
#include "core/list.h"
#include "core/rcu.h"

struct iommu_system {
	struct iommu_system_config cfg; /* deferral: see below */
	_Atomic int deferral;		/* enum iommu_deferral */
	pthread_mutex_t probe_lock;
	pthread_mutex_t sva_lock; /* outside group->mutex: mms, binds, global PASIDs */
	uint64_t *pasids;	  /* sva_lock: the global ones in use, a bit each */
	size_t pasid_words;
	_Atomic(const void *) probe_owner; /* thread in it, for core_probe_held() */
	struct core_list instances;	   /* probe_lock */
	struct core_list devs;		   /* probe_lock */
	atomic_uint next_group_id;
};

struct iommu_instance_core {
	struct core_list link; /* system->instances */
	struct iommu_system *sys;
	struct iommu_instance *inst;
	atomic_bool ready; /* its first bus walk is over (CORE-9) */
};

/*
 * CORE-1. Made by a probe, gone with its failure or with the release; in between
 * only what a reset and the flags need changes, under group->mutex. What belongs to
 * faults is beside it, in dev->iopf: a report may not wait for a probe.
 */
struct core_dev_iommu {
	struct iommu_fwspec fwspec;
	void *priv;
	uint32_t max_pasids;
	bool attach_deferred;
	bool require_direct;
	/* CORE-83, CORE-84: in reset, and in the blocking domain whatever the group says.
	 */
	unsigned reset_depth;
	bool blocked;
};

struct iommu_dev {
	struct iommu_system *sys;
	struct iommu_dev_desc desc; /* name and aliases are copies */
	char *name;
	uint16_t *aliases;
	struct iommu_pci_hop *path;
	atomic_uint refs;      /* the bus, and walks that look at it */
	struct core_list link; /* system->devs; probe_lock */

	struct core_dev_iommu *iommu; /* probe_lock */
	/* Set while probed; read by anyone. */
	_Atomic(const struct iommu_ops *) ops;
	_Atomic(struct iommu_instance *) inst;
	struct iommu_module *pinned; /* probe_lock */

	pthread_mutex_t group_lock;  /* leaf: reading the group pointer */
	struct iommu_group *group;   /* written under probe_lock + group_lock */
	struct core_list group_link; /* group->devs; group->mutex */

	pthread_mutex_t bind_lock;	  /* outermost: one bind or unbind at a time */
	bool bind_deferred;		  /* bind_lock */
	atomic_bool bound;		  /* written under bind_lock */
	_Atomic(struct core_iopf *) iopf; /* NULL: no queue serves its faults */
	atomic_ullong faults;
};

/*
 * CORE-4. handle NULL: a plain domain. The fault path reads pasid and handle without a
 * lock: a slot keeps its pasid for as long as its table lives, domain NULL: not in use.
 */
struct core_pasid {
	uint32_t pasid;
	struct iommu_domain *domain; /* group->mutex */
	_Atomic(struct iommu_attach_handle *) handle;
};

struct core_pasid_table {
	atomic_size_t num; /* slots that a reader may look at */
	size_t room;
	struct core_pasid slot[];
};

/* CORE-3. Everything but refs, sys and id is changed under the mutex. */
struct iommu_group {
	struct iommu_system *sys;
	atomic_uint refs;
	unsigned id;
	pthread_mutex_t mutex;
	struct core_list devs; /* changed under probe_lock + mutex */
	/* The fault path reads where the group is without a lock. */
	_Atomic(struct iommu_domain *) domain;
	struct iommu_domain *default_domain, *blocking_domain;
	void *owner;
	unsigned owner_cnt;
	unsigned recovery_cnt; /* members that are blocked by a reset */
	_Atomic(struct core_pasid_table *) pasids; /* NULL: never had one */
	size_t num_pasids;			   /* slots in use */
};

#define CORE_GROUP_DEV(pos) CORE_LIST_ENTRY(pos, struct iommu_dev, group_link)
#define CORE_SYS_DEV(pos)   CORE_LIST_ENTRY(pos, struct iommu_dev, link)

/* system.c */
void core_probe_lock(struct iommu_system *sys);
void core_probe_unlock(struct iommu_system *sys);
bool core_probe_held(struct iommu_system *sys); /* by this thread */
#define core_warn(sys, ...)   iommu_log(sys, IOMMU_LOG_WARN, __VA_ARGS__)
#define core_notice(sys, ...) iommu_log(sys, IOMMU_LOG_NOTICE, __VA_ARGS__)

/* fwnode.c */
bool core_module_pin(struct iommu_module *module); /* NULL: always */
void core_module_unpin(struct iommu_module *module);

/* fwspec.c */
struct iommu_instance *core_instance_of(struct iommu_system *sys,
					const struct iommu_fwnode *fwnode);
int core_fwspec_build(struct iommu_dev *dev, struct iommu_fwspec *fwspec);
int core_fwspec_append(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
		       struct iommu_fwnode *fwnode, uint32_t id);
/* Hands it over; `from` is empty after it. A fwspec is never copied otherwise. */
void core_fwspec_move(struct iommu_fwspec *to, struct iommu_fwspec *from);
void core_fwspec_clear(struct iommu_fwspec *fwspec);

/* device.c */
struct iommu_dev *core_dev_get(struct iommu_dev *dev);
void core_dev_put(struct iommu_dev *dev);
/* All devices, each with a reference; *n may be 0. -ENOMEM. */
int core_dev_snapshot(struct iommu_system *sys, struct iommu_dev ***devs, size_t *n);
void core_dev_snapshot_free(struct iommu_dev **devs, size_t n);

/* bind.c */
void core_retry_deferred(struct iommu_system *sys);

/* probe.c */
/* Groups that a bus walk has found, whose default domain is still to be chosen. */
struct core_walk {
	struct iommu_group **groups;
	size_t num_groups, room_groups;
};
int core_probe_dev(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
		   struct core_walk *walk);
void core_release_dev(struct iommu_dev *dev);
void core_probe_finalize(struct iommu_dev *dev);

/* group.c */
struct iommu_dev *core_group_first(struct iommu_group *group);
unsigned core_group_count(struct iommu_group *group);
void core_group_ref(struct iommu_group *group);
/*
 * The group of a device, referenced and locked; NULL: it has none. While it is locked
 * the device is in its list, and dev->iommu stays.
 */
struct iommu_group *core_group_lock(struct iommu_dev *dev);
void core_group_unlock(struct iommu_group *group);
/* One requester id that both put on the bus: the IOMMU cannot tell them apart. */
bool core_dma_aliases(const struct iommu_dev *a, const struct iommu_dev *b);

/* default_domain.c */
int core_setup_default_domain(struct iommu_group *group, unsigned target_type);
int core_create_direct_mappings(struct iommu_domain *domain, struct iommu_dev *dev);

/* domain.c */
int core_paging_alloc(struct iommu_dev *dev, unsigned type, uint32_t flags,
		      struct iommu_domain **domain);
/* The core's part of a domain that a driver has made. */
void core_init_domain(struct iommu_domain *domain, unsigned type,
		      const struct iommu_ops *ops);
bool core_domain_compatible(const struct iommu_domain *domain, struct iommu_dev *dev);

/* dma.c */
void core_dma_cookie_free(struct iommu_domain *domain); /* whatever its cookie is */
/* Turns the flush queue of a DMA domain on; it stays on. -ENOMEM. */
int core_flush_queue_on(struct iommu_domain *domain);

/* attach.c; all under group->mutex */
#define CORE_SET_MUST_SUCCEED (1u << 0)
#define CORE_SET_TESTED	      (1u << 1) /* core_test_device() has said yes */
int core_test_device(struct iommu_domain *domain, struct iommu_group *group,
		     struct iommu_dev *dev, uint32_t pasid, struct iommu_domain *old);
int core_set_device_domain(struct iommu_group *group, struct iommu_dev *dev,
			   struct iommu_domain *domain, struct iommu_domain *old,
			   unsigned flags);
int core_set_group_domain(struct iommu_group *group, struct iommu_domain *domain,
			  unsigned flags);
/* ... with MUST_SUCCEED, and a warning if it did not. */
void core_set_group_domain_nofail(struct iommu_group *group, struct iommu_domain *domain);
/* The driver has refused what its test_dev has allowed: told, if it has one (CORE-66). */
void core_judge_attach(const struct iommu_domain *domain, struct iommu_dev *dev, int err);
/* The fence of a reset: -EBUSY, unless the system records what comes (CORE-71). */
int core_reset_fence(const struct iommu_group *group);
int core_attach_group(struct iommu_domain *domain, struct iommu_group *group);
void core_detach_group(struct iommu_domain *domain, struct iommu_group *group);

/* pasid.c; under group->mutex */
struct core_pasid *core_pasid_find(struct iommu_group *group, uint32_t pasid);
/* The slots in use: for (p = NULL; (p = core_pasid_next(group, p));) */
struct core_pasid *core_pasid_next(struct iommu_group *group, struct core_pasid *after);
/* A slot for this PASID, so that core_pasid_add() cannot fail. */
int core_pasid_reserve(struct iommu_group *group, uint32_t pasid);
void core_pasid_add(struct iommu_group *group, uint32_t pasid,
		    struct iommu_domain *domain, struct iommu_attach_handle *handle);
/* On return no reader has the handle. */
void core_pasid_erase(struct iommu_group *group, uint32_t pasid);
/* CORE-92, CORE-96 */
int core_attach_pasid(struct iommu_group *group, struct iommu_domain *domain,
		      struct iommu_dev *dev, uint32_t pasid,
		      struct iommu_attach_handle *handle);
void core_detach_pasid(struct iommu_group *group, struct iommu_domain *domain,
		       uint32_t pasid);
/* Takes the PASID out of one device's hardware; a failure only warns (CORE-96). */
void core_pasid_remove_dev(struct iommu_dev *dev, uint32_t pasid,
			   struct iommu_domain *domain);

/* CORE-97; between rcu_reader_begins() and rcu_reader_ends(), no lock. */
int core_handle_get(struct iommu_group *group, uint32_t pasid, unsigned type,
		    struct iommu_attach_handle **handle);

/* reset.c; under group->mutex */
void core_reset_forget(struct iommu_group *group, struct iommu_dev *dev);

/* iopf.c: the device is leaving its IOMMU */
void core_iopf_forget(struct iommu_dev *dev);

/* ownership.c; under group->mutex */
int core_group_blocking_domain(struct iommu_group *group);

#endif
