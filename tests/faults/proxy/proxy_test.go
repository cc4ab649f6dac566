// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// ground is a session before a small server: it counts what is applied, and a watch tells three events.
type ground struct {
	*session
	t         *testing.T
	applied   atomic.Int32
	next      chan string // further events of the watch
	client    *http.Client
	authority *authority
}

func newGround(t *testing.T, certificate string, rules ...*Rule) *ground {
	t.Helper()
	g := &ground{t: t, next: make(chan string)}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("watch") == "" {
			fmt.Fprintf(w, `{"applied": %d}`, g.applied.Add(1))
			return
		}
		for number := 1; number <= 3; number++ {
			fmt.Fprintf(w, "event %d\n", number)
		}
		w.(http.Flusher).Flush()
		for {
			select {
			case text := <-g.next:
				fmt.Fprintln(w, text)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	address, _ := url.Parse(server.URL)
	authority, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	g.authority = authority
	shown, err := authority.issue(certificate)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range rules {
		if err := rule.prepare(); err != nil {
			t.Fatal(err)
		}
	}
	if g.session, err = newSession(&upstream{server: address, client: server.Client()}, shown); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.close)
	g.rules = rules
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.pem)
	g.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	return g
}

// ask is one request of the controller: the answer's status and body, 0 if there was none.
func (g *ground) ask(path string) (int, string) {
	response, err := g.client.Get(g.url() + path)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(body)
}

func (g *ground) watch() *bufio.Reader {
	g.t.Helper()
	response, err := g.client.Get(g.url() + "/watched?watch=1")
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { response.Body.Close() })
	return bufio.NewReader(response.Body)
}

func (g *ground) reads(watch *bufio.Reader, wanted ...string) {
	g.t.Helper()
	for _, want := range wanted {
		if got, err := watch.ReadString('\n'); got != want+"\n" {
			g.t.Fatalf("read %.100q (%v), want %q", got, err, want)
		}
	}
}

// process is one that a rule may end or stop.
func (g *ground) process() *exec.Cmd {
	g.t.Helper()
	command := exec.Command("sleep", "60")
	if err := command.Start(); err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	g.mutex.Lock()
	g.pid = command.Process.Pid
	g.changed.Broadcast()
	g.mutex.Unlock()
	return command
}

func TestPassesOnAndNumbers(t *testing.T) {
	g := newGround(t, "good")
	for number := 1; number <= 3; number++ {
		if status, body := g.ask("/some?x=1"); status != 200 || body != fmt.Sprintf(`{"applied": %d}`, number) {
			t.Fatalf("%d %s", status, body)
		}
	}
	g.reads(g.watch(), "event 1", "event 2", "event 3")
	told := g.state(true)
	if told.Requests != 3 || len(told.Log) != 4 || told.Log[2].Number != 3 || told.Log[2].Path != "/some?x=1" || told.Log[3].Number != 0 {
		t.Fatalf("%+v", told)
	}
}

// Each of these, at the second of three requests: what the controller gets, and how much is applied.
func TestAnswers(t *testing.T) {
	for _, row := range []struct {
		name    string
		rule    Rule
		status  int
		body    string
		applied int32
	}{
		{"refused", Rule{Do: "answer", Status: 429, After: 1}, 429, `"reason":"TooManyRequests"`, 2},
		{"applied, and told otherwise", Rule{When: applied, Do: "answer", Status: 504}, 504, `"code":504`, 3},
		{"garbage", Rule{When: applied, Do: "answer", Status: 200, Body: "}{"}, 200, "}{", 3},
		{"reset before", Rule{Do: "reset"}, 0, "", 2},
		{"reset after it was applied", Rule{When: applied, Do: "reset"}, 0, "", 3},
		{"cut after it was applied", Rule{When: applied, Do: "cut"}, 0, "", 3},
		{"truncated", Rule{Do: "truncate", Bytes: 5}, 0, "", 3},
		{"goaway", Rule{Do: "goaway"}, 200, `{"applied": 2}`, 3},
		{"flood", Rule{Do: "flood", Bytes: 1 << 20}, 200, "xxxx", 2},
		{"late", Rule{Do: "delay", Ms: 20}, 200, `{"applied": 2}`, 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			rule := row.rule
			rule.Number = 2
			g := newGround(t, "good", &rule)
			g.ask("/1")
			// A POST: Go's client would repeat a GET by itself.
			response, err := g.client.Post(g.url()+"/2", "application/json", strings.NewReader("{}"))
			status, body := 0, []byte(nil)
			if err == nil {
				if body, err = io.ReadAll(response.Body); err == nil {
					status = response.StatusCode
				}
				response.Body.Close()
			}
			if status != row.status || (row.status != 0 && !strings.Contains(string(body), row.body)) {
				t.Errorf("got %d %.100q (%v)", status, body, err)
			}
			if status, _ := g.ask("/3"); status != 200 {
				t.Errorf("the third: %d", status)
			}
			if got := g.applied.Load(); got != row.applied {
				t.Errorf("%d were applied, want %d", got, row.applied)
			}
			if told := g.state(true); told.Fired != 1 || told.Log[1].Fault == "" {
				t.Errorf("not told: %+v", told)
			}
		})
	}
}

