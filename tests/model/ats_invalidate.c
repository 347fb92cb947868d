/* SPDX-License-Identifier: MIT */
/* CMD_ATC_INV, what CMD_SYNC waits for, and time-outs: IHI 0070 3.9.1.4, 4.5.1, 4.7.3. */
#include <errno.h>
#include "model/ats_bench.h"

static void atc_inv(struct tb *t, uint32_t sid, uint64_t addr, unsigned size)
{
	uint64_t cmd[2] = { 0, 0 };

	smmu_set(cmd, SMMU_CMD_OPCODE, SMMU_OP_ATC_INV);
	smmu_set(cmd, SMMU_CMD_ATC_INV_StreamID, sid);
	smmu_set(cmd, SMMU_CMD_ATC_INV_Size, size);
	smmu_set_addr(cmd, SMMU_CMD_ATC_INV_Address, addr);
	h_cmd_dw(&t->b.h, cmd);
}

static void atc_inv_pasid(struct tb *t, uint32_t ssid, bool ssv, bool global)
{
	uint64_t cmd[2] = { 0, 0 };

	smmu_set(cmd, SMMU_CMD_OPCODE, SMMU_OP_ATC_INV);
	smmu_set(cmd, SMMU_CMD_ATC_INV_StreamID, SID);
	smmu_set(cmd, SMMU_CMD_ATC_INV_SubstreamID, ssid);
	smmu_set(cmd, SMMU_CMD_ATC_INV_SSV, ssv);
	smmu_set(cmd, SMMU_CMD_ATC_INV_Global, global);
	h_cmd_dw(&t->b.h, cmd);
}

/* A CMD_SYNC with an MSI to this page; whether all commands are consumed. */
static void sync_msi(struct tb *t, uint32_t data)
{
	uint64_t cmd[2] = { 0, 0 };

	smmu_set(cmd, SMMU_CMD_OPCODE, SMMU_OP_SYNC);
	smmu_set(cmd, SMMU_CMD_SYNC_CS, SMMU_CS_IRQ);
	smmu_set(cmd, SMMU_CMD_SYNC_MSIData, data);
	smmu_set_addr(cmd, SMMU_CMD_SYNC_MSIAddress, t->b.page);
	h_cmd_dw(&t->b.h, cmd);
}

static uint32_t msi(struct tb *t)
{
	return (uint32_t)h_read64(&t->b.h, t->b.page);
}

static unsigned waiting(struct tb *t)
{
	struct harness *h = &t->b.h;

	return (h_rd32(h, SMMU_REG_CMDQ_PROD) - h_rd32(h, SMMU_REG_CMDQ_CONS)) & 127;
}

static void ack(struct tb *t)
{
	h_wr32(&t->b.h, SMMU_REG_GERRORN, h_rd32(&t->b.h, SMMU_REG_GERROR));
}

static void open_bench(struct tb *t, void (*tweak)(struct smmu_config *cfg))
{
	t_setup(t, tweak);
	t_attach(t, SID);
}

/* ATC-3, CMD-54, CMD-55, PRI-35: what a function gets. */
static void contents(void **state)
{
	static const struct {
		uint64_t addr;
		unsigned size;
		uint64_t want;
		unsigned bits;
	} rows[] = {
		{ 0x12345000, 0, 0x12345000, 12 },
		{ 0x12345000, 1, 0x12344000, 13 },
		{ 0x12345000, 9, 0x12200000, 21 },
		{ 0xfffffffffffff000, 51, 0x8000000000000000, 63 },
		{ 0xfffffffffffff000, 52, 0, 64 },
	};
	struct tb t;

	(void)state;
	open_bench(&t, NULL);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		atc_inv(&t, SID, rows[i].addr, rows[i].size);
		assert_int_equal(t.n_inv, i + 1);
		assert_int_equal(t.inv[i].sid, SID);
		assert_int_equal(t.inv[i].addr, rows[i].want);
		assert_int_equal(t.inv[i].span_bits, rows[i].bits);
		assert_false(t.inv[i].ssv || t.inv[i].global);
		assert_int_equal(t.inv[i].ssid, 0);
		assert_int_not_equal(t.inv[i].id, 0);
	}
	h_sync(&t.b.h);
	t.n_inv = 0;
	atc_inv_pasid(&t, 0xfffff, true, false);
	atc_inv_pasid(&t, 7, true, true);
	atc_inv_pasid(&t, 7, false, true); /* Global without SSV: ignored */
	assert_int_equal(t.n_inv, 3);
	assert_true(t.inv[0].ssv && t.inv[0].ssid == 0xfffff && !t.inv[0].global);
	assert_true(t.inv[1].ssv && t.inv[1].ssid == 7 && t.inv[1].global);
	assert_true(!t.inv[2].ssv && t.inv[2].ssid == 0 && !t.inv[2].global);
	h_sync(&t.b.h);
	/* CHOICE (CMD-54): Size > 52 */
	atc_inv(&t, SID, 0, 53);
	assert_int_equal(h_cmdq_error(&t.b.h), SMMU_CERROR_ILL);
	assert_int_equal(t.n_inv, 3);
	t_teardown(&t);
}

