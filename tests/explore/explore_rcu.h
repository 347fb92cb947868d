/* SPDX-License-Identifier: MIT */
/* RCU for explored schedules: who waits for readers lets them run. See core/rcu.h. */
#ifndef TESTS_EXPLORE_RCU_H
#define TESTS_EXPLORE_RCU_H

void rcu_reader_begins(void);
void rcu_reader_ends(void);
void rcu_wait_for_readers(void);

#endif
