/* SPDX-License-Identifier: MIT */
/*
 * What drivers do with configuration space, against a function of bytes: capabilities
 * found, PASID, ATS and PRI switched on in order, a reset around which what counts
 * survives (CORE-81, CORE-90).
 */
#include "core/double.h"
#include <stdlib.h>
#include <smmulator/iommu_pci.h>

enum {
	EXP = 0x40,
	DEVCTL = EXP + 8,
	ATS = 0x100,
	PRI = 0x140,
	PASID = 0x180,
	SRIOV = 0x1c0,
	MASTER = 4,
};

/* Registers are bytes, but for FLR, and PRI's status, which follows its control. */
struct fake {
	uint8_t space[4096];
	unsigned writes, resets;
	uint16_t log[64]; /* offsets written */
	struct world *w;
};

static void put(struct fake *f, unsigned at, unsigned size, uint32_t value)
{
	memcpy(&f->space[at], &value, size); /* little-endian hosts only, as RAM here */
}

static uint32_t get(const struct fake *f, unsigned at, unsigned size)
{
	uint32_t value = 0;

	memcpy(&value, &f->space[at], size);
	return value;
}

static void power_on(struct fake *f)
{
	memset(f->space, 0, sizeof(f->space));
	put(f, 6, 2, 0x10);
	put(f, 0x34, 1, EXP);
	put(f, EXP, 4, 0x00020010);
	put(f, EXP + 4, 4, 1u << 28);
	put(f, ATS, 4, 0x0001000f | PRI << 20);
	put(f, ATS + 4, 2, 5); /* queue depth */
	put(f, PRI, 4, 0x00010013 | (uint32_t)PASID << 20);
	put(f, PRI + 6, 2, 0x8100); /* stopped; PASID required */
	put(f, PRI + 8, 4, 32);
	put(f, PASID, 4, 0x0001001b | (uint32_t)SRIOV << 20);
	put(f, SRIOV, 4, 0x00010010);
	put(f, PASID + 4, 2, 0x0a02); /* 10 bits, execute */
}

static uint32_t fake_read(void *ctx, uint16_t offset, unsigned size)
{
	return get(ctx, offset, size);
}

static void fake_write(void *ctx, uint16_t offset, unsigned size, uint32_t value)
{
	struct fake *f = ctx;

	if (f->writes < 64)
		f->log[f->writes++] = offset;
	if (offset == DEVCTL && (value & 0x8000)) {
		power_on(f);
		f->resets++;
		return;
	}
	put(f, offset, size, value);
	if (offset == PRI + 4)
		put(f, PRI + 6, 2, value & 1 ? 0x8000 : 0x8100);
}

static struct iommu_pci_config config_of(struct fake *f)
{
	return (struct iommu_pci_config){ fake_read, fake_write, f };
}

static struct iommu_dev *add(struct world *w, const char *name, uint16_t rid,
			     struct fake *f, struct fake *pf, int slot)
{
	struct iommu_dev_desc desc = { .name = name,
				       .bus = IOMMU_BUS_PCI,
				       .rid = rid,
				       .pci_max_pasids = 8,
				       .ats_supported = true };

	if (f)
		desc.pci_config = config_of(f);
	if (pf)
		desc.pci_pf_config = config_of(pf);
	w->fw[slot] = (struct td_fw){ .n = 1 };
	w->fw[slot].fwnode[0] = w->fwnode[0];
	w->fw[slot].id[0] = rid;
	return world_add(w, &desc, slot);
}

struct rig {
	struct world *w;
	struct fake f;
	struct iommu_dev *dev;
};

static struct rig *rig_create(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->w = world_create(NULL);
	world_register(r->w, 0);
	power_on(&r->f);
	r->dev = add(r->w, "fn", 0x100, &r->f, NULL, 0);
	return r;
}

static void rig_destroy(struct rig *r)
{
	world_destroy(r->w);
	free(r);
}

