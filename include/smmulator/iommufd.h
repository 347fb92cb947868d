/* SPDX-License-Identifier: MIT */
/*
 * I/O address spaces as a user (a VMM) sees them: objects with ids in a context, as
 * Linux's iommufd has them, called as C functions. The rules are CORE-133 to CORE-191.
 *
 * Structures. Each command takes one structure; its layout is Linux's, so that a VMM's
 * own header fits. It begins with `size`, what the caller's version of it is long: a
 * shorter, older one works as long as the must fields are in it (the rest counts as 0), a
 * longer one if what we do not know is 0. Answers are written into it as far as size
 * goes.
 *
 * User addresses. `user_va`, `data_uptr` and the like are addresses in the user's address
 * space, which struct iommufd_user_ops reaches; without one they are host pointers.
 *
 * Errors, besides what each command says: -EINVAL: size is too small; -E2BIG: the unknown
 * tail is not zero; -EOPNOTSUPP: an unknown flag, or a reserved field that is not 0;
 * -ENOENT: no object of that id and kind; -EFAULT: an address that is not the user's;
 * -ENOMEM. A command that fails leaves no object behind, and nothing changed unless it
 * says so.
 *
 * Context: any thread, with no lock of the core held. Commands of one context wait for
 * each other, but for the invalidations' work in the driver.
 */
#ifndef SMMULATOR_IOMMUFD_H
#define SMMULATOR_IOMMUFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/export.h>
#include <smmulator/iommu.h>

SMMU_BEGIN_DECLS

/* What the CPU calls a page, in bytes: what is pinned at least. */
#define IOMMUFD_PAGE_SIZE UINT64_C(4096)

struct iommufd_ctx;

/* ---- The context ------------------------------------------------------------------- */

struct iommufd_user_ops {
	/* 0 and all of it copied, or -EFAULT. NULL: user addresses are host pointers, and
	 * those of the first page are nobody's. */
	int (*read)(void *ctx, void *to, uint64_t uaddr, size_t len);
	int (*write)(void *ctx, uint64_t uaddr, const void *from, size_t len);
	/*
	 * Keeps memory where it is while devices use it: the longest piece that begins at
	 * uaddr and is one piece in physical memory. uaddr and len are multiples of
	 * IOMMUFD_PAGE_SIZE; write: devices will write. *pa and *got (bytes, at most len,
	 * whole pages) say where. -EFAULT: not the user's, or not writable; or -ENOMEM.
	 * NULL: nothing can be pinned (-EFAULT).
	 */
	int (*pin)(void *ctx, uint64_t uaddr, uint64_t len, bool write, uint64_t *pa,
		   uint64_t *got);
	/* Such a piece is not needed any more. NULL: nobody cares. */
	void (*unpin)(void *ctx, uint64_t pa, uint64_t len);
};

struct iommufd_config {
	struct iommufd_user_ops user;
	void *user_ctx;
	/*
	 * Something can be read from this file (a fault or an event queue) that was
	 * empty. Called in the driver's interrupt handler, locks held: may wake somebody,
	 * may not call anything of this header. NULL: nobody is told.
	 */
	void (*ready)(void *ctx, uint32_t fd);
	void *ready_ctx;
	bool privileged;	      /* may set IOMMU_OPTION_RLIMIT_MODE */
	bool msi_not_isolated;	      /* any device can raise any interrupt (CORE-138) */
	bool allow_unsafe_interrupts; /* ... and that is all right */
};

/* cfg NULL: all zero. Copied. -ENOMEM. */
SMMU_API int iommufd_ctx_create(struct iommufd_ctx **ctx,
				const struct iommufd_config *cfg);
/*
 * Detaches and unbinds every device, frees every object. No command may be running or
 * come. NULL is allowed.
 */
SMMU_API void iommufd_ctx_destroy(struct iommufd_ctx *ctx);
/* Objects that have an id now, for tests. */
SMMU_API size_t iommufd_ctx_objects(struct iommufd_ctx *ctx);

/* ---- Devices (CORE-138, CORE-139, CORE-161 to CORE-168) ------------------------------
 */

/*
 * The device is the user's: its group's DMA goes nowhere but where the user says. *id: of
 * the device object, which DESTROY does not free. -EINVAL: DMA is not coherent; -ENODEV:
 * no group; -EPERM: interrupts are not isolated, or another owner has the group; -EBUSY:
 * it is in use; -EEXIST: bound to this context already.
 */
