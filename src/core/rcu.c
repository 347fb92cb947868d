/* SPDX-License-Identifier: MIT */
/* What stands in for liburcu where ThreadSanitizer looks on. */
#include "core/rcu.h"

#ifdef SMMU_RCU_ON_A_LOCK
#include <pthread.h>

/* glibc's default kind lets a reader nest while a writer waits. */
static pthread_rwlock_t readers = PTHREAD_RWLOCK_INITIALIZER;

void rcu_reader_begins(void)
{
	pthread_rwlock_rdlock(&readers);
}

void rcu_reader_ends(void)
{
	pthread_rwlock_unlock(&readers);
}

void rcu_wait_for_readers(void)
{
	pthread_rwlock_wrlock(&readers);
	pthread_rwlock_unlock(&readers);
}
#endif
