/* SPDX-License-Identifier: MIT */
/* The translation procedure, for the ports and for prefetch. */
#ifndef MODEL_TRANSLATE_H
#define MODEL_TRANSLATE_H

#include <stdbool.h>
#include "model/model.h"

/*
 * T-1 to T-20 for one transaction; the lock is held. quiet: speculative, records no
 * event (EVT-3), everything else is as for a transaction.
 */
struct smmu_result smmu_translate_txn(struct smmu *smmu, const struct smmu_txn *txn,
				      bool quiet);

#endif /* MODEL_TRANSLATE_H */
