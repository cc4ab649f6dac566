/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "server/listen.h"

struct row {
    const char *name;
    const char *address;
    int family;        /* to reach it by, 0: refused */
    const char *error; /* its end */
};

static const struct row rows[] = {
    {.name = "all addresses, by IPv4", .address = ":0", .family = AF_INET},
    {.name = "all addresses, by IPv6", .address = ":0", .family = AF_INET6},
    {.name = "IPv4", .address = "127.0.0.1:0", .family = AF_INET},
    {.name = "IPv6", .address = "[::1]:0", .family = AF_INET6},
    {.name = "empty", .address = "", .error = "must be IP:PORT, [IPV6]:PORT or :PORT"},
    {.name = "no port", .address = "127.0.0.1", .error = "or :PORT"},
    {.name = "empty port", .address = "127.0.0.1:", .error = "or :PORT"},
    {.name = "port alone", .address = "8080", .error = "or :PORT"},
    {.name = "port too large", .address = ":65536", .error = "or :PORT"},
    {.name = "port with a sign", .address = ":+80", .error = "or :PORT"},
    {.name = "name", .address = "localhost:0", .error = "or :PORT"},
    {.name = "IPv6 without brackets", .address = "::1:0", .error = "or :PORT"},
    {.name = "IPv4 in brackets", .address = "[127.0.0.1]:0", .error = "or :PORT"},
    {.name = "empty brackets", .address = "[]:0", .error = "or :PORT"},
    {.name = "open bracket", .address = "[:0", .error = "or :PORT"},
    {.name = "long host",
     .address = "1111111111111111111111111111111111111111111111111:0",
     .error = "or :PORT"},
    {.name = "address of another machine",
     .address = "192.0.2.1:0",
     .error = "cannot listen on \"192.0.2.1:0\": Cannot assign requested address"},
};

/* Connects to the port on the loopback address of the family. */
static bool can_connect(int family, uint16_t port)
{
    struct sockaddr_in ipv4 = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 ipv6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_loopback};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    int status = family == AF_INET ? connect(fd, (struct sockaddr *)&ipv4, sizeof(ipv4))
                                   : connect(fd, (struct sockaddr *)&ipv6, sizeof(ipv6));
    (void)close(fd);
    return status == 0;
}

static bool has_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    bool works = fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return works;
}

static void run_row(void **state)
{
    const struct row *row = *state;
    struct err err = {0};
    int fd = -1;
    if (row->family == AF_INET6 && !has_ipv6()) {
        skip();
    }
    bool done = listen_open(row->address, &fd, &err);
    if (row->family == 0) {
        assert_false(done);
        assert_int_equal(fd, -1);
        assert_int_equal(err.kind, ERR_INVALID);
        if (!str_ends_with(err.text, row->error)) {
            assert_string_equal(err.text, row->error);
        }
        return;
    }
    assert_string_equal(err.text, "");
    assert_true(done);
    assert_int_not_equal(listen_port(fd), 0);
    assert_true(can_connect(row->family, listen_port(fd)));
    (void)close(fd);
}

static void port_in_use(void **state)
{
    (void)state;
    struct err err = {0};
    int first = -1;
    int second = -1;
    char address[40];
    assert_true(listen_open("127.0.0.1:0", &first, &err));
    (void)snprintf(address, sizeof(address), "127.0.0.1:%u", (unsigned)listen_port(first));
    assert_false(listen_open(address, &second, &err));
    assert_true(str_ends_with(err.text, "Address already in use"));
    (void)close(first);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(rows) + 1];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const void *row = &rows[i];
        tests[i] = (struct CMUnitTest){.name = rows[i].name, .test_func = run_row};
        memcpy(&tests[i].initial_state, &row, sizeof(row)); /* cmocka takes no const */
    }
    tests[ARRAY_LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(port_in_use);
    return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
