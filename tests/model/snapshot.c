/* SPDX-License-Identifier: MIT */
/* Snapshots: what is taken in goes on as the original; what is damaged changes nothing.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/snapshot.h>
#include "model/harness.h"

enum { STREAMS = 24, PAGES = 64 };

/* A machine with streams of every kind, whose mappings the workload changes. */
struct world {
	struct harness h;
	uint64_t s1_root, s2_root;
	uint64_t data;
};

static void small_caches(struct smmu_config *cfg)
{
	cfg->tlb_entries = 64;
	cfg->config_entries = 8;
	cfg->stall_model = 1;
}

static uint64_t va_of(unsigned page)
{
	/* A few far apart, so that levels and sets differ. */
	return (uint64_t)page << 12 | (uint64_t)(page & 3) << 30;
}

static void put_stream(struct world *w, uint32_t sid)
{
	struct harness *h = &w->h;
	uint64_t ste[8], cd[8], cd_pa = h_alloc(h, 64, 64);

	h_cd_s1(cd, w->s1_root, (uint16_t)(sid % 5 + 1));
	h_write_dw(h, cd_pa, cd, 8);
	switch (sid % 4) {
	case 0:
		h_ste_s1(ste, cd_pa);
		break;
	case 1:
		h_ste_s2(ste, w->s2_root, (uint16_t)(sid % 3 + 1));
		break;
	case 2:
		h_ste_nested(ste, cd_pa, w->s2_root, (uint16_t)(sid % 3 + 1));
		break;
	default:
		h_ste_bypass(ste);
		break;
	}
	h_ste_write(h, sid, ste);
}

static void identity(struct world *w, uint64_t from, uint64_t size)
{
	for (uint64_t pa = from; pa < from + size; pa += 2 << 20)
		h_map(&w->h, w->s2_root, pa, pa, 2, h_s2_rw());
}

static void w_setup(struct world *w)
{
	struct harness *h = &w->h;

	h_setup(h, SMMU_PRESET_V3_2, small_caches);
	h_enable(h);
	w->s1_root = h_table(h);
	w->s2_root = h_table(h);
	w->data = h_alloc(h, PAGES * 4096, 4096);
	identity(w, H_RAM, H_RAM_SIZE);
	for (unsigned i = 0; i < PAGES; i++) {
		uint64_t ng = i & 1 ? 0 : h_s1_rw();

		h_map(h, w->s1_root, va_of(i), w->data + 4096ull * i, 3,
		      ng ? ng : h_s1_rw() & ~SMMU_MASK(SMMU_S1DESC_nG));
		h_map(h, w->s2_root, va_of(i), w->data + 4096ull * i, 3, h_s2_rw());
	}
	for (uint32_t sid = 0; sid < STREAMS; sid++)
		put_stream(w, sid);
	h_invalidate_all(h);
}

struct rng {
	uint64_t state;
};

static unsigned pick(struct rng *r, unsigned n)
{
	r->state = r->state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)((r->state >> 33) % n);
}

static void command(struct harness *h, struct rng *r)
{
	static const unsigned ops[] = { SMMU_OP_TLBI_NH_VA,	SMMU_OP_TLBI_NH_ASID,
					SMMU_OP_TLBI_S12_VMALL, SMMU_OP_TLBI_S2_IPA,
					SMMU_OP_TLBI_NH_ALL,	SMMU_OP_TLBI_NSNH_ALL };
	uint64_t dw[2] = { 0, 0 };
	unsigned kind = pick(r, 9);

	if (kind < 6) {
		dw[0] = ops[kind];
		smmu_set(dw, SMMU_CMD_TLBI_NH_VA_VMID, pick(r, 4));
		if (kind < 2)
			smmu_set(dw, SMMU_CMD_TLBI_NH_VA_ASID, pick(r, 6));
		if (kind == 0 || kind == 3)
			dw[1] = va_of(pick(r, PAGES));
		if (kind >= 4)
			dw[0] &= 0xff | SMMU_MASK(SMMU_CMD_TLBI_NH_VA_VMID);
		if (kind == 5)
			dw[0] = ops[kind];
	} else if (kind == 6) {
		smmu_set(dw, SMMU_CMD_CFGI_STE_OPCODE, SMMU_OP_CFGI_STE);
		smmu_set(dw, SMMU_CMD_CFGI_STE_StreamID, pick(r, STREAMS));
		smmu_set(dw, SMMU_CMD_CFGI_STE_Leaf, 1);
	} else {
		smmu_set(dw, SMMU_CMD_CFGI_CD_OPCODE, SMMU_OP_CFGI_CD);
		smmu_set(dw, SMMU_CMD_CFGI_CD_StreamID, pick(r, STREAMS));
		smmu_set(dw, SMMU_CMD_CFGI_CD_Leaf, 1);
	}
	h_cmd_dw(h, dw);
	h_sync(h);
}

