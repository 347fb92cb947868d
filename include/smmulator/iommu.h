/* SPDX-License-Identifier: MIT */
/*
 * The IOMMU core: devices, IOMMU instances, groups, domains, and the contract
 * between the core and a driver (struct iommu_ops, struct iommu_domain_ops).
 * The rules are CORE-n; tests/core/rules.tsv says which of them are in.
 *
 * Words. A *device* (struct iommu_dev) is a master: something that does DMA. An
 * *instance* (struct iommu_instance) is one IOMMU. A *system* is one kernel: it
 * owns the instances, the devices and the locks, so that several machines can
 * live in one process.
 *
 * Locks, outermost first (CORE-5):
 *	system's probe lock > group's mutex > a driver's own locks > leaf locks.
 * Each op says which of them the core holds when it calls. A driver must not
 * call back into a function that takes a lock it is called under.
 *
 * Errors: 0 or a negative errno; on an error out-parameters and objects are as
 * they were. Unless said otherwise a public function may be called by any thread
 * that holds none of the core's locks, and may sleep and allocate.
 *
 * Lifetimes are the caller's: a device, domain, instance or system must outlive
 * every call that names it. Groups and fwnodes are reference counted.
 */
#ifndef SMMULATOR_IOMMU_H
#define SMMULATOR_IOMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/export.h>

SMMU_BEGIN_DECLS

struct iommu_system;
struct iommu_dev;
struct iommu_group;
struct iommu_fwnode;
struct iommu_module;
struct iommu_instance;
struct iommu_instance_core;
struct iommu_domain;
struct iommu_domain_ops;
struct iommu_ops;
struct iommu_resv_list;
struct iommu_user_data;
struct iommu_mm;
struct iommu_iopf_group;
struct iommu_dirty_bitmap;
struct iommu_page_request;
struct iommu_user_array;
struct iommufd_viommu;

/* The object of which `ptr` is the member `member`. */
#define IOMMU_CONTAINER_OF(ptr, type, member)                                            \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Not in every <errno.h>: the answer "ask again when more drivers are there". */
#define IOMMU_EPROBE_DEFER 517
/* The device without a PASID, in every place that takes a PASID. */
#define IOMMU_NO_PASID 0u

/* ---- Domain types, capabilities, protections ------------------------------------- */

/* CORE-6: bits, and the types made of them. */
#define IOMMU_DOMAIN_BIT_PAGING	  (1u << 0)
#define IOMMU_DOMAIN_BIT_DMA_API  (1u << 1)
#define IOMMU_DOMAIN_BIT_PT	  (1u << 2)
#define IOMMU_DOMAIN_BIT_DMA_FQ	  (1u << 3)
#define IOMMU_DOMAIN_BIT_SVA	  (1u << 4)
#define IOMMU_DOMAIN_BIT_PLATFORM (1u << 5)
#define IOMMU_DOMAIN_BIT_NESTED	  (1u << 6)
#define IOMMU_DOMAIN_BLOCKED	  0u
#define IOMMU_DOMAIN_IDENTITY	  IOMMU_DOMAIN_BIT_PT
#define IOMMU_DOMAIN_UNMANAGED	  IOMMU_DOMAIN_BIT_PAGING
#define IOMMU_DOMAIN_DMA	  (IOMMU_DOMAIN_BIT_PAGING | IOMMU_DOMAIN_BIT_DMA_API)
#define IOMMU_DOMAIN_DMA_FQ	  (IOMMU_DOMAIN_DMA | IOMMU_DOMAIN_BIT_DMA_FQ)
#define IOMMU_DOMAIN_SVA	  IOMMU_DOMAIN_BIT_SVA
#define IOMMU_DOMAIN_PLATFORM	  IOMMU_DOMAIN_BIT_PLATFORM
#define IOMMU_DOMAIN_NESTED	  IOMMU_DOMAIN_BIT_NESTED

/* Flags of a paging allocation. The first four have iommufd's values (CORE-149). */
#define IOMMU_ALLOC_NEST_PARENT	   (1u << 0)
#define IOMMU_ALLOC_DIRTY_TRACKING (1u << 1)
#define IOMMU_ALLOC_FAULT_ID	   (1u << 2)
#define IOMMU_ALLOC_PASID	   (1u << 3)
/* The project's own: a stage-2 table wanted even where it is nobody's parent. */
#define IOMMU_ALLOC_STAGE2 (1u << 16)

/* Protections of a mapping. */
#define IOMMU_READ   (1u << 0)
#define IOMMU_WRITE  (1u << 1)
#define IOMMU_CACHE  (1u << 2)
#define IOMMU_NOEXEC (1u << 3)
#define IOMMU_MMIO   (1u << 4)
#define IOMMU_PRIV   (1u << 5)

enum iommu_cap {
	IOMMU_CAP_CACHE_COHERENCY,	   /* IOMMU_CACHE makes DMA coherent (CORE-130) */
	IOMMU_CAP_NOEXEC,		   /* IOMMU_NOEXEC is honoured */
	IOMMU_CAP_PRE_BOOT_PROTECTION,	   /* firmware had DMA protection on */
	IOMMU_CAP_ENFORCE_CACHE_COHERENCY, /* no-snoop can be overridden */
	IOMMU_CAP_DEFERRED_FLUSH,	   /* a flush queue makes sense */
	IOMMU_CAP_DIRTY_TRACKING,
};

enum iommu_bus { IOMMU_BUS_PLATFORM, IOMMU_BUS_PCI };

/* ---- Firmware nodes and the fwspec (CORE-2, CORE-13 to CORE-18) ------------------- */

/*
 * The identity of an IOMMU in firmware: what a reference in a device tree points
 * at, and what an instance registers itself under. Compared by address. `name` is
 * copied. Made with one reference. NULL: no memory.
 */
SMMU_API struct iommu_fwnode *iommu_fwnode_create(const char *name);
SMMU_API struct iommu_fwnode *iommu_fwnode_get(struct iommu_fwnode *fwnode);
SMMU_API void iommu_fwnode_put(struct iommu_fwnode *fwnode); /* NULL is allowed */
SMMU_API const char *iommu_fwnode_name(const struct iommu_fwnode *fwnode);
/* References held at this moment; for tests. */
SMMU_API unsigned iommu_fwnode_refs(const struct iommu_fwnode *fwnode);

