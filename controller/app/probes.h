/* SPDX-License-Identifier: Apache-2.0 */
/* /healthz, /readyz and /metrics of the running controller. */
#ifndef INTERLUDE_APP_PROBES_H
#define INTERLUDE_APP_PROBES_H

#include "app/manager.h"
#include "app/telemetry.h"
#include "base/attrs.h"
#include "base/err.h"

struct probes;

/* Listens at once. Borrows everything. NULL on failure. */
struct probes *probes_start(struct loop *loop, const char *address, struct manager *manager,
                            struct telemetry *telemetry, struct err *err) MUST_CHECK;
void probes_stop(struct probes *probes); /* NULL accepted */

#endif
