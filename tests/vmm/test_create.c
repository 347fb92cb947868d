/* SPDX-License-Identifier: MIT */
/*
 * Making a guest: what is refused, in which words, and that nothing is left of it; on
 * which hardware there is none; and out of memory at every place.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "vmm/vm.h"

/* ---- an allocator that fails ---- */

static long calls, fail_at; /* fail_at 0: never */

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static bool fails(void)
{
	return ++calls == fail_at;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

/* ---- what is refused ---- */

struct bench {
	struct rig host;
	struct vm vm;
};

static void setup(struct bench *b, struct smmu_config cfg)
{
	memset(b, 0, sizeof(*b));
	rig_up(&b->host, &cfg);
	vm_assign(&b->host, &b->vm, 0x10, 3);
	vm_assign(&b->host, &b->vm, 0x11, 4);
}

static void refused(struct bench *b, const struct vmm_config *c, int err,
		    const char *says)
{
	struct vmm_guest *guest = (void *)b;
	char why[200] = "";

	assert_int_equal(vmm_guest_create(&guest, c, why, sizeof(why)), err);
	if (!strstr(why, says))
		fail_msg("\"%s\" does not say \"%s\"", why, says);
	assert_ptr_equal(guest, b);
	assert_int_equal(vmm_guest_create(&guest, c, NULL, 0), err);
	/* Nothing is left: the next one comes to be. */
	b->vm.host = &b->host;
	vm_make(&b->vm, NULL);
	vm_destroy(&b->vm);
}

static void test_values(void **state)
{
	struct bench b;
	struct vmm_config good, c;

	(void)state;
	setup(&b, vm_host_config());
	good = vm_config(&b.host, &b.vm, 0);
#define REFUSED(err, says, ...)                                                          \
	do {                                                                             \
		c = good;                                                                \
		__VA_ARGS__;                                                             \
		refused(&b, &c, err, says);                                              \
	} while (0)
	REFUSED(-EINVAL, "size", c.size--);
	REFUSED(-EINVAL, "host_bus", c.host_bus = NULL);
	REFUSED(-EINVAL, "devices", c.devices = NULL);
	REFUSED(-EINVAL, "num_devices = 0x0", c.num_devices = 0);
	REFUSED(-EINVAL, "sid_bits = 0x0; legal: 0x1 to 0x20", c.sid_bits = 0);
	REFUSED(-EINVAL, "sid_bits = 0x21", c.sid_bits = 33);
	REFUSED(-EINVAL, "vsid = 0x4; legal: up to 2 bits", c.sid_bits = 2);
	REFUSED(-EINVAL, "queue_bits = 0x0", c.queue_bits = 0);
	REFUSED(-EINVAL, "queue_bits = 0x14", c.queue_bits = 20);
	REFUSED(-EINVAL, "event_depth = 0x0", c.event_depth = 0);
	REFUSED(-EINVAL, "host_pa modulo 4096", c.host_pa += 8);
	REFUSED(-EINVAL, "ram_base modulo 4096", c.ram_base += 8);
	REFUSED(-EINVAL, "ram_size modulo 4096", c.ram_size += 8);
	REFUSED(-EINVAL, "ram_size = 0x0", c.ram_size = 0);
	REFUSED(-EINVAL, "smmu_base modulo 65536", c.smmu_base += 4096);
	REFUSED(-EINVAL, "RAM of the host", c.host_pa = MMIO_BASE);
	REFUSED(-EINVAL, "RAM of the host", c.host_pa = RAM_BASE + RAM_SIZE - 4096);
	REFUSED(-EINVAL, "name", c.name = "");
	REFUSED(-EEXIST, "registers", c.smmu_base = c.ram_base);
	b.vm.assigned[1].vsid = 3;
	c = good;
	{
		struct vmm_guest *guest;
		char why[200];

		assert_int_equal(vmm_guest_create(&guest, &c, why, sizeof(why)), -EINVAL);
		assert_non_null(strstr(why, "which dev-10 has"));
		b.vm.assigned[1].vsid = 4;
		assert_int_equal(vmm_guest_create(NULL, &c, why, sizeof(why)), -EINVAL);
		assert_int_equal(vmm_guest_create(&guest, NULL, why, sizeof(why)),
				 -EINVAL);
	}
	vmm_guest_destroy(NULL);
	rig_down(&b.host);
}

/* CORE-138, CORE-148: a device that is someone's, and addresses that a device reserves.
 */
static void test_owners_and_places(void **state)
{
	struct bench b;
	struct vmm_config c;
	struct vmm_guest *guest;
	char why[200];
	int me;

	(void)state;
	setup(&b, vm_host_config());
	c = vm_config(&b.host, &b.vm, 0);
	assert_int_equal(iommu_device_claim_dma_owner(b.vm.assigned[1].dev, &me), 0);
	assert_int_equal(vmm_guest_create(&guest, &c, why, sizeof(why)), -EPERM);
	assert_non_null(strstr(why, "dev-11: cannot be bound"));
	iommu_device_release_dma_owner(b.vm.assigned[1].dev);
	assert_int_equal(iommu_dev_bind(b.vm.assigned[0].dev), 0);
	assert_int_equal(vmm_guest_create(&guest, &c, why, sizeof(why)), -EPERM);
	assert_non_null(strstr(why, "dev-10: cannot be bound"));
	assert_int_equal(iommu_dev_unbind(b.vm.assigned[0].dev), 0);
	/* The window for MSIs (DRV-35) is the guest's RAM. */
	c.ram_base = UINT64_C(0x08000000);
	assert_int_equal(vmm_guest_create(&guest, &c, why, sizeof(why)), -EADDRINUSE);
	b.vm.host = &b.host;
	vm_make(&b.vm, NULL);
	vm_destroy(&b.vm);
	rig_down(&b.host);
}

/* DRV-115 and what cannot be hidden from a guest. */
static void test_hardware(void **state)
{
	static const struct {
		enum smmu_preset preset;
		unsigned fwb, stall_model;
		const char *says; /* NULL: it is good */
	} cases[] = {
		{ SMMU_PRESET_V3_2, 1, 1, NULL },
		{ SMMU_PRESET_V3_2, 1, 0, NULL },
		{ SMMU_PRESET_V3_1, 1, 1, NULL },
		{ SMMU_PRESET_V3_1, 0, 1, "no virtual SMMU" },
		{ SMMU_PRESET_V3_2, 1, 2, "STALL_MODEL = 2" }, /* but see vmm_stall */
		{ SMMU_PRESET_FULL, 1, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smmu_config cfg;
		struct vmm_config c;
		struct vmm_guest *guest;
		struct bench b;
		char why[200] = "";
		int err;

		assert_int_equal(smmu_config_init(&cfg, cases[i].preset), 0);
		cfg.sid_bits = 10;
		cfg.fwb = (uint8_t)cases[i].fwb;
		cfg.stall_model = (uint8_t)cases[i].stall_model;
		cfg.stall_max = cfg.stall_model == 1 ? 0 : 4;
		setup(&b, cfg);
		c = vm_config(&b.host, &b.vm, 0);
		err = vmm_guest_create(&guest, &c, why, sizeof(why));
		if (cases[i].says) {
			assert_int_equal(err, -EOPNOTSUPP);
			assert_non_null(strstr(why, cases[i].says));
		} else {
			assert_string_equal(why, "");
			assert_int_equal(err, 0);
			vmm_guest_destroy(guest);
		}
		rig_down(&b.host);
	}
}

/* ---- out of memory ---- */

/* Each allocation fails once: -ENOMEM, and the devices are where they were. */
static void test_each_allocation(void **state)
{
	struct bench b;
	struct vmm_config c;
	struct iommu_group *group;
	struct vmm_guest *guest;
	long n = 0;
	int err;

	(void)state;
	setup(&b, vm_host_config());
	c = vm_config(&b.host, &b.vm, 0);
	group = iommu_group_get(b.vm.assigned[0].dev);
	do {
		calls = 0;
		fail_at = ++n;
		err = vmm_guest_create(&guest, &c, NULL, 0);
		fail_at = 0;
		if (err) {
			uint64_t word = 0;

			assert_int_equal(err, -ENOMEM);
			assert_false(iommu_group_dma_owner_claimed(group));
			assert_int_equal(
				rig_dma(&b.host, 0x10, VM_RAM, true, &word).status,
				SMMU_ABORT);
		}
		assert_true(n < 2000);
	} while (err);
	assert_true(n > 20);
	assert_true(iommu_group_dma_owner_claimed(group));
	iommu_group_put(group);
	vmm_guest_destroy(guest);
	rig_down(&b.host);
}

/* ... of a CFGI_STE: CERROR_ILL, the device stays where it was, and the next one goes. */
static void test_each_allocation_of_a_move(void **state)
{
	struct bench b;
	uint64_t bypass[2] = { 0, 0 }, word = 0;
	long n = 0;
	bool again;

	(void)state;
	setup(&b, vm_host_config());
	b.vm.host = &b.host;
	vm_make(&b.vm, NULL);
	raw_init(&b.vm);
	raw_enable(&b.vm, true);
	smmu_set(bypass, SMMU_STE_V, 1);
	smmu_set(bypass, SMMU_STE_Config, SMMU_STE_CONFIG_BYPASS);
	raw_ste(&b.vm, 3, bypass[0], bypass[1]);
	do {
		calls = 0;
		fail_at = ++n;
		raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 3);
		fail_at = 0;
		again = raw_cerror(&b.vm) != 0;
		if (again) {
			assert_int_equal(raw_cerror(&b.vm), SMMU_CERROR_ILL);
			assert_int_equal(vm_stats(&b.vm).stes_failed, n);
			assert_int_equal(vm_dma(&b.vm, 0, VM_RAM, true, &word).status,
					 SMMU_ABORT);
			raw_skip(&b.vm);
		}
		assert_true(n < 200);
	} while (again);
	assert_true(n > 1);
	assert_int_equal(vm_dma(&b.vm, 0, VM_RAM, true, &word).status, SMMU_OK);
	vm_destroy(&b.vm);
	rig_down(&b.host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_owners_and_places),
		cmocka_unit_test(test_hardware),
		cmocka_unit_test(test_each_allocation),
		cmocka_unit_test(test_each_allocation_of_a_move),
	};

	return cmocka_run_group_tests_name("vmm: making a guest", tests, NULL, NULL);
}
