/* SPDX-License-Identifier: MIT */
/*
 * What a driver implements for users: data that a user hands in, nested domains, virtual
 * IOMMUs (CORE-137, CORE-151 to CORE-154, CORE-169 to CORE-184). The objects that users
 * see are in <smmulator/iommufd.h>; this is the contract between them and drivers.
 *
 * Errors: 0 or a negative errno, and nothing is changed. Context: any thread, no lock of
 * the core held, unless said otherwise.
 */
#ifndef SMMULATOR_IOMMU_USER_H
#define SMMULATOR_IOMMU_USER_H

#include <smmulator/iommu.h>

SMMU_BEGIN_DECLS

/* ---- Memory of the user (CORE-133, CORE-137) ----------------------------------------
 */

/* How to reach it. Both copy all of it and return 0, or return -EFAULT. */
struct iommu_user_mem {
	int (*read)(void *ctx, void *to, uint64_t uaddr, size_t len);
	int (*write)(void *ctx, uint64_t uaddr, const void *from, size_t len);
	void *ctx;
};

/* Something typed that a user points to. */
struct iommu_user_data {
	const struct iommu_user_mem *mem;
	uint32_t type;
	uint32_t len; /* bytes that the user says are there */
	uint64_t uaddr;
};

/* The same, many of them. */
struct iommu_user_array {
	const struct iommu_user_mem *mem;
	uint32_t type;
	uint32_t entry_len; /* bytes from one to the next */
	uint32_t entry_num; /* in: how many; out: how many the driver has handled */
	uint64_t uaddr;
};

/*
 * The rule of sizes (CORE-133): the user has `len` bytes of a structure of which we know
 * `size`, and of which `min` are a must. What the user has not is 0. -EINVAL: len < min;
 * -E2BIG: beyond size there is something else than zeroes; -EFAULT.
 */
SMMU_API int iommu_user_copy(const struct iommu_user_mem *mem, uint64_t uaddr, size_t len,
			     void *to, size_t size, size_t min);
/* CORE-137. Also -EINVAL: of another type. */
SMMU_API int iommu_user_data_copy(const struct iommu_user_data *data, uint32_t type,
				  void *to, size_t size, size_t min);
/* Entry `index` of the array, in the same way; the caller has compared the type. */
SMMU_API int iommu_user_array_copy(const struct iommu_user_array *array, uint32_t index,
				   void *to, size_t size, size_t min);

/* ---- Virtual IOMMUs (CORE-169 to CORE-176) -------------------------------------------
 */

struct iommufd_viommu;
struct iommufd_viommu_core;

struct iommufd_viommu_ops {
	/* The driver's part of it goes; nothing refers to it any more. May be NULL. */
	void (*destroy)(struct iommufd_viommu *viommu);
	/*
	 * A domain whose stage 1 is the guest's, on the parent of this vIOMMU. flags:
	 * IOMMU_ALLOC_PASID or 0. NULL: -EOPNOTSUPP.
	 */
	int (*alloc_domain_nested)(struct iommufd_viommu *viommu, uint32_t flags,
				   const struct iommu_user_data *data,
				   struct iommu_domain **domain);
	/*
	 * Executes the guest's invalidations in order, and waits for them. On return,
	 * also on an error, array->entry_num is how many were done: the first ones. With
	 * entry_num 0 it only says whether it knows array->type. NULL: -EOPNOTSUPP.
	 */
	int (*cache_invalidate)(struct iommufd_viommu *viommu,
				struct iommu_user_array *array);
	/* A device gets its id in this vIOMMU; may refuse. NULL: always fine. */
	int (*vdevice_init)(struct iommufd_viommu *viommu, struct iommu_dev *dev,
			    uint64_t virt_id);
	/* May events of this type be asked for? NULL: of no type. */
	bool (*has_events)(struct iommufd_viommu *viommu, uint32_t type);
};

/*
 * The part of a virtual IOMMU that the core knows, first in the driver's own structure.
 * The driver sets ops in viommu_init and leaves the rest alone.
 */