#define IOMMU_FWSPEC_PCI_RC_ATS	   (1u << 0) /* the root complex lets ATS through */
#define IOMMU_FWSPEC_PCI_RC_CANWBS (1u << 1) /* ... and can force write-back snooping */

/*
 * What firmware says about one device's IOMMU: which one, and the ids (StreamIDs)
 * that the device's DMA bears. While it is being built it belongs to whoever builds
 * it and no other thread can see it (CORE-35); a probe takes it over.
 * The driver may read it; ids are changed with iommu_fwspec_add_ids() only.
 */
struct iommu_fwspec {
	struct iommu_fwnode *fwnode; /* the first IOMMU referred to, with a reference */
	uint32_t flags;		     /* IOMMU_FWSPEC_* */
	uint32_t num_ids;
	uint32_t *ids;	    /* in the order they were added, duplicates kept (CORE-17) */
	uint32_t single_id; /* where ids points while there is one, as a rule */
};

/*
 * Appends n ids. -EINVAL: no fwspec; -ENOMEM: nothing changed (CORE-17).
 * Context: the thread that builds the fwspec; in an op: from of_xlate only.
 */
SMMU_API int iommu_fwspec_add_ids(struct iommu_fwspec *fwspec, const uint32_t *ids,
				  size_t n);

#define IOMMU_FW_MAX_ARGS 16

/* One reference of firmware to an IOMMU, with its cells (iommus, iommu-map). */
struct iommu_fw_args {
	struct iommu_fwnode *fwnode; /* NULL: the reference leads to no usable node */
	uint32_t count;
	uint32_t args[IOMMU_FW_MAX_ARGS];
};

/*
 * Where a device's firmware data comes from: of_iommu, acpi_iommu, or a test.
 * Makes `fwspec` (empty on entry) complete, calling iommu_fwspec_xlate() for each
 * reference in order and stopping at its first error, which is returned; no
 * reference at all: -ENODEV. On an error the caller throws the fwspec away.
 * Locks: the probe lock is held.
 */
struct iommu_fw_ops {
	int (*describe)(void *ctx, struct iommu_dev *dev, struct iommu_fwspec *fwspec);
	/* Adds the regions that firmware reserves for the device (FW-8). May be NULL. */
	void (*resv_regions)(void *ctx, struct iommu_dev *dev,
			     struct iommu_resv_list *list);
};

/*
 * One reference (CORE-13 to CORE-16, CORE-21, CORE-35): assigns the IOMMU to the
 * fwspec, then has its driver translate the cells.
 * -ENODEV: the node is not usable, or its driver has no of_xlate, or cannot be
 * pinned; -IOMMU_EPROBE_DEFER (or what the system's deferral state says): nothing is
 * registered there yet, or it is not ready; -EINVAL: another driver than that of
 * the references before; otherwise what of_xlate returned.
 * Context: from describe only (the probe lock is held).
 */
SMMU_API int iommu_fwspec_xlate(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
				const struct iommu_fw_args *args);

/* ---- Instances -------------------------------------------------------------------- */

/*
 * One IOMMU, embedded in the driver's own structure. The driver fills it in before
 * iommu_instance_register() and leaves it alone until it is unregistered.
 */
struct iommu_instance {
	const char *name;
	const struct iommu_ops *ops;
	struct iommu_fwnode *fwnode; /* NULL: not described by firmware */
	uint32_t max_pasids;	     /* 1 << SSID bits; 0: no PASID (CORE-28) */
	bool loadable; /* its driver is a module: then owner is a must (CORE-9) */
	struct iommu_module *owner;
	struct iommu_instance_core *core; /* the core's own; zero before registration */
};

/*
 * Puts the instance on the system's list, then probes every device of every bus;
 * only after that is it ready (CORE-9, CORE-11). Binds that were deferred are tried
 * again at the end. -EINVAL: no ops, a loadable driver without owner, or already
 * registered; -ENOMEM; else the first error of a probe, and the instance is out again.
 * Context: takes the probe lock; ops are called on this thread.
 */
SMMU_API int iommu_instance_register(struct iommu_system *sys,
				     struct iommu_instance *inst);
/* Releases every device of the instance, then takes it off the list (CORE-10). */
SMMU_API void iommu_instance_unregister(struct iommu_instance *inst);
SMMU_API struct iommu_system *iommu_instance_system(const struct iommu_instance *inst);
/*
 * The registered instance of that node, ready or not: how probe_device() finds what
 * its fwspec names. NULL: none, or called where the probe lock is not held.
 */
SMMU_API struct iommu_instance *iommu_instance_find(struct iommu_system *sys,
						    const struct iommu_fwnode *fwnode);

/*
 * A loadable driver, as far as the core sees one: a pin count, and the state
 * "going", in which it cannot be pinned any more. Destroying one that is pinned is
 * the caller's bug.
 */
SMMU_API struct iommu_module *iommu_module_create(void);
SMMU_API void iommu_module_destroy(struct iommu_module *module);
SMMU_API void iommu_module_set_going(struct iommu_module *module, bool going);
SMMU_API unsigned iommu_module_pins(const struct iommu_module *module);

/* ---- What a driver implements ----------------------------------------------------- */

/*
 * Per-driver constants and entry points. One object serves any number of instances
 * and systems; the core never writes to it. Ops marked (must) may not be NULL.
 */
struct iommu_ops {
	const char *name;

	/* What the IOMMU of this device can do. NULL: nothing. Locks: none needed. */
	bool (*capable)(struct iommu_dev *dev, enum iommu_cap cap);

