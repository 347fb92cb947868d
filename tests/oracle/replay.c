/* SPDX-License-Identifier: MIT */
/*
 * Plays the scenarios of corpus/ on the model: one cmocka test a scenario. Properties:
 *  1. event records are those that the architecture asks, byte for byte, in order;
 *  2. each DMA ends where the architecture says (address, fault, hole);
 *  3. the registers that changed are those that should, and no other;
 *  4. there was an interrupt when there should be one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/arch.h>
#include <smmulator/run.h>
#include <smmulator/smmu.h>

#define RAM_BASE 0x40000000ull
#define RAM_SIZE 0x80000000ull

struct player {
	const json_t *scenario;
	struct smmu_bus *bus;
	struct smmu *smmu;
	struct smmu_port *port;
	uint32_t evt_shadow;  /* event records up to here were compared */
	uint32_t regs[16];    /* expected values, in the order of dumped[] */
	uint64_t pulses[4];   /* of wires[], at the end of the last phase */
	bool indices_unknown; /* a stale_ok phase moved EVENTQ_PROD otherwise */
};

static const struct {
	const char *name;
	uint32_t offset, mask;
} dumped[] = {
	{ "CR0ACK", SMMU_REG_CR0ACK, ~0u },
	{ "GBPA", SMMU_REG_GBPA, SMMU_MASK(SMMU_GBPA_ABORT) },
	{ "IRQ_CTRLACK", SMMU_REG_IRQ_CTRLACK, ~0u },
	{ "GERROR", SMMU_REG_GERROR, ~0u },
	{ "GERRORN", SMMU_REG_GERRORN, ~0u },
	{ "CMDQ_PROD", SMMU_REG_CMDQ_PROD, ~0u },
	{ "CMDQ_CONS", SMMU_REG_CMDQ_CONS, ~0u },
	{ "EVENTQ_PROD", SMMU_REG_EVENTQ_PROD, ~0u },
	{ "EVENTQ_CONS", SMMU_REG_EVENTQ_CONS, ~0u },
};
enum { DUMPED = sizeof(dumped) / sizeof(dumped[0]) };
static const char *const wires[][2] = {
	{ "evtq", "smmu.eventq" },
	{ "priq", "smmu.priq" },
	{ "cmd_sync", "smmu.cmdq-sync" },
	{ "gerror", "smmu.gerror" },
};

/* As tests/model/harness.h: the same scenarios in the other modes. */
static void set_mode(struct smmu_config *cfg)
{
	const char *mode = getenv("SMMU_TEST_MODE"), *seed = getenv("SMMU_TEST_SEED");

	cfg->seed = seed ? strtoull(seed, NULL, 0) : 0;
	if (mode && strcmp(mode, "stepped") == 0)
		cfg->mode = SMMU_MODE_STEPPED;
	else if (mode && strcmp(mode, "threaded") == 0)
		cfg->mode = SMMU_MODE_THREADED;
}

static void idle(struct player *p)
{
	assert_true(smmu_run_until_idle(p->smmu) >= 0);
}

/* Numbers of 2^63 and more are strings, which JSON readers take everywhere. */
static uint64_t num(const json_t *o)
{
	return json_is_string(o) ? strtoull(json_string_value(o), NULL, 0)
				 : (uint64_t)json_integer_value(o);
}

