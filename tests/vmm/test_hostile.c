/* SPDX-License-Identifier: MIT */
/*
 * A guest that does anything: registers, tables, queues and DMA at random, half of it
 * plausible. Beside it a guest that works, which must not notice; the host's memory
 * around the hostile one's does not change, none of its DMA leaves its memory, and of
 * what reaches the host's command queue nothing is for another's VMID or stream. Long
 * form: SMMU_HOSTILE_STEPS=1000000, SMMU_HOSTILE_SEED=n.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "vmm/vm.h"

#define GVA   UINT64_C(0x55550000)
#define GUARD VM_RAM_SIZE /* bytes beyond its RAM that are looked at */

struct world {
	struct rig host;
	struct vm bad, good;
	uint64_t rng;
	unsigned bad_vmid;
	uint64_t good_gpa, good_value;
	uint64_t guard; /* checksum of memory that is nobody's */
	uint64_t commands, dma_ok, dma_refused;
};

static uint64_t rnd(struct world *w)
{
	uint64_t x = w->rng;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return w->rng = x;
}

static uint64_t below(struct world *w, uint64_t n)
{
	return rnd(w) % n;
}

/* ---- what may reach the host ---- */

static bool is_bads(const struct world *w, uint64_t sid)
{
	return sid == w->bad.sids[0] || sid == w->bad.sids[1];
}

static void on_trace(void *ctx, const struct smmu_trace *t)
{
	struct world *w = ctx;

	if (t->kind == SMMU_TRACE_STE_FETCH && is_bads(w, t->sid) &&
	    smmu_get(t->dw, SMMU_STE_V) &&
	    smmu_get(t->dw, SMMU_STE_Config) != SMMU_STE_CONFIG_ABORT) {
		/* CORE-179: it is stage 2 of its own, whatever the guest wrote. */
		assert_true(smmu_get(t->dw, SMMU_STE_Config) & 2);
		assert_int_equal(smmu_get(t->dw, SMMU_STE_S2VMID), w->bad_vmid);
	}
	if (t->kind != SMMU_TRACE_COMMAND)
		return;
	w->commands++;
	switch (smmu_get(t->dw, SMMU_CMD_OPCODE)) {
	case SMMU_OP_TLBI_NH_ALL:
	case SMMU_OP_TLBI_NH_ASID:
	case SMMU_OP_TLBI_NH_VA:
	case SMMU_OP_TLBI_NH_VAA:
		/* DRV-120 */
		assert_int_equal(smmu_get(t->dw, SMMU_CMD_TLBI_NH_ALL_VMID), w->bad_vmid);
		break;
	case SMMU_OP_CFGI_STE:
	case SMMU_OP_CFGI_CD:
	case SMMU_OP_CFGI_CD_ALL:
	case SMMU_OP_ATC_INV:
	case SMMU_OP_PREFETCH_CONFIG:
		assert_true(is_bads(w, smmu_get(t->dw, SMMU_CMD_StreamID)));
		break;
	case SMMU_OP_SYNC:
		break;
	default:
		fail_msg("opcode 0x%" PRIx64 " reached the host",
			 smmu_get(t->dw, SMMU_CMD_OPCODE));
	}
}

static uint64_t checksum(struct world *w)
{
	const uint64_t *end = (void *)(w->bad.ram + VM_RAM_SIZE);
	uint64_t sum = 1;

	for (size_t i = 0; i < GUARD / 8; i++)
		sum = sum * UINT64_C(0x100000001b3) ^ end[i];
	return sum;
}

static void check_good(struct world *w)
{
	uint64_t got = 0;

	assert_int_equal(vm_dma(&w->good, 0, GVA, false, &got).status, SMMU_OK);
	assert_int_equal(got, w->good_value);
	w->good_value++;
	got = w->good_value;
	assert_int_equal(vm_dma(&w->good, 0, GVA, true, &got).status, SMMU_OK);
	assert_int_equal(vmm_guest_pump(w->good.vmm), 0);
	assert_int_equal(w->good.ready, 0);
	assert_int_equal(w->good.num_events, 0);
}

/* ---- what it does ---- */

/* An address that it may find interesting. */
static uint64_t address(struct world *w)
{
	switch (below(w, 8)) {
	case 0:
		return rnd(w);
	case 1:
		return w->good.host_pa + below(w, VM_RAM_SIZE);
	case 2:
		return w->bad.host_pa + below(w, VM_RAM_SIZE);
	case 3:
		return VM_SMMU + below(w, 0x20000);
	case 4:
		return RAM_BASE + below(w, RAM_SIZE);
	default:
		return VM_RAM + below(w, 0x20000);
	}
}