	/*
	 * (must) Takes the device on: finds the instance (by fwspec->fwnode), makes its
	 * per-device state, keeps it with iommu_dev_set_priv(). fwspec is never NULL and
	 * equals iommu_dev_fwspec(dev). DMA of the device must be blocked or as it was
	 * until the first attach. Sets *inst. -ENODEV: not this driver's device
	 * (the device goes on without IOMMU); other errors are reported.
	 * Locks: probe lock.
	 */
	int (*probe_device)(struct iommu_dev *dev, const struct iommu_fwspec *fwspec,
			    struct iommu_instance **inst);
	/* After a successful probe. Locks: none. */
	void (*probe_finalize)(struct iommu_dev *dev);
	/*
	 * Undoes probe_device; the device is in no domain of the core's any more
	 * (release_domain, if there is one, was attached before). Locks: probe lock.
	 */
	void (*release_device)(struct iommu_dev *dev);
	/*
	 * (must) Sets *group to a referenced group: iommu_generic_device_group() or
	 * iommu_pci_device_group() do (CORE-37). 0 with *group NULL counts as -EINVAL.
	 * Locks: probe lock.
	 */
	int (*device_group)(struct iommu_dev *dev, struct iommu_group **group);
	/*
	 * Turns the cells of one reference into ids with iommu_fwspec_add_ids(fwspec).
	 * The device has no driver state yet. NULL: no firmware references (-ENODEV).
	 * Locks: probe lock.
	 */
	int (*of_xlate)(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
			const struct iommu_fw_args *args);
	/* True: wait for the first DMA before attaching (kdump; CORE-29). */
	bool (*is_attach_deferred)(struct iommu_dev *dev);
	/* 0: no wish; IOMMU_DOMAIN_IDENTITY or IOMMU_DOMAIN_DMA (CORE-41). */
	unsigned (*def_domain_type)(struct iommu_dev *dev);
	/*
	 * Adds the device's reserved regions with iommu_resv_add(); errors of that may
	 * be ignored: the list remembers them. Locks: any or none.
	 */
	void (*get_resv_regions)(struct iommu_dev *dev, struct iommu_resv_list *list);

	/*
	 * A new paging domain that suits this device. The driver fills in
	 * pgsize_bitmap, aperture_* and, if it differs from default_domain_ops, ops; the
	 * core fills in the rest (CORE-50). *domain left NULL counts as -ENOMEM.
	 * An unknown flag, or one that this device cannot have: -EOPNOTSUPP.
	 * The core prefers domain_alloc_paging when flags are 0.
	 * Locks: none, or the group's mutex (default and blocking domain).
	 */
	int (*domain_alloc_paging)(struct iommu_dev *dev, struct iommu_domain **domain);
	int (*domain_alloc_paging_flags)(struct iommu_dev *dev, uint32_t flags,
					 const struct iommu_user_data *user_data,
					 struct iommu_domain **domain);
	/* An identity domain per device, where identity_domain does not fit. */
	int (*domain_alloc_identity)(struct iommu_dev *dev, struct iommu_domain **domain);

	/*
	 * Static domains: shared by all instances and systems, never written to, compared
	 * by address; type and ops are set by the driver, ops->free is NULL (CORE-8).
	 * release_domain is attached before release_device (CORE-32). default_domain, if
	 * there is one, is the only default domain its devices may have (CORE-43).
	 */
	struct iommu_domain *identity_domain;
	struct iommu_domain *blocked_domain;
	struct iommu_domain *release_domain;
	struct iommu_domain *default_domain;

	/* Domain ops of a paging domain whose driver did not set its own. */
	const struct iommu_domain_ops *default_domain_ops;

	/* PASID tables may come from a user: faults go to the RID's domain (CORE-105). */
	bool user_pasid_table;

	/*
	 * Answers a page request of the device; last: the last one of its group, code:
	 * enum iommu_page_response (<smmulator/iommu_fault.h>). NULL: no such faults.
	 * Locks: none of the core's; the caller may be a reader (a report), so it may not
	 * wait for those. Faults may be reported meanwhile, from within it too.
	 */
	void (*page_response)(struct iommu_dev *dev,
			      const struct iommu_page_request *last, unsigned code);
	/*
	 * A domain on a process's own page table (<smmulator/iommu_sva.h>); errors as
	 * domain_alloc_paging. NULL: -EOPNOTSUPP. Locks: the system's SVA lock.
	 */
	int (*domain_alloc_sva)(struct iommu_dev *dev, struct iommu_mm *mm,
				struct iommu_domain **domain);

	/*
	 * For users (<smmulator/iommu_user.h>); NULL: -EOPNOTSUPP, but of hw_info: nothing
	 * to tell. Locks: none.
	 *
	 * A stage 1 that the user describes, on `parent`, which has IOMMU_ALLOC_NEST_PARENT.
	 */
	int (*domain_alloc_nested)(struct iommu_dev *dev, struct iommu_domain *parent,
				   uint32_t flags, const struct iommu_user_data *data,
				   struct iommu_domain **domain);
	/* As iommu_user_hw_info(); room is enough for any driver. */
	int (*hw_info)(struct iommu_dev *dev, uint32_t *type, void *info, size_t room,
		       size_t *len);
	/* Bytes of the driver's structure for a vIOMMU of this type; 0: none of it. */
	size_t (*get_viommu_size)(struct iommu_dev *dev, uint32_t type);
	/* Zeroed memory of that size becomes one; sets viommu->ops. */
	int (*viommu_init)(struct iommufd_viommu *viommu, struct iommu_domain *parent,
			   const struct iommu_user_data *data);
};

struct iommu_iotlb_gather;

struct iommu_domain_ops {
	/*
	 * Makes the device's DMA go through the domain; `old` is where it is now (NULL:
	 * first attach since probe, the blocking domain: a reset; CORE-60). Replaces:
	 * there is no detach in between, and on an error the device must still be in
	 * `old`. -EINVAL: not compatible, another domain may be (CORE-56); others are
	 * hard errors. After test_dev said 0 only resource and hardware errors may come
	 * (CORE-66). Locks: group's mutex.
	 */
	int (*attach_dev)(struct iommu_domain *domain, struct iommu_dev *dev,
			  struct iommu_domain *old);
	/*
	 * Would attach_dev (pasid == IOMMU_NO_PASID) or set_dev_pasid succeed? Changes
	 * nothing, prints nothing (CORE-65). The core has checked owner and PASID range
	 * before (CORE-68). NULL: yes. Locks: group's mutex.
	 */
	int (*test_dev)(struct iommu_domain *domain, struct iommu_dev *dev,
			uint32_t pasid, struct iommu_domain *old);
	/*
	 * Makes DMA with this PASID go through the domain; old as for attach_dev (NULL:
	 * the PASID was unused; blocked_domain: a reset took it out). blocked_domain's
	 * form of it takes the PASID out of use and should not fail (CORE-93, CORE-96).
	 * Locks: group's mutex.
	 */
	int (*set_dev_pasid)(struct iommu_domain *domain, struct iommu_dev *dev,
			     uint32_t pasid, struct iommu_domain *old);