static uint64_t hex_bytes(const char *hex, uint8_t *out, size_t room)
{
	size_t n = strlen(hex) / 2;

	assert_true(n <= room);
	for (size_t i = 0; i < n; i++) {
		unsigned byte;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return n;
}

/* The configuration whose ID registers read as these. */
static struct smmu_config config_of(const json_t *idregs)
{
	uint64_t idr0 = num(json_object_get(idregs, "IDR0"));
	uint64_t idr1 = num(json_object_get(idregs, "IDR1"));
	uint64_t idr3 = num(json_object_get(idregs, "IDR3"));
	uint64_t idr5 = num(json_object_get(idregs, "IDR5"));
	struct smmu_config cfg;

	assert_int_equal(smmu_config_init(&cfg, SMMU_PRESET_QEMU), 0);
#define TAKE(reg, value, member, field)                                                  \
	cfg.member = (uint8_t)smmu_reg_get(value, SMMU_##reg##_##field)
	TAKE(IDR0, idr0, s1p, S1P);
	TAKE(IDR0, idr0, s2p, S2P);
	TAKE(IDR0, idr0, ttf, TTF);
	TAKE(IDR0, idr0, cohacc, COHACC);
	TAKE(IDR0, idr0, httu, HTTU);
	TAKE(IDR0, idr0, hyp, Hyp);
	TAKE(IDR0, idr0, asid16, ASID16);
	TAKE(IDR0, idr0, vmid16, VMID16);
	TAKE(IDR0, idr0, cd2l, CD2L);
	TAKE(IDR0, idr0, ttendian, TTENDIAN);
	TAKE(IDR0, idr0, stall_model, STALL_MODEL);
	TAKE(IDR0, idr0, term_model, TERM_MODEL);
	TAKE(IDR0, idr0, st_level, ST_LEVEL);
	TAKE(IDR1, idr1, sid_bits, SIDSIZE);
	TAKE(IDR1, idr1, ssid_bits, SSIDSIZE);
	TAKE(IDR1, idr1, cmdqs, CMDQS);
	TAKE(IDR1, idr1, eventqs, EVENTQS);
	TAKE(IDR3, idr3, had, HAD);
	TAKE(IDR3, idr3, xnx, XNX);
	TAKE(IDR3, idr3, ril, RIL);
	TAKE(IDR3, idr3, bbml, BBML);
	TAKE(IDR5, idr5, oas, OAS);
	TAKE(IDR5, idr5, gran4k, GRAN4K);
	TAKE(IDR5, idr5, gran16k, GRAN16K);
	TAKE(IDR5, idr5, gran64k, GRAN64K);
#undef TAKE
	/* That model shows HAD without stage 1, where it has to be 0 (6.3.4). */
	cfg.had = cfg.had && cfg.s1p;
	cfg.pbha = cfg.pbha && cfg.had;
	cfg.desc_64k_ignore = 1; /* of two allowed choices, what these scenarios expect */
	cfg.arch_minor = (uint8_t)num(json_object_get(idregs, "AIDR"));
	cfg.iidr = (uint32_t)num(json_object_get(idregs, "IIDR"));
	return cfg;
}

static void check_idregs(struct smmu *smmu, const json_t *idregs)
{
	static const char *const names[] = { "IDR0", "IDR1", "IDR2", "IDR3",
					     "IDR4", "IDR5", "IIDR", "AIDR" };

	for (unsigned i = 0; i < 8; i++) {
		uint64_t want = num(json_object_get(idregs, names[i]));

		if (i == 3 && !smmu_reg_get(smmu_mmio_read(smmu, 0, 4), SMMU_IDR0_S1P))
			want = smmu_reg_set(want, SMMU_IDR3_HAD, 0);
		assert_int_equal(smmu_mmio_read(smmu, i * 4, 4), want);
	}
}

/* Pages of words that hold their own address plus one, as the other model had. */
static void fill_candidates(struct player *p)
{
	const json_t *page;
	size_t i;

	json_array_foreach(json_object_get(p->scenario, "cand"), i, page)
	{
		uint64_t pa = num(json_array_get(page, 0)),
			 n = num(json_array_get(page, 1));

		for (uint64_t at = 0; at < n; at += 4)
			assert_int_equal(smmu_bus_write32(p->bus, pa + at,
							  (uint32_t)(pa + at + 1), NULL),
					 0);
	}
}

static void write_memory(struct player *p, const json_t *list)
{
	uint8_t bytes[4096];
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		uint64_t n = hex_bytes(json_string_value(json_array_get(item, 1)), bytes,
				       sizeof(bytes));

		assert_int_equal(smmu_bus_write(p->bus, num(json_array_get(item, 0)),
						bytes, n, NULL),
				 0);
	}
}

static void write_registers(struct player *p, const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		smmu_mmio_write(p->smmu, num(json_array_get(item, 0)),
				(unsigned)num(json_array_get(item, 1)),
				num(json_array_get(item, 2)));
		idle(p);
	}
}

static void send_commands(struct player *p, const json_t *list)
{
	uint64_t base = smmu_mmio_read(p->smmu, SMMU_REG_CMDQ_BASE, 8);
	uint32_t log2 = (uint32_t)smmu_reg_get(base, SMMU_CMDQ_BASE_LOG2SIZE);
	uint32_t prod = (uint32_t)smmu_mmio_read(p->smmu, SMMU_REG_CMDQ_PROD, 4);
	const json_t *item;
	size_t i;

	if (!json_array_size(list))
		return;
	if (log2 > 19)
		log2 = 19;
	json_array_foreach(list, i, item)
	{
		uint8_t bytes[16];
		uint64_t pa = (base & SMMU_MASK(SMMU_CMDQ_BASE_ADDR)) +
			      16ull * (prod & ((1u << log2) - 1));

		assert_int_equal(hex_bytes(json_string_value(item), bytes, 16), 16);
		/* A queue that points at a hole is part of some scenarios. */
		(void)smmu_bus_write(p->bus, pa, bytes, 16, NULL);
		prod = (prod + 1) & ((2u << log2) - 1);
	}
	smmu_mmio_write(p->smmu, SMMU_REG_CMDQ_PROD, 4, prod);
	idle(p);
}

