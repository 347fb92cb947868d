/* SPDX-License-Identifier: MIT */
/* A stranger's program: the third library, which needs neither of the others. */
#include <stdio.h>
#include <string.h>
#include <smmulator/pci.h>

static const char dump[] = "00:03.0 Ethernet controller\n"
			   "00: f4 1a 41 10 06 04 00 00 01 00 00 02 00 00 00 00\n"
			   "10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
			   "20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
			   "30: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n";

int main(void)
{
	struct smmu_pci *pci = NULL;
	struct smmu_pci_group group;
	char why[128] = "";
	size_t n;

	if (smmu_pci_from_dump(&pci, dump, strlen(dump), why, sizeof(why))) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	n = smmu_pci_count(pci);
	if (n != 1)
		return 1;
	smmu_pci_groups(pci, &group);
	printf("group %u: %s\n", group.group, group.reason);
	smmu_pci_destroy(pci);
	return 0;
}