struct seen {
	struct smmu_result res;
	uint64_t event[4];
	bool has_event;
};

static struct seen access_one(struct harness *h, struct rng *r)
{
	struct seen seen = { .has_event = false };
	struct smmu_txn txn = {
		.sid = pick(r, STREAMS + 2),
		.op = (uint8_t)pick(r, 3),
		.priv = pick(r, 2),
		.inst = pick(r, 8) == 0,
	};

	txn.addr = va_of(pick(r, PAGES + 4)) + pick(r, 4096) * 1u;
	seen.res = smmu_translate(h_port(h), &txn);
	seen.has_event = h_event(h, seen.event);
	return seen;
}

static void flip_page(struct world *w, struct rng *r)
{
	uint64_t pa = h_desc_pa(&w->h, w->s1_root, va_of(pick(r, PAGES)), 3);

	h_write64(&w->h, pa, h_read64(&w->h, pa) ^ 1);
}

static void work(struct world *w, struct rng *r, unsigned n, struct seen *seen)
{
	for (unsigned i = 0; i < n; i++) {
		memset(&seen[i], 0, sizeof(seen[i]));
		switch (pick(r, 24)) {
		case 0:
			command(&w->h, r);
			break;
		case 1:
			flip_page(w, r);
			break;
		default:
			seen[i] = access_one(&w->h, r);
			break;
		}
	}
}

static void same_result(const struct seen *a, const struct seen *b)
{
	assert_int_equal(a->res.status, b->res.status);
	assert_int_equal(a->res.event, b->res.event);
	assert_int_equal(a->res.recorded, b->res.recorded);
	assert_int_equal(a->res.pa, b->res.pa);
	assert_int_equal(a->res.ipa, b->res.ipa);
	assert_int_equal(a->res.page_bits, b->res.page_bits);
	assert_memory_equal(&a->res.attr, &b->res.attr, sizeof(a->res.attr));
	assert_int_equal(a->has_event, b->has_event);
	assert_memory_equal(a->event, b->event, sizeof(a->event));
}

static void same_stats(struct smmu *a, struct smmu *b)
{
	struct smmu_stats sa, sb;

	smmu_stats_read(a, &sa);
	smmu_stats_read(b, &sb);
	assert_memory_equal(&sa, &sb, sizeof(sa));
}

static void *save(struct smmu *smmu, unsigned flags, size_t *len)
{
	void *data = NULL;

	assert_int_equal(smmu_snapshot_save(smmu, flags, &data, len), 0);
	assert_non_null(data);
	return data;
}

/* The copy stands on a bus of its own, with the memory of the snapshot. */
static void make_copy(struct world *copy, const struct world *w, const void *data,
		      size_t len)
{
	char why[256] = "";

	*copy = *w;
	copy->h.port = NULL;
	copy->h.bus = smmu_bus_create();
	assert_int_equal(smmu_snapshot_create(&copy->h.smmu, copy->h.bus, data, len,
					      SMMU_SNAPSHOT_ADD_RAM, why, sizeof(why)),
			 0);
	assert_string_equal(why, "");
}

enum { BEFORE = 1500, AFTER = 3000 };

static void goes_on_alike(void **state)
{
	static struct seen a[AFTER], b[AFTER];

	(void)state;
	for (unsigned seed = 1; seed <= 4; seed++) {
		struct rng r = { seed }, ra, rb;
		struct world w, copy;
		void *data, *end_a, *end_b;
		size_t len, len_a, len_b;

		w_setup(&w);
		work(&w, &r, BEFORE, a);
		data = save(w.h.smmu, SMMU_SNAPSHOT_MEMORY, &len);
		make_copy(&copy, &w, data, len);
		same_stats(w.h.smmu, copy.h.smmu);
		ra = rb = r;
		work(&w, &ra, AFTER, a);
		work(&copy, &rb, AFTER, b);
		for (unsigned i = 0; i < AFTER; i++)
			same_result(&a[i], &b[i]);
		same_stats(w.h.smmu, copy.h.smmu);
		/* And at the end the two are the same to the last bit. */
		end_a = save(w.h.smmu, SMMU_SNAPSHOT_MEMORY, &len_a);
		end_b = save(copy.h.smmu, SMMU_SNAPSHOT_MEMORY, &len_b);
		assert_int_equal(len_a, len_b);
		assert_memory_equal(end_a, end_b, len_a);
		free(end_a);
		free(end_b);
		free(data);
		h_teardown(&w.h);
		h_teardown(&copy.h);
	}
}

