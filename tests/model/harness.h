/* SPDX-License-Identifier: MIT */
/*
 * The bench on which the tests of the model put an SMMU: a bus, 64 MiB of RAM at
 * H_RAM, an SMMU made from a preset, and what a driver would do, in one line each.
 * Everything fails the running cmocka test by itself when it cannot be done.
 *
 * SMMU_TEST_MODE=stepped or threaded in the environment makes an SMMU that a test did not
 * give a mode run so; each step of the harness then ends when the SMMU is idle, as inline
 * it would have been. SMMU_TEST_SEED=N is its seed.
 */
#ifndef TESTS_MODEL_HARNESS_H
#define TESTS_MODEL_HARNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <smmulator/arch.h>
#include <smmulator/bus.h>
#include <smmulator/config.h>
#include <smmulator/smmu.h>

#define H_RAM	   0x80000000ull
#define H_RAM_SIZE (64ull << 20)
#define H_MSI	   0x08020000ull /* a doorbell page, see h_msi */

struct h_msi {
	uint64_t pa;
	uint32_t data;
};

struct harness {
	struct smmu_bus *bus;
	struct smmu_config cfg;
	struct smmu *smmu;
	struct smmu_port *port; /* NULL until h_port() */
	uint64_t next;		/* next free RAM */
	uint64_t strtab, cmdq, eventq;
	unsigned strtab_log2, cmdq_log2, eventq_log2;
	struct h_msi msi[64]; /* what the doorbell received, oldest first */
	unsigned n_msi;
	char refused[256]; /* last message of the model, "" if none */
};

/* Builds it all from a preset; tweak (may be NULL) changes the configuration first. */
void h_setup(struct harness *h, enum smmu_preset preset,
	     void (*tweak)(struct smmu_config *cfg));
void h_setup_cfg(struct harness *h, const struct smmu_config *cfg);
void h_teardown(struct harness *h);
/* A configuration as SMMU_TEST_MODE wants it. */
void h_mode(struct smmu_config *cfg);
/* Returns when nothing moves any more; after what a test calls itself. */
void h_idle(struct harness *h);
struct smmu_port *h_port(struct harness *h);

/* RAM: zeroed, align a power of two. */
uint64_t h_alloc(struct harness *h, uint64_t size, uint64_t align);
uint64_t h_read64(struct harness *h, uint64_t pa);
void h_write64(struct harness *h, uint64_t pa, uint64_t value);
void h_write_dw(struct harness *h, uint64_t pa, const uint64_t *dw, unsigned n);

/* MMIO. */
uint32_t h_rd32(struct harness *h, uint64_t reg);
uint64_t h_rd64(struct harness *h, uint64_t reg);
void h_wr32(struct harness *h, uint64_t reg, uint32_t value);
void h_wr64(struct harness *h, uint64_t reg, uint64_t value);

/*
 * Allocates a linear stream table (2^min(sid_bits, 8) STEs, all V=0), a command
 * and an event queue of 64 entries, programs them (write-back, inner shareable;
 * CR2.RECINVSID = 1) and enables queues (h_init_queues) and translation (h_enable).
 */
void h_init_queues(struct harness *h);
void h_init_strtab(struct harness *h);
void h_enable(struct harness *h);  /* both of the above, then CR0.SMMUEN */
void h_disable(struct harness *h); /* CR0 = 0 */

/* Commands: push one and let the SMMU consume it; h_sync adds a CMD_SYNC. */
void h_cmd(struct harness *h, uint64_t dw0, uint64_t dw1);
void h_cmd_dw(struct harness *h, const uint64_t *dw);
void h_sync(struct harness *h);
/* Active CMDQ error code (CERROR_*), or 0; h_cmdq_ack skips the bad command. */
unsigned h_cmdq_error(struct harness *h);
void h_cmdq_skip(struct harness *h);
/* CMD_CFGI_ALL, CMD_TLBI_NSNH_ALL (and EL2_ALL if Hyp), CMD_SYNC. */
void h_invalidate_all(struct harness *h);

/* Takes the oldest event from the queue; false if there is none. */
bool h_event(struct harness *h, uint64_t dw[4]);
/* Takes all events, returns how many there were. */
unsigned h_events_drain(struct harness *h);

/* Structures. STE and CD go to memory only: invalidate if they were used before. */
uint64_t h_ste_pa(struct harness *h, uint32_t sid);
void h_ste_write(struct harness *h, uint32_t sid, const uint64_t ste[8]);
/* Legal defaults to start from; dw is zeroed first. */
void h_ste_bypass(uint64_t ste[8]);
void h_ste_s1(uint64_t ste[8], uint64_t cd_pa); /* Config 101 */
void h_ste_s2(uint64_t ste[8], uint64_t ttb,
	      uint16_t vmid); /* 110, 4K, 48 bit, level 0 */
void h_ste_nested(uint64_t ste[8], uint64_t cd_ipa, uint64_t ttb, uint16_t vmid);
void h_cd_s1(uint64_t cd[8], uint64_t ttb0, uint16_t asid); /* AA64, 4K, T0SZ 16, EPD1 */

/*
 * A 4 KiB-granule, 48-bit, level-0 table of 512 entries; maps the 2^(12 + 9 *
 * (3 - level)) bytes around addr to pa, with the given leaf attribute bits
 * (everything but the address and the type bits), allocating tables on the way.
 * H_S1_RW, H_S2_RW: valid read-write attributes with AF set.
 */
uint64_t h_table(struct harness *h);
void h_map(struct harness *h, uint64_t root, uint64_t addr, uint64_t pa, unsigned level,
	   uint64_t attrs);
/* PA of the descriptor at that level on the way to addr; 0 if there is no table. */
uint64_t h_desc_pa(struct harness *h, uint64_t root, uint64_t addr, unsigned level);
uint64_t h_s1_rw(void); /* AP 01, AF, SH inner, nG, AttrIndx 0 */
uint64_t h_s2_rw(void); /* S2AP RW, AF, SH inner, MemAttr write-back */

#endif /* TESTS_MODEL_HARNESS_H */
