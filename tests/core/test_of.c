/* SPDX-License-Identifier: MIT */
/* The device tree as the core asks it (CORE-20, CORE-21; FW-5 to FW-13,
 * FW-16 to FW-19). */
#include <smmulator/firmware.h>
#include "core/double.h"

/* A board as firmware/ would describe it, small enough to be bent by hand. */
struct board {
	struct smmu_fw fw;
	struct smmu_fw_iommu iommus[3];
	struct smmu_fw_master masters[1];
	struct smmu_fw_host hosts[1];
	struct smmu_fw_ref refs[4];
	struct smmu_fw_map_entry map[2];
	struct smmu_fw_resv resv[2];
	struct iommu_of *of;
	struct world *w;
};

static const struct smmu_fw_state okay = { true, true };

static struct board *board_create(void)
{
	static struct board storage;
	struct board *b = &storage;

	memset(b, 0, sizeof(*b));
	for (int i = 0; i < 3; i++)
		b->iommus[i] = (struct smmu_fw_iommu){ .path = "/iommu",
						       .phandle = (uint32_t)i + 1,
						       .state = okay,
						       .has_iommu_cells = true,
						       .iommu_cells = 1 };
	b->masters[0] = (struct smmu_fw_master){ .path = "/dma@1000", .state = okay };
	b->masters[0].iommus.ref = b->refs;
	b->masters[0].resv = b->resv;
	b->hosts[0] = (struct smmu_fw_host){ .path = "/pcie", .state = okay };
	b->hosts[0].is_pci = true;
	b->hosts[0].iommu_map = (struct smmu_fw_map){
		.present = true, .mask = UINT32_MAX, .count = 2, .entry = b->map
	};
	b->map[0] = (struct smmu_fw_map_entry){ 0x100, 1, true, 0, 0x1000, 0x100, false };
	b->map[1] = (struct smmu_fw_map_entry){ 0x300, 2, true, 1, 0x2000, 0x100, false };
	b->fw = (struct smmu_fw){ .niommus = 3,
				  .nmasters = 1,
				  .nhosts = 1,
				  .iommus = b->iommus,
				  .masters = b->masters,
				  .hosts = b->hosts };
	b->w = world_create(NULL);
	assert_int_equal(iommu_of_create(&b->of, &b->fw), 0);
	for (int i = 0; i < 3; i++) {
		b->w->inst[i].inst.fwnode = iommu_of_fwnode(b->of, (size_t)i);
		iommu_fwnode_put(b->w->fwnode[i]);
		b->w->fwnode[i] = iommu_fwnode_get(iommu_of_fwnode(b->of, (size_t)i));
	}
	return b;
}

static void board_destroy(struct board *b)
{
	for (int i = 0; i < 3; i++)
		iommu_instance_unregister(&b->w->inst[i].inst);
	/* Now only the description and the world hold one each. */
	assert_int_equal(iommu_fwnode_refs(b->w->fwnode[0]), 2);
	iommu_system_destroy(b->w->sys);
	iommu_of_destroy(b->of);
	b->w->sys = NULL;
	world_destroy(b->w);
}

static void ref(struct board *b, int iommu, uint32_t sid)
{
	struct smmu_fw_refs *refs = &b->masters[0].iommus;

	refs->present = true;
	b->refs[refs->count] = (struct smmu_fw_ref){ .iommu = iommu, .nargs = 1 };
	b->refs[refs->count++].args[0] = sid;
}

static struct iommu_dev *master(struct board *b)
{
	struct iommu_dev *dev;

	assert_int_equal(iommu_of_add_master(b->of, b->w->sys, 0, b->w, &dev), 0);
	return dev;
}

static struct iommu_dev *function(struct board *b, const char *name, uint16_t rid,
				  const uint16_t *aliases, size_t n)
{
	struct iommu_dev_desc desc = { .name = name,
				       .rid = rid,
				       .aliases = aliases,
				       .num_aliases = n,
				       .harness = b->w };
	struct iommu_dev *dev;

	assert_int_equal(iommu_of_add_function(b->of, b->w->sys, 0, &desc, &dev), 0);
	return dev;
}

