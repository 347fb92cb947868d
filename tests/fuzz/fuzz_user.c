/* SPDX-License-Identifier: MIT */
/*
 * The whole user interface: commands as bytes, devices bound and moved, files read and
 * written, accesses, the older interface, the guest's memory and DMA. The input is a list
 * of steps; whatever it says, the host goes on, DMA stays in the VM's memory, and at the
 * end everything is given back.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "user/vm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEVS	  3
#define ACCESSES  2
#define MAX_STEPS 256

struct input {
	const uint8_t *at, *end;
};

struct bench {
	struct rig r;
	struct vm vm;
	struct iommu_dev *devs[DEVS];
	struct iommufd_access *access[ACCESSES];
	uint64_t pinned_iova[ACCESSES], pinned[ACCESSES];
	struct input in;
};

static uint8_t byte(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static uint64_t number(struct input *in, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)byte(in) << 8 * i;
	return v;
}

/* An address or a length: mostly a small number of pages from somewhere of interest. */
static uint64_t place(struct input *in)
{
	static const uint64_t bases[] = { 0, VM_GPA, VM_UADDR, VM_GPA + VM_SIZE - 8192,
					  UINT64_MAX - 8191 };
	uint8_t how = byte(in);

	if (how >= 5 * 16)
		return number(in, 8);
	return bases[how / 16] + number(in, 2) * (how & 1 ? 1 : 4096);
}

/* Where structures lie: the first pages of the VM's memory. */
static uint64_t near_place(struct input *in)
{
	return VM_UADDR + (number(in, 2) & 0x7ff8);
}

static void *at_uaddr(struct bench *b, uint64_t uaddr, size_t len)
{
	return smmu_bus_ptr(b->r.bus, b->vm.pa + (uaddr - VM_UADDR), len);
}

static void put(struct bench *b, uint64_t uaddr, const void *from, size_t len)
{
	memcpy(at_uaddr(b, uaddr, len), from, len);
}

/* ---- Steps ---- */

static void raw_command(struct bench *b)
{
	unsigned cmd = 0x7f + byte(&b->in) % 0x18;
	uint64_t at = near_place(&b->in);
	uint32_t len = byte(&b->in) % 96;
	uint8_t buf[96] = { 0 };

	memcpy(buf, &len, sizeof(len));
	for (uint32_t i = 4; i < len; i++)
		buf[i] = byte(&b->in);
	put(b, at, buf, sizeof(buf));
	(void)iommufd_ioctl(b->vm.ctx, cmd, at);
}

static void map(struct bench *b)
{
	struct iommu_ioas_map m = { .size = sizeof(m), .flags = byte(&b->in) & 7 };

	m.ioas_id = byte(&b->in);
	m.user_va = place(&b->in);
	m.length = place(&b->in);
	m.iova = place(&b->in);
	(void)iommufd_ioas_map(b->vm.ctx, &m);
}

static void unmap(struct bench *b)
{
	struct iommu_ioas_unmap u = { .size = sizeof(u), .ioas_id = byte(&b->in) };

	u.iova = place(&b->in);
	u.length = byte(&b->in) & 1 ? UINT64_MAX : place(&b->in);
	(void)iommufd_ioas_unmap(b->vm.ctx, &u);
}

static void hwpt(struct bench *b)
{
	struct iommu_hwpt_alloc h = { .size = sizeof(h), .flags = byte(&b->in) & 0x1f };
	uint64_t ste[2];

	h.dev_id = byte(&b->in);
	h.pt_id = byte(&b->in);
	h.fault_id = byte(&b->in);
	h.data_type = byte(&b->in) & 3;
	h.data_len = h.data_type ? 16 : 0;
	h.data_uptr = near_place(&b->in);
	ste[0] = (number(&b->in, 1) & 15) | (place(&b->in) & UINT64_C(0xfffffffffffc0)) |
		 number(&b->in, 1) << 59;
	ste[1] = number(&b->in, 4);
	put(b, h.data_uptr, ste, sizeof(ste));
	(void)iommufd_hwpt_alloc(b->vm.ctx, &h);
}

static void invalidate(struct bench *b)
{
	struct iommu_hwpt_invalidate inv = { .size = sizeof(inv), .data_type = 1 };
	uint32_t n = byte(&b->in) % 8;

	inv.hwpt_id = byte(&b->in);
	inv.entry_len = 16 + (byte(&b->in) & 8);
	inv.entry_num = n;
	inv.data_uptr = near_place(&b->in);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t cmd[3] = { 0, 0, 0 };

		cmd[0] = number(&b->in, 1) | number(&b->in, 1) << 32;
		cmd[1] = number(&b->in, 2);
		put(b, inv.data_uptr + i * inv.entry_len, cmd, inv.entry_len);
	}
	(void)iommufd_hwpt_invalidate(b->vm.ctx, &inv);
	if (inv.entry_num > n)
		abort();
}

static void move(struct bench *b)
{
	uint8_t how = byte(&b->in);
	uint32_t dev = byte(&b->in), pasid = how & 0x80 ? byte(&b->in) : 0, pt;

	pt = byte(&b->in);
	switch (how & 3) {
	case 0:
		(void)iommufd_device_attach(b->vm.ctx, dev, pasid, &pt);
		break;
	case 1:
		(void)iommufd_device_replace(b->vm.ctx, dev, pasid, &pt);
		break;
	case 2:
		(void)iommufd_device_detach(b->vm.ctx, dev, pasid);
		break;
	default:
		if (how & 4)
			(void)iommufd_device_unbind(b->vm.ctx, dev);
		else
			(void)iommufd_device_bind(b->vm.ctx, b->devs[dev % DEVS], &pt);
	}
}