/* Back in time: into the same SMMU, with its memory. */
static void restore_goes_back(void **state)
{
	static struct seen a[AFTER], b[AFTER];
	struct rng r = { 77 }, again;
	char why[256] = "";
	struct world w;
	void *data, *now;
	size_t len, n;

	(void)state;
	w_setup(&w);
	work(&w, &r, BEFORE, a);
	data = save(w.h.smmu, SMMU_SNAPSHOT_MEMORY, &len);
	again = r;
	work(&w, &r, AFTER, a);
	assert_int_equal(smmu_snapshot_restore(w.h.smmu, data, len, why, sizeof(why)), 0);
	now = save(w.h.smmu, SMMU_SNAPSHOT_MEMORY, &n);
	assert_int_equal(n, len);
	assert_memory_equal(now, data, len);
	work(&w, &again, AFTER, b);
	for (unsigned i = 0; i < AFTER; i++)
		same_result(&a[i], &b[i]);
	free(now);
	free(data);
	h_teardown(&w.h);
}

static void ecmdqs(struct smmu_config *cfg)
{
	cfg->ecmdq = 1;
	cfg->cmdq_control_page_log2numq = 2;
}

static void other_queues_and_choices(void **state)
{
	struct harness h;
	struct smmu *copy;
	struct smmu_bus *bus = smmu_bus_create();
	size_t len, n;
	void *data, *again;

	(void)state;
	h_setup(&h, SMMU_PRESET_FULL, ecmdqs);
	h_enable(&h);
	data = save(h.smmu, 0, &len);
	assert_int_equal(smmu_snapshot_create(&copy, bus, data, len, 0, NULL, 0), 0);
	again = save(copy, 0, &n);
	assert_int_equal(n, len);
	assert_memory_equal(again, data, len);
	for (uint64_t reg = 0; reg < smmu_mmio_size(copy); reg += 4)
		assert_int_equal(smmu_mmio_read(copy, reg, 4),
				 smmu_mmio_read(h.smmu, reg, 4));
	smmu_destroy(copy);
	smmu_bus_destroy(bus);
	free(data);
	free(again);
	h_teardown(&h);
}

/* ---- what is no snapshot ---- */

struct target {
	struct world w;
	unsigned char *data, *bad;
	size_t len;
	void *before;
	size_t before_len;
};

static void t_setup(struct target *t, unsigned flags)
{
	static struct seen seen[300];
	struct rng r = { 5 };

	w_setup(&t->w);
	work(&t->w, &r, 300, seen);
	t->data = save(t->w.h.smmu, flags, &t->len);
	t->bad = malloc(t->len + 64);
	work(&t->w, &r, 300, seen);
	t->before = save(t->w.h.smmu, SMMU_SNAPSHOT_MEMORY, &t->before_len);
}

static void t_teardown(struct target *t)
{
	free(t->data);
	free(t->bad);
	free(t->before);
	h_teardown(&t->w.h);
}

static void unchanged(struct target *t)
{
	size_t len;
	void *now = save(t->w.h.smmu, SMMU_SNAPSHOT_MEMORY, &len);

	assert_int_equal(len, t->before_len);
	assert_memory_equal(now, t->before, len);
	free(now);
}

static void refused(struct target *t, const void *data, size_t len, const char *section)
{
	char why[256] = "";

	assert_int_equal(smmu_snapshot_restore(t->w.h.smmu, data, len, why, sizeof(why)),
			 -EINVAL);
	if (!strstr(why, section) || !strstr(why, "offset 0x"))
		fail_msg("\"%s\" names neither %s nor an offset", why, section);
}