	/*
	 * Maps pgcount pages of pgsize bytes. *mapped (bytes, 0 on entry) tells the
	 * progress, on an error too: the core unmaps it (CORE-119). Alignment has
	 * been checked; pgsize is one bit of pgsize_bitmap. Already mapped: -EEXIST.
	 * Context: any number of threads at once on disjoint ranges. Locks: none.
	 */
	int (*map_pages)(struct iommu_domain *domain, uint64_t iova, uint64_t pa,
			 uint64_t pgsize, size_t pgcount, uint32_t prot,
			 uint64_t *mapped);
	/*
	 * Unmaps; returns bytes, short when it meets a hole. Records in gather what is to
	 * be invalidated (iommu_iotlb_gather_add_page()) and what memory is to be freed
	 * after that; or invalidates at once. Context as map_pages.
	 */
	uint64_t (*unmap_pages)(struct iommu_domain *domain, uint64_t iova,
				uint64_t pgsize, size_t pgcount,
				struct iommu_iotlb_gather *gather);
	/* After new mappings; an error makes the core unmap them (CORE-120). */
	int (*iotlb_sync_map)(struct iommu_domain *domain, uint64_t iova, uint64_t size);
	/*
	 * On return no DMA uses what gather names, in any TLB. The core frees gather's
	 * freelist afterwards and empties gather. Not called with an empty gather by
	 * iommu_unmap() when nothing was unmapped.
	 */
	void (*iotlb_sync)(struct iommu_domain *domain,
			   struct iommu_iotlb_gather *gather);
	/* On return no TLB holds anything of the domain. */
	void (*flush_iotlb_all)(struct iommu_domain *domain);
	/* 0: not mapped. Context as map_pages. */
	uint64_t (*iova_to_phys)(struct iommu_domain *domain, uint64_t iova);

	/*
	 * SVA domains: the process's table has changed in [start, last]; the process is
	 * gone, and nothing may walk its table after this. Locks: the mm's.
	 */
	void (*mm_invalidate)(struct iommu_domain *domain, uint64_t start, uint64_t last);
	void (*mm_release)(struct iommu_domain *domain);

	/*
	 * A domain allocated with IOMMU_ALLOC_DIRTY_TRACKING has both, others none
	 * (CORE-127). read_and_clear: as iommu_read_and_clear_dirty(), arguments checked;
	 * puts what is to be invalidated into gather. Locks: none.
	 */
	int (*set_dirty_tracking)(struct iommu_domain *domain, bool on);
	int (*read_and_clear_dirty)(struct iommu_domain *domain,
				    struct iommu_dirty_bitmap *bitmap, uint32_t flags,
				    struct iommu_iotlb_gather *gather);
	/* True: from now on no-snoop is overridden for good (CORE-131). */
	bool (*enforce_cache_coherency)(struct iommu_domain *domain);
	/*
	 * Nested domains that belong to no vIOMMU: as cache_invalidate of
	 * struct iommufd_viommu_ops. Locks: none.
	 */
	int (*cache_invalidate_user)(struct iommu_domain *domain,
				     struct iommu_user_array *array);
	/* Frees it; attached to nothing. NULL for static domains. Locks: as alloc. */
	void (*free)(struct iommu_domain *domain);
};

/* ---- Domains ---------------------------------------------------------------------- */

/* CORE-7: what else a domain carries; exactly one kind at a time. */
enum iommu_cookie_kind {
	IOMMU_COOKIE_NONE,
	IOMMU_COOKIE_DMA_IOVA,
	IOMMU_COOKIE_DMA_MSI,
	IOMMU_COOKIE_FAULT_HANDLER,
	IOMMU_COOKIE_SVA,
	IOMMU_COOKIE_IOMMUFD,
};

/* Direction and kind of a fault. */
#define IOMMU_FAULT_READ  (1u << 0)
#define IOMMU_FAULT_WRITE (1u << 1)
#define IOMMU_FAULT_EXEC  (1u << 2)
#define IOMMU_FAULT_PRIV  (1u << 3)
#define IOMMU_FAULT_PASID (1u << 4) /* pasid is valid */
#define IOMMU_FAULT_STALL (1u << 5) /* the transaction waits for an answer */
#define IOMMU_FAULT_ADDR  (1u << 6) /* iova is valid */

/* What a driver says about an event that is no page request to be answered. */
struct iommu_fault {
	const char *reason; /* the driver's name for it, such as "F_TRANSLATION" */
	uint32_t flags;	    /* IOMMU_FAULT_* */
	uint32_t id;	    /* id that the hardware gave (StreamID) */
	uint32_t pasid;
	uint64_t iova;
	const uint64_t *record; /* the hardware's record, valid during the call */
	size_t record_words;
};

/*
 * Runs where the driver found the event, as a reader that iommu_domain_free() waits for:
 * may map and unmap; may not attach, detach or free, nor wait for who does.
 */
typedef int (*iommu_fault_handler)(struct iommu_domain *domain, struct iommu_dev *dev,
				   const struct iommu_fault *fault, void *token);

/*
 * The part of a domain that the core knows; a driver embeds it. The driver may set
 * the first group at allocation, the core the second; neither writes the other's.
 */
struct iommu_domain {
	const struct iommu_domain_ops *ops;
	uint64_t pgsize_bitmap;			/* page and block sizes, bytes */
	uint64_t aperture_start, aperture_last; /* valid IOVAs, inclusive */
	bool force_aperture;			/* IOVAs outside fault */