SMMU_API int iommufd_device_bind(struct iommufd_ctx *ctx, struct iommu_dev *dev,
				 uint32_t *id);
/* -EBUSY: something is attached still. Its vDEVICE goes with it. */
SMMU_API int iommufd_device_unbind(struct iommufd_ctx *ctx, uint32_t dev_id);
/*
 * DMA of the device (pasid IOMMU_NO_PASID), or that with this PASID, goes through *pt_id:
 * an HWPT, or an IOAS, for which a suitable HWPT is found or made; *pt_id says which.
 * -ENOENT: no such object; -EINVAL: of another kind, or does not suit the device, its
 * group or its PASIDs; -EBUSY: attached, or a reset is in progress; -EADDRINUSE: a region
 * that the device reserves is mapped; else of the driver.
 */
SMMU_API int iommufd_device_attach(struct iommufd_ctx *ctx, uint32_t dev_id,
				   uint32_t pasid, uint32_t *pt_id);
/* From one to the other in one step. -EINVAL: nothing was attached; else as attach. */
SMMU_API int iommufd_device_replace(struct iommufd_ctx *ctx, uint32_t dev_id,
				    uint32_t pasid, uint32_t *pt_id);
/* Faults that nobody has answered get INVALID. -EINVAL: nothing was attached. */
SMMU_API int iommufd_device_detach(struct iommufd_ctx *ctx, uint32_t dev_id,
				   uint32_t pasid);

/* ---- Objects in general ---------------------------------------------------------------
 */

struct iommu_destroy {
	uint32_t size;
	uint32_t id;
};
/*
 * CORE-135. -EBUSY: another object refers to it (a device, from bind to unbind, is held
 * by its binder). Waits for an invalidation that is using it.
 */
SMMU_API int iommufd_destroy(struct iommufd_ctx *ctx, struct iommu_destroy *cmd);

/* ---- I/O address spaces (CORE-140 to CORE-148)
 * ----------------------------------------- */

struct iommu_ioas_alloc {
	uint32_t size;
	uint32_t flags; /* 0 */
	uint32_t out_ioas_id;
};
SMMU_API int iommufd_ioas_alloc(struct iommufd_ctx *ctx, struct iommu_ioas_alloc *cmd);

/* Both ends included. */
struct iommu_iova_range {
	uint64_t start;
	uint64_t last;
};

struct iommu_ioas_iova_ranges {
	uint32_t size;
	uint32_t ioas_id;
	uint32_t num_iovas; /* in: room; out: how many there are */
	uint32_t __reserved;
	uint64_t allowed_iovas; /* user address of struct iommu_iova_range[] */
	uint64_t out_iova_alignment;
};
/* CORE-144. -EMSGSIZE: the first ones only; num_iovas is right all the same. */
SMMU_API int iommufd_ioas_iova_ranges(struct iommufd_ctx *ctx,
				      struct iommu_ioas_iova_ranges *cmd);

struct iommu_ioas_allow_iovas {
	uint32_t size;
	uint32_t ioas_id;
	uint32_t num_iovas;
	uint32_t __reserved;
	uint64_t allowed_iovas;
};
/*
 * CORE-145. Nothing may be reserved there any more. -EINVAL: a range is empty or of one
 * byte, or they overlap; -EADDRINUSE: reserved already.
 */
SMMU_API int iommufd_ioas_allow_iovas(struct iommufd_ctx *ctx,
				      struct iommu_ioas_allow_iovas *cmd);

#define IOMMU_IOAS_MAP_FIXED_IOVA (1u << 0) /* at iova, else wherever there is room */
#define IOMMU_IOAS_MAP_WRITEABLE  (1u << 1)
#define IOMMU_IOAS_MAP_READABLE	  (1u << 2)

struct iommu_ioas_map {
	uint32_t size;
	uint32_t flags;
	uint32_t ioas_id;
	uint32_t __reserved;
	uint64_t user_va;
	uint64_t length; /* bytes */
	uint64_t iova;	 /* in, with FIXED_IOVA; out */
};
/*
 * CORE-141. -EOVERFLOW, -EINVAL, -ENOENT, -ENOSPC, -EEXIST in the order of the rule.
 * Memory is pinned when a domain, an access or a queue first needs it: without one, an
 * address that is nobody's is found out at attach.
 */
SMMU_API int iommufd_ioas_map(struct iommufd_ctx *ctx, struct iommu_ioas_map *cmd);