// What a request says tells it from others of its path, and each rule's own hits are told.
func TestTakesRequestsByWhatTheySay(t *testing.T) {
	g := newGround(t, "good", &Rule{Path: "^/some", Sends: `"phase":"(Succeeded|Failed)"`, Times: -1, Do: "answer", Status: 409},
		&Rule{Sends: "nobody says this", Do: "reset"}, &Rule{Method: "POST", Do: "delay"})
	long := strings.Repeat(" ", 2*bodyLogged) // also what is beyond the record's part of a body
	for number, row := range []struct {
		path, body string
		status     int
	}{
		{"/some", `{"phase":"Running"}`, 200},
		{"/some", `{"phase":"Failed"}`, 409},
		{"/other", `{"phase":"Failed"}`, 200},
		{"/some", long + `{"phase":"Succeeded"}`, 409},
	} {
		response, err := g.client.Post(g.url()+row.path, "application/json", strings.NewReader(row.body))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != row.status {
			t.Errorf("request %d: %d", number+1, response.StatusCode)
		}
	}
	if told := g.state(false); !slices.Equal(told.Hits, []int{2, 0, 1}) || told.Fired != 3 {
		t.Errorf("%v hits, %d fired", told.Hits, told.Fired)
	}
}

func TestKill(t *testing.T) {
	for when, wanted := range map[string]int32{before: 0, applied: 1, after: 1} {
		t.Run(when, func(t *testing.T) {
			g := newGround(t, "good", &Rule{Number: 1, When: when, Do: "kill"})
			answered := make(chan int, 1)
			go func() {
				status, _ := g.ask("/1")
				answered <- status
			}()
			command := g.process() // only now: the proxy waits for it
			if err := command.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Errorf("ended by %v", err)
			}
			if when == after && <-answered != 200 {
				t.Error("the answer was not delivered")
			}
			go g.ask("/2")
			time.Sleep(20 * time.Millisecond)
			if got := g.applied.Load(); got != wanted {
				t.Errorf("%d were applied, want %d", got, wanted)
			}
		})
	}
}

