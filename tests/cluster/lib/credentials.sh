# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The cluster's own certificate authority and what it signs. ECDSA, good for a month.

# issue FILE SUBJECT [ALTERNATIVE_NAMES]: pki/FILE.crt and pki/FILE.key, for servers and clients.
issue() {
    local -a names=()
    if [[ -n ${3:-} ]]; then
        names=(-addext "subjectAltName=$3")
    fi
    openssl req -x509 -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -days 30 -nodes \
        -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj "$2" "${names[@]}" \
        -addext basicConstraints=critical,CA:false -addext keyUsage=critical,digitalSignature \
        -addext extendedKeyUsage=serverAuth,clientAuth \
        -keyout "$PKI/$1.key" -out "$PKI/$1.crt" 2>>"$LOGS/credentials.log"
}

create_credentials() {
    mkdir -p "$PKI"
    chmod 700 "$PKI"
    openssl req -x509 -days 30 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
        -subj "/CN=interlude-test-$ID" -addext keyUsage=critical,keyCertSign,cRLSign \
        -keyout "$PKI/ca.key" -out "$PKI/ca.crt" 2>"$LOGS/credentials.log"
    openssl ecparam -name prime256v1 -genkey -noout -out "$PKI/service-account.key" 2>>"$LOGS/credentials.log"
    issue apiserver /CN=kube-apiserver \
        "IP:$NODE_IP,IP:$FIRST_SERVICE_IP,IP:127.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
    issue admin /O=system:masters/CN=admin
    issue apiserver-to-kubelet /O=system:masters/CN=apiserver-to-kubelet
    issue controller-manager /CN=system:kube-controller-manager
    issue scheduler /CN=system:kube-scheduler
    if [[ $MODE == full ]]; then
        issue kubelet "/O=system:nodes/CN=system:node:$NODE_NAME" "IP:$NODE_IP,DNS:$NODE_NAME"
        issue kube-proxy /CN=system:kube-proxy
    fi
}

# write_kubeconfig USER FILE: everything inline, so that the file can be copied elsewhere.
write_kubeconfig() {
    local unfinished=$2.new
    (
        umask 077
        cat >"$unfinished" <<EOF
apiVersion: v1
kind: Config
clusters:
- name: $CLUSTER_NAME
  cluster:
    server: $API_URL
    certificate-authority-data: $(base64 --wrap=0 "$PKI/ca.crt")
users:
- name: $1
  user:
    client-certificate-data: $(base64 --wrap=0 "$PKI/$1.crt")
    client-key-data: $(base64 --wrap=0 "$PKI/$1.key")
contexts:
- name: $CLUSTER_NAME
  context: {cluster: $CLUSTER_NAME, user: $1}
current-context: $CLUSTER_NAME
EOF
    )
    mv "$unfinished" "$2"
}
