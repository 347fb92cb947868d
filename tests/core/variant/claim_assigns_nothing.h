/* SPDX-License-Identifier: MIT */
/*
 * Included in front of src/core/ownership.c: a claim as it was before the rule of
 * CORE-75. It records the owner, and neither moves the group nor leaves a domain for a
 * later detach to go back to.
 */
#ifndef TESTS_CORE_VARIANT_CLAIM_H
#define TESTS_CORE_VARIANT_CLAIM_H

#include "core/core.h"

int claim_assigns_nothing(struct iommu_group *group, struct iommu_domain *domain,
			  unsigned flags);
#define core_set_group_domain claim_assigns_nothing

#endif
