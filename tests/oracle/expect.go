// SPDX-License-Identifier: Apache-2.0

package main

import (
	_ "crypto/sha256" // reference.Parse knows the digests of the algorithms that are linked in
	_ "crypto/sha512"
	"regexp"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/distribution/reference"
)

const refused = "refused"

const (
	classLibrary      = "library"
	classUndocumented = "undocumented"
	classLiteral      = "ours: a literal term"
	classTouches      = "ours: a hyphen range touches its neighbour"
)

var versionClasses = []string{classLiteral, classTouches}

// A version or a part of one as the library's constraints take it; the library does not export it.
const partial = `v?[0-9|xX*]+(?:\.[0-9|xX*]+)?(?:\.[0-9|xX*]+)?` +
	`(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?`

var (
	literalTerm = regexp.MustCompile(`^\s*=?\s*([0-9A-Za-z_][0-9A-Za-z_.+-]{0,127})\s*$`)
	hyphenRange = regexp.MustCompile(partial + `\s+-\s+` + partial)
)

// expectConstraint says what we must answer, and on what ground.
func expectConstraint(constraint, version string) (string, string) {
	alternatives := strings.Split(constraint, "||")
	var literals, others []string
	for _, text := range alternatives {
		if m := literalTerm.FindStringSubmatch(text); m != nil && !isConstraint(text) {
			literals = append(literals, m[1])
		} else {
			others = append(others, text)
		}
	}
	if rangeTouches(alternatives) {
		return refused, classTouches
	}
	if len(literals) == 0 {
		return libraryVerdict(constraint, version), classLibrary
	}
	if len(constraint) > semver.MaxConstraintLen || len(alternatives) > semver.MaxConstraintGroups {
		return refused, classLiteral
	}
	verdict := "denies"
	if len(others) > 0 {
		verdict = libraryVerdict(strings.Join(others, "||"), version)
	}
	if _, err := semver.NewVersion(version); err != nil && verdict != refused {
		for _, literal := range literals {
			if literal == version {
				verdict = "admits"
			}
		}
	}
	return verdict, classLiteral
}

func isConstraint(text string) bool {
	_, err := semver.NewConstraint(text)
	return err == nil
}

// rangeTouches finds a hyphen range that is not set off from || or from what follows it. (What stands
// directly before a range the library refuses itself, except || and a comma.)
func rangeTouches(alternatives []string) bool {
	for i, text := range alternatives {
		for _, at := range hyphenRange.FindAllStringIndex(text, -1) {
			if at[0] == 0 && i > 0 {
				return true
			}
			if at[1] == len(text) {
				if i < len(alternatives)-1 {
					return true
				}
			} else if !strings.ContainsRune(" \t\n\f\r,", rune(text[at[1]])) {
				return true
			}
		}
	}
	return false
}

func libraryVerdict(constraint, version string) string {
	c, err := semver.NewConstraint(constraint)
	if err != nil {
		return refused
	}
	v, err := semver.NewVersion(version)
	if err == nil && c.Check(v) {
		return "admits"
	}
	return "denies"
}

func expectOrder(a, b string) string {
	av, aErr := semver.NewVersion(a)
	bv, bErr := semver.NewVersion(b)
	if aErr != nil || bErr != nil {
		return "none"
	}
	return strconv.Itoa(av.Compare(bv))
}

func expectImage(text string) string {
	ref, err := reference.Parse(text)
	if err != nil {
		return refused
	}
	name, tag, digest := "", "", ""
	if named, ok := ref.(reference.Named); ok {
		name = named.Name()
	}
	if tagged, ok := ref.(reference.Tagged); ok {
		tag = tagged.Tag()
	}
	if digested, ok := ref.(reference.Digested); ok {
		digest = digested.Digest().String()
	}
	return strings.Join([]string{name, tag, digest}, separator)
}
