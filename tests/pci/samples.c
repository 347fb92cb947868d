/* SPDX-License-Identifier: MIT */
/*
 * The samples of dumps.py: their requester ids (FW-14 to FW-16) and groups (CORE-38)
 * against tables worked out by hand from the rules.
 */
#include "pci/read.h"

struct expected {
	const char *place;
	char group; /* functions of one letter are of one group, others are not */
	enum smmu_pci_rule rule;
	const char *peer; /* whose group it joined */
};

static void check_groups(const struct smmu_pci *pci, const struct expected *e, size_t n)
{
	struct smmu_pci_group *of = calloc(smmu_pci_count(pci), sizeof(*of));

	assert_non_null(of);
	assert_int_equal(smmu_pci_count(pci), n);
	smmu_pci_groups(pci, of);
	for (size_t i = 0; i < n; i++) {
		const struct smmu_pci_group *g = &of[at(pci, e[i].place)];

		if (g->rule != e[i].rule)
			fail_msg("%s: rule %d, %s", e[i].place, g->rule, g->reason);
		if (e[i].peer)
			assert_int_equal(g->peer, at(pci, e[i].peer));
		else
			assert_true(g->peer == SMMU_PCI_NONE);
		assert_true(strlen(g->reason) > 0);
		for (size_t j = 0; j < i; j++)
			if ((e[i].group == e[j].group) !=
			    (g->group == of[at(pci, e[j].place)].group))
				fail_msg("%s and %s: groups %u and %u", e[i].place,
					 e[j].place, g->group,
					 of[at(pci, e[j].place)].group);
	}
	free(of);
}

#define NEW	 SMMU_PCI_RULE_NEW, NULL
#define ALIAS	 SMMU_PCI_RULE_ALIAS
#define UPSTREAM SMMU_PCI_RULE_UPSTREAM
#define QUIRK	 SMMU_PCI_RULE_QUIRK
#define SLOT	 SMMU_PCI_RULE_SLOT

/* CORE-38 (2), (4), (5): with ACS each is alone; where it lacks, all below are one. */
static void groups_of_server(void **state)
{
	static const struct expected table[] = {
		{ "00:00.0", 'a', NEW },
		{ "00:01.0", 'b', NEW }, /* two root ports of one device, both with ACS */
		{ "00:01.1", 'c', NEW },
		{ "00:02.0", 'd', NEW }, /* no ACS, but it is the only function */
		{ "00:0e.0", 'e', NEW },
		{ "00:1c.0", 'f', NEW }, /* two root ports of one device, without */
		{ "00:1c.4", 'f', SLOT, "00:1c.0" },
		{ "00:1f.0", 'g', NEW },
		{ "00:1f.2", 'g', SLOT, "00:1f.0" },
		{ "00:1f.3", 'g', SLOT, "00:1f.0" },
		{ "01:00.0", 'h', NEW }, /* ACS without controls: wired to isolate */
		{ "01:00.1", 'i', NEW },
		{ "01:10.0", 'j', NEW }, /* VFs have no siblings */
		{ "01:10.2", 'k', NEW },
		{ "01:10.4", 'l', NEW },
		{ "01:10.6", 'm', NEW },
		{ "02:10.0", 'n', NEW },
		{ "02:10.2", 'o', NEW }, /* not in the dump; NumVFs says so */
		{ "03:00.0", 'p', NEW },
		{ "04:00.0", 'q', NEW },
		{ "04:08.0", 'r', NEW },
		{ "04:10.0", 's', NEW },
		{ "05:00.0", 't', NEW },
		{ "06:00.0", 'r', UPSTREAM, "04:08.0" }, /* request redirect is off */
		{ "07:00.0", 's', UPSTREAM, "04:10.0" }, /* no ACS */
		{ "07:00.1", 's', UPSTREAM, "04:10.0" },
		{ "08:00.0", 'd', UPSTREAM, "00:02.0" },
		{ "09:00.0", 'f', UPSTREAM, "00:1c.0" },
		{ "0a:00.0", 'f', UPSTREAM, "00:1c.4" },
	};
	struct smmu_pci *pci = read_sample("server");

	(void)state;
	check_groups(pci, table, sizeof(table) / sizeof(table[0]));
	assert_null(smmu_pci_problem(pci, 0));
	smmu_pci_destroy(pci);
}

