/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the scene know of each other. */
#ifndef INTERLUDE_TESTS_SCENE_PARTS_H
#define INTERLUDE_TESTS_SCENE_PARTS_H

#include "scene.h"

/* What the gates ask for and find, of a migration that is built already; LockHeld and the ledger apart. */
void scene_build_gates(struct scene *scene);

#endif
