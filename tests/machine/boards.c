/* SPDX-License-Identifier: MIT */
/* Machines built from the sample boards: what is where, and that DMA moves. */
#include <string.h>
#include <smmulator/arch.h>
#include <smmulator/machine.h>
#include "firmware/blob.h"

static struct smmu_machine *build(const struct smmu_fw *fw,
				  const struct smmu_machine_options *options)
{
	struct smmu_machine *m = NULL;
	char why[512] = "";

	if (smmu_machine_create(&m, fw, options, why, sizeof(why)))
		fail_msg("%s", why);
	return m;
}

static void demolish(struct smmu_machine *m, struct smmu_fw *fw)
{
	smmu_machine_destroy(m);
	smmu_fw_destroy(fw);
}

static const struct smmu_machine_master *named(const struct smmu_machine *m,
					       const char *name)
{
	for (size_t i = 0; i < smmu_machine_masters(m); i++)
		if (!strcmp(smmu_machine_master(m, i)->name, name))
			return smmu_machine_master(m, i);
	fail_msg("no master %s", name);
	return NULL;
}

/* Out of reset an SMMU bypasses: every stream of every master reaches RAM. */
static void check_dma(const struct smmu_machine *m)
{
	const struct smmu_machine_ram *ram = smmu_machine_ram(m, 0);
	uint64_t out, in;

	for (size_t i = 0; i < smmu_machine_masters(m); i++) {
		const struct smmu_machine_master *master = smmu_machine_master(m, i);

		assert_int_equal(smmu_endpoint_streams(master->endpoint),
				 master->nstreams);
		for (size_t k = 0; k < master->nstreams; k++) {
			out = 0x1122334400000000 | i << 8 | k;
			assert_int_equal(smmu_endpoint_write(master->endpoint, k,
							     ram->base, &out, 8),
					 0);
			in = 0;
			assert_int_equal(smmu_endpoint_read(master->endpoint, k,
							    ram->base, &in, 8),
					 0);
			assert_int_equal(in, out);
		}
	}
}

static void test_one_smmu_pcie(void **state)
{
	struct smmu_fw *fw = board_parse("one-smmu-pcie");
	struct smmu_machine *m = build(fw, NULL);
	const struct smmu_machine_smmu *s = smmu_machine_smmu(m, 0);
	const struct smmu_machine_master *f;

	(void)state;
	assert_int_equal(smmu_machine_rams(m), 2);
	assert_non_null(smmu_bus_ptr(smmu_machine_bus(m), 0x880000000, 0x40000000));
	assert_int_equal(smmu_machine_smmus(m), 1);
	assert_null(smmu_machine_smmu(m, 1));
	assert_string_equal(s->name, "iommu@2b400000");
	assert_int_equal(s->base, 0x2b400000);
	assert_ptr_equal(s->node, &fw->iommus[0]);
	/* Four functions: two devices at the beginning of each range (FW-10). */
	assert_int_equal(smmu_machine_masters(m), 4);
	f = named(m, "/pcie@40000000/00:00.0");
	assert_int_equal(f->streams[0].sid, 0);
	f = named(m, "/pcie@40000000/01:00.0");
	assert_int_equal(f->streams[0].sid, 0x10100);
	assert_int_equal(smmu_endpoint_rid(f->endpoint), 0x100);
	assert_ptr_equal(f->host, &fw->hosts[0]);
	assert_null(f->node);
	f = named(m, "/pcie@40000000/01:01.0");
	assert_int_equal(f->streams[0].sid, 0x10108);
	assert_true(s->sid_bits >= 17); /* as the board needs */
	assert_int_equal(smmu_machine_doorbell(m), 0);
	check_dma(m);
	demolish(m, fw);
}