struct iommufd_viommu {
	const struct iommufd_viommu_ops *ops;
	struct iommu_instance *inst; /* the hardware */
	struct iommu_domain *parent; /* stage 2 */
	uint32_t type;
	struct iommufd_viommu_core *core;
};

/*
 * For drivers. The device with that id, NULL: none (CORE-172). The id may be taken away
 * while the driver still uses the answer; the device is there as long as it is bound.
 * Takes a leaf lock.
 */
SMMU_API struct iommu_dev *iommufd_viommu_find_dev(struct iommufd_viommu *viommu,
						   uint64_t virt_id);
/* -ENOENT: it has none there. */
SMMU_API int iommufd_viommu_get_vdev_id(struct iommufd_viommu *viommu,
					struct iommu_dev *dev, uint64_t *virt_id);
/*
 * Something for the guest to hear (CORE-175). -EINVAL: no data; -EOPNOTSUPP: nobody
 * asked for events of this type; -ENOMEM: lost, and the guest will know. Does not
 * wait, and may run in an interrupt handler; takes a leaf lock.
 */
SMMU_API int iommufd_viommu_report_event(struct iommufd_viommu *viommu, uint32_t type,
					 const void *data, size_t len);

/* ---- For who keeps the objects --------------------------------------------------------
 */

/* Where events go. Called as iommufd_viommu_report_event() is. */
typedef int (*iommufd_event_fn)(void *ctx, uint32_t type, const void *data, size_t len);

/*
 * CORE-169: a vIOMMU of this type on the instance of dev, whose stage 2 is parent. data
 * NULL: the user gave none. -EOPNOTSUPP: the driver has none of this type (or says a size
 * that cannot be); -ENOMEM; else of viommu_init.
 */
SMMU_API int iommufd_viommu_create(struct iommu_dev *dev, uint32_t type,
				   struct iommu_domain *parent,
				   const struct iommu_user_data *data,
				   iommufd_event_fn event, void *event_ctx,
				   struct iommufd_viommu **viommu);
SMMU_API void iommufd_viommu_destroy(struct iommufd_viommu *viommu);
/* CORE-170: -EEXIST: the id is taken, or the device has one; -ENOMEM; of the driver. */
SMMU_API int iommufd_viommu_add_vdev(struct iommufd_viommu *viommu, struct iommu_dev *dev,
				     uint64_t virt_id);
SMMU_API void iommufd_viommu_remove_vdev(struct iommufd_viommu *viommu,
					 struct iommu_dev *dev);

/*
 * Domains that belong to a user: their cookie is IOMMU_COOKIE_IOMMUFD. flags as
 * iommu_paging_domain_alloc(); data NULL: none. -ENODEV: no IOMMU; -EOPNOTSUPP: the
 * driver cannot, or made something else than was asked for; -ENOMEM; of the driver.
 */
SMMU_API int iommu_user_paging_alloc(struct iommu_dev *dev, uint32_t flags,
				     const struct iommu_user_data *data,
				     struct iommu_domain **domain);
/* CORE-152: stage 1 by the user, on this parent. */
SMMU_API int iommu_user_nested_alloc(struct iommu_dev *dev, struct iommu_domain *parent,
				     uint32_t flags, const struct iommu_user_data *data,
				     struct iommu_domain **domain);
/* CORE-153 */
SMMU_API int iommufd_viommu_nested_alloc(struct iommufd_viommu *viommu, uint32_t flags,
					 const struct iommu_user_data *data,
					 struct iommu_domain **domain);
/*
 * CORE-183. *type: in, what is wanted (0: the driver's own); out, what was given. At most
 * room bytes are written; *len: how many there are. No hw_info op: *type 0, *len 0.
 * -EOPNOTSUPP: not of that type.
 */
SMMU_API int iommu_user_hw_info(struct iommu_dev *dev, uint32_t *type, void *info,
				size_t room, size_t *len);

SMMU_END_DECLS

#endif /* SMMULATOR_IOMMU_USER_H */
