/* SPDX-License-Identifier: Apache-2.0 */
#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"

/* Clients that wait to be accepted; a probe comes every few seconds. */
#define BACKLOG 32

union address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_storage storage;
};

static socklen_t address_len(const union address *address)
{
    return address->any.sa_family == AF_INET6 ? sizeof(address->ipv6) : sizeof(address->ipv4);
}

static void set_ipv4(union address *address, struct in_addr host, uint16_t port)
{
    address->ipv4 =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = host};
}

static void set_ipv6(union address *address, struct in6_addr host, uint16_t port)
{
    address->ipv6 =
        (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = host};
}

/* "host:port" into its two halves, without the brackets of an IPv6 host. */
static bool split(const char *text, char host[INET6_ADDRSTRLEN], bool *ret_has_brackets,
                  uint16_t *ret_port)
{
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    if (colon == NULL || !str_parse_u64(colon + 1, &port) || port > UINT16_MAX) {
        return false;
    }
    const char *begin = text;
    const char *end = colon;
    bool has_brackets = text[0] == '[' && colon[-1] == ']';
    if (has_brackets) {
        begin++;
        end--;
    }
    if (end < begin || end - begin >= INET6_ADDRSTRLEN) {
        return false;
    }
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    *ret_has_brackets = has_brackets;
    *ret_port = (uint16_t)port;
    return true;
}

static bool parse(const char *text, union address *ret_address)
{
    char host[INET6_ADDRSTRLEN];
    bool has_brackets = false;
    uint16_t port = 0;
    struct in_addr ipv4;
    struct in6_addr ipv6;
    if (!split(text, host, &has_brackets, &port)) {
        return false;
    }
    if (host[0] == '\0' && !has_brackets) {
        set_ipv6(ret_address, in6addr_any, port);
    } else if (has_brackets && inet_pton(AF_INET6, host, &ipv6) == 1) {
        set_ipv6(ret_address, ipv6, port);
    } else if (!has_brackets && inet_pton(AF_INET, host, &ipv4) == 1) {
        set_ipv4(ret_address, ipv4, port);
    } else {
        return false;
    }
    return true;
}

static int open_socket(const union address *address)
{
    const int on = 1;
    const int off = 0;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    /* Both may fail without harm: bind() then says what is wrong. */
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->any.sa_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    }
    if (bind(fd, &address->any, address_len(address)) < 0 || listen(fd, BACKLOG) < 0) {
        int saved = errno;
        (void)close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

bool listen_open(const char *address, int *ret_fd, struct err *err)
{
    union address parsed = {0};
    if (!parse(address, &parsed)) {
        return err_set(err, ERR_INVALID,
                       "listen address \"%.100s\" must be IP:PORT, [IPV6]:PORT or :PORT", address);
    }
    int fd = open_socket(&parsed);
    if (fd < 0 && address[0] == ':' && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
        /* A machine without IPv6. */
        set_ipv4(&parsed, (struct in_addr){.s_addr = htonl(INADDR_ANY)},
                 ntohs(parsed.ipv6.sin6_port));
        fd = open_socket(&parsed);
    }
    if (fd < 0) {
        return err_set(err, ERR_INVALID, "cannot listen on \"%.100s\": %s", address,
                       strerrordesc_np(errno));
    }
    *ret_fd = fd;
    return true;
}

uint16_t listen_port(int fd)
{
    union address address = {0};
    socklen_t len = sizeof(address);
    if (getsockname(fd, &address.any, &len) < 0) {
        return 0;
    }
    return ntohs(address.any.sa_family == AF_INET6 ? address.ipv6.sin6_port
                                                   : address.ipv4.sin_port);
}
