/* SPDX-License-Identifier: MIT */
/* The operations of a script, and what must hold after each. */
#include "smmu_bench.h"
#include <stdlib.h>
#include <string.h>
#include <smmulator/pmcg.h>

static const struct {
	uint32_t offset;
	uint8_t size;
} registers[] = {
#define REG(name, page, offset_, stride, width, access, present, title)                  \
	{ SMMU_REG_PAGE_##page + (offset_), (width) / 8 },
#include <smmulator/arch/registers.def>
};
#define N_REGISTERS (sizeof(registers) / sizeof(registers[0]))

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* ---- registers ---- */

/* A counter group, there or not; relocated counters are in its second page. */
static void pmcg_access(struct fuzz_bench *b, unsigned how, uint64_t offset,
			unsigned size)
{
	unsigned group = how >> 4 & 3;

	offset = (offset & 0xfff) + (how >> 6 & 1) * 0x1000;
	if (how & 8)
		(void)smmu_pmcg_mmio_read(b->smmu, group, offset, size);
	else
		smmu_pmcg_mmio_write(b->smmu, group, offset, size, fuzz_value(&b->in));
}

void fuzz_mmio(struct fuzz_bench *b)
{
	unsigned how = fuzz_u8(&b->in), which = fuzz_u8(&b->in);
	uint64_t offset = registers[which % N_REGISTERS].offset;
	unsigned size = registers[which % N_REGISTERS].size;

	if ((how & 7) == 7) { /* anywhere, of any size */
		offset = fuzz_bits(&b->in, 3) % (smmu_mmio_size(b->smmu) + 0x1000);
		size = fuzz_u8(&b->in) & 15;
	} else if ((how & 7) == 6) { /* half of it, or too much */
		size = 12 - size;
		offset += (how >> 4 & 1) * 4;
	} else if ((how & 7) == 5) { /* of one of the pages behind */
		offset += (uint64_t)(how >> 4) << 16;
	}
	if ((how & 7) == 4)
		pmcg_access(b, how, offset, size);
	else if (how & 8)
		(void)smmu_mmio_read(b->smmu, offset, size);
	else
		smmu_mmio_write(b->smmu, offset, size, fuzz_value(&b->in));
}

/* ---- memory ---- */

static const uint32_t regions[16] = {
	FB_STRTAB,	FB_STRTAB, FB_L1STD,	   FB_CMDQ,
	FB_EVENTQ,	FB_PRIQ,   FB_CD,	   FB_CD,
	FB_L1CD,	FB_S1,	   FB_S1 + 0x1000, FB_S1 + 0x2000,
	FB_S1 + 0x3000, FB_S2,	   FB_S2 + 0x1000, FB_S2 + 0x2000,
};

void fuzz_poke(struct fuzz_bench *b)
{
	unsigned how = fuzz_u8(&b->in);
	uint32_t at = regions[how & 15] + 8u * fuzz_u8(&b->in);
	uint64_t word, value;

	memcpy(&word, b->ram + at, 8);
	if (how & 16) {
		word ^= UINT64_C(1) << (fuzz_u8(&b->in) & 63);
	} else {
		value = fuzz_value(&b->in);
		word = how & 32 ? word | value : how & 64 ? word & ~value : value;
	}
	memcpy(b->ram + at, &word, 8);
}

void fuzz_command(struct fuzz_bench *b)
{
	unsigned how = fuzz_u8(&b->in), op = fuzz_u8(&b->in);
	uint64_t dw[2] = { op | fuzz_bits(&b->in, 3) << 8, 0 };
	uint64_t base = FB_CMDQ + 16ull * (b->cmdq_prod & 31);

	dw[0] |= fuzz_bits(&b->in, how & 1 ? 1 : 4) << 32;
	dw[1] = how & 2 ? fuzz_value(&b->in) : fuzz_u8(&b->in);
	memcpy(b->ram + base, dw, sizeof(dw));
	b->cmdq_prod = (b->cmdq_prod + 1) & 63;
	smmu_mmio_write(b->smmu, SMMU_REG_CMDQ_PROD, 4, b->cmdq_prod);
	if (how & 4) /* skip what stops it */
		smmu_mmio_write(b->smmu, SMMU_REG_GERRORN, 4,
				smmu_mmio_read(b->smmu, SMMU_REG_GERROR, 4));
}

/* ---- transactions ---- */

/* Whatever a device can say: values of the enumerations, in any combination. */
static struct smmu_attr any_attr(struct fuzz_bench *b)
{
	static const uint8_t sh[4] = { SMMU_SH_NSH, SMMU_SH_OSH, SMMU_SH_ISH,
				       SMMU_SH_NSH };
	unsigned types = fuzz_u8(&b->in), bits = fuzz_u8(&b->in);

	return (struct smmu_attr){
		.inner = (uint8_t)((types & 15) % (SMMU_MT_DEV_NGNRNE + 1)),
		.outer = (uint8_t)((types >> 4) % (SMMU_MT_DEV_NGNRNE + 1)),
		.sh = sh[bits & 3],
		.ra = bits >> 2 & 1,
		.wa = bits >> 3 & 1,
		.tr = bits >> 4 & 1,
		.inst = bits >> 5 & 1,
		.priv = bits >> 6 & 1,
		.ns = bits >> 7 & 1,
	};
}

static struct smmu_txn any_txn(struct fuzz_bench *b)
{
	unsigned how = fuzz_u8(&b->in), flags = fuzz_u8(&b->in);
	struct smmu_txn txn;

	memset(&txn, 0, sizeof(txn));
	txn.sid = how & 1 ? (uint32_t)fuzz_value(&b->in) : fuzz_u8(&b->in) & 15;
	txn.ssv = flags & 1;
	txn.inst = flags & 2;
	txn.priv = flags & 4;
	txn.op = (uint8_t)((flags >> 3 & 3) % 3);
	if (txn.ssv || (how & 16))
		txn.ssid = how & 2 ? (uint32_t)fuzz_value(&b->in) : fuzz_u8(&b->in) & 7;
	txn.addr = how & 4 ? fuzz_value(&b->in) : fuzz_bits(&b->in, 2);
	if (how & 32)
		txn.addr += FB_RAM;
	txn.has_attr = flags & 32;
	if (txn.has_attr)
		txn.attr = any_attr(b);
	txn.at = flags >> 6 & 1;
	if (flags & 128)
		txn.kind = fuzz_u8(&b->in) & 15;
	txn.no_stall = how & 64;
	return txn;
}

static void check_result(const struct fuzz_bench *b, const struct smmu_txn *txn,
			 const struct smmu_result *r)
{
	(void)b;
	require(r->status <= SMMU_NO_EFFECT);
	require((r->status != SMMU_STALLED) || r->ticket);
	require(!r->recorded || r->event);
	if (r->status != SMMU_OK)
		return;
	require(!r->event);
	require(r->pa >> 56 == 0);
	require(((r->pa ^ txn->addr) & 0xfff) == 0);
	require(r->page_bits >= 12 && r->page_bits <= 64);
	require(r->attr.inner <= SMMU_MT_DEV_NGNRNE &&
		r->attr.outer <= SMMU_MT_DEV_NGNRNE);
	require(r->attr.sh <= SMMU_SH_ISH && r->attr.sh != 1 && r->attr.ns == 1);
}

void fuzz_transaction(struct fuzz_bench *b)
{
	struct smmu_txn txn = any_txn(b);
	struct smmu_result r = smmu_translate(b->port, &txn);

	if (r.ticket)
		b->last_ticket = r.ticket;
	check_result(b, &txn, &r);
}

void fuzz_move(struct fuzz_bench *b)
{
	struct smmu_txn txn = any_txn(b);
	uint64_t done = 0, len = fuzz_u8(&b->in), expected = fuzz_u8(&b->in);
	struct smmu_result r;

	if (fuzz_u8(&b->in) & 1) {
		r = smmu_dma(b->port, &txn, b->buf, len, &done);
		require(done <= len);
	} else {
		b->expected = expected;
		r = smmu_dma_cas64(b->port, &txn, &b->expected, fuzz_value(&b->in));
	}
	if (r.ticket)
		b->last_ticket = r.ticket;
}

/* ---- what holds at any time ---- */

static uint32_t rd(struct fuzz_bench *b, uint64_t reg)
{
	return (uint32_t)smmu_mmio_read(b->smmu, reg, 4);
}

void fuzz_check(struct fuzz_bench *b)
{
	static const unsigned mirrored[] = { SMMU_CR0_SMMUEN, SMMU_CR0_CMDQEN,
					     SMMU_CR0_EVENTQEN };
	uint32_t cr0 = rd(b, SMMU_REG_CR0), ack = rd(b, SMMU_REG_CR0ACK);

	for (unsigned i = 0; i < sizeof(mirrored) / sizeof(mirrored[0]); i++)
		require(smmu_reg_get(cr0, mirrored[i]) == smmu_reg_get(ack, mirrored[i]));
	require(rd(b, SMMU_REG_IRQ_CTRL) == rd(b, SMMU_REG_IRQ_CTRLACK));
	require(!smmu_reg_get(rd(b, SMMU_REG_GBPA), SMMU_GBPA_Update));
}
