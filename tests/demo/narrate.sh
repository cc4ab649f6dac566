# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# How the demo speaks: numbered steps with times, every command as a user would type it, and what to look at when
# something fails. Colour only on a terminal.

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
    BOLD=$'\e[1m' DIM=$'\e[2m' GREEN=$'\e[32m' RED=$'\e[31m' PLAIN=$'\e[0m'
else
    BOLD='' DIM='' GREEN='' RED='' PLAIN=''
fi
DEMO_BEGAN=$SECONDS
STEP_BEGAN=$SECONDS
STEP_NUMBER=0
STEP_TITLE=

# step TITLE [TEXT…]: ends the step before, begins the next, says in a sentence or two what it is about.
step() {
    step_done
    STEP_NUMBER=$((STEP_NUMBER + 1))
    STEP_TITLE=$1
    STEP_BEGAN=$SECONDS
    printf '\n%s== %d. %s%s\n' "$BOLD" "$STEP_NUMBER" "$1" "$PLAIN"
    shift
    if (($#)); then
        printf '   %s\n' "$@"
    fi
    printf '\n'
}

step_done() {
    if [[ -n $STEP_TITLE ]]; then
        printf '%s   (%d s; %d s since the start)%s\n' "$DIM" $((SECONDS - STEP_BEGAN)) $((SECONDS - DEMO_BEGAN)) "$PLAIN"
    fi
    STEP_TITLE=
}

# tell TEXT…: a remark between commands.
tell() { printf '   %s\n' "$@" | sed 's/ *$//'; }

# aside TEXT: what goes on meanwhile.
aside() { printf '%s   %s%s\n' "$DIM" "$1" "$PLAIN"; }

# proclaim TEXT: the result.
proclaim() { printf '\n   %s%s%s\n' "$GREEN$BOLD" "$1" "$PLAIN"; }

# show WORD…: a command as one would type it; a database's URL, which has its password, by the variable that holds it.
show() {
    local word line=''
    for word in "$@"; do
        if [[ $word == *://*@* ]]; then
            line+=" \"\$DATABASE_URL\""
        elif [[ $word =~ ^[A-Za-z0-9_./:=@,%+-]+$ ]]; then
            line+=" $word"
        elif [[ $word == *\'* ]]; then
            line+=" \"$word\""
        elif [[ $word =~ ^(--[a-z-]+=)(.*)$ ]]; then
            line+=" ${BASH_REMATCH[1]}'${BASH_REMATCH[2]}'"
        else
            line+=" '$word'"
        fi
    done
    printf '%s$%s%s\n' "$BOLD" "$line" "$PLAIN"
}

# run COMMAND…: shows it, then runs it.
run() {
    show "$@"
    "$@" || fail "this command failed: $1 ${2:-}"
}

# quietly COMMAND…: a long command whose output matters only when it fails; says every 10 s that it still runs.
quietly() {
    local log pid began=$SECONDS beat=$SECONDS
    log=$(mktemp)
    show "$@"
    "$@" >"$log" 2>&1 &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        if ((SECONDS - beat >= 10)); then
            beat=$SECONDS
            printf '%s   %d s … %s%s\n' "$DIM" $((SECONDS - began)) "$(tail -n 1 "$log" | cut -c1-90)" "$PLAIN"
        fi
    done
    if ! wait "$pid"; then
        cat "$log" >&2
        rm -f "$log"
        fail "$1 failed; its output is above"
    fi
    rm -f "$log"
}

# fail TEXT: ends the demo, with what one needs to find out why.
fail() {
    trap - ERR
    printf '\n%sFAILED in step %d: %s%s\n' "$RED" "$STEP_NUMBER" "$*" "$PLAIN" >&2
    if [[ -n ${KUBECONFIG:-} ]]; then
        diagnose >&2 || true
    fi
    exit 1
}

diagnose() {
    set +e
    local command
    while read -r command; do
        printf '\n---- kubectl %s\n' "$command"
        # shellcheck disable=SC2086 # words, on purpose
        timeout 20 kubectl $command
    done <<END
get sm,sdb,deployments,jobs,pods -n $SHOP -o wide
describe sm -n $SHOP
get events -n $SHOP --sort-by=.lastTimestamp
logs -n $SHOP -l interlude.dev/migration --tail=30 --prefix
logs -n $SHOP -l app.kubernetes.io/name=orders-api --tail=10 --prefix
get pods,events -n $SYSTEM
logs -n $SYSTEM deployment/interlude --tail=60
END
}
