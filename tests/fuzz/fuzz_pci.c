/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a dump; or, after a byte of 1, as functions with a few of their registers
 * set, so that what lies behind the text is reached. Every question is asked, twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/pci.h>
#include "dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
	if (!truth)
		abort();
}

static void ask_one(const struct smmu_pci *pci, size_t i)
{
	const struct smmu_pci_function *f = smmu_pci_function(pci, i);
	struct smmu_pci_alias alias[4];
	struct smmu_pci_hop hop[4];
	size_t n = smmu_pci_aliases(pci, i, alias, 4);

	must(f && smmu_pci_find(pci, f->segment, f->rid) == i);
	must(n >= 1 && n <= 1 + 255 + 256);
	must(alias[0].reason == SMMU_PCI_ALIAS_SELF);
	n = smmu_pci_path(pci, i, hop, 4);
	must(n <= 255 && (n == 0 || smmu_pci_function(pci, hop[0].bridge)->is_bridge));
	must(!f->is_vf || (f->pf < smmu_pci_count(pci) && f->pf != i));
	must(f->upstream == SMMU_PCI_NONE ||
	     smmu_pci_function(pci, f->upstream)->rid >> 8 < f->rid >> 8);
	(void)smmu_pci_config(pci, i, f->rid & 0xfffu, 4);
	must(smmu_pci_kind_name(f->kind) != NULL);
}

static void ask(const struct smmu_pci *pci)
{
	const size_t n = smmu_pci_count(pci);
	struct smmu_pci_group *of = calloc(n, sizeof(*of));

	must(of && n);
	for (size_t i = 0; i < n; i++)
		ask_one(pci, i);
	smmu_pci_groups(pci, of);
	for (size_t i = 0; i < n; i++) {
		must(of[i].group < n && of[i].reason[0]);
		must((of[i].rule == SMMU_PCI_RULE_NEW) == (of[i].peer == SMMU_PCI_NONE));
		must(of[i].peer == SMMU_PCI_NONE || of[of[i].peer].group == of[i].group);
	}
	for (size_t i = 0; smmu_pci_problem(pci, i); i++)
		must(smmu_pci_problem(pci, i)[0] && i < SMMU_PCI_MAX_PROBLEMS);
	free(of);
}

static void read_text(const char *text, size_t len, const uint8_t *data, size_t size)
{
	struct smmu_pci_quirk q = { .vendor = SMMU_PCI_ANY,
				    .device = SMMU_PCI_ANY,
				    .at_rid = SMMU_PCI_ANY_RID };
	struct smmu_pci *pci = NULL;
	char why[256] = "";

	if (smmu_pci_from_dump(&pci, text, len, why, sizeof(why))) {
		must(!pci && why[0] && memchr(why, '\0', sizeof(why)));
		return;
	}
	ask(pci);
	q.kind = (enum smmu_pci_quirk_kind)(size ? data[size - 1] % 7 : 0);
	q.value = size > 1 ? data[size - 2] : 0;
	(void)smmu_pci_add_quirk(pci, &q);
	smmu_pci_request_acs(pci);
	ask(pci);
	smmu_pci_destroy(pci);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = NULL;
	size_t len;

	if (!size || data[0] != 1) {
		read_text((const char *)data, size, data, size);
		return 0;
	}
	text = fuzz_dump(data + 1, size - 1, &len);
	must(text != NULL);
	read_text(text, len, data, size);
	free(text);
	return 0;
}
