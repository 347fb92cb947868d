/* SPDX-License-Identifier: MIT */
/* What an attach leaves in memory, bit by bit (DRV section 4), and who is told. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "driver/cdtab.h"
#include "driver/rig.h"
#include "driver/strtab.h"

/* Attaches behind the core's back, so that no other command is in between. */
static void set_static(struct iommu_dev *dev, struct iommu_domain *domain)
{
	assert_int_equal(domain->ops->attach_dev(domain, dev, NULL), 0);
}

static struct iommu_domain *alloc(struct iommu_dev *dev, uint32_t flags)
{
	struct iommu_domain *domain = NULL;

	assert_int_equal(iommu_paging_domain_alloc(dev, flags, &domain), 0);
	return domain;
}

/* Commands as letters; StreamID 7 in small ones, 300 in capitals. */
static void note_command(void *ctx, const struct smmu_trace *t)
{
	char *text = ctx, c = '?';

	if (t->kind != SMMU_TRACE_COMMAND)
		return;
	switch (t->dw[0] & 0xff) {
	case 0x01:
		c = 'p'; /* PREFETCH_CONFIG */
		break;
	case 0x03:
		c = t->dw[1] & 1 ? 's' : 'l'; /* CFGI_STE: Leaf or not */
		break;
	case 0x05:
		c = t->dw[1] & 1 ? 'c' : 'l'; /* CFGI_CD */
		break;
	case 0x11:
		c = 'a'; /* TLBI_NH_ASID */
		break;
	case 0x28:
		c = 'v'; /* TLBI_S12_VMALL */
		break;
	case 0x46:
		c = '.';
		break;
	default:
		break;
	}
	if (c != '.' && t->dw[0] >> 32 == 300)
		c = (char)(c - 'a' + 'A');
	text[strlen(text)] = c;
}

static void expect_ste(struct rig *r, const uint64_t *want)
{
	const uint32_t sids[] = { 7, 300 }; /* DRV-54: each the same */

	for (unsigned i = 0; i < 2; i++)
		for (unsigned w = 0; w < 8; w++)
			assert_int_equal(
				hw_load(&arm_smmu_strtab_ste(r->drv, sids[i])[w]),
				w < 4 ? want[w] : 0);
}

static void expect_s1_contents(struct rig *r, const struct arm_smmu_master *m,
			       const struct arm_smmu_domain *d)
{
	bool stalld = !smmu_reg_get(r->drv->idr[0], SMMU_IDR0_STALL_MODEL);
	/* DRV-38: V, Config 5; S1DSS SSID0, WB, ISH, S1STALLD. */
	uint64_t ste[4] = { 0xb | m->cdtab.mem.pa,
			    0x2 | 1u << 2 | 1u << 4 | 3u << 6 | (uint64_t)stalld << 27 };
	/* DRV-41: 48 bits, 4K, WB ISH; EPD1, V; IPS 44; AA64, R, A, ASET, ASID. */
	uint64_t cd[4] = { 16 | 1u << 8 | 1u << 10 | 3u << 12 | UINT64_C(3) << 30 |
				   UINT64_C(4) << 32 | UINT64_C(1) << 41 |
				   UINT64_C(7) << 45 | (uint64_t)d->id << 48,
			   d->pgcfg.s1.ttb, 0, 0x04ff44 };

	expect_ste(r, ste);
	for (unsigned w = 0; w < 8; w++)
		assert_int_equal(hw_load(&arm_smmu_cdtab_cd(m, 0)[w]), w < 4 ? cd[w] : 0);
}

static void expect_s2_contents(struct rig *r, const struct arm_smmu_domain *d)
{
	/* DRV-39: V, Config 6; SHCFG; 44 bits from level 0, WB ISH, 4K, PS 44; AA64,
	 * PTW, R. */
	const uint64_t ste[4] = { 0xd, UINT64_C(1) << 44,
				  d->id | UINT64_C(20) << 32 | UINT64_C(2) << 38 |
					  UINT64_C(1) << 40 | UINT64_C(1) << 42 |
					  UINT64_C(3) << 44 | UINT64_C(4) << 48 |
					  UINT64_C(1) << 51 | UINT64_C(1) << 54 |
					  UINT64_C(1) << 58,
				  d->pgcfg.s2.ttb };

	expect_ste(r, ste);
}

/*
 * DRV-52, DRV-53: each step of an update with its CFGI and SYNC, then a prefetch.
 * DRV-81, DRV-85: CD before STE, STE before the end of the CD, the old tag last.
 */
