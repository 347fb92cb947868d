/* SPDX-License-Identifier: MIT */
/* Inside of queue/: what each command is and does. */
#ifndef MODEL_QUEUE_COMMAND_H
#define MODEL_QUEUE_COMMAND_H

#include "model/model.h"

/* What a queue has to know of a command besides what it does. */
enum smmu_command_kind {
	SMMU_CMD_PLAIN,
	SMMU_CMD_INVALIDATES, /* it has happened by the next CMD_SYNC (CMD-87) */
	SMMU_CMD_SENDS,	      /* a message to a function: it needs a slot */
	SMMU_CMD_SYNCS,
};

struct smmu_command {
	const char *name;
	uint8_t kind; /* enum smmu_command_kind */
	/* The parts of the SMMU that it needs; NULL: always there. */
	bool (*present)(const struct smmu_config *cfg);
	/* Illegal parameters, beyond reserved bits; NULL: none. */
	bool (*illegal)(const struct smmu *smmu, const uint64_t *dw);
	void (*run)(struct smmu *smmu, const uint64_t *dw);
};

/* Fills smmu->op from the tables and the configuration; once, at creation. */
void smmu_commands_init(struct smmu *smmu);
void smmu_command_bits_init(struct smmu *smmu); /* the bits of it */
/*
 * CMD-4, CMD-5: NULL: SMMU_CERROR_ILL, before anything can make the command one to be
 * ignored or to wait; or what it is, and *dw are its bits that mean something.
 *
 * CHOICE (CMD-6; 4.1.5 names two behaviours and asks for one of them throughout): a
 * RES0 bit that is set makes the command CERROR_ILL, or, if the configuration says
 * cmd_res0_ignored, all such bits are taken as 0.
 */
static inline const struct smmu_command *
smmu_command_decode(const struct smmu *smmu, const uint64_t *raw, uint64_t *dw)
{
	const struct smmu_cmd_row *op = &smmu->op[smmu_get(raw, SMMU_CMD_OPCODE)];

	dw[0] = raw[0] & op->bits[0];
	dw[1] = raw[1] & op->bits[1];
	if (((raw[0] ^ dw[0]) | (raw[1] ^ dw[1])) && !smmu->cfg.cmd_res0_ignored)
		return NULL;
	if (!op->cmd || (((dw[0] & op->suspect[0]) | (dw[1] & op->suspect[1])) &&
			 op->cmd->illegal(smmu, dw)))
		return NULL;
	return op->cmd;
}

/* ---- frontend.c ---- */
struct smmu_ring;
/*
 * With smmu->front: hands it what the queue has come to, of `count` commands there. How
 * many were done; what follows them stops the queue with *cerror, if that is not NONE.
 */
uint32_t smmu_front_forward(struct smmu *smmu, const struct smmu_cmdq *q,
			    const struct smmu_ring *ring, uint32_t count,
			    unsigned *cerror);

/* The same with one that was fetched: SMMU_CERROR_NONE, or what the queue stops with. */
unsigned smmu_front_one(struct smmu *smmu, const uint64_t raw[2]);

/* ---- tlbi.c ---- */
/* CMD-43; and bits that are RES0 because TG is 0. */
bool smmu_tlbi_illegal(const struct smmu *smmu, const uint64_t *dw);
void smmu_cmd_tlbi_NH_ALL(struct smmu *smmu, const uint64_t *dw);
void smmu_cmd_tlbi_NH_ASID(struct smmu *smmu, const uint64_t *dw);
void smmu_cmd_tlbi_NH_VA(struct smmu *smmu, const uint64_t *dw);
void smmu_cmd_tlbi_NH_VAA(struct smmu *smmu, const uint64_t *dw);
void smmu_cmd_tlbi_EL2_ALL(struct smmu *smmu, const uint64_t *dw);
void smmu_cmd_tlbi_EL2_ASID(struct smmu *smmu, const uint64_t *dw);
void smmu_cmd_tlbi_EL2_VA(struct smmu *smmu, const uint64_t *dw);
void smmu_cmd_tlbi_EL2_VAA(struct smmu *smmu, const uint64_t *dw);
void smmu_cmd_tlbi_S12_VMALL(struct smmu *smmu, const uint64_t *dw);
void smmu_cmd_tlbi_S2_IPA(struct smmu *smmu, const uint64_t *dw);
void smmu_cmd_tlbi_NSNH_ALL(struct smmu *smmu, const uint64_t *dw);

#endif /* MODEL_QUEUE_COMMAND_H */
