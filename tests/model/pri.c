/* SPDX-License-Identifier: MIT */
/* Page requests, the PRI queue, automatic responses, CMD_PRI_RESP: IHI 0070 chapter 8. */
#include <errno.h>
#include <string.h>
#include "model/ats_bench.h"

enum { OK = SMMU_PRG_SUCCESS, FAILED = SMMU_PRG_FAILURE };

static int request(struct tb *t, const struct smmu_page_request *req,
		   struct smmu_prg_response *resp)
{
	return smmu_page_request(h_port(&t->b.h), req, resp);
}

/* A request of group `group` for reading. */
static struct smmu_page_request ppr(unsigned group, bool last)
{
	return (struct smmu_page_request){ .sid = SID,
					   .read = true,
					   .last = last,
					   .prg_index = (uint16_t)group,
					   .addr = VA };
}

static struct smmu_page_request stop_marker(void)
{
	return (struct smmu_page_request){
		.sid = SID, .ssid = PASID, .ssv = true, .last = true, .addr = VA
	};
}

static void open_bench(struct tb *t, void (*tweak)(struct smmu_config *cfg),
		       unsigned log2)
{
	t_setup(t, tweak);
	t_attach(t, SID);
	t_priq(t, log2);
}

static uint32_t prod(struct tb *t)
{
	return h_rd32(&t->b.h, SMMU_REG_PRIQ_PROD);
}

static bool overflow_flag(struct tb *t)
{
	return prod(t) >> 31;
}

static void consume(struct tb *t, uint32_t cons)
{
	h_wr32(&t->b.h, SMMU_REG_PRIQ_CONS, cons);
}

/* Answered automatically, to the function and to the caller alike. */
static void expect_answer(struct tb *t, const struct smmu_page_request *req,
			  unsigned code, bool ssv)
{
	struct smmu_prg_response resp, *got;
	unsigned n = t->n_resp;

	memset(&resp, 0x5a, sizeof(resp));
	assert_int_equal(request(t, req, &resp), SMMU_PRI_ANSWERED);
	assert_int_equal(t->n_resp, n + 1);
	got = &t->resp[n];
	/* PRI-30, PRI-31 */
	assert_int_equal(got->sid, req->sid);
	assert_int_equal(got->prg_index, req->prg_index);
	assert_int_equal(got->code, code);
	assert_int_equal(got->ssv, ssv);
	assert_int_equal(got->ssid, ssv ? req->ssid : 0);
	assert_true(got->automatic);
	assert_int_equal(resp.code, code);
	assert_int_equal(resp.prg_index, req->prg_index);
}

static void expect_dropped(struct tb *t, const struct smmu_page_request *req)
{
	unsigned n = t->n_resp;

	assert_int_equal(request(t, req, NULL), SMMU_PRI_DROPPED);
	assert_int_equal(t->n_resp, n);
}

/* ---- entries ---- */

/* PRIF-1, PRI-1, PRI-2, PRI-3, PRI-4: bit positions written out. */
static void entries(void **state)
{
	struct smmu_page_request req = {
		.sid = 0x87654321,
		.ssid = 0xabcde,
		.ssv = true,
		.read = true,
		.exec = true,
		.prg_index = 0x1ff,
		.addr = 0xfedcba9876543210,
	};
	uint64_t dw[2];
	struct tb t;

	(void)state;
	open_bench(&t, NULL, 3);
	assert_int_equal(request(&t, &req, NULL), SMMU_PRI_QUEUED);
	t_pri_entry(&t, 0, dw);
	assert_int_equal(dw[0], 1ull << 63 | 1ull << 60 | 1ull << 59 | 0xabcdeull << 32 |
					0x87654321);
	assert_int_equal(dw[1], 0xfedcba9876543000 | 0x1ff);
	req = (struct smmu_page_request){ .sid = 1,
					  .ssid = 2,
					  .ssv = true,
					  .write = true,
					  .priv = true,
					  .last = true };
	assert_int_equal(request(&t, &req, NULL), SMMU_PRI_QUEUED);
	t_pri_entry(&t, 1, dw);
	assert_int_equal(dw[0], 1ull << 63 | 1ull << 62 | 1ull << 61 | 1ull << 58 |
					2ull << 32 | 1);
	assert_int_equal(dw[1], 0);
	/* without a PASID: no X, no Priv */
	req = (struct smmu_page_request){
		.sid = 1, .ssid = 2, .read = true, .exec = true, .priv = true
	};
	assert_int_equal(request(&t, &req, NULL), SMMU_PRI_QUEUED);
	t_pri_entry(&t, 2, dw);
	assert_int_equal(dw[0], 1ull << 60 | 1);
	/* PRI-10: a Stop marker is an entry; so is L=1, R=W=0 without a PASID */
	req = stop_marker();
	assert_int_equal(request(&t, &req, NULL), SMMU_PRI_QUEUED);
	t_pri_entry(&t, 3, dw);
	assert_int_equal(dw[0], 1ull << 63 | 1ull << 62 | (uint64_t)PASID << 32 | SID);
	req.ssv = false;
	assert_int_equal(request(&t, &req, NULL), SMMU_PRI_QUEUED);
	t_pri_entry(&t, 4, dw);
	assert_int_equal(dw[0], 1ull << 62 | SID);
	assert_int_equal(prod(&t), 5);
	assert_int_equal(t.n_resp, 0);
	t_teardown(&t);
}