static void pci_config_access(void **state)
{
	struct rig *r = rig_create();
	struct iommu_dev *bare = add(r->w, "bare", 0x200, NULL, NULL, 1), *dev;
	struct iommu_dev_desc half = { .name = "half", .bus = IOMMU_BUS_PCI };

	(void)state;
	assert_true(iommu_pci_has_config(r->dev));
	assert_int_equal(iommu_pci_read(r->dev, EXP, 2), 0x0010);
	assert_int_equal(iommu_pci_read(r->dev, EXP + 1, 2), UINT32_MAX);
	assert_int_equal(iommu_pci_read(r->dev, EXP, 8), UINT32_MAX);
	assert_int_equal(iommu_pci_read(r->dev, 4096, 4), UINT32_MAX);
	iommu_pci_write(r->dev, EXP + 1, 2, 7);
	iommu_pci_write(r->dev, 4096, 4, 7);
	assert_int_equal(r->f.writes, 0);

	/* No way to it: no capability, nothing to enable, no reset. */
	assert_false(iommu_pci_has_config(bare));
	assert_int_equal(iommu_pci_read(bare, 0, 4), UINT32_MAX);
	assert_int_equal(iommu_pci_find_cap(bare, IOMMU_PCI_CAP_EXP), 0);
	assert_int_equal(iommu_pci_find_ext_cap(bare, IOMMU_PCI_EXT_ATS), 0);
	assert_int_equal(iommu_pci_max_pasids(bare), -EINVAL);
	assert_int_equal(iommu_pci_enable_ats(bare, 12), -EINVAL);
	assert_int_equal(iommu_pci_reset(bare), -ENOTTY);
	half.pci_config.read = fake_read;
	assert_int_equal(iommu_dev_add(r->w->sys, &half, &dev), -EINVAL);
	half.pci_config.read = NULL;
	half.pci_pf_config.write = fake_write;
	assert_int_equal(iommu_dev_add(r->w->sys, &half, &dev), -EINVAL);
	rig_destroy(r);
}

static void pci_config_capabilities(void **state)
{
	struct rig *r = rig_create();

	(void)state;
	assert_int_equal(iommu_pci_find_cap(r->dev, IOMMU_PCI_CAP_EXP), EXP);
	assert_int_equal(iommu_pci_find_cap(r->dev, 0x05), 0);
	assert_int_equal(iommu_pci_find_ext_cap(r->dev, IOMMU_PCI_EXT_PASID), PASID);
	assert_int_equal(iommu_pci_find_ext_cap(r->dev, IOMMU_PCI_EXT_SRIOV), SRIOV);
	/* Lists that loop, and one that points into the header. */
	put(&r->f, EXP + 1, 1, EXP);
	put(&r->f, PASID, 4, 0x0001001b | (uint32_t)ATS << 20);
	assert_int_equal(iommu_pci_find_cap(r->dev, 0x05), 0);
	assert_int_equal(iommu_pci_find_ext_cap(r->dev, 0x7777), 0);
	put(&r->f, 0x34, 1, 4);
	assert_int_equal(iommu_pci_find_cap(r->dev, IOMMU_PCI_CAP_EXP), 0);
	rig_destroy(r);
}

static void pci_config_enables(void **state)
{
	struct rig *r = rig_create();
	struct fake *f = &r->f;

	(void)state;
	assert_int_equal(iommu_pci_max_pasids(r->dev), 1024);
	assert_int_equal(iommu_pci_pasid_features(r->dev), IOMMU_PCI_PASID_EXEC);
	assert_int_equal(iommu_pci_ats_queue_depth(r->dev), 5);
	put(f, ATS + 4, 2, 0);
	assert_int_equal(iommu_pci_ats_queue_depth(r->dev), 32);
	assert_true(iommu_pci_prg_resp_pasid_required(r->dev));

	assert_int_equal(iommu_pci_enable_pasid(r->dev, IOMMU_PCI_PASID_PRIV), -EINVAL);
	assert_int_equal(iommu_pci_enable_ats(r->dev, 11), -EINVAL);
	assert_int_equal(iommu_pci_enable_ats(r->dev, 44), -EINVAL);
	assert_int_equal(f->writes, 0);
	assert_int_equal(iommu_pci_prepare_ats(r->dev, 16), 0);
	assert_int_equal(get(f, ATS + 6, 2), 4);
	assert_int_equal(iommu_pci_enable_ats(r->dev, 12), 0);
	assert_int_equal(get(f, ATS + 6, 2), 0x8000);
	assert_true(iommu_pci_ats_enabled(r->dev));
	assert_int_equal(iommu_pci_enable_ats(r->dev, 12), -EBUSY);
	assert_int_equal(iommu_pci_prepare_ats(r->dev, 12), -EBUSY);
	/* PASID is for before ATS. */
	assert_int_equal(iommu_pci_enable_pasid(r->dev, 0), -EBUSY);
	iommu_pci_disable_ats(r->dev);
	assert_false(iommu_pci_ats_enabled(r->dev));
	assert_int_equal(iommu_pci_enable_pasid(r->dev, IOMMU_PCI_PASID_EXEC), 0);
	assert_int_equal(get(f, PASID + 6, 2), 3);
	assert_int_equal(iommu_pci_enable_pasid(r->dev, 0), -EBUSY);
	iommu_pci_disable_pasid(r->dev);
	assert_int_equal(get(f, PASID + 6, 2), 0);

	assert_int_equal(iommu_pci_enable_pri(r->dev, 100), 0);
	assert_int_equal(get(f, PRI + 12, 4), 32); /* its capacity */
	assert_int_equal(iommu_pci_enable_pri(r->dev, 1), -EBUSY);
	assert_int_equal(iommu_pci_reset_pri(r->dev), -EBUSY);
	iommu_pci_disable_pri(r->dev);
	put(f, PRI + 6, 2, 0x8000); /* requests are still outstanding */
	assert_int_equal(iommu_pci_enable_pri(r->dev, 1), -EBUSY);
	assert_int_equal(iommu_pci_reset_pri(r->dev), 0);
	assert_int_equal(iommu_pci_enable_pri(r->dev, 8), 0);
	assert_int_equal(get(f, PRI + 12, 4), 8);
	rig_destroy(r);
}