	unsigned type;		       /* IOMMU_DOMAIN_*; static domains: by the driver */
	const struct iommu_ops *owner; /* CORE-8; static domains: NULL */
	enum iommu_cookie_kind cookie_kind;
	void *cookie;
	iommu_fault_handler fault_handler;
	void *fault_token;
	/*
	 * Takes a group of page requests over: 0, and it will answer and free it. Else
	 * the core answers FAILURE. Set before the domain is attached; must not sleep,
	 * nor detach anything (CORE-107).
	 */
	int (*iopf_handler)(struct iommu_iopf_group *group);
	/*
	 * With IOMMU_COOKIE_IOMMUFD: where the device has to write for the doorbell at pa;
	 * *iova is pa already. Locks: the group's mutex. NULL: -EOPNOTSUPP (CORE-116).
	 */
	int (*sw_msi)(struct iommu_domain *domain, struct iommu_dev *dev, uint64_t pa,
		      uint64_t *iova);
	struct iommu_mm *mm;	 /* of an SVA domain */
	bool enforces_coherency; /* the core's; never goes back (CORE-131) */
};

/*
 * Memory that hardware may still be walking: freed after the invalidation. The
 * node lives outside that memory, which must stay as it is until then.
 */
struct iommu_free_node {
	struct iommu_free_node *next;
	void (*free)(struct iommu_free_node *node);
};

/* CORE-123: what an unmap has left to invalidate. Bytes; end is inclusive. */
struct iommu_iotlb_gather {
	uint64_t start, end;
	uint64_t pgsize;
	struct iommu_free_node *freelist;
	bool queued; /* a flush queue follows: no per-page work, flush_iotlb_all later */
};

SMMU_API void iommu_iotlb_gather_init(struct iommu_iotlb_gather *gather);
/* Nothing gathered yet. */
static inline bool iommu_iotlb_gather_empty(const struct iommu_iotlb_gather *gather)
{
	return gather->start > gather->end;
}
/* Would [iova, iova + size) leave a gap before or after what is gathered? */
SMMU_API bool iommu_iotlb_gather_is_disjoint(const struct iommu_iotlb_gather *gather,
					     uint64_t iova, uint64_t size);
SMMU_API void iommu_iotlb_gather_add_range(struct iommu_iotlb_gather *gather,
					   uint64_t iova, uint64_t size);
/* Widens, after a sync if the page size differs or the range is disjoint. size > 0. */
SMMU_API void iommu_iotlb_gather_add_page(struct iommu_domain *domain,
					  struct iommu_iotlb_gather *gather,
					  uint64_t iova, uint64_t size);
SMMU_API void iommu_iotlb_gather_add_free(struct iommu_iotlb_gather *gather,
					  struct iommu_free_node *node);
/* iotlb_sync op, free what waited for it, start again (CORE-123). */
SMMU_API void iommu_iotlb_sync(struct iommu_domain *domain,
			       struct iommu_iotlb_gather *gather);

/*
 * Allocation (CORE-50, CORE-51). -ENODEV: the device has no IOMMU; -EOPNOTSUPP: the
 * driver cannot; -ENOMEM; or the driver's error.
 */
SMMU_API int iommu_paging_domain_alloc(struct iommu_dev *dev, uint32_t flags,
				       struct iommu_domain **domain);
SMMU_API int iommu_identity_domain_alloc(struct iommu_dev *dev,
					 struct iommu_domain **domain);
/*
 * CORE-52; NULL and static domains are allowed. Attached somewhere: caller's bug. Waits
 * for the fault handlers that run now.
 */
SMMU_API void iommu_domain_free(struct iommu_domain *domain);
static inline bool iommu_domain_is_paging(const struct iommu_domain *domain)
{
	return (domain->type & IOMMU_DOMAIN_BIT_PAGING) != 0;
}
/* CORE-115. -EINVAL: wrong type; -EEXIST: it has a cookie already; -ENOMEM. */
SMMU_API int iommu_get_dma_cookie(struct iommu_domain *domain);
SMMU_API int iommu_get_msi_cookie(struct iommu_domain *domain, uint64_t base);
/* CORE-111: -EBUSY: the domain has a cookie already, nothing changed. */
SMMU_API int iommu_set_fault_handler(struct iommu_domain *domain,
				     iommu_fault_handler handler, void *token);

/*
 * Mapping (CORE-118 to CORE-126). iova, pa and size in bytes, multiples of the
 * smallest page; prot IOMMU_*; size 0 maps nothing. -EINVAL: not paging, misaligned,
 * or beyond 2^64; -ENODEV: the driver cannot; otherwise the driver's error (it knows
 * the aperture), and nothing stays mapped.
 * Context: any number of threads on disjoint ranges. Locks: none taken.
 */
SMMU_API int iommu_map(struct iommu_domain *domain, uint64_t iova, uint64_t pa,
		       uint64_t size, uint32_t prot);
/* One piece of memory of a scattered mapping. */
struct iommu_sg {
	uint64_t pa, len;
};
/* CORE-121: the pieces one after the other; *mapped bytes, or nothing at all. */
SMMU_API int iommu_map_sg(struct iommu_domain *domain, uint64_t iova,
			  const struct iommu_sg *sg, size_t n, uint32_t prot,
			  uint64_t *mapped);
/* Bytes unmapped; on return they are in no TLB. 0: nothing, or a bad argument. */
SMMU_API uint64_t iommu_unmap(struct iommu_domain *domain, uint64_t iova, uint64_t size);
/* As iommu_unmap() without the sync, which is the caller's: iommu_iotlb_sync(). */
SMMU_API uint64_t iommu_unmap_fast(struct iommu_domain *domain, uint64_t iova,
				   uint64_t size, struct iommu_iotlb_gather *gather);
SMMU_API void iommu_flush_iotlb_all(struct iommu_domain *domain);
SMMU_API uint64_t iommu_iova_to_phys(struct iommu_domain *domain, uint64_t iova);
/*
 * CORE-119: the page size to use next for `size` bytes at iova|pa, and how many of it
 * before a larger size could be used. 0: no page size fits. Pure.
 */
SMMU_API uint64_t iommu_pgsize(uint64_t pgsize_bitmap, uint64_t iova, uint64_t pa,
			       uint64_t size, size_t *count);

/* ---- Reserved regions (CORE-112 to CORE-114) --------------------------------------- */