static void no_pasid(struct smmu_config *cfg)
{
	cfg->ssid_bits = 0;
	cfg->pps = cfg->pasidtt = 0;
}

static void no_pri(struct smmu_config *cfg)
{
	cfg->pri = cfg->pps = 0;
}

static void impossible_requests(void **state)
{
	struct smmu_page_request req = ppr(512, true);
	uint64_t dw[2];
	struct tb t;

	(void)state;
	open_bench(&t, NULL, 3);
	assert_int_equal(request(&t, &req, NULL), -EINVAL);
	req.prg_index = 511;
	req.ssid = 1u << 20;
	assert_int_equal(request(&t, &req, NULL), SMMU_PRI_QUEUED);
	req.ssv = true;
	assert_int_equal(request(&t, &req, NULL), -EINVAL);
	assert_int_equal(prod(&t), 1);
	t_teardown(&t);
	t_setup(&t, no_pri);
	req = ppr(0, true);
	assert_int_equal(request(&t, &req, NULL), -EOPNOTSUPP);
	t_teardown(&t);
	/* PRI-1: an SMMU without substreams knows no PASID, and no Stop marker */
	open_bench(&t, no_pasid, 0);
	req = stop_marker();
	req.exec = req.priv = true;
	assert_int_equal(request(&t, &req, NULL), SMMU_PRI_QUEUED);
	t_pri_entry(&t, 0, dw);
	assert_int_equal(dw[0], 1ull << 62 | SID);
	/* PRI-18 */
	expect_answer(&t, &req, OK, false);
	t_teardown(&t);
}

/* ---- acceptance ---- */

/* PRIF-2, PRIF-3, PRI-7, PRI-8, REG-101: PRIQEN and SMMUEN; not EATS, not ATSCHK, not the
 * STE. */
static void switched_off(void **state)
{
	struct smmu_page_request req = ppr(7, false), marker = stop_marker();
	struct tb t;

	(void)state;
	open_bench(&t, NULL, 3);
	t_cr0(&t, SMMU_CR0_ATSCHK, false);
	assert_int_equal(request(&t, &req, NULL), SMMU_PRI_QUEUED);
	for (unsigned i = 0; i < 2; i++) {
		unsigned off = i ? SMMU_CR0_PRIQEN : SMMU_CR0_SMMUEN;

		t_cr0(&t, off, false);
		/* every request, Last or not, and never with its PASID */
		expect_answer(&t, &req, FAILED, false);
		req.ssv = true;
		req.ssid = PASID;
		req.last = true;
		expect_answer(&t, &req, FAILED, false);
		req = ppr(7, false);
		expect_dropped(&t, &marker);
		/* REG-33: the field itself guards the registers and is in CR0ACK */
		assert_int_equal(
			smmu_reg_get(h_rd32(&t.b.h, SMMU_REG_CR0ACK), SMMU_CR0_PRIQEN),
			off != SMMU_CR0_PRIQEN);
		h_wr64(&t.b.h, SMMU_REG_PRIQ_BASE, t.priq | (i ? 3 : 5));
		assert_int_equal(h_rd64(&t.b.h, SMMU_REG_PRIQ_BASE), t.priq | 3);
		t_cr0(&t, off, true);
		assert_int_equal(request(&t, &req, NULL), SMMU_PRI_QUEUED);
	}
	assert_int_equal(prod(&t), 3);
	b_no_event(&t.b);
	t_teardown(&t);
}

