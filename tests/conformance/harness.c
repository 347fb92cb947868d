/* SPDX-License-Identifier: MIT */
/* Runs an entry: builds its fixture, takes its steps, compares with what it wants. */
#include "conformance/bench.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

void cf_fail(struct cf_bench *b, const char *field, uint64_t want, uint64_t got)
{
	printf("%s: %s / %s, step %u: %s: expected 0x%llx, got 0x%llx\n", b->topic,
	       b->c->rules, b->c->name, b->step, field, (unsigned long long)want,
	       (unsigned long long)got);
	b->failures++;
}

void cf_check(struct cf_bench *b, const char *field, uint64_t want, uint64_t got)
{
	if (want != got)
		cf_fail(b, field, want, got);
}

/* ---- what must not change ---- */

static uint32_t reg_offset(unsigned i)
{
	return i < CF_REGS / 2 ? 4 * i : 0x10000 + 4 * (i - CF_REGS / 2);
}

void cf_snapshot(struct cf_bench *b)
{
	for (unsigned i = 0; i < CF_REGS; i++)
		b->regs[i] = h_rd32(&b->h, reg_offset(i));
	memcpy(b->ram, smmu_bus_ptr(b->h.bus, CF_STRTAB, CF_RAM_SIZE), CF_RAM_SIZE);
}

uint32_t *cf_reg(struct cf_bench *b, uint32_t offset)
{
	unsigned i = offset < 0x1000 ? offset / 4 : CF_REGS / 2 + (offset & 0xfff) / 4;

	return &b->regs[i];
}

uint64_t *cf_ram(struct cf_bench *b, uint64_t pa)
{
	assert_true(pa >= CF_STRTAB && pa < CF_END);
	return &b->ram[(pa - CF_STRTAB) / 8];
}

void cf_compare(struct cf_bench *b)
{
	const uint64_t *ram = smmu_bus_ptr(b->h.bus, CF_STRTAB, CF_RAM_SIZE);
	char what[64];

	for (unsigned i = 0; i < CF_REGS; i++) {
		uint32_t now = h_rd32(&b->h, reg_offset(i));

		(void)snprintf(what, sizeof(what), "register 0x%x", reg_offset(i));
		cf_check(b, what, b->regs[i], now);
	}
	for (unsigned i = 0; i < CF_RAM_SIZE / 8; i++) {
		if (b->ram[i] == ram[i])
			continue;
		(void)snprintf(what, sizeof(what), "memory 0x%llx",
			       (unsigned long long)(CF_STRTAB + 8ull * i));
		cf_fail(b, what, b->ram[i], ram[i]);
	}
}

/* ---- steps that change something ---- */

static void set_config(struct smmu_config *cfg, const struct cf_step *s)
{
	uint8_t *at = (uint8_t *)cfg + s->field;
	uint16_t half = (uint16_t)s->value;
	uint32_t word = (uint32_t)s->value;

	if (s->level == 1)
		*at = (uint8_t)s->value;
	else if (s->level == 2)
		memcpy(at, &half, 2);
	else
		memcpy(at, &word, 4);
}

uint64_t cf_place_pa(struct cf_bench *b, unsigned place, unsigned level, uint32_t field)
{
	switch (place) {
	case CF_AT_STE:
		return CF_STE;
	case CF_AT_CD:
		return CF_CD + 64ull * level;
	case CF_AT_L1STD:
		return CF_L1STD;
	case CF_AT_L1CD:
		return CF_L1CD;
	case CF_AT_S1D:
		return b->s1d[level];
	case CF_AT_S2D:
		return b->s2d[level];
	case CF_AT_S2CD:
		return b->s2cd;
	case CF_AT_S2TT:
		return b->s2tt[level];
	default:
		return H_RAM + field;
	}
}

static void change_memory(struct cf_bench *b, const struct cf_step *s)
{
	uint64_t pa = cf_place_pa(b, s->place, s->level, s->field);
	uint64_t word;

	assert_true(pa != 0);
	if (s->place == CF_AT_RAM) {
		h_write64(&b->h, pa, s->value);
		return;
	}
	pa += 8 * (s->kind == CF_SET ? SMMU_FIELD_WORD(s->field) : s->field);
	word = h_read64(&b->h, pa);
	if (s->kind == CF_SET)
		word = smmu_reg_set(word, s->field, s->value);
	else if (s->kind == CF_OR)
		word |= s->value;
	else
		word = s->value;
	h_write64(&b->h, pa, word);
}

void cf_expect_regs(struct cf_bench *b, const struct cf_want *want)
{
	for (unsigned i = 0; i < 8 && want->regs[i].field; i++)
		*cf_reg(b, want->regs[i].field - 1) = (uint32_t)want->regs[i].value;
}

void cf_expect_mem(struct cf_bench *b, const struct cf_want *want)
{
	for (unsigned i = 0; i < 3 && want->mem[i].place; i++) {
		const struct cf_mem *m = &want->mem[i];
		uint64_t pa = cf_place_pa(b, m->place, m->level, m->field);
		uint64_t *word;

		if (m->place != CF_AT_RAM)
			pa += 8 * SMMU_FIELD_WORD(m->field);
		word = cf_ram(b, pa);
		*word = m->place == CF_AT_RAM ? m->value
					      : smmu_reg_set(*word, m->field, m->value);
	}
}

