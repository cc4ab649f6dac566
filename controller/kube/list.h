/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intrusive, circular, doubly linked lists: an object joins and leaves in constant time and needs no
 * allocation to do so. A head is a link that belongs to no object. A comment beside each head names the
 * type of its elements.
 */
#ifndef INTERLUDE_KUBE_LIST_H
#define INTERLUDE_KUBE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_link {
    struct list_link *prev;
    struct list_link *next;
};

/* The object of the given type whose member is the link. */
#define LIST_OBJECT(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* An empty list, or a link that is on none. */
static inline void list_init(struct list_link *link)
{
    link->prev = link;
    link->next = link;
}

static inline bool list_is_empty(const struct list_link *head)
{
    return head->next == head;
}

/* Puts the link, which is on no list, behind all others. */
static inline void list_append(struct list_link *head, struct list_link *link)
{
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

/* Puts the link, which is on no list, before all others. */
static inline void list_prepend(struct list_link *head, struct list_link *link)
{
    list_append(head->next, link);
}

/* Takes the link off its list, if it is on one. */
static inline void list_remove(struct list_link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* The first link, or NULL. */
static inline struct list_link *list_first(const struct list_link *head)
{
    return list_is_empty(head) ? NULL : head->next;
}

/* The link behind this one, or NULL. */
static inline struct list_link *list_after(const struct list_link *head,
                                           const struct list_link *link)
{
    return link->next == head ? NULL : link->next;
}

#endif
