/* SPDX-License-Identifier: MIT */
/*
 * A command queue: commands into a ring that many fill at once (ring.h), and the wait
 * for a CMD_SYNC, side by side with everybody else's.
 */
#include "driver/cmdq.h"
#include <errno.h>
#include <string.h>
#include "driver/atomic.h"
#include "driver/queue.h"

enum { STAND_BACKS = 4 };

int arm_smmu_cmdq_alloc(struct arm_smmu *smmu, struct arm_smmu_cmdq *cmdq, unsigned log2,
			uint32_t prod_reg, uint32_t cons_reg)
{
	const unsigned by_msi = FEAT_MSI | FEAT_COHERENCY;
	int err;

	cmdq->smmu = smmu;
	err = arm_smmu_queue_alloc(smmu, &cmdq->q, log2, SMMU_CMD_DWORDS, prod_reg,
				   cons_reg);
	if (!err)
		err = arm_smmu_ring_init(&cmdq->ring, cmdq->q.log2);
	/* DRV-7: a message can be polled for where memory is coherent. */
	if ((smmu->features & by_msi) == by_msi &&
	    !(smmu->options & ARM_SMMU_DISABLE_MSIPOLL))
		cmdq->sync = SYNC_MSI;
	return err;
}

void arm_smmu_cmdq_free(struct arm_smmu *smmu, struct arm_smmu_cmdq *cmdq)
{
	arm_smmu_ring_fini(&cmdq->ring);
	arm_smmu_queue_free(smmu, &cmdq->q);
}

void arm_smmu_cmdq_start(struct arm_smmu_cmdq *cmdq, uint32_t base_reg)
{
	struct arm_smmu *smmu = cmdq->smmu;

	arm_smmu_ring_reset(&cmdq->ring);
	__atomic_store_n(&cmdq->prod, 0, __ATOMIC_RELAXED);
	arm_smmu_write64(smmu, base_reg, arm_smmu_queue_base(&cmdq->q));
	arm_smmu_write32(smmu, cmdq->q.prod_reg, 0);
	arm_smmu_write32(smmu, cmdq->q.cons_reg, 0);
}

/* ---- Telling the SMMU ---- */

static void run_deferred(struct arm_smmu_cmdq *cmdq)
{
	/* Mostly there is nothing, and a look is cheaper. */
	if (!__atomic_load_n(&cmdq->deferred, __ATOMIC_ACQUIRE) ||
	    !__atomic_exchange_n(&cmdq->deferred, false, __ATOMIC_ACQ_REL))
		return;
	arm_smmu_evtq_handler(cmdq->smmu);
	arm_smmu_priq_handler(cmdq->smmu);
}

static bool defer(struct arm_smmu_cmdq *cmdq)
{
	/* Another thread's id may be anything; one's own is there if one writes. */
	if (__atomic_load_n(&cmdq->owner, __ATOMIC_RELAXED) != (uintptr_t)pthread_self())
		return false;
	__atomic_store_n(&cmdq->deferred, true, __ATOMIC_RELEASE);
	return true;
}

bool arm_smmu_cmdq_defer(struct arm_smmu *smmu)
{
	bool any = defer(&smmu->cmdq);

	for (unsigned i = 0; i < smmu->num_ecmdqs && !any; i++)
		any = defer(&smmu->ecmdqs[i]);
	return any;
}

static void write_prod(struct arm_smmu_cmdq *cmdq)
{
	uint32_t prod = shared_load(&cmdq->prod) | shared_load(&cmdq->flags);

	__atomic_store_n(&cmdq->owner, (uintptr_t)pthread_self(), __ATOMIC_RELAXED);
	/* Orders the commands before the index (platform.h). */
	arm_smmu_write32(cmdq->smmu, cmdq->q.prod_reg, prod);
	__atomic_store_n(&cmdq->owner, 0, __ATOMIC_RELAXED);
}

/*
 * Through a gate, since the ERRACK of an ECMDQ is in the register that bears the index:
 * whoever finds somebody inside leaves the write to him.
 */
static void tell(struct arm_smmu_cmdq *cmdq)
{
	if (!arm_smmu_gate_enter(&cmdq->gate))
		return;
	do {
		write_prod(cmdq);
	} while (arm_smmu_gate_leave(&cmdq->gate));
}