static void write_register(struct cf_bench *b, const struct cf_step *s)
{
	cf_snapshot(b);
	if (s->kind == CF_WR32)
		h_wr32(&b->h, s->field, (uint32_t)s->value);
	else
		h_wr64(&b->h, s->field, s->value);
	cf_expect_regs(b, s->want);
	cf_expect_mem(b, s->want);
	cf_compare(b);
}

static void change_register(struct cf_bench *b, const struct cf_step *s)
{
	uint64_t v = s->level == 8 ? h_rd64(&b->h, s->field) : h_rd32(&b->h, s->field);

	v = smmu_reg_set(v, (unsigned)s->mask, s->value);
	if (s->level == 8)
		h_wr64(&b->h, s->field, v);
	else
		h_wr32(&b->h, s->field, (uint32_t)v);
}

static void check_register(struct cf_bench *b, const struct cf_step *s)
{
	uint64_t v = s->level == 8 ? h_rd64(&b->h, s->field) : h_rd32(&b->h, s->field);
	char what[64];

	(void)snprintf(what, sizeof(what), "register 0x%x", s->field);
	cf_check(b, what, s->value, v & s->mask);
}

/* ---- commands ---- */

static void run_command(struct cf_bench *b, const struct cf_step *s)
{
	uint32_t wrap = (2u << b->h.cmdq_log2) - 1;
	uint32_t prod = h_rd32(&b->h, SMMU_REG_CMDQ_PROD);
	uint32_t cons = h_rd32(&b->h, SMMU_REG_CMDQ_CONS), next = (prod + 1) & wrap;
	uint64_t slot = b->h.cmdq + 16ull * (prod & (wrap >> 1));

	cf_snapshot(b);
	memcpy(cf_ram(b, slot), b->cmd, 16);
	*cf_reg(b, SMMU_REG_CMDQ_PROD) = next;
	if (s->value) {
		*cf_reg(b, SMMU_REG_GERROR) ^= (uint32_t)SMMU_MASK(SMMU_GERROR_CMDQ_ERR);
		*cf_reg(b, SMMU_REG_CMDQ_CONS) =
			(uint32_t)smmu_reg_set(cons, SMMU_CMDQ_CONS_ERR, s->value);
	} else {
		*cf_reg(b, SMMU_REG_CMDQ_CONS) = (cons & ~wrap) | next;
	}
	cf_expect_regs(b, s->want);
	cf_expect_mem(b, s->want);
	h_cmd_dw(&b->h, b->cmd);
	cf_compare(b);
	if (h_cmdq_error(&b->h))
		h_cmdq_skip(&b->h);
}

static void add_argument(struct cf_bench *b, const struct cf_step *s)
{
	if (s->place)
		b->cmd[s->field] |= s->value;
	else
		smmu_set(b->cmd, s->field, s->value);
}

static void take_step(struct cf_bench *b, const struct cf_step *s)
{
	switch (s->kind) {
	case CF_SET:
	case CF_OR:
	case CF_PUT:
		if (s->place != CF_AT_CONFIG)
			change_memory(b, s);
		break;
	case CF_WR32:
	case CF_WR64:
		write_register(b, s);
		break;
	case CF_REG:
		change_register(b, s);
		break;
	case CF_IS:
		check_register(b, s);
		break;
	case CF_DMA:
		cf_transaction(b, s->txn, s->want);
		break;
	case CF_TREQ:
		cf_request(b, s->txn, s->want);
		break;
	case CF_CMD:
		memset(b->cmd, 0, sizeof(b->cmd));
		b->cmd[0] = s->value;
		break;
	case CF_ARG:
		add_argument(b, s);
		break;
	case CF_GO:
		run_command(b, s);
		break;
	case CF_DRAIN:
		cf_check(b, "events", s->value, h_events_drain(&b->h));
		break;
	default:
		fail_msg("unknown step");
	}
}

static void run_case(struct cf_bench *b)
{
	struct smmu_config cfg;
	char why[160];

	assert_int_equal(smmu_config_init(&cfg, b->c->preset), 0);
	for (const struct cf_step *s = b->c->step; s->kind != CF_STOP; s++)
		if (s->kind == CF_SET && s->place == CF_AT_CONFIG)
			set_config(&cfg, s);
	if (smmu_config_check(&cfg, why, sizeof(why)) != 0) {
		printf("%s: %s / %s: %s\n", b->topic, b->c->rules, b->c->name, why);
		b->failures++;
		return;
	}
	cf_fixture_build(b, &cfg);
	b->step = 0;
	for (const struct cf_step *s = b->c->step; s->kind != CF_STOP; s++, b->step++)
		take_step(b, s);
	h_teardown(&b->h);
}

unsigned cf_run(const struct cf_table *table, const char *part)
{
	static struct cf_bench bench; /* too large for a stack */
	unsigned failed = 0;

	for (size_t i = 0; i < table->n; i++) {
		if (part && !strstr(table->cases[i].name, part))
			continue;
		bench.c = &table->cases[i];
		bench.topic = table->topic;
		bench.failures = 0;
		run_case(&bench);
		failed += bench.failures != 0;
	}
	if (failed)
		printf("%s: %u of %zu entries failed\n", table->topic, failed, table->n);
	return failed;
}
