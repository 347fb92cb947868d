/* SPDX-License-Identifier: MIT */
/* ACPI as the core asks it (CORE-23; FW-36 to FW-40, FW-45 to FW-49). */
#include <smmulator/iommu_acpi.h>
#include "core/double.h"
#include "firmware/table.h"

/* Instances 0 and 1 are SMMUs of one driver, 2 is the virtio-iommu of another. */
enum { SMMU_A, SMMU_B, VIRTIO };

struct board {
	struct smmu_fw *fw;
	struct iommu_acpi *acpi;
	struct world *w;
	struct table iort, viot;
	unsigned devices;
};

static void write_iort(struct table *t)
{
	const struct smmu_iort_node rc = { .type = SMMU_IORT_ROOT_COMPLEX,
					   .revision = 3,
					   .rc = { .memory = { true, 0,
							       SMMU_IORT_MEM_CANWBS },
						   .ats = SMMU_IORT_RC_ATS,
						   .address_bits = 64 } };
	uint32_t a, b, at;

	table_begin(t, "IORT", 5);
	a = add_smmuv3(t, 0x10000000, 4);
	b = add_smmuv3(t, 0x20000000, 4);
	smmu_acpi_add_node(t->w, &rc);
	add_map(t, 0x100, 0xff, 0x1000, a);
	add_map(t, 0x300, 0xff, 0x2000, b);
	add_component(t, "\\_SB.DMA0");
	add_single(t, 0x11, a);
	add_single(t, 0x22, b);
	add_map(t, 0x50, 0xf, 0x60, b);
	add_component(t, "\\_SB.FREE");
	add_root(t, 1);
	add_map(t, 0, 0xff, 0, b);
	add_rmr(t, SMMU_IORT_RMR_REMAP | 5u << 2, 0x90000000, 0x10000);
	add_map(t, 0, 1, 0x10, a);
	add_map(t, 0, 0, 0x1000, a);
	add_rmr(t, SMMU_IORT_RMR_PRIV, 0xa0000000, 0x10000);
	add_map(t, 0, 0, 0x11, a);
	at = smmu_acpi_add_node(
		t->w,
		&(struct smmu_iort_node){ .type = SMMU_IORT_NAMED_COMPONENT,
					  .nc = { .flags = SMMU_IORT_NC_STALL | 10u << 1,
						  .address_bits = 64,
						  .path = "\\_SB.GPU0" } });
	assert_true(at);
	add_single(t, 0x33, a);
	table_finish(t);
}

static void write_viot(struct table *t)
{
	struct smmu_viot_endpoint e = { .is_pci = true,
					.endpoint = 0x9000,
					.segment_last = 0,
					.bdf_first = 0x180,
					.bdf_last = 0x800 };
	uint16_t at;

	table_begin(t, "VIOT", 0);
	at = (uint16_t)smmu_acpi_add_virtio(
		t->w, &(struct smmu_viot_iommu){ .is_pci = true, .bdf = 0x708 });
	smmu_acpi_add_endpoint(t->w, &e, at);
	e = (struct smmu_viot_endpoint){ .endpoint = 0x77, .base = 0x5000 };
	smmu_acpi_add_endpoint(t->w, &e, at);
	at = (uint16_t)smmu_acpi_add_virtio(t->w,
					    &(struct smmu_viot_iommu){ .base = 0x6000 });
	e = (struct smmu_viot_endpoint){ .endpoint = 0x78, .base = 0x7000 };
	smmu_acpi_add_endpoint(t->w, &e, at);
	table_finish(t);
}

static struct board *board_create(const struct iommu_acpi_config *config)
{
	static struct board storage;
	struct board *b = &storage;
	struct smmu_acpi_blob blobs[2];
	char why[128];

	memset(b, 0, sizeof(*b));
	write_iort(&b->iort);
	write_viot(&b->viot);
	blobs[0] = (struct smmu_acpi_blob){ b->viot.data, b->viot.len };
	blobs[1] = (struct smmu_acpi_blob){ b->iort.data, b->iort.len };
	if (smmu_fw_from_acpi(blobs, 2, 0, &b->fw, why, sizeof(why)))
		fail_msg("%s", why);
	b->w = world_create(NULL);
	assert_int_equal(iommu_acpi_create(&b->acpi, b->fw, config), 0);
	for (int i = 0; i < 3; i++) {
		struct iommu_fwnode *fwnode = iommu_acpi_fwnode(b->acpi, (size_t)i);

		b->w->inst[i].inst.fwnode = fwnode;
		iommu_fwnode_put(b->w->fwnode[i]);
		b->w->fwnode[i] = iommu_fwnode_get(fwnode);
	}
	return b;
}

static void register_all(struct board *b)
{
	for (int i = 0; i < 3; i++)
		world_register(b->w, i);
}

