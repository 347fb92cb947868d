/* SPDX-License-Identifier: MIT */
/*
 * Included in front of every file of the core that an exploring test compiles: its
 * mutexes and its RCU become the explorer's, mutexes known by how the core writes them.
 */
#ifndef TESTS_EXPLORE_LOCKS_H
#define TESTS_EXPLORE_LOCKS_H

#include <pthread.h>

int explore_lock(pthread_mutex_t *mutex, const char *name);
int explore_unlock(pthread_mutex_t *mutex, const char *name);
int explore_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, const char *name);
int explore_cond_wake(pthread_cond_t *cond);

#define SMMU_RCU_HEADER		       "explore/explore_rcu.h"
#define pthread_mutex_lock(mutex)      explore_lock(mutex, #mutex)
#define pthread_mutex_unlock(mutex)    explore_unlock(mutex, #mutex)
#define pthread_cond_wait(cond, mutex) explore_cond_wait(cond, mutex, #mutex)
#define pthread_cond_signal(cond)      explore_cond_wake(cond)
#define pthread_cond_broadcast(cond)   explore_cond_wake(cond)

#endif
