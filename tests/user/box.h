/* SPDX-License-Identifier: MIT */
/*
 * A context over the core's test double: devices without hardware, and user memory of
 * which any page can be made to fault.
 */
#ifndef TESTS_USER_BOX_H
#define TESTS_USER_BOX_H

#include <smmulator/iommu_user.h>
#include <smmulator/iommufd.h>
#include "core/double.h"

/* User address U lies at physical address U + PA_OF_USER. Nothing is behind either. */
#define PA_OF_USER UINT64_C(0x100000000000)
#define UADDR	   UINT64_C(0x10000000)
/* Copies from and to here fail; other addresses are the test's own. */
#define BAD_UADDR UINT64_C(0xbad0000)

#define RWF                                                                              \
	(IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_FIXED_IOVA)

struct box {
	struct world *w;
	struct iommufd_ctx *ctx;
	struct iommu_dev *dev;
	uint32_t dev_id;
	uint64_t pinned;	     /* bytes */
	uint64_t bad_first, bad_end; /* cannot be pinned */
	uint64_t read_only, ro_end;  /* cannot be pinned for writing */
	uint64_t most;		     /* bytes that pin gives at once; 0: all */
	unsigned readies;
};

/* One device "dev" on instance 0, bound. */
void box_init(struct box *b);
void box_init_cfg(struct box *b, const struct iommufd_config *cfg);
/* Also asserts that nothing stays pinned. */
void box_fini(struct box *b);

static inline uint64_t uptr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

uint32_t box_ioas(struct box *b);
int box_map(struct box *b, uint32_t ioas, uint64_t uaddr, uint64_t length, uint64_t iova);
int box_unmap(struct box *b, uint32_t ioas, uint64_t iova, uint64_t length,
	      uint64_t *bytes);
int box_hwpt(struct box *b, uint32_t pt, uint32_t flags, uint32_t *id);
int box_attach(struct box *b, uint32_t dev, uint32_t pasid, uint32_t pt);
int box_destroy(struct box *b, uint32_t id);
/* Where the device's domain leads; 0: nowhere. */
uint64_t box_walk(struct iommu_dev *dev, uint64_t iova);

#endif /* TESTS_USER_BOX_H */
