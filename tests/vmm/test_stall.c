/* SPDX-License-Identifier: MIT */
/*
 * Faults of a guest's device that wait for the guest (3.12, DRV-105 to DRV-107): the
 * event that says so, CMD_RESUME either way, CMD_STALL_TERM, and what the host ends by
 * itself.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include <smmulator/stall.h>
#include "vmm/vm.h"

#define IOVA UINT64_C(0x7fff5000)
#define DATA (VM_RAM + UINT64_C(0x200000))

struct bench {
	struct rig host;
	struct vm vm;
	struct smmu_port *port[2]; /* a transfer that waits keeps its port */
	uint64_t word[2], ticket[2];
	uint64_t leaf; /* GPA of the descriptor of IOVA */
};

static void with_stalls(struct vmm_config *config)
{
	config->stalls = true;
}

static void assign(struct bench *b, const char *name, uint32_t sid, uint32_t vsid)
{
	const struct iommu_dev_desc desc = { .name = name, .dma_can_stall = true };
	size_t i = b->vm.num++;

	b->vm.assigned[i].dev = rig_add_as(&b->host, &desc, &sid, 1);
	b->vm.assigned[i].vsid = vsid;
	b->vm.sids[i] = sid;
}

/* Two devices whose one CD stalls; nothing is mapped at IOVA. */
static void setup_as(struct bench *b, unsigned stall_model, unsigned eventq_log2)
{
	struct smmu_config cfg = vm_host_config();
	uint64_t cd, ste[2], table, words[8];

	memset(b, 0, sizeof(*b));
	cfg.stall_model = (uint8_t)stall_model;
	cfg.stall_max = 16;
	rig_up(&b->host, &cfg);
	b->vm = (struct vm){ .host = &b->host };
	assign(b, "one", 0x10, 3);
	assign(b, "two", 0x11, 4);
	vm_make(&b->vm, with_stalls);
	raw_init(&b->vm);
	raw_wr32(&b->vm, SMMU_REG_CR0, 0);
	raw_wr64(&b->vm, SMMU_REG_EVENTQ_BASE, b->vm.eventq | eventq_log2);
	raw_wr32(&b->vm, SMMU_REG_CR0,
		 (uint32_t)(SMMU_MASK(SMMU_CR0_CMDQEN) | SMMU_MASK(SMMU_CR0_EVENTQEN)));
	cd = raw_stage1(&b->vm, IOVA, DATA);
	memcpy(words, vm_ptr(&b->vm, cd), sizeof(words));
	smmu_set(words, SMMU_CD_S, 1);
	memcpy(vm_ptr(&b->vm, cd), words, sizeof(words));
	table = smmu_get_addr(words, SMMU_CD_TTB0);
	for (unsigned shift = 39; shift > 12; shift -= 9) {
		uint64_t *at = vm_ptr(&b->vm, table + 8 * (IOVA >> shift & 511));

		table = *at & ~UINT64_C(0xfff);
	}
	b->leaf = table + 8 * (IOVA >> 12 & 511);
	raw_poke(&b->vm, b->leaf, 0);
	raw_ste_s1(ste, cd);
	raw_ste(&b->vm, 3, ste[0], ste[1]);
	raw_ste(&b->vm, 4, ste[0], ste[1]);
	raw_enable(&b->vm, true);
	for (unsigned i = 0; i < 2; i++) {
		b->port[i] = smmu_port_open(b->host.smmu);
		assert_non_null(b->port[i]);
	}
}

static void setup(struct bench *b)
{
	setup_as(b, 0, 6);
}

static void teardown(struct bench *b)
{
	vm_destroy(&b->vm);
	for (unsigned i = 0; i < 2; i++)
		smmu_port_close(b->port[i]);
	rig_down(&b->host);
}

/* A write of 8 bytes by device i, which stalls. */
static void stalls(struct bench *b, unsigned i, uint64_t addr)
{
	struct smmu_txn txn = { .sid = b->vm.sids[i], .addr = addr, .op = SMMU_WRITE };
	struct smmu_result r;

	b->word[i] = 0x1234 + i;
	r = smmu_dma(b->port[i], &txn, &b->word[i], 8, NULL);
	assert_int_equal(r.status, SMMU_STALLED);
	b->ticket[i] = r.ticket;
}

static unsigned ended(struct bench *b, unsigned i)
{
	struct smmu_result r = { .status = SMMU_STALLED };
	int err = smmu_port_wait(b->port[i], b->ticket[i], 0, &r, NULL);

	return err ? SMMU_STALLED : r.status;
}