/* PRIF-5, PRI-27, PRI-28: a write that aborts. */
static void write_abort(void **state)
{
	struct smmu_page_request req = ppr(9, false), marker = stop_marker();
	struct harness *h;
	struct tb t;

	(void)state;
	open_bench(&t, NULL, 3);
	h = &t.b.h;
	t_cr0(&t, SMMU_CR0_PRIQEN, false);
	h_wr64(h, SMMU_REG_PRIQ_BASE, 0x10000000 | 3);
	t_cr0(&t, SMMU_CR0_PRIQEN, true);
	expect_answer(&t, &req, FAILED, false);
	assert_int_equal(h_rd32(h, SMMU_REG_GERROR) ^ h_rd32(h, SMMU_REG_GERRORN),
			 SMMU_MASK(SMMU_GERROR_PRIQ_ABT_ERR));
	assert_int_equal(prod(&t), 0);
	/* PRI-8: active, so that nothing is even tried */
	t_cr0(&t, SMMU_CR0_PRIQEN, false);
	h_wr64(h, SMMU_REG_PRIQ_BASE, t.priq | 3);
	t_cr0(&t, SMMU_CR0_PRIQEN, true);
	expect_answer(&t, &req, FAILED, false);
	expect_dropped(&t, &marker);
	h_wr32(h, SMMU_REG_GERRORN, h_rd32(h, SMMU_REG_GERROR));
	assert_int_equal(request(&t, &req, NULL), SMMU_PRI_QUEUED);
	t_teardown(&t);
}

/* A Stop marker whose write aborts is not answered either. */
static void stop_marker_aborts(void **state)
{
	struct smmu_page_request marker = stop_marker();
	struct tb t;

	(void)state;
	open_bench(&t, NULL, 3);
	t_cr0(&t, SMMU_CR0_PRIQEN, false);
	h_wr64(&t.b.h, SMMU_REG_PRIQ_BASE, 0x10000000 | 3);
	t_cr0(&t, SMMU_CR0_PRIQEN, true);
	expect_dropped(&t, &marker);
	assert_true(h_rd32(&t.b.h, SMMU_REG_GERROR) &
		    SMMU_MASK(SMMU_GERROR_PRIQ_ABT_ERR));
	t_teardown(&t);
}

/* ---- overflow ---- */

/* PRIF-3, PRIF-8, PRI-12, PRI-13, PRI-14, PRI-19, REG-100 */
static void overflow(void **state)
{
	struct smmu_page_request part = ppr(1, false), last = ppr(2, true),
				 marker = stop_marker();
	struct tb t;

	(void)state;
	open_bench(&t, NULL, 1);
	assert_int_equal(request(&t, &part, NULL), SMMU_PRI_QUEUED);
	assert_int_equal(request(&t, &part, NULL), SMMU_PRI_QUEUED);
	assert_false(overflow_flag(&t));
	/* full: dropped in silence, or answered if it is the last */
	expect_dropped(&t, &part);
	assert_true(overflow_flag(&t));
	expect_answer(&t, &last, OK, false);
	expect_dropped(&t, &marker);
	/* the flag is toggled once */
	assert_true(overflow_flag(&t));
	/* room alone does not help */
	consume(&t, 1);
	expect_answer(&t, &last, OK, false);
	expect_dropped(&t, &part);
	assert_int_equal(prod(&t), 1u << 31 | 2);
	/* acknowledged with RD */
	consume(&t, 1u << 31 | 2);
	assert_int_equal(request(&t, &last, NULL), SMMU_PRI_QUEUED);
	assert_int_equal(prod(&t), 1u << 31 | 3);
	assert_int_equal(request(&t, &last, NULL), SMMU_PRI_QUEUED);
	/* the next one toggles it back */
	expect_answer(&t, &last, OK, false);
	assert_false(overflow_flag(&t));
	/* PRI-8 before PRI-12: off is off, whatever the queue */
	t_cr0(&t, SMMU_CR0_SMMUEN, false);
	expect_answer(&t, &last, FAILED, false);
	t_teardown(&t);
}

