// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
)

// route sends the watches of a session that fit, and the lists, to another API server, whose caches may be
// old. A controller that asks for a first state that is current gets, where Rewind is set, what those caches
// hold: a current server refuses to be so asked while it lags, and an older one had no such question.
type route struct {
	Kubeconfig string `json:"kubeconfig"`
	Path       string `json:"path,omitempty"` // a regular expression: which; default all
	Rewind     bool   `json:"rewind,omitempty"`

	upstream *upstream
	path     *regexp.Regexp
}

func (r *route) prepare() (err error) {
	if r.upstream, err = newUpstream(r.Kubeconfig); err != nil {
		return err
	}
	r.path, err = regexp.Compile(r.Path)
	return err
}

func isList(r *http.Request) bool {
	// Names and subresources come after a plural at an even place: /api/v1/namespaces/N/pods is a collection.
	collection := regexp.MustCompile(`^/(api/v1|apis/[^/]+/[^/]+)(/namespaces/[^/]+)?/[^/]+$`)
	return r.Method == http.MethodGet && collection.MatchString(r.URL.Path)
}

// destination is the server that a request goes to, and its address there.
func (s *session) destination(r *http.Request) (*upstream, url.URL) {
	address := *r.URL
	s.mutex.Lock()
	route := s.route
	s.mutex.Unlock()
	if route == nil || !isList(r) || !route.path.MatchString(r.URL.RequestURI()) {
		return s.upstream, address
	}
	if query := address.Query(); route.Rewind && query.Get("sendInitialEvents") == "true" {
		query.Set("resourceVersion", "0")
		address.RawQuery = query.Encode()
	}
	return route.upstream, address
}

// setRoute takes a route, or null for none.
func (s *session) setRoute(request *http.Request) (*state, error) {
	var wanted *route
	if err := json.NewDecoder(request.Body).Decode(&wanted); err != nil {
		return nil, err
	}
	if wanted != nil {
		if err := wanted.prepare(); err != nil {
			return nil, err
		}
	}
	s.mutex.Lock()
	s.route = wanted
	s.mutex.Unlock()
	return s.state(false), nil
}

// certify shows another certificate from now on, and ends the connections that saw the one before.
func (s *session) certify(certificate tls.Certificate) {
	s.mutex.Lock()
	s.certificate = certificate
	s.mutex.Unlock()
	s.cutAll()
}

func (s *session) cutAll() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for conn := range s.conns {
		_ = conn.Close()
	}
}