static bool in_ram(struct player *p, uint64_t pa)
{
	return smmu_bus_ptr(p->bus, pa, 4) != NULL;
}

static void compare_piece(const json_t *want, const struct smmu_result *r, bool landed)
{
	const json_t *pa = json_object_get(want, "pa"), *tr = json_object_get(want, "tr");

	if (pa) {
		assert_int_equal(r->status, SMMU_OK);
		assert_int_equal(r->pa, num(pa));
		assert_true(landed);
	} else if (tr) {
		assert_int_equal(r->status, SMMU_OK);
		assert_int_equal(r->pa, num(tr));
		assert_false(landed);
	} else {
		assert_false(r->status == SMMU_OK && landed);
	}
}

/* Where the words of a longer DMA lie: [[offset, pa or null], ...]. */
static void compare_pieces(struct player *p, struct smmu_txn txn, uint64_t len,
			   const json_t *want)
{
	uint64_t iova = txn.addr;
	const json_t *pieces = json_object_get(want, "pieces");
	bool ok = true;

	for (uint64_t at = 0; at < len; at += 4) {
		const json_t *expected = NULL, *piece;
		uint64_t start = 0;
		struct smmu_result r;
		size_t i;

		json_array_foreach(pieces, i, piece)
		{
			if (num(json_array_get(piece, 0)) <= at) {
				start = num(json_array_get(piece, 0));
				expected = json_array_get(piece, 1);
			}
		}
		txn.addr = iova + at;
		r = smmu_translate(p->port, &txn);
		idle(p);
		if (expected && !json_is_null(expected)) {
			assert_int_equal(r.status, SMMU_OK);
			assert_int_equal(r.pa, num(expected) + at - start);
		} else {
			assert_false(r.status == SMMU_OK && in_ram(p, r.pa));
		}
		ok = ok && r.status == SMMU_OK && in_ram(p, r.pa);
	}
	assert_int_equal(ok, json_is_true(json_object_get(want, "ok")));
}

static void do_dmas(struct player *p, const json_t *list, const json_t *results,
		    bool compare)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const json_t *want = json_array_get(results, i),
			     *sid = json_object_get(item, "sid");
		uint64_t len = json_object_get(item, "len")
				       ? num(json_object_get(item, "len"))
				       : 4;
		struct smmu_txn txn = {
			.sid = (uint32_t)num(sid ? sid
						 : json_object_get(p->scenario, "sid")),
			.addr = num(json_object_get(item, "iova")),
			.op = *json_string_value(json_object_get(item, "rw")) == 'r'
				      ? SMMU_READ
				      : SMMU_WRITE,
		};
		struct smmu_result r;
		bool landed;

		if (len > 4 && compare) {
			compare_pieces(p, txn, len, want);
			continue;
		}
		r = smmu_translate(p->port, &txn);
		idle(p);
		landed = r.status == SMMU_OK && in_ram(p, r.pa);
		if (!compare)
			continue;
		assert_non_null(want);
		assert_int_equal(landed, json_is_true(json_object_get(want, "ok")));
		compare_piece(want, &r, landed);
	}
}

/* New event records against the expected ones; false: they differ (no assertion). */
static bool same_events(struct player *p, const json_t *want, bool insist)
{
	uint64_t base = smmu_mmio_read(p->smmu, SMMU_REG_EVENTQ_BASE, 8);
	uint32_t log2 = (uint32_t)smmu_reg_get(base, SMMU_EVENTQ_BASE_LOG2SIZE);
	uint32_t prod, wrap, n = 0;
	bool same = true;

	log2 = log2 > 19 ? 19 : log2;
	wrap = (2u << log2) - 1;
	prod = (uint32_t)smmu_mmio_read(p->smmu, SMMU_REG_EVENTQ_PROD, 4) & wrap;
	for (uint32_t i = p->evt_shadow & wrap; i != prod; i = (i + 1) & wrap, n++) {
		uint64_t pa = (base & SMMU_MASK(SMMU_EVENTQ_BASE_ADDR)) +
			      32ull * (i & ((1u << log2) - 1));
		const char *hex = json_string_value(json_array_get(want, n));
		uint8_t got[32], expected[32];

		assert_true(n <= 1u << log2);
		if (smmu_bus_read(p->bus, pa, got, 32, NULL))
			break;
		if (insist) {
			assert_non_null(hex); /* an event that should not be there */
			hex_bytes(hex, expected, 32);
			assert_memory_equal(got, expected, 32);
		} else {
			same = same && hex && hex_bytes(hex, expected, 32) == 32 &&
			       !memcmp(got, expected, 32);
		}
	}
	p->evt_shadow = prod;
	if (insist)
		assert_int_equal(n, json_array_size(want));
	return same && n == json_array_size(want);
}

