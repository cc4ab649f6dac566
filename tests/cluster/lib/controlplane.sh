# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# etcd, the API server, the controller manager and the scheduler.
# shellcheck disable=SC2034 # the other files read these names

ETCD_URL=http://127.0.0.1:2379
SERVICE_RANGE=10.96.0.0/16
FIRST_SERVICE_IP=10.96.0.1
POD_RANGE=10.244.0.0/16

start_etcd() {
    mkdir -p "$STATE/etcd"
    chmod 700 "$STATE/etcd"
    start_process etcd "$PROGRAMS/etcd" --data-dir="$STATE/etcd" --unsafe-no-fsync --log-level=warn \
        --listen-client-urls="$ETCD_URL" --advertise-client-urls="$ETCD_URL" \
        --listen-peer-urls=http://127.0.0.1:2380 --quota-backend-bytes=8589934592
}

# start_api_server NAME PORT ETCD_URL AUDIT_LOG FLAG…: more than one can serve the same etcd.
start_api_server() {
    local name=$1 port=$2 etcd=$3 audit_log=$4
    shift 4
    start_process "$name" "$PROGRAMS/kube-apiserver" \
        --etcd-servers="$etcd" \
        --bind-address="$NODE_IP" --advertise-address="$NODE_IP" --secure-port="$port" \
        --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" --client-ca-file="$PKI/ca.crt" \
        --service-account-issuer=https://kubernetes.default.svc.cluster.local \
        --service-account-signing-key-file="$PKI/service-account.key" --service-account-key-file="$PKI/service-account.key" \
        --service-cluster-ip-range="$SERVICE_RANGE" \
        --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
        --kubelet-client-certificate="$PKI/apiserver-to-kubelet.crt" --kubelet-client-key="$PKI/apiserver-to-kubelet.key" \
        --kubelet-certificate-authority="$PKI/ca.crt" --kubelet-preferred-address-types=InternalIP \
        --audit-policy-file="$CLUSTER_SCRIPTS/config/audit-policy.yaml" --audit-log-path="$audit_log" \
        --audit-log-maxsize=2000 --audit-log-mode=blocking \
        "$@"
}

# ask_api PATH: one GET as administrator.
ask_api() {
    curl --silent --fail --max-time 2 --cacert "$PKI/ca.crt" --cert "$PKI/admin.crt" --key "$PKI/admin.key" "$API_URL$1"
}

# The flags that must be the same throughout: a scheduler of today waits for ever for resources that an API server
# emulating an old version does not have.
shared_flags() {
    local flag
    for flag in "${API_SERVER_FLAGS[@]}"; do
        if [[ $flag == --emulated-version=* ]]; then
            printf '%s\n' "$flag"
        fi
    done
}

# An autoscaler looks every 15 seconds, unless it is told otherwise: no test should wait for that.
start_controller_manager() {
    local -a shared
    mapfile -t shared < <(shared_flags)
    write_kubeconfig controller-manager "$PKI/controller-manager.kubeconfig"
    start_process kube-controller-manager "$PROGRAMS/kube-controller-manager" \
        --kubeconfig="$PKI/controller-manager.kubeconfig" --authentication-kubeconfig="$PKI/controller-manager.kubeconfig" \
        --authorization-kubeconfig="$PKI/controller-manager.kubeconfig" --bind-address=127.0.0.1 \
        --leader-elect=false --use-service-account-credentials=true \
        --service-account-private-key-file="$PKI/service-account.key" --root-ca-file="$PKI/ca.crt" \
        --kube-api-qps=200 --kube-api-burst=400 --flex-volume-plugin-dir="$STATE/volume-plugins" \
        --horizontal-pod-autoscaler-sync-period=1s \
        "${shared[@]}" "${CONTROLLER_MANAGER_FLAGS[@]}"
}

start_scheduler() {
    local -a shared
    mapfile -t shared < <(shared_flags)
    write_kubeconfig scheduler "$PKI/scheduler.kubeconfig"
    start_process kube-scheduler "$PROGRAMS/kube-scheduler" \
        --kubeconfig="$PKI/scheduler.kubeconfig" --authentication-kubeconfig="$PKI/scheduler.kubeconfig" \
        --authorization-kubeconfig="$PKI/scheduler.kubeconfig" --bind-address=127.0.0.1 --leader-elect=false \
        "${shared[@]}"
}

# A pod can be created once its namespace has its service account.
default_account_exists() { ask_api /api/v1/namespaces/default/serviceaccounts/default; }

start_simulated_node() {
    start_process nodesim "$NODESIM/nodesim" --kubeconfig "$STATE/kubeconfig" --node "$NODE_NAME" --node-ip "$NODE_IP"
}

node_ready() {
    ask_api "/api/v1/nodes/$NODE_NAME" | grep -Eq '"reason": ?"(KubeletReady|Simulated)"' && ! node_tainted
}

node_tainted() { ask_api "/api/v1/nodes/$NODE_NAME" | grep -q 'node.kubernetes.io/not-ready'; }
