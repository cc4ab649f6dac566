// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

func TestRoutesListsAndWatches(t *testing.T) {
	g := newGround(t, "good")
	old := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "old %s", r.URL.Query().Get("resourceVersion"))
	}))
	t.Cleanup(old.Close)
	address, _ := url.Parse(old.URL)
	g.route = &route{
		Rewind: true, path: regexp.MustCompile("/databases"),
		upstream: &upstream{server: address, client: old.Client()},
	}
	const collection = "/apis/interlude.dev/v1alpha1/namespaces/n/databases"
	for path, want := range map[string]string{
		collection + "?watch=1&sendInitialEvents=true":       "old 0",
		collection + "?watch=1&resourceVersion=7":            "old 7",
		collection + "?limit=500":                            "old ",
		collection + "/orders":                               "applied",
		"/api/v1/namespaces/n/pods?labelSelector=a":          "applied",
		"/apis/interlude.dev/v1alpha1/databases?limit=500":   "old ",
		"/apis/interlude.dev/v1alpha1/namespaces/n/others/x": "applied",
	} {
		if _, body := g.ask(path); !strings.Contains(body, want) {
			t.Errorf("%s: %s, want %s", path, body, want)
		}
	}
}

func TestCertificateChanges(t *testing.T) {
	g := newGround(t, "good")
	if status, text := g.ask("/x"); status != http.StatusOK {
		t.Fatal(status, text)
	}
	for _, kind := range []string{"expired", "foreign", "unknown"} {
		certificate, err := g.authority.issue(kind)
		if err != nil {
			t.Fatal(err)
		}
		g.certify(certificate)
		g.client.CloseIdleConnections()
		if status, text := g.ask("/x"); status != 0 || !strings.Contains(text, "certificate") {
			t.Errorf("%s: %d %s", kind, status, text)
		}
	}
	certificate, err := g.authority.issue("good")
	if err != nil {
		t.Fatal(err)
	}
	g.certify(certificate)
	g.client.CloseIdleConnections()
	if status, text := g.ask("/x"); status != http.StatusOK {
		t.Error(status, text)
	}
}

func TestCutsAllConnections(t *testing.T) {
	g := newGround(t, "good")
	watch := g.watch()
	g.reads(watch, "event 1", "event 2", "event 3")
	g.cutAll()
	if text, err := watch.ReadString('\n'); err == nil {
		t.Errorf("read %q", text)
	}
	g.client.CloseIdleConnections()
	if status, text := g.ask("/x"); status != http.StatusOK {
		t.Error(status, text)
	}
}
