/* SPDX-License-Identifier: MIT */
/*
 * A DMA master: a PCIe function or a platform device that reads and writes memory
 * through the SMMU, or SMMUs, that it is wired to. Each of its streams is one
 * StreamID at one SMMU, with a port of its own.
 *
 * Context: one thread uses one endpoint at a time; several endpoints may be used
 * in parallel. Misuse is an errno and changes nothing; what the SMMU does to a
 * transaction is in the result.
 */
#ifndef SMMULATOR_ENDPOINT_H
#define SMMULATOR_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <smmulator/bus.h>
#include <smmulator/export.h>
#include <smmulator/smmu.h>

SMMU_BEGIN_DECLS

struct smmu_endpoint;

/* Where one stream enters. smmu NULL: straight onto the bus, nothing translates. */
struct smmu_endpoint_stream {
	struct smmu *smmu;
	uint32_t sid;
};

struct smmu_endpoint_config {
	size_t size; /* sizeof(struct smmu_endpoint_config) */
	const char *name;
	struct smmu_bus *bus; /* for streams without an SMMU; else it may be NULL */
	bool is_pci;
	uint16_t rid; /* requester id, bus << 8 | devfn, if is_pci */
	size_t nstreams;
	const struct smmu_endpoint_stream *streams; /* copied */
};

/*
 * 0; -EINVAL: no streams, a wrong size, or a stream with neither SMMU nor bus;
 * -ENOMEM. SMMUs and bus outlive the endpoint.
 */
SMMU_API int smmu_endpoint_create(struct smmu_endpoint **ep,
				  const struct smmu_endpoint_config *cfg);
/* Closes its ports and frees it; NULL is allowed. */
SMMU_API void smmu_endpoint_destroy(struct smmu_endpoint *ep);

SMMU_API const char *smmu_endpoint_name(const struct smmu_endpoint *ep);
SMMU_API size_t smmu_endpoint_streams(const struct smmu_endpoint *ep);
/* NULL: no such stream. */
SMMU_API const struct smmu_endpoint_stream *
smmu_endpoint_stream(const struct smmu_endpoint *ep, size_t stream);
/* The requester id, or -1: not a PCI function. */
SMMU_API int smmu_endpoint_rid(const struct smmu_endpoint *ep);

/* One transfer. All zero but stream, op, addr, buf and len is an ordinary one. */
struct smmu_endpoint_dma {
	size_t stream; /* index */
	uint8_t op;    /* SMMU_READ: memory to buf; SMMU_WRITE: buf to memory */
	bool ssv;      /* with a SubstreamID (PASID) */
	bool priv, inst;
	uint32_t ssid;
	uint64_t addr; /* as the device sees it */
	void *buf;     /* only read from if op is SMMU_WRITE */
	uint64_t len;
};

/*
 * Does it, 4 KiB piece by piece, up to the first piece that is terminated.
 * 0: moved as far as the device can tell (a piece that reads as zero and ignores
 * writes counts as moved here, and as a fault in the counters);
 * -EFAULT: terminated with an error response; -EAGAIN: stalled, no response yet: the
 * buffer stays in use until smmu_endpoint_wait() or smmu_endpoint_cancel() has ended it,
 * and the stream takes no other transfer (-EBUSY);
 * -EINVAL: no such stream, op neither read nor write, or addr + len past 2^64.
 * A PCIe function is never stalled (IHI 0070 16.4): a stall is an abort for it.
 * *result (may be NULL) is that of the last piece looked at, *done (may be NULL)
 * the bytes moved; neither is written on -EINVAL and -EBUSY.
 */
SMMU_API int smmu_endpoint_dma(struct smmu_endpoint *ep,
			       const struct smmu_endpoint_dma *dma,
			       struct smmu_result *result, uint64_t *done);
/* The same for plain transfers. */
SMMU_API int smmu_endpoint_read(struct smmu_endpoint *ep, size_t stream, uint64_t addr,
				void *buf, uint64_t len);
SMMU_API int smmu_endpoint_write(struct smmu_endpoint *ep, size_t stream, uint64_t addr,
				 const void *buf, uint64_t len);

/*
 * Goes on with the transfer of a stream that has stalled, waiting up to timeout_ns
 * (0: looks, negative: for ever) each time that it does. Results as above; -ETIMEDOUT: it
 * is still stalled; -ENOENT: there is none; -EDEADLK, as smmu_port_wait().
 */
SMMU_API int smmu_endpoint_wait(struct smmu_endpoint *ep, size_t stream,
				int64_t timeout_ns, struct smmu_result *result,
				uint64_t *done);
/*
 * Gives it up, as a reset of the device does. 0; -ENOENT; -EINVAL; and, the transfer
 * going on, -EBUSY and -EDEADLK as smmu_port_cancel().
 */
SMMU_API int smmu_endpoint_cancel(struct smmu_endpoint *ep, size_t stream);

struct smmu_endpoint_stats {
	uint64_t transfers;
	uint64_t bytes_read, bytes_written; /* that reached memory */
	uint64_t faults;		    /* pieces not moved, whatever the response */
	struct smmu_result last_fault;	    /* valid if faults is not 0 */
};
/* Since creation. stream SIZE_MAX: all streams together. -EINVAL: no such stream. */
SMMU_API int smmu_endpoint_stats(const struct smmu_endpoint *ep, size_t stream,
				 struct smmu_endpoint_stats *stats);

SMMU_END_DECLS
#endif /* SMMULATOR_ENDPOINT_H */
