// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/rand"
	"regexp"
	"sort"
	"strings"
)

// The generator makes cases that sit close to each other: few different numbers and identifiers, so that
// bounds are hit, odd ones in between, and every tenth text damaged.
type generator struct{ r *rand.Rand }

// one is true once in n times.
func (g generator) one(n int) bool { return g.r.Intn(n) == 0 }

func (g generator) pick(from ...string) string { return from[g.r.Intn(len(from))] }

// join puts 1 to most texts together, fewer being likelier.
func (g generator) join(most int, separator func() string, text func() string) string {
	var b strings.Builder
	b.WriteString(text())
	for i := 1; i < most && g.one(3); i++ {
		b.WriteString(separator())
		b.WriteString(text())
	}
	return b.String()
}

const damage = "0129xX*vV.-+|,<>=!~^ \t\f\r_abzAZ/:@[]#\x80é"

// damaged changes, adds or removes a byte or two of every tenth text.
func (g generator) damaged(text string) string {
	if !g.one(10) {
		return text
	}
	b := []byte(text)
	for n := 1 + g.r.Intn(2); n > 0; n-- {
		at := g.r.Intn(len(b) + 1)
		c := damage[g.r.Intn(len(damage))]
		switch {
		case at == len(b) || g.one(3):
			b = append(b[:at], append([]byte{c}, b[at:]...)...)
		case g.one(2):
			b[at] = c
		default:
			b = append(b[:at], b[at+1:]...)
		}
	}
	return string(b)
}

// ---- versions ----

func (g generator) aboutVersions(pairs, versions int) []question {
	var questions []question
	for i := 0; i < pairs; i++ {
		constraint := g.damaged(g.constraint())
		version := g.versionFor(constraint)
		want, class := expectConstraint(constraint, version)
		questions = append(questions, question{"c", []string{constraint, version}, want, class})
	}
	for i := 0; i < versions; i++ {
		a, b := g.damaged(g.version()), g.damaged(g.version())
		if g.one(8) { // the same, but for what precedence ignores
			b = strings.TrimPrefix(a, "v") + g.pick("", "+a", "+1.b-2")
		}
		questions = append(questions, question{"v", []string{a, b}, expectOrder(a, b), classLibrary})
	}
	return questions
}

func (g generator) number() string {
	if g.one(40) {
		return g.pick("00", "01", "007", "18446744073709551614", "18446744073709551615",
			"18446744073709551616", "99999999999999999999999", "4294967296")
	}
	return g.pick("0", "0", "1", "1", "2", "2", "3", "10")
}

func (g generator) identifier() string {
	if g.one(25) {
		return g.pick("00", "01", "-", "--", "-1", "0a", "1-", strings.Repeat("a", 240), strings.Repeat("9", 30),
			"18446744073709551615", "18446744073709551616", "A", "Z", "z")
	}
	return g.pick("0", "1", "2", "10", "alpha", "beta", "rc", "a", "b-1")
}

func (g generator) dot() string { return "." }

func (g generator) suffix() string {
	s := ""
	if g.one(3) {
		s += "-" + g.join(3, g.dot, g.identifier)
	}
	if g.one(12) {
		s += "+" + g.join(3, g.dot, g.identifier)
	}
	return s
}

func (g generator) numbers(number func() string, least int) string {
	parts := []string{number(), number(), number()}
	if g.one(3) {
		parts = parts[:least+g.r.Intn(4-least)]
	}
	return strings.Join(parts, ".")
}

func (g generator) version() string {
	v := ""
	if g.one(8) {
		v = "v"
	}
	return v + g.numbers(g.number, 1) + g.suffix()
}

var (
	versionLike = regexp.MustCompile(partial)
	wildcard    = regexp.MustCompile(`[xX*]`)
)

// versionFor is often a bound of the constraint, so that the verdict hangs on it.
func (g generator) versionFor(constraint string) string {
	if g.one(20) {
		return g.literal()
	}
	bounds := versionLike.FindAllString(constraint, -1)
	if len(bounds) == 0 || !g.one(3) {
		return g.version()
	}
	bound := g.pick(bounds...)
	if g.one(3) {
		bound += g.suffix()
	}
	return wildcard.ReplaceAllStringFunc(bound, func(string) string { return g.pick("0", "1", "2", "3") })
}

// ---- constraints ----

func (g generator) partialNumber() string {
	if g.one(6) {
		return g.pick("x", "X", "*")
	}
	if g.one(400) {
		return g.pick("|", "1|", "xx", "1x", "**")
	}
	return g.number()
}

func (g generator) partial() string {
	v := ""
	if g.one(10) {
		v = "v"
	}
	suffix := ""
	if g.one(2) {
		suffix = g.suffix()
	}
	return v + g.numbers(g.partialNumber, 1) + suffix
}