static void compare_registers(struct player *p, const json_t *changed, bool compare)
{
	for (unsigned i = 0; i < DUMPED; i++) {
		const json_t *now = json_object_get(changed, dumped[i].name);
		uint64_t got =
			smmu_mmio_read(p->smmu, dumped[i].offset, 4) & dumped[i].mask;
		bool index = strncmp(dumped[i].name, "EVENTQ_P", 8) == 0;

		if (now)
			p->regs[i] = (uint32_t)num(now);
		if (!compare || (index && p->indices_unknown))
			continue;
		if (got != p->regs[i])
			print_message("%s is %#llx, not %#x\n", dumped[i].name,
				      (unsigned long long)got, p->regs[i]);
		assert_int_equal(got, p->regs[i]);
	}
}

static void compare_interrupts(struct player *p, const json_t *irqs, bool compare)
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t now = smmu_wire_pulses(smmu_bus_wire(p->bus, wires[i][1]));
		bool any = now != p->pulses[i];

		p->pulses[i] = now;
		if (compare && !(p->indices_unknown && i == 0))
			assert_int_equal(any, json_object_get(irqs, wires[i][0]) != NULL);
	}
}

static void play(void **state)
{
	struct player *p = *state;
	const json_t *phase;
	size_t i;

	fill_candidates(p);
	json_array_foreach(json_object_get(p->scenario, "phases"), i, phase)
	{
		const json_t *want =
			json_array_get(json_object_get(p->scenario, "expect"), i);
		bool compare = !json_object_get(phase, "stale_ok");

		assert_non_null(want);
		write_memory(p, json_object_get(phase, "mem"));
		write_registers(p, json_object_get(phase, "regs"));
		send_commands(p, json_object_get(phase, "commands"));
		do_dmas(p, json_object_get(phase, "dmas"),
			json_object_get(want, "results"), compare);
		if (!same_events(p, json_object_get(want, "events"), compare))
			p->indices_unknown = true;
		compare_registers(p, json_object_get(want, "regs"), compare);
		compare_interrupts(p, json_object_get(want, "irqs"), compare);
	}
}

/* One scenario and the ID registers that it wants. */
struct entry {
	const json_t *scenario, *idregs;
};

static int setup(void **state)
{
	const struct entry *e = *state;
	struct smmu_config cfg = config_of(e->idregs);
	struct player *p = calloc(1, sizeof(*p));

	cfg.name = "smmu";
	p->scenario = e->scenario;
	p->bus = smmu_bus_create();
	assert_int_equal(smmu_bus_add_ram(p->bus, RAM_BASE, RAM_SIZE, NULL), 0);
	set_mode(&cfg);
	assert_int_equal(smmu_create(&p->smmu, p->bus, &cfg), 0);
	check_idregs(p->smmu, e->idregs);
	p->port = smmu_port_open(p->smmu);
	assert_non_null(p->port);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct player *p = *state;

	smmu_port_close(p->port);
	smmu_destroy(p->smmu);
	smmu_bus_destroy(p->bus);
	free(p);
	return 0;
}

enum { MAX_FILES = 64, MAX_SCENARIOS = 2048 };
static json_t *files[MAX_FILES];
static struct entry entries[MAX_SCENARIOS];
static struct CMUnitTest tests[MAX_SCENARIOS];

static unsigned load(const char *path, json_t **root, unsigned n)
{
	json_error_t why;
	json_t *scenario;
	size_t i;

	*root = json_load_file(path, 0, &why);
	if (!*root) {
		fprintf(stderr, "%s:%d: %s\n", path, why.line, why.text);
		exit(1);
	}
	json_array_foreach(json_object_get(*root, "scenarios"), i, scenario)
	{
		const char *needs = json_string_value(json_object_get(scenario, "needs"));

		entries[n].scenario = scenario;
		entries[n].idregs =
			json_object_get(json_object_get(*root, "idregs"), needs);
		tests[n] = (struct CMUnitTest){
			.name = json_string_value(json_object_get(scenario, "name")),
			.test_func = play,
			.setup_func = setup,
			.teardown_func = teardown,
			.initial_state = &entries[n],
		};
		if (++n == MAX_SCENARIOS)
			exit(1);
	}
	return n;
}

int main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : ORACLE_CORPUS;
	DIR *dir = opendir(folder);
	struct dirent *d;
	unsigned n = 0, f = 0;
	int failed;

	while (dir && (d = readdir(dir)) && f < MAX_FILES) {
		char path[1024];

		if (!strstr(d->d_name, ".json"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
		n = load(path, &files[f++], n);
	}
	if (dir)
		closedir(dir);
	if (!n) {
		fprintf(stderr, "%s: no scenarios\n", folder);
		return 1;
	}
	failed = _cmocka_run_group_tests("oracle", tests, n, NULL, NULL);
	while (f)
		json_decref(files[--f]);
	return failed;
}
