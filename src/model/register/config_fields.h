/* SPDX-License-Identifier: MIT */
/* The members of struct smmu_config by name, and where an ID register shows them. */
#ifndef MODEL_REGISTER_CONFIG_FIELDS_H
#define MODEL_REGISTER_CONFIG_FIELDS_H

#include <stddef.h>
#include "model/snapshot/pack.h"

struct smmu_config_field {
	struct smmu_pack_field f;
	int8_t idr; /* SMMU_IDR<n> that has it, -1: none */
	int field;  /* SMMU_IDRn_<field> */
};

/* All of them but name, log and log_ctx; *n: how many. */
const struct smmu_config_field *smmu_config_fields(size_t *n);

#endif /* MODEL_REGISTER_CONFIG_FIELDS_H */
