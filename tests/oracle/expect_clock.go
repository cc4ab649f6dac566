// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Why we may differ from robfig/cron: the points of controller/domain/cron.h.
const (
	classMisread     = "ours: it reads something else than it says"
	classUnsupported = "ours: CRON_TZ, @every"
	classTooLong     = "ours: more than 512 bytes"
	classNever       = "ours: it never comes"
	classMidnight    = "ours: a midnight left out or repeated"
	classNoHour      = "ours: a change not of one hour, or not at a full one"
	classFar         = "ours: more than five years away"
	classModel       = "model"
)

var clockClasses = []string{classMisread, classUnsupported, classTooLong, classNever, classMidnight, classNoHour, classFar}

const starBit = 1 << 63 // of the library, which does not export it

const textMax = 512 // bytes: CRON_TEXT_MAX

// How far both sides look: CRON_YEARS_MAX, in days.
const daysMax = 40 * 366

var (
	emptyPart = regexp.MustCompile(`(^|[\s\v]),|,,|,([\s\v]|$)`)
	starRange = regexp.MustCompile(`[*?]-`)
	plusSign  = regexp.MustCompile(`(^|[\s\v,/-])\+`)
	otherThan = regexp.MustCompile(`[^\x00-\x7f]`)
)

// readSchedule says what the schedule is for us: nil when it is refused, and on what ground.
func readSchedule(text string) (*cron.SpecSchedule, string) {
	if strings.HasPrefix(text, "CRON_TZ=") || strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "@every") {
		return nil, classUnsupported
	}
	parsed, err := cron.ParseStandard(text)
	if err != nil {
		return nil, classLibrary
	}
	if len(text) > textMax {
		return nil, classTooLong
	}
	if emptyPart.MatchString(text) || starRange.MatchString(text) || plusSign.MatchString(text) ||
		otherThan.MatchString(text) {
		return nil, classMisread
	}
	schedule := parsed.(*cron.SpecSchedule)
	schedule.Location = time.Local // of whatever time Next is asked about
	if !everComes(schedule) {
		return nil, classNever
	}
	return schedule, classLibrary
}

// everComes looks at the days of 28 years, after which dates and weekdays come together as before.
func everComes(s *cron.SpecSchedule) bool {
	for day := time.Date(2004, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2032; day = day.AddDate(0, 0, 1) {
		if dayMatches(s, day) {
			return true
		}
	}
	return false
}

func expectSchedule(text string) (string, string) {
	s, class := readSchedule(text)
	if s == nil {
		return refused, class
	}
	star := 0
	if s.Dom&starBit != 0 || s.Dow&starBit != 0 {
		star = 1
	}
	const bits = starBit - 1
	return fmt.Sprintf("%x %x %x %x %x %d", s.Minute&bits, s.Hour&bits, s.Dom&bits, s.Month&bits, s.Dow&bits, star), class
}

func dayMatches(s *cron.SpecSchedule, t time.Time) bool {
	dom, dow := s.Dom>>t.Day()&1 == 1, s.Dow>>t.Weekday()&1 == 1
	if s.Dom&starBit != 0 || s.Dow&starBit != 0 {
		dom = dom && dow
	} else {
		dom = dom || dow
	}
	return dom && s.Month>>t.Month()&1 == 1
}

// modelNext is the definition itself: the first minute after t that the wall clock shows as the fields ask for.
// It goes minute by minute, and further where the clock is not changed and nothing can match. Zero: none.
func modelNext(s *cron.SpecSchedule, t time.Time) time.Time {
	limit := t.Add(daysMax * 24 * time.Hour)
	t = t.Add(time.Duration(60-t.Second()) * time.Second)
	for !t.After(limit) {
		step := time.Minute
		if isDay := dayMatches(s, t); isDay && s.Hour>>t.Hour()&1 == 1 {
			if s.Minute>>t.Minute()&1 == 1 {
				return t
			}
		} else if t.Minute() == 0 {
			step = time.Hour
			if !isDay && t.Hour() == 0 {
				step = 24 * time.Hour
			}
			if _, end := t.ZoneBounds(); !end.IsZero() && t.Add(step).After(end) {
				step = time.Minute
			}
		}
		t = t.Add(step)
	}
	return time.Time{}
}

// expectNext says when it comes next. The definition and the library agree, or one of the documented points
// explains why not.
func expectNext(s *cron.SpecSchedule, after time.Time) (string, string) {
	model := modelNext(s, after)
	library := s.Next(after)
	want := "none"
	if !model.IsZero() {
		want = strconv.FormatInt(model.Unix(), 10)
	}
	switch {
	case model.Equal(library):
		return want, classLibrary
	case library.IsZero() && model.Year() > after.Year()+5:
		return want, classFar
	}
	last := model
	if library.After(last) {
		last = library
	}
	return want, changeBetween(beginOf(s, after), last)
}

// beginOf is where the library begins to look, by what the clock shows: the day, or the month where that is another.
func beginOf(s *cron.SpecSchedule, t time.Time) time.Time {
	day := t.Day()
	if s.Month>>t.Month()&1 == 0 {
		day = 1
	}
	return time.Date(t.Year(), t.Month(), day, 0, 0, 0, 0, t.Location()).Add(-2 * time.Hour)
}

// changeBetween finds what makes the library lose its way.
func changeBetween(from, until time.Time) string {
	for change := nextChange(from); !change.IsZero() && !change.After(until); change = nextChange(change) {
		_, was := change.Add(-time.Second).Zone()
		_, is := change.Zone()
		wall := change.UTC().Add(time.Duration(was) * time.Second) // what the clock would have shown
		switch {
		case is-was != 3600 && was-is != 3600, wall.Minute() != 0, wall.Second() != 0:
			return classNoHour
		case is > was && wall.Hour() == 0, is < was && wall.Hour() == 1:
			return classMidnight
		}
	}
	return classUndocumented
}

// expectWindow says whether a run may start, and until or from when. With a timeout it has to end in the opening.
func expectWindow(s *cron.SpecSchedule, duration, timeout time.Duration, at time.Time) (string, string) {
	latest := time.Time{}
	for next := modelNext(s, at.Add(-duration)); !next.IsZero() && !next.After(at); next = modelNext(s, next) {
		latest = next
	}
	over := latest.Add(duration) // the first second at which it is too late
	if timeout > 0 {
		over = over.Add(time.Second - timeout)
	}
	if !latest.IsZero() && at.Before(over) {
		return fmt.Sprintf("open %d", over.Unix()), classModel
	}
	return fmt.Sprintf("closed %d", modelNext(s, at).Unix()), classModel
}