enum iommu_resv_type {
	IOMMU_RESV_DIRECT,	     /* must be mapped one to one, always */
	IOMMU_RESV_DIRECT_RELAXABLE, /* ... unless an assigned device's user says no */
	IOMMU_RESV_RESERVED,	     /* must not be mapped */
	IOMMU_RESV_MSI,		     /* hardware MSI window: not translated */
	IOMMU_RESV_SW_MSI,	     /* software-managed MSI window */
};

struct iommu_resv_region {
	uint64_t start, length; /* bytes */
	uint32_t prot;
	enum iommu_resv_type type;
};

/* In: all zero. Out: count regions. Freed with iommu_resv_list_free(). */
struct iommu_resv_list {
	struct iommu_resv_region *regions;
	size_t count, room;
	int error; /* first error of iommu_resv_add() */
};

/* Appends, as the driver says it. -EINVAL: length 0 or wraps; -ENOMEM. */
SMMU_API int iommu_resv_add(struct iommu_resv_list *list, uint64_t start, uint64_t length,
			    uint32_t prot, enum iommu_resv_type type);
SMMU_API void iommu_resv_list_free(struct iommu_resv_list *list);
/* For get_resv_regions ops: adds what firmware reserves for the device (DRV-35). */
SMMU_API void iommu_fw_resv_regions(struct iommu_dev *dev, struct iommu_resv_list *list);
/* The device's list, as its driver gives it. -ENODEV: no IOMMU; -ENOMEM; -EINVAL. */
SMMU_API int iommu_get_resv_regions(struct iommu_dev *dev, struct iommu_resv_list *list);
/* The group's: sorted, same types merged (CORE-113). -ENOMEM, -EINVAL. */
SMMU_API int iommu_get_group_resv_regions(struct iommu_group *group,
					  struct iommu_resv_list *list);

/* ---- The system -------------------------------------------------------------------- */

enum iommu_log_level { IOMMU_LOG_WARN, IOMMU_LOG_NOTICE, IOMMU_LOG_INFO };

/* CORE-13: what a reference to an IOMMU that nobody has registered means by now. */
enum iommu_deferral {
	IOMMU_DEFER_WAIT,      /* -IOMMU_EPROBE_DEFER: its driver may come */
	IOMMU_DEFER_NONE,      /* -ENODEV: no modules, and boot is over */
	IOMMU_DEFER_TIMED_OUT, /* -ETIMEDOUT: waited long enough */
};

/* CORE-71: an attach while a device of the group is in reset. */
enum iommu_reset_attach {
	IOMMU_RESET_ATTACH_BUSY, /* -EBUSY */
	/*
	 * "Attach, but really don't": tested, recorded, and programmed when the reset is
	 * done. A driver whose test_dev looks at what the reset has torn down (PASIDs
	 * in use) says yes to what then cannot be programmed: the device stays blocked.
	 */
	IOMMU_RESET_ATTACH_RECORDED,
};

struct iommu_system_config {
	/* IOMMU_DOMAIN_DMA (also meant by 0), _DMA_FQ or _IDENTITY (CORE-43). */
	unsigned default_domain_type;
	enum iommu_deferral deferral;
	/* The core without CORE-69: attach_dev is the only judge, then rollback. */
	bool without_test_dev;
	enum iommu_reset_attach reset_attach;
	/* Messages; NULL: dropped. Any thread, any lock held: must not call back. */
	void (*log)(void *ctx, enum iommu_log_level level, const char *message);
	void *log_ctx;
	/* Every fault a driver reports; dev is NULL if its id is nobody's. As log. */
	void (*fault)(void *ctx, struct iommu_instance *inst, struct iommu_dev *dev,
		      const struct iommu_fault *fault);
	void *fault_ctx;
};

/* cfg == NULL: all zero. -EINVAL: a value out of range; -ENOMEM. */
SMMU_API int iommu_system_create(struct iommu_system **sys,
				 const struct iommu_system_config *cfg);
/* Removes what devices are left. Instances must be unregistered. NULL is allowed. */
SMMU_API void iommu_system_destroy(struct iommu_system *sys);
SMMU_API void iommu_system_set_deferral(struct iommu_system *sys,
					enum iommu_deferral deferral);

#if defined(__GNUC__)
#define IOMMU_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define IOMMU_PRINTF(f, a)
#endif
/* A message of a driver or of the core, at most 255 bytes, without line end. */
SMMU_API void iommu_log(struct iommu_system *sys, enum iommu_log_level level,
			const char *fmt, ...) IOMMU_PRINTF(3, 4);

/* ---- Devices ----------------------------------------------------------------------- */

/* A bridge above a PCI function, as far as groups depend on it (CORE-38). */
struct iommu_pci_hop {
	uint16_t rid;	    /* the bridge's own */
	bool shares;	    /* DMA from below may bear an id of its making (FW-15) */
	bool isolates;	    /* by its ACS, or since it needs none */
	bool multifunction; /* of its device */
};

/* More bridges than a path can have. */
#define IOMMU_PCI_MAX_HOPS 256

/*
 * How software reaches a function's configuration space: both or neither. 4096 bytes;
 * size is 1, 2 or 4, offset a multiple of it. Called by drivers through
 * <smmulator/iommu_pci.h>, with any lock of the core held: must not call back.
 */
struct iommu_pci_config {
	uint32_t (*read)(void *ctx, uint16_t offset, unsigned size);
	void (*write)(void *ctx, uint16_t offset, unsigned size, uint32_t value);
	void *ctx;
};

/* What the bus knows of a device. Copied by iommu_dev_add(), with all that it points to.
 */
struct iommu_dev_desc {
	const char *name; /* (must) for messages and look-up; unique in the system */
	enum iommu_bus bus;
	const struct iommu_fw_ops *fw; /* NULL: firmware says nothing about it */
	void *fw_ctx;

	/* Platform device: firmware properties (FW-7). */
	uint32_t pasid_num_bits; /* 0..20 */
	bool dma_can_stall;