func stateOf(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	text, err := exec.Command("ps", "-o", "state=", "-p", fmt.Sprint(command.Process.Pid)).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func TestStopAndRelease(t *testing.T) {
	for when, wanted := range map[string]int32{before: 0, applied: 1} {
		t.Run(when, func(t *testing.T) {
			g := newGround(t, "good", &Rule{Path: "^/held", When: when, Do: "stop"})
			command := g.process()
			done := make(chan int, 2)
			for _, path := range []string{"/held", "/other"} {
				go func() {
					status, _ := g.ask(path)
					done <- status
				}()
				g.waitFired(1, 5*time.Second) // the other one comes later
			}
			time.Sleep(20 * time.Millisecond)
			if state := stateOf(t, command); state != "T" {
				t.Errorf("its state is %s", state)
			}
			if got := g.applied.Load(); got != wanted {
				t.Errorf("%d were applied while it was stopped, want %d", got, wanted)
			}
			g.release()
			for range 2 {
				if status := <-done; status != 200 {
					t.Errorf("answered with %d", status)
				}
			}
			if state := stateOf(t, command); state == "T" {
				t.Error("it is still stopped")
			}
			if got := g.applied.Load(); got != 2 {
				t.Errorf("%d were applied in the end", got)
			}
		})
	}
}

func TestLines(t *testing.T) {
	for _, row := range []struct {
		name string
		rule Rule
		read []string
	}{
		{"none", Rule{Line: "never", Do: "drop"}, []string{"event 1", "event 2", "event 3", "last"}},
		{"drop", Rule{Line: "event 2", Do: "drop"}, []string{"event 1", "event 3", "last"}},
		{"duplicate", Rule{Line: "event", First: 2, Do: "duplicate"}, []string{"event 1", "event 2", "event 2", "event 3", "last"}},
		{"swap", Rule{Line: "event 2", Do: "swap"}, []string{"event 1", "event 3", "event 2", "last"}},
		{"swap, and none comes to pass it", Rule{Line: "event 3", Do: "swap"}, []string{"event 1", "event 2", "event 3"}},
		{"swap two that follow", Rule{Line: "event", Times: 2, Do: "swap"}, []string{"event 2", "event 1", "event 3", "last"}},
		{"truncate", Rule{Line: "event 2", Do: "truncate", Bytes: 3}, []string{"event 1"}},
		{"late", Rule{Line: ".", Times: -1, Do: "delay", Ms: 30}, []string{"event 1", "event 2", "event 3", "last"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			began := time.Now()
			g := newGround(t, "good", &row.rule)
			watch := g.watch()
			for _, want := range row.read {
				if want == "last" {
					g.next <- "last"
				}
				g.reads(watch, want)
			}
			if row.rule.Do == "truncate" {
				if text, err := watch.ReadString('\n'); err == nil || text != "eve" {
					t.Errorf("read %q (%v)", text, err)
				}
			}
			if time.Since(began) < row.rule.pause() {
				t.Error("it was not late")
			}
		})
	}
}

func TestShowsSomeNamespacesOnly(t *testing.T) {
	g := newGround(t, "good")
	g.showOnly([]string{"shop", "shop-data"})
	watch := g.watch()
	shown := []string{
		`{"type":"ADDED","object":{"metadata":{"name":"a","namespace":"shop"}}}`,
		`{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}`,
		`{"type":"DELETED","object":{"metadata":{"name":"b","namespace":"shop-data"}}}`,
		`{"type":"ERROR","object":{"code":410}}`,
	}
	for _, text := range shown {
		g.next <- `{"type":"ADDED","object":{"metadata":{"name":"shop","namespace":"shop-2"}}}`
		g.next <- text
	}
	g.reads(watch, shown...)
}

func TestHeldBackUntilReleased(t *testing.T) {
	g := newGround(t, "good", &Rule{Line: "event 2", Do: "hold"})
	watch := g.watch()
	g.reads(watch, "event 1")
	g.waitFired(1, 5*time.Second)
	g.release()
	g.reads(watch, "event 2", "event 3")
}

func TestCertificates(t *testing.T) {
	for kind, wanted := range map[string]string{"expired": "expired", "foreign": "192.0.2.1"} {
		g := newGround(t, kind)
		if status, text := g.ask("/"); status != 0 || !strings.Contains(text, wanted) {
			t.Errorf("%s: %d %s", kind, status, text)
		}
	}
}

func TestRulesThatMakeNoSense(t *testing.T) {
	for _, rule := range []Rule{{Do: "nothing"}, {Do: "cut", When: after}, {Do: "kill", When: "later"}, {Do: "kill", Path: "("}, {Do: "kill", Sends: "("}, {Line: ".", Do: "goaway"}} {
		if err := rule.prepare(); err == nil {
			t.Errorf("taken: %+v", rule)
		}
	}
}

func TestTellsAnotherTime(t *testing.T) {
	g := newGround(t, "good", &Rule{Number: 2, Do: "answer", Status: 503})
	g.mutex.Lock()
	g.ahead = 24 * time.Hour
	g.mutex.Unlock()
	for _, path := range []string{"/some", "/refused", "/watched?watch=1"} {
		response, err := g.client.Get(g.url() + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		told, err := http.ParseTime(response.Header.Get("Date"))
		if ahead := time.Until(told); err != nil || ahead < 23*time.Hour || ahead > 25*time.Hour {
			t.Fatalf("%s: %v ahead (%v)", path, ahead, err)
		}
	}
}
