/* SPDX-License-Identifier: MIT */
/*
 * The bus under several threads. Run under TSan these also prove that what races
 * in the emulated machine is no data race in the host.
 *  1. compare-and-swap loses no increment, in RAM and behind callbacks
 *  2. an aligned 8 bytes is never seen torn, whatever the other side's length
 *  3. a write releases what was written before it, and a read acquires it
 *  4. wires are made once, pulses are never lost, listeners may change meanwhile
 */
#include "bus_test.h"
#include <pthread.h>
#include <stdatomic.h>

#define THREADS 3
#define ROUNDS	20000u
#define RAM	0x80000000ull
#define DEVICE	0x10000000ull

/* cmocka's assertions belong to the main thread: workers count what went wrong. */
struct job {
	struct smmu_bus *bus;
	uint64_t pa;
	unsigned int bad;
};

static unsigned int run_threads(struct smmu_bus *bus, uint64_t pa,
				void *(*const fn[])(void *))
{
	struct job job[THREADS];
	pthread_t thread[THREADS];
	unsigned int bad = 0;

	for (unsigned int i = 0; i < THREADS; i++) {
		job[i] = (struct job){ .bus = bus, .pa = pa };
		assert_int_equal(pthread_create(&thread[i], NULL, fn[i], &job[i]), 0);
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		bad += job[i].bad;
	}
	return bad;
}

static void *increment(void *arg)
{
	struct job *job = arg;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t v;
		int ret;

		if (smmu_bus_read64(job->bus, job->pa, &v, NULL))
			job->bad++;
		do
			ret = smmu_bus_cas64(job->bus, job->pa, &v, v + 1, NULL);
		while (ret == 1);
		if (ret)
			job->bad++;
	}
	return NULL;
}

static void threads_cas_in_ram(void **state)
{
	void *(*const fn[THREADS])(void *) = { increment, increment, increment };
	uint64_t v;

	assert_int_equal(smmu_bus_add_ram(*state, RAM, PAGE, NULL), 0);
	assert_int_equal(run_threads(*state, RAM + 8, fn), 0);
	assert_int_equal(smmu_bus_read64(*state, RAM + 8, &v, NULL), 0);
	assert_int_equal(v, THREADS * ROUNDS);
}

static int cell_read(void *ctx, uint64_t pa, void *buf, size_t len,
		     const struct smmu_attr *attr)
{
	uint64_t v = atomic_load((_Atomic uint64_t *)ctx);

	(void)pa, (void)attr;
	if (len != 8)
		return -EIO;
	memcpy(buf, &v, 8);
	return 0;
}

static int cell_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		      const struct smmu_attr *attr)
{
	uint64_t v;

	(void)pa, (void)attr;
	if (len != 8)
		return -EIO;
	memcpy(&v, buf, 8);
	atomic_store((_Atomic uint64_t *)ctx, v);
	return 0;
}

static void threads_cas_behind_callbacks(void **state)
{
	void *(*const fn[THREADS])(void *) = { increment, increment, increment };
	const struct smmu_mem_ops ops = { cell_read, cell_write, NULL };
	_Atomic uint64_t cell = 0;
	uint64_t v;

	assert_int_equal(smmu_bus_add_region(*state, DEVICE, 8, &ops, &cell), 0);
	assert_int_equal(run_threads(*state, DEVICE, fn), 0);
	assert_int_equal(smmu_bus_read64(*state, DEVICE, &v, NULL), 0);
	assert_int_equal(v, THREADS * ROUNDS);
}

/* 61 bytes that begin 3 before an aligned word: bytes, a half, seven words, bytes. */
#define DMA_OFFSET 5u
#define DMA_LEN	   61u

static void *dma_write(void *arg)
{
	struct job *job = arg;
	unsigned char buf[DMA_LEN];

	for (unsigned int i = 0; i < ROUNDS; i++) {
		memset(buf, (int)(i & 0xff), sizeof(buf));
		if (smmu_bus_write(job->bus, job->pa + DMA_OFFSET, buf, DMA_LEN, NULL))
			job->bad++;
	}
	return NULL;
}

static bool is_torn(uint64_t v)
{
	return v != (v & 0xff) * 0x0101010101010101ull;
}

static void *dma_read(void *arg)
{
	struct job *job = arg;
	unsigned char buf[DMA_LEN];

	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (smmu_bus_read(job->bus, job->pa + DMA_OFFSET, buf, DMA_LEN, NULL))
			job->bad++;
		for (size_t at = 8 - DMA_OFFSET; at + 8 <= DMA_LEN; at += 8) {
			uint64_t v;

			memcpy(&v, buf + at, 8);
			if (is_torn(v))
				job->bad++;
		}
	}
	return NULL;
}

