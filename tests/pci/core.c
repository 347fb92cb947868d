/* SPDX-License-Identifier: MIT */
/*
 * CORE-38 twice: what pci/ computes from registers, and what the core makes of the plain
 * data that a harness copies from it, must be the same groups.
 */
#include "pci/read.h"
#include "core/double.h"

enum { MAX = 320 };

/* What a harness does with each function (FW-13: one id per alias). */
static struct iommu_dev *add_function(struct world *w, const struct smmu_pci *pci,
				      size_t i)
{
	const struct smmu_pci_function *f = smmu_pci_function(pci, i);
	struct smmu_pci_alias alias[MAX];
	struct smmu_pci_hop hop[MAX];
	struct iommu_pci_hop path[MAX];
	uint16_t ids[MAX];
	char name[32];
	size_t aliases = smmu_pci_aliases(pci, i, alias, MAX);
	struct iommu_dev_desc desc = { .name = name,
				       .bus = IOMMU_BUS_PCI,
				       .segment = (uint16_t)alias[0].segment,
				       .rid = alias[0].rid,
				       .aliases = ids,
				       .num_aliases = aliases - 1,
				       .path = path,
				       .num_hops = smmu_pci_path(pci, i, hop, MAX),
				       .pci_multifunction = f->multifunction,
				       .pci_isolates = f->isolates };

	(void)snprintf(name, sizeof(name), "%zu", i);
	for (size_t n = 1; n < aliases; n++) {
		ids[n - 1] = alias[n].rid;
		desc.num_quirk_aliases += alias[n].reason == SMMU_PCI_ALIAS_QUIRK;
	}
	for (size_t n = 0; n < desc.num_hops; n++) {
		const struct smmu_pci_function *b = smmu_pci_function(pci, hop[n].bridge);

		path[n] = (struct iommu_pci_hop){ b->rid, hop[n].shares, hop[n].isolates,
						  b->multifunction };
	}
	w->fw[0] = (struct td_fw){ .n = 1 };
	w->fw[0].fwnode[0] = w->fwnode[0];
	return world_add(w, &desc, 0);
}

static void same_groups(const struct smmu_pci *pci, const char *what)
{
	const size_t n = smmu_pci_count(pci);
	struct smmu_pci_group of[MAX];
	struct iommu_dev *dev[MAX];
	struct iommu_group *group[MAX];
	struct world *w = world_create(NULL);

	assert_true(n <= MAX);
	smmu_pci_groups(pci, of);
	world_register(w, 0);
	for (int vfs = 0; vfs < 2; vfs++)
		for (size_t i = 0; i < n; i++)
			if (smmu_pci_function(pci, i)->is_vf == vfs)
				dev[i] = add_function(w, pci, i);
	for (size_t i = 0; i < n; i++)
		group[i] = iommu_group_get(dev[i]);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if ((of[i].group == of[j].group) != (group[i] == group[j]))
				fail_msg("%s: %x and %x: groups %u and %u of pci/", what,
					 smmu_pci_function(pci, i)->rid,
					 smmu_pci_function(pci, j)->rid, of[i].group,
					 of[j].group);
	for (size_t i = 0; i < n; i++)
		iommu_group_put(group[i]);
	world_destroy(w);
}

static void core_groups_of_samples(void **state)
{
	static const char *const samples[] = { "server", "bridges", "multi" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct smmu_pci *pci = read_sample(samples[i]);

		same_groups(pci, samples[i]);
		smmu_pci_request_acs(pci);
		same_groups(pci, samples[i]);
		smmu_pci_destroy(pci);
	}
}

/* ---- Hierarchies by chance
 * ------------------------------------------------------------- */

static uint32_t chance(uint64_t *seed, uint32_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % below;
}