/* FW-6, FW-19, CORE-20: every entry in order. */
static void of_iommus_in_order(void **state)
{
	struct board *b = board_create();
	struct iommu_dev *dev;

	(void)state;
	b->masters[0].dma_can_stall = true;
	b->masters[0].pasid_num_bits = 2;
	ref(b, 0, 0x20);
	ref(b, 1, 0x10);
	ref(b, 0, 0x30);
	world_register(b->w, 0);
	dev = master(b);
	assert_string_equal(iommu_dev_name(dev), "/dma@1000");
	assert_int_equal(iommu_dev_configure(dev), -IOMMU_EPROBE_DEFER);
	world_register(b->w, 1);
	assert_true(iommu_dev_has_iommu(dev));
	assert_int_equal(iommu_dev_fwspec(dev)->num_ids, 3);
	assert_int_equal(iommu_dev_fwspec(dev)->ids[0], 0x20);
	assert_int_equal(iommu_dev_fwspec(dev)->ids[2], 0x30);
	assert_ptr_equal(iommu_dev_fwspec(dev)->fwnode, iommu_of_fwnode(b->of, 0));
	assert_true(iommu_dev_desc(dev)->dma_can_stall); /* FW-7 */
	assert_int_equal(iommu_dev_max_pasids(dev), 4);
	board_destroy(b);
}

/* FW-5, FW-6, CORE-20, CORE-21: no entry, no target, a target that is off. */
static void of_iommus_nodev(void **state)
{
	struct board *b = board_create();
	struct iommu_dev *dev;

	(void)state;
	world_register(b->w, 0);
	dev = master(b);
	assert_int_equal(iommu_dev_configure(dev), -ENODEV); /* zero entries */
	ref(b, -1, 1);
	assert_int_equal(iommu_dev_configure(dev), -ENODEV);
	b->refs[0].iommu = 0;
	b->iommus[0].state.enabled = false;
	assert_int_equal(iommu_dev_configure(dev), -ENODEV);
	b->iommus[0].state.enabled = true;
	b->iommus[0].has_iommu_cells = false;
	assert_int_equal(iommu_dev_configure(dev), -ENODEV);
	b->iommus[0].has_iommu_cells = true;
	/* An error at a later entry ends it with that error. */
	ref(b, 1, 2);
	b->iommus[1].state.enabled = false;
	assert_int_equal(iommu_dev_configure(dev), -ENODEV);
	b->masters[0].iommus.count = 1;
	assert_int_equal(iommu_dev_configure(dev), 0);
	board_destroy(b);
}

/* FW-10, FW-13, CORE-20: through iommu-map, one id per alias, in order. */
static void of_map_aliases(void **state)
{
	struct board *b = board_create();
	const uint16_t alias[] = { 0x120, 0x110 };
	struct iommu_dev *dev;

	(void)state;
	world_register(b->w, 0);
	dev = function(b, "0000:01:02.0", 0x110, alias, 2);
	assert_true(iommu_dev_has_iommu(dev));
	assert_int_equal(iommu_dev_desc(dev)->bus, IOMMU_BUS_PCI);
	assert_int_equal(iommu_dev_fwspec(dev)->num_ids, 3); /* FW-16: duplicates too */
	assert_int_equal(iommu_dev_fwspec(dev)->ids[0], 0x1010);
	assert_int_equal(iommu_dev_fwspec(dev)->ids[1], 0x1020);
	assert_int_equal(iommu_dev_fwspec(dev)->ids[2], 0x1010);
	assert_int_equal(iommu_dev_fwspec(dev)->flags, 0);
	b->hosts[0].ats_supported = true;
	dev = function(b, "0000:01:03.0", 0x118, NULL, 0);
	assert_int_equal(iommu_dev_fwspec(dev)->flags, IOMMU_FWSPEC_PCI_RC_ATS);
	board_destroy(b);
}

