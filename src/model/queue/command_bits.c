/* SPDX-License-Identifier: MIT */
/*
 * Which bits of a command mean something (commands.md section 12), from the
 * architecture's tables, less what this SMMU has no feature for. The rest is RES0.
 * Not RES0 in this sense, as they have rules of their own: VMID and ASID (CMD-35,
 * CMD-36), SSV and SubstreamID (CMD-17, CMD-26), and a StreamID that is too wide
 * (CMD-11).
 */
#include "model/queue/command.h"

/* The opcode of each structure of the table; the common head has none. */
enum { OPCODE_OF_CMD = 0x100 };
enum opcode_of {
#define COMMAND(name, opcode, gate, title) OPCODE_OF_CMD_##name = (opcode),
#include <smmulator/arch/commands.def>
};

static const struct {
	uint16_t opcode;
	uint32_t field;
} fields[] = {
#define X(s, f, msb, lsb, shift, values, gate, meaning) { OPCODE_OF_##s, SMMU_##s##_##f },
#include <smmulator/arch/commands.def>
};

static void drop(struct smmu *smmu, unsigned opcode, unsigned field)
{
	smmu->op[opcode].bits[SMMU_FIELD_WORD(field)] &= ~SMMU_MASK(field);
}

/* The fields of a command by address: one layout, shown by CMD_TLBI_NH_VA. */
static void drop_range(struct smmu *smmu, unsigned opcode)
{
	const struct smmu_config *c = &smmu->cfg;
	uint64_t scale_top = UINT64_C(1)
			     << (SMMU_FIELD_MSB(SMMU_CMD_TLBI_NH_VA_SCALE) & 63);

	if (!c->ril) {
		drop(smmu, opcode, SMMU_CMD_TLBI_NH_VA_NUM);
		drop(smmu, opcode, SMMU_CMD_TLBI_NH_VA_SCALE);
		drop(smmu, opcode, SMMU_CMD_TLBI_NH_VA_TTL);
		drop(smmu, opcode, SMMU_CMD_TLBI_NH_VA_TG);
	}
	if (!c->ril || !c->d128)
		drop(smmu, opcode, SMMU_CMD_TLBI_NH_VA_TTL128);
	if (!c->ds)
		smmu->op[opcode].bits[0] &= ~scale_top;
}

/* CMD-10: physical and intermediate addresses grew with the architecture. */
static void drop_high_address(struct smmu *smmu, unsigned opcode)
{
	unsigned minor = smmu->cfg.arch_minor;
	unsigned bits = minor == 0 ? 48 : minor <= 3 ? 52 : 56;

	smmu->op[opcode].bits[1] &= ~((UINT64_C(1) << 56) - (UINT64_C(1) << bits));
}

void smmu_command_bits_init(struct smmu *smmu)
{
	static const uint8_t by_address[] = {
		SMMU_OP_TLBI_NH_VA,   SMMU_OP_TLBI_NH_VAA, SMMU_OP_TLBI_EL2_VA,
		SMMU_OP_TLBI_EL2_VAA, SMMU_OP_TLBI_S2_IPA,
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].opcode < OPCODE_OF_CMD)
			smmu->op[fields[i].opcode]
				.bits[SMMU_FIELD_WORD(fields[i].field)] |=
				SMMU_MASK(fields[i].field);
	for (size_t i = 0; i < sizeof(by_address); i++)
		drop_range(smmu, by_address[i]);
	drop_high_address(smmu, SMMU_OP_TLBI_S2_IPA);
	drop_high_address(smmu, SMMU_OP_SYNC);
	if (smmu->cfg.arch_minor == 0)
		drop(smmu, SMMU_OP_PREFETCH_ADDR, SMMU_CMD_PREFETCH_ADDR_Stride);
	drop(smmu, SMMU_OP_PREFETCH_ADDR, SMMU_CMD_PREFETCH_ADDR_NS); /* CMD-21 */
	drop(smmu, SMMU_OP_SYNC, SMMU_CMD_SYNC_MSI_NS);		      /* CMD-82 */
}
