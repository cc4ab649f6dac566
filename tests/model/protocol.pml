/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run protocol of docs/protocol.md, as a model for Spin. README.md beside this file tells what is modelled,
 * what is not, and how to read a trail; tests/model/run checks it.
 *
 * configuration.pml  how large the world is, which faults there are, and which rule is left out
 * state.pml          what the API server holds, and the words of docs/protocol.md
 * requests.pml       what the server does with each request; here the promises are checked
 * controllers.pml    steps 0 to 15: which request follows from what is read
 * world.pml          pods, nodes, people, time; and what must hold when all has come to rest
 */
#include "configuration.pml"
#include "state.pml"
#include "requests.pml"
#include "controllers.pml"
#include "world.pml"

init {
    atomic {
        M[0].exists = 1;
        M[1].exists = MIGRATIONS > 1 && !REBORN;
        D.exists = 1;
        gate[0] = 1;
        gate[1] = 1;
        run Server();
        run Controllers();
        run Pods();
        run People()
    }
}

#ifdef ENDS
/* Reconciliation comes to an end: once no fault comes any more, nothing goes on for ever. No fairness is needed. */
never {
waiting:
    do
    :: true
    :: calm -> goto accept_moving
    od;
accept_moving:
    do
    :: calm
    od
}
#endif