/* FW-9 to FW-11, FW-18: each class of result. */
static void of_map_results(void **state)
{
	struct board *b = board_create();
	struct iommu_dev *in, *out, *second;

	(void)state;
	world_register(b->w, 0);
	out = function(b, "out", 0x200, NULL, 0);
	assert_int_equal(iommu_dev_configure(out), -ENODEV); /* FW-11: bypass */
	second = function(b, "second", 0x301, NULL, 0);
	assert_int_equal(iommu_dev_configure(second), -IOMMU_EPROBE_DEFER);
	world_register(b->w, 1);
	assert_int_equal(iommu_dev_fwspec(second)->ids[0], 0x2001);
	b->hosts[0].iommu_map.mask = 0xff;
	in = function(b, "in", 0x105, NULL, 0);
	assert_int_equal(iommu_dev_configure(in), -EFAULT); /* FW-10 */
	assert_int_equal(iommu_dev_bind(in), 0);	    /* CORE-24: not fatal */
	assert_int_equal(iommu_dev_unbind(in), 0);
	b->hosts[0].iommu_map.mask = UINT32_MAX;
	b->hosts[0].iommu_map.malformed = true;
	assert_int_equal(iommu_dev_configure(in), -EINVAL); /* FW-9 */
	b->hosts[0].iommu_map.malformed = false;
	b->hosts[0].iommu_map.present = false;
	b->hosts[0].iommu_map.count = 0;
	assert_int_equal(iommu_dev_configure(in), -ENODEV); /* FW-11 */
	b->hosts[0].iommu_map.present = true;
	b->hosts[0].iommu_map.count = 2;
	b->map[0].iommu = -1; /* a node, but no IOMMU */
	assert_int_equal(iommu_dev_configure(in), -ENODEV);
	b->map[0].iommu = 0;
	assert_int_equal(iommu_dev_configure(in), 0);
	board_destroy(b);
}

/* FW-5: no device comes of a disabled node. */
static void of_disabled_devices(void **state)
{
	struct board *b = board_create();
	struct iommu_dev_desc desc = { .name = "f", .harness = b->w };
	struct iommu_dev *dev;

	(void)state;
	b->masters[0].state.populated = false;
	b->hosts[0].state.populated = false;
	assert_int_equal(iommu_of_add_master(b->of, b->w->sys, 0, b->w, &dev), -ENODEV);
	assert_int_equal(iommu_of_add_master(b->of, b->w->sys, 1, b->w, &dev), -ENODEV);
	assert_int_equal(iommu_of_add_function(b->of, b->w->sys, 0, &desc, &dev),
			 -ENODEV);
	assert_int_equal(iommu_of_add_function(b->of, b->w->sys, 1, &desc, &dev),
			 -ENODEV);
	assert_null(iommu_of_fwnode(b->of, 3));
	assert_non_null(iommu_of_fwnode(b->of, 2));
	board_destroy(b);
}

/* FW-8, CORE-114: reserved IOVAs reach the driver's list and the default domain. */
static void of_reserved_regions(void **state)
{
	struct board *b = board_create();
	struct iommu_resv_list list = { 0 };
	struct iommu_dev *dev;

	(void)state;
	ref(b, 0, 1);
	b->resv[0] = (struct smmu_fw_resv){ 0x80000000, 0x2000, true };
	b->resv[1] = (struct smmu_fw_resv){ 0x90000000, 0x1000, false };
	b->masters[0].nresv = 2;
	b->masters[0].dma_coherent = true;
	world_register(b->w, 0);
	dev = master(b);
	assert_int_equal(iommu_get_resv_regions(dev, &list), 0);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.regions[0].type, IOMMU_RESV_DIRECT);
	assert_int_equal(list.regions[0].prot, IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE);
	assert_int_equal(list.regions[1].type, IOMMU_RESV_RESERVED);
	iommu_resv_list_free(&list);
	assert_int_equal(iommu_iova_to_phys(td(dev)->cur, 0x80001000), 0x80001000);
	assert_int_equal(iommu_iova_to_phys(td(dev)->cur, 0x90000000), 0);
	board_destroy(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_iommus_in_order),
		cmocka_unit_test(of_iommus_nodev),
		cmocka_unit_test(of_map_aliases),
		cmocka_unit_test(of_map_results),
		cmocka_unit_test(of_disabled_devices),
		cmocka_unit_test(of_reserved_regions),
	};

	return cmocka_run_group_tests_name("core_of", tests, NULL, NULL);
}
