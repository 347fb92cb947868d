/* SPDX-License-Identifier: MIT */
/* What needs more than one SMMU, or memory that watches how it is read. */
#include "conformance/bench.h"
#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

enum { SID = 5 };
static const uint64_t page_a = H_RAM + 0x2000000, page_b = H_RAM + 0x2001000;

static uint64_t translate(struct harness *h, uint64_t addr)
{
	const struct smmu_txn txn = { .sid = SID, .op = SMMU_READ, .addr = addr };
	const struct smmu_result r = smmu_translate(h_port(h), &txn);

	assert_int_equal(r.status, SMMU_OK);
	return r.pa;
}

static void use_tables(struct harness *h, uint64_t cd)
{
	uint64_t ste[8];

	h_enable(h);
	h_ste_s1(ste, cd);
	h_ste_write(h, SID, ste);
}

/* CMD-53: a TLBI acts on the SMMU that was told, not on its neighbour of one bus. */
void cf_two_smmus(void **state)
{
	struct harness a, b;
	struct smmu_config cfg;
	uint64_t root, cd[8], cd_pa;

	(void)state;
	h_setup(&a, SMMU_PRESET_V3_2, NULL);
	cfg = a.cfg;
	cfg.name = "other";
	b = a;
	assert_int_equal(smmu_create(&b.smmu, a.bus, &cfg), 0);
	b.next = H_RAM + 0x1000000;
	root = h_table(&a);
	h_map(&a, root, 0x1000, page_a, 3, h_s1_rw());
	cd_pa = h_alloc(&a, 64, 64);
	h_cd_s1(cd, root, 1);
	h_write_dw(&a, cd_pa, cd, 8);
	use_tables(&a, cd_pa);
	use_tables(&b, cd_pa);
	assert_int_equal(translate(&a, 0x1000), page_a);
	assert_int_equal(translate(&b, 0x1000), page_a);

	h_map(&a, root, 0x1000, page_b, 3, h_s1_rw());
	h_cmd(&a, SMMU_OP_TLBI_NSNH_ALL, 0);
	h_sync(&a);
	assert_int_equal(translate(&a, 0x1000), page_b); /* CMD-53 */
	assert_int_equal(translate(&b, 0x1000), page_a);
	h_cmd(&b, SMMU_OP_TLBI_NSNH_ALL, 0);
	h_sync(&b);
	assert_int_equal(translate(&b, 0x1000), page_b);

	smmu_port_close(b.port);
	smmu_destroy(b.smmu);
	h_teardown(&a);
}

/* A Stream table that remembers the narrowest and the most crooked read. */
struct watched {
	uint64_t words[8 * 256];
	unsigned reads, narrow;
};
#define WATCHED 0x90000000ull

static int watched_read(void *ctx, uint64_t pa, void *buf, size_t len,
			const struct smmu_attr *attr)
{
	struct watched *w = ctx;

	(void)attr;
	w->reads++;
	w->narrow += len % 8 || pa % 8;
	memcpy(buf, (const uint8_t *)w->words + (pa - WATCHED), len);
	return 0;
}

static int watched_write(void *ctx, uint64_t pa, const void *buf, size_t len,
			 const struct smmu_attr *attr)
{
	(void)ctx;
	(void)pa;
	(void)buf;
	(void)len;
	(void)attr;
	return -EIO;
}

/* CACHE-61: structures are read in aligned pieces of at least 64 bits. */
void cf_whole_words(void **state)
{
	static const struct smmu_mem_ops ops = { .read = watched_read,
						 .write = watched_write };
	static struct watched w;
	const struct smmu_txn txn = { .sid = SID, .op = SMMU_READ, .addr = 0x1000 };
	struct harness h;

	(void)state;
	memset(&w, 0, sizeof(w));
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	assert_int_equal(smmu_bus_add_region(h.bus, WATCHED, sizeof(w.words), &ops, &w),
			 0);
	h_init_strtab(&h);
	h_init_queues(&h);
	h_wr64(&h, SMMU_REG_STRTAB_BASE, WATCHED);
	h_ste_bypass(&w.words[8 * SID]);
	h_wr32(&h, SMMU_REG_CR0, h_rd32(&h, SMMU_REG_CR0) | 1);
	assert_int_equal(smmu_translate(h_port(&h), &txn).status, SMMU_OK);
	assert_in_range(w.reads, 1, 8); /* CACHE-61 */
	assert_int_equal(w.narrow, 0);
	h_teardown(&h);
}
