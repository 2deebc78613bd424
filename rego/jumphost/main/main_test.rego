package jumphost.main_test

import rego.v1

import data.jumphost.fixtures
import data.jumphost.main

_silent := {"approval": [], "env": [], "limits": {}, "record": "output", "stdin": "closed"}

_terms := {"approval": [{"groups": ["dba"], "count": 1, "ttl_s": 60}]}

_verdicts := {
	"allow": {"id": "a", "message": "may", "obligations": {"env": ["A", "B"], "record": "io"}},
	"hold": {
		"id": "h", "message": "waits",
		"obligations": object.union(_terms, {"env": ["B", "C"], "limits": {"timeout_s": 9}}),
	},
	"deny": {"id": "d", "message": "no", "obligations": {}},
}

_literal := fixtures.exec(fixtures.batch_reader, fixtures.batch_host, [["uptime"]])

# The decision where these are the rule packages, {OWNER: {RULE: {EFFECT: members}}}, and these ids only watched.
_watched(rules, ids, request) := answer if {
	answer := main.decision with data.policies.rules as rules
		with data.policies.data.observe.rules as ids
		with input as request
}

_decided(rules, request) := _watched(rules, [], request)

# The decision on a literal command where one rule says these members of one set.
_said(effect, members) := _decided({"one": {"rule": {effect: members}}}, _literal)

# Two rules of two owners, each with its usual verdict.
_both(left, right) := {"one": {"rule": {left: {_verdicts[left]}}}, "two": {"rule": {right: {_verdicts[right]}}}}

_all := {"one": {"rule": {effect: {verdict} | some effect, verdict in _verdicts}}}

_effects(answer) := {[rule.id, rule.effect] | some rule in answer.rules}

test_no_rule_is_deny if {
	every request in [{}, [], "", null, 7, {"command": null}, _literal] {
		_decided({}, request) == {"effect": "deny", "rules": [], "obligations": _silent}
	}
}

test_deny_is_over_hold_over_allow if {
	order := ["deny", "hold", "allow"]
	every i, left in order {
		every j, right in order {
			answer := _decided(_both(left, right), _literal)
			answer.effect == order[min([i, j])]
			{rule.effect | some rule in answer.rules} == {left, right}
		}
	}
}

test_all_that_matched_is_said_in_one_order if {
	answer := _decided(_all, _literal)
	answer.rules == [
		{"id": "a", "effect": "allow", "message": "may"},
		{"id": "d", "effect": "deny", "message": "no"},
		{"id": "h", "effect": "hold", "message": "waits"},
	]
}

test_nothing_is_owed_by_what_is_denied if {
	answer := _decided(_all, _literal)
	answer.obligations == _silent
}

test_obligations_of_an_allow_are_joined_beside_a_hold if {
	answer := _decided(_both("allow", "hold"), _literal)
	owed := object.union(_terms, {"env": ["B"], "record": "io", "limits": {"timeout_s": 9}})
	answer.obligations == object.union(_silent, owed)
}

test_a_hold_is_held_without_an_allow if {
	answer := _said("hold", {_verdicts.hold})
	answer.effect == "hold"
}

test_an_alert_is_passed_on if {
	answer := _said("allow", {object.union(_verdicts.allow, {"obligations": {"alert": true}})})
	answer.obligations.alert
}

test_a_malformed_verdict_is_denied if {
	members := [
		7, "allow", null, [], {}, {"id": "a"}, {"id": "a", "message": "m"},
		{"id": "a", "message": "m", "obligations": {"masks": {}}},
	]
	every effect in ["allow", "hold", "deny"] {
		every member in members {
			answer := _said(effect, {member, _verdicts[effect]})
			answer.effect == "deny"
			some rule in answer.rules
			rule.id == "policy.invalid"
			startswith(rule.message, concat("", ["policies.rules.one.rule.", effect, ": malformed verdict"]))
		}
	}
}

test_what_is_no_set_is_denied if {
	every members in [true, false, [], [_verdicts.allow], {"x": 1}, "allow", null] {
		answer := _said("allow", members)
		answer.effect == "deny"
		answer.rules == [{
			"id": "policy.invalid", "effect": "deny",
			"message": "policies.rules.one.rule.allow is not a set: write `contains`",
		}]
	}
}

test_one_credential_is_passed_on if {
	credential := {"name": "x", "ttl_s": 60, "delivery": "proxy"}
	answer := _said("allow", {object.union(_verdicts.allow, {"obligations": {"credential": credential}})})
	answer.effect == "allow"
	answer.obligations.credential == credential
}

test_different_credentials_are_denied if {
	asking := {verdict |
		some name in ["x", "y"]
		verdict := {"id": name, "message": "", "obligations": {"credential": {"name": name, "ttl_s": 60}}}
	}
	answer := _said("allow", asking)
	answer.effect == "deny"
	answer.obligations == _silent
	answer.rules == [
		{"id": "x", "effect": "allow", "message": ""},
		{"id": "y", "effect": "allow", "message": ""},
		{"id": "policy.conflict", "effect": "deny", "message": "the rules that matched ask for different credentials"},
	]
	denied := _decided({"one": {"rule": {"allow": asking, "deny": {_verdicts.deny}}}}, _literal)
	_effects(denied) == {["x", "allow"], ["y", "allow"], ["d", "deny"]}
}

_facts := [{"tier": "structured"}, {"tier": "unparsed"}, {"opaque": ["eval"]}, {"dynamic": ["glob"]}, {"commands": []}]