struct iommu_ioas_copy {
	uint32_t size;
	uint32_t flags; /* IOMMU_IOAS_MAP_* */
	uint32_t dst_ioas_id;
	uint32_t src_ioas_id;
	uint64_t length;
	uint64_t dst_iova; /* in, with FIXED_IOVA; out */
	uint64_t src_iova;
};
/* CORE-142. -ENOENT: the source is not mapped all over; -EPERM: not writable there. */
SMMU_API int iommufd_ioas_copy(struct iommufd_ctx *ctx, struct iommu_ioas_copy *cmd);

struct iommu_ioas_unmap {
	uint32_t size;
	uint32_t ioas_id;
	uint64_t iova;
	uint64_t length; /* out: bytes unmapped */
};
/*
 * CORE-143: all areas that lie within the range; iova 0 and length UINT64_MAX: every one.
 * -ENOENT: no area, or one that lies there in part (those before it are gone); -EBUSY: a
 * hardware queue is in it; -EDEADLOCK: an access does not let it go.
 */
SMMU_API int iommufd_ioas_unmap(struct iommufd_ctx *ctx, struct iommu_ioas_unmap *cmd);

#define IOMMU_OPTION_RLIMIT_MODE 0u
#define IOMMU_OPTION_HUGE_PAGES	 1u
#define IOMMU_OPTION_OP_SET	 0u
#define IOMMU_OPTION_OP_GET	 1u

struct iommu_option {
	uint32_t size;
	uint32_t option_id;
	uint16_t op;
	uint16_t __reserved;
	uint32_t object_id; /* of an IOAS, for HUGE_PAGES */
	uint64_t val64;
};
/* CORE-146 */
SMMU_API int iommufd_option(struct iommufd_ctx *ctx, struct iommu_option *cmd);

/* ---- Hardware page tables (CORE-149 to CORE-157)
 * ---------------------------------------- */

#define IOMMU_HWPT_ALLOC_NEST_PARENT	(1u << 0)
#define IOMMU_HWPT_ALLOC_DIRTY_TRACKING (1u << 1)
#define IOMMU_HWPT_FAULT_ID_VALID	(1u << 2)
#define IOMMU_HWPT_ALLOC_PASID		(1u << 3)

#define IOMMU_HWPT_DATA_NONE 0u

struct iommu_hwpt_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t dev_id;
	uint32_t pt_id; /* an IOAS: paging; a paging HWPT or a vIOMMU: nested */
	uint32_t out_hwpt_id;
	uint32_t __reserved;
	uint32_t data_type; /* IOMMU_HWPT_DATA_* */
	uint32_t data_len;
	uint64_t data_uptr;
	uint32_t fault_id; /* with FAULT_ID_VALID */
	uint32_t __reserved2;
};
/*
 * The checks come in the order of CORE-150, then CORE-151, 152 or 153 by what pt_id is;
 * for an SMMUv3's stage 1: DRV-117 (-EIO: a bit that a guest may not set).
 */
SMMU_API int iommufd_hwpt_alloc(struct iommufd_ctx *ctx, struct iommu_hwpt_alloc *cmd);

#define IOMMU_HWPT_DIRTY_TRACKING_ENABLE (1u << 0)
struct iommu_hwpt_set_dirty_tracking {
	uint32_t size;
	uint32_t flags;
	uint32_t hwpt_id;
	uint32_t __reserved;
};
/* CORE-129. -EOPNOTSUPP: the HWPT was not allocated for it. */
SMMU_API int iommufd_hwpt_set_dirty_tracking(struct iommufd_ctx *ctx,
					     struct iommu_hwpt_set_dirty_tracking *cmd);

#define IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR (1u << 0)
struct iommu_hwpt_get_dirty_bitmap {
	uint32_t size;
	uint32_t hwpt_id;
	uint32_t flags;
	uint32_t __reserved;
	uint64_t iova;
	uint64_t length;
	uint64_t page_size; /* bytes for each bit, a power of two */
	uint64_t data;	    /* user address of the bitmap: bits are set, none cleared */
};
/* CORE-129. -EINVAL: iova, length, page_size; -EOVERFLOW: they wrap. */
SMMU_API int iommufd_hwpt_get_dirty_bitmap(struct iommufd_ctx *ctx,
					   struct iommu_hwpt_get_dirty_bitmap *cmd);