static void no_ats(struct smmu_config *cfg)
{
	cfg->ats = cfg->pri = cfg->pps = cfg->atsrecerr = cfg->pasidtt = 0;
}

static void no_pasid(struct smmu_config *cfg)
{
	cfg->ssid_bits = 0;
	cfg->pps = cfg->pasidtt = 0;
}

/* ATC-3, CMD-56, CMD-58, CMD-61: illegal, ignored, for nobody. */
static void ignored(void **state)
{
	struct tb t;

	(void)state;
	t_setup(&t, no_ats);
	assert_int_equal(smmu_ats_attach(t.b.h.smmu, SID, &t.ops, &t), -EOPNOTSUPP);
	atc_inv(&t, SID, 0, 0);
	assert_int_equal(h_cmdq_error(&t.b.h), SMMU_CERROR_ILL);
	t_teardown(&t);

	open_bench(&t, NULL);
	t.reply = SMMU_ATC_LATER;
	t_cr0(&t, SMMU_CR0_SMMUEN, false);
	atc_inv(&t, SID, 0, 0);
	h_sync(&t.b.h);
	assert_int_equal(t.n_inv, 0);
	t_cr0(&t, SMMU_CR0_SMMUEN, true);
	/* nobody there: consumed, and CMD_SYNC completes */
	atc_inv(&t, SID + 1, 0, 0);
	h_sync(&t.b.h);
	assert_int_equal(t.n_inv, 0);
	/* a function without an ATC */
	t.ops.invalidate = NULL;
	atc_inv(&t, SID, 0, 0);
	h_sync(&t.b.h);
	t_teardown(&t);

	/* CHOICE (CMD-56): a PASID where there are none */
	open_bench(&t, no_pasid);
	atc_inv_pasid(&t, 0, true, false);
	assert_int_equal(t.n_inv, 0);
	atc_inv_pasid(&t, 0, false, false);
	assert_int_equal(t.n_inv, 1);
	h_sync(&t.b.h);
	t_teardown(&t);
}

/* ATC-4, CMD-60, CMD-78, PRI-37: consumed at once; CMD_SYNC waits for all answers. */
static void sync_waits(void **state)
{
	struct tb t;

	(void)state;
	open_bench(&t, NULL);
	t.reply = SMMU_ATC_LATER;
	atc_inv(&t, SID, 0x1000, 0);
	atc_inv(&t, SID, 0x2000, 0);
	assert_int_equal(waiting(&t), 0);
	assert_int_equal(smmu_atc_outstanding(t.b.h.smmu), 2);
	sync_msi(&t, 0xcafe);
	h_cmd(&t.b.h, SMMU_OP_TLBI_NSNH_ALL, 0);
	assert_int_equal(waiting(&t), 2);
	assert_int_equal(smmu_atc_inv_done(t.b.h.smmu, t.inv[1].id, SMMU_ATC_DONE), 0);
	assert_int_equal(waiting(&t), 2);
	assert_int_equal(msi(&t), 0);
	/* answered already */
	assert_int_equal(smmu_atc_inv_done(t.b.h.smmu, t.inv[1].id, SMMU_ATC_DONE),
			 -ENOENT);
	assert_int_equal(smmu_atc_inv_done(t.b.h.smmu, t.inv[0].id, SMMU_ATC_LATER),
			 -EINVAL);
	assert_int_equal(waiting(&t), 2);
	/* CMD-61, PRI-41: UR is an answer */
	assert_int_equal(smmu_atc_inv_done(t.b.h.smmu, t.inv[0].id, SMMU_ATC_UR), 0);
	assert_int_equal(waiting(&t), 0);
	assert_int_equal(msi(&t), 0xcafe);
	assert_int_equal(h_cmdq_error(&t.b.h), 0);
	assert_int_equal(smmu_atc_outstanding(t.b.h.smmu), 0);
	/* nothing is left to wait for */
	h_sync(&t.b.h);
	t_teardown(&t);
}

