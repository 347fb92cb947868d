/* SPDX-License-Identifier: MIT */
/*
 * MSI and MSI-X (PCIe 6.1.4, 7.7.1, 7.7.2): an interrupt is a memory write of four bytes
 * with the function's RequesterID and no PASID, which the SMMU translates like any other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "endpoint/pcie.h"

/* What leaves the function. */
struct message {
	uint64_t addr;
	uint32_t data;
	unsigned vector;
};

int pcie_msi_init(struct smmu_pcie *fn)
{
	const size_t n = fn->cfg.msix_vectors;

	if (n) {
		fn->msix = calloc(n, MSIX_ENTRY);
		fn->msix_pending = calloc((n + 31) / 32, sizeof(*fn->msix_pending));
		if (!fn->msix || !fn->msix_pending)
			return -ENOMEM;
	}
	pcie_msi_reset(fn);
	return 0;
}

void pcie_msi_reset(struct smmu_pcie *fn)
{
	const size_t n = fn->cfg.msix_vectors;

	if (!n)
		return;
	memset(fn->msix, 0, n * MSIX_ENTRY);
	memset(fn->msix_pending, 0, (n + 31) / 32 * sizeof(*fn->msix_pending));
	for (size_t i = 0; i < n; i++)
		fn->msix[4 * i + 3] = MSIX_MASKED;
}

/* ---- which message, lock held ---- */

static bool msix_on(const struct smmu_pcie *fn)
{
	return fn->cfg.msix_vectors &&
	       (pcie_get(fn, CFG_MSIX + MSIX_CTRL, 2) & MSIX_ENABLE);
}

static bool msi_on(const struct smmu_pcie *fn)
{
	return fn->cfg.msi_vectors && (pcie_get(fn, CFG_MSI + MSI_CTRL, 2) & MSI_ENABLE);
}

/* Vectors that software has given it: Multiple Message Enable. */
static unsigned msi_allocated(const struct smmu_pcie *fn)
{
	return 1u << (pcie_get(fn, CFG_MSI + MSI_CTRL, 2) >> 4 & 7);
}

static unsigned vectors(const struct smmu_pcie *fn)
{
	if (msix_on(fn))
		return fn->cfg.msix_vectors;
	return msi_on(fn) ? msi_allocated(fn) : 0;
}

static bool masked(const struct smmu_pcie *fn, unsigned v)
{
	if (msix_on(fn))
		return (pcie_get(fn, CFG_MSIX + MSIX_CTRL, 2) & MSIX_MASK_ALL) ||
		       (fn->msix[4 * v + 3] & MSIX_MASKED);
	return pcie_get(fn, CFG_MSI + MSI_MASK, 4) >> v & 1;
}

static struct message message(const struct smmu_pcie *fn, unsigned v)
{
	struct message m = { .vector = v };

	if (msix_on(fn)) {
		m.addr = (uint64_t)fn->msix[4 * v + 1] << 32 | fn->msix[4 * v];
		m.data = fn->msix[4 * v + 2];
		return m;
	}
	m.addr = (uint64_t)pcie_get(fn, CFG_MSI + MSI_ADDR_HIGH, 4) << 32 |
		 pcie_get(fn, CFG_MSI + MSI_ADDR, 4);
	/* 7.7.1.5: the low bits tell the vectors apart. */
	m.data = (pcie_get(fn, CFG_MSI + MSI_DATA, 2) & ~(msi_allocated(fn) - 1)) | v;
	return m;
}

static void set_pending(struct smmu_pcie *fn, unsigned v, bool on)
{
	const uint32_t bit = UINT32_C(1) << v % 32;
	uint32_t word;

	if (msix_on(fn)) {
		word = fn->msix_pending[v / 32];
		fn->msix_pending[v / 32] = on ? word | bit : word & ~bit;
	} else {
		word = pcie_get(fn, CFG_MSI + MSI_PENDING, 4);
		pcie_put(fn, CFG_MSI + MSI_PENDING, 4, on ? word | bit : word & ~bit);
	}
}

static bool pending(const struct smmu_pcie *fn, unsigned v)
{
	if (msix_on(fn))
		return fn->msix_pending[v / 32] >> v % 32 & 1;
	return pcie_get(fn, CFG_MSI + MSI_PENDING, 4) >> v & 1;
}

/* ---- sending, lock not held ---- */

static int send(struct smmu_pcie *fn, struct smmu_port *port, const struct message *m)
{
	const struct smmu_txn txn = { .sid = fn->cfg.sid,
				      .op = SMMU_WRITE,
				      .no_stall = true, /* IHI 0070 16.4 */
				      .addr = m->addr };
	uint8_t bytes[4];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(m->data >> 8 * i);
	return smmu_dma(port, &txn, bytes, sizeof(bytes), NULL).status == SMMU_OK
		       ? 0
		       : -EFAULT;
}

/* 0 with *m to send; else what smmu_pcie_interrupt() says. */
static int raise(struct smmu_pcie *fn, unsigned v, struct message *m)
{
	if (!fn->present)
		return -ENODEV;
	if (!msix_on(fn) && !msi_on(fn))
		return -EOPNOTSUPP;
	if (v >= vectors(fn))
		return -EINVAL;
	if (!pcie_master_on(fn))
		return -EACCES;
	if (masked(fn, v)) {
		set_pending(fn, v, true);
		return -EAGAIN;
	}
	*m = message(fn, v);
	return 0;
}

