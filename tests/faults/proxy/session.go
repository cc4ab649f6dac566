// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	logged       = 4096                 // requests that a session remembers
	bodyLogged   = 512                  // bytes of a request's body
	streams      = 100                  // on a connection, as kube-apiserver allows
	readAnswerIn = 5 * time.Millisecond // what a controller gets to read an answer before it is ended
)

// entry is one request in a session's record.
type entry struct {
	Number int     `json:"number"` // 0: a watch
	Method string  `json:"method"`
	Path   string  `json:"path"`
	Body   string  `json:"body,omitempty"`
	At     float64 `json:"at"`             // seconds since the session began
	Took   float64 `json:"took,omitempty"` // seconds; of a watch: until it ended
	Status int     `json:"status,omitempty"`
	Lines  int     `json:"lines,omitempty"` // of a watch
	Fault  string  `json:"fault,omitempty"`
}

// session is one controller process as the proxy sees it.
type session struct {
	upstream *upstream
	listener net.Listener
	server   *http.Server
	began    time.Time

	mutex    sync.Mutex
	changed  *sync.Cond // of everything below
	pid      int
	rules    []*Rule
	numbered int
	fired    int // how many times a rule was carried out
	open     int // requests, watches not counted
	last     time.Time
	isSealed bool   // its process is to be ended: nothing is passed on any more
	isFrozen bool   // its process is stopped: nothing is passed on until it is released
	released uint64 // how often
	isClosed bool
	log      []*entry

	ahead       time.Duration // of the server's clock, in the Date header of all answers
	route       *route        // nil: all goes to upstream
	certificate tls.Certificate
	conns       map[net.Conn]bool

	shown [][]byte // from the beginning on: what the lines of watches must have one of; none: all are shown
}

type connection struct{}

func newSession(up *upstream, certificate tls.Certificate) (*session, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &session{upstream: up, listener: listener, began: time.Now(), last: time.Now(),
		certificate: certificate, conns: map[net.Conn]bool{}}
	s.changed = sync.NewCond(&s.mutex)
	s.server = &http.Server{
		Handler: s,
		TLSConfig: &tls.Config{SessionTicketsDisabled: true, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			s.mutex.Lock()
			defer s.mutex.Unlock()
			shown := s.certificate
			return &shown, nil
		}},
		ConnState: func(conn net.Conn, now http.ConnState) {
			s.mutex.Lock()
			defer s.mutex.Unlock()
			if now == http.StateClosed || now == http.StateHijacked {
				delete(s.conns, conn)
			} else {
				s.conns[conn] = true
			}
		},
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: streams},
		ErrorLog: log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connection{}, conn)
		},
	}
	go func() { _ = s.server.ServeTLS(listener, "", "") }()
	return s, nil
}

func (s *session) url() string { return "https://" + s.listener.Addr().String() }

func (s *session) close() {
	s.mutex.Lock()
	s.isClosed = true
	s.changed.Broadcast()
	s.mutex.Unlock()
	_ = s.server.Close()
}

// arrive numbers a request and finds what is to be done with it. It lets requests of a stopped process wait,
// and answers false for one that nobody will ever answer.
func (s *session) arrive(r *http.Request, body []byte) (*entry, []*Rule, bool) {
	isWatch := r.URL.Query().Get("watch") != ""
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for s.isFrozen && !isWatch && !s.isClosed {
		s.changed.Wait()
	}
	if s.isSealed || s.isClosed {
		return nil, nil, false
	}
	seen := &entry{Method: r.Method, Path: r.URL.RequestURI(), At: time.Since(s.began).Seconds(), Body: string(body[:min(len(body), bodyLogged)])}
	if !isWatch {
		s.numbered++
		seen.Number = s.numbered
		s.open++
		s.last = time.Now()
	}
	if len(s.log) < logged {
		s.log = append(s.log, seen)
	}
	var rules []*Rule
	for _, rule := range s.rules {
		if rule.fitsRequest(seen, body) && rule.takes() {
			rules = append(rules, rule)
		}
	}
	s.changed.Broadcast()
	return seen, rules, true
}

// lineRules is arrive for one line of a watch.
func (s *session) lineRules(uri string, line []byte) []*Rule {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var rules []*Rule
	for _, rule := range s.rules {
		if rule.fitsLine(uri, line) && rule.takes() {
			rules = append(rules, rule)
		}
	}
	return rules
}

// fire notes that a rule is carried out.
func (s *session) fire(seen *entry, rule *Rule) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	seen.Fault += rule.When + " " + rule.Do + "; "
	s.fired++
	rule.fired++
	s.changed.Broadcast()
}

func (s *session) leave(seen *entry, status int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	seen.Status = status
	seen.Took = time.Since(s.began).Seconds() - seen.At
	if seen.Number != 0 {
		s.open--
		s.last = time.Now()
	}
	s.changed.Broadcast()
}

// signal waits until it was told the process, which may have sent its first request before.
func (s *session) signal(signal syscall.Signal) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for s.pid == 0 && !s.isClosed {
		s.changed.Wait()
	}
	if s.pid != 0 {
		_ = syscall.Kill(s.pid, signal)
	}
}

func (s *session) seal() {
	s.mutex.Lock()
	s.isSealed = true
	s.mutex.Unlock()
}

func (s *session) freeze() {
	s.mutex.Lock()
	s.isFrozen = true
	s.mutex.Unlock()
	s.signal(syscall.SIGSTOP)
}

// hold waits for the next release.
func (s *session) hold() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for now := s.released; s.released == now && !s.isClosed; {
		s.changed.Wait()
	}
}

// release lets everything go that is held, and thaws the process.
func (s *session) release() {
	s.mutex.Lock()
	wasFrozen := s.isFrozen
	s.isFrozen = false
	s.released++
	s.changed.Broadcast()
	s.mutex.Unlock()
	if wasFrozen {
		s.signal(syscall.SIGCONT)
	}
}

// waitFired waits until rules were carried out so many times, or the time is over.
func (s *session) waitFired(wanted int, timeout time.Duration) {
	wake := time.AfterFunc(timeout, func() {
		s.mutex.Lock()
		s.changed.Broadcast()
		s.mutex.Unlock()
	})
	defer wake.Stop()
	deadline := time.Now().Add(timeout)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for s.fired < wanted && !s.isClosed && time.Now().Before(deadline) {
		s.changed.Wait()
	}
}

// showOnly makes some namespaces the whole world of the session: of all others its watches tell nothing. So a controller of
// all namespaces lives beside other tests'. What is of a namespace names it; what is of none is not shown.
func (s *session) showOnly(namespaces []string) {
	for _, namespace := range namespaces {
		s.shown = append(s.shown, []byte(`"namespace":"`+namespace+`"`))
	}
}

func (s *session) shows(line []byte) bool {
	isEvent := !bytes.HasPrefix(line, []byte(`{"type":"BOOKMARK"`)) && !bytes.HasPrefix(line, []byte(`{"type":"ERROR"`))
	return len(s.shown) == 0 || !isEvent || slices.ContainsFunc(s.shown, func(name []byte) bool { return bytes.Contains(line, name) })
}

// date tells the server's time as the session wants it told: a clock that is days ahead is a soak that is over.
func (s *session) date(header http.Header) {
	s.mutex.Lock()
	ahead := s.ahead
	s.mutex.Unlock()
	if ahead != 0 {
		header.Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
	}
}
