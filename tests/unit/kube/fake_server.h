/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TLS server that answers as its script says: refusals, cuts, silence, slow bytes, floods. It runs in a
 * process of its own and speaks HTTP/1.1, each connection in a thread. Certificates are made anew.
 */
#ifndef INTERLUDE_TESTS_FAKE_SERVER_H
#define INTERLUDE_TESTS_FAKE_SERVER_H

#include <stddef.h>
#include <sys/types.h>

/* The name that the server's certificate has beside the address 127.0.0.1. */
#define FAKE_SERVER_NAME "api.interlude.test"

enum fake_end {
    FAKE_COMPLETE, /* in good order; the connection stays open */
    FAKE_CUT,      /* the connection is reset behind the body */
    FAKE_HANG,     /* nothing more comes; the connection stays open */
    FAKE_DRIP,     /* like HANG, but each byte of the body comes by itself */
    FAKE_FLOOD,    /* behind the body comes a line without an end, 100 MiB of it */
};

struct fake_reply {
    const char *match;  /* a part of "GET /path?query"; NULL: any request */
    int status;         /* 0: no answer at all */
    const char *header; /* "Name: value\r\n"...; NULL: none */
    const char *body;   /* NULL: none */
    enum fake_end end;
};

struct fake_pki { /* PEM texts */
    char *ca;
    char *other_ca; /* of nobody */
    char *server_cert;
    char *server_key;
    char *client_cert[2]; /* of "client-0" and "client-1" */
    char *client_key[2];
};

struct fake_server {
    pid_t pid;
    char url[64];
    char log_path[64];
    char *log; /* as fake_server_log() last read it */
};

void fake_pki_make(struct fake_pki *ret_pki);
void fake_pki_fini(struct fake_pki *pki);

/* Each reply serves once: a request gets the first unused one that matches it, or hangs for ever. */
void fake_server_start(struct fake_server *server, const struct fake_pki *pki,
                       const struct fake_reply *replies, size_t count);
void fake_server_stop(struct fake_server *server);

/*
 * The requests so far, a line each: connection, method, target, Authorization, the client certificate's
 * name, what is accepted if that is not application/json, and the body:
 * "1 GET /x auth=Bearer t cn=client-0 body={}". A request without a reply begins with
 * '!'. Borrowed until the next call.
 */
const char *fake_server_log(struct fake_server *server);

#endif