func (g generator) space() string {
	if g.one(15) {
		return g.pick("  ", "\t", "\r", "\f", " \t ", "   ")
	}
	return " "
}

func (g generator) maybeSpace(n int) string {
	if g.one(n) {
		return g.space()
	}
	return ""
}

func (g generator) literal() string {
	return g.pick("latest", "sha-4f2a", "main", "1.2.3.4", "1.2.3-01", "_x", "V1.2", "1.2.3_b1", "release-1", "a+b",
		"x", "1.x", strings.Repeat("l", 128), strings.Repeat("l", 129))
}

func (g generator) term() string {
	if g.one(60) {
		return g.pick("", "=", "= ", "!=", ">", "~") + g.literal()
	}
	if g.one(8) {
		return g.partial() + g.space() + "-" + g.space() + g.partial()
	}
	op := g.pick("", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^", "^", ">=", "!=")
	if g.one(200) {
		op = g.pick("==", "><", "!", "~^", "~=", "!!", "<>")
	}
	return op + g.maybeSpace(5) + g.partial()
}

func (g generator) and() string {
	if g.one(2) {
		return g.space()
	}
	if g.one(50) {
		return g.pick(",,", "", ", ,", " && ")
	}
	return g.maybeSpace(5) + "," + g.maybeSpace(2)
}

func (g generator) alternative() string {
	if g.one(40) {
		return g.pick("", "=", "= ") + g.literal()
	}
	return g.join(4, g.and, g.term)
}

func (g generator) or() string {
	if g.one(60) {
		return g.pick("|", "|||", "||||", "|| ||")
	}
	if g.one(10) {
		return g.maybeSpace(2) + "||" + g.maybeSpace(2)
	}
	return " || "
}

func (g generator) constraint() string {
	if g.one(500) { // about the limits of 512 bytes and 32 alternatives
		return strings.Repeat(g.alternative()+" || ", 28+g.r.Intn(8)) + g.alternative()
	}
	if g.one(100) {
		return strings.Repeat(" ", g.r.Intn(3)) + g.pick("", "*", "||", ",", "-", "v")
	}
	return g.maybeSpace(15) + g.join(3, g.or, g.alternative) + g.maybeSpace(15)
}

// ---- image references ----

func (g generator) aboutImages(images int) []question {
	var questions []question
	for i := 0; i < images; i++ {
		text := g.damaged(g.image())
		questions = append(questions, question{"i", []string{text}, expectImage(text), classLibrary})
	}
	return questions
}

func (g generator) host() string {
	name := g.pick("registry", "localhost", "Registry", "ghcr.io", "a-b.example", "10.0.0.1", "[::1]", "[fe80::A]", "-a",
		"a-", "a_b", "a..b", "EXAMPLE.com", "[::g]", "[]", "a--b", "A")
	if g.one(3) {
		name += g.pick(":5000", ":443", ":", ":0", ":5a")
	}
	return name
}

func (g generator) pathPart() string {
	if g.one(12) {
		return g.pick("", "Orders", "a..b", "a___b", "-a", "a-", "a._b", "_a", "a__", strings.Repeat("p", 120),
			strings.Repeat("p", 247), strings.Repeat("p", 255), strings.Repeat("p", 256), strings.Repeat("0af1", 16))
	}
	return g.pick("orders", "orders-api", "a", "b.c", "d_e", "f__g", "h---i", "0", "team1")
}

func (g generator) tag() string {
	if g.one(8) {
		return g.pick("", "-a", ".a", strings.Repeat("t", 128), strings.Repeat("t", 129), "a+b", "a b", "a/b")
	}
	return g.pick("latest", "1.2.3", "v1", "_x", "A_b-c.d", "5000")
}

func (g generator) digest() string {
	algorithm := g.pick("sha256", "sha256", "sha256", "sha384", "sha512", "sha1", "SHA256", "md5", "", "a+b.c")
	digits := g.pick("0123456789abcdef", "0123456789abcdef", "00000000000000ff", "0123456789ABCDEF", "ghijklmnopqrstuv")
	return algorithm + ":" + strings.Repeat(digits, []int{4, 4, 4, 6, 8, 1, 2}[g.r.Intn(7)])
}

func (g generator) image() string {
	text := g.join(4, func() string { return "/" }, g.pathPart)
	if g.one(2) {
		text = g.host() + "/" + text
	}
	if g.one(2) {
		text += ":" + g.tag()
	}
	if g.one(4) {
		text += "@" + g.digest()
	}
	return text
}

func sorted(counts map[string]int) []string {
	var keys []string
	for key := range counts {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