struct iommu_hwpt_invalidate {
	uint32_t size;
	uint32_t hwpt_id; /* a nested HWPT, or a vIOMMU */
	uint64_t data_uptr;
	uint32_t data_type;
	uint32_t entry_len;
	uint32_t entry_num; /* in; out, always: how many were handled */
	uint32_t __reserved;
};
/*
 * CORE-178 to CORE-182. The entries below entry_num are done and waited for; after an
 * error the entry at entry_num is the one that was refused, and those behind it are
 * untouched.
 */
SMMU_API int iommufd_hwpt_invalidate(struct iommufd_ctx *ctx,
				     struct iommu_hwpt_invalidate *cmd);

/* ---- What the hardware is (CORE-183, CORE-184)
 * ------------------------------------------- */

#define IOMMU_HW_INFO_FLAG_INPUT_TYPE (1u << 0)
#define IOMMU_HW_INFO_TYPE_NONE	      0u
#define IOMMU_HW_CAP_DIRTY_TRACKING   (UINT64_C(1) << 0)
#define IOMMU_HW_CAP_PCI_PASID_EXEC   (UINT64_C(1) << 1)
#define IOMMU_HW_CAP_PCI_PASID_PRIV   (UINT64_C(1) << 2)

struct iommu_hw_info {
	uint32_t size;
	uint32_t flags;
	uint32_t dev_id;
	uint32_t data_len; /* in: room; out: how long the driver's data is */
	uint64_t data_uptr;
	union {
		uint32_t in_data_type; /* with INPUT_TYPE */
		uint32_t out_data_type;
	};
	uint8_t out_max_pasid_log2; /* 0: no PASIDs */
	uint8_t __reserved[3];
	uint64_t out_capabilities; /* IOMMU_HW_CAP_* */
};
SMMU_API int iommufd_get_hw_info(struct iommufd_ctx *ctx, struct iommu_hw_info *cmd);

/* ---- Virtual IOMMUs (CORE-169 to CORE-177)
 * ------------------------------------------------ */

#define IOMMU_VIOMMU_TYPE_DEFAULT 0u

struct iommu_viommu_alloc {
	uint32_t size;
	uint32_t flags; /* 0 */
	uint32_t type;
	uint32_t dev_id;
	uint32_t hwpt_id; /* stage 2: a paging HWPT with NEST_PARENT */
	uint32_t out_viommu_id;
	uint32_t data_len;
	uint32_t __reserved;
	uint64_t data_uptr;
};
/* -EINVAL: hwpt_id is no parent, or of another SMMU; -EOPNOTSUPP: none of that type. */
SMMU_API int iommufd_viommu_alloc(struct iommufd_ctx *ctx,
				  struct iommu_viommu_alloc *cmd);

struct iommu_vdevice_alloc {
	uint32_t size;
	uint32_t viommu_id;
	uint32_t dev_id;
	uint32_t out_vdevice_id;
	uint64_t virt_id; /* what the guest calls the device: a StreamID */
};
/* -EINVAL: behind another IOMMU; -EEXIST: it has one, or the id is taken. */
SMMU_API int iommufd_vdevice_alloc(struct iommufd_ctx *ctx,
				   struct iommu_vdevice_alloc *cmd);

#define IOMMU_HW_QUEUE_TYPE_DEFAULT 0u

struct iommu_hw_queue_alloc {
	uint32_t size;
	uint32_t flags; /* 0 */
	uint32_t viommu_id;
	uint32_t type;
	uint32_t index;
	uint32_t out_hw_queue_id;
	uint64_t nesting_parent_iova;
	uint64_t length;
};
/*
 * CORE-173, up to the driver: no driver here has a queue that a guest may fill by itself
 * (an SMMUv3's executes any command for any VMID), so -EOPNOTSUPP for every type.
 */
SMMU_API int iommufd_hw_queue_alloc(struct iommufd_ctx *ctx,
				    struct iommu_hw_queue_alloc *cmd);

#define IOMMU_VEVENTQ_TYPE_DEFAULT     0u
#define IOMMU_VEVENTQ_FLAG_LOST_EVENTS (1u << 0)

/* What is read: a header and, unless events were lost, the event behind it. */
struct iommufd_vevent_header {
	uint32_t flags;	   /* IOMMU_VEVENTQ_FLAG_* */
	uint32_t sequence; /* of this event; lost ones count */
};

