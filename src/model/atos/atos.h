/* SPDX-License-Identifier: MIT */
/* Inside of atos/: one group of address translation registers. */
#ifndef MODEL_ATOS_ATOS_H
#define MODEL_ATOS_ATOS_H

#include "model/model.h"

/*
 * The lookup that SID and ADDR of a group ask for, as the PAR that answers it. vatos:
 * through VATOS, for the VMID of VATOS_SEL.
 */
uint64_t smmu_atos_lookup(struct smmu *smmu, const struct smmu_atos *group, bool vatos);

#endif /* MODEL_ATOS_ATOS_H */