static void board_destroy(struct board *b)
{
	for (int i = 0; i < 3; i++)
		if (b->w->inst[i].inst.core)
			iommu_instance_unregister(&b->w->inst[i].inst);
	/* FW-40: now only the description and the world hold one each. */
	assert_int_equal(iommu_fwnode_refs(b->w->fwnode[0]), 2);
	iommu_system_destroy(b->w->sys);
	iommu_acpi_destroy(b->acpi);
	b->w->sys = NULL;
	world_destroy(b->w);
	smmu_fw_destroy(b->fw);
	table_free(&b->iort);
	table_free(&b->viot);
}

static struct iommu_dev *function(struct board *b, uint16_t segment, uint16_t rid,
				  const uint16_t *aliases, size_t n)
{
	struct iommu_dev *dev;
	char name[16];
	struct iommu_dev_desc desc = { .name = name,
				       .segment = segment,
				       .rid = rid,
				       .aliases = aliases,
				       .num_aliases = n,
				       .harness = b->w };

	snprintf(name, sizeof(name), "fn%u", b->devices++);
	assert_int_equal(iommu_acpi_add_function(b->acpi, b->w->sys, &desc, &dev), 0);
	return dev;
}

static struct iommu_dev *device(struct board *b, const char *path,
				const uint32_t *input_id, uint64_t base)
{
	struct iommu_dev *dev;
	char name[16];
	struct iommu_acpi_device d = { .name = name,
				       .path = path,
				       .input_id = input_id,
				       .mmio = &base,
				       .nmmio = base != 0,
				       .harness = b->w };

	snprintf(name, sizeof(name), "dev%u", b->devices++);
	assert_int_equal(iommu_acpi_add_device(b->acpi, b->w->sys, &d, &dev), 0);
	return dev;
}

/* It is behind this instance, with these ids (n of them). */
static void behind(struct board *b, struct iommu_dev *dev, int inst, size_t n,
		   uint32_t first, uint32_t second)
{
	const struct iommu_fwspec *fwspec = iommu_dev_fwspec(dev);

	assert_int_equal(iommu_dev_configure(dev), 0);
	assert_ptr_equal(fwspec->fwnode, b->w->fwnode[inst]);
	assert_int_equal(fwspec->num_ids, n);
	assert_int_equal(fwspec->ids[0], first);
	if (n > 1)
		assert_int_equal(fwspec->ids[1], second);
}

/* CORE-23, FW-36, FW-37: functions of a root complex. */
static void acpi_rids(void **state)
{
	const uint16_t same[] = { 0x111 }, far[] = { 0x300 }, none[] = { 0x20 };
	struct board *b = board_create(NULL);
	struct iommu_dev *dev;

	(void)state;
	register_all(b);
	dev = function(b, 0, 0x110, NULL, 0);
	behind(b, dev, SMMU_A, 1, 0x1010, 0);
	assert_int_equal(iommu_dev_fwspec(dev)->flags,
			 IOMMU_FWSPEC_PCI_RC_ATS | IOMMU_FWSPEC_PCI_RC_CANWBS);
	behind(b, function(b, 0, 0x1ff, same, 1), SMMU_A, 2, 0x10ff, 0x1011);
	/* CORE-15: two SMMUs of one driver; the first one counts. */
	behind(b, function(b, 0, 0x112, far, 1), SMMU_A, 2, 0x1012, 0x2000);
	dev = function(b, 1, 0x42, NULL, 0);
	behind(b, dev, SMMU_B, 1, 0x42, 0);
	assert_int_equal(iommu_dev_fwspec(dev)->flags, 0); /* that one says neither */
	/* No such segment, no such id; an alias that leads nowhere takes all with it. */
	assert_int_equal(iommu_dev_configure(function(b, 2, 0x110, NULL, 0)), -ENODEV);
	assert_int_equal(iommu_dev_configure(function(b, 1, 0x100, NULL, 0)), -ENODEV);
	assert_int_equal(iommu_dev_configure(function(b, 0, 0x113, none, 1)), -ENODEV);
	board_destroy(b);
}

