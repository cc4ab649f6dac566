// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// answer is what goes back to the controller.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// exchange is one request on its way.
type exchange struct {
	session *session
	entry   *entry
	rules   []*Rule
	w       http.ResponseWriter
	r       *http.Request
	body    []byte
	answer  *answer // nil: not known yet
	flood   *Rule   // instead of the answer's body
	short   *Rule   // only the beginning of it
}

func (s *session) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	seen, rules, ok := s.arrive(r, body)
	if !ok {
		<-r.Context().Done()
		return
	}
	x := &exchange{session: s, entry: seen, rules: rules, w: w, r: r, body: body}
	status := 0
	defer func() { s.leave(seen, status) }()
	if !x.apply(before) {
		return
	}
	if seen.Number == 0 && x.answer == nil {
		status = x.serveWatch()
		return
	}
	if x.answer == nil {
		x.answer = x.ask()
	}
	status = x.answer.status
	if !x.apply(applied) {
		return
	}
	status = x.answer.status
	x.endAfter()
	x.reply()
}

// apply carries out what is to be done at this moment; false: there will be no answer.
func (x *exchange) apply(when string) bool {
	for _, rule := range x.rules {
		if rule.When == when && !x.do(rule) {
			return false
		}
	}
	return true
}

func (x *exchange) do(rule *Rule) bool {
	s := x.session
	if rule.Do == "stop" { // told when it is so
		s.freeze()
	}
	s.fire(x.entry, rule)
	switch rule.Do {
	case "kill":
		s.seal()
		s.signal(syscall.SIGKILL)
		return false
	case "stop":
		s.hold()
	case "hold":
		s.hold()
	case "delay":
		time.Sleep(rule.pause())
	case "answer":
		x.answer = made(rule)
	case "reset": // of this stream alone
		panic(http.ErrAbortHandler)
	case "cut": // the whole connection
		x.cut()
		return false
	case "goaway":
		x.w.Header().Set("Connection", "close")
	case "truncate":
		x.short = rule
	case "flood":
		x.flood = rule
		if x.answer == nil {
			x.answer = &answer{status: http.StatusOK, header: http.Header{}}
		}
	}
	return true
}

func (x *exchange) cut() {
	if conn, ok := x.r.Context().Value(connection{}).(net.Conn); ok {
		_ = conn.Close()
	}
}

// made is an answer in place of the server's: a Status, as the API server's own refusals are, or the
// rule's body.
func made(rule *Rule) *answer {
	header := http.Header{"Content-Type": {"application/json"}}
	if rule.After > 0 {
		header.Set("Retry-After", strconv.Itoa(rule.After))
	}
	body := rule.Body
	if body == "" {
		body = fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"a fault, on purpose","reason":%q,"code":%d}`,
			strings.ReplaceAll(http.StatusText(rule.Status), " ", ""), rule.Status)
	}
	return &answer{status: rule.Status, header: header, body: []byte(body)}
}

// send passes the request on.
func (x *exchange) send(ctx context.Context) (*http.Response, error) {
	up, url := x.session.destination(x.r)
	url.Scheme, url.Host = up.server.Scheme, up.server.Host
	request, err := http.NewRequestWithContext(ctx, x.r.Method, url.String(), bytes.NewReader(x.body))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"Accept", "Content-Type", "User-Agent"} {
		if values := x.r.Header.Values(name); values != nil {
			request.Header[name] = values
		}
	}
	return up.client.Do(request)
}

// ask has the whole answer before anything is done with it. What has arrived is applied, also when the
// controller is gone by then.
func (x *exchange) ask() *answer {
	response, err := x.send(context.WithoutCancel(x.r.Context()))
	if err == nil {
		defer response.Body.Close()
		var body []byte
		if body, err = io.ReadAll(response.Body); err == nil {
			return &answer{status: response.StatusCode, header: response.Header, body: body}
		}
	}
	return made(&Rule{Status: http.StatusBadGateway, Body: err.Error()})
}

func (x *exchange) reply() {
	header := x.w.Header()
	maps.Copy(header, x.answer.header)
	header.Del("Content-Length")
	x.session.date(header)
	if x.flood != nil {
		x.w.WriteHeader(x.answer.status)
		x.pour(x.flood)
		return
	}
	if x.short != nil { // the length is told, so that the end is seen to be missing
		header.Set("Content-Length", strconv.Itoa(len(x.answer.body)))
		x.w.WriteHeader(x.answer.status)
		_, _ = x.w.Write(x.answer.body[:min(len(x.answer.body), x.short.Bytes)])
		_ = http.NewResponseController(x.w).Flush()
		panic(http.ErrAbortHandler)
	}
	x.w.WriteHeader(x.answer.status)
	_, _ = x.w.Write(x.answer.body)
}

// pour writes a line of so many bytes, 0: one without an end, a chunk at a time and a pause after each.
func (x *exchange) pour(rule *Rule) {
	chunk := bytes.Repeat([]byte("x"), 64<<10)
	_, _ = io.WriteString(x.w, `{"type":"ADDED","object":{"kind":"`)
	for left := rule.Bytes; (left > 0 || rule.Bytes == 0) && x.r.Context().Err() == nil; left -= len(chunk) {
		if _, err := x.w.Write(chunk); err != nil {
			return
		}
		_ = http.NewResponseController(x.w).Flush()
		time.Sleep(rule.pause())
	}
	_, _ = io.WriteString(x.w, "\"}}\n")
}

// endAfter ends or stops the process a moment after the answer was delivered; what it asks next is not
// passed on.
func (x *exchange) endAfter() {
	for _, rule := range x.rules {
		if rule.When != after {
			continue
		}
		s := x.session
		if rule.Do == "kill" {
			s.seal()
		}
		time.AfterFunc(readAnswerIn, func() {
			if rule.Do == "kill" {
				s.signal(syscall.SIGKILL)
			} else {
				s.freeze()
			}
			s.fire(x.entry, rule)
		})
	}
}
