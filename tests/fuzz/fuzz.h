/* SPDX-License-Identifier: Apache-2.0 */
/* What a fuzz target defines; libFuzzer or replay.c calls it. Returns 0, and aborts when a claim fails. */
#ifndef INTERLUDE_TESTS_FUZZ_H
#define INTERLUDE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
