/* SPDX-License-Identifier: MIT */
/*
 * The bus: what hardware sees of the machine. Physical memory, atomics, MSI
 * doorbells and wires. Every device of one machine shares one bus.
 *
 * Context: RAM, regions and doorbells are added while the machine is built, by
 * one thread, before any other thread makes an access; afterwards every access
 * function may be called from any thread. Wire functions: any thread, any time.
 * Callbacks run on the thread that made the access; no lock of the bus is held,
 * save one region's during a compare-and-swap that the bus makes itself (below).
 */
#ifndef SMMULATOR_BUS_H
#define SMMULATOR_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/export.h>

SMMU_BEGIN_DECLS

struct smmu_bus;
struct smmu_wire;

/* Memory type of one cacheability level, weakest first (IHI 0070 13.1.5). */
enum smmu_memtype {
	SMMU_MT_WB,
	SMMU_MT_WT,
	SMMU_MT_NC,
	SMMU_MT_DEV_GRE,
	SMMU_MT_DEV_NGRE,
	SMMU_MT_DEV_NGNRE,
	SMMU_MT_DEV_NGNRNE,
};

enum smmu_shareability { SMMU_SH_NSH, SMMU_SH_OSH = 2, SMMU_SH_ISH = 3 };

/*
 * Attributes of an access as they leave a device (IHI 0070 chapter 13). For a
 * Device type inner and outer are equal and the allocation hints are 0.
 */
struct smmu_attr {
	uint8_t inner, outer; /* enum smmu_memtype */
	uint8_t sh;	      /* enum smmu_shareability */
	uint8_t ra, wa, tr;   /* read-allocate, write-allocate, transient: 0 or 1 */
	uint8_t inst, priv;   /* 1: instruction fetch; 1: privileged */
	uint8_t ns;	      /* 1: Non-secure physical address space */
	uint8_t pmg;	      /* MPAM (IHI 0070 chapter 17), Non-secure PARTID space; */
	uint16_t partid;      /* both are 0 without MPAM */
	uint8_t pbha;	      /* descriptor bits [62:59] that hardware may use, others 0;
				 IDR3.PBHA */
	uint8_t unused[3];    /* 0: sixteen bytes to copy, and to compare */
};

/*
 * Memory or devices that the harness supplies itself. Each callback returns 0,
 * or a negative errno for an external abort. `len` never crosses the region's
 * end. read/write are called for any length >= 1, with bytes in memory order; an
 * aligned length of 4 or 8 must be single-copy atomic. cas64 takes and returns
 * what smmu_bus_cas64 does. It may be NULL: then the bus does it with read and
 * write under a lock of that region, which makes it atomic against other
 * compare-and-swaps but not against plain writes (CHOICE: a write callback may run
 * a whole device and must not hold a lock); memory that holds page tables wants a
 * cas64 of its own. attr is never NULL.
 */
struct smmu_mem_ops {
	int (*read)(void *ctx, uint64_t pa, void *buf, size_t len,
		    const struct smmu_attr *attr);
	int (*write)(void *ctx, uint64_t pa, const void *buf, size_t len,
		     const struct smmu_attr *attr);
	int (*cas64)(void *ctx, uint64_t pa, uint64_t *expected, uint64_t desired,
		     const struct smmu_attr *attr);
};

/* Makes an empty bus (every access is an external abort), or NULL: no memory. */
SMMU_API struct smmu_bus *smmu_bus_create(void);
/* Frees the bus and the RAM that it allocated; NULL is allowed. */
SMMU_API void smmu_bus_destroy(struct smmu_bus *bus);

/*
 * Adds RAM at [pa, pa + size). host == NULL: the bus allocates it, zeroed, and
 * populates it lazily (a 64 GB bank costs nothing until it is touched). Else the
 * harness keeps `size` bytes at host, 8-byte aligned, until the bus is gone.
 * pa and size are multiples of 4096.
 * -EINVAL misaligned, size 0 or beyond 2^64; -EEXIST overlaps; -ENOMEM.
 */
SMMU_API int smmu_bus_add_ram(struct smmu_bus *bus, uint64_t pa, uint64_t size,
			      void *host);
/*
 * Adds a region behind callbacks; *ops is copied; granularity 4 bytes. Errors as
 * add_ram; -EINVAL also when read or write is missing.
 */
SMMU_API int smmu_bus_add_region(struct smmu_bus *bus, uint64_t pa, uint64_t size,
				 const struct smmu_mem_ops *ops, void *ctx);
/*
 * Registers of a device, embedded in its own structure: callbacks that see accesses of
 * 4 and 8 aligned bytes, at a physical address, values in host order. CHOICE: longer
 * aligned accesses are cut into such; others, and compare-and-swaps, are external aborts.
 */
struct smmu_bus_regs {
	uint64_t (*read)(const struct smmu_bus_regs *regs, uint64_t pa, unsigned size);
	void (*write)(const struct smmu_bus_regs *regs, uint64_t pa, unsigned size,
		      uint64_t value);
};
/* Adds them at [pa, pa + size); regs outlives the bus. Errors as add_region. */
SMMU_API int smmu_bus_add_regs(struct smmu_bus *bus, uint64_t pa, uint64_t size,
			       struct smmu_bus_regs *regs);
/*
 * Adds an MSI doorbell at [pa, pa + size): a 32-bit write is delivered to fn
 * with its address; reads and other sizes are external aborts. Granularity 4
 * bytes. Errors as add_ram; -EINVAL also for fn == NULL.
 */
