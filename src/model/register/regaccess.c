/* SPDX-License-Identifier: MIT */
/*
 * How the tables of registers are used: finding the one at an offset, reading, writing,
 * reset. What the registers are is in regfile.c, atos/registers.c and dpt/registers.c.
 */
#include <stddef.h>
#include <string.h>
#include "model/register/regfile.h"

static const struct smmu_regdesc *find(const struct smmu *smmu,
				       const struct smmu_regtable *table, uint64_t offset)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct smmu_regdesc *reg = &table->rows[i];

		if (offset < reg->offset || offset - reg->offset >= reg->size)
			continue;
		return !reg->present || reg->present(smmu) ? reg : NULL;
	}
	return NULL;
}

static const struct smmu_regdesc *find_any(const struct smmu *smmu, uint64_t offset)
{
	static const struct smmu_regtable *const tables[] = { &smmu_regs_main,
							      &smmu_regs_atos,
							      &smmu_regs_dpt };
	const struct smmu_regdesc *reg = NULL;
	uint64_t page = smmu->id.vatos_page;

	if (page && offset >= page && offset - page < 0x10000)
		offset = SMMU_VATOS_ROWS + (offset - page);
	for (size_t i = 0; !reg && i < sizeof(tables) / sizeof(tables[0]); i++)
		reg = find(smmu, tables[i], offset);
	return reg;
}

/*
 * The first 256 bytes of each page are what drivers touch all the time. A slot holds
 * the place in smmu_regs_main, from 1; 0: reserved.
 */
void smmu_regs_init(struct smmu *smmu)
{
	for (unsigned page = 0; page < 2; page++)
		for (unsigned word = 0; word < sizeof(smmu->reg_slot[0]); word++) {
			const struct smmu_regdesc *reg =
				find(smmu, &smmu_regs_main, page << 16 | word << 2);

			smmu->reg_slot[page][word] =
				reg ? (uint8_t)(reg - smmu_regs_main.rows + 1) : 0;
		}
}

const struct smmu_regdesc *smmu_regdesc_at(const struct smmu *smmu, uint64_t offset)
{
	uint64_t page = offset >> 16, word = (offset & 0xffff) >> 2;
	uint8_t slot;

	if (page >= 2 || word >= sizeof(smmu->reg_slot[0]))
		return find_any(smmu, offset);
	slot = smmu->reg_slot[page][word];
	return slot ? &smmu_regs_main.rows[slot - 1] : NULL;
}

static uint64_t regdesc_bits(const struct smmu *smmu, const struct smmu_regdesc *reg)
{
	return reg->limit ? reg->bits & reg->limit(smmu) : reg->bits;
}

uint64_t smmu_regdesc_read(const struct smmu *smmu, const struct smmu_regdesc *reg)
{
	const char *at = (const char *)smmu + reg->at;
	uint32_t low;
	uint64_t value;

	if (reg->size == 4) {
		memcpy(&low, at, sizeof(low));
		value = low;
	} else {
		memcpy(&value, at, sizeof(value));
	}
	return value & regdesc_bits(smmu, reg);
}

static void store(struct smmu *smmu, const struct smmu_regdesc *reg, uint64_t value)
{
	char *at = (char *)smmu + reg->at;
	uint32_t low = (uint32_t)value;

	if (reg->size == 4)
		memcpy(at, &low, sizeof(low));
	else
		memcpy(at, &value, sizeof(value));
}

void smmu_regdesc_write(struct smmu *smmu, const struct smmu_regdesc *reg, uint64_t value,
			uint64_t lanes)
{
	uint64_t old = smmu_regdesc_read(smmu, reg);

	if (!reg->writable || !reg->writable(smmu))
		return;
	value = ((old & ~lanes) | (value & lanes)) & regdesc_bits(smmu, reg);
	if (reg->write)
		reg->write(smmu, value);
	else
		store(smmu, reg, value);
}

void smmu_regdesc_restore(struct smmu *smmu, const struct smmu_regdesc *reg,
			  uint64_t value)
{
	store(smmu, reg, value & regdesc_bits(smmu, reg));
}

/*
 * REG-120. CHOICE: what resets to UNKNOWN resets to 0, save GBPA (IMPLEMENTATION
 * DEFINED): incoming shareability, and ABORT as configured; and CR2.PTM, which Arm
 * recommends to be 1 (6.3.12): who relies on broadcasts has to ask for them.
 */
void smmu_regs_reset(struct smmu *smmu)
{
	struct smmu_regs fresh = { 0 };
	uint64_t gbpa = 0;

	gbpa = smmu_reg_set(gbpa, SMMU_GBPA_SHCFG, SMMU_SHCFG_INCOMING);
	gbpa = smmu_reg_set(gbpa, SMMU_GBPA_ABORT, smmu->cfg.gbpa_abort);
	fresh.gbpa = (uint32_t)gbpa;
	if (smmu->cfg.btm)
		fresh.cr2 = (uint32_t)SMMU_MASK(SMMU_CR2_PTM);
	smmu->regs = fresh;
	smmu->gatos = smmu->vatos = (struct smmu_atos){ 0 };
	smmu->vatos_sel = 0;
	smmu->dpt = (struct smmu_dpt){ 0 };
	smmu->cmdq = (struct smmu_cmdq){ 0 };
	smmu_ecmdq_reset(smmu);
	smmu->cmdq_kicked = NULL;
	smmu->cmdq_kicked_end = &smmu->cmdq_kicked;
}
