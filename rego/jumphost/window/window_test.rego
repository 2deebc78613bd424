package jumphost.window_test

import rego.v1

import data.jumphost.window

_night := {"from": "22:00", "to": "02:00"}

_day := {"from": "09:00", "to": "17:30"}

_at(clock, weekday) := {"rfc3339": concat("", ["2026-11-23T", clock, ".000Z"]), "weekday": weekday}

_open(one, clocks) := {clock | some clock in clocks; window.inside(one, _at(clock, "Monday"))}

test_within_a_day_its_end_is_outside if {
	clocks := ["00:00:00", "08:59:59", "09:00:00", "12:00:00", "17:29:59", "17:30:00", "23:59:59"]
	_open(_day, clocks) == {"09:00:00", "12:00:00", "17:29:59"}
}

test_over_midnight_its_end_is_outside if {
	clocks := ["21:59:59", "22:00:00", "23:59:59", "00:00:00", "01:59:59", "02:00:00", "12:00:00"]
	_open(_night, clocks) == {"22:00:00", "23:59:59", "00:00:00", "01:59:59"}
}

test_a_window_of_no_length_is_never_open if {
	count(_open({"from": "08:00", "to": "08:00"}, ["07:59:59", "08:00:00", "12:00:00"])) == 0
}

test_days_are_those_it_opens_on if {
	window.inside(object.union(_day, {"days": ["Monday"]}), _at("12:00:00", "Monday"))
	window.inside(object.union(_night, {"days": ["Monday"]}), _at("23:00:00", "Monday"))
	window.inside(object.union(_night, {"days": ["Saturday", "Sunday"]}), _at("22:00:00", "Sunday"))
}

test_other_days_are_outside if {
	cases := [
		[_day, ["Monday"], "12:00:00", "Tuesday"],
		[_night, ["Monday"], "23:00:00", "Tuesday"],
		[_night, ["Monday"], "01:00:00", "Monday"],
		[_night, ["monday"], "23:00:00", "Monday"],
		[_night, [], "23:00:00", "Monday"],
		[_night, null, "23:00:00", "Monday"],
	]
	open := [case |
		some case in cases
		window.inside(object.union(case[0], {"days": case[1]}), _at(case[2], case[3]))
	]
	count(open) == 0
}

test_after_midnight_the_day_is_yesterday if {
	week := ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "Monday"]
	opened := {[day, today] |
		some today in week
		some day in week
		window.inside(object.union(_night, {"days": [day]}), _at("01:00:00", today))
	}
	opened == {[day, week[i + 1]] | some i, day in week; i < 7}
}

test_a_malformed_window_is_never_open if {
	malformed := [
		{}, null, {"from": "22:00"}, {"to": "02:00"},
		{"from": "22:00", "to": "2:00"}, {"from": "22:00", "to": "24:00"}, {"from": "22:00", "to": "02:60"},
		{"from": 1320, "to": 120}, {"from": "", "to": "23:59"}, {"from": "00:00", "to": "zz"},
		{"from": "22:00", "to": "02:00", "day": ["Monday"]},
	]
	every one in malformed { count(_open(one, ["23:00:00", "01:00:00", "12:00:00"])) == 0 }
}

test_missing_fields_are_outside if {
	moments := [
		{}, null, {"weekday": "Monday"}, {"rfc3339": "2026-11-23T23:00:00Z"},
		{"rfc3339": "", "weekday": "Monday"}, {"rfc3339": "2026-11-23", "weekday": "Monday"},
		{"rfc3339": "2026-11-23T23:00:00Z", "weekday": 1},
	]
	count([now | some now in moments; window.inside(_night, now)]) == 0
}
