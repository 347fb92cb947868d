/* SPDX-License-Identifier: MIT */
/* What smmulator explain is given, and the SMMU that comes of it. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include <smmulator/smmu.h>
#include "cli/cli.h"

struct explain_options {
	const char *state;  /* a snapshot; NULL: memory images and registers */
	const char *preset; /* NULL: none named */
	const char **mem, **reg, **set;
	size_t nmem, nreg, nset;
};

/* The SMMU and its bus; CLI_INPUT after a complaint. Freed by the caller in any case. */
int explain_build(const struct explain_options *o, struct smmu_bus *bus,
		  struct smmu **smmu);

#endif /* CLI_EXPLAIN_H */
