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

/* What became of a function that was named. */
struct machine_named {
	const struct smmu_fw_host *host; /* NULL: none of its segment and bus */
	bool again;			 /* one before has its place */
	bool planned;
	size_t master; /* index, if it is planned */
};

struct machine_build {
	struct smmu_machine *machine;
	const struct smmu_fw *fw;
	const struct smmu_machine_options *options;
	char *why;
	size_t why_len;
	struct machine_named *named; /* per options->named */
	unsigned *sid_need;	     /* per fw->iommus: bits of the widest StreamID */
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
#define MACHINE_RIDS 0x10000u /* requester ids of one PCI domain */
bool machine_on_its_buses(const struct smmu_fw_host *host, uint32_t id);
/* Where an id behind a host goes. False: no IOMMU. */
bool machine_stream_of(struct machine_build *b, const struct smmu_fw_host *host,
		       uint32_t id, struct smmu_machine_stream *s);
/*
 * A function, its DMA under ids[0..n), NULL: its own; 1: planned, 0: none of them has an
 * IOMMU, or an error.
 */
int machine_plan_function(struct machine_build *b, const struct smmu_fw_host *host,
			  uint32_t id, const uint16_t *ids, size_t n);

/* named.c: those that the harness names; first of all: who is where. */
int machine_find_named(struct machine_build *b);
bool machine_is_named(const struct machine_build *b, const struct smmu_fw_host *host);
int machine_plan_named(struct machine_build *b);
int machine_open_named(struct machine_build *b);

/* smmus.c: configuration, creation, register windows. */
int machine_add_smmus(struct machine_build *b);

/* pmcgs.c: counter groups of their own. */
void machine_configure_pmcgs(const struct machine_build *b, size_t iommu,
			     struct smmu_config *cfg);
int machine_plan_pmcgs(struct machine_build *b);
int machine_add_pmcgs(struct machine_build *b);

#endif /* MACHINE_MACHINE_H */