typedef void (*smmu_msi_fn)(void *ctx, uint64_t pa, uint32_t data,
			    const struct smmu_attr *attr);
SMMU_API int smmu_bus_add_doorbell(struct smmu_bus *bus, uint64_t pa, uint64_t size,
				   smmu_msi_fn fn, void *ctx);

/*
 * The host address of [pa, pa + len) if it is RAM of one smmu_bus_add_ram, else
 * NULL; len == 0: NULL. Valid as long as the bus. Multi-byte contents are
 * little-endian. Use atomic accesses where another thread may use the same bytes.
 */
SMMU_API void *smmu_bus_ptr(struct smmu_bus *bus, uint64_t pa, uint64_t len);

/*
 * The RAM around an address: all of one smmu_bus_add_ram(). RAM is never taken away, so
 * that who keeps this may access [base, base + size) at host without the bus, as long as
 * the bus lives; rules as for smmu_bus_ptr(). false: no RAM is there, or bus or ram is
 * NULL; *ram untouched.
 */
struct smmu_bus_ram {
	uint64_t base, size; /* bytes, multiples of 4096 */
	void *host;	     /* 8-byte aligned */
};
SMMU_API bool smmu_bus_ram(const struct smmu_bus *bus, uint64_t pa,
			   struct smmu_bus_ram *ram);

/*
 * What answers at an address: the first range that ends at pa or above it. false:
 * there is none; *range untouched. A debugger's question: nothing is accessed.
 */
enum smmu_bus_kind {
	SMMU_BUS_RAM,
	SMMU_BUS_DEVICE, /* callbacks: reading may have side effects */
	SMMU_BUS_DOORBELL,
};
struct smmu_bus_range {
	uint64_t base, last; /* both inclusive */
	enum smmu_bus_kind kind;
};
SMMU_API bool smmu_bus_next(const struct smmu_bus *bus, uint64_t pa,
			    struct smmu_bus_range *range);

/*
 * Accesses. 0, or -EFAULT: external abort (a hole, a callback that failed); on
 * abort a read has changed nothing in buf/val, a write may have written the part
 * before the hole. An access may cross from region to region; one that would pass
 * 2^64 is an abort that touches nothing. len == 0 is 0 and no access, anywhere.
 * -EINVAL: bus, buf, val or expected is NULL. -ENOMEM: only smmu_bus_read of more
 * than 256 bytes through callbacks. attr == NULL: Normal write-back, read- and
 * write-allocate, Inner Shareable, data, privileged, Non-secure.
 * The fixed-size forms take a naturally aligned pa (else -EFAULT), are
 * single-copy atomic, and convert between little-endian memory and host order; one
 * that would cross from region to region is an abort. read and write of RAM are
 * atomic in each naturally aligned 8 bytes, and at the edges in the largest
 * aligned 4, 2 or 1, so DMA may race with a CPU that goes through the bus.
 * Ordering: reads acquire, writes release, cas64 is sequentially consistent.
 * Cost: no lock and no allocation on RAM; the first 8 banks added are the fastest.
 */
SMMU_API int smmu_bus_read(struct smmu_bus *bus, uint64_t pa, void *buf, size_t len,
			   const struct smmu_attr *attr);
SMMU_API int smmu_bus_write(struct smmu_bus *bus, uint64_t pa, const void *buf,
			    size_t len, const struct smmu_attr *attr);
SMMU_API int smmu_bus_read32(struct smmu_bus *bus, uint64_t pa, uint32_t *val,
			     const struct smmu_attr *attr);
SMMU_API int smmu_bus_read64(struct smmu_bus *bus, uint64_t pa, uint64_t *val,
			     const struct smmu_attr *attr);
SMMU_API int smmu_bus_write32(struct smmu_bus *bus, uint64_t pa, uint32_t val,
			      const struct smmu_attr *attr);
SMMU_API int smmu_bus_write64(struct smmu_bus *bus, uint64_t pa, uint64_t val,
			      const struct smmu_attr *attr);
/*
 * Compare and swap of 64 bits: 0 swapped; 1 not equal, *expected is what memory
 * holds; -EFAULT external abort.
 */
SMMU_API int smmu_bus_cas64(struct smmu_bus *bus, uint64_t pa, uint64_t *expected,
			    uint64_t desired, const struct smmu_attr *attr);

/*
 * Wires, edge-triggered, found by name ("smmu0.eventq"; 1 to 63 characters). A
 * wire exists from its first mention. At most one listener a wire: a second
 * listen replaces the first, fn == NULL disconnects it; a pulse under way on
 * another thread may still reach the old one. -EINVAL bad name; -ENOMEM.
 */
typedef void (*smmu_wire_fn)(void *ctx, const char *name);
SMMU_API int smmu_bus_listen(struct smmu_bus *bus, const char *name, smmu_wire_fn fn,
			     void *ctx);
/* The wire of that name, made if need be; NULL: bad name or no memory. */
SMMU_API struct smmu_wire *smmu_bus_wire(struct smmu_bus *bus, const char *name);
/* One pulse: counted, then the listener's callback runs here. Takes no lock. */
SMMU_API void smmu_wire_pulse(struct smmu_wire *wire);
/* How often the wire was pulsed since it exists; NULL: 0. Acquires each pulse. */
SMMU_API uint64_t smmu_wire_pulses(const struct smmu_wire *wire);

SMMU_END_DECLS
#endif /* SMMULATOR_BUS_H */
