// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"time"
)

// upstream is the real API server, asked with the administrator's certificate.
type upstream struct {
	server *url.URL
	client *http.Client
}

// newUpstream reads the kubeconfig of tests/cluster. The standard library has no YAML: each field that is
// wanted stands once, on a line of its own.
func newUpstream(kubeconfig string) (*upstream, error) {
	text, err := os.ReadFile(kubeconfig)
	if err != nil {
		return nil, err
	}
	field := func(name string) string {
		found := regexp.MustCompile(`(?m)^\s*` + name + `:\s*(\S+)\s*$`).FindSubmatch(text)
		if found == nil {
			return ""
		}
		return string(found[1])
	}
	inline := func(name string) []byte {
		data, _ := base64.StdEncoding.DecodeString(field(name))
		return data
	}
	server, err := url.Parse(field("server"))
	if err != nil || server.Host == "" {
		return nil, fmt.Errorf("%s: no server", kubeconfig)
	}
	pair, err := tls.X509KeyPair(inline("client-certificate-data"), inline("client-key-data"))
	if err != nil {
		return nil, fmt.Errorf("%s: the client certificate: %w", kubeconfig, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(inline("certificate-authority-data")) {
		return nil, fmt.Errorf("%s: no certificate-authority-data", kubeconfig)
	}
	transport := &http.Transport{
		TLSClientConfig:    &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots},
		ForceAttemptHTTP2:  true,
		DisableCompression: true,
	}
	return &upstream{server: server, client: &http.Client{Transport: transport}}, nil
}

// authority signs the certificates that the sessions show.
type authority struct {
	pem  []byte
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	good tls.Certificate // most sessions show this one
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "faultproxy"}, IsCA: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	made := &authority{cert: cert, key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
	made.good, err = made.issue("good")
	return made, err
}

// issue makes a certificate for 127.0.0.1: "good", "expired", "foreign", for another address, or "unknown", of
// an authority that nobody trusts.
func (a *authority) issue(kind string) (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "kube-apiserver"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	switch kind {
	case "good":
	case "unknown":
		other, err := newAuthority()
		if err != nil {
			return tls.Certificate{}, err
		}
		return other.good, nil
	case "expired":
		template.NotAfter = time.Now().Add(-time.Minute)
	case "foreign":
		template.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1)}
	default:
		return tls.Certificate{}, fmt.Errorf("no certificate is %q: good, expired, foreign, unknown", kind)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// kubeconfig is for the controller: our authority, and a token that nobody looks at.
func (a *authority) kubeconfig(server string) string {
	var text bytes.Buffer
	fmt.Fprintf(&text, `apiVersion: v1
kind: Config
clusters:
- name: faulty
  cluster:
    server: %s
    certificate-authority-data: %s
users:
- name: controller
  user:
    token: of-no-meaning
contexts:
- name: faulty
  context: {cluster: faulty, user: controller}
current-context: faulty
`, server, base64.StdEncoding.EncodeToString(a.pem))
	return text.String()
}
