/* SPDX-License-Identifier: MIT */
/* Registers on the bus: bytes of memory order turned into accesses of registers. */
#include <errno.h>
#include <smmulator/bus.h>

static unsigned unit_of(uint64_t pa, size_t len)
{
	return len == 8 && pa % 8 == 0 ? 8 : 4;
}

/* CHOICE: only 32 and 64-bit accesses exist (REG-1); the rest is aborted. */
static int regs_read(void *ctx, uint64_t pa, void *buf, size_t len,
		     const struct smmu_attr *attr)
{
	const struct smmu_bus_regs *regs = ctx;
	const unsigned unit = unit_of(pa, len);
	unsigned char *to = buf;

	(void)attr;
	if (pa % 4 || len % 4)
		return -EFAULT;
	for (size_t at = 0; at < len; at += unit) {
		uint64_t v = regs->read(regs, pa + at, unit);

		for (unsigned i = 0; i < unit; i++)
			to[at + i] = (unsigned char)(v >> (8 * i));
	}
	return 0;
}

static int regs_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		      const struct smmu_attr *attr)
{
	const struct smmu_bus_regs *regs = ctx;
	const unsigned unit = unit_of(pa, len);
	const unsigned char *from = buf;

	(void)attr;
	if (pa % 4 || len % 4)
		return -EFAULT;
	for (size_t at = 0; at < len; at += unit) {
		uint64_t v = 0;

		for (unsigned i = unit; i-- > 0;)
			v = v << 8 | from[at + i];
		regs->write(regs, pa + at, unit, v);
	}
	return 0;
}

/* Registers cannot be compared and swapped. */
static int regs_cas(void *ctx, uint64_t pa, uint64_t *expected, uint64_t desired,
		    const struct smmu_attr *attr)
{
	(void)ctx;
	(void)pa;
	(void)expected;
	(void)desired;
	(void)attr;
	return -EFAULT;
}

int smmu_bus_add_regs(struct smmu_bus *bus, uint64_t pa, uint64_t size,
		      struct smmu_bus_regs *regs)
{
	static const struct smmu_mem_ops ops = {
		.read = regs_read,
		.write = regs_write,
		.cas64 = regs_cas,
	};

	if (!regs || !regs->read || !regs->write)
		return -EINVAL;
	return smmu_bus_add_region(bus, pa, size, &ops, regs);
}
