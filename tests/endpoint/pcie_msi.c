/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of a function, as far as an SMMU sees them: writes with its StreamID that
 * are translated and can fault (PCIe 6.1.4; PASID-2: never with a PASID).
 */
#include "endpoint/pcie_bench.h"

static void with_msi(struct smmu_pcie_config *cfg)
{
	cfg->msi_vectors = 8;
}

static void with_msix(struct smmu_pcie_config *cfg)
{
	cfg->msi_vectors = 1;
	cfg->msix_vectors = 40;
}

static uint16_t reg(struct fn_bench *f, unsigned cap, unsigned offset)
{
	return (uint16_t)(smmu_pcie_find_cap(f->fn, cap) + offset);
}

static void write_msi(struct fn_bench *f, unsigned offset, unsigned size, uint32_t value)
{
	smmu_pcie_cfg_write(f->fn, reg(f, SMMU_PCI_CAP_MSI, offset), size, value);
}

static uint32_t read_msi(struct fn_bench *f, unsigned offset, unsigned size)
{
	return smmu_pcie_cfg_read(f->fn, reg(f, SMMU_PCI_CAP_MSI, offset), size);
}

static void forget(struct fn_bench *f)
{
	f->device_pa = 0;
	f->device_word = 0;
}

/* Address, data and the low bits that tell vectors apart. */
static void msi(void **state)
{
	struct fn_bench f;
	uint64_t dw[4];

	(void)state;
	f_setup_with(&f, with_msi);
	f_map_device(&f);
	h_events_drain(&f.t.b.h);
	assert_int_equal(read_msi(&f, 0, 4), 0x05 | 3u << 17 | 1u << 23 | 1u << 24);
	assert_int_equal(smmu_pcie_interrupt(f.fn, 0), -EOPNOTSUPP);
	write_msi(&f, 4, 4, (uint32_t)VA + 0x40 + 3);
	assert_int_equal(read_msi(&f, 4, 4), VA + 0x40); /* bits 1:0 are not there */
	write_msi(&f, 12, 2, 0xbe77);
	write_msi(&f, 2, 2, 1 | 2u << 4); /* 4 of its 8 vectors */
	assert_int_equal(smmu_pcie_interrupt(f.fn, 2), 0);
	/* Translated: the doorbell is behind VA. */
	assert_int_equal(f.device_pa, DEVICE + 0x40);
	assert_int_equal(f.device_word, 0xbe76);
	assert_int_equal(smmu_pcie_interrupt(f.fn, 4), -EINVAL);
	write_msi(&f, 2, 2, 1 | 7u << 4); /* reserved: what it asks for */
	assert_int_equal(read_msi(&f, 2, 2) >> 4 & 7, 3);
	assert_int_equal(smmu_pcie_interrupt(f.fn, 7), 0);
	assert_int_equal(smmu_pcie_interrupt(f.fn, 8), -EINVAL);
	smmu_pcie_set_master(f.fn, false);
	assert_int_equal(smmu_pcie_interrupt(f.fn, 0), -EACCES);
	smmu_pcie_set_master(f.fn, true);
	/* Not mapped: an event like that of any DMA. It never asks its ATC. */
	f_unmap_without_atc_inv(&f);
	assert_int_equal(smmu_pcie_interrupt(f.fn, 0), -EFAULT);
	assert_true(h_event(&f.t.b.h, dw));
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_EVENT), SMMU_EVT_F_TRANSLATION);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_StreamID), SID);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_SSV), 0);
	assert_int_equal(f_stats(&f).atc_fills, 0);
	f_teardown(&f);
}

/* A masked one waits, and goes when it is unmasked. */
static void msi_masks(void **state)
{
	struct fn_bench f;

	(void)state;
	f_setup_with(&f, with_msi);
	f_map_device(&f);
	write_msi(&f, 4, 4, (uint32_t)VA);
	write_msi(&f, 12, 2, 0x100);
	write_msi(&f, 16, 4, ~0u);
	assert_int_equal(read_msi(&f, 16, 4), 0xff); /* a bit for each that it has */
	write_msi(&f, 2, 2, 1 | 3u << 4);
	assert_int_equal(smmu_pcie_interrupt(f.fn, 5), -EAGAIN);
	assert_int_equal(smmu_pcie_interrupt(f.fn, 5), -EAGAIN);
	assert_int_equal(read_msi(&f, 20, 4), 1u << 5);
	assert_int_equal(f.device_pa, 0);
	write_msi(&f, 20, 4, 0); /* read-only */
	assert_int_equal(read_msi(&f, 20, 4), 1u << 5);
	write_msi(&f, 16, 4, ~(1u << 5));
	assert_int_equal(f.device_word, 0x105);
	assert_int_equal(read_msi(&f, 20, 4), 0);
	forget(&f);
	write_msi(&f, 16, 4, 0);
	assert_int_equal(f.device_pa, 0); /* once, however often it was raised */
	/* A reset forgets what waits. */
	write_msi(&f, 16, 4, ~0u);
	assert_int_equal(smmu_pcie_interrupt(f.fn, 0), -EAGAIN);
	assert_int_equal(smmu_pcie_flr(f.fn), 0);
	assert_int_equal(read_msi(&f, 20, 4), 0);
	assert_int_equal(smmu_pcie_interrupt(f.fn, 0), -EOPNOTSUPP);
	f_teardown(&f);
}