static void test_registers_on_the_bus(void **state)
{
	struct smmu_fw *fw = board_parse("one-smmu-pcie");
	struct smmu_machine *m = build(fw, NULL);
	const struct smmu_machine_smmu *s = smmu_machine_smmu(m, 0);
	struct smmu_bus *bus = smmu_machine_bus(m);
	unsigned char bytes[16];
	uint64_t v64, old = 0;
	uint32_t v32;

	(void)state;
	assert_int_equal(smmu_bus_read32(bus, s->base + SMMU_REG_IDR1, &v32, NULL), 0);
	assert_int_equal(v32, smmu_mmio_read(s->smmu, SMMU_REG_IDR1, 4));
	assert_int_equal(smmu_reg_get(v32, SMMU_IDR1_SIDSIZE), s->sid_bits);
	/* REG-1: 64-bit access, page 1, little-endian bytes */
	assert_int_equal(
		smmu_bus_write64(bus, s->base + SMMU_REG_STRTAB_BASE, 0x80012340, NULL),
		0);
	assert_int_equal(smmu_bus_read64(bus, s->base + SMMU_REG_STRTAB_BASE, &v64, NULL),
			 0);
	assert_int_equal(v64, 0x80012340);
	assert_int_equal(
		smmu_bus_read(bus, s->base + SMMU_REG_STRTAB_BASE, bytes, 16, NULL), 0);
	assert_int_equal(bytes[0] | bytes[1] << 8, 0x2340);
	assert_int_equal(smmu_bus_write32(bus, s->base + SMMU_REG_EVENTQ_PROD, 0, NULL),
			 0);
	/* Bytes, odd addresses and compare-and-swap are no register accesses. */
	assert_true(smmu_bus_read(bus, s->base, bytes, 2, NULL) < 0);
	assert_true(smmu_bus_read(bus, s->base + 2, bytes, 4, NULL) < 0);
	assert_true(smmu_bus_cas64(bus, s->base + SMMU_REG_STRTAB_BASE, &old, 1, NULL) <
		    0);
	assert_int_equal(smmu_bus_read32(bus, s->base + 0x1fffc, &v32, NULL), 0);
	assert_true(smmu_bus_read32(bus, s->base + 0x20000, &v32, NULL) < 0);
	demolish(m, fw);
}

static void test_five_smmus(void **state)
{
	static const uint64_t base[] = { 0x2b000000, 0x2b100000, 0x82b200000,
					 0x602b300000, 0x702b400000 };
	struct smmu_fw *fw = board_parse("five-smmus");
	struct smmu_machine_options o;
	struct smmu_machine *m;
	const struct smmu_machine_master *master;

	(void)state;
	smmu_machine_options_init(&o);
	o.functions = 6;
	m = build(fw, &o);
	assert_int_equal(smmu_machine_smmus(m), 5);
	for (size_t i = 0; i < 5; i++) {
		const struct smmu_machine_smmu *s = smmu_machine_smmu(m, i);
		uint32_t idr0;

		assert_int_equal(s->base, base[i]);
		assert_int_equal(
			smmu_bus_read32(smmu_machine_bus(m), s->base, &idr0, NULL), 0);
		/* FW-3 */
		assert_int_equal(smmu_reg_get(idr0, SMMU_IDR0_COHACC),
				 s->node->dma_coherent);
	}
	/* Four enabled platform masters and six functions; the disabled one is none. */
	assert_int_equal(smmu_machine_masters(m), 10);
	master = named(m, "/soc/dma-controller@10010000"); /* FW-6 */
	assert_int_equal(master->nstreams, 3);
	assert_int_equal(master->streams[2].sid, 0x3f);
	master = named(m, "/soc/codec@10030000"); /* FW-6: behind two SMMUs */
	assert_int_equal(master->nstreams, 2);
	assert_int_equal(master->streams[0].smmu, 3);
	assert_int_equal(master->streams[1].smmu, 4);
	assert_ptr_equal(smmu_endpoint_stream(master->endpoint, 1)->smmu,
			 smmu_machine_smmu(m, 4)->smmu);
	master = named(m, "/soc/pcie@20000000/08:00.0");
	assert_int_equal(master->streams[0].smmu, 4);
	assert_int_equal(master->streams[0].sid, 0);
	check_dma(m);
	demolish(m, fw);
}