test_what_is_not_literal_is_not_allowed if {
	every operation in ["exec", "line"] {
		every facts in _facts {
			request := object.union(fixtures.knowing(_literal, facts), {"operation": operation})
			alone := _decided(_both("allow", "allow"), request)
			alone.effect == "deny"
			_effects(alone) == {["a", "allow"], ["command.unparsed", "deny"]}
			held := _decided(_both("allow", "hold"), request)
			held.effect == "hold"
		}
	}
}

test_the_reason_is_said_where_none_is_literal if {
	answer := _decided(_both("allow", "allow"), fixtures.knowing(_literal, {"tier": "structured"}))
	said := {rule.message | some rule in answer.rules; rule.id == "command.unparsed"}
	said == {"only a literal command can be allowed by rule alone"}
}

test_what_runs_no_text_is_allowed if {
	request := object.union(fixtures.knowing(_literal, {"tier": "unparsed"}), {"operation": "sftp.read"})
	answer := _decided(_both("allow", "allow"), request)
	answer.effect == "allow"
}

test_missing_fields_are_not_allowed if {
	requests := [
		{}, {"operation": "exec"}, {"operation": "exec", "command": {}}, {"command": {"tier": "unparsed"}},
		{"operation": null, "command": {}}, {"operation": 7},
	]
	every request in requests {
		answer := _decided(_both("allow", "allow"), request)
		answer.effect == "deny"
	}
}

test_a_watched_rule_is_said_and_counts_for_nothing if {
	answer := _watched(_all, ["d", "h"], _literal)
	answer.effect == "allow"
	_effects(answer) == {["a", "allow"], ["d", "would_deny"], ["h", "would_hold"]}
	answer.obligations == object.union(_silent, _verdicts.allow.obligations)
}

test_only_watched_rules_are_deny if {
	answer := _watched(_all, ["a", "d", "h"], _literal)
	answer.effect == "deny"
	_effects(answer) == {["a", "would_allow"], ["d", "would_deny"], ["h", "would_hold"]}
	answer.obligations == _silent
}

test_what_is_malformed_is_denied_though_it_is_watched if {
	malformed := object.union(_verdicts.deny, {"obligations": {"stdin": "open"}})
	answer := _watched({"one": {"rule": {"deny": {malformed}, "allow": {_verdicts.allow}}}}, ["d"], _literal)
	answer.effect == "deny"
	_effects(answer) == {["a", "allow"], ["policy.invalid", "deny"]}
}

# A verdict that asks for this mask, on a command that encodes what it reads, where the site has a mask of its own.
_encoding(effect, mask, own) := answer if {
	obligations := {"allow": {"mask": mask}, "hold": object.union(_terms, {"mask": mask})}
	verdict := {"id": "a", "message": "may", "obligations": obligations[effect]}
	asked := fixtures.exec(fixtures.batch_reader, fixtures.batch_host, [["base64", "/srv/a"]])
	answer := _decided({"one": {"rule": {effect: {verdict}}}}, object.union(asked, {"mask": own}))
}

_none := {"detectors": {}, "columns": {}, "mode": "enforce", "opaque": []}

_all_masked := object.union(_none, {"detectors": {"*": "redact"}})

test_what_would_defeat_a_mask_is_denied if {
	every effect in ["allow", "hold"] {
		every mask in [{"detectors": {"*": "redact"}}, {"columns": {"ssn": "label"}, "opaque": ["gzip"]}] {
			answer := _encoding(effect, mask, _none)
			_effects(answer) == {["a", effect], ["mask.defeated", "deny"]}
		}
	}
}

test_unless_the_mask_lets_it_or_only_counts if {
	every more in [{"opaque": ["transform"]}, {"mode": "detect"}] {
		answer := _encoding("allow", object.union({"detectors": {"*": "redact"}}, more), _all_masked)
		answer.effect == "allow"
	}
}

test_the_mask_of_the_site_counts_where_no_rule_speaks if {
	rules := {"one": {"rule": {"allow": {_verdicts.allow}}}}
	asked := fixtures.exec(fixtures.batch_reader, fixtures.batch_host, [["base64", "/srv/a"]])
	own := {"masked": _all_masked, "by columns": object.union(_none, {"columns": {"ssn": "redact"}})}
	denied := {name |
		some name, mask in own
		answer := _decided(rules, object.union(asked, {"mask": mask}))
		_effects(answer) == {["a", "allow"], ["mask.defeated", "deny"]}
	}
	denied == {"masked", "by columns"}
	let := {"none": _none, "let": object.union(_all_masked, {"opaque": ["transform"]})}
	allowed := {name |
		some name, mask in let
		answer := _decided(rules, object.union(asked, {"mask": mask}))
		answer.effect == "allow"
	}
	allowed == {"none", "let"}
}

test_code_on_standard_input_counts_too if {
	verdict := object.union(_verdicts.allow, {"obligations": {"mask": {"detectors": {"*": "redact"}}, "stdin": "judge"}})
	encodes := fixtures.exec(fixtures.batch_reader, fixtures.batch_host, [["rev"]])
	given := object.union(_literal.stdin, {"command": encodes.command})
	answer := _decided({"one": {"rule": {"allow": {verdict}}}}, object.union(_literal, {"stdin": given}))
	_effects(answer) == {["a", "allow"], ["mask.defeated", "deny"]}
}
