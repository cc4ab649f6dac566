/* SPDX-License-Identifier: Apache-2.0 */
/* A listening TCP socket from the address that an operator writes. */
#ifndef INTERLUDE_SERVER_LISTEN_H
#define INTERLUDE_SERVER_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/err.h"

/*
 * "10.0.0.1:8080", "[::1]:8080", or ":8080" for all addresses of both families; port 0 lets the system
 * choose. Names are not looked up. *ret_fd does not block and is the caller's to close.
 */
bool listen_open(const char *address, int *ret_fd, struct err *err) MUST_CHECK;

/* The port that the socket is bound to. */
uint16_t listen_port(int fd);

#endif