static void file(struct bench *b)
{
	uint8_t how = byte(&b->in);
	uint32_t fd = byte(&b->in);
	uint64_t at = near_place(&b->in);
	size_t count = number(&b->in, 2);

	if (how & 1)
		(void)iommufd_read(b->vm.ctx, fd, at, count, how >> 6);
	else
		(void)iommufd_write(b->vm.ctx, fd, at, count, how >> 6);
	(void)iommufd_poll(b->vm.ctx, fd);
}

static void on_unmap(void *ctx, uint64_t iova, uint64_t length)
{
	struct bench *b = ctx;

	(void)iova;
	(void)length;
	for (unsigned i = 0; i < ACCESSES; i++) {
		if (b->access[i] && b->pinned[i])
			iommufd_access_unpin_pages(b->access[i], b->pinned_iova[i],
						   b->pinned[i]);
		b->pinned[i] = 0;
	}
}

static const struct iommufd_access_ops access_ops = { on_unmap };

static void access_step(struct bench *b)
{
	uint8_t how = byte(&b->in), i = (how >> 3) % ACCESSES;
	uint64_t iova = place(&b->in), word = 0, pas[17];
	uint32_t id;

	if (!b->access[i]) {
		(void)iommufd_access_create(b->vm.ctx, &access_ops, b, &b->access[i],
					    &id);
		return;
	}
	switch (how & 7) {
	case 0:
		(void)iommufd_access_attach(b->access[i], byte(&b->in));
		break;
	case 1:
		(void)iommufd_access_detach(b->access[i]);
		break;
	case 2:
		iommufd_access_destroy(b->access[i]);
		b->access[i] = NULL;
		break;
	case 3:
		if (b->pinned[i])
			break;
		word = number(&b->in, 2);
		if (!iommufd_access_pin_pages(b->access[i], iova, word, pas, how >> 7)) {
			b->pinned_iova[i] = iova;
			b->pinned[i] = word;
		}
		break;
	case 4:
		on_unmap(b, 0, 0);
		break;
	default:
		(void)iommufd_access_rw(b->access[i], iova, &word, sizeof(word),
					how >> 7);
	}
}

static void poke(struct bench *b)
{
	uint64_t at = near_place(&b->in), word = place(&b->in) | byte(&b->in);

	put(b, at, &word, sizeof(word));
}

/* Whatever was set up: what comes out of it is the VM's own memory. */
static void dma(struct bench *b)
{
	uint8_t how = byte(&b->in);
	struct smmu_txn txn = { .sid = 5 + how % DEVS,
				.ssv = how >> 6 & 1,
				.op = how >> 7 ? SMMU_WRITE : SMMU_READ };
	struct smmu_result res;

	txn.ssid = txn.ssv ? byte(&b->in) : 0;
	txn.addr = place(&b->in);
	res = smmu_translate(b->r.port, &txn);
	if (res.status == SMMU_OK && (res.pa < b->vm.pa || res.pa >= b->vm.pa + VM_SIZE))
		abort();
}

static void older_interface(struct bench *b)
{
	struct iommu_pasid_table_config cfg = { .argsz = 28 + byte(&b->in) % 16 };
	uint64_t at = near_place(&b->in);
	uint32_t id = byte(&b->in);

	if (byte(&b->in) & 1) {
		iommufd_detach_pasid_table(b->vm.ctx, id);
		return;
	}
	cfg.version = cfg.format = cfg.smmuv3.version = 1;
	cfg.base_ptr = place(&b->in) & ~UINT64_C(63);
	cfg.config = byte(&b->in) & 3;
	cfg.pasid_bits = byte(&b->in) & 7;
	cfg.smmuv3.s1dss = byte(&b->in) & 3;
	put(b, at, &cfg, sizeof(cfg));
	(void)iommufd_attach_pasid_table(b->vm.ctx, id, at);
}

static void (*const steps[])(struct bench *b) = {
	raw_command, map,	  unmap, hwpt, invalidate,	move,
	file,	     access_step, poke,	 dma,  older_interface,
};

/* ---- The machine ---- */

static void bench_up(struct bench *b)
{
	struct smmu_config cfg = vm_config();

	memset(b, 0, sizeof(*b));
	cfg.ssid_bits = 6;
	cfg.cmdqs = 8;
	cfg.httu = 2;
	rig_up(&b->r, &cfg);
	vm_init(&b->vm, &b->r, 0);
	b->vm.reach = KIB(64); /* of its memory: no command takes long */
	for (unsigned i = 0; i < DEVS; i++) {
		static const char *const names[DEVS] = { "a", "b", "c" };
		const uint32_t sid = 5 + i;

		b->devs[i] = rig_add(&b->r, names[i], &sid, 1);
	}
}

static void bench_down(struct bench *b)
{
	struct arm_smmu_stats stats;

	for (unsigned i = 0; i < ACCESSES; i++)
		iommufd_access_destroy(b->access[i]);
	arm_smmu_get_stats(b->r.drv, &stats);
	if (stats.cmdq_errors || stats.timeouts)
		abort();
	vm_fini(&b->vm);
	rig_down(&b->r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bench b;
	unsigned n = 0;

	bench_up(&b);
	b.in = (struct input){ data, data + size };
	while (b.in.at < b.in.end && n++ < MAX_STEPS)
		steps[byte(&b.in) % (sizeof(steps) / sizeof(steps[0]))](&b);
	bench_down(&b);
	return 0;
}
