/* SPDX-License-Identifier: MIT */
/* A doubly linked ring with a head; an element is in at most one list per link. */
#ifndef CORE_LIST_H
#define CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct core_list {
	struct core_list *next, *prev;
};

#define CORE_LIST_ENTRY(ptr, type, member)                                               \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define CORE_LIST_FOR_EACH(pos, head)                                                    \
	for (struct core_list *pos = (head)->next; pos != (head); pos = pos->next)

/* The body may remove pos. */
#define CORE_LIST_FOR_EACH_SAFE(pos, head)                                               \
	for (struct core_list *pos = (head)->next, *pos##_next = pos->next;              \
	     pos != (head); pos = pos##_next, pos##_next = pos->next)

static inline void core_list_init(struct core_list *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool core_list_empty(const struct core_list *list)
{
	return list->next == list;
}

static inline void core_list_add_tail(struct core_list *item, struct core_list *head)
{
	item->prev = head->prev;
	item->next = head;
	head->prev->next = item;
	head->prev = item;
}

/* Leaves the item an empty list of its own, so that removing twice is harmless. */
static inline void core_list_del(struct core_list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	core_list_init(item);
}

#endif
