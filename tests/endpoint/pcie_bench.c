/* SPDX-License-Identifier: MIT */
#include "endpoint/pcie_bench.h"

static void on_page_response(void *ctx, uint16_t index, unsigned code)
{
	struct fn_bench *f = ctx;

	(void)index;
	f->answers++;
	f->last_code = code;
}

static int device_write(void *ctx, uint64_t pa, const void *buf, size_t len,
			const struct smmu_attr *attr)
{
	struct fn_bench *f = ctx;

	(void)attr;
	f->device_pa = pa;
	if (len == sizeof(f->device_word))
		memcpy(&f->device_word, buf, len);
	if (f->on_write)
		f->on_write(f);
	return 0;
}

static int device_read(void *ctx, uint64_t pa, void *buf, size_t len,
		       const struct smmu_attr *attr)
{
	(void)ctx;
	(void)pa;
	(void)attr;
	memset(buf, 0, len);
	return 0;
}

static struct smmu_pcie_config config_of(struct fn_bench *f)
{
	return (struct smmu_pcie_config){
		.size = sizeof(struct smmu_pcie_config),
		.name = "fn",
		.smmu = f->t.b.h.smmu,
		.sid = SID,
		.vendor = 0x1234,
		.device = 0x5678,
		.ats = true,
		.pri = true,
		.flr = true,
		.pasid_width = 8,
		.pasid_exec = true,
		.pasid_priv = true,
		.page_requests = 4,
		.page_response = on_page_response,
		.ctx = f,
	};
}

void f_setup_with(struct fn_bench *f, void (*tweak)(struct smmu_pcie_config *cfg))
{
	const struct smmu_mem_ops ops = { device_read, device_write, NULL };
	struct smmu_pcie_config cfg;

	memset(f, 0, sizeof(*f));
	t_setup(&f->t, NULL);
	assert_int_equal(smmu_bus_add_region(f->t.b.h.bus, DEVICE, 0x10000, &ops, f), 0);
	t_substreams(&f->t, SMMU_STE_CONFIG_S1, 1, SMMU_S1DSS_SSID0);
	t_priq(&f->t, 4);
	cfg = config_of(f);
	if (tweak)
		tweak(&cfg);
	assert_int_equal(smmu_pcie_create(&f->fn, &cfg), 0);
	smmu_pcie_set_master(f->fn, true);
	assert_int_equal(smmu_pcie_enable_pasid(f->fn, true, true), 0);
	assert_int_equal(smmu_pcie_enable_ats(f->fn, 12), 0);
	assert_int_equal(smmu_pcie_enable_pri(f->fn, 4), 0);
}

void f_setup(struct fn_bench *f)
{
	f_setup_with(f, NULL);
}

void f_teardown(struct fn_bench *f)
{
	smmu_pcie_destroy(f->fn);
	t_teardown(&f->t);
}

struct smmu_pcie_dma f_dma_of(struct fn_bench *f, bool ssv, uint8_t op)
{
	return (struct smmu_pcie_dma){
		.op = op, .ssv = ssv, .ssid = PASID, .addr = VA, .buf = f->buf, .len = 64
	};
}

int f_dma(struct fn_bench *f, bool ssv, uint8_t op)
{
	const struct smmu_pcie_dma d = f_dma_of(f, ssv, op);

	return smmu_pcie_dma(f->fn, &d, NULL);
}

struct smmu_pcie_stats f_stats(struct fn_bench *f)
{
	struct smmu_pcie_stats s;

	smmu_pcie_stats(f->fn, &s);
	return s;
}

void f_push(struct fn_bench *f, unsigned op, const uint64_t *fields)
{
	uint64_t cmd[2] = { fields ? fields[0] : 0, fields ? fields[1] : 0 };

	smmu_set(cmd, SMMU_CMD_OPCODE, op);
	h_cmd_dw(&f->t.b.h, cmd);
}