/* CORE-23, FW-36 to FW-38: named components. */
static void acpi_components(void **state)
{
	const uint32_t in = 0x51, below = 0x4f;
	struct board *b = board_create(NULL);
	struct iommu_dev *dev;

	(void)state;
	register_all(b);
	dev = device(b, "\\_SB.DMA0", NULL, 0);
	behind(b, dev, SMMU_A, 2, 0x11, 0x22);
	assert_false(iommu_dev_desc(dev)->dma_can_stall);
	assert_int_equal(iommu_dev_desc(dev)->pasid_num_bits, 0);
	/* A given input id goes through the mappings: the first is a single one. */
	behind(b, device(b, "\\_SB.DMA0", &in, 0), SMMU_A, 1, 0x11, 0);
	behind(b, device(b, "\\_SB.DMA0", &below, 0), SMMU_A, 1, 0x11, 0);
	assert_int_equal(iommu_dev_configure(device(b, "\\_SB.FREE", NULL, 0)), -ENODEV);
	assert_int_equal(iommu_dev_configure(device(b, "\\_SB.FREE", &in, 0)), -ENODEV);
	assert_int_equal(iommu_dev_configure(device(b, "\\_SB.NONE", NULL, 0)), -ENODEV);
	dev = device(b, "\\_SB.GPU0", NULL, 0);
	behind(b, dev, SMMU_A, 1, 0x33, 0);
	assert_true(iommu_dev_desc(dev)->dma_can_stall);
	assert_int_equal(iommu_dev_desc(dev)->pasid_num_bits, 10);
	board_destroy(b);
}

/* FW-38: no fwspec from the IORT, no properties from it. */
static void acpi_properties_need_fwspec(void **state)
{
	const struct iommu_acpi_config config = { .without_smmuv3 = true };
	struct board *b = board_create(&config);
	struct iommu_dev *dev;

	(void)state;
	register_all(b);
	dev = device(b, "\\_SB.GPU0", NULL, 0x5000);
	behind(b, dev, VIRTIO, 1, 0x77, 0); /* FW-39: without its driver: VIOT's turn */
	assert_false(iommu_dev_desc(dev)->dma_can_stall);
	assert_int_equal(iommu_dev_desc(dev)->pasid_num_bits, 0);
	board_destroy(b);
}

/* CORE-23, FW-45 to FW-48 */
static void acpi_virtio(void **state)
{
	struct board *b = board_create(NULL);

	(void)state;
	register_all(b);
	behind(b, function(b, 0, 0x700, NULL, 0), VIRTIO, 1, 0x9580, 0);
	behind(b, device(b, NULL, NULL, 0x5000), VIRTIO, 1, 0x77, 0);
	assert_int_equal(iommu_dev_configure(device(b, NULL, NULL, 0x5001)), -ENODEV);
	assert_int_equal(iommu_dev_configure(function(b, 0, 0x801, NULL, 0)), -ENODEV);
	/* FW-47: the IOMMU does not translate for itself; its neighbour is a device. */
	assert_int_equal(iommu_dev_configure(function(b, 0, 0x708, NULL, 0)), -EINVAL);
	behind(b, function(b, 0, 0x709, NULL, 0), VIRTIO, 1, 0x9589, 0);
	board_destroy(b);
}

/* FW-47, FW-48: no driver, or no IOMMU where the table says. */
static void acpi_virtio_absent(void **state)
{
	const struct iommu_acpi_config config = { .without_virtio = true };
	struct board *b = board_create(&config);

	(void)state;
	register_all(b);
	assert_int_equal(iommu_dev_configure(function(b, 0, 0x700, NULL, 0)), -ENODEV);
	board_destroy(b);

	b = board_create(NULL);
	assert_int_equal(iommu_acpi_set_absent(b->acpi, 2), 0);
	assert_int_equal(iommu_acpi_set_absent(b->acpi, 4), -EINVAL);
	register_all(b);
	assert_int_equal(iommu_dev_configure(function(b, 0, 0x700, NULL, 0)), -ENODEV);
	/* Not even for what would be itself. */
	assert_int_equal(iommu_dev_configure(function(b, 0, 0x708, NULL, 0)), -ENODEV);
	board_destroy(b);
}

/* CORE-23, FW-49: the IORT first; VIOT only when it says no, not when it says later. */
static void acpi_order(void **state)
{
	struct board *b = board_create(NULL);
	struct iommu_dev *both, *late, *viot;

	(void)state;
	world_register(b->w, VIRTIO);
	both = function(b, 0, 0x180, NULL, 0); /* in a range of either */
	late = function(b, 0, 0x110, NULL, 0);
	viot = function(b, 0, 0x200, NULL, 0);
	assert_int_equal(iommu_dev_configure(both), -IOMMU_EPROBE_DEFER);
	assert_int_equal(iommu_dev_configure(late), -IOMMU_EPROBE_DEFER);
	behind(b, viot, VIRTIO, 1, 0x9080, 0);
	assert_int_equal(iommu_dev_bind(both), -IOMMU_EPROBE_DEFER);
	world_register(b->w, SMMU_A);
	assert_true(iommu_dev_bound(both));
	behind(b, both, SMMU_A, 1, 0x1080, 0);
	board_destroy(b);
}

