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

static bool has_slot(const struct smmu *smmu, uint64_t offset)
{
	return offset >> 16 < 2 && (offset & 0xffff) >> 2 < sizeof(smmu->reg_slot[0]);
}

const struct smmu_regdesc *smmu_regdesc_fast(const struct smmu *smmu, uint64_t offset)
{
	uint8_t slot;

	if (!has_slot(smmu, offset))
		return NULL;
	slot = smmu->reg_slot[offset >> 16][(offset & 0xffff) >> 2];
	return slot ? &smmu_regs_main.rows[slot - 1] : NULL;
}

const struct smmu_regdesc *smmu_regdesc_at(const struct smmu *smmu, uint64_t offset)
{
	if (has_slot(smmu, offset))
		return smmu_regdesc_fast(smmu, offset);
	/* Nor are these in a table. */
	return smmu_ecmdq_is_page(smmu, offset) ? NULL : find_any(smmu, offset);
}

static uint64_t regdesc_bits(const struct smmu *smmu, const struct smmu_regdesc *reg)
{
	return reg->limit ? reg->bits & reg->limit(smmu) : reg->bits;
}

uint64_t smmu_regdesc_read(const struct smmu *smmu, const struct smmu_regdesc *reg)
{
	const void *at = (const char *)smmu + reg->at;
	uint64_t value =
		reg->size == 4 ? smmu_reg_look(at)
			       : __atomic_load_n((const uint64_t *)at, __ATOMIC_ACQUIRE);

	return value & regdesc_bits(smmu, reg);
}

static void store(struct smmu *smmu, const struct smmu_regdesc *reg, uint64_t value)
{
	void *at = (char *)smmu + reg->at;

	if (reg->size == 4)
		smmu_reg_put(at, (uint32_t)value);
	else
		__atomic_store_n((uint64_t *)at, value, __ATOMIC_RELEASE);
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
	smmu_words_copy(&smmu->regs, &fresh, sizeof(fresh));
	smmu->gatos = smmu->vatos = (struct smmu_atos){ 0 };
	smmu->vatos_sel = 0;
	smmu->dpt = (struct smmu_dpt){ 0 };
	smmu_words_copy(&smmu->cmdq, &(struct smmu_cmdq){ 0 }, sizeof(smmu->cmdq));
	smmu_sync_reset(smmu);
	smmu_ecmdq_reset(smmu);
	smmu->cmdq_kicked = NULL;
	smmu->cmdq_kicked_end = &smmu->cmdq_kicked;
}
