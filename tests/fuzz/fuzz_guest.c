/* SPDX-License-Identifier: MIT */
/*
 * A guest with a virtual SMMU that does what the input says: registers, memory, commands,
 * DMA of its devices, devices that come and go, resets. Whatever that is, the host goes
 * on, no DMA leaves the guest's memory, and at the end everything is given back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "vmm/vm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define IOVA	  UINT64_C(0x7fff5000)
#define LOW	  UINT64_C(0x20000) /* bytes of memory where the tables are */
#define GUARD	  UINT64_C(0x5a5a5a5a5a5a5a5a)
#define MAX_STEPS 512

enum { DEVICES = 2, SPARE_SID = 0x30, SPARE_VSID = 9 };

struct input {
	const uint8_t *at, *end;
};

struct bench {
	struct rig host;
	struct vm vm;
	struct vmm_device spare;
	struct input in;
};

static uint64_t number(struct input *in, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes && in->at < in->end; i++)
		v |= (uint64_t)*in->at++ << 8 * i;
	return v;
}

/* Mostly in the guest's memory; else anywhere. */
static uint64_t address(struct bench *b)
{
	uint64_t how = number(&b->in, 1);

	if (how < 0x80)
		return VM_RAM + 8 * (number(&b->in, 2) % (LOW / 8));
	if (how < 0xc0)
		return IOVA + 8 * (how & 31);
	return number(&b->in, 8);
}

static void write_register(struct bench *b)
{
	uint32_t reg = (uint32_t)(4 * number(&b->in, 2)) % 0x20000;
	uint64_t value = number(&b->in, 8);

	if (reg % 8 == 0)
		raw_wr64(&b->vm, reg, value);
	raw_wr32(&b->vm, reg, (uint32_t)value);
	(void)raw_rd32(&b->vm, reg);
}

static void write_memory(struct bench *b)
{
	raw_poke(&b->vm, VM_RAM + 8 * (number(&b->in, 2) % (LOW / 8)), number(&b->in, 8));
}

static void commands(struct bench *b)
{
	uint64_t cmds[8][2];
	size_t n = 1 + number(&b->in, 1) % 8;

	for (size_t i = 0; i < n; i++) {
		cmds[i][0] = number(&b->in, 8);
		cmds[i][1] = number(&b->in, 8);
	}
	raw_cmds(&b->vm, (const uint64_t(*)[2])cmds, n);
	for (unsigned i = 0; raw_cerror(&b->vm) && i < 8; i++)
		raw_skip(&b->vm);
}

/* Words of an STE, as they come or with a CD that is one, and its CFGI_STE. */
static void ste(struct bench *b)
{
	uint32_t vsid = (uint32_t)number(&b->in, 1) % 16;
	uint64_t dw[2] = { number(&b->in, 8), number(&b->in, 8) };

	if (b->vm.next > VM_RAM + LOW - 0x8000)
		b->vm.next = VM_RAM + 0x4000;
	if (number(&b->in, 1) & 1)
		raw_ste_s1(dw, raw_stage1(&b->vm, IOVA, address(b) & ~UINT64_C(0xfff)));
	raw_ste(&b->vm, vsid, dw[0], dw[1]);
	raw_cmd(&b->vm, SMMU_OP_CFGI_STE, vsid);
	if (raw_cerror(&b->vm))
		raw_skip(&b->vm);
}

static void dma(struct bench *b)
{
	static const uint32_t sids[] = { 0x10, 0x11, SPARE_SID };
	uint64_t how = number(&b->in, 1), word = how;
	struct smmu_txn txn = { .sid = sids[how % 3],
				.addr = address(b) & ~UINT64_C(7),
				.ssv = how >> 4 & 1,
				.ssid = (uint32_t)(how >> 5),
				.op = how & 8 ? SMMU_WRITE : SMMU_READ,
				.no_stall = true };
	struct smmu_result r = smmu_dma(b->host.port, &txn, &word, 8, NULL);

	if (r.status == SMMU_OK &&
	    (r.pa < b->vm.host_pa || r.pa - b->vm.host_pa >= VM_RAM_SIZE))
		abort();
}

static void lifetime(struct bench *b)
{
	switch (number(&b->in, 1) % 4) {
	case 0:
		(void)vmm_guest_plug(b->vm.vmm, &b->spare);
		break;
	case 1:
		(void)vmm_guest_unplug(b->vm.vmm, (uint32_t)number(&b->in, 1) % 16);
		break;
	case 2:
		vmm_guest_reset(b->vm.vmm);
		break;
	default:
		raw_init(&b->vm);
		raw_enable(&b->vm, true);
	}
}

static void step(struct bench *b)
{
	switch (number(&b->in, 1) % 8) {
	case 0:
		write_register(b);
		break;
	case 1:
		write_memory(b);
		break;
	case 2:
		commands(b);
		break;
	case 3:
		ste(b);
		break;
	case 4:
		(void)vmm_guest_pump(b->vm.vmm);
		break;
	case 5:
		lifetime(b);
		break;
	default:
		dma(b);
	}
}

static void with_all(struct vmm_config *config)
{
	config->ats = config->stalls = true;
	config->event_depth = 8;
}

static void up(struct bench *b)
{
	struct smmu_config cfg = vm_host_config();
	const struct iommu_dev_desc desc = { .name = "spare", .dma_can_stall = true };
	const uint32_t sid = SPARE_SID;

	cfg.stall_model = 0;
	cfg.stall_max = 4;
	cfg.ssid_bits = 4;
	cfg.tlb_entries = cfg.config_entries = 64;
	rig_up(&b->host, &cfg);
	b->vm = (struct vm){ .host = &b->host };
	vm_assign(&b->host, &b->vm, 0x10, 3);
	vm_assign(&b->host, &b->vm, 0x11, 4);
	b->spare =
		(struct vmm_device){ rig_add_as(&b->host, &desc, &sid, 1), SPARE_VSID };
	vm_make(&b->vm, with_all);
	memset(b->vm.ram + VM_RAM_SIZE, 0x5a, 8192);
	raw_init(&b->vm);
	raw_enable(&b->vm, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench *b = calloc(1, sizeof(*b));
	const uint64_t *guard;

	if (!b)
		return 0;
	b->in = (struct input){ data, data + size };
	up(b);
	for (unsigned i = 0; i < MAX_STEPS && b->in.at < b->in.end; i++)
		step(b);
	guard = (const void *)(b->vm.ram + VM_RAM_SIZE);
	for (unsigned i = 0; i < 1024; i++)
		if (guard[i] != GUARD)
			abort();
	vm_destroy(&b->vm);
	rig_down(&b->host);
	free(b);
	return 0;
}