static void entry(struct fn_bench *f, unsigned v, uint64_t addr, uint32_t data)
{
	smmu_pcie_bar_write(f->fn, 16 * v, (uint32_t)addr);
	smmu_pcie_bar_write(f->fn, 16 * v + 4, (uint32_t)(addr >> 32));
	smmu_pcie_bar_write(f->fn, 16 * v + 8, data);
}

static void msix(void **state)
{
	struct fn_bench f;
	uint16_t ctrl;

	(void)state;
	f_setup_with(&f, with_msix);
	f_map_device(&f);
	ctrl = reg(&f, SMMU_PCI_CAP_MSIX, 2);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, ctrl, 2), 39);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, reg(&f, SMMU_PCI_CAP_MSIX, 8), 4),
			 0x8000);
	/* Where the table is: a BAR of 64 KiB that can be sized. */
	smmu_pcie_cfg_write(f.fn, 0x10, 4, ~0u);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, 0x10, 4), 0xffff0000);
	entry(&f, 39, VA + 0x80 + 1, 0xcafe0001);
	assert_int_equal(smmu_pcie_bar_read(f.fn, 16 * 39), VA + 0x80);
	assert_int_equal(smmu_pcie_bar_read(f.fn, 16 * 39 + 12), 1); /* masked at first */
	smmu_pcie_bar_write(f.fn, 16 * 40, 5); /* beyond the table */
	assert_int_equal(smmu_pcie_bar_read(f.fn, 16 * 40), 0);
	smmu_pcie_bar_write(f.fn, 16 * 39 + 2, 5); /* no word */
	assert_int_equal(smmu_pcie_bar_read(f.fn, 16 * 39 + 2), 0);

	/* MSI-X counts where both are enabled. */
	write_msi(&f, 2, 2, 1);
	smmu_pcie_cfg_write(f.fn, ctrl, 2, 1u << 15 | 1u << 14);
	assert_int_equal(smmu_pcie_interrupt(f.fn, 40), -EINVAL);
	assert_int_equal(smmu_pcie_interrupt(f.fn, 39), -EAGAIN);
	assert_int_equal(smmu_pcie_bar_read(f.fn, 0x8004), 1u << 7);
	smmu_pcie_bar_write(f.fn, 16 * 39 + 12, 0);
	assert_int_equal(f.device_pa, 0); /* the function is masked as a whole */
	smmu_pcie_cfg_write(f.fn, ctrl, 2, 1u << 15);
	assert_int_equal(f.device_pa, DEVICE + 0x80);
	assert_int_equal(f.device_word, 0xcafe0001);
	assert_int_equal(smmu_pcie_bar_read(f.fn, 0x8004), 0);
	forget(&f);
	assert_int_equal(smmu_pcie_interrupt(f.fn, 39), 0);
	assert_int_equal(f.device_word, 0xcafe0001);
	/* Masked once more, raised, and unmasked by the vector's own bit. */
	smmu_pcie_bar_write(f.fn, 16 * 39 + 12, 1);
	forget(&f);
	assert_int_equal(smmu_pcie_interrupt(f.fn, 39), -EAGAIN);
	smmu_pcie_bar_write(f.fn, 16 * 39 + 12, 0);
	assert_int_equal(f.device_word, 0xcafe0001);
	f_teardown(&f);
}

static void without(void **state)
{
	struct fn_bench f;

	(void)state;
	f_setup(&f);
	assert_int_equal(smmu_pcie_interrupt(f.fn, 0), -EOPNOTSUPP);
	assert_int_equal(smmu_pcie_find_cap(f.fn, SMMU_PCI_CAP_MSI), 0);
	assert_int_equal(smmu_pcie_find_cap(f.fn, SMMU_PCI_CAP_MSIX), 0);
	smmu_pcie_bar_write(f.fn, 0, 1);
	assert_int_equal(smmu_pcie_bar_read(f.fn, 0), 0);
	smmu_pcie_cfg_write(f.fn, 0x10, 4, ~0u);
	assert_int_equal(smmu_pcie_cfg_read(f.fn, 0x10, 4), 0);
	f_teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(msi),
		cmocka_unit_test(msi_masks),
		cmocka_unit_test(msix),
		cmocka_unit_test(without),
	};

	return cmocka_run_group_tests_name("pcie_msi", tests, NULL, NULL);
}