/* ATC-6: answered inside the callback, one way or the other. */
static void answers_at_once(void **state)
{
	struct tb t;

	(void)state;
	open_bench(&t, NULL);
	for (int reply = SMMU_ATC_DONE; reply <= SMMU_ATC_UR; reply++) {
		t.reply = reply;
		atc_inv(&t, SID, 0, 52);
		h_sync(&t.b.h);
	}
	assert_int_equal(t.n_inv, 2);
	t_teardown(&t);
}

static void finish_inside(struct tb *t)
{
	uint64_t id = t->inv[t->n_inv - 1].id;

	/* No lock is held: registers can be read. */
	assert_int_equal(h_rd32(&t->b.h, SMMU_REG_GERROR),
			 h_rd32(&t->b.h, SMMU_REG_GERRORN));
	assert_int_equal(smmu_atc_outstanding(t->b.h.smmu), 1);
	assert_int_equal(smmu_atc_inv_done(t->b.h.smmu, id, SMMU_ATC_DONE), 0);
	assert_int_equal(smmu_atc_outstanding(t->b.h.smmu), 0);
}

static void detach_inside(struct tb *t)
{
	assert_int_equal(smmu_ats_detach(t->b.h.smmu, SID), 0);
}

static void reset_inside(struct tb *t)
{
	smmu_reset(t->b.h.smmu);
}

/* Callbacks may do what they like. */
static void callbacks_come_back(void **state)
{
	struct tb t;

	(void)state;
	open_bench(&t, NULL);
	t.reply = SMMU_ATC_LATER;
	t.inside = finish_inside;
	atc_inv(&t, SID, 0, 0);
	h_sync(&t.b.h);
	t.inside = detach_inside;
	atc_inv(&t, SID, 0, 0);
	h_sync(&t.b.h);
	t_attach(&t, SID);
	t.inside = reset_inside;
	atc_inv(&t, SID, 0, 0);
	assert_int_equal(smmu_atc_outstanding(t.b.h.smmu), 0);
	assert_int_equal(t.n_inv, 3);
	/* what was before the reset is no answer to what is after */
	t.inside = NULL;
	h_enable(&t.b.h);
	atc_inv(&t, SID, 0, 0);
	assert_int_equal(smmu_atc_inv_done(t.b.h.smmu, t.inv[2].id, SMMU_ATC_DONE),
			 -ENOENT);
	assert_int_equal(smmu_atc_outstanding(t.b.h.smmu), 1);
	assert_int_equal(smmu_atc_inv_done(t.b.h.smmu, t.inv[3].id, SMMU_ATC_DONE), 0);
	h_sync(&t.b.h);
	t_teardown(&t);
}

/* CMD-5: a command that is illegal says so, whatever a legal one would wait for. */
static void illegal_does_not_wait(void **state)
{
	uint64_t sync[2] = { SMMU_OP_SYNC, 0 };
	struct tb t;

	(void)state;
	open_bench(&t, NULL);
	t.reply = SMMU_ATC_LATER;
	atc_inv(&t, SID, 0, 0);
	smmu_set(sync, SMMU_CMD_SYNC_CS, 3);
	h_cmd_dw(&t.b.h, sync);
	assert_int_equal(h_cmdq_error(&t.b.h), SMMU_CERROR_ILL);
	assert_int_equal(waiting(&t), 1);
	/* put right, it waits */
	smmu_set(sync, SMMU_CMD_SYNC_CS, 0);
	h_wr32(&t.b.h, SMMU_REG_CMDQ_PROD, h_rd32(&t.b.h, SMMU_REG_CMDQ_CONS) & 127);
	h_cmd_dw(&t.b.h, sync);
	ack(&t);
	assert_int_equal(h_cmdq_error(&t.b.h), 0);
	assert_int_equal(waiting(&t), 1);
	assert_int_equal(smmu_atc_inv_done(t.b.h.smmu, t.inv[0].id, SMMU_ATC_DONE), 0);
	assert_int_equal(waiting(&t), 0);
	t_teardown(&t);
}