void arm_smmu_cmdq_kick(struct arm_smmu_cmdq *cmdq)
{
	tell(cmdq);
	run_deferred(cmdq);
}

/* ---- How far the SMMU is ---- */

static struct arm_smmu_cmd sync_cmd(const struct arm_smmu_cmdq *cmdq, uint64_t pos)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_SYNC);
	uint64_t slot = pos & ((UINT64_C(1) << cmdq->q.log2) - 1);

	if (cmdq->sync == SYNC_POLL) {
		/* DRV-98: an event may shorten the wait of a CPU. */
		smmu_set(cmd.dw, SMMU_CMD_SYNC_CS,
			 cmdq->smmu->features & FEAT_SEV ? SMMU_CS_SEV : SMMU_CS_NONE);
		return cmd;
	}
	smmu_set(cmd.dw, SMMU_CMD_SYNC_CS, SMMU_CS_IRQ);
	if (cmdq->sync == SYNC_MSI) { /* DRV-97 */
		smmu_set(cmd.dw, SMMU_CMD_SYNC_MSH, SMMU_SHARE_ISH);
		smmu_set(cmd.dw, SMMU_CMD_SYNC_MSIAttr, SMMU_MEMATTR_OWB_IWB);
		smmu_set_addr(cmd.dw, SMMU_CMD_SYNC_MSIAddress,
			      cmdq->q.mem.pa + slot * 8 * SMMU_CMD_DWORDS);
	}
	return cmd;
}

/* The slot at pos holds a CMD_SYNC whose message has not come. */
static bool awaits_message(const struct arm_smmu_cmdq *cmdq, uint64_t pos)
{
	uint64_t dw[SMMU_CMD_DWORDS] = { (uint32_t)hw_load(
		queue_entry(&cmdq->q, (uint32_t)pos)) };

	return smmu_get(dw, SMMU_CMD_OPCODE) == SMMU_OP_SYNC &&
	       smmu_get(dw, SMMU_CMD_SYNC_CS) == SMMU_CS_IRQ;
}

/*
 * CONS may pass a CMD_SYNC before its message comes (CMD-80), which would then write
 * into whatever command is in the slot by that time: no further than that.
 */
static uint64_t up_to_message(const struct arm_smmu_cmdq *cmdq, uint64_t from, uint64_t n)
{
	uint64_t i = 0;

	if (cmdq->sync != SYNC_MSI)
		return n;
	while (i < n && !awaits_message(cmdq, from + i))
		i++;
	return i;
}

/* Reads the register; true: everything below `end` is consumed. `now`: for room. */
static bool look(struct arm_smmu_cmdq *cmdq, uint64_t end, bool now)
{
	uint64_t seen = arm_smmu_ring_consumed(&cmdq->ring);
	uint32_t cons = arm_smmu_read32(cmdq->smmu, cmdq->q.cons_reg);
	uint64_t n = arm_smmu_ring_ahead(&cmdq->ring, seen, cons);
	uint64_t pos = seen + up_to_message(cmdq, seen, n);
	bool sure = arm_smmu_ring_consume(&cmdq->ring, seen, pos, now);

	/* An error that no interrupt told of stops the queue for good. */
	if (arm_smmu_cmdq_stopped(cmdq, cons))
		arm_smmu_gerror_handler(cmdq->smmu);
	return sure && pos >= end;
}

static void report_timeout(struct arm_smmu *smmu, const char *what)
{
	char text[4096], *line = text, *rest;

	arm_smmu_count(smmu, COUNT_TIMEOUTS, 1);
	arm_smmu_dump(smmu, text, sizeof(text));
	rest = strchr(text, '\n');
	while (rest) {
		*rest++ = 0;
		if (line != text)
			arm_smmu_msg(smmu, IOMMU_MSG_ERROR, "in flight: %s", line);
		line = rest;
		rest = strchr(rest, '\n');
	}
	arm_smmu_msg(smmu, IOMMU_MSG_ERROR, "%s timed out: %.180s", what, text);
}