/* CORE-38 (1), (2): what a bridge lends its id to is in the bridge's group. */
static void groups_of_bridges(void **state)
{
	static const struct expected table[] = {
		{ "00:00.0", 'a', NEW },
		{ "00:1c.0", 'b', NEW },
		{ "00:1c.1", 'c', NEW },
		{ "00:1d.0", 'd', NEW },
		{ "00:1e.0", 'e', NEW },
		{ "01:00.0", 'e', ALIAS, "00:1e.0" },
		{ "01:01.0", 'e', ALIAS, "00:1e.0" },
		{ "01:02.0", 'e', ALIAS, "00:1e.0" },
		{ "02:00.0", 'e', ALIAS, "01:02.0" },
		{ "03:00.0", 'f', NEW },
		{ "04:00.0", 'f', ALIAS, "03:00.0" },
		{ "04:04.0", 'f', ALIAS, "03:00.0" },
		{ "05:00.0", 'g', NEW },
		{ "06:01.0", 'g', ALIAS, "05:00.0" },
		{ "07:00.0", 'd', ALIAS, "00:1d.0" },
	};
	struct smmu_pci *pci = read_sample("bridges");

	(void)state;
	check_groups(pci, table, sizeof(table) / sizeof(table[0]));
	assert_null(smmu_pci_problem(pci, 0));
	smmu_pci_destroy(pci);
}

/* CORE-38 (3), (4): functions of one device; never across segments. */
static void groups_of_multi(void **state)
{
	static const struct expected table[] = {
		{ "0000:00:00.0", 'a', NEW },
		{ "0000:00:03.0", 'b', NEW },
		{ "0000:00:04.0", 'c', NEW },
		{ "0000:00:05.0", 'd', NEW },
		{ "0000:00:06.0", 'e', NEW },
		{ "0000:01:00.0", 'f', NEW },
		{ "0000:01:00.1", 'f', SLOT, "01:00.0" },
		{ "0000:01:00.2", 'f', SLOT, "01:00.0" },
		{ "0000:01:00.3", 'f', SLOT, "01:00.0" },
		{ "0000:02:00.0", 'g', NEW }, /* all that it can control is on */
		{ "0000:02:00.1", 'h', NEW },
		{ "0000:02:00.2", 'h', SLOT, "02:00.1" },
		{ "0000:02:00.3", 'h', SLOT, "02:00.1" }, /* completion redirect off */
		{ "0000:03:00.0", 'i', NEW },
		{ "0000:04:00.0", 'j', NEW },
		{ "0000:04:00.1", 'j', QUIRK, "04:00.0" }, /* ACS or not */
		{ "0001:00:00.0", 'k', NEW },
		{ "0001:00:03.0", 'l', NEW },
		{ "0001:01:00.0", 'l', UPSTREAM, "0001:00:03.0" },
	};
	struct smmu_pci *pci = read_sample("multi");

	(void)state;
	check_groups(pci, table, sizeof(table) / sizeof(table[0]));
	smmu_pci_destroy(pci);
}

/* FW-17: the same machine once firmware has asked for ACS. */
static void groups_with_acs_requested(void **state)
{
	struct smmu_pci *pci = read_sample("server");
	struct smmu_pci_group of[29];
	size_t port = at(pci, "04:08.0");

	(void)state;
	assert_int_equal(smmu_pci_function(pci, port)->isolation, SMMU_PCI_OPEN_ACS_OFF);
	smmu_pci_request_acs(pci);
	assert_int_equal(smmu_pci_function(pci, port)->isolation, SMMU_PCI_ISOLATED_ACS);
	assert_int_equal(smmu_pci_function(pci, port)->acs_ctrl, SMMU_PCI_ACS_ISOLATE);
	assert_int_equal(
		smmu_pci_config(pci, port, smmu_pci_function(pci, port)->acs + 6u, 2),
		SMMU_PCI_ACS_ISOLATE);
	assert_int_equal(smmu_pci_count(pci), 29);
	smmu_pci_groups(pci, of);
	assert_int_equal(of[at(pci, "06:00.0")].rule, SMMU_PCI_RULE_NEW);
	/* Where there is no capability there is nothing to ask. */
	assert_int_equal(of[at(pci, "07:00.0")].rule, SMMU_PCI_RULE_UPSTREAM);
	smmu_pci_destroy(pci);
}