static void no_pps(struct smmu_config *cfg)
{
	cfg->pps = 0;
}

static void fill(struct tb *t)
{
	struct smmu_page_request req = ppr(0, false);

	while (request(t, &req, NULL) == SMMU_PRI_QUEUED)
		;
}

/* PRIF-4, PRI-15, REG-102: who has a PASID gets it back by PPS or PPAR. */
static void overflow_with_pasid(void **state)
{
	struct smmu_page_request req = ppr(3, true);
	struct tb t;

	(void)state;
	req.ssid = PASID;
	for (int pps = 1; pps >= 0; pps--) {
		open_bench(&t, pps ? NULL : no_pps, 0);
		t_stream(&t, SMMU_STE_CONFIG_S1, SMMU_EATS_OFF);
		fill(&t);
		req.ssv = false;
		expect_answer(&t, &req, OK, false);
		req.ssv = true;
		/* STE-77: PPAR counts only without PPS */
		expect_answer(&t, &req, OK, pps);
		t_ste_set(&t, SMMU_STE_PPAR, 1);
		expect_answer(&t, &req, OK, true);
		/* a valid STE that aborts DMA is valid */
		t_ste_set(&t, SMMU_STE_Config, 0);
		expect_answer(&t, &req, OK, true);
		t_teardown(&t);
	}
}

/* PRI-16, PRI-17: the STE is not to be had. */
static void overflow_without_ste(void **state)
{
	static const struct {
		unsigned sid;
		bool fetch;
		unsigned event;
	} rows[] = {
		{ 256, false, SMMU_EVT_C_BAD_STREAMID },
		{ SID, true, SMMU_EVT_F_STE_FETCH },
		{ SID, false, SMMU_EVT_C_BAD_STE },
	};
	struct smmu_page_request req = ppr(3, true);
	uint64_t want[4], dw[4];
	struct tb t;

	(void)state;
	open_bench(&t, no_pps, 0);
	fill(&t);
	req.ssid = PASID;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (unsigned rec = 0; rec < 4; rec++) {
			bool wanted = (rec & 1) && (rec & 2 || i != 0);
			uint64_t strtab;
			struct smmu_prg_response resp;

			t_cr2(&t, rec & 1, rec & 2);
			strtab = t.b.h.strtab;
			if (rows[i].fetch)
				t.b.h.smmu->regs.strtab_base = 0x10000000;
			h_invalidate_all(&t.b.h);
			req.sid = rows[i].sid;
			req.ssv = true;
			assert_int_equal(request(&t, &req, &resp), SMMU_PRI_ANSWERED);
			assert_int_equal(resp.code, FAILED);
			assert_false(resp.ssv);
			if (wanted) {
				assert_true(h_event(&t.b.h, dw));
				b_event_head(want, rows[i].event, rows[i].sid, true,
					     PASID);
				assert_int_equal(dw[0], want[0]);
			}
			b_no_event(&t.b);
			/* without a PASID nobody looks */
			req.ssv = false;
			assert_int_equal(request(&t, &req, &resp), SMMU_PRI_ANSWERED);
			assert_int_equal(resp.code, OK);
			b_no_event(&t.b);
			t.b.h.smmu->regs.strtab_base = strtab;
		}
	t_teardown(&t);
}

/* ---- interrupts ---- */

static uint64_t pulses(struct tb *t)
{
	return smmu_wire_pulses(smmu_bus_wire(t->b.h.bus, "smmu.priq"));
}

static void irq(struct tb *t, bool last_only)
{
	struct harness *h = &t->b.h;

	h_wr32(h, SMMU_REG_IRQ_CTRL, 0);
	h_wr32(h, SMMU_REG_PRIQ_IRQ_CFG2, last_only ? 1u << 31 : 0);
	h_wr32(h, SMMU_REG_IRQ_CTRL, (uint32_t)SMMU_MASK(SMMU_IRQ_CTRL_PRIQ_IRQEN));
}

static void no_msi(struct smmu_config *cfg)
{
	cfg->msi = 0;
	cfg->ecmdq = 0;
	cfg->cmdq_control_page_log2nump = cfg->cmdq_control_page_log2numq = 0;
}

