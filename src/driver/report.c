/* SPDX-License-Identifier: MIT */
/* What the driver can tell about itself: numbers and text. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "driver/cmdq.h"
#include "driver/queue.h"

void arm_smmu_get_info(const struct arm_smmu *smmu, struct arm_smmu_info *info)
{
	*info = (struct arm_smmu_info){
		.iidr = smmu->iidr,
		.aidr = smmu->aidr,
		.sid_bits = smmu->sid_bits,
		.ssid_bits = smmu->ssid_bits,
		.asid_bits = smmu->asid_bits,
		.vmid_bits = smmu->vmid_bits,
		.ias = smmu->ias,
		.oas = smmu->oas,
		.pgsize_bitmap = smmu->pgsize_bitmap,
		.stage1 = smmu->features & FEAT_S1,
		.stage2 = smmu->features & FEAT_S2,
		.nesting = smmu->features & FEAT_NESTING,
		.range_inv = smmu->features & FEAT_RANGE_INV,
		.two_level_strtab = smmu->features & FEAT_2LVL_STRTAB,
		.coherent = smmu->features & FEAT_COHERENCY,
		.httu = smmu->features & FEAT_HD   ? 2
			: smmu->features & FEAT_HA ? 1
						   : 0,
	};
	memcpy(info->idr, smmu->idr, sizeof(info->idr));
}

static void add_sent(const struct arm_smmu_cmdq *cmdq, struct arm_smmu_stats *stats)
{
	const struct arm_smmu_sent *sent = &cmdq->sent;

	stats->commands += __atomic_load_n(&sent->commands, __ATOMIC_RELAXED);
	stats->syncs += __atomic_load_n(&sent->syncs, __ATOMIC_RELAXED);
	stats->tlbi += __atomic_load_n(&sent->tlbi, __ATOMIC_RELAXED);
	stats->cfgi += __atomic_load_n(&sent->cfgi, __ATOMIC_RELAXED);
}

void arm_smmu_get_stats(const struct arm_smmu *smmu, struct arm_smmu_stats *stats)
{
	uint64_t c[COUNT_NR];

	for (unsigned i = 0; i < COUNT_NR; i++)
		c[i] = __atomic_load_n(&smmu->counters[i], __ATOMIC_RELAXED);
	*stats = (struct arm_smmu_stats){
		.events = c[COUNT_EVENTS],
		.events_overflown = c[COUNT_OVERFLOWS],
		.page_requests = c[COUNT_PAGE_REQUESTS],
		.gerrors = c[COUNT_GERRORS],
		.cmdq_errors = c[COUNT_CMDQ_ERRORS],
		.timeouts = c[COUNT_TIMEOUTS],
	};
	add_sent(&smmu->cmdq, stats);
	for (unsigned i = 0; i < smmu->max_ecmdqs; i++)
		add_sent(&smmu->ecmdqs[i], stats);
}

struct text {
	char *buf;
	size_t len, at;
};

IOMMU_PRINTF(2, 3) static void say(struct text *t, const char *fmt, ...)
{
	size_t room = t->at < t->len ? t->len - t->at : 0;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(room ? t->buf + t->at : NULL, room, fmt, args);
	va_end(args);
	t->at += n > 0 ? (size_t)n : 0;
}

/*
 * Not yet consumed, oldest first; a long tail is cut. By the driver's own PROD, which the
 * register may not have become.
 */
static void say_in_flight(const struct arm_smmu_cmdq *cmdq, struct text *t, uint32_t cons)
{
	const struct arm_smmu_queue *q = &cmdq->q;
	uint32_t prod = __atomic_load_n(&cmdq->prod, __ATOMIC_ACQUIRE);
	uint32_t used = queue_used(q, queue_index(q, prod), queue_index(q, cons));

	for (uint32_t i = 0; i < used && i < 16; i++) {
		hwword_t *at = queue_entry(q, cons + i);

		say(t, "cmd[%#x] %016llx %016llx\n", queue_index(q, cons + i),
		    (unsigned long long)hw_load(&at[0]),
		    (unsigned long long)hw_load(&at[1]));
	}
	if (used > 16)
		say(t, "... %u more\n", used - 16);
}

static void say_ecmdq(const struct arm_smmu *smmu, struct text *t, unsigned i)
{
	const struct arm_smmu_queue *q = &smmu->ecmdqs[i].q;
	uint32_t prod = arm_smmu_read32(smmu, q->prod_reg);
	uint32_t cons = arm_smmu_read32(smmu, q->cons_reg);

	if (queue_index(q, __atomic_load_n(&smmu->ecmdqs[i].prod, __ATOMIC_ACQUIRE)) ==
	    queue_index(q, cons))
		return;
	say(t, "ECMDQ_PROD%u %#x ECMDQ_CONS%u %#x\n", i, prod, i, cons);
	say_in_flight(&smmu->ecmdqs[i], t, cons);
}

size_t arm_smmu_dump(struct arm_smmu *smmu, char *buf, size_t len)
{
	static const struct {
		const char *name;
		uint32_t reg;
	} regs[] = {
		{ "CR0", SMMU_REG_CR0 },
		{ "CR0ACK", SMMU_REG_CR0ACK },
		{ "GERROR", SMMU_REG_GERROR },
		{ "GERRORN", SMMU_REG_GERRORN },
		{ "EVENTQ_PROD", SMMU_REG_EVENTQ_PROD },
		{ "EVENTQ_CONS", SMMU_REG_EVENTQ_CONS },
	};
	struct text t = { buf, len, 0 };
	uint32_t prod = arm_smmu_read32(smmu, SMMU_REG_CMDQ_PROD);
	uint32_t cons = arm_smmu_read32(smmu, SMMU_REG_CMDQ_CONS);

	say(&t, "CMDQ_PROD %#x CMDQ_CONS %#x", prod, cons);
	for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		say(&t, " %s %#x", regs[i].name, arm_smmu_read32(smmu, regs[i].reg));
	say(&t, "\n");
	say_in_flight(&smmu->cmdq, &t, cons);
	for (unsigned i = 0; i < smmu->num_ecmdqs; i++)
		say_ecmdq(smmu, &t, i);
	return t.at;
}
