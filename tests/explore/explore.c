/* SPDX-License-Identifier: MIT */
#include "explore/explore.h"
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "explore/explore_locks.h"
#include "explore/explore_rcu.h"
#undef pthread_mutex_lock
#undef pthread_mutex_unlock
#undef pthread_cond_wait
#undef pthread_cond_signal
#undef pthread_cond_broadcast

#define MAX_STEPS 20000
#define MAX_LOCKS 64

struct worker {
	pthread_t thread;
	sem_t go;
	const void *waits; /* for this mutex or condition, or NULL */
	unsigned reads;	   /* depth of its reader's sections */
	unsigned grace;	   /* workers whose section it waits for, bits */
	bool done, idle;
	uint64_t looked; /* run.changes before its last look */
};

/* One decision of a search: `taken` of `of`. */
struct choice {
	uint8_t taken, of;
};

static struct {
	const struct explore_scenario *scenario;
	const struct explore_how *how;
	void *ctx;
	struct worker worker[EXPLORE_THREADS];
	int threads;
	sem_t all_done;
	bool active, quit, verbose;
	uint64_t seed, random;
	struct {
		const pthread_mutex_t *mutex;
		int owner;
	} lock[MAX_LOCKS];
	unsigned locks;
	struct {
		int who;
		const char *what;
	} step[MAX_STEPS];
	unsigned steps, preemptions;
	uint64_t changes;
	struct choice choice[MAX_STEPS];
	unsigned depth, decided; /* of choice: now, and by the search */
	uint64_t *schedules;	 /* shared with the parent */
} run;

/* Which worker this thread is; -1: the one that sets up and judges. */
static _Thread_local int self = -1;

static void print_schedule(void)
{
	for (unsigned i = 0; i < run.steps; i++)
		fprintf(stderr, "  %4u  %*s%s\n", i, run.step[i].who * 26, "",
			run.step[i].what);
}

void explore_violation(const char *what)
{
	if (!run.how->quiet) {
		fprintf(stderr, "%s: %s (EXPLORE_SEED=%llu)\n", run.scenario->name, what,
			(unsigned long long)run.seed);
		print_schedule();
	}
	_exit(1);
}

/* ---- who goes next ---- */

