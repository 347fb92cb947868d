/* SPDX-License-Identifier: MIT */
/*
 * A PCIe function behind an SMMU: configuration space with ATS, PRI, PASID, SR-IOV, MSI,
 * MSI-X and FLR, an address translation cache (ATC), a DMA engine that uses it, page
 * requests, and interrupts. What the function may do is what software has enabled in its
 * configuration space, as a driver does it. Source: PCI Express Base 4.0, 6.1.4 and 7.7
 * (MSI, MSI-X), 6.20, 7.8.8 (PASID), 9 (SR-IOV), 10.3 to 10.5 (ATS, PRI); IHI 0070 3.9,
 * 13.6, 13.7.
 *
 * Context: one thread does DMA, page requests and interrupts of one function at a time;
 * its configuration space, BAR, resets and statistics are for any thread, and its
 * SMMU's messages to it may come on any. A PF and its VFs count as several functions.
 * Misuse is a negative errno and changes nothing.
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
	uint16_t class_code;	 /* base class << 8 | sub-class */
	bool ats, pri, flr;	 /* capabilities; pri wants ats */
	uint8_t pasid_width;	 /* 0: no PASID capability; 1 to 20 */
	bool pasid_exec, pasid_priv;
	uint32_t page_requests; /* Outstanding Page Request Capacity; 0: 64; <= 512 */
	uint32_t atc_sets, atc_ways; /* powers of two; 0: 64 sets of 4 */
	uint8_t manners;	     /* enum smmu_pcie_manners */
	uint8_t msi_vectors;	     /* 0: no MSI; 1, 2, 4, 8, 16, 32 */
	uint16_t msix_vectors; /* 0: no MSI-X; to 2048; table at 0 of BAR 0, PBA 0x8000 */
	/*
	 * A PF: VFs that it can have, 0 (no SR-IOV) to SMMU_PCIE_MAX_VFS. Each has what
	 * its PF has of the above, but always FLR. VF i is vf_offset + i * vf_stride
	 * RequesterIDs after the PF: vf_offset is not 0, vf_stride not if there are
	 * several.
	 */
	uint16_t total_vfs, vf_offset, vf_stride;
	uint16_t vf_device;	 /* VF Device ID */
	const uint32_t *vf_sids; /* of each VF, copied; NULL: sid and as above */
	/* Told of each PRG response that was expected; may be NULL. No lock held. */
	void (*page_response)(void *ctx, uint16_t prg_index, unsigned code);
	void *ctx;
};

#define SMMU_PCIE_MAX_VFS 256u

/*
 * A function after its reset: nothing enabled, no VFs. 0; -EINVAL: a value out of range;
 * -ENOMEM; with ats, also the errors of smmu_ats_attach(), but an SMMU without ATS is
 * allowed: it answers translation requests with UR. -ERANGE: a VF's StreamID past 32
 * bits.
 */
SMMU_API int smmu_pcie_create(struct smmu_pcie **fn, const struct smmu_pcie_config *cfg);
/* Detaches it; what was sent to it completes as with UR. A PF takes its VFs with it; a
   VF, or NULL: nothing happens. */
SMMU_API void smmu_pcie_destroy(struct smmu_pcie *fn);
SMMU_API const char *smmu_pcie_name(const struct smmu_pcie *fn);
SMMU_API uint32_t smmu_pcie_sid(const struct smmu_pcie *fn);

/*
 * Virtual functions. VF `index` of this PF, whether it is enabled or not: it lives as
 * long as its PF. NULL: there can be no such one. While its PF's VF Enable is off, or
 * NumVFs does not count it, it is not there: configuration space reads all ones and
 * ignores writes, DMA, page requests and interrupts are -ENODEV, invalidations UR. It
 * uses its PF's PASID and PRI capabilities; the allocation of page requests is one for
 * all.
 */
SMMU_API struct smmu_pcie *smmu_pcie_vf(struct smmu_pcie *fn, unsigned index);
SMMU_API struct smmu_pcie *smmu_pcie_pf(struct smmu_pcie *fn); /* NULL: it is no VF */
SMMU_API bool smmu_pcie_present(struct smmu_pcie *fn);

/*
 * Configuration space, 4096 bytes; size 1, 2 or 4, aligned. A read of nothing is 0, a
 * misaligned or larger one all ones; such a write, and one of what is read-only, is
 * ignored. Writing DevCtl's Initiate FLR resets the function before this returns; a PF's
 * VFs vanish with it.
 */
SMMU_API uint32_t smmu_pcie_cfg_read(struct smmu_pcie *fn, uint16_t offset,
				     unsigned size);
SMMU_API void smmu_pcie_cfg_write(struct smmu_pcie *fn, uint16_t offset, unsigned size,
				  uint32_t value);
/* Offset of a capability (id < 0x100: 0x10 PCI Express) or extended one; 0: none. */
#define SMMU_PCI_CAP_MSI   0x05u
#define SMMU_PCI_CAP_EXP   0x10u
#define SMMU_PCI_CAP_MSIX  0x11u
#define SMMU_PCI_EXT_ATS   0x10fu /* extended capabilities: 0x100 + id */
#define SMMU_PCI_EXT_SRIOV 0x110u
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
/* VFs 0 to n - 1 appear. -EOPNOTSUPP; -EINVAL: more than there can be; -EBUSY: they are.
 */
SMMU_API int smmu_pcie_enable_vfs(struct smmu_pcie *fn, uint16_t n);
SMMU_API int smmu_pcie_disable_vfs(struct smmu_pcie *fn);

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
 * function was reset meanwhile; -ENODEV: a VF that is not there; -EINVAL: no buf, addr +
 * len past 2^64, or a PASID, exec or priv that is not enabled. *done (may be NULL): bytes
 * moved.
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
SMMU_API int smmu_pcie_page_request(struct smmu_pcie *fn,
				    const struct smmu_pcie_dma *what, uint16_t prg_index,
				    bool last);
/* The stop marker: this PASID asks for no more pages. Results as above. */
SMMU_API int smmu_pcie_stop_pasid(struct smmu_pcie *fn, uint32_t pasid);

/* ---- interrupts ---- */

/*
 * Raises a vector: MSI-X if it is enabled, else MSI. The message is a write of 4 bytes
 * that the SMMU translates. 0; -EFAULT: refused by the SMMU; -EAGAIN: masked, so it is
 * pending and goes when it is unmasked; -EOPNOTSUPP: neither is enabled; -EINVAL: no such
 * vector, or not allocated; -EACCES: bus mastering is off; -ENODEV.
 */
SMMU_API int smmu_pcie_interrupt(struct smmu_pcie *fn, unsigned vector);
/* BAR 0, words at multiples of 4 bytes: MSI-X table and pending bits; the rest is 0. */
SMMU_API uint32_t smmu_pcie_bar_read(struct smmu_pcie *fn, uint32_t offset);
SMMU_API void smmu_pcie_bar_write(struct smmu_pcie *fn, uint32_t offset, uint32_t value);

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