static void truncated(void **state)
{
	struct target t;

	(void)state;
	t_setup(&t, 0);
	for (size_t len = 0; len < t.len; len += 1 + len / 100) {
		memcpy(t.bad, t.data, len);
		refused(&t, t.bad, len, "section");
	}
	memcpy(t.bad, t.data, t.len);
	t.bad[t.len] = 0;
	refused(&t, t.bad, t.len + 1, "HEAD");
	unchanged(&t);
	t_teardown(&t);
}

static void wrong_heads(void **state)
{
	struct target t;

	(void)state;
	t_setup(&t, 0);
	memcpy(t.bad, t.data, t.len);
	t.bad[0] ^= 1;
	refused(&t, t.bad, t.len, "no snapshot");
	t.bad[0] ^= 1;
	t.bad[8] = SMMU_SNAPSHOT_VERSION + 1;
	refused(&t, t.bad, t.len, "version");
	t.bad[8] = SMMU_SNAPSHOT_VERSION;
	t.bad[16] = 'X'; /* CONF is XONF: unknown, and must be known */
	refused(&t, t.bad, t.len, "XONF");
	t.bad[20] = 0; /* need not be known: then the configuration is missing */
	refused(&t, t.bad, t.len, "CONF");
	unchanged(&t);
	t_teardown(&t);
}

/* Sections that a later version may add, and says that nobody needs. */
static void unknown_sections(void **state)
{
	static const unsigned char extra[] = { 'N', 'E', 'W', ' ', 0, 0, 0,   0,   3,  0,
					       0,   0,	 0,   0,   0, 0, 'a', 'b', 'c' };
	struct target t;

	(void)state;
	t_setup(&t, 0);
	memcpy(t.bad, t.data, t.len);
	memcpy(t.bad + t.len, extra, sizeof(extra));
	t.bad[12]++;
	assert_int_equal(
		smmu_snapshot_restore(t.w.h.smmu, t.bad, t.len + sizeof(extra), NULL, 0),
		0);
	t.bad[t.len + 4] = 1;
	refused(&t, t.bad, t.len + sizeof(extra), "NEW ");
	t_teardown(&t);
}

/* Any one byte wrong: refused with nothing changed, or taken and then usable. */
static void flipped_bytes(void **state)
{
	struct rng r = { 9 };
	unsigned taken = 0, not_taken = 0;
	struct target t;

	(void)state;
	t_setup(&t, 0);
	for (unsigned i = 0; i < 400; i++) {
		size_t at = pick(&r, (unsigned)t.len);
		void *again;
		size_t n;

		memcpy(t.bad, t.data, t.len);
		t.bad[at] ^= (unsigned char)(1u << pick(&r, 8));
		if (smmu_snapshot_restore(t.w.h.smmu, t.bad, t.len, NULL, 0)) {
			not_taken++;
			continue;
		}
		taken++;
		/* It is what was read, and it stands being used. */
		again = save(t.w.h.smmu, 0, &n);
		free(again);
		for (unsigned j = 0; j < 40; j++)
			(void)access_one(&t.w.h, &r);
		assert_int_equal(
			smmu_snapshot_restore(t.w.h.smmu, t.data, t.len, NULL, 0), 0);
	}
	assert_true(taken > 40 && not_taken > 40);
	t_teardown(&t);
}

static void other_configuration(void **state)
{
	struct target t;
	struct harness other;
	struct smmu_bus *bus = smmu_bus_create();
	struct smmu *none = NULL;
	char why[256];

	(void)state;
	t_setup(&t, SMMU_SNAPSHOT_MEMORY);
	h_setup(&other, SMMU_PRESET_V3_2, NULL);
	assert_int_equal(
		smmu_snapshot_restore(other.smmu, t.data, t.len, why, sizeof(why)),
		-EINVAL);
	assert_non_null(strstr(why, "tlb_entries = 64"));
	/* Memory without a place. */
	assert_int_equal(
		smmu_snapshot_create(&none, bus, t.data, t.len, 0, why, sizeof(why)),
		-EINVAL);
	assert_non_null(strstr(why, "no such bank of RAM"));
	assert_null(none);
	h_teardown(&other);
	smmu_bus_destroy(bus);
	t_teardown(&t);
}

/* ---- from a real machine ---- */

static struct smmu_id_values id_values(struct smmu *smmu)
{
	static const uint64_t at[7] = { SMMU_REG_IDR0, SMMU_REG_IDR1, SMMU_REG_IDR2,
					SMMU_REG_IDR3, SMMU_REG_IDR4, SMMU_REG_IDR5,
					SMMU_REG_IDR6 };
	struct smmu_id_values v;

