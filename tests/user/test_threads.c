/* SPDX-License-Identifier: MIT */
/*
 * One context, many threads: the guest invalidates, its devices do DMA and fault, the VMM
 * moves them about, maps, unmaps and reads events. For ThreadSanitizer above all.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <pthread.h>
#include <string.h>
#include <cmocka.h>
#include "user/vm.h"

#define VA    UINT64_C(0x12345000)
#define TURNS 300

struct scene {
	struct rig r;
	struct vm vm;
	uint32_t nested, aborting, bypass;
	uint64_t page;
	int failed; /* atomic: a line of an error; cmocka's checks are for its thread */
};

#define CHECK(s, x)                                                                      \
	do {                                                                             \
		if (!(x))                                                                \
			__atomic_store_n(&(s)->failed, __LINE__, __ATOMIC_RELAXED);      \
	} while (0)

static void *invalidate(void *arg)
{
	struct scene *s = arg;
	uint64_t cmds[70][2];
	uint32_t done;

	for (unsigned i = 0; i < 70; i++) {
		cmds[i][0] = SMMU_OP_TLBI_NH_VA | UINT64_C(7) << 48;
		cmds[i][1] = VA + i * 4096;
	}
	cmds[69][0] = SMMU_OP_CFGI_CD_ALL | UINT64_C(0x42) << 32;
	cmds[69][1] = 0;
	for (unsigned i = 0; i < TURNS; i++) {
		CHECK(s, !vm_invalidate(&s->vm, (const uint64_t(*)[2])cmds, 70, &done));
		CHECK(s, done == 70);
	}
	return NULL;
}

static void *move(void *arg)
{
	struct scene *s = arg;
	const uint32_t places[] = { s->nested, s->vm.parent, s->aborting, s->bypass };

	for (unsigned i = 0; i < TURNS; i++)
		CHECK(s, !vm_replace(&s->vm, 0, places[i % 4]));
	CHECK(s, !vm_replace(&s->vm, 0, s->nested));
	return NULL;
}

/* What gets through is in the guest's memory, whatever happens around it. */
static void *dma(void *arg)
{
	struct scene *s = arg;
	struct smmu_port *port = smmu_port_open(s->r.smmu);

	for (unsigned i = 0; i < TURNS * 4; i++) {
		const uint64_t addrs[] = { VA, VA + 4096, VM_GPA + 64, MIB(512) };
		const struct smmu_txn txn = { .sid = 5, .addr = addrs[i % 4] };
		struct smmu_result res = smmu_translate(port, &txn);

		CHECK(s, res.status != SMMU_OK ||
				 (res.pa >= s->vm.pa && res.pa < s->vm.pa + VM_SIZE));
	}
	smmu_port_close(port);
	return NULL;
}

static void *hear(void *arg)
{
	struct scene *s = arg;
	struct iommufd_vevent_header header;
	uint64_t evt[4];

	for (unsigned i = 0; i < TURNS; i++) {
		CHECK(s, vm_event(&s->vm, &header, evt) >= 0);
		CHECK(s, iommufd_poll(s->vm.ctx, s->vm.veventq) >= 0);
	}
	return NULL;
}

/* More of the guest's memory comes and goes under its feet. */
static void *map(void *arg)
{
	struct scene *s = arg;

	for (unsigned i = 0; i < TURNS; i++) {
		struct iommu_ioas_map m = { .size = sizeof(m),
					    .flags = IOMMU_IOAS_MAP_FIXED_IOVA |
						     IOMMU_IOAS_MAP_READABLE,
					    .ioas_id = s->vm.ioas,
					    .user_va = VM_UADDR,
					    .length = KIB(64),
					    .iova = MIB(512) };
		struct iommu_ioas_unmap u = { sizeof(u), s->vm.ioas, MIB(512), KIB(64) };

		CHECK(s, !iommufd_ioas_map(s->vm.ctx, &m));
		CHECK(s, !iommufd_ioas_unmap(s->vm.ctx, &u));
		CHECK(s, u.length == KIB(64));
	}
	return NULL;
}

/* Objects come and go; the second device gets and loses its name. */
static void *make(void *arg)
{
	struct scene *s = arg;

	for (unsigned i = 0; i < TURNS; i++) {
		struct iommu_vdevice_alloc v = { .size = sizeof(v),
						 .viommu_id = s->vm.viommu,
						 .dev_id = s->vm.dev_ids[1],
						 .virt_id = 0x43 };
		uint32_t id;

		CHECK(s, !vm_nested(&s->vm, 1, 0, 0, &id));
		CHECK(s, !vm_attach(&s->vm, 1, id));
		CHECK(s, vm_destroy(&s->vm, id) == -EBUSY);
		CHECK(s, !vm_detach(&s->vm, 1));
		CHECK(s, !vm_destroy(&s->vm, id));
		CHECK(s, !iommufd_vdevice_alloc(s->vm.ctx, &v));
		CHECK(s, !vm_destroy(&s->vm, v.out_vdevice_id));
	}
	return NULL;
}

static void threads_of_one_context(void **state)
{
	static void *(*const fns[])(void *) = { invalidate, invalidate, move, dma,
						dma,	    hear,	map,  make };
	const unsigned n = sizeof(fns) / sizeof(fns[0]);
	const struct smmu_config cfg = vm_config();
	const uint32_t sids[] = { 5, 6 };
	pthread_t threads[sizeof(fns) / sizeof(fns[0])];
	static struct scene s;
	uint64_t table, ste[2], value = 77;

	(void)state;
	memset(&s, 0, sizeof(s));
	rig_up(&s.r, &cfg);
	vm_init(&s.vm, &s.r, 0);
	vm_bind(&s.vm, rig_add(&s.r, "dev5", &sids[0], 1), 5);
	vm_bind(&s.vm, rig_add(&s.r, "dev6", &sids[1], 1), 6);
	vm_make_viommu(&s.vm, 8);
	vm_name(&s.vm, 0, 0x42);
	table = vm_table(&s.vm);
	s.page = vm_alloc(&s.vm, 4096);
	vm_map(&s.vm, table, VA, s.page);
	vm_s1_ste(vm_cd(&s.vm, table, 7), ste);
	assert_int_equal(vm_nested(&s.vm, 0, ste[0], ste[1], &s.nested), 0);
	assert_int_equal(vm_nested(&s.vm, 0, 1, 0, &s.aborting), 0);
	assert_int_equal(
		vm_nested(&s.vm, 0, 1 | SMMU_STE_CONFIG_BYPASS << 1, 0, &s.bypass), 0);
	assert_int_equal(vm_attach(&s.vm, 0, s.nested), 0);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, fns[i], &s), 0);
	for (unsigned i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(s.failed, 0);
	assert_int_equal(rig_dma(&s.r, 5, VA, true, &value).status, SMMU_OK);
	assert_int_equal(vm_peek(&s.vm, s.page), 77);
	vm_fini(&s.vm);
	rig_down(&s.r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_of_one_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
