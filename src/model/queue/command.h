/* SPDX-License-Identifier: MIT */
/* Inside of queue/: what each command is and does. */
#ifndef MODEL_QUEUE_COMMAND_H
#define MODEL_QUEUE_COMMAND_H

#include "model/model.h"

struct smmu_command {
	const char *name;
	/* The parts of the SMMU that it needs; NULL: always there. */
	bool (*present)(const struct smmu_config *cfg);
	/* Illegal parameters, beyond reserved bits; NULL: none. */
	bool (*illegal)(const struct smmu *smmu, const uint64_t *dw);
	void (*run)(struct smmu *smmu, const uint64_t *dw);
};

/*
 * CMD-4, CMD-5: SMMU_CERROR_ILL, before anything can make the command one to be ignored
 * or to wait; or SMMU_CERROR_NONE, and *dw are its bits that mean something.
 */
unsigned smmu_command_check(const struct smmu *smmu, const uint64_t *raw, uint64_t *dw);
/* Executes a legal one: SMMU_CERROR_NONE, or its error and nothing has happened. */
unsigned smmu_command_run(struct smmu *smmu, const uint64_t *dw);

/* Fills smmu->cmd_bits from the tables and the configuration; once, at creation. */
void smmu_command_bits_init(struct smmu *smmu);
/*
 * CMD-6: *dw becomes the bits of *raw that mean something here and now. False: a
 * RES0 bit is set, and this SMMU minds.
 */
bool smmu_command_defined(const struct smmu *smmu, const uint64_t *raw, uint64_t *dw);

/* ---- frontend.c ---- */
struct smmu_ring;
/*
 * With smmu->front: hands it what the queue has come to, of `count` commands there. How
 * many were done; what follows them stops the queue with *cerror, if that is not NONE.
 */
uint32_t smmu_front_forward(struct smmu *smmu, const struct smmu_cmdq *q,
			    const struct smmu_ring *ring, uint32_t count,
			    unsigned *cerror);

/* ---- tlbi.c ---- */
/* CMD-43; and bits that are RES0 because TG is 0. */
bool smmu_tlbi_illegal(const struct smmu *smmu, const uint64_t *dw);
void smmu_cmd_tlbi(struct smmu *smmu, const uint64_t *dw);

#endif /* MODEL_QUEUE_COMMAND_H */