	for (unsigned i = 0; i < 7; i++)
		v.idr[i] = (uint32_t)smmu_mmio_read(smmu, at[i], 4);
	v.iidr = (uint32_t)smmu_mmio_read(smmu, SMMU_REG_IIDR, 4);
	v.aidr = (uint32_t)smmu_mmio_read(smmu, SMMU_REG_AIDR, 4);
	return v;
}

static void configuration_from_id_registers(void **state)
{
	(void)state;
	for (int preset = 0; preset < SMMU_PRESET_COUNT; preset++) {
		struct harness h, again;
		struct smmu_id_values v, w;
		struct smmu_config cfg;
		char why[256] = "";

		h_setup(&h, (enum smmu_preset)preset,
			preset == SMMU_PRESET_FULL ? ecmdqs : NULL);
		v = id_values(h.smmu);
		assert_int_equal(smmu_config_from_id(&cfg, &v, why, sizeof(why)), 0);
		h_setup_cfg(&again, &cfg);
		w = id_values(again.smmu);
		assert_memory_equal(&v, &w, sizeof(v));
		h_teardown(&again);
		h_teardown(&h);
	}
}

static void impossible_id_registers(void **state)
{
	struct smmu_config cfg, untouched;
	struct smmu_id_values v;
	struct harness h;
	char why[256] = "";

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_1, NULL);
	v = id_values(h.smmu);
	memset(&cfg, 0x5a, sizeof(cfg));
	untouched = cfg;
	v.idr[5] |= 7; /* OAS 56 bits before v3.4 */
	assert_int_equal(smmu_config_from_id(&cfg, &v, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "oas = 7"));
	v = id_values(h.smmu);
	v.idr[0] |= (uint32_t)SMMU_MASK(SMMU_IDR0_VATOS);
	assert_int_equal(smmu_config_from_id(&cfg, &v, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "vatos = 1"));
	v = id_values(h.smmu);
	v.idr[1] |= (uint32_t)SMMU_MASK(SMMU_IDR1_TABLES_PRESET);
	assert_int_equal(smmu_config_from_id(&cfg, &v, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "SMMU_IDR1"));
	assert_memory_equal(&cfg, &untouched, sizeof(cfg));
	h_teardown(&h);
}

static void registers_by_name(void **state)
{
	struct harness h;
	char why[256] = "";

	(void)state;
	h_setup(&h, SMMU_PRESET_V3_2, NULL);
	assert_int_equal(smmu_reg_restore(h.smmu, "CR0", 0xd, why, sizeof(why)), 0);
	assert_int_equal(h_rd32(&h, SMMU_REG_CR0ACK), 0xd);
	assert_int_equal(smmu_reg_restore(h.smmu, "SMMU_CR0ACK", 0x5, why, sizeof(why)),
			 0);
	assert_int_equal(h_rd32(&h, SMMU_REG_CR0ACK), 0x5);
	/* Read-only for software, and writable only while SMMUEN is 0: not here. */
	assert_int_equal(smmu_reg_restore(h.smmu, "eventq_prod", 7, why, sizeof(why)), 0);
	assert_int_equal(smmu_reg_restore(h.smmu, "STRTAB_BASE", H_RAM, why, sizeof(why)),
			 0);
	assert_int_equal(h_rd64(&h, SMMU_REG_STRTAB_BASE), H_RAM);
	assert_int_equal(smmu_reg_restore(h.smmu, "IDR1", 0, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "SMMU_IDR1"));
	assert_int_equal(smmu_reg_restore(h.smmu, "CRO", 0, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "CRO"));
	assert_int_equal(smmu_reg_restore(h.smmu, "CR0", 1ull << 32, why, sizeof(why)),
			 -EINVAL);
	assert_non_null(strstr(why, "0xffffffff"));
	h_teardown(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on_alike),
		cmocka_unit_test(restore_goes_back),
		cmocka_unit_test(other_queues_and_choices),
		cmocka_unit_test(truncated),
		cmocka_unit_test(wrong_heads),
		cmocka_unit_test(unknown_sections),
		cmocka_unit_test(flipped_bytes),
		cmocka_unit_test(other_configuration),
		cmocka_unit_test(configuration_from_id_registers),
		cmocka_unit_test(impossible_id_registers),
		cmocka_unit_test(registers_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