void f_atc_inv(struct fn_bench *f, bool ssv, bool global, uint32_t pasid, unsigned size)
{
	uint64_t cmd[2] = { 0, 0 };

	smmu_set(cmd, SMMU_CMD_ATC_INV_StreamID, SID);
	smmu_set(cmd, SMMU_CMD_ATC_INV_SubstreamID, pasid);
	smmu_set(cmd, SMMU_CMD_ATC_INV_SSV, ssv);
	smmu_set(cmd, SMMU_CMD_ATC_INV_Global, global);
	smmu_set(cmd, SMMU_CMD_ATC_INV_Size, size);
	smmu_set_addr(cmd, SMMU_CMD_ATC_INV_Address, size == 52 ? 0 : VA);
	f_push(f, SMMU_OP_ATC_INV, cmd);
}

void f_atc_inv_at(struct fn_bench *f, uint32_t sid, bool ssv, uint64_t va, unsigned size)
{
	uint64_t cmd[2] = { 0, 0 };

	smmu_set(cmd, SMMU_CMD_ATC_INV_StreamID, sid);
	smmu_set(cmd, SMMU_CMD_ATC_INV_SubstreamID, ssv ? PASID : 0);
	smmu_set(cmd, SMMU_CMD_ATC_INV_SSV, ssv);
	smmu_set(cmd, SMMU_CMD_ATC_INV_Size, size);
	smmu_set_addr(cmd, SMMU_CMD_ATC_INV_Address, va);
	f_push(f, SMMU_OP_ATC_INV, cmd);
}

void f_pri_resp(struct fn_bench *f, uint32_t sid, uint16_t index, bool ssv, unsigned resp)
{
	uint64_t cmd[2] = { 0, 0 };

	smmu_set(cmd, SMMU_CMD_PRI_RESP_StreamID, sid);
	smmu_set(cmd, SMMU_CMD_PRI_RESP_SSV, ssv);
	smmu_set(cmd, SMMU_CMD_PRI_RESP_SubstreamID, ssv ? PASID : 0);
	smmu_set(cmd, SMMU_CMD_PRI_RESP_PRGIndex, index);
	smmu_set(cmd, SMMU_CMD_PRI_RESP_Resp, resp);
	f_push(f, SMMU_OP_PRI_RESP, cmd);
	h_sync(&f->t.b.h);
}

unsigned f_waiting(struct fn_bench *f)
{
	struct harness *h = &f->t.b.h;

	return (h_rd32(h, SMMU_REG_CMDQ_PROD) - h_rd32(h, SMMU_REG_CMDQ_CONS)) & 127;
}

void f_unmap_without_atc_inv(struct fn_bench *f)
{
	struct harness *h = &f->t.b.h;

	h_write64(h, h_desc_pa(h, f->t.b.ttb0, VA, 3), 0);
	f_push(f, SMMU_OP_TLBI_NSNH_ALL, NULL);
	h_sync(h);
}

void f_map_again(struct fn_bench *f)
{
	t_leaf1(&f->t, h_s1_rw());
}

void f_map_device(struct fn_bench *f)
{
	h_map(&f->t.b.h, f->t.b.ttb0, VA, DEVICE, 3, h_s1_rw());
	h_invalidate_all(&f->t.b.h);
}

void f_stream_like(struct fn_bench *f, uint32_t sid)
{
	uint64_t ste[8];

	for (unsigned i = 0; i < 8; i++)
		ste[i] = h_read64(&f->t.b.h, h_ste_pa(&f->t.b.h, SID) + 8 * i);
	b_put_ste(&f->t.b, sid, ste);
}

void f_clear_atc_error(struct fn_bench *f)
{
	struct harness *h = &f->t.b.h;

	assert_int_equal(h_cmdq_error(h), SMMU_CERROR_ATC_INV_SYNC);
	h_wr32(h, SMMU_REG_GERRORN, h_rd32(h, SMMU_REG_GERROR));
}
