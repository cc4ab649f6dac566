# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The network and mount namespaces of a cluster, held by one process, the anchor. When the last process of
# the cluster has ended, they and all that was mounted or configured in them are gone.

# Host paths that the node's programs write to whatever one configures. Inside the mount namespace each is a
# folder of the cluster's own: "host path, folder below the state".
private_folders() {
    printf '%s %s\n' \
        /var/lib/kubelet kubelet \
        /var/lib/containerd containerd \
        /var/lib/cni cni \
        /var/log/pods logs/pods \
        /var/log/containers logs/containers \
        /run/containerd run-containerd
}

# Kernel settings of the whole machine that a kubelet changes.
HOST_SETTINGS=(/proc/sys/vm/overcommit_memory /proc/sys/vm/panic_on_oom /proc/sys/kernel/panic /proc/sys/kernel/panic_on_oops)

# Under the registry's lock: record the cluster, give it a subnet, prepare the mount points.
register_cluster() {
    local host_path setting
    mkdir -p "$RUN/processes"
    printf '%s\n' "$STATE" >"$RUN/state"
    printf '%s\n' "$CLUSTER_NAME" >"$RUN/name"
    choose_subnet
    while read -r host_path _; do
        if [[ ! -d $host_path ]]; then
            mkdir -p "$host_path"
            printf '%s\n' "$host_path" >>"$REGISTRY/created-folders"
        fi
    done < <(private_folders)
    if [[ ! -e $REGISTRY/host-settings ]]; then
        for setting in "${HOST_SETTINGS[@]}"; do
            printf '%s %s\n' "$setting" "$(<"$setting")"
        done >"$REGISTRY/host-settings"
    fi
}

# The first /30 of 198.18.0.0/15 (set aside for tests) that no cluster and no interface of the host has.
choose_subnet() {
    local number address taken used
    taken=" $(cat "$REGISTRY"/*/subnet 2>/dev/null | tr '\n' ' ') "
    used=$(ip -4 -o addr show)
    for ((number = 0; number < 32768; number++)); do
        address=$(subnet_address "$number" 1)
        if [[ $taken != *" $number "* && $used != *" $address/"* ]]; then
            printf '%s\n' "$number" >"$RUN/subnet"
            return
        fi
    done
    die 'no subnet is free in 198.18.0.0/15'
}

# subnet_address NUMBER HOST: the address of a host (1 or 2) in the subnet.
subnet_address() {
    local offset=$(($1 * 4 + $2))
    printf '198.%d.%d.%d' $((18 + offset / 65536)) $((offset / 256 % 256)) $((offset % 256))
}

read_addresses() {
    local number
    number=$(<"$RUN/subnet")
    # shellcheck disable=SC2034
    HOST_IP=$(subnet_address "$number" 1)
    # shellcheck disable=SC2034
    NODE_IP=$(subnet_address "$number" 2)
}

# What the anchor runs before it sleeps, in its new namespaces.
anchor_script() {
    local host_path folder
    printf 'set -e\n'
    while read -r host_path folder; do
        printf 'mount --bind %q %q\n' "$STATE/$folder" "$host_path"
    done < <(private_folders)
    printf 'mount --bind %q %q\n' "$STATE/postgres" "$RUN/postgres" # its user may not search the state's parents
    printf '%s\n' 'mount --make-rshared /' 'ip link set lo up' 'echo 1 >/proc/sys/net/ipv4/ip_forward' \
        "touch $RUN/anchored" 'exec sleep infinity'
}

start_namespaces() {
    local folder
    while read -r _ folder; do
        mkdir -p "$STATE/$folder"
    done < <(private_folders)
    mkdir -p "$STATE/postgres" "$RUN/postgres"
    chmod 755 "$REGISTRY" "$RUN" # the database's user passes through
    in_background anchor unshare --net --mount --propagation private -- bash -c "$(anchor_script)"
    wait_for_anchor
    ip link add "$HOST_LINK" type veth peer name eth0 netns "$(process_id anchor)"
    ip addr add "$HOST_IP/30" dev "$HOST_LINK"
    ip link set "$HOST_LINK" up
    # One nsenter for the three; the default route makes service addresses routable, nothing forwards it.
    inside ip -batch - <<<"addr add $NODE_IP/30 dev eth0
link set eth0 up
route add default via $HOST_IP"
}

wait_for_anchor() {
    local attempt
    for ((attempt = 0; attempt < 200; attempt++)); do
        [[ -e $RUN/anchored ]] && return
        process_alive anchor || break
        sleep 0.02
    done
    cat "$LOGS/anchor.log" >&2
    die 'the namespaces could not be made'
}
