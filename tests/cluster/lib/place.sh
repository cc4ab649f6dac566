# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Where a cluster lives. A cluster is known by its state folder; an id made from that folder's path names
# all that stands outside it: the run folder (sockets, records), the control groups, the network link.

# shellcheck disable=SC2034 # the other files read these names
CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd -P)
# shellcheck disable=SC2034
CLUSTER_SCRIPTS=$CHECKOUT/tests/cluster
STATE_MARKER=.interlude-cluster # stands in a state folder
REGISTRY=/run/interlude # one folder for each cluster of this machine, whichever checkout it belongs to

# choose_place NAME [STATE_FOLDER]
choose_place() {
    CLUSTER_NAME=$1
    [[ $CLUSTER_NAME =~ ^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$ ]] ||
        die "a cluster's name has lower case letters, digits and dashes, at most 32: '$CLUSTER_NAME' will not do"
    if [[ -n ${2:-} ]]; then
        STATE=$(realpath -m "$2")
    elif [[ $CLUSTER_NAME == main ]]; then
        STATE=$CHECKOUT/build/cluster
    else
        STATE=$CHECKOUT/build/cluster-$CLUSTER_NAME
    fi
    derive_places "$(printf '%s' "$STATE" | sha256sum | cut -c1-8)"
}

# place_of_record RUN_FOLDER: the place of a cluster that was recorded by an earlier "up".
place_of_record() {
    STATE=$(<"$1/state")
    CLUSTER_NAME=$(<"$1/name")
    derive_places "${1##*/}"
}

# These are read by the other files.
# shellcheck disable=SC2034
derive_places() {
    ID=$1
    RUN=$REGISTRY/$ID
    LOGS=$STATE/logs
    PKI=$STATE/pki
    HOST_LINK=il-$ID
    CGROUP=interlude-$ID
}

# Refuses a folder that holds something else.
claim_state_folder() {
    local foreign=''
    if [[ -d $STATE && ! -e $STATE/$STATE_MARKER ]]; then
        foreign=$(find "$STATE" -mindepth 1 -maxdepth 1 ! -name logs -print -quit)
    fi
    [[ -z $foreign ]] || die "the state folder $STATE holds something that is not a cluster's: $foreign"
    mkdir -p "$STATE/logs"
    : >"$STATE/$STATE_MARKER"
}

# Only one "up" or "down" works on a cluster at a time.
lock_cluster() {
    mkdir -p "$(dirname "$STATE")"
    exec 9>"$STATE.lock"
    if ! flock --nonblock 9; then
        say "another up or down is at work on cluster $CLUSTER_NAME; waiting for it"
        flock 9
    fi
}

# with_registry_locked COMMAND…: what clusters share (subnets, mount points, host settings) changes one by one.
# The lock is on the folder /run itself, so nothing is left behind.
with_registry_locked() {
    local status=0
    exec 8</run
    flock 8
    "$@" || status=$?
    exec 8<&-
    return "$status"
}

require_root() {
    ((EUID == 0)) || die 'this needs root (network namespaces, control groups, mounts): run it with sudo'
}