/*
 * Two CPUs that submit in turn pass the words of the ring, the slots and whatever the
 * SMMU keeps to and fro, each many times the price of a submission. So who finds another
 * at it leaves him the queue for a while, in which he does several; but not for long.
 */
static void let_others_finish(struct arm_smmu_cmdq *cmdq)
{
	for (unsigned i = 0; i < STAND_BACKS && arm_smmu_ring_busy(&cmdq->ring); i++)
		shared_stand_back();
}

/*
 * CHOICE: DRV-96 would wait for ever; a process that hangs with a dead device helps
 * nobody, so the wait ends, with an error to the caller and nothing put in.
 */
static int reserve(struct arm_smmu_cmdq *cmdq, unsigned n, uint64_t *pos, bool *owner)
{
	struct arm_smmu_wait w;

	let_others_finish(cmdq);
	if (arm_smmu_ring_reserve(&cmdq->ring, n, pos, owner))
		return 0;
	arm_smmu_wait_begin(cmdq->smmu, &w);
	for (;;) {
		look(cmdq, 0, true);
		if (arm_smmu_ring_reserve(&cmdq->ring, n, pos, owner))
			return 0;
		if (!arm_smmu_wait_more(cmdq->smmu, &w)) {
			report_timeout(cmdq->smmu, "the command queue is full and");
			return -ETIMEDOUT;
		}
	}
}

/* ---- The wait for a CMD_SYNC, the last command below `end` ---- */

void arm_smmu_sync_handler(void *arg)
{
	struct arm_smmu *smmu = arg;

	__atomic_add_fetch(&smmu->cmdq.syncs, 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < smmu->num_ecmdqs; i++)
		__atomic_add_fetch(&smmu->ecmdqs[i].syncs, 1, __ATOMIC_RELEASE);
}

/*
 * Without a register. A slot that has been used again since reads as anything, but
 * then `consumed` is beyond it, and is looked at afterwards.
 */
static bool sync_done(struct arm_smmu_cmdq *cmdq, uint64_t end)
{
	hwword_t *slot = queue_entry(&cmdq->q, (uint32_t)(end - 1));

	if (cmdq->sync == SYNC_MSI && !(uint32_t)hw_load(slot)) {
		arm_smmu_ring_passed(&cmdq->ring, end);
		return true;
	}
	return arm_smmu_ring_consumed(&cmdq->ring) >= end;
}

/*
 * The register: each time without a signal to wait for, else after an interrupt, and
 * now and then in case that an error stopped the queue and nobody said so.
 */
static bool worth_a_look(struct arm_smmu_cmdq *cmdq, const struct arm_smmu_wait *w,
			 unsigned *syncs)
{
	unsigned now = __atomic_load_n(&cmdq->syncs, __ATOMIC_ACQUIRE), before = *syncs;

	*syncs = now;
	return cmdq->sync == SYNC_POLL || now != before || w->over ||
	       !(w->polls & (w->polls - 1));
}

/* A message that aborted never comes; CONS is past the SYNC all the same (CMD-85). */
static bool message_lost(struct arm_smmu_cmdq *cmdq, uint64_t end)
{
	uint64_t seen = arm_smmu_ring_consumed(&cmdq->ring);
	uint32_t cons = arm_smmu_read32(cmdq->smmu, cmdq->q.cons_reg);

	if (cmdq->sync != SYNC_MSI || seen >= end ||
	    arm_smmu_ring_ahead(&cmdq->ring, seen, cons) < end - seen)
		return false;
	hw_store(queue_entry(&cmdq->q, (uint32_t)(end - 1)), 0);
	arm_smmu_msg(cmdq->smmu, IOMMU_MSG_WARNING,
		     "the message of a completed CMD_SYNC did not come");
	return sync_done(cmdq, end);
}

/*
 * What takes no time to speak of: the SMMU was done when PROD was written, or somebody
 * else is about to write it.
 */
static bool done_soon(struct arm_smmu_cmdq *cmdq, uint64_t end, bool owner)
{
	bool poll = cmdq->sync == SYNC_POLL;
	unsigned spins = owner ? 1 : 32;

	for (unsigned i = 0; i < spins; i++) {
		if (i)
			shared_pause(i);
		if (sync_done(cmdq, end) || (poll && look(cmdq, end, false)))
			return true;
	}
	return false;
}

