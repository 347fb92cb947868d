/* SPDX-License-Identifier: MIT */
/*
 * The whole state of an SMMU as bytes: configuration, registers, command queues, what
 * the caches hold, signals not yet sent, statistics; with memory if wanted. Taken in
 * again, it goes on as the original would have.
 *
 * The bytes: "SMMUSNAP", u32 version, u32 number of sections; each section a tag of
 * four characters, u32 flags (bit 0: whoever does not know it must refuse), u64 length
 * and that many bytes. All numbers are little-endian on every host.
 *
 * Not in it: ports, wires and who listens to them, the trace hook, the log, what DMA
 * has under way. Of a stalled transaction there is its STAG: it stays taken until software
 * answers it, but nothing is behind it; those stalled where a snapshot is taken in end
 * with abort. Context: any thread; not from a callback or hook of the same SMMU.
 */
#ifndef SMMULATOR_SNAPSHOT_H
#define SMMULATOR_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>
#include <smmulator/bus.h>
#include <smmulator/export.h>
#include <smmulator/smmu.h>

SMMU_BEGIN_DECLS

enum {
	SMMU_SNAPSHOT_MEMORY = 1 << 0,	/* save: all RAM of the bus that is not zero */
	SMMU_SNAPSHOT_ADD_RAM = 1 << 1, /* create: add the RAM that the bus lacks */
};
#define SMMU_SNAPSHOT_VERSION 2u

/*
 * *data receives *len bytes, to be freed with free(). Memory is read while other
 * threads may write it. 0; -EINVAL a flag that is none, or NULL; -ENOMEM; -EBUSY: from
 * inside this SMMU, or (stepped mode) something is half done: smmu_run_until_idle().
 */
SMMU_API int smmu_snapshot_save(struct smmu *smmu, unsigned flags, void **data,
				size_t *len);
/*
 * Takes a snapshot in. Its configuration must be this SMMU's but for the name and the
 * log. Memory in it overwrites the bus's, which must have RAM there. Wires and MSIs
 * that were waiting are sent before it returns.
 * 0; -EINVAL: the bytes are no such snapshot: truncated, damaged, of another version or
 * another configuration: why[0..n) (may be NULL) names section and offset; -ENOMEM;
 * -EBUSY. Then nothing has changed.
 */
SMMU_API int smmu_snapshot_restore(struct smmu *smmu, const void *data, size_t len,
				   char *why, size_t n);
/*
 * Makes an SMMU on a bus from a snapshot, configuration and name included. flags: 0 or
 * SMMU_SNAPSHOT_ADD_RAM. Errors as above; the bus may have got RAM when it fails.
 */
SMMU_API int smmu_snapshot_create(struct smmu **smmu, struct smmu_bus *bus,
				  const void *data, size_t len, unsigned flags, char *why,
				  size_t n);

/*
 * Makes one register what a dump of a real machine says, without what a write would do.
 * name: with or without SMMU_. CR0 and IRQ_CTRL bring their acknowledgement with them.
 * An ID register must have that value already. Page 0 and 1 only.
 * 0; -EINVAL: why[0..n) says what is wrong; -EBUSY.
 */
SMMU_API int smmu_reg_restore(struct smmu *smmu, const char *name, uint64_t value,
			      char *why, size_t n);

SMMU_END_DECLS
#endif /* SMMULATOR_SNAPSHOT_H */