/* PRIF-7, PRI-5, 6.3.36; the same with wires alone. */
static void interrupts(void **state)
{
	struct smmu_page_request part = ppr(1, false), last = ppr(2, true),
				 marker = stop_marker();
	struct tb t;

	(void)state;
	for (int wires = 0; wires < 2; wires++) {
		open_bench(&t, wires ? no_msi : NULL, 2);
		/* LO == 0: from empty to not empty */
		irq(&t, false);
		request(&t, &part, NULL);
		assert_int_equal(pulses(&t), 1);
		request(&t, &last, NULL);
		assert_int_equal(pulses(&t), 1);
		consume(&t, 2);
		request(&t, &last, NULL);
		assert_int_equal(pulses(&t), 2);
		/* LO == 1: each with Last */
		irq(&t, true);
		consume(&t, 3);
		request(&t, &part, NULL);
		assert_int_equal(pulses(&t), 2);
		request(&t, &last, NULL);
		request(&t, &marker, NULL);
		assert_int_equal(pulses(&t), 4);
		request(&t, &part, NULL);
		/* full: for a Last that is lost to overflow too */
		request(&t, &part, NULL);
		assert_int_equal(pulses(&t), 4);
		request(&t, &last, NULL);
		assert_int_equal(pulses(&t), 5);
		irq(&t, false);
		request(&t, &last, NULL);
		assert_int_equal(pulses(&t), 5);
		/* ... but not to anything else */
		irq(&t, true);
		t_cr0(&t, SMMU_CR0_SMMUEN, false);
		request(&t, &last, NULL);
		assert_int_equal(pulses(&t), 5);
		t_teardown(&t);
	}
}

/* PRI-32: an MSI of the queue that aborts. */
static void msi_aborts(void **state)
{
	struct smmu_page_request req = ppr(1, true);
	struct harness *h;
	struct tb t;

	(void)state;
	open_bench(&t, NULL, 2);
	h = &t.b.h;
	h_wr64(h, SMMU_REG_PRIQ_IRQ_CFG0, 0x10000000);
	irq(&t, true);
	assert_int_equal(request(&t, &req, NULL), SMMU_PRI_QUEUED);
	assert_int_equal(h_rd32(h, SMMU_REG_GERROR) ^ h_rd32(h, SMMU_REG_GERRORN),
			 SMMU_MASK(SMMU_GERROR_MSI_PRIQ_ABT_ERR));
	/* no other effect; and one that arrives carries its payload */
	h_wr32(h, SMMU_REG_IRQ_CTRL, 0);
	h_wr64(h, SMMU_REG_PRIQ_IRQ_CFG0, H_MSI);
	h_wr32(h, SMMU_REG_PRIQ_IRQ_CFG1, 0x1234);
	irq(&t, true);
	assert_int_equal(request(&t, &req, NULL), SMMU_PRI_QUEUED);
	assert_int_equal(h->n_msi, 1);
	assert_int_equal(h->msi[0].data, 0x1234);
	t_teardown(&t);
}

/* ---- size and wrap ---- */

/* PRI-6: LOG2SIZE is cut to IDR1.PRIQS; wrap as for all queues. */
static void small_queue(struct smmu_config *cfg)
{
	cfg->priqs = 2;
}

static void wraps(void **state)
{
	struct smmu_page_request req = ppr(0, false);
	uint64_t dw[2];
	struct tb t;

	(void)state;
	open_bench(&t, small_queue, 5);
	for (unsigned i = 0; i < 20; i++) {
		req.prg_index = (uint16_t)i;
		assert_int_equal(request(&t, &req, NULL), SMMU_PRI_QUEUED);
		assert_int_equal(prod(&t), (i + 1) & 7);
		t_pri_entry(&t, i & 3, dw);
		assert_int_equal(dw[1] & 0x1ff, i);
		consume(&t, (i + 1) & 7);
	}
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(request(&t, &req, NULL), SMMU_PRI_QUEUED);
	assert_int_equal(request(&t, &req, NULL), SMMU_PRI_DROPPED);
	t_teardown(&t);
}

/* ---- CMD_PRI_RESP ---- */