int smmu_pcie_interrupt(struct smmu_pcie *fn, unsigned vector)
{
	struct message m;
	int err;

	pthread_mutex_lock(fn->lock);
	err = raise(fn, vector, &m);
	pthread_mutex_unlock(fn->lock);
	return err ? err : send(fn, fn->port, &m);
}

/* The next one that is free to go; none: whoever comes now looks for himself. */
static bool take_pending(struct smmu_pcie *fn, struct message *m)
{
	for (unsigned v = 0; fn->present && pcie_master_on(fn) && v < vectors(fn); v++) {
		if (!pending(fn, v) || masked(fn, v))
			continue;
		set_pending(fn, v, false);
		*m = message(fn, v);
		return true;
	}
	fn->catching_up = false;
	return false;
}

/* No memory for a port: it stays pending, until the next write comes by. */
static void give_back(struct smmu_pcie *fn, const struct message *m)
{
	if (m->vector < vectors(fn))
		set_pending(fn, m->vector, true);
	fn->catching_up = false;
}

/* Registers are any thread's, a port is one thread's: who is at it does it for all. */
static bool begin(struct smmu_pcie *fn, struct message *m)
{
	if (fn->catching_up)
		return false;
	fn->catching_up = true;
	return take_pending(fn, m);
}

/* A port of its own while there is something to send: every CMD_SYNC looks at ports. */
void pcie_msi_catch_up(struct smmu_pcie *fn)
{
	struct smmu_port *port = NULL;
	struct message m;
	bool any;

	if (!fn->cfg.msi_vectors && !fn->cfg.msix_vectors)
		return;
	pthread_mutex_lock(fn->lock);
	any = begin(fn, &m);
	while (any) {
		pthread_mutex_unlock(fn->lock);
		if (!port)
			port = smmu_port_open(fn->cfg.smmu);
		if (port)
			(void)send(fn, port, &m); /* posted: nobody hears of its end */
		pthread_mutex_lock(fn->lock);
		any = port && take_pending(fn, &m);
		if (!port)
			give_back(fn, &m);
	}
	pthread_mutex_unlock(fn->lock);
	if (port)
		smmu_port_close(port);
}

/* ---- registers ---- */

static void put_part(struct smmu_pcie *fn, unsigned reg, unsigned len, uint32_t writable,
		     const unsigned where[2], uint32_t value)
{
	const uint32_t old = pcie_get(fn, reg, len);

	if (pcie_touches(reg, len, where[0], where[1]))
		pcie_put(fn, reg, len,
			 (old & ~writable) |
				 (pcie_merge(fn, reg, len, where[0], where[1], value) &
				  writable));
}

static void write_msi(struct smmu_pcie *fn, const unsigned where[2], uint32_t value)
{
	const unsigned max = pcie_get(fn, CFG_MSI + MSI_CTRL, 2) >> 1 & 7;
	const uint32_t all = (uint32_t)((UINT64_C(1) << fn->cfg.msi_vectors) - 1);
	uint32_t ctrl;

	put_part(fn, CFG_MSI + MSI_CTRL, 2, MSI_ENABLE | 7u << 4, where, value);
	ctrl = pcie_get(fn, CFG_MSI + MSI_CTRL, 2);
	/* More than it asks for is reserved: CHOICE: what it asks for. */
	if ((ctrl >> 4 & 7) > max)
		pcie_put(fn, CFG_MSI + MSI_CTRL, 2, (ctrl & ~(7u << 4)) | max << 4);
	put_part(fn, CFG_MSI + MSI_ADDR, 4, ~3u, where, value);
	put_part(fn, CFG_MSI + MSI_ADDR_HIGH, 4, ~0u, where, value);
	put_part(fn, CFG_MSI + MSI_DATA, 2, 0xffff, where, value);
	put_part(fn, CFG_MSI + MSI_MASK, 4, all, where, value);
}

void pcie_msi_write_config(struct smmu_pcie *fn, unsigned offset, unsigned size,
			   uint32_t value)
{
	const unsigned where[2] = { offset, size };

	if (fn->cfg.msi_vectors)
		write_msi(fn, where, value);
	if (fn->cfg.msix_vectors)
		put_part(fn, CFG_MSIX + MSIX_CTRL, 2, MSIX_ENABLE | MSIX_MASK_ALL, where,
			 value);
}

/* ---- BAR 0: the table, and what is pending ---- */

static bool in_table(const struct smmu_pcie *fn, uint32_t offset)
{
	return offset % 4 == 0 && offset / MSIX_ENTRY < fn->cfg.msix_vectors;
}

uint32_t smmu_pcie_bar_read(struct smmu_pcie *fn, uint32_t offset)
{
	const uint32_t word = (offset - BAR_PBA) / 4;
	uint32_t value = 0;

	pthread_mutex_lock(fn->lock);
	if (!fn->present)
		value = UINT32_MAX;
	else if (in_table(fn, offset))
		value = fn->msix[offset / 4];
	else if (offset >= BAR_PBA && offset % 4 == 0 &&
		 word < (fn->cfg.msix_vectors + 31u) / 32)
		value = fn->msix_pending[word];
	pthread_mutex_unlock(fn->lock);
	return value;
}

void smmu_pcie_bar_write(struct smmu_pcie *fn, uint32_t offset, uint32_t value)
{
	static const uint32_t writable[4] = { ~3u, ~0u, ~0u, MSIX_MASKED };

	pthread_mutex_lock(fn->lock);
	if (fn->present && in_table(fn, offset))
		fn->msix[offset / 4] = value & writable[offset / 4 % 4];
	pthread_mutex_unlock(fn->lock);
	pcie_msi_catch_up(fn);
}