/* CORE-38 (2): each of the four controls counts, the others do not. */
static void every_control_counts(void **state)
{
	static const struct {
		unsigned caps, ctrl;
		bool isolates;
	} table[] = {
		{ 0x5f, 0x1d, true },  { 0x5f, 0x1c, false }, /* source validation */
		{ 0x5f, 0x19, false }, { 0x5f, 0x15, false }, /* redirects */
		{ 0x5f, 0x0d, false },			      /* upstream forwarding */
		{ 0x5f, 0x1f, true },  { 0x1c, 0x1c, true },  /* TB on; SV not there */
		{ 0x7f, 0x1d, true },  { 0x00, 0x00, true },  /* EC off; nothing there */
	};
	size_t len;
	char *text = read_text("server", &len), *bytes, digits[16];

	(void)state;
	bytes = strstr(strstr(text, "04:00.0 "), "100: 0d 00 01 00 ") + 17;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct smmu_pci *pci;

		(void)snprintf(digits, sizeof(digits), "%02x 00 %02x 00", table[i].caps,
			       table[i].ctrl);
		memcpy(bytes, digits, 11);
		pci = must_read(text);
		assert_int_equal(smmu_pci_function(pci, at(pci, "04:00.0"))->isolates,
				 table[i].isolates);
		smmu_pci_destroy(pci);
	}
	free(text);
}

/* ---- Requester ids -------------------------------------------------------------------
 */

static void check_ids(const struct smmu_pci *pci, const char *place, const char *ids)
{
	struct smmu_pci_alias alias[8];
	size_t n = smmu_pci_aliases(pci, at(pci, place), alias, 8);
	char text[64] = "", *end = text;

	for (size_t i = 0; i < n; i++)
		end += snprintf(end, (size_t)(text + sizeof(text) - end), "%s%04x",
				i ? " " : "", alias[i].rid);
	assert_string_equal(text, ids);
}

/* FW-14, FW-15, FW-16 */
static void ids_of_bridges(void **state)
{
	struct smmu_pci *pci = read_sample("bridges");
	struct smmu_pci_alias alias[3];
	struct smmu_pci_hop hop[2];

	(void)state;
	check_ids(pci, "00:1e.0", "00f0");
	check_ids(pci, "01:01.0", "0108 00f0"); /* a conventional bridge: its own id */
	check_ids(pci, "02:00.0", "0200 0110 00f0"); /* and each one on the way */
	check_ids(pci, "03:00.0", "0300");	     /* a port above adds none */
	check_ids(pci, "04:04.0", "0420 0400"); /* PCIe to PCI: secondary bus, 00.0 */
	check_ids(pci, "04:00.0", "0400 0400"); /* FW-16: duplicates stay */
	check_ids(pci, "06:01.0", "0608 0600"); /* the quirk of that bridge */
	check_ids(pci, "07:00.0", "0700 00e8"); /* PCI to PCIe: its own id */

	assert_int_equal(smmu_pci_aliases(pci, at(pci, "02:00.0"), alias, 2), 3);
	assert_int_equal(alias[0].reason, SMMU_PCI_ALIAS_SELF);
	assert_int_equal(alias[1].reason, SMMU_PCI_ALIAS_BRIDGE);
	assert_int_equal(alias[1].by, at(pci, "01:02.0"));
	assert_int_equal(smmu_pci_aliases(pci, at(pci, "04:04.0"), alias, 2), 2);
	assert_int_equal(alias[1].reason, SMMU_PCI_ALIAS_SECONDARY);
	assert_int_equal(smmu_pci_aliases(pci, smmu_pci_count(pci), alias, 2), 0);

	assert_int_equal(smmu_pci_path(pci, at(pci, "04:04.0"), hop, 2), 2);
	assert_int_equal(hop[0].bridge, at(pci, "03:00.0"));
	assert_true(hop[0].shares && !hop[0].isolates);
	assert_true(!hop[1].shares && hop[1].isolates);
	smmu_pci_destroy(pci);
}

