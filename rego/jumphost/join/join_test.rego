package jumphost.join_test

import rego.v1

import data.jumphost.join

_silent := {"approval": [], "env": [], "limits": {}, "record": "output", "stdin": "closed"}

_strategies := ["redact", "label", "pseudonym", "partial"]

_dba := {"groups": ["dba"], "count": 1, "ttl_s": 3600}

_security := {"groups": ["security"], "count": 1, "ttl_s": 3600}

# What two rules that said these obligations come to, for one name.
_joined(name, left, right) := value if {
	joined := join.obligations({{name: left}, {name: right}})
	value := joined[name]
}

test_deny_is_over_hold_over_allow if {
	order := ["deny", "hold", "allow"]
	every i, left in order {
		every j, right in order {
			join.effect({{"effect": left}, {"effect": right}}) == order[min([i, j])]
		}
	}
}

test_what_is_no_effect_is_deny if {
	every words in [[], ["would_allow"], ["Allow"], [""], [true]] {
		join.effect({{"effect": word} | some word in words}) == "deny"
	}
}

test_missing_fields_are_deny if {
	join.effect({{}}) == "deny"
	join.effect({{"id": "a"}, {"effect": "hold"}}) == "hold"
}

test_nothing_said_is_the_default if {
	every said in [{terms | some terms in []}, {{}}, {{"limits": {}}}, {{"limits": {}}, {}}] {
		join.obligations(said) == _silent
	}
}

test_a_silent_rule_is_without_opinion if {
	terms := [
		{"record": "io"}, {"record": "output"}, {"record": "digest"},
		{"stdin": "closed"}, {"stdin": "judge"}, {"stdin": "stream"},
		{"env": ["A"]}, {"alert": true}, {"limits": {"timeout_s": 5}}, {"approval": [_dba]},
		{"limits": {"timeout_s": 5, "output_bytes": 9, "on_expiry": "cut"}},
		{"credential": {"name": "payments-ro", "ttl_s": 60, "delivery": "file"}},
		{"mask": {"detectors": {"iban": "label"}, "columns": {"pan*": "redact"}, "mode": "detect"}},
	]
	every said in terms {
		join.obligations({said}) == object.union(_silent, said)
		join.obligations({said, {}}) == object.union(_silent, said)
	}
}

test_the_stricter_word_is_taken if {
	every name, order in {"record": ["io", "output", "digest"], "stdin": ["closed", "judge", "stream"]} {
		every i, left in order {
			every j, right in order { _joined(name, left, right) == order[min([i, j])] }
		}
	}
}

test_environment_is_the_intersection if {
	cases := [
		[["B", "A"], ["A", "B"], ["A", "B"]], [["A", "B"], ["B", "C"], ["B"]],
		[["A"], ["B"], []], [["A"], [], []], [[], [], []],
	]
	every case in cases { _joined("env", case[0], case[1]) == case[2] }
}

test_the_smaller_limit_is_taken if {
	cases := [
		[{"timeout_s": 5}, {"timeout_s": 30}, {"timeout_s": 5}],
		[{"output_bytes": 1024}, {"output_bytes": 200}, {"output_bytes": 200}],
		[{"timeout_s": 5}, {"output_bytes": 200}, {"timeout_s": 5, "output_bytes": 200}],
		[{"timeout_s": 5, "output_bytes": 2}, {"timeout_s": 4, "output_bytes": 3}, {"timeout_s": 4, "output_bytes": 2}],
		[{"on_expiry": "cut"}, {"on_expiry": "finish"}, {"on_expiry": "cut"}],
		[{"on_expiry": "finish"}, {"on_expiry": "finish"}, {"on_expiry": "finish"}],
		[{"on_expiry": "cut"}, {"timeout_s": 7}, {"on_expiry": "cut", "timeout_s": 7}],
		[{"on_echo": "cut"}, {"on_echo": "finish", "on_expiry": "cut"}, {"on_echo": "cut", "on_expiry": "cut"}],
	]
	every case in cases {
		_joined("limits", case[0], case[1]) == case[2]
		_joined("limits", case[1], case[0]) == case[2]
	}
}

test_the_stricter_strategy_is_taken if {
	every where in ["detectors", "columns"] {
		every i, left in _strategies {
			every j, right in _strategies {
				mask := _joined("mask", {where: {"x": left}}, {where: {"x": right}})
				mask[where] == {"x": _strategies[min([i, j])]}
			}
		}
	}
}

test_masks_of_different_names_are_added_up if {
	mask := _joined("mask", {"detectors": {"iban": "label"}}, {"columns": {"pan": "partial"}})
	mask == {"detectors": {"iban": "label"}, "columns": {"pan": "partial"}, "mode": "enforce"}
}

test_a_star_is_said_of_every_name if {
	mask := _joined("mask", {"detectors": {"*": "redact"}}, {"detectors": {"iban": "partial"}})
	mask.detectors == {"*": "redact", "iban": "redact"}
}

test_a_name_beside_its_own_star_is_an_exception if {
	own := {"detectors": {"*": "redact", "email": "partial"}}
	joined := join.obligations({{"mask": own}, {}})
	joined.mask.detectors == own.detectors
}

test_enforce_is_over_detect if {
	cases := [
		[{"mode": "enforce"}, {"mode": "enforce"}, "enforce"], [{"mode": "enforce"}, {"mode": "detect"}, "enforce"],
		[{"mode": "detect"}, {"mode": "detect"}, "detect"], [{}, {"mode": "detect"}, "enforce"], [{}, {}, "enforce"],
	]
	every case in cases {
		mask := _joined("mask", case[0], case[1])
		mask.mode == case[2]
	}
}

test_unseen_is_what_every_mask_lets if {
	one := {"detectors": {"*": "redact"}, "opaque": ["zip", "gzip"]}
	both := _joined("mask", one, {"opaque": ["gzip", "binary"]})
	both.opaque == ["gzip"]
	alone := _joined("mask", one, one)
	alone.opaque == ["gzip", "zip"]
	every strict in [{}, {"opaque": []}, {"opaque": ["xz"]}] {
		neither := _joined("mask", one, strict)
		object.keys(neither) == {"detectors", "columns", "mode"}
	}
}

test_the_same_credential_is_one if {
	asked := {"name": "payments-ro", "ttl_s": 60}
	proxied := object.union(asked, {"delivery": "proxy"})
	join.credentials({{"credential": asked}, {"credential": proxied}, {}}) == {proxied}
	_joined("credential", asked, proxied) == proxied
}

test_another_name_time_or_way_is_another_credential if {
	asked := {"name": "payments-ro", "ttl_s": 60, "delivery": "proxy"}
	every change in [{"name": "payments-rw"}, {"ttl_s": 61}, {"delivery": "env"}] {
		count(join.credentials({{"credential": asked}, {"credential": object.union(asked, change)}})) == 2
	}
}

test_every_entry_of_the_terms_is_kept if {
	either := {"groups": ["dba", "security"], "count": 2, "ttl_s": 60}
	soon := object.union(_dba, {"ttl_s": 60})
	cases := [
		[[_dba], [_dba], [_dba]],
		[[_dba], [_security], [_dba, _security]],
		[[_dba, _security], [_dba], [_dba, _security]],
		[[either], [object.union(either, {"groups": ["security", "dba", "dba"]})], [either]],
		[[_dba], [soon], [soon, _dba]],
	]
	every case in cases {
		_joined("approval", case[0], case[1]) == case[2]
		_joined("approval", case[1], case[0]) == case[2]
	}
}
