/* SPDX-License-Identifier: Apache-2.0 */
/* What kube/watch.c needs of a client beyond kube/client.h; for no one else. */
#ifndef INTERLUDE_KUBE_CLIENT_INTERNAL_H
#define INTERLUDE_KUBE_CLIENT_INTERNAL_H

#include <stdbool.h>

#include "kube/client.h"
#include "kube/session.h"

struct session *kube_client_session(struct kube_client *client);

/*
 * Whether a watch should ask for a streaming list. One watch that is refused speaks for all: the next
 * try is an hour later, as servers are upgraded in place.
 */
bool kube_client_streams_lists(const struct kube_client *client);
void kube_client_streaming_refused(struct kube_client *client);

#endif