/* FW-39, FW-49: an SMMU that nobody made a device of; the boot being over. */
static void acpi_absent(void **state)
{
	struct board *b = board_create(NULL);

	(void)state;
	assert_int_equal(iommu_acpi_set_absent(b->acpi, SMMU_A), 0);
	world_register(b->w, VIRTIO);
	assert_int_equal(iommu_dev_configure(function(b, 0, 0x110, NULL, 0)), -ENODEV);
	behind(b, function(b, 0, 0x180, NULL, 0), VIRTIO, 1, 0x9000, 0);
	iommu_system_set_deferral(b->w->sys, IOMMU_DEFER_NONE);
	assert_int_equal(iommu_dev_configure(function(b, 1, 0x42, NULL, 0)), -ENODEV);
	iommu_system_set_deferral(b->w->sys, IOMMU_DEFER_WAIT);
	assert_int_equal(iommu_dev_configure(function(b, 1, 0x43, NULL, 0)),
			 -IOMMU_EPROBE_DEFER);
	board_destroy(b);
}

/* What an IORT began is not mixed with what VIOT says. */
static void acpi_starts_afresh(void **state)
{
	const uint16_t beyond[] = { 0x700 };
	struct board *b = board_create(NULL);

	(void)state;
	register_all(b);
	/* 0x180 is the SMMU's too; its alias is not: VIOT has both. */
	behind(b, function(b, 0, 0x180, beyond, 1), VIRTIO, 2, 0x9000, 0x9580);
	board_destroy(b);
}

static struct iommu_resv_list firmware_regions(struct iommu_dev *dev)
{
	struct iommu_resv_list list = { 0 };

	iommu_fw_resv_regions(dev, &list);
	assert_int_equal(list.error, 0);
	return list;
}

/* FW-26, FW-27 */
static void acpi_reserved(void **state)
{
	struct board *b = board_create(NULL);
	struct iommu_resv_list list;
	struct iommu_dev *dev, *pci, *other;

	(void)state;
	assert_int_equal(iommu_acpi_preserve_boot_config(b->acpi, 0x10000), -EINVAL);
	register_all(b);
	dev = device(b, "\\_SB.DMA0", NULL, 0);
	list = firmware_regions(dev);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.regions[0].start, 0x90000000);
	assert_int_equal(list.regions[0].length, 0x10000);
	assert_int_equal(list.regions[0].type, IOMMU_RESV_DIRECT_RELAXABLE);
	assert_int_equal(list.regions[0].prot, IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE);
	assert_int_equal(list.regions[1].type, IOMMU_RESV_DIRECT);
	assert_int_equal(list.regions[1].prot,
			 IOMMU_READ | IOMMU_WRITE | IOMMU_MMIO | IOMMU_PRIV);
	iommu_resv_list_free(&list);
	other = device(b, "\\_SB.GPU0", NULL, 0);
	assert_int_equal(firmware_regions(other).count, 0);
	/* A PCI device: only where the boot configuration is kept. */
	pci = function(b, 0, 0x100, NULL, 0);
	assert_int_equal(firmware_regions(pci).count, 0);
	assert_int_equal(iommu_acpi_preserve_boot_config(b->acpi, 0), 0);
	list = firmware_regions(pci);
	assert_int_equal(list.count, 1);
	iommu_resv_list_free(&list);
	board_destroy(b);
}

/* The board's own masters, and API misuse. */
static void acpi_masters(void **state)
{
	struct board *b = board_create(NULL);
	struct smmu_fw none = { 0 };
	struct iommu_acpi *acpi = NULL;
	struct iommu_dev *dev;

	(void)state;
	register_all(b);
	assert_int_equal(iommu_acpi_create(&acpi, &none, NULL), -EINVAL);
	assert_null(iommu_acpi_fwnode(b->acpi, 4));
	assert_int_equal(b->fw->nmasters, 5);
	assert_int_equal(iommu_acpi_add_master(b->acpi, b->w->sys, 5, b->w, &dev),
			 -ENODEV);
	assert_int_equal(iommu_acpi_add_master(b->acpi, b->w->sys, 0, b->w, &dev), 0);
	behind(b, dev, SMMU_A, 2, 0x11, 0x22);
	assert_int_equal(b->fw->masters[0].nresv, 2); /* FW-27, for the machine's part */
	assert_int_equal(iommu_acpi_add_master(b->acpi, b->w->sys, 0, b->w, &dev),
			 -EEXIST);
	assert_int_equal(iommu_acpi_add_master(b->acpi, b->w->sys, 3, b->w, &dev), 0);
	behind(b, dev, VIRTIO, 1, 0x77, 0);
	board_destroy(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acpi_rids),
		cmocka_unit_test(acpi_components),
		cmocka_unit_test(acpi_properties_need_fwspec),
		cmocka_unit_test(acpi_virtio),
		cmocka_unit_test(acpi_virtio_absent),
		cmocka_unit_test(acpi_order),
		cmocka_unit_test(acpi_absent),
		cmocka_unit_test(acpi_starts_afresh),
		cmocka_unit_test(acpi_reserved),
		cmocka_unit_test(acpi_masters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
