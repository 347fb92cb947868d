/* SPDX-License-Identifier: MIT */
/*
 * The lock of an SMMU: 1. one thread at a time, however they come; 2. who is inside is
 * told so; 3. a sleeper is woken, and what was written before is seen; 4. conditions.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include "model/lock.h"

enum { THREADS = 4, ROUNDS = 20000 };

struct shared {
	struct smmu_lock lock;
	struct smmu_cond cond;
	uint64_t counter; /* plain: the lock alone protects it */
	unsigned overlaps;
	atomic_int inside;
	bool flag;
	int result;
};

static struct shared *new_shared(void)
{
	static struct shared s;

	s = (struct shared){ .counter = 0 };
	assert_int_equal(smmu_lock_init(&s.lock), 0);
	assert_int_equal(smmu_cond_init(&s.cond), 0);
	return &s;
}

static void end(struct shared *s)
{
	smmu_cond_fini(&s->cond);
	smmu_lock_fini(&s->lock);
}

static void nap(long ns)
{
	const struct timespec t = { 0, ns };

	(void)nanosleep(&t, NULL);
}

static void *count(void *arg)
{
	struct shared *s = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		(void)smmu_lock_take(&s->lock);
		if (atomic_fetch_add(&s->inside, 1) != 0)
			s->overlaps++;
		s->counter++;
		/* Long enough, now and then, that the others go to sleep. */
		if (i % 4096 == 0)
			nap(100000);
		atomic_fetch_sub(&s->inside, 1);
		smmu_lock_drop(&s->lock);
	}
	return NULL;
}

static void one_at_a_time(void **state)
{
	struct shared *s = new_shared();
	pthread_t thread[THREADS];

	(void)state;
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, count, s), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(s->counter, THREADS * ROUNDS);
	assert_int_equal(s->overlaps, 0);
	assert_int_equal(atomic_load(&s->lock.owner), 0);
	assert_int_equal(atomic_load(&s->lock.sleepers), 0);
	end(s);
}

static void *look(void *arg)
{
	struct shared *s = arg;

	s->result = smmu_lock_mine(&s->lock);
	return NULL;
}

static void who_is_inside_is_told(void **state)
{
	struct shared *s = new_shared();
	pthread_t thread;

	(void)state;
	assert_false(smmu_lock_mine(&s->lock));
	assert_true(smmu_lock_take(&s->lock));
	assert_true(smmu_lock_mine(&s->lock));
	assert_false(smmu_lock_take(&s->lock));
	/* which has taken nothing: one drop gives it back */
	s->result = -1;
	assert_int_equal(pthread_create(&thread, NULL, look, s), 0);
	pthread_join(thread, NULL);
	assert_int_equal(s->result, false);
	smmu_lock_drop(&s->lock);
	assert_false(smmu_lock_mine(&s->lock));
	assert_true(smmu_lock_take(&s->lock));
	smmu_lock_drop(&s->lock);
	end(s);
}

static void *take_late(void *arg)
{
	struct shared *s = arg;

	(void)smmu_lock_take(&s->lock);
	s->result = s->flag;
	smmu_lock_drop(&s->lock);
	return NULL;
}

static void a_sleeper_is_woken(void **state)
{
	struct shared *s = new_shared();
	pthread_t thread;

	(void)state;
	(void)smmu_lock_take(&s->lock);
	assert_int_equal(pthread_create(&thread, NULL, take_late, s), 0);
	while (atomic_load(&s->lock.sleepers) == 0)
		nap(100000);
	s->flag = true;
	smmu_lock_drop(&s->lock);
	pthread_join(thread, NULL);
	assert_int_equal(s->result, true);
	end(s);
}

static void *hog(void *arg)
{
	struct shared *s = arg;

	while (!atomic_load(&s->inside)) {
		(void)smmu_lock_take(&s->lock);
		nap(200000);
		smmu_lock_drop(&s->lock);
	}
	return NULL;
}

/* Who takes it again at once does not keep others out for ever. */
static void a_hog_lets_others_in(void **state)
{
	struct shared *s = new_shared();
	pthread_t thread[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, hog, s), 0);
	for (unsigned i = 0; i < 10; i++) {
		(void)smmu_lock_take(&s->lock);
		smmu_lock_drop(&s->lock);
	}
	atomic_store(&s->inside, 1);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(atomic_load(&s->lock.starved), 0);
	assert_int_equal(atomic_load(&s->lock.sleepers), 0);
	end(s);
}

static void *wait_for_flag(void *arg)
{
	struct shared *s = arg;

	(void)smmu_lock_take(&s->lock);
	while (!s->flag)
		(void)smmu_cond_wait(&s->cond, &s->lock, NULL);
	s->result = smmu_lock_mine(&s->lock);
	smmu_lock_drop(&s->lock);
	return NULL;
}

static void a_condition_is_waited_for(void **state)
{
	struct shared *s = new_shared();
	struct timespec past = { 0, 0 };
	pthread_t thread;

	(void)state;
	(void)smmu_lock_take(&s->lock);
	assert_int_equal(smmu_cond_wait(&s->cond, &s->lock, &past), -ETIMEDOUT);
	assert_true(smmu_lock_mine(&s->lock));
	smmu_lock_drop(&s->lock);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_flag, s), 0);
	nap(1000000);
	(void)smmu_lock_take(&s->lock);
	s->flag = true;
	smmu_cond_broadcast(&s->cond);
	smmu_lock_drop(&s->lock);
	pthread_join(thread, NULL);
	assert_int_equal(s->result, true);
	end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(who_is_inside_is_told),
		cmocka_unit_test(a_sleeper_is_woken),
		cmocka_unit_test(a_hog_lets_others_in),
		cmocka_unit_test(a_condition_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
