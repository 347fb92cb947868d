/* SPDX-License-Identifier: MIT */
/* A machine while it is being built, and after. */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include <smmulator/machine.h>

/* A master before it has an endpoint, then with it. streams is what info shows. */
struct machine_master {
	struct smmu_machine_master info;
	char *name;
	struct smmu_machine_stream *streams;
};

/* ctx of a register window's callbacks. */
struct machine_window {
	struct smmu_bus_regs regs; /* first */
	struct smmu_machine_smmu info;
	char name[64];
};

#define MACHINE_PAGE UINT64_C(0x1000)

/* ctx of one page of a counter group. */
struct machine_page {
	struct smmu_bus_regs regs; /* first */
	const struct smmu_fw_pmcg *node;
	const struct machine_window *window; /* of its SMMU */
	unsigned group;
	bool second; /* page 1 */
	uint64_t base;
};

struct smmu_machine {
	const struct smmu_fw *fw;
	struct smmu_bus *bus;
	uint64_t doorbell;
	size_t nrams, nsmmus, nmasters;
	struct smmu_machine_ram *rams;
	struct machine_window *smmus;
	struct machine_master *masters;
	size_t npages;
	struct machine_page *pages;
	int *smmu_of; /* per fw->iommus: index of its SMMU, or -1 */
};

struct machine_build {
	struct smmu_machine *machine;
	const struct smmu_fw *fw;
	const struct smmu_machine_options *options;
	char *why;
	size_t why_len;
	unsigned *sid_need; /* per fw->iommus: bits of the widest StreamID */
};

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
/* Writes the message, returns err. */
int machine_fail(const struct machine_build *b, int err, const char *fmt, ...);

/* ram.c: memory banks, free places. */
int machine_add_rams(struct machine_build *b);
int machine_add_doorbell(struct machine_build *b);

/* masters.c: who does DMA, with which ids; the endpoints once the SMMUs exist. */
int machine_plan_masters(struct machine_build *b);
int machine_open_masters(struct machine_build *b);

/* smmus.c: configuration, creation, register windows. */
int machine_add_smmus(struct machine_build *b);

/* pmcgs.c: counter groups of their own. */
void machine_configure_pmcgs(const struct machine_build *b, size_t iommu,
			     struct smmu_config *cfg);
int machine_plan_pmcgs(struct machine_build *b);
int machine_add_pmcgs(struct machine_build *b);

#endif /* MACHINE_MACHINE_H */
