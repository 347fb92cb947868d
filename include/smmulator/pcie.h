/* SPDX-License-Identifier: MIT */
/*
 * A PCIe function behind an SMMU: configuration space with ATS, PRI, PASID and FLR, an
 * address translation cache (ATC), a DMA engine that uses it, and page requests. What
 * the function may do is what software has enabled in its configuration space, as a
 * driver does it. Source: PCI Express Base 4.0, 6.20, 7.8.8 (PASID), 10.3 to 10.5 (ATS,
 * PRI); IHI 0070 3.9, 13.6, 13.7.
 *
 * Context: one thread uses one function at a time; its SMMU's messages to it may come
 * on any other meanwhile. Misuse is a negative errno and changes nothing.
 */
#ifndef SMMULATOR_PCIE_H
#define SMMULATOR_PCIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/ats.h>
#include <smmulator/export.h>
#include <smmulator/smmu.h>

SMMU_BEGIN_DECLS

struct smmu_pcie;

/* How the function answers an Invalidate Request. */
enum smmu_pcie_manners {
	SMMU_PCIE_POLITE,  /* forgets, and completes when nothing of it is in use */
	SMMU_PCIE_LATE,	   /* forgets; completes in smmu_pcie_answer() only */
	SMMU_PCIE_MUTE,	   /* forgets, never completes: software meets a time-out */
	SMMU_PCIE_TIMEOUT, /* forgets, and the time is over at once */
	SMMU_PCIE_DEAF,	   /* completes and forgets nothing: a broken device */
};

struct smmu_pcie_config {
	size_t size; /* sizeof(struct smmu_pcie_config) */
	const char *name;
	struct smmu *smmu; /* outlives the function */
	uint32_t sid;
	uint16_t vendor, device; /* ids in its configuration space */
	bool ats, pri, flr;	 /* capabilities; pri wants ats */
	uint8_t pasid_width;	 /* 0: no PASID capability; 1 to 20 */
	bool pasid_exec, pasid_priv;
	uint32_t page_requests; /* Outstanding Page Request Capacity; 0: 64; <= 512 */
	uint32_t atc_sets, atc_ways; /* powers of two; 0: 64 sets of 4 */
	uint8_t manners;	     /* enum smmu_pcie_manners */
	/* Told of each PRG response that was expected; may be NULL. No lock held. */
	void (*page_response)(void *ctx, uint16_t prg_index, unsigned code);
	void *ctx;
};

/*
 * A function after its reset: nothing enabled. 0; -EINVAL: a value out of range; -ENOMEM;
 * with ats, also the errors of smmu_ats_attach().
 */
SMMU_API int smmu_pcie_create(struct smmu_pcie **fn, const struct smmu_pcie_config *cfg);
/* Detaches it; what was sent to it completes as with UR. NULL is allowed. */
SMMU_API void smmu_pcie_destroy(struct smmu_pcie *fn);
SMMU_API const char *smmu_pcie_name(const struct smmu_pcie *fn);

/*
 * Configuration space, 4096 bytes; size 1, 2 or 4, aligned. A read of nothing is 0, a
 * misaligned or larger one all ones; such a write, and one of what is read-only, is
 * ignored. Writing DevCtl's Initiate FLR resets the function before this returns.
 */
SMMU_API uint32_t smmu_pcie_cfg_read(struct smmu_pcie *fn, uint16_t offset,
				     unsigned size);
SMMU_API void smmu_pcie_cfg_write(struct smmu_pcie *fn, uint16_t offset, unsigned size,
				  uint32_t value);
/* Offset of a capability (id < 0x100: 0x10 PCI Express) or extended one; 0: none. */
#define SMMU_PCI_CAP_EXP   0x10u
#define SMMU_PCI_EXT_ATS   0x10fu /* extended capabilities: 0x100 + id */
#define SMMU_PCI_EXT_PRI   0x113u
#define SMMU_PCI_EXT_PASID 0x11bu
SMMU_API uint16_t smmu_pcie_find_cap(struct smmu_pcie *fn, unsigned id);

/*
 * What a driver does with it, in the order that PCIe wants: bus mastering, PASID before
 * ATS, PRI last; disable the other way round. -EOPNOTSUPP: no such capability; -EBUSY:
 * PASID while ATS is on, ATS that is on already; -EINVAL: stu (log2 bytes) not 12 to 43.
 */