/* ATC-5, CMD-62, CMD-81: time-out while CMD_SYNC waits; and before it comes. */
static void times_out(void **state)
{
	struct tb t;

	(void)state;
	for (int early = 0; early < 2; early++) {
		open_bench(&t, NULL);
		t.reply = SMMU_ATC_LATER;
		atc_inv(&t, SID, 0, 0);
		atc_inv(&t, SID, 0x1000, 0);
		if (early)
			assert_int_equal(smmu_atc_timeout(t.b.h.smmu), 2);
		assert_int_equal(h_cmdq_error(&t.b.h), 0);
		sync_msi(&t, 0xcafe);
		h_cmd(&t.b.h, SMMU_OP_TLBI_NSNH_ALL, 0);
		if (!early)
			assert_int_equal(smmu_atc_timeout(t.b.h.smmu), 2);
		/* RD stays on the CMD_SYNC, which has signalled nothing */
		assert_int_equal(h_cmdq_error(&t.b.h), SMMU_CERROR_ATC_INV_SYNC);
		assert_int_equal(waiting(&t), 2);
		assert_int_equal(msi(&t), 0);
		assert_int_equal(smmu_atc_outstanding(t.b.h.smmu), 0);
		/* an answer that comes too late is none */
		assert_int_equal(
			smmu_atc_inv_done(t.b.h.smmu, t.inv[0].id, SMMU_ATC_DONE),
			-ENOENT);
		/* acknowledged, the same CMD_SYNC completes */
		ack(&t);
		assert_int_equal(waiting(&t), 0);
		assert_int_equal(h_cmdq_error(&t.b.h), 0);
		assert_int_equal(msi(&t), 0xcafe);
		assert_int_equal(smmu_atc_timeout(t.b.h.smmu), 0);
		h_sync(&t.b.h);
		t_teardown(&t);
	}
}

/* CMD-81: one failed, the other still to be waited for. */
static void fails_in_part(void **state)
{
	struct tb t;

	(void)state;
	open_bench(&t, NULL);
	t.reply = SMMU_ATC_LATER;
	atc_inv(&t, SID, 0, 0);
	t.reply = SMMU_ATC_TIMEOUT;
	atc_inv(&t, SID, 0, 0);
	assert_int_equal(smmu_atc_outstanding(t.b.h.smmu), 1);
	assert_int_equal(h_cmdq_error(&t.b.h), 0);
	sync_msi(&t, 1);
	assert_int_equal(h_cmdq_error(&t.b.h), SMMU_CERROR_ATC_INV_SYNC);
	ack(&t);
	assert_int_equal(h_cmdq_error(&t.b.h), 0);
	assert_int_equal(waiting(&t), 1);
	assert_int_equal(smmu_atc_inv_done(t.b.h.smmu, t.inv[0].id, SMMU_ATC_DONE), 0);
	assert_int_equal(waiting(&t), 0);
	assert_int_equal(msi(&t), 1);
	/* the error is not told twice; TIMEOUT by the late way */
	t.reply = SMMU_ATC_LATER;
	atc_inv(&t, SID, 0, 0);
	h_cmd(&t.b.h, SMMU_OP_SYNC, 0);
	assert_int_equal(smmu_atc_inv_done(t.b.h.smmu, t.inv[2].id, SMMU_ATC_TIMEOUT), 0);
	assert_int_equal(h_cmdq_error(&t.b.h), SMMU_CERROR_ATC_INV_SYNC);
	/* a driver that makes a CMD_SYNC of it and goes on, as Linux does */
	h_cmdq_skip(&t.b.h);
	h_sync(&t.b.h);
	t_teardown(&t);
}

/* The queue is turned off while CMD_SYNC waits, and moved. */
static void queue_off_meanwhile(void **state)
{
	struct tb t;

	(void)state;
	open_bench(&t, NULL);
	t.reply = SMMU_ATC_LATER;
	atc_inv(&t, SID, 0, 0);
	sync_msi(&t, 5);
	t_cr0(&t, SMMU_CR0_CMDQEN, false);
	assert_int_equal(smmu_atc_inv_done(t.b.h.smmu, t.inv[0].id, SMMU_ATC_DONE), 0);
	assert_int_equal(waiting(&t), 1);
	assert_int_equal(msi(&t), 0);
	t_cr0(&t, SMMU_CR0_CMDQEN, true);
	assert_int_equal(waiting(&t), 0);
	assert_int_equal(msi(&t), 5);
	t_teardown(&t);
}