/* FW-4: with the quirk page 1's registers are found in page 0, in 64 KiB. */
static void test_broken_page1(void **state)
{
	struct smmu_fw *fw = board_parse("five-smmus");
	struct smmu_machine *m = build(fw, NULL);
	const struct smmu_machine_smmu *s = smmu_machine_smmu(m, 4);
	const uint64_t prod = SMMU_REG_EVENTQ_PROD - SMMU_REG_PAGE_P1;
	uint32_t v;

	(void)state;
	assert_int_equal(s->size, 0x10000);
	assert_int_equal(smmu_bus_write64(smmu_machine_bus(m),
					  s->base + SMMU_REG_EVENTQ_BASE,
					  4 /* 16 entries */, NULL),
			 0);
	assert_int_equal(smmu_bus_write32(smmu_machine_bus(m), s->base + prod, 5, NULL),
			 0);
	assert_int_equal(smmu_bus_read32(smmu_machine_bus(m), s->base + prod, &v, NULL),
			 0);
	assert_int_equal(v, smmu_mmio_read(s->smmu, SMMU_REG_EVENTQ_PROD, 4));
	assert_int_equal(v, 5);
	assert_true(smmu_bus_read32(smmu_machine_bus(m), s->base + 0x10000, &v, NULL) <
		    0);
	demolish(m, fw);
}

static void test_disabled(void **state)
{
	struct smmu_fw *fw = board_parse("disabled-smmu");
	struct smmu_machine *m = build(fw, NULL);
	uint32_t v;

	(void)state;
	assert_int_equal(smmu_machine_smmus(m), 1);
	assert_int_equal(smmu_machine_smmu(m, 0)->iommu, 1);
	assert_true(smmu_bus_read32(smmu_machine_bus(m), 0x2b000000, &v, NULL) < 0);
	assert_int_equal(named(m, "/dma@10000000")->streams[0].smmu, -1); /* FW-5 */
	assert_int_equal(named(m, "/dma@10001000")->streams[0].smmu, 0);
	check_dma(m);
	smmu_machine_destroy(m);

	assert_int_equal(smmu_fw_set_enabled(fw, "/iommu@2b000000", true), 0);
	m = build(fw, NULL);
	assert_int_equal(smmu_machine_smmus(m), 2);
	assert_int_equal(named(m, "/dma@10000000")->streams[0].smmu, 0);
	demolish(m, fw);
}

static void test_chained(void **state)
{
	struct smmu_fw *fw = board_parse("chained-buses");
	struct smmu_machine *m = build(fw, NULL);

	(void)state;
	assert_int_equal(smmu_machine_smmus(m), 1);
	assert_int_equal(smmu_machine_smmu(m, 0)->base, 0x1002110000);
	assert_int_equal(smmu_machine_masters(m), 4);
	check_dma(m);
	demolish(m, fw);
}

static void count_wire(void *ctx, const char *name)
{
	assert_string_equal(name, "iommu@2b100000.gerror");
	++*(unsigned *)ctx;
}

/* A wire has its node's name: a command queue without memory raises gerror. */
static void test_wires(void **state)
{
	struct smmu_fw *fw = board_parse("five-smmus");
	struct smmu_machine *m = build(fw, NULL);
	struct smmu *smmu = smmu_machine_smmu(m, 1)->smmu;
	unsigned pulses = 0;

	(void)state;
	assert_int_equal(smmu_bus_listen(smmu_machine_bus(m), "iommu@2b100000.gerror",
					 count_wire, &pulses),
			 0);
	smmu_mmio_write(smmu, SMMU_REG_IRQ_CTRL, 4,
			SMMU_MASK(SMMU_IRQ_CTRL_GERROR_IRQEN));
	smmu_mmio_write(smmu, SMMU_REG_CMDQ_BASE, 8, 0x30000000 | 4); /* a hole */
	smmu_mmio_write(smmu, SMMU_REG_CR0, 4, SMMU_MASK(SMMU_CR0_CMDQEN));
	smmu_mmio_write(smmu, SMMU_REG_CMDQ_PROD, 4, 1);
	assert_int_equal(pulses, 1);
	demolish(m, fw);
}

