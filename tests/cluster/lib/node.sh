# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A node that really runs pods: containerd with runc, the CNI bridge, a kubelet, kube-proxy.

PAUSE_IMAGE=interlude-pause:test
BUSYBOX_IMAGE=busybox:test
CONTAINERD_SOCKET_NAME=containerd.sock

cni_plugins() {
    local folder
    for folder in /usr/lib/cni /opt/cni/bin; do
        if [[ -x $folder/bridge ]]; then
            printf '%s' "$folder"
            return
        fi
    done
    die 'the CNI plugins are missing (Debian: containernetworking-plugins)'
}

start_containerd() {
    local plugins
    plugins=$(cni_plugins)
    mkdir -p "$STATE/cni.d"
    cat >"$STATE/cni.d/10-bridge.conflist" <<EOF
{"cniVersion": "0.4.0", "name": "interlude", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$POD_RANGE"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}
]}
EOF
    cat >"$STATE/containerd.toml" <<EOF
version = 2
root = "/var/lib/containerd"
state = "$RUN/containerd"
[grpc]
  address = "$RUN/$CONTAINERD_SOCKET_NAME"
[plugins."io.containerd.internal.v1.opt"]
  path = "$STATE/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$PAUSE_IMAGE"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$plugins"
    conf_dir = "$STATE/cni.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
EOF
    start_process containerd containerd --config "$STATE/containerd.toml"
}

containerd_answers() { ctr --address "$RUN/$CONTAINERD_SOCKET_NAME" --connect-timeout 1s version; }

# The images every cluster has: the one that holds a pod's namespaces, and a shell.
make_base_images() {
    local root=$STATE/base-images program
    mkdir -p "$root/pause" "$root/busybox/bin" "$root/busybox/tmp" "$root/busybox/etc"
    gcc -Os -static -s -o "$root/pause/pause" "$CLUSTER_SCRIPTS/images/pause.c"
    "$CLUSTER_SCRIPTS/image-build" --root "$root/pause" --tag "$PAUSE_IMAGE" --entrypoint /pause --user 65535:65535 \
        --output "$root/pause.tar"
    cp "$(command -v busybox)" "$root/busybox/bin/busybox"
    for program in $("$root/busybox/bin/busybox" --list); do
        if [[ $program != busybox ]]; then
            ln -s busybox "$root/busybox/bin/$program"
        fi
    done
    printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$root/busybox/etc/passwd"
    "$CLUSTER_SCRIPTS/image-build" --root "$root/busybox" --tag "$BUSYBOX_IMAGE" --cmd /bin/sh --env PATH=/bin \
        --mode tmp=1777 --output "$root/busybox.tar"
}

load_images() {
    local archive
    for archive in "$@"; do
        ctr --address "$RUN/$CONTAINERD_SOCKET_NAME" --namespace k8s.io images import "$archive" >/dev/null
    done
}

start_kubelet() {
    write_kubeconfig kubelet "$PKI/kubelet.kubeconfig"
    # Nothing answers at the name server's address: a look-up fails at once instead of waiting for an answer.
    printf 'nameserver %s\n' "$NODE_IP" >"$STATE/resolv.conf"
    cat >"$STATE/kubelet.yaml" <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $NODE_IP
healthzBindAddress: 127.0.0.1
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: "$PKI/ca.crt"}
authorization: {mode: Webhook}
tlsCertFile: "$PKI/kubelet.crt"
tlsPrivateKeyFile: "$PKI/kubelet.key"
containerRuntimeEndpoint: "unix://$RUN/$CONTAINERD_SOCKET_NAME"
cgroupDriver: cgroupfs
cgroupRoot: /$CGROUP
cgroupsPerQOS: true
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
localStorageCapacityIsolation: false
clusterDNS: [$NODE_IP]
clusterDomain: cluster.local
resolvConf: "$STATE/resolv.conf"
volumePluginDir: "$STATE/volume-plugins"
maxPods: 250
evictionHard: {memory.available: 100Mi}
imageGCHighThresholdPercent: 100
eventRecordQPS: 0
registryPullQPS: 0
kubeAPIQPS: 200
kubeAPIBurst: 400
serializeImagePulls: false
nodeStatusUpdateFrequency: 5s
EOF
    start_process kubelet "$PROGRAMS/kubelet" --config="$STATE/kubelet.yaml" --kubeconfig="$PKI/kubelet.kubeconfig" \
        --hostname-override="$NODE_NAME" --node-ip="$NODE_IP"
}

start_kube_proxy() {
    write_kubeconfig kube-proxy "$PKI/kube-proxy.kubeconfig"
    cat >"$STATE/kube-proxy.yaml" <<EOF
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
clusterCIDR: $POD_RANGE
clientConnection: {kubeconfig: "$PKI/kube-proxy.kubeconfig"}
conntrack: {maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
EOF
    start_process kube-proxy "$PROGRAMS/kube-proxy" --config="$STATE/kube-proxy.yaml" --hostname-override="$NODE_NAME"
}