static uint64_t value(struct world *w)
{
	switch (below(w, 6)) {
	case 0:
		return rnd(w);
	case 1:
		return 0;
	case 2:
		return address(w) | below(w, 16);
	case 3: /* a table, or a page */
		return (address(w) & ~UINT64_C(0xfff)) | (below(w, 2) ? 3 : 0x743);
	case 4: /* an STE's first word */
		return (address(w) & UINT64_C(0xffffffffffc0)) | 1 | below(w, 8) << 1 |
		       below(w, 8) << 59;
	default:
		return UINT64_C(1) << below(w, 64);
	}
}

static void write_memory(struct world *w)
{
	uint64_t gpa = VM_RAM + (below(w, 0x20000) & ~UINT64_C(7));

	raw_poke(&w->bad, gpa, value(w));
}

static void write_register(struct world *w)
{
	static const uint32_t regs[] = {
		SMMU_REG_CR0,	      SMMU_REG_CR1,	    SMMU_REG_CR2,
		SMMU_REG_GBPA,	      SMMU_REG_STRTAB_BASE, SMMU_REG_STRTAB_BASE_CFG,
		SMMU_REG_CMDQ_BASE,   SMMU_REG_CMDQ_PROD,   SMMU_REG_CMDQ_CONS,
		SMMU_REG_EVENTQ_BASE, SMMU_REG_EVENTQ_PROD, SMMU_REG_EVENTQ_CONS,
		SMMU_REG_GERRORN,     SMMU_REG_IRQ_CTRL,
	};
	uint32_t reg = below(w, 4) ? regs[below(w, sizeof(regs) / sizeof(regs[0]))]
				   : (uint32_t)below(w, 0x20000) & ~3u;

	if (below(w, 2) && reg % 8 == 0)
		raw_wr64(&w->bad, reg, value(w));
	else
		raw_wr32(&w->bad, reg, (uint32_t)value(w));
}

/* A working SMMU again, or all that follows would do nothing. */
static void recover(struct world *w)
{
	raw_wr32(&w->bad, SMMU_REG_CR0, 0);
	w->bad.next = VM_RAM + 0x1000;
	memset(w->bad.ram, 0, 0x20000);
	raw_wr32(&w->bad, SMMU_REG_GERRORN, raw_rd32(&w->bad, SMMU_REG_GERROR));
	raw_wr32(&w->bad, SMMU_REG_CMDQ_PROD, 0);
	raw_wr32(&w->bad, SMMU_REG_CMDQ_CONS, 0);
	raw_wr32(&w->bad, SMMU_REG_EVENTQ_PROD, 0);
	raw_wr32(&w->bad, SMMU_REG_EVENTQ_CONS, 0);
	raw_init(&w->bad);
	raw_enable(&w->bad, true);
}

static void install(struct world *w)
{
	uint64_t cd = raw_stage1(&w->bad, GVA, address(w) & UINT64_C(0xfffffffff000));
	uint32_t vsid = below(w, 2) ? 3 : 4;
	uint64_t ste[2];

	raw_ste_s1(ste, below(w, 3) ? cd : address(w) & UINT64_C(0xffffffffffc0));
	smmu_set(ste, SMMU_STE_Config, below(w, 3) ? SMMU_STE_CONFIG_S1 : below(w, 8));
	ste[1] ^= below(w, 3) ? 0 : value(w);
	raw_ste(&w->bad, vsid, ste[0], ste[1]);
	raw_cmd(&w->bad, SMMU_OP_CFGI_STE, vsid);
}

static void command(struct world *w)
{
	static const uint8_t ops[] = {
		SMMU_OP_PREFETCH_CONFIG, SMMU_OP_CFGI_STE,     SMMU_OP_CFGI_STE_RANGE,
		SMMU_OP_CFGI_CD,	 SMMU_OP_CFGI_CD_ALL,  SMMU_OP_TLBI_NH_ALL,
		SMMU_OP_TLBI_NH_ASID,	 SMMU_OP_TLBI_NH_VA,   SMMU_OP_TLBI_NH_VAA,
		SMMU_OP_TLBI_S12_VMALL,	 SMMU_OP_TLBI_S2_IPA,  SMMU_OP_TLBI_NSNH_ALL,
		SMMU_OP_ATC_INV,	 SMMU_OP_TLBI_EL2_ALL, SMMU_OP_SYNC,
	};
	uint64_t cmds[8][2];
	size_t n = 1 + below(w, 8);

	for (size_t i = 0; i < n; i++) {
		cmds[i][0] = below(w, 4) ? 0 : rnd(w);
		cmds[i][1] = below(w, 4) ? 0 : rnd(w);
		smmu_set(cmds[i], SMMU_CMD_OPCODE, ops[below(w, sizeof(ops))]);
		if (below(w, 2))
			smmu_set(cmds[i], SMMU_CMD_StreamID, below(w, 24));
	}
	raw_cmds(&w->bad, (const uint64_t(*)[2])cmds, n);
	for (unsigned i = 0; raw_cerror(&w->bad) && i < 8; i++)
		raw_skip(&w->bad);
}

