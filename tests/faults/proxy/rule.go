// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"time"
)

// Rule says what shall be done, and to which requests, or lines of watches, of a session. Everything that
// is given of "which" must fit. README.md lists the actions.
type Rule struct {
	// Which.
	Number int    `json:"number,omitempty"` // the request of this number; watches have none
	Method string `json:"method,omitempty"` // a regular expression, as Path, Sends and Line are
	Path   string `json:"path,omitempty"`   // of the path with its query
	Sends  string `json:"sends,omitempty"`  // of the request's body
	Watch  bool   `json:"watch,omitempty"`  // watches, and not the other requests
	Line   string `json:"line,omitempty"`   // lines of watches, and not requests
	First  int    `json:"first,omitempty"`  // begin with this one of those that fit; default 1
	Times  int    `json:"times,omitempty"`  // and do it so many times; default 1, -1 for ever

	// What.
	When   string `json:"when,omitempty"` // before it is passed on (default), applied: when the server has answered, after: when the answer was delivered
	Do     string `json:"do"`
	Ms     int    `json:"ms,omitempty"`
	Status int    `json:"status,omitempty"`
	Bytes  int    `json:"bytes,omitempty"`
	After  int    `json:"retryAfter,omitempty"` // seconds
	Body   string `json:"body,omitempty"`

	method, path, sends, line *regexp.Regexp
	fitted                    int // how many have fitted so far
	fired                     int // how many times it was carried out
}

const (
	before  = "before"
	applied = "applied"
	after   = "after"
)

// What can be done to a request at which moment, and to a line.
var (
	requestActions = map[string][]string{
		"kill":     {before, applied, after},
		"stop":     {before, applied, after},
		"hold":     {before, applied},
		"delay":    {before, applied},
		"answer":   {before, applied},
		"reset":    {before, applied},
		"cut":      {before, applied},
		"truncate": {before},
		"flood":    {before, applied},
		"goaway":   {before},
	}
	lineActions = map[string]bool{
		"kill": true, "stop": true, "hold": true, "delay": true, "drop": true, "duplicate": true, "swap": true,
		"garble": true, "truncate": true, "flood": true,
	}
)

func (rule *Rule) prepare() error {
	if rule.When == "" {
		rule.When = before
	}
	if rule.First == 0 {
		rule.First = 1
	}
	if rule.Times == 0 {
		rule.Times = 1
	}
	for _, part := range []struct {
		text string
		to   **regexp.Regexp
	}{{rule.Method, &rule.method}, {rule.Path, &rule.path}, {rule.Sends, &rule.sends}, {rule.Line, &rule.line}} {
		compiled, err := regexp.Compile(part.text)
		if err != nil {
			return err
		}
		*part.to = compiled
	}
	if rule.Line != "" {
		if !lineActions[rule.Do] {
			return fmt.Errorf("nothing like %q can be done to a line", rule.Do)
		}
		return nil
	}
	for _, when := range requestActions[rule.Do] {
		if when == rule.When {
			return nil
		}
	}
	return fmt.Errorf("%q cannot be done %q", rule.Do, rule.When)
}

// takes says whether the rule is about this one, and counts it. The session's mutex is held.
func (rule *Rule) takes() bool {
	rule.fitted++
	return rule.fitted >= rule.First && (rule.Times < 0 || rule.fitted < rule.First+rule.Times)
}

func (rule *Rule) fitsRequest(seen *entry, body []byte) bool {
	isWatch := seen.Number == 0
	return rule.Line == "" && rule.Watch == isWatch && (rule.Number == 0 || rule.Number == seen.Number) &&
		rule.method.MatchString(seen.Method) && rule.path.MatchString(seen.Path) && rule.sends.Match(body)
}

func (rule *Rule) fitsLine(uri string, line []byte) bool {
	return rule.Line != "" && rule.path.MatchString(uri) && rule.line.Match(line)
}

func (rule *Rule) pause() time.Duration { return time.Duration(rule.Ms) * time.Millisecond }
