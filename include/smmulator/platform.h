/* SPDX-License-Identifier: MIT */
/*
 * The machine as a driver sees it: registers, memory that it shares with
 * devices, interrupts, time, and a place for its messages. Whoever runs a
 * driver supplies it as callbacks; the driver reaches its device by nothing
 * else. The callbacks may be called from any thread that calls the driver.
 */
#ifndef SMMULATOR_PLATFORM_H
#define SMMULATOR_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>
#include <smmulator/export.h>

SMMU_BEGIN_DECLS

/* Memory that the CPU and devices share: one piece, physically contiguous. */
struct iommu_dma {
	void *cpu;     /* where the CPU finds it, at least 8-byte aligned */
	uint64_t pa;   /* where a device finds it */
	uint64_t size; /* bytes, as asked for */
};

/* What to write where to raise a message-signalled interrupt. */
struct iommu_msi {
	uint64_t pa;   /* doorbell, bits [55:2] */
	uint32_t data; /* payload */
};

enum iommu_msg_level {
	IOMMU_MSG_ERROR,
	IOMMU_MSG_WARNING,
	IOMMU_MSG_INFO,
	IOMMU_MSG_DEBUG,
};

/*
 * An interrupt handler. It may run inside any register access of the driver
 * (on the same thread, even from within itself), or on any other thread.
 */
typedef void (*iommu_irq_fn)(void *arg);

struct iommu_platform_ops {
	/*
	 * Registers, at a physical address; naturally aligned, single access,
	 * ordered after all earlier stores to shared memory (a write) and
	 * before all later loads from it (a read).
	 */
	uint32_t (*read32)(void *ctx, uint64_t pa);
	uint64_t (*read64)(void *ctx, uint64_t pa);
	void (*write32)(void *ctx, uint64_t pa, uint32_t value);
	void (*write64)(void *ctx, uint64_t pa, uint64_t value);
	/*
	 * Zeroed memory of `size` bytes at a physical address that is a multiple
	 * of `align` (a power of two). 0 or -ENOMEM; *mem is written on success.
	 */
	int (*dma_alloc)(void *ctx, uint64_t size, uint64_t align, struct iommu_dma *mem);
	/* Gives it back; `mem` equals what dma_alloc said. */
	void (*dma_free)(void *ctx, const struct iommu_dma *mem);
	/* The CPU's address of [pa, pa + len) inside memory of dma_alloc, else NULL. */
	void *(*phys_to_virt)(void *ctx, uint64_t pa, uint64_t len);
	/*
	 * Connects a handler to the interrupt of that name, until irq_free.
	 * 0, -ENOENT: no such interrupt. The name is the caller's during the call.
	 */
	int (*irq_request)(void *ctx, const char *name, iommu_irq_fn fn, void *arg);
	void (*irq_free)(void *ctx, const char *name);
	/* The same for a message: *msi says how to raise it. NULL: no MSIs here. */
	int (*msi_request)(void *ctx, const char *name, iommu_irq_fn fn, void *arg,
			   struct iommu_msi *msi);
	/*
	 * A pause between two polls of the device. May let the device move,
	 * deliver interrupts or yield the CPU. NULL: nothing to do.
	 */
	void (*relax)(void *ctx);
	/*
	 * Microseconds since some moment, never backwards; time-outs are measured
	 * with it. NULL: a time-out is a number of polls (one for each
	 * microsecond), which makes a run repeatable.
	 */
	uint64_t (*time_us)(void *ctx);
	/* One message, without a newline. NULL: messages are dropped. */
	void (*log)(void *ctx, enum iommu_msg_level level, const char *message);
};

/* A machine: copied by whoever takes one; ops and ctx must outlive the user. */
struct iommu_platform {
	const struct iommu_platform_ops *ops;
	void *ctx;
};

SMMU_END_DECLS
#endif /* SMMULATOR_PLATFORM_H */
