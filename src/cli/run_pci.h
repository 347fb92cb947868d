/* SPDX-License-Identifier: MIT */
/*
 * Functions out of a dump of a real machine (run --pci): run_pci reads them and chooses
 * those that the board can have, run_pci_board makes a board where none is given,
 * run_pci_test exercises what is in their configuration spaces, run_pci_report prints.
 */
#ifndef CLI_RUN_PCI_H
#define CLI_RUN_PCI_H

#include <smmulator/pci.h>
#include <smmulator/pcie.h>
#include "cli/run.h"

/* What one function was seen to do. Numbers of the ATC are of the whole test. */
struct run_pci_test {
	bool done, ok;
	bool ats;
	uint64_t fills, hits, invalidations;
	const char *pasid, *pri, *interrupt, *reset; /* NULL: it has none of it */
	char note[120];
};

/* One function of the dump. */
struct run_pci_function {
	const char *left_out;	  /* why the board has it not; NULL: it has */
	size_t master;		  /* index in run->masters, if the board has it */
	size_t named;		  /* index in run_pci.named */
	size_t first_id, num_ids; /* in run_pci.ids: those of its segment, each once */
	/* What page responses said. */
	unsigned answers, code;
	struct run_pci_test test;
};

struct run_pci {
	struct smmu_pci *pci;
	size_t n;
	struct run_pci_function *fn; /* n, as in pci */
	struct smmu_pci_group *groups;
	uint16_t *ids;
	size_t nids, ids_room;
	struct smmu_machine_function *named;
	size_t *function; /* per named: index in fn */
	size_t nnamed;
	struct smmu_pcie_config *pcie; /* per named */
};

/* "0000:01:00.0" */
enum { RUN_PCI_NAME = 16 };
const char *run_pci_name(char name[RUN_PCI_NAME], const struct smmu_pci_function *f);

/*
 * Tables of a board for the functions of the dump: one SMMU, a root complex for each
 * segment. CLI_OK, *data from malloc(); or CLI_INPUT after a complaint.
 */
int run_pci_board(const struct run *run, void **data, size_t *len);

/* What its configuration space has, on a master in its default domain. */
void run_pci_exercise(struct run *run, size_t master, struct iommu_domain *domain);

void run_pci_print(FILE *out, const struct run *run);
struct json_t *run_pci_json(const struct run *run);

#endif /* CLI_RUN_PCI_H */