/* PASID and PRI are the PF's, and so is the STU. */
static void pci_config_virtual_function(void **state)
{
	struct rig *r = rig_create();
	static struct fake vf;
	struct iommu_dev *dev;

	(void)state;
	power_on(&vf);
	put(&vf, ATS, 4, 0x0001000f); /* neither PRI nor PASID */
	dev = add(r->w, "vf", 0x101, &vf, &r->f, 1);
	assert_int_equal(iommu_pci_max_pasids(dev), 1024);
	assert_int_equal(iommu_pci_enable_pasid(dev, 0), -EINVAL);
	assert_int_equal(iommu_pci_enable_pasid(r->dev, 0), 0);
	assert_int_equal(iommu_pci_enable_pasid(dev, 0), 0);
	iommu_pci_disable_pasid(dev);
	assert_int_equal(get(&r->f, PASID + 6, 2), 1);
	assert_int_equal(iommu_pci_enable_pri(dev, 1), -EINVAL);
	assert_int_equal(iommu_pci_enable_pri(r->dev, 4), 0);
	assert_int_equal(iommu_pci_enable_pri(dev, 1), 0);
	assert_int_equal(iommu_pci_reset_pri(dev), 0);
	iommu_pci_disable_pri(dev);
	assert_int_equal(get(&r->f, PRI + 4, 2), 1);

	assert_int_equal(iommu_pci_prepare_ats(r->dev, 16), 0);
	assert_int_equal(iommu_pci_prepare_ats(dev, 12), 0);
	assert_int_equal(get(&vf, ATS + 6, 2), 0);
	assert_int_equal(iommu_pci_enable_ats(dev, 12), -EINVAL);
	assert_int_equal(iommu_pci_enable_ats(dev, 16), 0);
	assert_int_equal(get(&vf, ATS + 6, 2), 0x8000);
	assert_int_equal(iommu_pci_ats_queue_depth(dev), 5);
	rig_destroy(r);
}

static void pci_config_reset(void **state)
{
	struct rig *r = rig_create();
	struct fake *f = &r->f;

	(void)state;
	put(f, 4, 2, MASTER);
	assert_int_equal(iommu_pci_enable_pasid(r->dev, IOMMU_PCI_PASID_EXEC), 0);
	assert_int_equal(iommu_pci_enable_pri(r->dev, 8), 0);
	assert_int_equal(iommu_pci_enable_ats(r->dev, 12), 0);
	put(f, SRIOV + 0x10, 2, 3); /* VFs */
	put(f, SRIOV + 0x20, 4, 4);
	put(f, SRIOV + 8, 2, 9);
	world_trace(r->w);
	assert_int_equal(iommu_pci_reset(r->dev), 0);
	assert_int_equal(f->resets, 1);
	assert_int_equal(get(f, 4, 2), MASTER);
	assert_int_equal(get(f, PASID + 6, 2), 3);
	assert_int_equal(get(f, PRI + 4, 2), 1);
	assert_int_equal(get(f, PRI + 12, 4), 8);
	assert_int_equal(get(f, SRIOV + 0x10, 2), 3);
	assert_int_equal(get(f, SRIOV + 0x20, 4), 4);
	assert_int_equal(get(f, SRIOV + 8, 2), 9);
	/* ATS is the driver's, which this double has not got. */
	assert_int_equal(get(f, ATS + 6, 2), 0);
	/* CORE-84, CORE-86: into the blocking domain before, out of it after. */
	assert_non_null(strstr(r->w->trace, "attach"));
	assert_int_equal(state_of(r->dev).recovery_cnt, 0);

	/* CORE-90: what cannot be prepared is not reset. */
	world_fail(r->w, "attach", "fn", -EIO, 0, EVERY_TIME);
	assert_int_equal(iommu_pci_reset(r->dev), -EIO);
	assert_int_equal(f->resets, 1);
	r->w->plans = 0;
	put(f, EXP + 4, 4, 0); /* no FLR */
	assert_int_equal(iommu_pci_reset(r->dev), -ENOTTY);
	assert_int_equal(f->resets, 1);
	rig_destroy(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pci_config_access),
		cmocka_unit_test(pci_config_capabilities),
		cmocka_unit_test(pci_config_enables),
		cmocka_unit_test(pci_config_virtual_function),
		cmocka_unit_test(pci_config_reset),
	};

	return cmocka_run_group_tests_name("core_pci_config", tests, NULL, NULL);
}