static void attack(struct world *w)
{
	uint64_t word = rnd(w), addr = below(w, 2) ? GVA + below(w, 0x2000) : address(w);
	struct smmu_result r =
		vm_dma(&w->bad, below(w, 2), addr & ~UINT64_C(7), below(w, 2), &word);

	if (r.status != SMMU_OK) {
		w->dma_refused++;
		return;
	}
	w->dma_ok++;
	assert_true(r.pa >= w->bad.host_pa && r.pa < w->bad.host_pa + VM_RAM_SIZE);
}

static void step(struct world *w)
{
	switch (below(w, 12)) {
	case 0:
	case 1:
		write_memory(w);
		break;
	case 2:
		write_register(w);
		break;
	case 3:
	case 4:
	case 5:
		command(w);
		break;
	case 6:
		install(w);
		break;
	case 7:
		if (!below(w, 4))
			recover(w);
		break;
	default:
		attack(w);
	}
	/* Memory for tables comes round again. */
	if (w->bad.next > VM_RAM + 0x18000)
		w->bad.next = VM_RAM + 0x4000;
	if (!below(w, 16))
		(void)vmm_guest_pump(w->bad.vmm);
}

static unsigned vmid_of(struct vm *vm)
{
	struct host_commands seen;

	host_watch(vm->host, &seen);
	raw_cmd(vm, SMMU_OP_TLBI_NH_ALL, 0);
	host_unwatch(vm->host);
	assert_int_equal(seen.n, 1);
	return (unsigned)smmu_get(seen.dw[0], SMMU_CMD_TLBI_NH_ALL_VMID);
}

static unsigned long from_env(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

static void test_hostile(void **state)
{
	static struct world w;
	struct smmu_config cfg = vm_host_config();
	unsigned long steps = from_env("SMMU_HOSTILE_STEPS", 20000);

	(void)state;
	w.rng = from_env("SMMU_HOSTILE_SEED", 1) * UINT64_C(0x9e3779b97f4a7c15) + 1;
	rig_up(&w.host, &cfg);
	vm_up(&w.host, &w.bad, 0, 2);
	vm_up(&w.host, &w.good, 1, 1);
	vm_boot(&w.good);
	w.good_gpa = vm_alloc(&w.good, 4096, 4096);
	assert_int_equal(iommu_map(iommu_get_domain_for_dev(w.good.dev[0]), GVA,
				   w.good_gpa, 4096,
				   IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE),
			 0);
	raw_init(&w.bad);
	w.bad_vmid = vmid_of(&w.bad);
	w.guard = checksum(&w);
	smmu_set_trace(w.host.smmu, on_trace, &w);
	for (unsigned long i = 0; i < steps; i++) {
		step(&w);
		if (i % 64 == 0)
			check_good(&w);
		if (i % 4096 == 0)
			assert_int_equal(checksum(&w), w.guard);
	}
	check_good(&w);
	assert_int_equal(checksum(&w), w.guard);
	host_unwatch(&w.host);
	printf("%lu steps: %" PRIu64 " commands on the host, DMA %" PRIu64 " ok, %" PRIu64
	       " refused, %" PRIu64 " STEs, %" PRIu64 " events\n",
	       steps, w.commands, w.dma_ok, w.dma_refused, vm_stats(&w.bad).stes,
	       vm_stats(&w.bad).events);
	/* It was not all refused at the door. */
	assert_true(w.dma_ok > steps / 200 && w.dma_refused > steps / 200);
	assert_true(vm_stats(&w.bad).forwarded > steps / 20);
	assert_true(vm_stats(&w.bad).stes > steps / 200);
	vm_destroy(&w.bad);
	vm_shutdown(&w.good);
	vm_destroy(&w.good);
	rig_down(&w.host);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_hostile) };

	return cmocka_run_group_tests_name("vmm: a hostile guest", tests, NULL, NULL);
}
