/* SPDX-License-Identifier: MIT */
/*
 * The architecture's vocabulary: constants and accessors of every structure,
 * command, event, register and descriptor of SMMUv3 (IHI 0070 G.b), Non-secure
 * interface. All of it comes from the tables in arch/ (begin with
 * arch/tables.def); nothing here or elsewhere repeats a bit position.
 *
 *   SMMU_STE_S1ContextPtr          a field, of structure STE
 *   SMMU_CR0_SMMUEN                a field, of register SMMU_CR0
 *   SMMU_REG_CR0                   the register's offset
 *   SMMU_STE_CONFIG_S1             a value that a field may hold
 *   SMMU_OP_SYNC, SMMU_EVT_C_BAD_STE   opcodes, event numbers
 *
 * Words are host-order: what smmu_bus_read64() gives. No field but
 * VMS.PARTID_MAP crosses a 64-bit word. Everything is constant or pure, so
 * that any thread may use all of it.
 */
#ifndef SMMULATOR_ARCH_H
#define SMMULATOR_ARCH_H

#include <stdint.h>

/*
 * A field as one int constant: [14:0] lsb, [24:15] width, [30:25] shift (the
 * address bit for which the field's bit 0 stands, 0 if it is no address).
 */
#define SMMU_FIELD(msb, lsb, shift)                                                      \
	((lsb) | (((msb) - (lsb) + 1) << 15) | ((shift) << 25))
#define SMMU_FIELD_LSB(f)   ((unsigned)(f)&0x7fffu)
#define SMMU_FIELD_WIDTH(f) (((unsigned)(f) >> 15) & 0x3ffu)
#define SMMU_FIELD_SHIFT(f) (((unsigned)(f) >> 25) & 0x3fu)
#define SMMU_FIELD_MSB(f)   (SMMU_FIELD_LSB(f) + SMMU_FIELD_WIDTH(f) - 1u)
/* The 64-bit word that holds the field, and the field's mask inside it. */
#define SMMU_FIELD_WORD(f) (SMMU_FIELD_LSB(f) / 64u)
#define SMMU_FIELD_ONES(f)                                                               \
	(SMMU_FIELD_WIDTH(f) >= 64u                                                      \
		 ? ~UINT64_C(0)                                                          \
		 : (UINT64_C(1) << (SMMU_FIELD_WIDTH(f) & 63u)) - UINT64_C(1))
#define SMMU_MASK(f) (SMMU_FIELD_ONES(f) << (SMMU_FIELD_LSB(f) & 63u))

/* Every field of every table. */
enum smmu_field {
#define X(s, f, msb, lsb, shift, values, gate, meaning)                                  \
	SMMU_##s##_##f = SMMU_FIELD(msb, lsb, shift),
#include <smmulator/arch/all.def>
	SMMU_FIELD_NONE = 0
};

/* Named values: SMMU_<GROUP>_<NAME>, see arch/values.def. */
enum smmu_value {
#define V(group, name, value, words) SMMU_##group##_##name = (value),
#include <smmulator/arch/values.def>
};

/* Opcodes: SMMU_OP_<command without CMD_>. CFGI_STE_RANGE and CFGI_ALL are one. */
enum smmu_opcode {
#define COMMAND(name, opcode, gate, title) SMMU_OP_##name = (opcode),
#include <smmulator/arch/commands.def>
};

/* Event numbers: SMMU_EVT_<record>. */
enum smmu_event_number {
#define EVENT(name, number, gate, title) SMMU_EVT_##name = (number),
#include <smmulator/arch/events.def>
};

/*
 * Register offsets. Page 0 and 1: from the SMMU's base. VATOS, ECMDQ and PMCG
 * registers: from the base of their page. Of an array: of its element 0; the
 * function-like macros below give the others.
 */
#define SMMU_REG_PAGE_P0    0x0
#define SMMU_REG_PAGE_P1    0x10000
#define SMMU_REG_PAGE_VATOS 0x0
#define SMMU_REG_PAGE_ECMDQ 0x0
#define SMMU_REG_PAGE_PMCG  0x0
enum smmu_reg_offset {
#define REG(name, page, offset, stride, width, access, present, title)                   \
	SMMU_REG_##name = SMMU_REG_PAGE_##page + (offset),
#define REG_ALIAS(name, page, offset)                                                    \
	SMMU_REG_##name##_ALIAS = SMMU_REG_PAGE_##page + (offset),
#include <smmulator/arch/registers.def>
};

/* Distance of an array's elements; 0 no array, -1 an ID register tells. */
enum smmu_reg_stride {
#define REG(name, page, offset, stride, width, access, present, title)                   \
	SMMU_REG_##name##_STRIDE = (stride),
#include <smmulator/arch/registers.def>
};