/* FW-14: quirk aliases, on the function's own bus, in order of devfn. */
static void ids_of_quirks(void **state)
{
	struct smmu_pci *pci = read_sample("multi");
	struct smmu_pci_quirk q = { .kind = SMMU_PCI_QUIRK_DMA_DEVFN,
				    .vendor = 0x1b4b,
				    .device = SMMU_PCI_ANY,
				    .at_rid = SMMU_PCI_ANY_RID,
				    .value = 0xff };

	(void)state;
	check_ids(pci, "03:00.0", "0300 0301");
	check_ids(pci, "04:00.0", "0400"); /* function 0 is function 0 */
	check_ids(pci, "04:00.1", "0401 0400");
	assert_int_equal(smmu_pci_add_quirk(pci, &q), 0);
	check_ids(pci, "03:00.0", "0300 0301 03ff");
	q.value = 0x100;
	assert_int_equal(smmu_pci_add_quirk(pci, &q), -EINVAL);
	q.value = 1;
	q.vendor = 0x1b4c;
	assert_int_equal(smmu_pci_add_quirk(pci, &q), -ENOENT);
	smmu_pci_destroy(pci);
}

static int quirk_at(struct smmu_pci *pci, const char *place,
		    enum smmu_pci_quirk_kind kind, uint32_t value)
{
	const struct smmu_pci_quirk q = { .kind = kind,
					  .vendor = SMMU_PCI_ANY,
					  .device = SMMU_PCI_ANY,
					  .at_rid = rid_of(place),
					  .value = value };

	return smmu_pci_add_quirk(pci, &q);
}

/* FW-14: who really issues the DMA; FW-15: where the translation unit is. */
static void ids_of_others(void **state)
{
	struct smmu_pci *pci = read_sample("bridges");
	struct smmu_pci_group of[15];
	struct smmu_pci_hop hop[4];

	(void)state;
	assert_int_equal(quirk_at(pci, "07:00.0", SMMU_PCI_QUIRK_DMA_BY, 0x108), 0);
	check_ids(pci, "07:00.0", "0108 00f0");
	assert_int_equal(smmu_pci_count(pci), 15);
	smmu_pci_groups(pci, of);
	assert_int_equal(of[at(pci, "07:00.0")].group, of[at(pci, "01:01.0")].group);
	assert_int_equal(quirk_at(pci, "07:00.0", SMMU_PCI_QUIRK_DMA_BY, 0x109), -ENOENT);
	assert_int_equal(quirk_at(pci, "07:00.0", SMMU_PCI_QUIRK_DMA_BY, 0x10000),
			 -EINVAL);

	/* Without the quirk a conventional bridge gives its own id, with it 00.0 below.
	 */
	assert_int_equal(quirk_at(pci, "01:02.0", SMMU_PCI_QUIRK_PCIE_BRIDGE, 1), 0);
	check_ids(pci, "02:00.0", "0200 0200 00f0");
	assert_int_equal(quirk_at(pci, "00:1e.0", SMMU_PCI_QUIRK_XLATE_ROOT, 1), 0);
	check_ids(pci, "02:00.0", "0200 0200");
	assert_int_equal(smmu_pci_path(pci, at(pci, "02:00.0"), hop, 4), 2);
	assert_true(hop[0].shares && !hop[1].shares);
	assert_int_equal(quirk_at(pci, "00:1e.0", SMMU_PCI_QUIRK_XLATE_ROOT, 0), 0);
	assert_int_equal(quirk_at(pci, "01:02.0", SMMU_PCI_QUIRK_PCIE_BRIDGE, 0), 0);
	check_ids(pci, "02:00.0", "0200 0110 00f0");
	assert_int_equal(quirk_at(pci, "00:1e.0", SMMU_PCI_QUIRK_XLATE_ROOT, 2), -EINVAL);
	smmu_pci_destroy(pci);
}