static uint64_t next_random(void)
{
	uint64_t z = run.random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* The search: repeats what was decided, then takes the first way. */
static unsigned search(unsigned of)
{
	if (run.depth == run.decided) {
		run.choice[run.decided].taken = 0;
		run.choice[run.decided++].of = (uint8_t)of;
	}
	return run.choice[run.depth++].taken;
}

/* The next schedule of the search; false: that was all. */
static bool search_on(void)
{
	while (run.decided &&
	       run.choice[run.decided - 1].taken + 1 == run.choice[run.decided - 1].of)
		run.decided--;
	if (!run.decided)
		return false;
	run.choice[run.decided - 1].taken++;
	return true;
}

static bool runnable(int i)
{
	const struct worker *w = &run.worker[i];

	if (w->idle && w->looked == run.changes)
		return false;
	return !w->done && !w->waits && !w->grace;
}

/* from: who runs now, first in line if he can go on. -1: nobody can. */
static int choose(int from)
{
	int ready[EXPLORE_THREADS], n = 0;
	bool stays = from >= 0 && runnable(from);
	unsigned pick;

	if (stays)
		ready[n++] = from;
	for (int i = 0; i < run.threads; i++)
		if (i != from && runnable(i))
			ready[n++] = i;
	if (n == 0)
		return -1;
	if (run.how->seeds)
		/* Runs of some steps reach deeper than a coin at each. */
		pick = stays && next_random() % 3
			       ? 0
			       : (unsigned)(next_random() % (uint64_t)n);
	else if (stays && run.preemptions == run.how->preemptions)
		pick = 0;
	else
		pick = n > 1 ? search((unsigned)n) : 0;
	run.preemptions += stays && pick;
	return ready[pick];
}

static void hand_over(int to)
{
	int me = self;

	if (to == me)
		return;
	sem_post(&run.worker[to].go);
	while (sem_wait(&run.worker[me].go) != 0)
		;
}

static void step(const char *what)
{
	if (run.steps == MAX_STEPS)
		explore_violation("no end");
	run.step[run.steps].who = self;
	run.step[run.steps++].what = what;
}

void explore_point(const char *what)
{
	if (!run.active || self < 0)
		return;
	step(what);
	if (run.scenario->check)
		run.scenario->check(run.ctx);
	hand_over(choose(self));
}

/* ---- polling ---- */

void explore_changed(void)
{
	run.changes++;
}

void explore_pause(void)
{
	struct worker *w;
	int to;

	if (!run.active || self < 0)
		return;
	w = &run.worker[self];
	if (w->looked != run.changes) { /* another look, in no need of a choice */
		w->looked = run.changes;
		return;
	}
	w->idle = true;
	step("pause");
	to = choose(self);
	if (to < 0)
		explore_violation("deadlock");
	hand_over(to);
	w->idle = false;
}

/* ---- mutexes ---- */

static int *owner_of(const pthread_mutex_t *mutex)
{
	for (unsigned i = 0; i < run.locks; i++)
		if (run.lock[i].mutex == mutex)
			return &run.lock[i].owner;
	if (run.locks == MAX_LOCKS)
		explore_violation("too many mutexes for the explorer");
	run.lock[run.locks].mutex = mutex;
	run.lock[run.locks].owner = -1;
	return &run.lock[run.locks++].owner;
}

bool explore_is_free(const pthread_mutex_t *mutex)
{
	return *owner_of(mutex) < 0;
}

static bool left_out(const char *name)
{
	return run.how->without && strstr(name, run.how->without);
}

int explore_lock(pthread_mutex_t *mutex, const char *name)
{
	if (!run.active || self < 0)
		return 0;
	explore_point(name);
	if (left_out(name))
		return 0;
	if (*owner_of(mutex) == self)
		explore_violation("locked twice by the same thread");
	while (*owner_of(mutex) >= 0) {
		int to;

		run.worker[self].waits = mutex;
		to = choose(self);
		if (to < 0)
			explore_violation("deadlock");
		hand_over(to);
	}
	*owner_of(mutex) = self;
	return 0;
}

int explore_unlock(pthread_mutex_t *mutex, const char *name)
{
	if (!run.active || self < 0)
		return 0;
	if (!left_out(name)) {
		if (*owner_of(mutex) != self)
			explore_violation("unlocked by a thread that does not hold it");
		*owner_of(mutex) = -1;
		for (int i = 0; i < run.threads; i++)
			if (run.worker[i].waits == mutex)
				run.worker[i].waits = NULL;
	}
	explore_point(name);
	return 0;
}

/* ---- condition variables ---- */

int explore_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, const char *name)
{
	int to;

	if (!run.active || self < 0)
		explore_violation("waits for ever");
	step(name);
	if (!left_out(name) && *owner_of(mutex) != self)
		explore_violation("waits without its mutex");
	*owner_of(mutex) = -1;
	for (int i = 0; i < run.threads; i++)
		if (run.worker[i].waits == mutex)
			run.worker[i].waits = NULL;
	run.worker[self].waits = cond;
	to = choose(self);
	if (to < 0)
		explore_violation("deadlock");
	hand_over(to);
	return explore_lock(mutex, name);
}

int explore_cond_wake(pthread_cond_t *cond)
{
	for (int i = 0; i < run.threads; i++)
		if (run.worker[i].waits == cond)
			run.worker[i].waits = NULL;
	return 0;
}

/* ---- RCU ---- */

void rcu_reader_begins(void)
{
	if (!run.active || self < 0)
		return;
	run.worker[self].reads++;
	explore_point("rcu reader");
}

