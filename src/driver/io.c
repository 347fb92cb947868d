/* SPDX-License-Identifier: MIT */
/* The machine below the driver: registers, time, memory, messages. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include "driver/driver.h"

/* Page 1 registers have offsets from 64 KiB on (DRV-4). */
static uint64_t reg_pa(const struct arm_smmu *smmu, uint32_t reg)
{
	if (reg < SMMU_REG_PAGE_P1)
		return smmu->base + reg;
	return smmu->page1 + (reg - SMMU_REG_PAGE_P1);
}

uint32_t arm_smmu_read32(const struct arm_smmu *smmu, uint32_t reg)
{
	return smmu->platform.ops->read32(smmu->platform.ctx, reg_pa(smmu, reg));
}

void arm_smmu_write32(const struct arm_smmu *smmu, uint32_t reg, uint32_t value)
{
	smmu->platform.ops->write32(smmu->platform.ctx, reg_pa(smmu, reg), value);
}

uint64_t arm_smmu_read64(const struct arm_smmu *smmu, uint32_t reg)
{
	return smmu->platform.ops->read64(smmu->platform.ctx, reg_pa(smmu, reg));
}

void arm_smmu_write64(const struct arm_smmu *smmu, uint32_t reg, uint64_t value)
{
	smmu->platform.ops->write64(smmu->platform.ctx, reg_pa(smmu, reg), value);
}

void arm_smmu_msg(const struct arm_smmu *smmu, enum iommu_msg_level level,
		  const char *fmt, ...)
{
	char text[256];
	va_list args;
	int at;

	if (!smmu->platform.ops->log)
		return;
	at = snprintf(text, sizeof(text), "%s: ", smmu->name);
	va_start(args, fmt);
	vsnprintf(text + at, sizeof(text) - (size_t)at, fmt, args);
	va_end(args);
	smmu->platform.ops->log(smmu->platform.ctx, level, text);
}

static uint64_t now_us(const struct arm_smmu *smmu)
{
	const struct iommu_platform_ops *ops = smmu->platform.ops;

	return ops->time_us ? ops->time_us(smmu->platform.ctx) : 0;
}

void arm_smmu_wait_begin(const struct arm_smmu *smmu, struct arm_smmu_wait *w)
{
	w->start = now_us(smmu);
	w->polls = 0;
	w->over = false;
}

bool arm_smmu_wait_more(const struct arm_smmu *smmu, struct arm_smmu_wait *w)
{
	const struct iommu_platform_ops *ops = smmu->platform.ops;
	uint64_t passed = ops->time_us ? now_us(smmu) - w->start : w->polls;

	w->polls++;
	if (w->over)
		return false;
	w->over = passed >= ARM_SMMU_TIMEOUT_US;
	if (ops->relax)
		ops->relax(smmu->platform.ctx);
	return true;
}

int arm_smmu_wait_reg(const struct arm_smmu *smmu, uint32_t reg, uint32_t mask,
		      uint32_t value)
{
	struct arm_smmu_wait w;

	arm_smmu_wait_begin(smmu, &w);
	while ((arm_smmu_read32(smmu, reg) & mask) != value)
		if (!arm_smmu_wait_more(smmu, &w))
			return -ETIMEDOUT;
	return 0;
}

int arm_smmu_write_ack(const struct arm_smmu *smmu, uint32_t reg, uint32_t ack,
		       uint32_t value)
{
	arm_smmu_write32(smmu, reg, value);
	return arm_smmu_wait_reg(smmu, ack, UINT32_MAX, value);
}

int arm_smmu_dma_alloc(const struct arm_smmu *smmu, uint64_t size, uint64_t align,
		       struct iommu_dma *mem)
{
	return smmu->platform.ops->dma_alloc(smmu->platform.ctx, size, align, mem);
}

void arm_smmu_dma_free(const struct arm_smmu *smmu, struct iommu_dma *mem)
{
	if (mem->cpu)
		smmu->platform.ops->dma_free(smmu->platform.ctx, mem);
	mem->cpu = NULL;
}