struct rung {
	uint64_t pa;
	uint32_t data;
};

static void ring(void *ctx, uint64_t pa, uint32_t data, const struct smmu_attr *attr)
{
	struct rung *r = ctx;

	(void)attr;
	r->pa = pa;
	r->data = data;
}

static void test_doorbell(void **state)
{
	struct smmu_fw *fw = board_parse("five-smmus");
	struct rung rung = { 0, 0 };
	struct smmu_machine_options o;
	struct smmu_machine *m;
	uint64_t pa;

	(void)state;
	smmu_machine_options_init(&o);
	o.msi = ring;
	o.msi_ctx = &rung;
	m = build(fw, &o);
	pa = smmu_machine_doorbell(m);
	assert_int_equal(pa, 0x20000000); /* RAM is below, from 0 on */
	assert_int_equal(smmu_bus_write32(smmu_machine_bus(m), pa + 0x40, 77, NULL), 0);
	assert_int_equal(rung.pa, pa + 0x40);
	assert_int_equal(rung.data, 77);
	smmu_machine_destroy(m);
	o.doorbell_pa = 0x8080000;
	o.lenient = true;
	assert_int_not_equal(smmu_machine_create(&m, fw, &o, NULL, 0), 0); /* in RAM */
	o.doorbell_pa = 0x8000000000;
	m = build(fw, &o);
	assert_int_equal(smmu_machine_doorbell(m), 0x8000000000);
	demolish(m, fw);
}

static int configure(void *ctx, const struct smmu_fw_iommu *node, struct smmu_config *cfg)
{
	unsigned *calls = ctx;

	++*calls;
	if (!strcmp(node->name, "iommu@2b100000"))
		assert_int_equal(smmu_config_init(cfg, SMMU_PRESET_MMU700), 0);
	return 0;
}

static void test_configure(void **state)
{
	struct smmu_fw *fw = board_parse("five-smmus");
	struct smmu_machine_options o;
	struct smmu_machine *m;
	unsigned calls = 0;

	(void)state;
	smmu_machine_options_init(&o);
	o.configure = configure;
	o.configure_ctx = &calls;
	o.functions = 0;
	m = build(fw, &o);
	assert_int_equal(calls, 5);
	assert_int_equal(smmu_machine_masters(m), 4);
	assert_int_equal(smmu_machine_smmu(m, 1)->sid_bits, 32);
	assert_int_equal(smmu_machine_smmu(m, 0)->sid_bits, 16);
	demolish(m, fw);
}

/* Two machines in one process know nothing of each other. */
static void test_two_machines(void **state)
{
	struct smmu_fw *fw = board_parse("five-smmus");
	struct smmu_machine *a = build(fw, NULL), *b = build(fw, NULL);
	uint64_t v = 0x55;

	(void)state;
	assert_int_equal(smmu_bus_write64(smmu_machine_bus(a), 0x1000, v, NULL), 0);
	assert_int_equal(smmu_bus_read64(smmu_machine_bus(b), 0x1000, &v, NULL), 0);
	assert_int_equal(v, 0);
	smmu_machine_destroy(a);
	check_dma(b);
	demolish(b, fw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_smmu_pcie),
		cmocka_unit_test(test_registers_on_the_bus),
		cmocka_unit_test(test_five_smmus),
		cmocka_unit_test(test_broken_page1),
		cmocka_unit_test(test_disabled),
		cmocka_unit_test(test_chained),
		cmocka_unit_test(test_wires),
		cmocka_unit_test(test_doorbell),
		cmocka_unit_test(test_configure),
		cmocka_unit_test(test_two_machines),
	};

	return cmocka_run_group_tests_name("machine: boards", tests, NULL, NULL);
}
