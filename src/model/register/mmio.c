/* SPDX-License-Identifier: MIT */
/*
 * The register window: what an access of the CPU turns into (IHI 0070 6.2).
 *
 * CHOICE (REG-10): an access of another size than 4 or 8, or not naturally aligned,
 * reads 0 and writes nothing. CHOICE (REG-11): so does one of 8 bytes over two
 * 32-bit registers, unless the configuration asks for two accesses. CHOICE (REG-3):
 * undefined offsets of page 1 are RES0. CHOICE: when the SMMU, on its way through a
 * table or a queue, comes to its own registers, they read 0 and ignore writes.
 */
#include "model/register/regfile.h"

uint64_t smmu_mmio_size(const struct smmu *smmu)
{
	return smmu->id.window;
}

static bool acceptable(const struct smmu *smmu, uint64_t offset, unsigned size)
{
	return (size == 4 || size == 8) && offset < smmu->id.window && offset % size == 0;
}

static uint64_t read4(const struct smmu *smmu, uint64_t offset)
{
	const struct smmu_regdesc *reg = smmu_regdesc_at(smmu, offset);

	if (!reg && smmu_ecmdq_owns(smmu, offset))
		return (uint32_t)(smmu_ecmdq_read(smmu, offset) >> (8 * (offset & 4)));
	if (!reg)
		return 0;
	/* REG-13: a half of a 64-bit register is a register of its own. */
	return (uint32_t)(smmu_regdesc_read(smmu, reg) >> (8 * (offset % reg->size)));
}

static void write4(struct smmu *smmu, uint64_t offset, uint32_t value)
{
	const struct smmu_regdesc *reg = smmu_regdesc_at(smmu, offset);
	unsigned shift;

	if (!reg && smmu_ecmdq_owns(smmu, offset)) {
		shift = 8 * (unsigned)(offset & 4);
		smmu_ecmdq_write(smmu, offset, (uint64_t)value << shift,
				 UINT64_C(0xffffffff) << shift);
		return;
	}
	if (!reg)
		return;
	shift = 8 * (unsigned)(offset % reg->size);
	smmu_regdesc_write(smmu, reg, (uint64_t)value << shift,
			   UINT64_C(0xffffffff) << shift);
}

static bool is_wide(const struct smmu *smmu, uint64_t offset)
{
	const struct smmu_regdesc *reg = smmu_regdesc_at(smmu, offset);

	if (!reg && smmu_ecmdq_owns(smmu, offset))
		return smmu_ecmdq_is_wide(smmu, offset);
	return reg && reg->size == 8;
}

static uint64_t read8(const struct smmu *smmu, uint64_t offset)
{
	if (!is_wide(smmu, offset) && !smmu->cfg.mmio_pairs)
		return 0;
	return read4(smmu, offset) | read4(smmu, offset + 4) << 32;
}

static void write8(struct smmu *smmu, uint64_t offset, uint64_t value)
{
	if (is_wide(smmu, offset)) {
		if (smmu_ecmdq_owns(smmu, offset))
			smmu_ecmdq_write(smmu, offset, value, UINT64_MAX);
		else
			smmu_regdesc_write(smmu, smmu_regdesc_at(smmu, offset), value,
					   UINT64_MAX);
	} else if (smmu->cfg.mmio_pairs) {
		write4(smmu, offset, (uint32_t)value);
		write4(smmu, offset + 4, (uint32_t)(value >> 32));
	}
}

/* Who does not deliver has no reason to wait for who does. */
static uint32_t reasons_to_lock(const struct smmu *smmu)
{
	return smmu_runs_here(smmu) ? SMMU_ATTENTION_DELIVER | SMMU_ATTENTION_TRACE
				    : SMMU_ATTENTION_TRACE;
}

/*
 * What CPUs poll, without the lock. The look at what is to be delivered comes after the
 * value: an MSI of a CMD_SYNC that is seen consumed has been sent then, as it would have
 * been with the lock. False: not such a register, or there is more to it now.
 */
static bool read_polled(struct smmu *smmu, uint64_t offset, uint64_t *value)
{
	const struct smmu_regdesc *reg;

	if (smmu_ecmdq_is_polled(smmu, offset)) {
		*value = (uint32_t)(smmu_ecmdq_read(smmu, offset) >> (8 * (offset & 4)));
	} else {
		reg = smmu_regdesc_fast(smmu, offset);
		if (!reg || !reg->polled)
			return false;
		*value = smmu_regdesc_read(smmu, reg);
	}
	if (smmu_reg_look(&smmu->attention) & reasons_to_lock(smmu))
		return false;
	return !smmu_lock_mine(&smmu->lock);
}

uint64_t smmu_mmio_read(struct smmu *smmu, uint64_t offset, unsigned size)
{
	uint64_t value = 0;

	if (size == 4 && offset % 4 == 0 && read_polled(smmu, offset, &value))
		return value;
	value = 0;
	if (!smmu_lock(smmu))
		return 0;
	if (acceptable(smmu, offset, size))
		value = size == 4 ? read4(smmu, offset) : read8(smmu, offset);
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_MMIO_READ, .addr = offset, .value = value);
	smmu_unlock_and_deliver(smmu);
	return value;
}

/*
 * Threaded mode: a PROD that asks for nothing but consumption is stored and its bell
 * rung, without the lock. Not if somebody watches, nor from inside.
 */
static bool posted(struct smmu *smmu, uint64_t offset, unsigned size, uint64_t value)
{
	struct smmu_cmdq *q = &smmu->cmdq;

	if (smmu->cfg.mode != SMMU_MODE_THREADED || size != 4 || smmu_runs_here(smmu) ||
	    (smmu_reg_look(&smmu->attention) & SMMU_ATTENTION_TRACE) ||
	    smmu_lock_mine(&smmu->lock))
		return false;
	if (offset == SMMU_REG_CMDQ_PROD)
		smmu_reg_put(&q->prod,
			     (uint32_t)value & smmu_index_bits(smmu->cfg.cmdqs, 19));
	else if (!smmu_ecmdq_post(smmu, offset, (uint32_t)value, &q))
		return false;
	smmu_device_ring(smmu, q);
	return true;
}

void smmu_mmio_write(struct smmu *smmu, uint64_t offset, unsigned size, uint64_t value)
{
	bool held;

	if (__builtin_expect(smmu->run != NULL, 0) && posted(smmu, offset, size, value))
		return;
	if (!smmu_lock(smmu))
		return;
	SMMU_TRACE(smmu, .kind = SMMU_TRACE_MMIO_WRITE, .addr = offset, .value = value);
	if (size == 4 && offset == SMMU_REG_CMDQ_PROD)
		smmu_cmdq_ring(smmu, (uint32_t)value);
	else if (acceptable(smmu, offset, size)) {
		if (size == 4)
			write4(smmu, offset, (uint32_t)value);
		else
			write8(smmu, offset, value);
	}
	held = smmu->sync_held != NULL && !smmu->run;
	smmu_unlock_and_deliver(smmu);
	if (__builtin_expect(held, 0))
		smmu_sync_wait(smmu);
}
