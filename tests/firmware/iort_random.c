/* SPDX-License-Identifier: MIT */
/*
 * FW-51: random tables, every id of a root complex, against an algorithm that is told
 * the rules another way: all mappings of a node are tried on the id and the
 * candidates are then judged; no code is shared with the library's.
 */
#include "firmware/table.h"

enum { TABLES = 60, IDS = 65536 };

static uint64_t seed;

static uint32_t rnd(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % n;
}

/* A map of the plan; to 0: the first SMMU, 1: the second, 2: a component in between. */
struct plan_map {
	uint32_t in, count, out;
	int to;
	bool single;
};

struct plan {
	struct plan_map rc[12], mid[6];
	size_t nrc, nmid;
};

static struct plan_map random_map(bool rc)
{
	struct plan_map m = { .in = rnd(IDS),
			      .out = rnd(3) ? rnd(IDS) : rnd(0x7fffffff) };

	/* Small, large, and such as touch what is beside them. */
	m.count = rnd(4) == 0 ? rnd(IDS) : rnd(2) ? rnd(64) : 0xff;
	if (rnd(2))
		m.in &= 0xff00;
	if (rnd(3) == 0)
		m.in = m.in & 0xff00 ? (m.in & 0xff00) - 1 : 0;
	m.to = rc ? (int)rnd(3) : (int)rnd(2);
	m.single = rnd(20) == 0;
	return m;
}

static struct plan random_plan(void)
{
	struct plan p = { .nrc = rnd(13), .nmid = rnd(7) };

	for (size_t i = 0; i < p.nrc; i++) {
		p.rc[i] = random_map(true);
		/* Often a neighbour: it begins where the one before ends, or after. */
		if (i && rnd(2))
			p.rc[i].in = p.rc[i - 1].in + p.rc[i - 1].count + rnd(2);
	}
	for (size_t i = 0; i < p.nmid; i++)
		p.mid[i] = random_map(false);
	return p;
}

/* FW-29, FW-30: which of n maps takes the id; -1: none. */
static int brute_pick(const struct plan_map *maps, size_t n, uint64_t id)
{
	int sure = -1, maybe = -1;

	for (size_t i = 0; i < n && sure < 0; i++) {
		const uint64_t first = maps[i].in, last = first + maps[i].count;

		if (maps[i].single)
			sure = (int)i;
		else if (id >= first && id < last && (maybe < 0 || id == first))
			sure = (int)i;
		else if (id == first && id == last)
			sure = (int)i;
		else if (id == last && maybe < 0)
			maybe = (int)i;
	}
	return sure >= 0 ? sure : maybe;
}

static uint32_t brute_out(const struct plan_map *m, uint32_t id)
{
	return m->single ? m->out : m->out + (id - m->in);
}

/* Which SMMU, -1: none, and with which id. */
static int brute(const struct plan *p, uint32_t id, uint32_t *out)
{
	int i = brute_pick(p->rc, p->nrc, id);

	*out = id;
	if (i < 0)
		return -1;
	if (p->rc[i].to < 2) {
		*out = brute_out(&p->rc[i], id);
		return p->rc[i].to;
	}
	id = brute_out(&p->rc[i], id);
	i = brute_pick(p->mid, p->nmid, id);
	if (i < 0)
		return -1;
	*out = brute_out(&p->mid[i], id);
	return p->mid[i].to;
}

static void build(const struct plan *p, struct table *t, uint32_t smmu[2])
{
	uint32_t to[3];

	table_begin(t, "IORT", 6);
	to[0] = smmu[0] = add_smmuv3(t, 0x1000000, 4);
	to[1] = smmu[1] = add_smmuv3(t, 0x2000000, 4);
	to[2] = add_component(t, "\\MID0");
	for (size_t i = 0; i < p->nmid; i++)
		smmu_acpi_add_mapping(t->w, p->mid[i].in, p->mid[i].count, p->mid[i].out,
				      to[p->mid[i].to], p->mid[i].single);
	add_root(t, 0);
	for (size_t i = 0; i < p->nrc; i++)
		smmu_acpi_add_mapping(t->w, p->rc[i].in, p->rc[i].count, p->rc[i].out,
				      to[p->rc[i].to], p->rc[i].single);
	table_finish(t);
}

/* FW-51: the look-up, and the board's flat map, say what the brute force says. */
static void check(const struct plan *p)
{
	struct table t;
	struct smmu_fw *fw;
	const struct smmu_iort *iort;
	const struct smmu_iort_node *rc;
	uint32_t smmu[2];
	unsigned mapped = 0;

	build(p, &t, smmu);
	fw = table_parse(&t);
	iort = fw->acpi->iort;
	rc = smmu_iort_root_complex(iort, 0);
	for (uint32_t id = 0; id < IDS; id++) {
		const struct smmu_fw_map_entry *entry = NULL;
		uint32_t want, got, flat;
		int to = brute(p, id, &want);
		const struct smmu_iort_node *node =
			smmu_iort_map_id(iort, rc, id, &got, SMMU_IORT_IOMMUS);

		if (to >= 0 ? !node || node->offset != smmu[to] : node != NULL)
			fail_msg("id 0x%x goes elsewhere", id);
		if (got != want)
			fail_msg("id 0x%x: 0x%x, not 0x%x", id, got, want);
		assert_int_equal(
			smmu_fw_map_id(&fw->hosts[0].iommu_map, id, 0, &flat, &entry), 0);
		assert_int_equal(entry ? entry->iommu : -1, to);
		assert_int_equal(flat, want);
		mapped += to >= 0;
	}
	if (!p->nrc)
		assert_int_equal(mapped, 0);
	smmu_fw_destroy(fw);
	table_free(&t);
}

static void test_random(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TABLES; i++) {
		struct plan p;

		seed = i;
		p = random_plan();
		check(&p);
	}
}

/* FW-30, FW-51: every way in which two short ranges can lie to each other. */
static void test_all_pairs(void **state)
{
	(void)state;
	for (uint32_t count = 0; count < 4; count++) {
		for (uint32_t in = 0; in < 10; in++) {
			struct plan p = { .rc = { { 4, 2, 0x100, 0, false },
						  { in, count, 0x200, 1, false } },
					  .nrc = 2 };

			check(&p);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_all_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
