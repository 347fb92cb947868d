/* SPDX-License-Identifier: MIT */
/* A guest's stage 1 on its parent's stage 2, end to end: what it may say, where its DMA
 * goes, what it is told (DRV-106, DRV-115 to DRV-124). */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "driver/strtab.h"
#include "driver/vsmmu.h"
#include "user/vm.h"

#define VA UINT64_C(0x12345000)

/* One guest with one device, its stage 1 mapping VA to a page. */
struct guest {
	struct rig r;
	struct vm vm;
	uint64_t table, cd, page;
	uint64_t ste[2];
	uint32_t nested;
};

static void guest_up(struct guest *g)
{
	const struct smmu_config cfg = vm_config();
	const uint32_t sid = 5;

	rig_up(&g->r, &cfg);
	vm_init(&g->vm, &g->r, 0);
	vm_bind(&g->vm, rig_add(&g->r, "dev", &sid, 1), sid);
	vm_make_viommu(&g->vm, 8);
	vm_name(&g->vm, 0, 0x42);
	g->table = vm_table(&g->vm);
	g->page = vm_alloc(&g->vm, 4096);
	vm_map(&g->vm, g->table, VA, g->page);
	g->cd = vm_cd(&g->vm, g->table, 7);
	vm_s1_ste(g->cd, g->ste);
	assert_int_equal(vm_nested(&g->vm, 0, g->ste[0], g->ste[1], &g->nested), 0);
}

static void guest_down(struct guest *g)
{
	vm_fini(&g->vm);
	rig_down(&g->r);
}

static void dma_ok(struct guest *g, uint64_t va, uint64_t gpa)
{
	uint64_t value = va ^ 0x1234;

	assert_int_equal(rig_dma(&g->r, 5, va, true, &value).status, SMMU_OK);
	assert_int_equal(vm_peek(&g->vm, gpa), va ^ 0x1234);
	vm_poke(&g->vm, gpa, 0x55aa);
	assert_int_equal(rig_dma(&g->r, 5, va, false, &value).status, SMMU_OK);
	assert_int_equal(value, 0x55aa);
}

static void dma_aborted(struct guest *g, uint64_t va)
{
	uint64_t value = 0;

	assert_int_equal(rig_dma(&g->r, 5, va, false, &value).status, SMMU_ABORT);
}

/* GVA -> GPA -> PA, and back to the parent alone. */
static void nested_translates(void **state)
{
	struct guest g;

	(void)state;
	guest_up(&g);
	assert_int_equal(vm_attach(&g.vm, 0, g.nested), 0);
	dma_ok(&g, VA, g.page);
	assert_int_equal(vm_replace(&g.vm, 0, g.vm.parent), 0);
	dma_ok(&g, g.page, g.page); /* addresses are the guest's physical ones now */
	assert_int_equal(vm_replace(&g.vm, 0, g.nested), 0);
	dma_ok(&g, VA, g.page);
	assert_int_equal(vm_detach(&g.vm, 0), 0);
	dma_aborted(&g, VA);
	guest_down(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nested_translates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
