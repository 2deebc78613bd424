# METADATA
# title: Windows of time
# description: Times are UTC and come from input.now, so that a replay gives the same answer.
package jumphost.window

import future.keywords.not
import rego.v1

# METADATA
# title: inside(window, now)
# scope: document
# description: >-
#   window is {from, to} or {from, to, days}, such as {from: "22:00", to: "02:00", days: ["Friday"]}: from its first
#   minute up to but without its last; over midnight the day is the one on which it opened. Any other key or form: never
#   inside.
inside(window, now) if {
	clock := _clock(window, now)
	clock >= window.from
	clock < window.to
	_on(window, now.weekday)
}

inside(window, now) if {
	window.from > window.to
	_clock(window, now) >= window.from
	_on(window, now.weekday)
}

inside(window, now) if {
	window.from > window.to
	_clock(window, now) < window.to
	opened := _day_before[now.weekday]
	_on(window, opened)
}

_clock(window, now) := clock if {
	is_object(window)
	count(object.keys(window) - {"from", "to", "days"}) == 0
	every bound in [window.from, window.to] {
		is_string(bound)
		regex.match(`^([01][0-9]|2[0-3]):[0-5][0-9]$`, bound)
	}
	clock := substring(now.rfc3339, 11, 5)
	regex.match(`^[0-2][0-9]:[0-5][0-9]$`, clock)
}

# No days are all days.
_on(window, day) if {
	is_string(day)
	not "days" in object.keys(window)
}

_on(window, day) if day in window.days

_day_before := {
	"Monday": "Sunday",
	"Tuesday": "Monday",
	"Wednesday": "Tuesday",
	"Thursday": "Wednesday",
	"Friday": "Thursday",
	"Saturday": "Friday",
	"Sunday": "Saturday",
}