SMMU_API void smmu_pcie_set_master(struct smmu_pcie *fn, bool on);
SMMU_API int smmu_pcie_enable_pasid(struct smmu_pcie *fn, bool exec, bool priv);
SMMU_API int smmu_pcie_disable_pasid(struct smmu_pcie *fn);
SMMU_API int smmu_pcie_enable_ats(struct smmu_pcie *fn, unsigned stu);
SMMU_API int smmu_pcie_disable_ats(struct smmu_pcie *fn);
SMMU_API int smmu_pcie_enable_pri(struct smmu_pcie *fn, uint32_t allocation);
SMMU_API int smmu_pcie_disable_pri(struct smmu_pcie *fn);

/* Function-level reset, at any moment. -EOPNOTSUPP: not in DevCap. */
SMMU_API int smmu_pcie_flr(struct smmu_pcie *fn);

/* ---- DMA ---- */

struct smmu_pcie_dma {
	uint8_t op; /* SMMU_READ: memory to buf; SMMU_WRITE: buf to memory */
	bool ssv;   /* with a PASID */
	bool exec, priv;
	bool page_in; /* what is not there is asked for, if PRI is on */
	uint32_t ssid;
	uint64_t addr;
	void *buf; /* only read from if op is SMMU_WRITE */
	uint64_t len;
};

/*
 * Moves it, translating through the ATC if ATS is enabled, up to the first part that
 * cannot be. 0; -EFAULT: refused by the SMMU or without permission; -EAGAIN: a page
 * request is on its way for what is missing, repeat when it is answered; -ENOSPC: as
 * many are outstanding as were allocated; -EACCES: bus mastering is off; -ECANCELED: the
 * function was reset meanwhile; -EINVAL: no buf, addr + len past 2^64, or a PASID, exec
 * or priv that is not enabled. *done (may be NULL): bytes moved.
 */
SMMU_API int smmu_pcie_dma(struct smmu_pcie *fn, const struct smmu_pcie_dma *dma,
			   uint64_t *done);
struct smmu_pcie_segment {
	uint64_t addr, len;
};
/* A scatter list: dma's buf is all segments' bytes in order, addr and len unused. */
SMMU_API int smmu_pcie_dma_list(struct smmu_pcie *fn, const struct smmu_pcie_dma *dma,
				const struct smmu_pcie_segment *segs, size_t n,
				uint64_t *done);
/* Compare and swap of 8 aligned bytes; *expected receives the old value. */
SMMU_API int smmu_pcie_cas64(struct smmu_pcie *fn, const struct smmu_pcie_dma *dma,
			     uint64_t *expected, uint64_t desired);

/* ---- invalidations and page requests ---- */

SMMU_API void smmu_pcie_set_manners(struct smmu_pcie *fn, enum smmu_pcie_manners manners);
/* Completes what LATE has kept back; how many. */
SMMU_API unsigned smmu_pcie_answer(struct smmu_pcie *fn);

/*
 * Sends one page request of a group. -EOPNOTSUPP: PRI is off, or stopped after a
 * response Failure; -ENOSPC; -EINVAL: prg_index above 511, or in use by a group whose
 * last request was sent; else enum smmu_page_request_fate.
 */
SMMU_API int smmu_pcie_page_request(struct smmu_pcie *fn, const struct smmu_pcie_dma *what,
				    uint16_t prg_index, bool last);
/* The stop marker: this PASID asks for no more pages. Results as above. */
SMMU_API int smmu_pcie_stop_pasid(struct smmu_pcie *fn, uint32_t pasid);

struct smmu_pcie_stats {
	uint64_t atc_hits, atc_misses, atc_fills, invalidations;
	uint64_t page_requests, page_responses, unexpected_responses;
	uint64_t resets;
	unsigned atc_entries;	       /* that live now */
	unsigned outstanding_pages;    /* page requests not answered yet */
	unsigned outstanding_requests; /* invalidations not completed yet */
};
SMMU_API void smmu_pcie_stats(struct smmu_pcie *fn, struct smmu_pcie_stats *stats);

SMMU_END_DECLS
#endif /* SMMULATOR_PCIE_H */