/* One function at `place`, a bridge to `next` if that is not 0. */
static char *put_function(char *end, uint64_t *seed, unsigned rid, unsigned next)
{
	/* Of a bridge: none, root, upstream, downstream port, PCIe to PCI, PCI to PCIe.
	 */
	static const uint8_t bridge[] = { 0xff, 4, 5, 6, 6, 7, 8 };
	static const uint8_t function[] = { 0xff, 0, 0, 1, 9 };
	const uint8_t type = next ? bridge[chance(seed, sizeof(bridge))]
				  : function[chance(seed, sizeof(function))];
	uint8_t c[0x110] = { 0xea, 0x1d };

	c[0x0e] = (uint8_t)((chance(seed, 2) << 7) | (next != 0));
	if (next) {
		c[0x18] = (uint8_t)(rid >> 8);
		c[0x19] = (uint8_t)next;
		c[0x1a] = 0xff;
	}
	if (type != 0xff) {
		c[0x06] = 0x10;
		c[0x34] = 0x40;
		c[0x40] = 0x10;
		c[0x42] = (uint8_t)(type << 4 | 2);
	}
	if (chance(seed, 3)) { /* ACS, mostly on */
		c[0x100] = 0x0d;
		c[0x102] = 1;
		c[0x104] = 0x1d;
		c[0x106] = chance(seed, 4) ? 0x1d : 0x0d;
	}
	end += sprintf(end, "%02x:%02x.%x X", rid >> 8, rid >> 3 & 0x1f, rid & 7);
	for (unsigned b = 0; b < sizeof(c); b++)
		end += sprintf(end, b % 16 ? " %02x" : "\n%02x: %02x", b % 16 ? c[b] : b,
			       c[b]);
	return end + sprintf(end, "\n\n");
}

/* Up to 12 buses, each below a function of one before. */
static struct smmu_pci *by_chance(uint64_t *seed)
{
	unsigned next = 1, buses = 1 + chance(seed, 12);
	char *text = calloc(1, 200000), *end = text;
	struct smmu_pci *pci;

	assert_non_null(text);
	for (unsigned bus = 0; bus < buses && bus < next; bus++) {
		const unsigned slots = 1 + chance(seed, 3);

		for (unsigned slot = 0; slot < slots; slot++) {
			const unsigned functions =
				chance(seed, 2) ? 1 : 1 + chance(seed, 3);

			for (unsigned fn = 0; fn < functions; fn++) {
				bool leads = next < buses && chance(seed, 2);

				end = put_function(end, seed, bus << 8 | slot << 3 | fn,
						   leads ? next : 0);
				next += leads;
			}
		}
	}
	pci = must_read(text);
	free(text);
	return pci;
}

static void core_groups_by_chance(void **state)
{
	(void)state;
	for (uint64_t n = 1; n <= 300; n++) {
		uint64_t seed = n;
		struct smmu_pci *pci = by_chance(&seed);
		char what[32];

		/* A quirk alias of a function that is there, sometimes. */
		for (unsigned q = chance(&seed, 3); q; q--) {
			const size_t count = smmu_pci_count(pci);
			const struct smmu_pci_function *a =
				smmu_pci_function(pci, chance(&seed, (uint32_t)count));
			const struct smmu_pci_function *b =
				smmu_pci_function(pci, chance(&seed, (uint32_t)count));
			const struct smmu_pci_quirk quirk = {
				.kind = SMMU_PCI_QUIRK_DMA_DEVFN,
				.vendor = SMMU_PCI_ANY,
				.device = SMMU_PCI_ANY,
				.at_rid = a->rid,
				.value = b->rid & 0xff,
			};

			if (a->rid >> 8 == b->rid >> 8)
				assert_int_equal(smmu_pci_add_quirk(pci, &quirk), 0);
		}
		(void)snprintf(what, sizeof(what), "seed %u", (unsigned)n);
		same_groups(pci, what);
		smmu_pci_destroy(pci);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(core_groups_of_samples),
		cmocka_unit_test(core_groups_by_chance),
	};

	return cmocka_run_group_tests_name("pci_core", tests, NULL, NULL);
}
