// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// control is what the tests talk to.
type control struct {
	upstream  *upstream
	authority *authority

	mutex    sync.Mutex
	sessions map[int]*session
	last     int
}

// state is what a session tells of itself.
type state struct {
	ID         int      `json:"id"`
	Server     string   `json:"server"`
	Kubeconfig string   `json:"kubeconfig,omitempty"` // in the answer to its creation
	Requests   int      `json:"requests"`             // that were numbered
	Fired      int      `json:"fired"`                // how many times a rule was carried out
	Hits       []int    `json:"hits"`                 // the same, of each rule that is given now
	Open       int      `json:"open"`                 // requests without an answer, watches not counted
	Quiet      float64  `json:"quiet"`                // seconds since the last request came or went
	Log        []*entry `json:"log,omitempty"`
}

func (c *control) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sessions", c.create)
	mux.HandleFunc("GET /sessions/{id}", c.with(func(s *session, r *http.Request) (*state, error) {
		query := r.URL.Query()
		if wanted, err := strconv.Atoi(query.Get("fired")); err == nil {
			seconds, _ := strconv.ParseFloat(query.Get("within"), 64)
			s.waitFired(wanted, time.Duration(seconds*float64(time.Second)))
		}
		return s.state(query.Has("log")), nil
	}))
	mux.HandleFunc("PUT /sessions/{id}/pid", c.with(func(s *session, r *http.Request) (*state, error) {
		var pid int
		if err := json.NewDecoder(r.Body).Decode(&pid); err != nil || pid <= 1 {
			return nil, fmt.Errorf("a process is wanted, not %d", pid)
		}
		s.mutex.Lock()
		s.pid = pid
		s.changed.Broadcast()
		s.mutex.Unlock()
		return s.state(false), nil
	}))
	mux.HandleFunc("PUT /sessions/{id}/rules", c.with(func(s *session, r *http.Request) (*state, error) {
		rules, err := decodeRules(r)
		if err != nil {
			return nil, err
		}
		s.mutex.Lock()
		s.rules = rules
		s.mutex.Unlock()
		return s.state(false), nil
	}))
	mux.HandleFunc("PUT /sessions/{id}/route", c.with(func(s *session, r *http.Request) (*state, error) { return s.setRoute(r) }))
	mux.HandleFunc("PUT /sessions/{id}/clock", c.with(func(s *session, r *http.Request) (*state, error) {
		var seconds float64
		if err := json.NewDecoder(r.Body).Decode(&seconds); err != nil {
			return nil, err
		}
		s.mutex.Lock()
		s.ahead = time.Duration(seconds * float64(time.Second))
		s.mutex.Unlock()
		return s.state(false), nil
	}))
	mux.HandleFunc("PUT /sessions/{id}/certificate", c.with(func(s *session, r *http.Request) (*state, error) {
		var kind string
		if err := json.NewDecoder(r.Body).Decode(&kind); err != nil {
			return nil, err
		}
		certificate, err := c.authority.issue(kind)
		if err != nil {
			return nil, err
		}
		s.certify(certificate)
		return s.state(false), nil
	}))
	mux.HandleFunc("POST /sessions/{id}/cut", c.with(func(s *session, _ *http.Request) (*state, error) {
		s.cutAll()
		return s.state(false), nil
	}))
	mux.HandleFunc("POST /sessions/{id}/release", c.with(func(s *session, _ *http.Request) (*state, error) {
		s.release()
		return s.state(false), nil
	}))
	mux.HandleFunc("DELETE /sessions/{id}", c.with(func(s *session, r *http.Request) (*state, error) {
		id, _ := strconv.Atoi(r.PathValue("id"))
		c.mutex.Lock()
		delete(c.sessions, id)
		c.mutex.Unlock()
		last := s.state(true)
		s.close()
		return last, nil
	}))
	return mux
}

func decodeRules(r *http.Request) ([]*Rule, error) {
	var rules []*Rule
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&rules); err != nil {
		return nil, err
	}
	for _, rule := range rules {
		if err := rule.prepare(); err != nil {
			return nil, err
		}
	}
	return rules, nil
}

func (c *control) create(w http.ResponseWriter, r *http.Request) {
	wanted := struct {
		Certificate string   `json:"certificate"`
		Namespaces  []string `json:"namespaces"`
	}{Certificate: "good"}
	certificate, err := c.authority.good, error(nil)
	if r.ContentLength != 0 {
		err = json.NewDecoder(r.Body).Decode(&wanted)
	}
	if err == nil && wanted.Certificate != "good" {
		certificate, err = c.authority.issue(wanted.Certificate)
	}
	var s *session
	if err == nil {
		s, err = newSession(c.upstream, certificate)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.showOnly(wanted.Namespaces) // nobody is connected yet
	c.mutex.Lock()
	c.last++
	id := c.last
	c.sessions[id] = s
	c.mutex.Unlock()
	made := s.state(false)
	made.ID = id
	made.Kubeconfig = c.authority.kubeconfig(s.url())
	_ = json.NewEncoder(w).Encode(made)
}

// with finds the session, calls what serves the request, and answers with what that returns.
func (c *control) with(serve func(*session, *http.Request) (*state, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, _ := strconv.Atoi(r.PathValue("id"))
		c.mutex.Lock()
		s := c.sessions[id]
		c.mutex.Unlock()
		if s == nil {
			http.Error(w, "there is no such session", http.StatusNotFound)
			return
		}
		told, err := serve(s, r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		told.ID = id
		_ = json.NewEncoder(w).Encode(told)
	}
}

// state copies, so that it can be written while the session goes on.
func (s *session) state(withLog bool) *state {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	told := &state{Server: s.url(), Requests: s.numbered, Fired: s.fired, Open: s.open, Quiet: time.Since(s.last).Seconds()}
	for _, rule := range s.rules {
		told.Hits = append(told.Hits, rule.fired)
	}
	if withLog {
		for _, seen := range s.log {
			copied := *seen
			told.Log = append(told.Log, &copied)
		}
	}
	return told
}