/* The event that the guest reads; its STAG. */
static uint16_t heard(struct bench *b, uint32_t vsid, uint64_t addr)
{
	uint64_t dw[4];

	(void)vmm_guest_pump(b->vm.vmm);
	assert_true(raw_event(&b->vm, dw));
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_EVENT), SMMU_EVT_F_TRANSLATION);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_StreamID), vsid);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_Stall), 1);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_RnW), 0);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_S2), 0);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_InputAddr), addr);
	return (uint16_t)smmu_get(dw, SMMU_F_TRANSLATION_STAG);
}

static void resume(struct bench *b, uint32_t vsid, uint16_t stag, bool retry)
{
	uint64_t cmd[1][2] = { { 0, 0 } };

	smmu_set(cmd[0], SMMU_CMD_OPCODE, SMMU_OP_RESUME);
	smmu_set(cmd[0], SMMU_CMD_StreamID, vsid);
	smmu_set(cmd[0], SMMU_CMD_RESUME_STAG, stag);
	smmu_set(cmd[0], SMMU_CMD_RESUME_Ac, retry);
	smmu_set(cmd[0], SMMU_CMD_RESUME_Ab, !retry);
	raw_cmds(&b->vm, (const uint64_t(*)[2])cmd, 1);
	assert_int_equal(raw_cerror(&b->vm), 0);
}

static void map(struct bench *b)
{
	raw_poke(&b->vm, b->leaf, DATA | 0x743);
}

/* DRV-107: the guest maps the page and lets it go on. */
static void test_retry(void **state)
{
	struct bench b;
	uint16_t stag;

	(void)state;
	for (unsigned model = 0; model <= 2; model += 2) {
		setup_as(&b, model, 6);
		assert_int_equal(smmu_reg_get(raw_rd32(&b.vm, SMMU_REG_IDR0),
					      SMMU_IDR0_STALL_MODEL),
				 model);
		stalls(&b, 0, IOVA + 8);
		stag = heard(&b, 3, IOVA + 8);
		assert_int_equal(ended(&b, 0), SMMU_STALLED);
		map(&b);
		resume(&b, 3, stag, true);
		assert_int_equal(ended(&b, 0), SMMU_OK);
		assert_int_equal(rig_peek(&b.host, b.vm.host_pa + (DATA - VM_RAM) + 8),
				 0x1234);
		teardown(&b);
	}
}

/* Retried without a page it stalls again, under a name of its own; then with no. */
static void test_again_and_no(void **state)
{
	struct bench b;
	uint16_t stag;

	(void)state;
	setup(&b);
	stalls(&b, 0, IOVA);
	stag = heard(&b, 3, IOVA);
	resume(&b, 3, stag, true);
	assert_int_equal(ended(&b, 0), SMMU_STALLED);
	stag = heard(&b, 3, IOVA);
	resume(&b, 3, stag, false);
	assert_int_equal(ended(&b, 0), SMMU_ABORT);
	/* It is over: once more is nothing. */
	resume(&b, 3, stag, true);
	teardown(&b);
}

/* CMD-68: STAG and StreamID must both fit; so none is another stream's to resume. */
static void test_whose_it_is(void **state)
{
	struct bench b;
	uint16_t one, two;

	(void)state;
	setup(&b);
	stalls(&b, 0, IOVA);
	one = heard(&b, 3, IOVA);
	stalls(&b, 1, IOVA + 16);
	two = heard(&b, 4, IOVA + 16);
	map(&b);
	resume(&b, 4, one, true);
	resume(&b, 3, two, true);
	resume(&b, 0x10, one, true); /* the host's name for it */
	assert_int_equal(ended(&b, 0), SMMU_STALLED);
	assert_int_equal(ended(&b, 1), SMMU_STALLED);
	resume(&b, 4, two, true);
	assert_int_equal(ended(&b, 1), SMMU_OK);
	assert_int_equal(ended(&b, 0), SMMU_STALLED);
	/* CMD-74: all of a stream. */
	raw_cmd(&b.vm, SMMU_OP_STALL_TERM, 4);
	assert_int_equal(ended(&b, 0), SMMU_STALLED);
	raw_cmd(&b.vm, SMMU_OP_STALL_TERM, 3);
	assert_int_equal(ended(&b, 0), SMMU_ABORT);
	teardown(&b);
}

