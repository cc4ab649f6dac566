/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define REPLIES_MAX   128
#define REQUEST_MAX   ((size_t)1024 * 1024)
#define FLOOD_BYTES   ((size_t)100 * 1024 * 1024)
#define DRIP_PAUSE_US 500
#define CUT_PAUSE_US  20000
#define FOREVER_S     3600

struct site { /* in the server's process */
    const struct fake_reply *replies;
    size_t count;
    bool is_used[REPLIES_MAX];
    pthread_mutex_t lock; /* of is_used and the log */
    int log_fd;
    SSL_CTX *tls;
};

struct visit { /* one connection */
    struct site *site;
    int fd;
    int number;
    SSL *tls;
    struct buf request; /* header and body of the present one */
    size_t header_len;
};

static void must(bool ok)
{
    if (!ok) {
        perror("fake server");
        abort();
    }
}

static SSL_CTX *tls_make(const struct fake_pki *pki)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    BIO *bio = BIO_new_mem_buf(pki->server_cert, -1);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    bio = BIO_new_mem_buf(pki->server_key, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    bio = BIO_new_mem_buf(pki->ca, -1);
    X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    must(SSL_CTX_use_certificate(tls, cert) == 1 && SSL_CTX_use_PrivateKey(tls, key) == 1);
    must(X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), ca) == 1);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL); /* asked for, not demanded */
    X509_free(cert);
    X509_free(ca);
    EVP_PKEY_free(key);
    return tls;
}

static bool send_bytes(const struct visit *visit, const char *data, size_t len)
{
    return len == 0 || SSL_write(visit->tls, data, (int)len) > 0;
}

static bool send_chunk(const struct visit *visit, const char *data, size_t len)
{
    char head[32];
    int head_len = snprintf(head, sizeof(head), "%zx\r\n", len);
    return send_bytes(visit, head, (size_t)head_len) && send_bytes(visit, data, len) &&
           send_bytes(visit, "\r\n", 2);
}

static void hang(void)
{
    (void)sleep(FOREVER_S);
}

/* Without any word of TLS: the client sees a reset, once it has read what came before. */
static bool cut(const struct visit *visit)
{
    const struct linger linger = {.l_onoff = 1, .l_linger = 0};
    (void)usleep(CUT_PAUSE_US);
    (void)setsockopt(visit->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    return false;
}

static bool flood(const struct visit *visit)
{
    char block[16384];
    memset(block, 'a', sizeof(block));
    for (size_t sent = 0; sent < FLOOD_BYTES; sent += sizeof(block)) {
        if (!send_chunk(visit, block, sizeof(block))) {
            return false;
        }
    }
    hang();
    return false;
}

static bool drip(const struct visit *visit, const char *body, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!send_chunk(visit, body + i, 1)) {
            return false;
        }
        (void)usleep(DRIP_PAUSE_US);
    }
    hang();
    return false;
}

/* True when the connection can take another request. */
static bool answer(const struct visit *visit, const struct fake_reply *reply)
{
    char head[1024];
    const char *body = reply->body == NULL ? "" : reply->body;
    size_t body_len = strlen(body);
    if (reply->status != 0) {
        int len = snprintf(head, sizeof(head),
                           "HTTP/1.1 %d X\r\nDate: Sun, 06 Nov 2033 08:49:37 GMT\r\n"
                           "Transfer-Encoding: chunked\r\n%s\r\n",
                           reply->status, reply->header == NULL ? "" : reply->header);
        if (!send_bytes(visit, head, (size_t)len)) {
            return false;
        }
    }
    if (reply->end == FAKE_DRIP) {
        return drip(visit, body, body_len);
    }
    if (reply->status != 0 && body_len > 0 && !send_chunk(visit, body, body_len)) {
        return false;
    }
    switch (reply->end) {
    case FAKE_CUT:
        return cut(visit);
    case FAKE_FLOOD:
        return flood(visit);
    case FAKE_COMPLETE:
        return send_chunk(visit, "", 0);
    case FAKE_HANG:
    case FAKE_DRIP:
        break;
    }
    hang();
    return false;
}

/* The value of a header of the request, up to the end of its line; "" for none. */
static void header_value(const struct visit *visit, const char *name, char *value, size_t size)
{
    const char *at = strcasestr(visit->request.data, name);
    size_t len = 0;
    if (at != NULL && at < visit->request.data + visit->header_len) {
        at += strlen(name);
        at += strspn(at, ": ");
        len = strcspn(at, "\r\n");
        len = len < size ? len : size - 1;
        memcpy(value, at, len);
    }
    value[len] = '\0';
}

static void peer_name(const struct visit *visit, char *name, int size)
{
    X509 *cert = SSL_get1_peer_certificate(visit->tls);
    name[0] = '\0';
    if (cert != NULL) {
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, size);
        X509_free(cert);
    }
}