static void *word_read(void *arg)
{
	struct job *job = arg;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t v = 0, expected = 0x4242424242424242;
		uint32_t w = 0;

		if (smmu_bus_read64(job->bus, job->pa + 8, &v, NULL) || is_torn(v))
			job->bad++;
		if (smmu_bus_read32(job->bus, job->pa + 16, &w, NULL) ||
		    w != (w & 0xff) * 0x01010101u)
			job->bad++;
		if (smmu_bus_cas64(job->bus, job->pa + 24, &expected, 0x1717171717171717,
				   NULL) < 0)
			job->bad++;
		if (smmu_bus_write64(job->bus, job->pa + 32, 0x9999999999999999, NULL))
			job->bad++;
	}
	return NULL;
}

static void threads_words_are_never_torn(void **state)
{
	void *(*const fn[THREADS])(void *) = { dma_write, dma_read, word_read };

	assert_int_equal(smmu_bus_add_ram(*state, RAM, PAGE, NULL), 0);
	assert_int_equal(run_threads(*state, RAM, fn), 0);
}

/*
 * A message, then a flag; the other side polls the flag. The message is written
 * through the host pointer, without atomics: only the bus's ordering makes it safe,
 * and TSan objects if it does not.
 */
static void *send(void *arg)
{
	struct job *job = arg;
	uint64_t *message = smmu_bus_ptr(job->bus, job->pa, 8);

	for (uint64_t i = 1; i <= 200; i++) {
		uint64_t ack = 0;

		*message = i * 3;
		if (smmu_bus_write64(job->bus, job->pa + 64, i, NULL))
			job->bad++;
		while (ack != i)
			if (smmu_bus_read(job->bus, job->pa + 128, &ack, 8, NULL))
				job->bad++;
	}
	return NULL;
}

static void *receive(void *arg)
{
	struct job *job = arg;
	const uint64_t *message = smmu_bus_ptr(job->bus, job->pa, 8);

	for (uint64_t i = 1; i <= 200; i++) {
		uint64_t flag = 0;

		while (flag != i)
			if (smmu_bus_read64(job->bus, job->pa + 64, &flag, NULL))
				job->bad++;
		if (*message != i * 3)
			job->bad++;
		if (smmu_bus_write(job->bus, job->pa + 128, &i, 8, NULL))
			job->bad++;
	}
	return NULL;
}

static void *idle(void *arg)
{
	(void)arg;
	return NULL;
}

static void threads_flag_publishes_message(void **state)
{
	void *(*const fn[THREADS])(void *) = { send, receive, idle };

	assert_int_equal(smmu_bus_add_ram(*state, RAM, PAGE, NULL), 0);
	assert_int_equal(run_threads(*state, RAM, fn), 0);
}

struct ear {
	_Atomic uint64_t heard;
	uint64_t which; /* never written once connected */
};

static void hear(void *ctx, const char *name)
{
	struct ear *ear = ctx;

	if (name[0] == 'i' && ear->which < 2)
		atomic_fetch_add(&ear->heard, 1);
}

static struct ear ears[2];

static void *pulse(void *arg)
{
	struct job *job = arg;
	struct smmu_wire *wire = smmu_bus_wire(job->bus, "irq");

	for (unsigned int i = 0; i < ROUNDS; i++)
		smmu_wire_pulse(wire);
	return NULL;
}

static void *rewire(void *arg)
{
	struct job *job = arg;

	for (unsigned int i = 0; i < 2000; i++)
		if (smmu_bus_listen(job->bus, "irq", hear, &ears[i & 1]))
			job->bad++;
	return NULL;
}

static void threads_pulses_are_not_lost(void **state)
{
	void *(*const fn[THREADS])(void *) = { pulse, pulse, rewire };

	for (uint64_t i = 0; i < 2; i++) {
		atomic_init(&ears[i].heard, 0);
		ears[i].which = i;
	}
	assert_int_equal(smmu_bus_listen(*state, "irq", hear, &ears[0]), 0);
	assert_int_equal(run_threads(*state, 0, fn), 0);
	assert_int_equal(smmu_wire_pulses(smmu_bus_wire(*state, "irq")), 2 * ROUNDS);
	/* somebody listened all the time */
	assert_int_equal(atomic_load(&ears[0].heard) + atomic_load(&ears[1].heard),
			 2 * ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bus_test(threads_cas_in_ram),
		bus_test(threads_cas_behind_callbacks),
		bus_test(threads_words_are_never_torn),
		bus_test(threads_flag_publishes_message),
		bus_test(threads_pulses_are_not_lost),
	};

	return cmocka_run_group_tests_name("bus: threads", tests, NULL, NULL);
}