static void entries_and_their_commands(void **state)
{
	const uint64_t bypass[4] = { 0x9, UINT64_C(1) << 44 }, abort_ste[4] = { 0x1 };
	const uint32_t sids[] = { 300, 7 };
	struct smmu_config cfg = rig_config();
	const struct iommu_ops *ops;
	struct iommu_domain *s1, *s2;
	char seen[256] = { 0 };
	struct iommu_dev *dev;
	struct rig r;

	(void)state;
	cfg.oas = 4;
	cfg.attr_types_ovr = 1;
	rig_up(&r, &cfg);
	smmu_set_trace(r.smmu, note_command, seen);
	dev = rig_add(&r, "dev", sids, 2);
	ops = iommu_dev_instance(dev)->ops;
	assert_int_equal(strncmp(seen, "lL.", 3), 0); /* CACHE-62 */
	s1 = alloc(dev, 0);
	s2 = alloc(dev, IOMMU_ALLOC_STAGE2);
	set_static(dev, ops->identity_domain);
	expect_ste(&r, bypass); /* DRV-37 */

	memset(seen, 0, sizeof(seen));
	set_static(dev, s1);
	assert_string_equal(seen, "cC.cC.s.s.s.pS.S.S.P");
	expect_s1_contents(&r, iommu_dev_priv(dev), to_domain(s1));

	memset(seen, 0, sizeof(seen));
	set_static(dev, s2);
	assert_string_equal(seen, "s.s.s.pS.S.S.PcC.cC.a.");
	expect_s2_contents(&r, to_domain(s2));

	memset(seen, 0, sizeof(seen));
	set_static(dev, ops->blocked_domain);
	assert_string_equal(seen, "s.s.pS.S.Pv.");
	expect_ste(&r, abort_ste); /* DRV-36 */

	/* DRV-52: where a prefetch does harm there is none. */
	memset(seen, 0, sizeof(seen));
	r.drv->options |= ARM_SMMU_SKIP_PREFETCH;
	set_static(dev, ops->identity_domain);
	assert_string_equal(seen, "s.s.S.S.");
	smmu_set_trace(r.smmu, NULL, NULL);
	set_static(dev, ops->blocked_domain);
	iommu_domain_free(s1);
	iommu_domain_free(s2);
	rig_down(&r);
}

/* DRV-28, DRV-29: the least of instance, device and, with linear tables, 10 bits. */
static void substreams_of_a_device(void **state)
{
	static const struct {
		uint8_t instance, cd2l;
		uint32_t device;
		unsigned bits;
	} rows[] = { { 20, 1, 0, 0 },
		     { 20, 1, 11, 11 },
		     { 8, 1, 11, 8 },
		     { 20, 0, 11, 10 },
		     { 20, 0, 9, 9 } };

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smmu_config cfg = rig_config();
		const uint32_t sid = 3;
		struct iommu_dev *dev;
		struct rig r;

		cfg.ssid_bits = rows[i].instance;
		cfg.cd2l = rows[i].cd2l;
		rig_up(&r, &cfg);
		r.devs[0].pasid_bits = rows[i].device;
		dev = rig_add(&r, "dev", &sid, 1);
		assert_int_equal(
			((struct arm_smmu_master *)iommu_dev_priv(dev))->ssid_bits,
			rows[i].bits);
		rig_down(&r);
	}
}

/* DRV-23, DRV-24: of 32 bits 25 are served, said once, and the rest refused. */
static void streams_of_32_bits(void **state)
{
	const uint32_t last = 0x1ffffff, beyond = 0x2000000, most = UINT32_MAX;
	struct smmu_config cfg = rig_config();
	uint64_t value = 0;
	struct rig r;

	(void)state;
	cfg.sid_bits = 32;
	rig_up(&r, &cfg);
	assert_non_null(strstr(r.last, "25 bits"));
	assert_int_equal(r.drv->strtab.mem.size, 8 << 17);
	assert_true(iommu_dev_has_iommu(rig_add(&r, "last", &last, 1)));
	assert_int_equal(rig_dma(&r, last, 0, false, &value).event,
			 SMMU_EVT_F_TRANSLATION);
	assert_int_equal(iommu_probe_device(rig_add(&r, "beyond", &beyond, 1)), -ERANGE);
	assert_int_equal(iommu_probe_device(rig_add(&r, "most", &most, 1)), -ERANGE);
	assert_int_equal(rig_dma(&r, beyond, 0, false, &value).event,
			 SMMU_EVT_C_BAD_STREAMID);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_and_their_commands),
		cmocka_unit_test(substreams_of_a_device),
		cmocka_unit_test(streams_of_32_bits),
	};

	return cmocka_run_group_tests_name("driver_contents", tests, NULL, NULL);
}
