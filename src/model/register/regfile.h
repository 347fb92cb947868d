/* SPDX-License-Identifier: MIT */
/* Inside of register/: the register file as a table. */
#ifndef MODEL_REGISTER_REGFILE_H
#define MODEL_REGISTER_REGFILE_H

#include <stddef.h>
#include "model/model.h"

struct smmu_regdesc {
	uint32_t offset; /* from page 0 */
	uint8_t size;	 /* bytes: 4 or 8 */
	uint32_t at;	 /* where struct smmu keeps it */
	uint64_t bits;	 /* its fields; the rest is RES0 */
	/* Of these, what this SMMU has; NULL: all. Reads and writes see no other. */
	uint64_t (*limit)(const struct smmu *smmu);
	bool (*present)(const struct smmu *smmu);  /* NULL: always; else RES0 (REG-6) */
	bool (*writable)(const struct smmu *smmu); /* NULL: never */
	/* Does what a write does; NULL: the value is stored. value: RES0 bits are 0. */
	void (*write)(struct smmu *smmu, uint64_t value);
	bool polled; /* may be read without the lock; of 4 bytes */
};

/* Where the offsets of the VATOS page begin in the tables. */
#define SMMU_VATOS_ROWS 0x80000000u

struct smmu_regtable {
	const struct smmu_regdesc *rows;
	size_t n;
};
extern const struct smmu_regtable smmu_regs_main; /* regfile.c */
extern const struct smmu_regtable smmu_regs_atos; /* atos/registers.c */
extern const struct smmu_regtable smmu_regs_dpt;  /* dpt/registers.c */

/* The register that covers the byte at offset, NULL: reserved. */
const struct smmu_regdesc *smmu_regdesc_at(const struct smmu *smmu, uint64_t offset);
/* The same in the first 256 bytes of the first two pages; NULL elsewhere. */
const struct smmu_regdesc *smmu_regdesc_fast(const struct smmu *smmu, uint64_t offset);
uint64_t smmu_regdesc_read(const struct smmu *smmu, const struct smmu_regdesc *reg);
/* Writes the bits of lanes; a register that is not writable now stays as it is. */
void smmu_regdesc_write(struct smmu *smmu, const struct smmu_regdesc *reg, uint64_t value,
			uint64_t lanes);

/* CMDQ_PROD, as a write of 4 bytes makes it. */
void smmu_cmdq_ring(struct smmu *smmu, uint32_t value);

/* ---- ecmdq.c: the control pages, and what page 0 says of them ---- */
bool smmu_ecmdq_owns(const struct smmu *smmu, uint64_t offset);
/* It lies in a control page. */
bool smmu_ecmdq_is_page(const struct smmu *smmu, uint64_t offset);
/* A write of PROD that moves the index of an enabled queue, and no more: *q is that. */
bool smmu_ecmdq_post(struct smmu *smmu, uint64_t offset, uint32_t value,
		     struct smmu_cmdq **q);
/* PROD or CONS of a queue: read without the lock, too. */
bool smmu_ecmdq_is_polled(const struct smmu *smmu, uint64_t offset);
/* Whether the register at offset is one of 64 bits. */
bool smmu_ecmdq_is_wide(const struct smmu *smmu, uint64_t offset);
/* 64 bits at offset & ~7, of which two 32-bit registers may be the halves. */
uint64_t smmu_ecmdq_read(const struct smmu *smmu, uint64_t offset);
/* Writes the bits of lanes of these 64; they lie within one register. */
void smmu_ecmdq_write(struct smmu *smmu, uint64_t offset, uint64_t value, uint64_t lanes);
bool smmu_ecmdq_any_enabled(const struct smmu *smmu); /* or about to be */
void smmu_ecmdq_reset(struct smmu *smmu);

/* Makes it hold a value, without what a write does and whether or not it may be written.
 */
void smmu_regdesc_restore(struct smmu *smmu, const struct smmu_regdesc *reg,
			  uint64_t value);

/* Drops what waits to be signalled by sources that IRQ_CTRL has disabled. */
void smmu_irq_forget_disabled(struct smmu *smmu);

/* Index and wrap flag of a queue of 2^log2 entries, which are at most 2^max. */
static inline uint32_t smmu_index_bits(uint64_t log2, unsigned max)
{
	return (2u << (log2 < max ? log2 : max)) - 1;
}

#endif /* MODEL_REGISTER_REGFILE_H */