	/* PCI function. Ids are bus << 8 | devfn; aliases without the function's own. */
	uint16_t segment, rid;
	const uint16_t *aliases;
	size_t num_aliases;
	/*
	 * The hierarchy around it, as <smmulator/pci.h> finds it; the bridges should be
	 * devices of the system as well, and come before what is below them. All zero:
	 * nothing is known, and only ids in common make groups.
	 */
	size_t num_quirk_aliases; /* the first of `aliases`: by a quirk, on its bus */
	const struct iommu_pci_hop *path; /* from its bus up to the root */
	size_t num_hops;
	bool pci_multifunction, pci_isolates;
	int pci_max_pasids; /* <= 0: none (CORE-28) */
	bool ats_supported; /* the function has an ATS capability */
	bool untrusted;	    /* external facing port: must not get identity (CORE-41) */
	/* Its configuration space; a VF also its PF's, whose PASID and PRI it shares. */
	struct iommu_pci_config pci_config, pci_pf_config;

	void *harness; /* the harness's own */
};

/*
 * Makes the device appear on its bus; a probe follows, whose error is not the
 * adder's business (CORE-12): see iommu_dev_has_iommu().
 * -EINVAL: no name or values out of range, half a way to a configuration space; -EEXIST:
 * name taken; -ENOMEM.
 */
SMMU_API int iommu_dev_add(struct iommu_system *sys, const struct iommu_dev_desc *desc,
			   struct iommu_dev **dev);
/* Unbound, released from its IOMMU (CORE-32), freed. */
SMMU_API void iommu_dev_remove(struct iommu_dev *dev);

/* Probe on its own: 0 (also when done before), -ENODEV, or an error (CORE-30). */
SMMU_API int iommu_probe_device(struct iommu_dev *dev);
/*
 * The firmware path (CORE-19 to CORE-22): builds a fwspec and probes with it.
 * 0; -ENODEV: no IOMMU for this device; -IOMMU_EPROBE_DEFER: not yet; others: broken.
 */
SMMU_API int iommu_dev_configure(struct iommu_dev *dev);
/*
 * A kernel driver binds to the device: configure (CORE-24: only a deferral stops it),
 * then the default domain is taken into use (CORE-74). -IOMMU_EPROBE_DEFER: the bind
 * is kept, and tried again whenever an instance has registered; -EBUSY: a user owns the
 * group; -EALREADY: bound.
 */
SMMU_API int iommu_dev_bind(struct iommu_dev *dev);
/* Takes a bind back, or its deferral. -EINVAL: neither. */
SMMU_API int iommu_dev_unbind(struct iommu_dev *dev);
SMMU_API bool iommu_dev_bound(struct iommu_dev *dev);

SMMU_API const char *iommu_dev_name(const struct iommu_dev *dev);
SMMU_API const struct iommu_dev_desc *iommu_dev_desc(const struct iommu_dev *dev);
SMMU_API struct iommu_system *iommu_dev_system(const struct iommu_dev *dev);
SMMU_API struct iommu_dev *iommu_dev_find(struct iommu_system *sys, const char *name);
SMMU_API bool iommu_dev_has_iommu(struct iommu_dev *dev);
SMMU_API bool iommu_capable(struct iommu_dev *dev, enum iommu_cap cap);

/*
 * For drivers, between probe_device and release_device of this device (in
 * probe_device too), under the lock of the op that calls: instance (NULL inside
 * probe_device), private pointer, fwspec, PASIDs usable (CORE-28), group.
 */
SMMU_API struct iommu_instance *iommu_dev_instance(const struct iommu_dev *dev);
SMMU_API void *iommu_dev_priv(const struct iommu_dev *dev);
/* -EPERM: the probe lock is not held by this thread (CORE-5); -EINVAL: no IOMMU. */
SMMU_API int iommu_dev_set_priv(struct iommu_dev *dev, void *priv);
SMMU_API const struct iommu_fwspec *iommu_dev_fwspec(const struct iommu_dev *dev);
SMMU_API uint32_t iommu_dev_max_pasids(const struct iommu_dev *dev);

/*
 * A driver tells of an event. domain: where the DMA went, NULL if it cannot say; dev:
 * NULL if nobody has the id. The system's observer hears of it; then the domain's
 * handler, whose result is returned; -ENOSYS without one (CORE-111).
 * Context: any thread; takes no lock of the core.
 */
SMMU_API int iommu_report_fault(struct iommu_instance *inst, struct iommu_dev *dev,
				struct iommu_domain *domain,
				const struct iommu_fault *fault);
/* Faults reported with this device so far. */
SMMU_API uint64_t iommu_dev_fault_count(const struct iommu_dev *dev);

/* ---- Groups ------------------------------------------------------------------------ */

/* The device's group with a reference, or NULL. Given back with iommu_group_put(). */
SMMU_API struct iommu_group *iommu_group_get(struct iommu_dev *dev);
SMMU_API void iommu_group_put(struct iommu_group *group); /* NULL is allowed */
SMMU_API unsigned iommu_group_id(const struct iommu_group *group);
/* Calls fn in list order under the group's mutex; first non-zero ends (CORE-40). */
SMMU_API int iommu_group_for_each_dev(struct iommu_group *group,
				      int (*fn)(struct iommu_dev *dev, void *ctx),
				      void *ctx);
/* For device_group ops: an empty new group, -ENOMEM. */
SMMU_API int iommu_group_alloc(struct iommu_system *sys, struct iommu_group **group);
/* For device_group ops: one group per device (CORE-37). */
SMMU_API int iommu_generic_device_group(struct iommu_dev *dev,
					struct iommu_group **group);
/*
 * ... and the PCI rule (CORE-38). Devices with a requester id in common always share a
 * group: no IOMMU can tell them apart. (Linux does not look for two quirk aliases that
 * meet where no function is; its SMMU driver then refuses the second device.)
 */
SMMU_API int iommu_pci_device_group(struct iommu_dev *dev, struct iommu_group **group);
/* For device_group ops: another device's group with a reference, or NULL. */
SMMU_API struct iommu_group *iommu_group_ref(struct iommu_dev *peer);

/* What a group is at this moment, for reports and tests. */
struct iommu_group_state {
	unsigned num_devs;
	struct iommu_domain *domain, *default_domain, *blocking_domain;
	void *owner;
	unsigned owner_cnt;
	unsigned recovery_cnt; /* devices in reset */
};
SMMU_API void iommu_group_get_state(struct iommu_group *group,
				    struct iommu_group_state *state);

/*
 * The group's domain; the caller keeps the group stable (CORE-63), or is in a fault
 * handler: until that returns nobody frees the domain. Waits for no attach. NULL: none.
 */