/* More than there is room for: the queue waits, and nothing is lost. */
static void many(void **state)
{
	struct tb t;

	(void)state;
	open_bench(&t, NULL);
	t.reply = SMMU_ATC_LATER;
	for (unsigned i = 0; i < 300; i++) {
		if (waiting(&t) == 60)
			break;
		atc_inv(&t, SID, 4096ull * i, 0);
	}
	assert_true(waiting(&t) > 0);
	assert_int_equal(t.n_inv, smmu_atc_outstanding(t.b.h.smmu));
	for (unsigned i = 0; i < t.n_inv; i++) {
		assert_int_equal(t.inv[i].addr, 4096ull * i);
		assert_int_equal(
			smmu_atc_inv_done(t.b.h.smmu, t.inv[i].id, SMMU_ATC_DONE), 0);
	}
	assert_int_equal(t.n_inv, 300);
	assert_int_equal(waiting(&t), 0);
	h_sync(&t.b.h);
	t_teardown(&t);
}

/* A function that goes takes its obligations with it. */
static void attach_and_detach(void **state)
{
	struct smmu *smmu;
	struct tb t;

	(void)state;
	open_bench(&t, NULL);
	smmu = t.b.h.smmu;
	assert_int_equal(smmu_ats_attach(smmu, SID, &t.ops, &t), -EEXIST);
	assert_int_equal(smmu_ats_attach(smmu, SID, NULL, &t), -EINVAL);
	assert_int_equal(smmu_ats_attach(NULL, SID, &t.ops, &t), -EINVAL);
	for (unsigned i = 0; i < 100; i++)
		t_attach(&t, 1000 - i * 7);
	atc_inv(&t, 1000 - 42 * 7, 0, 0);
	assert_int_equal(t.n_inv, 1);
	assert_int_equal(t.inv[0].sid, 1000 - 42 * 7);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(smmu_ats_detach(smmu, 1000 - i * 7), 0);
	assert_int_equal(smmu_ats_detach(smmu, 1000), -ENOENT);
	h_sync(&t.b.h);
	t.reply = SMMU_ATC_LATER;
	atc_inv(&t, SID, 0, 0);
	sync_msi(&t, 9);
	assert_int_equal(waiting(&t), 1);
	assert_int_equal(smmu_ats_detach(smmu, SID), 0);
	assert_int_equal(waiting(&t), 0);
	assert_int_equal(msi(&t), 9);
	t_teardown(&t);
}

static void narrow_sids(struct smmu_config *cfg)
{
	cfg->sid_bits = 8;
}

static void sid_range(void **state)
{
	struct tb t;

	(void)state;
	t_setup(&t, narrow_sids);
	assert_int_equal(smmu_ats_attach(t.b.h.smmu, 256, &t.ops, &t), -ERANGE);
	t_attach(&t, 255);
	atc_inv(&t, 255, 0, 0);
	assert_int_equal(t.n_inv, 1);
	atc_inv(&t, 256 + 255, 0, 0);
	assert_int_equal(t.n_inv, 1);
	h_sync(&t.b.h);
	t_teardown(&t);
}

/* ATC-1, PRI-36: the order TLBI, SYNC, ATC_INV, SYNC, and what a wrong one does. */
static void order_of_unmapping(void **state)
{
	struct tb t;

	(void)state;
	open_bench(&t, NULL);
	t_stream(&t, SMMU_STE_CONFIG_S1, SMMU_EATS_FULL);
	assert_true(t_plain(&t).read);
	h_write64(&t.b.h, h_desc_pa(&t.b.h, t.b.ttb0, VA, 3), 0);
	/* ATC first: the function asks again and is answered from the TLB */
	atc_inv(&t, SID, VA, 0);
	h_sync(&t.b.h);
	assert_int_equal(t.n_inv, 1);
	assert_true(t_plain(&t).read);
	h_cmd(&t.b.h, SMMU_OP_TLBI_NSNH_ALL, 0);
	h_sync(&t.b.h);
	/* no TLBI ever reaches a function (3.9.1) */
	assert_int_equal(t.n_inv, 1);
	t_expect_denied(&t, t_plain(&t));
	t_teardown(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contents),
		cmocka_unit_test(ignored),
		cmocka_unit_test(sync_waits),
		cmocka_unit_test(answers_at_once),
		cmocka_unit_test(callbacks_come_back),
		cmocka_unit_test(illegal_does_not_wait),
		cmocka_unit_test(times_out),
		cmocka_unit_test(fails_in_part),
		cmocka_unit_test(queue_off_meanwhile),
		cmocka_unit_test(many),
		cmocka_unit_test(attach_and_detach),
		cmocka_unit_test(sid_range),
		cmocka_unit_test(order_of_unmapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