struct iommu_veventq_alloc {
	uint32_t size;
	uint32_t flags; /* 0 */
	uint32_t viommu_id;
	uint32_t type;
	uint32_t veventq_depth; /* events that wait at most */
	uint32_t out_veventq_id;
	uint32_t out_veventq_fd; /* for iommufd_read() */
	uint32_t __reserved;
};
/* -EINVAL: depth 0; -EEXIST: the vIOMMU has a queue of that type. */
SMMU_API int iommufd_veventq_alloc(struct iommufd_ctx *ctx,
				   struct iommu_veventq_alloc *cmd);

/* ---- Page faults (CORE-157 to CORE-160)
 * ----------------------------------------------------- */

struct iommu_fault_alloc {
	uint32_t size;
	uint32_t flags; /* 0 */
	uint32_t out_fault_id;
	uint32_t out_fault_fd; /* for iommufd_read() and iommufd_write() */
};
SMMU_API int iommufd_fault_alloc(struct iommufd_ctx *ctx, struct iommu_fault_alloc *cmd);

#define IOMMU_PGFAULT_FLAGS_PASID_VALID (1u << 0)
#define IOMMU_PGFAULT_FLAGS_LAST_PAGE	(1u << 1)
#define IOMMU_PGFAULT_PERM_READ		(1u << 0)
#define IOMMU_PGFAULT_PERM_WRITE	(1u << 1)
#define IOMMU_PGFAULT_PERM_EXEC		(1u << 2)
#define IOMMU_PGFAULT_PERM_PRIV		(1u << 3)

/* What is read: the requests of a group one after the other, the last one marked. */
struct iommu_hwpt_pgfault {
	uint32_t flags;
	uint32_t dev_id;
	uint32_t pasid;
	uint32_t grpid;
	uint32_t perm;
	uint32_t __reserved;
	uint64_t addr;
	uint32_t length;
	uint32_t cookie; /* of the group, for the answer */
};

#define IOMMUFD_PAGE_RESP_SUCCESS 0u
#define IOMMUFD_PAGE_RESP_INVALID 1u

/* What is written. */
struct iommu_hwpt_page_response {
	uint32_t cookie;
	uint32_t code;
};

/* ---- Files: fault objects and event queues
 * ---------------------------------------------------- */

/*
 * Here a file is the object's id, and closed by DESTROY. Both return bytes or a negative
 * errno; they do not wait: nothing there is 0 bytes. pos: the offset of a pread, -ESPIPE
 * unless 0. -ENOENT: no such file. Rules: CORE-158 and 159, CORE-177.
 */
SMMU_API int64_t iommufd_read(struct iommufd_ctx *ctx, uint32_t fd, uint64_t uaddr,
			      size_t count, uint64_t pos);
SMMU_API int64_t iommufd_write(struct iommufd_ctx *ctx, uint32_t fd, uint64_t uaddr,
			       size_t count, uint64_t pos);
#define IOMMUFD_READABLE (1u << 0)
#define IOMMUFD_WRITABLE (1u << 1)
/* IOMMUFD_*, or -ENOENT. */
SMMU_API int iommufd_poll(struct iommufd_ctx *ctx, uint32_t fd);

/* ---- Commands by number
 * --------------------------------------------------------------------------- */

enum iommufd_cmd {
	IOMMUFD_CMD_DESTROY = 0x80,
	IOMMUFD_CMD_IOAS_ALLOC = 0x81,
	IOMMUFD_CMD_IOAS_ALLOW_IOVAS = 0x82,
	IOMMUFD_CMD_IOAS_COPY = 0x83,
	IOMMUFD_CMD_IOAS_IOVA_RANGES = 0x84,
	IOMMUFD_CMD_IOAS_MAP = 0x85,
	IOMMUFD_CMD_IOAS_UNMAP = 0x86,
	IOMMUFD_CMD_OPTION = 0x87,
	IOMMUFD_CMD_HWPT_ALLOC = 0x89,
	IOMMUFD_CMD_GET_HW_INFO = 0x8a,
	IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING = 0x8b,
	IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP = 0x8c,
	IOMMUFD_CMD_HWPT_INVALIDATE = 0x8d,
	IOMMUFD_CMD_FAULT_QUEUE_ALLOC = 0x8e,
	IOMMUFD_CMD_VIOMMU_ALLOC = 0x90,
	IOMMUFD_CMD_VDEVICE_ALLOC = 0x91,
	IOMMUFD_CMD_VEVENTQ_ALLOC = 0x93,
	IOMMUFD_CMD_HW_QUEUE_ALLOC = 0x94,
};
/*
 * The command of that number, its structure at a user address: for a VMM that has an
 * ioctl() to replace. -ENOTTY: no such command; -EFAULT: it cannot be read or answered.
 */
