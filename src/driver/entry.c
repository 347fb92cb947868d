/* SPDX-License-Identifier: MIT */
#include "driver/entry.h"

static void load(const hwword_t *entry, uint64_t *value)
{
	for (unsigned i = 0; i < ENTRY_WORDS; i++)
		value[i] = hw_load(&entry[i]);
}

/*
 * update: what each word can hold at once without changing a bit that the current
 * entry uses. The result has a bit for each critical word, one for which that is
 * not yet what the target needs (DRV-48, DRV-50).
 */
static unsigned plan(const struct arm_smmu_entry_kind *kind, const uint64_t *current,
		     const uint64_t *target, uint64_t *update)
{
	uint64_t cur_used[ENTRY_WORDS] = { 0 }, new_used[ENTRY_WORDS] = { 0 };
	uint64_t safe[ENTRY_WORDS] = { 0 };
	unsigned critical = 0;

	kind->used(current, cur_used);
	kind->used(target, new_used);
	if (kind->safe)
		kind->safe(current, target, safe);
	for (unsigned i = 0; i < ENTRY_WORDS; i++) {
		uint64_t fixed = cur_used[i] & ~(safe[i] & new_used[i]);

		update[i] = (current[i] & fixed) | (target[i] & ~fixed);
		if ((update[i] & new_used[i]) != target[i])
			critical |= 1u << i;
	}
	return critical;
}

/* Stores the words of `which` that differ, then syncs if there were any. */
static void store(struct arm_smmu_entry_writer *w, const uint64_t *value, unsigned which)
{
	bool changed = false;
	int err;

	for (unsigned i = 0; i < ENTRY_WORDS; i++) {
		if (!(which >> i & 1) || hw_load(&w->entry[i]) == value[i])
			continue;
		hw_store(&w->entry[i], value[i]);
		changed = true;
	}
	if (!changed)
		return;
	err = w->sync(w);
	if (err && !w->err)
		w->err = err;
}

int arm_smmu_write_entry(struct arm_smmu_entry_writer *w, const uint64_t *target)
{
	const unsigned all = (1u << ENTRY_WORDS) - 1;
	uint64_t current[ENTRY_WORDS], update[ENTRY_WORDS], invalid[ENTRY_WORDS] = { 0 };
	unsigned critical;

	w->err = 0;
	load(w->entry, current);
	critical = plan(w->kind, current, target, update);
	if (critical && !(critical & (critical - 1))) {
		/* One word decides: prepare what is unused, flip it, tidy up. */
		store(w, update, all & ~critical);
		store(w, target, critical);
		store(w, target, all);
	} else if (critical) {
		/* No order of stores will do: out of service in between. */
		store(w, invalid, 1);
		store(w, target, all & ~1u);
		store(w, target, 1);
	} else {
		store(w, target, all);
	}
	return w->err;
}