static int wait_sync(struct arm_smmu_cmdq *cmdq, uint64_t end, bool owner)
{
	struct arm_smmu_wait w;
	unsigned syncs = 0;

	if (done_soon(cmdq, end, owner))
		return 0;
	arm_smmu_wait_begin(cmdq->smmu, &w);
	for (;;) {
		if (worth_a_look(cmdq, &w, &syncs) && look(cmdq, end, false))
			return 0;
		if (sync_done(cmdq, end))
			return 0;
		if (arm_smmu_wait_more(cmdq->smmu, &w))
			continue;
		if (message_lost(cmdq, end))
			return 0;
		report_timeout(cmdq->smmu, "CMD_SYNC");
		return -ETIMEDOUT;
	}
}

/* ---- Submission ---- */

static void put(struct arm_smmu_cmdq *cmdq, uint64_t pos, const struct arm_smmu_cmd *cmd)
{
	hwword_t *at = queue_entry(&cmdq->q, (uint32_t)pos);

	for (unsigned i = 0; i < SMMU_CMD_DWORDS; i++)
		hw_store(&at[i], cmd->dw[i]);
}

/* By the owner alone. */
static void add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n,
			 __ATOMIC_RELAXED);
}

static void count_commands(struct arm_smmu_cmdq *cmdq, uint64_t pos, uint64_t end)
{
	uint64_t tlbi = 0, cfgi = 0, syncs = 0;

	for (uint64_t p = pos; p < end; p++) {
		uint64_t dw[] = { hw_load(queue_entry(&cmdq->q, (uint32_t)p)) };
		unsigned op = (unsigned)smmu_get(dw, SMMU_CMD_OPCODE);

		tlbi += op >= SMMU_OP_TLBI_NH_ALL && op <= SMMU_OP_TLBI_NSNH_ALL;
		cfgi += op >= SMMU_OP_CFGI_STE && op <= SMMU_OP_CFGI_CD_ALL;
		syncs += op == SMMU_OP_SYNC;
	}
	add(&cmdq->sent.commands, end - pos);
	add(&cmdq->sent.tlbi, tlbi);
	add(&cmdq->sent.cfgi, cfgi);
	add(&cmdq->sent.syncs, syncs);
}

static void hand_over(struct arm_smmu_cmdq *cmdq, uint64_t pos, unsigned n)
{
	uint64_t end = arm_smmu_ring_take(&cmdq->ring, pos, n);

	count_commands(cmdq, pos, end);
	shared_store(&cmdq->prod, queue_index(&cmdq->q, (uint32_t)end));
	/* The owner is alone, but for ERRACK, which the main queue has elsewhere. */
	if (cmdq == &cmdq->smmu->cmdq)
		write_prod(cmdq);
	else
		tell(cmdq);
	arm_smmu_ring_hand_over(&cmdq->ring, end);
	/* They have commands of their own, which come after these. */
	run_deferred(cmdq);
}

int arm_smmu_cmdq_submit(struct arm_smmu_cmdq *cmdq, const struct arm_smmu_cmd *cmds,
			 unsigned n, bool sync)
{
	uint64_t pos;
	bool owner;
	int err;

	if (n + sync == 0) {
		run_deferred(cmdq);
		return 0;
	}
	err = reserve(cmdq, n + sync, &pos, &owner);
	if (err)
		return err;
	for (unsigned i = 0; i < n; i++)
		put(cmdq, pos + i, &cmds[i]);
	if (sync) {
		struct arm_smmu_cmd last = sync_cmd(cmdq, pos + n);

		put(cmdq, pos + n, &last);
	}
	if (owner)
		hand_over(cmdq, pos, n + sync);
	else
		arm_smmu_ring_publish(&cmdq->ring, pos, n + sync);
	return sync ? wait_sync(cmdq, pos + n + 1, owner) : 0;
}

int arm_smmu_submit(struct arm_smmu *smmu, const struct arm_smmu_cmd *cmds, unsigned n,
		    bool sync)
{
	return arm_smmu_cmdq_submit(arm_smmu_cmdq_of(smmu), cmds, n, sync);
}