static void pri_resp(struct tb *t, uint32_t sid, int ssid, unsigned group, unsigned code)
{
	uint64_t cmd[2] = { 0, 0 };

	smmu_set(cmd, SMMU_CMD_OPCODE, SMMU_OP_PRI_RESP);
	smmu_set(cmd, SMMU_CMD_PRI_RESP_StreamID, sid);
	smmu_set(cmd, SMMU_CMD_PRI_RESP_SSV, ssid >= 0);
	smmu_set(cmd, SMMU_CMD_PRI_RESP_SubstreamID, ssid >= 0 ? (unsigned)ssid : 0);
	smmu_set(cmd, SMMU_CMD_PRI_RESP_PRGIndex, group);
	smmu_set(cmd, SMMU_CMD_PRI_RESP_Resp, code);
	h_cmd_dw(&t->b.h, cmd);
}

/* PRIF-6, PRI-20 to PRI-25, CMD-63 */
static void responses(void **state)
{
	static const uint8_t wire[3] = { 0xf, 0x1, 0x0 };
	struct tb t;

	(void)state;
	open_bench(&t, NULL, 2);
	for (unsigned code = 0; code < 3; code++) {
		pri_resp(&t, SID, code == 1 ? -1 : 0x12345, 511 - code, code);
		assert_int_equal(t.n_resp, code + 1);
		assert_int_equal(t.resp[code].sid, SID);
		assert_int_equal(t.resp[code].code, wire[code]);
		assert_int_equal(t.resp[code].prg_index, 511 - code);
		assert_int_equal(t.resp[code].ssv, code != 1);
		assert_int_equal(t.resp[code].ssid, code == 1 ? 0 : 0x12345);
		assert_false(t.resp[code].automatic);
	}
	/* to nobody; while disabled */
	pri_resp(&t, SID + 1, -1, 0, 2);
	t_cr0(&t, SMMU_CR0_SMMUEN, false);
	pri_resp(&t, SID, -1, 0, 2);
	h_sync(&t.b.h);
	t_cr0(&t, SMMU_CR0_SMMUEN, true);
	assert_int_equal(t.n_resp, 3);
	/* who does not listen does no harm */
	t.ops.page_response = NULL;
	pri_resp(&t, SID, -1, 0, 2);
	h_sync(&t.b.h);
	pri_resp(&t, SID, -1, 0, 3);
	assert_int_equal(h_cmdq_error(&t.b.h), SMMU_CERROR_ILL);
	t_teardown(&t);

	open_bench(&t, no_pasid, 2);
	/* CHOICE (PRI-24) */
	pri_resp(&t, SID, 0, 0, 2);
	assert_int_equal(t.n_resp, 0);
	pri_resp(&t, SID, -1, 0, 2);
	assert_int_equal(t.n_resp, 1);
	t_teardown(&t);

	t_setup(&t, no_pri);
	pri_resp(&t, SID, -1, 0, 2);
	assert_int_equal(h_cmdq_error(&t.b.h), SMMU_CERROR_ILL);
	t_teardown(&t);
}

/* PRI-33: after an automatic Success the page need not be there: ask again. */
static void success_is_no_page(void **state)
{
	struct smmu_page_request req = ppr(1, true);
	struct tb t;

	(void)state;
	open_bench(&t, NULL, 0);
	t_stream(&t, SMMU_STE_CONFIG_S1, SMMU_EATS_FULL);
	t_leaf1(&t, h_s1_rw() & ~SMMU_MASK(SMMU_S1DESC_AF));
	t_expect_denied(&t, t_plain(&t));
	fill(&t);
	expect_answer(&t, &req, OK, false);
	t_expect_denied(&t, t_plain(&t));
	consume(&t, prod(&t));
	assert_int_equal(request(&t, &req, NULL), SMMU_PRI_QUEUED);
	t_leaf1(&t, h_s1_rw());
	pri_resp(&t, SID, -1, 1, 2);
	assert_int_equal(t.resp[t.n_resp - 1].code, OK);
	assert_true(t_plain(&t).read);
	t_teardown(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries),
		cmocka_unit_test(impossible_requests),
		cmocka_unit_test(switched_off),
		cmocka_unit_test(write_abort),
		cmocka_unit_test(stop_marker_aborts),
		cmocka_unit_test(overflow),
		cmocka_unit_test(overflow_with_pasid),
		cmocka_unit_test(overflow_without_ste),
		cmocka_unit_test(interrupts),
		cmocka_unit_test(msi_aborts),
		cmocka_unit_test(wraps),
		cmocka_unit_test(responses),
		cmocka_unit_test(success_is_no_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