SMMU_API int iommufd_ioctl(struct iommufd_ctx *ctx, unsigned cmd, uint64_t uaddr);

/* ---- The interface before nested HWPTs (CORE-185 to CORE-191) ------------------------
 */

#define IOMMU_PASID_TABLE_VERSION 1u
#define IOMMU_PASID_FORMAT_SMMUV3 1u

#define IOMMU_PASID_CONFIG_TRANSLATE 1u
#define IOMMU_PASID_CONFIG_BYPASS    2u
#define IOMMU_PASID_CONFIG_ABORT     3u

/*
 * A guest's CD table, as it was proposed before there were nested HWPTs, behind a length
 * of its own: argsz is what the caller has filled in. Less than everything up to smmuv3,
 * or more than we know, is -EINVAL; not one byte beyond it is read.
 */
struct iommu_pasid_table_config {
	uint32_t argsz;
	uint32_t flags;	    /* 0 */
	uint32_t version;   /* IOMMU_PASID_TABLE_VERSION */
	uint32_t format;    /* IOMMU_PASID_FORMAT_* */
	uint64_t base_ptr;  /* of the CD table; guest physical, on 64 bytes */
	uint8_t pasid_bits; /* log2 of its CDs, 0 to 20 */
	uint8_t config;	    /* IOMMU_PASID_CONFIG_* */
	uint8_t padding[6]; /* 0 */
	/* Only with TRANSLATE, and a must there. */
	struct {
		uint32_t version;     /* IOMMU_PASID_TABLE_VERSION */
		uint8_t s1fmt, s1dss; /* as in the STE */
		uint8_t padding[2];   /* 0 */
	} smmuv3;
};
/*
 * hwpt_id: a nest parent. Every device that is in it by RID goes under that stage 1 (or
 * past one, or is aborted); one that comes later is in stage 2 alone. cfg: user address.
 * -EFAULT; -EINVAL: cfg, no parent, no device is in it, or it has a table; -ENOENT;
 * -ENODEV: the driver cannot; else of the driver, and every device is where it was.
 */
SMMU_API int iommufd_attach_pasid_table(struct iommufd_ctx *ctx, uint32_t hwpt_id,
					uint64_t cfg);
/* The devices go back to the parent. No table: nothing. */
SMMU_API void iommufd_detach_pasid_table(struct iommufd_ctx *ctx, uint32_t hwpt_id);

/* ---- Access without DMA: what an emulated device does
 * ------------------------------------------------ */

struct iommufd_access;

struct iommufd_access_ops {
	/*
	 * [iova, iova + length) is being unmapped: what the access has pinned there it
	 * must unpin before it returns; no other call of this header.
	 */
	void (*unmap)(void *ctx, uint64_t iova, uint64_t length);
};
/* *id: of its object, which DESTROY does not free. -ENOMEM. */
SMMU_API int iommufd_access_create(struct iommufd_ctx *ctx,
				   const struct iommufd_access_ops *ops, void *ops_ctx,
				   struct iommufd_access **access, uint32_t *id);
/* NULL is allowed. */
SMMU_API void iommufd_access_destroy(struct iommufd_access *access);
/* -ENOENT: no such IOAS; -EINVAL: attached already. */
SMMU_API int iommufd_access_attach(struct iommufd_access *access, uint32_t ioas_id);
/* What is pinned must be let go first, by way of unmap. -EINVAL: not attached. */
SMMU_API int iommufd_access_detach(struct iommufd_access *access);
#define IOMMUFD_ACCESS_WRITE (1u << 0)
/*
 * Pins [iova, iova + length) for the access; pas gets the physical address of each page,
 * as many as the range touches. -ENOENT: not attached, or a hole; -EPERM: not writable;
 * -EINVAL: no ops->unmap, length 0, or flags; -EOVERFLOW.
 */
SMMU_API int iommufd_access_pin_pages(struct iommufd_access *access, uint64_t iova,
				      uint64_t length, uint64_t *pas, unsigned flags);
/* The same range as was pinned. */
SMMU_API void iommufd_access_unpin_pages(struct iommufd_access *access, uint64_t iova,
					 uint64_t length);
/* Reads into data, or with WRITE writes from it. Errors as pin_pages. */
SMMU_API int iommufd_access_rw(struct iommufd_access *access, uint64_t iova, void *data,
			       size_t length, unsigned flags);

SMMU_END_DECLS

#endif /* SMMULATOR_IOMMUFD_H */