void rcu_reader_ends(void)
{
	if (!run.active || self < 0)
		return;
	if (--run.worker[self].reads == 0)
		for (int i = 0; i < run.threads; i++)
			run.worker[i].grace &= ~(1u << self);
	explore_point("rcu reader ends");
}

void rcu_wait_for_readers(void)
{
	int to;

	if (!run.active || self < 0)
		return;
	explore_point("rcu wait");
	if (run.worker[self].reads)
		explore_violation("a reader waits for readers");
	for (int i = 0; i < run.threads; i++)
		if (run.worker[i].reads && !left_out("rcu"))
			run.worker[self].grace |= 1u << i;
	if (!run.worker[self].grace)
		return;
	to = choose(self);
	if (to < 0)
		explore_violation("deadlock");
	hand_over(to);
}

/* ---- one schedule, and many ---- */

static void finish(int me)
{
	int to;

	run.worker[me].done = true;
	for (int i = 0; i < run.threads; i++)
		if (!run.worker[i].done) {
			to = choose(me);
			if (to < 0)
				explore_violation("deadlock");
			sem_post(&run.worker[to].go);
			return;
		}
	sem_post(&run.all_done);
}

static void *work(void *arg)
{
	self = (int)(intptr_t)arg;
	for (;;) {
		while (sem_wait(&run.worker[self].go) != 0)
			;
		if (run.quit)
			return NULL;
		run.scenario->thread[self](run.ctx);
		finish(self);
	}
}

static void one_schedule(uint64_t seed)
{
	run.seed = run.random = seed;
	run.locks = run.steps = run.preemptions = run.depth = 0;
	run.changes = 1;
	for (int i = 0; i < run.threads; i++) {
		run.worker[i].done = run.worker[i].idle = false;
		run.worker[i].looked = 0;
		run.worker[i].waits = NULL;
		run.worker[i].reads = run.worker[i].grace = 0;
	}
	run.ctx = run.scenario->setup();
	run.active = true;
	sem_post(&run.worker[choose(-1)].go);
	while (sem_wait(&run.all_done) != 0)
		;
	run.active = false;
	run.scenario->teardown(run.ctx);
	++*run.schedules;
	if (run.verbose)
		print_schedule();
}

static void all_schedules(void)
{
	const char *only = getenv("EXPLORE_SEED");

	if (only && !run.how->quiet && run.how->seeds) {
		run.verbose = true;
		one_schedule(strtoull(only, NULL, 0));
		return;
	}
	if (run.how->seeds) {
		for (uint64_t seed = 1; seed <= run.how->seeds; seed++)
			one_schedule(seed);
		return;
	}
	do
		one_schedule(0);
	while (search_on());
}

static void child(void)
{
	/* Without a lock anything may happen: no end, for one. */
	alarm(300);
	if (run.how->quiet && !freopen("/dev/null", "w", stderr))
		_exit(2);
	sem_init(&run.all_done, 0, 0);
	while (run.threads < EXPLORE_THREADS && run.scenario->thread[run.threads]) {
		struct worker *w = &run.worker[run.threads];

		sem_init(&w->go, 0, 0);
		if (pthread_create(&w->thread, NULL, work,
				   (void *)(intptr_t)run.threads++))
			_exit(2);
	}
	all_schedules();
	run.quit = true;
	for (int i = 0; i < run.threads; i++) {
		sem_post(&run.worker[i].go);
		pthread_join(run.worker[i].thread, NULL);
	}
}

struct explore_result explore(const struct explore_scenario *scenario,
			      const struct explore_how *how)
{
	struct explore_result result = { 0 };
	int status = 0;
	pid_t pid;

	memset(&run, 0, sizeof(run));
	run.scenario = scenario;
	run.how = how;
	run.schedules = mmap(NULL, sizeof(*run.schedules), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run.schedules == MAP_FAILED)
		abort();
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		child();
		/* With the exit handlers: they look for leaks. */
		exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	result.schedules = *run.schedules;
	result.violated = status != 0;
	munmap(run.schedules, sizeof(*run.schedules));
	return result;
}
