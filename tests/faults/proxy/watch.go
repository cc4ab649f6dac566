// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"net/http"
	"syscall"
	"time"
)

// line is one event of a watch that waits for its turn.
type line struct {
	text []byte
	due  time.Time
}

// serveWatch passes a watch on, line by line, each as soon as it comes. Returns the status.
func (x *exchange) serveWatch() int {
	response, err := x.send(x.r.Context())
	if err != nil {
		x.w.WriteHeader(http.StatusBadGateway)
		return http.StatusBadGateway
	}
	defer response.Body.Close()
	maps.Copy(x.w.Header(), response.Header)
	x.w.Header().Del("Content-Length")
	x.session.date(x.w.Header())
	x.w.WriteHeader(response.StatusCode)
	_ = http.NewResponseController(x.w).Flush()
	if response.StatusCode != http.StatusOK {
		_, _ = io.Copy(x.w, response.Body)
		return response.StatusCode
	}
	lines := make(chan line, 1<<16) // what is held back is read all the same: the server must not notice
	go x.readLines(response.Body, lines)
	x.writeLines(lines)
	return response.StatusCode
}

func (x *exchange) readLines(body io.Reader, lines chan<- line) {
	defer close(lines)
	reader := bufio.NewReaderSize(body, 64<<10)
	for {
		text, err := reader.ReadBytes('\n')
		if len(text) > 0 && x.session.shows(text) {
			select {
			case lines <- line{text: text, due: time.Now()}:
			case <-x.r.Context().Done():
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// patience is how long a line waits for the one that is to pass it: a quiet watch may tell nothing for a minute.
const patience = time.Second

func (x *exchange) writeLines(lines <-chan line) {
	var held []byte // waits until the next one has passed it
	for {
		var enough <-chan time.Time
		if held != nil {
			enough = time.After(patience)
		}
		var texts [][]byte
		select {
		case next, more := <-lines:
			if !more {
				return
			}
			texts, held = x.inTurn(next, held)
		case <-enough:
			texts, held = [][]byte{held}, nil
		}
		if !x.writeTexts(texts) {
			return
		}
	}
}

// inTurn is what is to be written now that a line has come, and what is held back from now on. Only one is: a second
// "swap" does not make the first one lose its place, for the API server loses none either.
func (x *exchange) inTurn(next line, held []byte) (texts [][]byte, holds []byte) {
	texts = [][]byte{next.text}
	for _, rule := range x.session.lineRules(x.entry.Path, next.text) {
		if rule.Do == "stop" {
			x.session.freeze()
		}
		x.session.fire(x.entry, rule)
		if rule.Do != "swap" {
			texts = x.change(rule, next, texts)
		} else if held == nil {
			texts, holds = nil, next.text
		}
	}
	switch {
	case held == nil:
		return texts, holds
	case len(texts) == 0:
		return nil, held
	default:
		return append(texts, held), nil
	}
}

func (x *exchange) writeTexts(texts [][]byte) bool {
	for _, text := range texts {
		if _, err := x.w.Write(text); err != nil {
			return false
		}
		x.session.mutex.Lock()
		x.entry.Lines++
		x.session.mutex.Unlock()
	}
	return http.NewResponseController(x.w).Flush() == nil
}

// change does to a line what the rule says; what is to be written in its place.
func (x *exchange) change(rule *Rule, next line, texts [][]byte) [][]byte {
	s := x.session
	switch rule.Do {
	case "drop":
		return nil
	case "duplicate":
		return append(texts, next.text)
	case "delay": // each line by as much, so that their order stays
		time.Sleep(time.Until(next.due.Add(rule.pause())))
	case "hold", "stop":
		s.hold()
	case "garble":
		return [][]byte{bytes.ReplaceAll(next.text, []byte(":"), []byte(";"))}
	case "truncate":
		_, _ = x.w.Write(next.text[:min(len(next.text), rule.Bytes)])
		_ = http.NewResponseController(x.w).Flush()
		panic(http.ErrAbortHandler)
	case "flood":
		x.pour(rule)
	case "kill":
		s.seal()
		s.signal(syscall.SIGKILL)
		return nil
	}
	return texts
}