/* Logs the request and takes its reply off the script; NULL: there is none. */
static const struct fake_reply *take_reply(const struct visit *visit)
{
    struct site *site = visit->site;
    const struct fake_reply *found = NULL;
    char line[2048];
    char auth[256];
    char accept[128];
    char name[64];
    size_t line_len = strcspn(visit->request.data, "\r\n");
    const char *end = memmem(visit->request.data, line_len, " HTTP/", 6);
    (void)snprintf(line, sizeof(line), "%.*s", (int)(end - visit->request.data),
                   visit->request.data);
    if (strcmp(line, "GET /version") == 0) {
        /* What a client asks beside a request that is late on a busy machine: no part of a script. */
        static const struct fake_reply version = {.status = 200, .body = "{}"};
        return &version;
    }
    header_value(visit, "\nAuthorization", auth, sizeof(auth));
    header_value(visit, "\nAccept", accept, sizeof(accept));
    bool is_usual = strcmp(accept, "application/json") == 0;
    peer_name(visit, name, sizeof(name));

    (void)pthread_mutex_lock(&site->lock);
    for (size_t i = 0; i < site->count && found == NULL; i++) {
        const char *match = site->replies[i].match;
        if (!site->is_used[i] && (match == NULL || strstr(line, match) != NULL)) {
            site->is_used[i] = true;
            found = &site->replies[i];
        }
    }
    (void)dprintf(site->log_fd, "%s%d %s auth=%s cn=%s%s%s body=%s\n", found == NULL ? "!" : "",
                  visit->number, line, auth, name,
                  is_usual ? "" : " accept=", is_usual ? "" : accept,
                  visit->request.data + visit->header_len);
    (void)pthread_mutex_unlock(&site->lock);
    return found;
}

/* Reads a header and as much body as its Content-Length says. */
static bool read_request(struct visit *visit)
{
    char piece[4096];
    char length[32];
    buf_reset(&visit->request);
    visit->header_len = 0;
    for (;;) {
        const char *text = buf_text(&visit->request);
        const char *blank = strstr(text, "\r\n\r\n");
        if (blank != NULL) {
            visit->header_len = (size_t)(blank + 4 - text);
            header_value(visit, "\nContent-Length", length, sizeof(length));
            if (visit->request.len - visit->header_len >= strtoul(length, NULL, 10)) {
                return true;
            }
        }
        int len = SSL_read(visit->tls, piece, sizeof(piece));
        if (len <= 0 || !buf_append(&visit->request, piece, (size_t)len)) {
            return false;
        }
    }
}

static void *serve(void *arg)
{
    struct visit *visit = arg;
    int on = 1;
    /* A cut must not find bytes that still wait to be sent. */
    (void)setsockopt(visit->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    buf_init(&visit->request, REQUEST_MAX);
    visit->tls = SSL_new(visit->site->tls);
    (void)SSL_set_fd(visit->tls, visit->fd);
    bool is_open = SSL_accept(visit->tls) == 1;
    while (is_open && read_request(visit)) {
        const struct fake_reply *reply = take_reply(visit);
        if (reply == NULL) {
            hang();
        }
        is_open = answer(visit, reply);
    }
    SSL_free(visit->tls);
    (void)close(visit->fd);
    buf_fini(&visit->request);
    free(visit);
    return NULL;
}

static void serve_all(struct site *site, int listen_fd)
{
    for (int number = 1;; number++) {
        struct visit *visit = xcalloc(1, sizeof(*visit));
        pthread_t thread;
        visit->site = site;
        visit->number = number;
        visit->fd = accept(listen_fd, NULL, NULL);
        must(visit->fd >= 0);
        must(pthread_create(&thread, NULL, serve, visit) == 0);
        (void)pthread_detach(thread);
    }
}

void fake_server_start(struct fake_server *server, const struct fake_pki *pki,
                       const struct fake_reply *replies, size_t count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(count <= REPLIES_MAX && fd >= 0);
    must(bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 128) == 0);
    must(getsockname(fd, (struct sockaddr *)&address, &size) == 0);

    *server = (struct fake_server){.log_path = "/tmp/interlude-test-XXXXXX"};
    int log_fd = mkstemp(server->log_path);
    must(log_fd >= 0);
    (void)snprintf(server->url, sizeof(server->url), "https://127.0.0.1:%d",
                   ntohs(address.sin_port));
    server->pid = fork();
    must(server->pid >= 0);
    if (server->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGPIPE, SIG_IGN);
        struct site site = {.replies = replies, .count = count, .log_fd = log_fd};
        (void)pthread_mutex_init(&site.lock, NULL);
        site.tls = tls_make(pki);
        serve_all(&site, fd);
    }
    (void)close(fd);
    (void)close(log_fd);
}

void fake_server_stop(struct fake_server *server)
{
    (void)kill(server->pid, SIGKILL);
    (void)waitpid(server->pid, NULL, 0);
    (void)unlink(server->log_path);
    free(server->log);
    server->log = NULL;
}

const char *fake_server_log(struct fake_server *server)
{
    char piece[4096];
    size_t len = 0;
    struct buf log;
    buf_init(&log, REQUEST_MAX);
    FILE *stream = fopen(server->log_path, "re");
    must(stream != NULL);
    while ((len = fread(piece, 1, sizeof(piece), stream)) > 0) {
        must(buf_append(&log, piece, len));
    }
    (void)fclose(stream);
    free(server->log);
    server->log = buf_take(&log);
    return server->log;
}