/* EVT-66: no room for the record: it waits, and the queue does not overflow. */
static void test_full_queue(void **state)
{
	struct bench b;
	uint64_t dw[4];
	uint16_t stag;

	(void)state;
	setup_as(&b, 0, 0); /* one record */
	stalls(&b, 0, IOVA);
	assert_int_equal(vmm_guest_pump(b.vm.vmm), 1);
	stalls(&b, 1, IOVA + 8);
	assert_int_equal(vmm_guest_pump(b.vm.vmm), 0);
	assert_int_equal(smmu_reg_get(raw_rd32(&b.vm, SMMU_REG_EVENTQ_PROD),
				      SMMU_EVENTQ_PROD_OVFLG),
			 0);
	/* A guest cannot resume what it has not heard of. */
	for (unsigned guess = 0; guess < 16; guess++)
		resume(&b, 4, (uint16_t)guess, false);
	assert_int_equal(ended(&b, 1), SMMU_STALLED);
	raw_wr32(&b.vm, SMMU_REG_EVENTQ_CONS, 1);
	assert_int_equal(vmm_guest_pump(b.vm.vmm), 1);
	for (unsigned i = 0; i < 4; i++)
		dw[i] = rig_peek(&b.host, b.vm.host_pa + (b.vm.eventq - VM_RAM) + 8 * i);
	assert_int_equal(smmu_get(dw, SMMU_F_TRANSLATION_StreamID), 4);
	stag = (uint16_t)smmu_get(dw, SMMU_F_TRANSLATION_STAG);
	map(&b);
	resume(&b, 4, stag, true);
	assert_int_equal(ended(&b, 1), SMMU_OK);
	assert_int_equal(vm_stats(&b.vm).events_lost, 0);
	teardown(&b);
}

/* CORE-166: what the guest moves, unplugs or leaves behind the host ends with no. */
static void test_left_behind(void **state)
{
	struct bench b;
	uint16_t stag;

	(void)state;
	setup(&b);
	stalls(&b, 0, IOVA);
	stag = heard(&b, 3, IOVA);
	raw_ste(&b.vm, 3, 0, 0);
	raw_cmd(&b.vm, SMMU_OP_CFGI_STE, 3);
	assert_int_equal(ended(&b, 0), SMMU_ABORT);
	resume(&b, 3, stag, true);
	stalls(&b, 1, IOVA);
	assert_int_equal(vmm_guest_unplug(b.vm.vmm, 4), 0);
	assert_int_equal(ended(&b, 1), SMMU_ABORT);
	teardown(&b);
	/* One that is read, and one that nobody has read, when the guest ends. */
	setup(&b);
	stalls(&b, 0, IOVA);
	(void)heard(&b, 3, IOVA);
	stalls(&b, 1, IOVA);
	vm_destroy(&b.vm);
	assert_int_equal(ended(&b, 0), SMMU_ABORT);
	assert_int_equal(ended(&b, 1), SMMU_ABORT);
	teardown(&b);
}

/* Without being asked for there are none: CD.S is C_BAD_CD by STE.S1STALLD (CD-3). */
static void test_not_asked_for(void **state)
{
	struct smmu_config cfg = vm_host_config();
	struct bench b;
	uint64_t cd, ste[2], word = 1, words[8], dw[4];

	(void)state;
	memset(&b, 0, sizeof(b));
	cfg.stall_model = 0;
	cfg.stall_max = 16;
	rig_up(&b.host, &cfg);
	b.vm = (struct vm){ .host = &b.host };
	assign(&b, "one", 0x10, 3);
	vm_make(&b.vm, NULL);
	raw_init(&b.vm);
	cd = raw_stage1(&b.vm, IOVA, DATA);
	memcpy(words, vm_ptr(&b.vm, cd), sizeof(words));
	smmu_set(words, SMMU_CD_S, 1);
	memcpy(vm_ptr(&b.vm, cd), words, sizeof(words));
	raw_ste_s1(ste, cd);
	raw_ste(&b.vm, 3, ste[0], ste[1]);
	raw_enable(&b.vm, true);
	assert_int_equal(vm_dma(&b.vm, 0, IOVA + 0x1000, true, &word).status, SMMU_ABORT);
	assert_int_equal(vmm_guest_pump(b.vm.vmm), 1);
	assert_true(raw_event(&b.vm, dw));
	assert_int_equal(smmu_get(dw, SMMU_C_BAD_CD_EVENT), SMMU_EVT_C_BAD_CD);
	vm_destroy(&b.vm);
	rig_down(&b.host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retry),	    cmocka_unit_test(test_again_and_no),
		cmocka_unit_test(test_whose_it_is), cmocka_unit_test(test_full_queue),
		cmocka_unit_test(test_left_behind), cmocka_unit_test(test_not_asked_for),
	};

	return cmocka_run_group_tests_name("vmm: stalls of a guest", tests, NULL, NULL);
}