/* CORE-38 (2): a quirk may know better than ACS, both ways. */
static void isolation_by_quirk(void **state)
{
	struct smmu_pci *pci = read_sample("server");
	struct smmu_pci_group of[29];

	(void)state;
	assert_int_equal(quirk_at(pci, "00:02.0", SMMU_PCI_QUIRK_ISOLATES, 1), 0);
	assert_int_equal(quirk_at(pci, "04:00.0", SMMU_PCI_QUIRK_ISOLATES, 0), 0);
	assert_int_equal(quirk_at(pci, "04:00.0", SMMU_PCI_QUIRK_ISOLATES, 2), -EINVAL);
	smmu_pci_groups(pci, of);
	assert_int_equal(of[at(pci, "08:00.0")].rule, SMMU_PCI_RULE_NEW);
	assert_int_equal(of[at(pci, "05:00.0")].rule, SMMU_PCI_RULE_UPSTREAM);
	/* One that does not isolate spoils all that is below, whatever is between. */
	assert_int_equal(quirk_at(pci, "00:01.1", SMMU_PCI_QUIRK_ISOLATES, 0), 0);
	smmu_pci_groups(pci, of);
	assert_int_equal(of[at(pci, "03:00.0")].rule, SMMU_PCI_RULE_UPSTREAM);
	assert_int_equal(of[at(pci, "05:00.0")].group, of[at(pci, "00:01.1")].group);
	assert_int_equal(of[at(pci, "06:00.0")].group, of[at(pci, "00:01.1")].group);
	smmu_pci_destroy(pci);
}

/* ---- What the capabilities say
 * --------------------------------------------------------- */

static void capabilities_of_server(void **state)
{
	struct smmu_pci *pci = read_sample("server");
	const struct smmu_pci_function *f = smmu_pci_function(pci, at(pci, "05:00.0"));

	(void)state;
	assert_int_equal(f->kind, SMMU_PCI_ENDPOINT);
	assert_int_equal(f->config_size, 4096);
	assert_true(f->flr && f->ats_enabled && f->pri_enabled && f->pasid_enabled);
	assert_int_equal(f->ats_queue_depth, 31);
	assert_true(f->ats_page_aligned && f->pasid_exec && f->pasid_priv);
	assert_int_equal(f->pri_capacity, 512);
	assert_int_equal(f->pasid_bits, 20);
	assert_int_equal(f->class_code, 0x0108);
	assert_true(f->msix && !f->msi && !f->acs && !f->multifunction);
	assert_int_equal(f->upstream, at(pci, "04:00.0"));

	f = smmu_pci_function(pci, at(pci, "01:00.1"));
	assert_int_equal(f->ats_queue_depth, 32); /* 0 in the register */
	assert_int_equal(f->vfs_total, 8);
	assert_int_equal(f->vfs_enabled, 2);
	assert_true(f->acs && f->multifunction && !f->pri && !f->pasid);
	f = smmu_pci_function(pci, at(pci, "02:10.2"));
	assert_true(f->is_vf && f->implied);
	assert_int_equal(f->pf, at(pci, "01:00.1"));
	assert_int_equal(f->vendor, 0x1dea);
	assert_int_equal(f->device, 0x0101);
	assert_int_equal(f->upstream, at(pci, "00:01.0"));
	f = smmu_pci_function(pci, at(pci, "02:10.0"));
	assert_true(f->is_vf && !f->implied && f->ats && f->flr);
	assert_int_equal(f->vendor, 0x1dea); /* its own reads as all ones */
	f = smmu_pci_function(pci, at(pci, "07:00.0"));
	assert_true(!f->flr && f->msi && !f->ats && f->kind == SMMU_PCI_LEGACY_ENDPOINT);
	f = smmu_pci_function(pci, at(pci, "03:00.0"));
	assert_int_equal(f->kind, SMMU_PCI_UPSTREAM_PORT);
	assert_int_equal(f->secondary, 4);
	assert_int_equal(f->subordinate, 7);
	assert_null(smmu_pci_function(pci, smmu_pci_count(pci)));
	assert_string_equal(smmu_pci_kind_name(f->kind), "upstream port");
	smmu_pci_destroy(pci);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_of_server),
		cmocka_unit_test(groups_of_bridges),
		cmocka_unit_test(groups_of_multi),
		cmocka_unit_test(groups_with_acs_requested),
		cmocka_unit_test(every_control_counts),
		cmocka_unit_test(ids_of_bridges),
		cmocka_unit_test(ids_of_quirks),
		cmocka_unit_test(ids_of_others),
		cmocka_unit_test(isolation_by_quirk),
		cmocka_unit_test(capabilities_of_server),
	};

	return cmocka_run_group_tests_name("pci_samples", tests, NULL, NULL);
}