#define SMMU_REG_NTH_(name, n)		     (SMMU_REG_##name + (n)*SMMU_REG_##name##_STRIDE)
#define SMMU_REG_CMDQ_CONTROL_PAGE_BASE(n)   SMMU_REG_NTH_(CMDQ_CONTROL_PAGE_BASE, n)
#define SMMU_REG_CMDQ_CONTROL_PAGE_CFG(n)    SMMU_REG_NTH_(CMDQ_CONTROL_PAGE_CFG, n)
#define SMMU_REG_CMDQ_CONTROL_PAGE_STATUS(n) SMMU_REG_NTH_(CMDQ_CONTROL_PAGE_STATUS, n)
#define SMMU_REG_PMCG_EVTYPER(n)	     SMMU_REG_NTH_(PMCG_EVTYPER, n)
#define SMMU_REG_PMCG_SMR(n)		     SMMU_REG_NTH_(PMCG_SMR, n)
/* log2numq: IDR6.CMDQ_CONTROL_PAGE_LOG2NUMQ; the queues share a page evenly (6.2.5). */
#define SMMU_REG_ECMDQ_NTH_(name, n, log2numq)                                           \
	(SMMU_REG_##name + (n) * (0x10000 >> (log2numq)))
#define SMMU_REG_ECMDQ_BASE(n, log2numq) SMMU_REG_ECMDQ_NTH_(ECMDQ_BASE, n, log2numq)
#define SMMU_REG_ECMDQ_PROD(n, log2numq) SMMU_REG_ECMDQ_NTH_(ECMDQ_PROD, n, log2numq)
#define SMMU_REG_ECMDQ_CONS(n, log2numq) SMMU_REG_ECMDQ_NTH_(ECMDQ_CONS, n, log2numq)
/* size: PMCG_CFGR.SIZE, the counters' bits - 1. */
#define SMMU_REG_PMCG_NTH_(name, n, size) (SMMU_REG_##name + (n) * ((size) <= 31 ? 4 : 8))
#define SMMU_REG_PMCG_EVCNTR(n, size)	  SMMU_REG_PMCG_NTH_(PMCG_EVCNTR, n, size)
#define SMMU_REG_PMCG_SVR(n, size)	  SMMU_REG_PMCG_NTH_(PMCG_SVR, n, size)

/* Sizes: SMMU_<STRUCT>_BITS of every structure, and the usual ones in words. */
enum smmu_size {
#define S(s, bits, title) SMMU_##s##_BITS = (bits),
#include <smmulator/arch/all.def>
	SMMU_L1STD_DWORDS = SMMU_L1STD_BITS / 64,
	SMMU_STE_DWORDS = SMMU_STE_BITS / 64,
	SMMU_L1CD_DWORDS = SMMU_L1CD_BITS / 64,
	SMMU_CD_DWORDS = SMMU_CD_BITS / 64,
	SMMU_VMS_DWORDS = SMMU_VMS_BITS / 64,
	SMMU_CMD_DWORDS = SMMU_CMD_BITS / 64,
	SMMU_EVENT_DWORDS = SMMU_EVENT_HEAD_BITS / 64,
	SMMU_PRI_DWORDS = SMMU_PRI_ENTRY_BITS / 64
};

/* A field of a single register or 64-bit word. */
static inline uint64_t smmu_reg_get(uint64_t reg, unsigned field)
{
	return (reg >> (SMMU_FIELD_LSB(field) & 63u)) & SMMU_FIELD_ONES(field);
}

/* The register with the field replaced; bits of value beyond its width are cut off. */
static inline uint64_t smmu_reg_set(uint64_t reg, unsigned field, uint64_t value)
{
	uint64_t mask = SMMU_MASK(field);

	return (reg & ~mask) | ((value << (SMMU_FIELD_LSB(field) & 63u)) & mask);
}

/* A field of a structure, dw being its words. */
static inline uint64_t smmu_get(const uint64_t *dw, unsigned field)
{
	return smmu_reg_get(dw[SMMU_FIELD_WORD(field)], field);
}

static inline void smmu_set(uint64_t *dw, unsigned field, uint64_t value)
{
	uint64_t *word = &dw[SMMU_FIELD_WORD(field)];

	*word = smmu_reg_set(*word, field, value);
}

/* An address field as the address that it stands for, low bits 0, and back. */
static inline uint64_t smmu_reg_get_addr(uint64_t reg, unsigned field)
{
	return smmu_reg_get(reg, field) << SMMU_FIELD_SHIFT(field);
}

static inline uint64_t smmu_reg_set_addr(uint64_t reg, unsigned field, uint64_t addr)
{
	return smmu_reg_set(reg, field, addr >> SMMU_FIELD_SHIFT(field));
}

static inline uint64_t smmu_get_addr(const uint64_t *dw, unsigned field)
{
	return smmu_get(dw, field) << SMMU_FIELD_SHIFT(field);
}

/* Address bits below and above the field are dropped. */
static inline void smmu_set_addr(uint64_t *dw, unsigned field, uint64_t addr)
{
	smmu_set(dw, field, addr >> SMMU_FIELD_SHIFT(field));
}

/*
 * Fields that are arrays: CD.PIIU, CD.PIIP (16 of 3 bits), STE.S2POI (16 of 4).
 * index beyond the field gives 0.
 */
static inline uint64_t smmu_get_element(const uint64_t *dw, unsigned field, unsigned bits,
					unsigned index)
{
	if (bits == 0u || index >= SMMU_FIELD_WIDTH(field) / bits)
		return 0;
	return (smmu_get(dw, field) >> (index * bits)) & ((UINT64_C(1) << bits) - 1u);
}

/* PARTID_MAP[v] of a VMS, v taken modulo 32 (VMS-3). */
static inline uint16_t smmu_vms_partid(const uint64_t *dw, unsigned v)
{
	return (uint16_t)(dw[(v & 31u) / 4u] >> (v % 4u * 16u));
}

static inline void smmu_vms_set_partid(uint64_t *dw, unsigned v, uint16_t partid)
{
	uint64_t *word = &dw[(v & 31u) / 4u];
	unsigned at = v % 4u * 16u;

	*word = (*word & ~(UINT64_C(0xffff) << at)) | ((uint64_t)partid << at);
}

/* Bits that a size code stands for (IDR5.OAS, STE.S2PS, CD.IPS); code modulo 8. */
static inline unsigned smmu_oas_bits(unsigned code)
{
	static const unsigned char bits[8] = { 32, 36, 40, 42, 44, 48, 52, 56 };

	return bits[code & 7u];
}

#endif /* SMMULATOR_ARCH_H */