SMMU_API struct iommu_domain *iommu_get_domain_for_dev(struct iommu_dev *dev);
/* The same for a driver inside attach_dev, test_dev or set_dev_pasid. */
SMMU_API struct iommu_domain *iommu_driver_get_domain_for_dev(struct iommu_dev *dev);

/*
 * Attach and detach (CORE-54 to CORE-59, CORE-69). -ENODEV: no group; -EINVAL: the
 * device form on a group of several, an empty group, or not compatible; -EBUSY:
 * another domain than the core's own is attached; else the driver's error. After an
 * error every device is where it was.
 */
SMMU_API int iommu_attach_device(struct iommu_domain *domain, struct iommu_dev *dev);
SMMU_API void iommu_detach_device(struct iommu_domain *domain, struct iommu_dev *dev);
SMMU_API int iommu_attach_group(struct iommu_domain *domain, struct iommu_group *group);
SMMU_API void iommu_detach_group(struct iommu_domain *domain, struct iommu_group *group);
/* CORE-49: before the first DMA of a device whose attach was deferred. */
SMMU_API int iommu_deferred_attach(struct iommu_dev *dev, struct iommu_domain *domain);

/*
 * What is attached, as its user knows it. Lives from attach to detach; the caller
 * owns it, the core fills it in.
 */
struct iommu_attach_handle {
	struct iommu_domain *domain;
};
/* CORE-61, CORE-62: as attach, the handle kept under IOMMU_NO_PASID. */
SMMU_API int iommu_attach_group_handle(struct iommu_domain *domain,
				       struct iommu_group *group,
				       struct iommu_attach_handle *handle);
SMMU_API void iommu_detach_group_handle(struct iommu_domain *domain,
					struct iommu_group *group);
SMMU_API int iommu_replace_group_handle(struct iommu_group *group,
					struct iommu_domain *domain,
					struct iommu_attach_handle *handle);
/*
 * CORE-97. type 0: any. -ENOENT: none; -EBUSY: of another domain type. The handle is
 * its owner's until the detach returns; the caller keeps it away, or is in a handler.
 */
SMMU_API int iommu_attach_handle_get(struct iommu_group *group, uint32_t pasid,
				     unsigned type, struct iommu_attach_handle **handle);

/*
 * Around a reset of the device's function (CORE-81 to CORE-91): its DMA is blocked and
 * its PASIDs are out of the hardware from prepare to done, so that no ATC can be asked
 * while it is being reset. Both nest. Meanwhile an attach of the group is -EBUSY (but
 * see iommu_reset_attach); a detach goes through. done gives the device what the group
 * has by then; what the driver refuses is warned about and stays blocked.
 * 0 and nothing to do: no IOMMU, or no ATS (CORE-81). Else the error of the blocking
 * domain: the reset must not go on, and done must not follow.
 */
SMMU_API int iommu_dev_reset_prepare(struct iommu_dev *dev);
SMMU_API void iommu_dev_reset_done(struct iommu_dev *dev);

/* PASIDs (CORE-92 to CORE-96); handle may be NULL except for replace. */
SMMU_API int iommu_attach_device_pasid(struct iommu_domain *domain, struct iommu_dev *dev,
				       uint32_t pasid,
				       struct iommu_attach_handle *handle);
SMMU_API int iommu_replace_device_pasid(struct iommu_domain *domain,
					struct iommu_dev *dev, uint32_t pasid,
					struct iommu_attach_handle *handle);
SMMU_API void iommu_detach_device_pasid(struct iommu_domain *domain,
					struct iommu_dev *dev, uint32_t pasid);

/*
 * DMA ownership (CORE-73 to CORE-80): while a user owns the group, its devices are in
 * the user's domain or in the blocking domain, never in the default domain and
 * never in none. owner: any address that is the user's own.
 */
SMMU_API int iommu_group_claim_dma_owner(struct iommu_group *group, void *owner);
SMMU_API void iommu_group_release_dma_owner(struct iommu_group *group);
SMMU_API int iommu_device_claim_dma_owner(struct iommu_dev *dev, void *owner);
SMMU_API void iommu_device_release_dma_owner(struct iommu_dev *dev);
SMMU_API bool iommu_group_dma_owner_claimed(struct iommu_group *group);
/* CORE-74: what a binding kernel driver does; iommu_dev_bind() calls them. */
SMMU_API int iommu_device_use_default_domain(struct iommu_dev *dev);
SMMU_API void iommu_device_unuse_default_domain(struct iommu_dev *dev);

/* ---- Devices from a device tree (CORE-19 to CORE-22, FW-5 to FW-19) ---------------- */

struct smmu_fw;
struct iommu_of;

/*
 * Binds a firmware description (<smmulator/firmware.h>) to the core: one fwnode for
 * each of its IOMMUs. fw is only read, and must stay until iommu_of_destroy(); that
 * comes after the removal of the devices added here. -ENOMEM.
 */
SMMU_API int iommu_of_create(struct iommu_of **of, const struct smmu_fw *fw);
SMMU_API void iommu_of_destroy(struct iommu_of *of); /* NULL is allowed */
/*
 * The fwnode of fw->iommus[index], for the instance that drives it to register under;
 * belongs to `of`. NULL: no such index.
 */
SMMU_API struct iommu_fwnode *iommu_of_fwnode(struct iommu_of *of, size_t index);
/*
 * Adds fw->masters[index] as a platform device, named by its path (iommu_dev_add()).
 * -ENODEV: no such master, or its node is disabled.
 */
SMMU_API int iommu_of_add_master(struct iommu_of *of, struct iommu_system *sys,
				 size_t index, void *harness, struct iommu_dev **dev);
/*
 * Adds a PCI function behind fw->hosts[index]: desc as for iommu_dev_add(); bus, fw
 * and fw_ctx are overwritten. -ENODEV: no such host, or disabled.
 */
SMMU_API int iommu_of_add_function(struct iommu_of *of, struct iommu_system *sys,
				   size_t index, const struct iommu_dev_desc *desc,
				   struct iommu_dev **dev);

SMMU_END_DECLS

#endif /* SMMULATOR_IOMMU_H */
