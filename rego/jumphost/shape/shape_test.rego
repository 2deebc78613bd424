package jumphost.shape_test

import rego.v1

import data.jumphost.shape

_dba := {"groups": ["dba"], "count": 1, "ttl_s": 60}

_right := {
	"alert": [true],
	"record": ["output", "io", "digest"],
	"stdin": ["closed", "judge", "stream"],
	"env": [[], ["LANG", "_x"], [_long]],
	"approval": [[_dba], [_dba, {"groups": ["a", "b"], "count": 16, "ttl_s": 2592000}]],
	"limits": [
		{}, {"timeout_s": 1, "output_bytes": 9007199254740991, "on_expiry": "cut"},
		{"on_expiry": "finish", "on_echo": "cut"},
	],
	"credential": [
		{"name": "payments-ro", "ttl_s": 60}, {"name": "x", "ttl_s": 1, "delivery": "env"},
		{"name": "x", "ttl_s": 1, "delivery": "file"},
	],
	"mask": [
		{}, {"mode": "detect"},
		{
			"detectors": {"*": "redact", "iban": "label"}, "columns": {"pan*": "partial", "x": "pseudonym"},
			"mode": "enforce", "opaque": ["gzip", "transform"],
		},
	],
}

_wrong := {
	"alert": [false, "true", 1, null],
	"record": ["", "Output", null, ["io"], {}],
	"stdin": ["open", "", null, ["judge"]],
	"env": [
		null, "LANG", {}, [1], ["A=B"], [""], ["1A"], ["LANG\n"], ["Ä"],
		[concat("", [_long, "A"])],
	],
	"approval": [
		null, [], {}, {"a": _dba}, [null], [{"groups": ["dba"], "count": 1}],
		[object.union(_dba, {"groups": []})], [object.union(_dba, {"groups": [1]})],
		[object.union(_dba, {"groups": "dba"})], [object.union(_dba, {"groups": {"a": "dba"}})],
		[object.union(_dba, {"count": 0})], [object.union(_dba, {"count": 17})],
		[object.union(_dba, {"count": 1.5})], [object.union(_dba, {"count": "1"})],
		[object.union(_dba, {"ttl_s": 2592001})], [object.union(_dba, {"quorum": 1})], [_dba, {}],
	],
	"limits": [
		null, [], {"timeout_s": 0}, {"timeout_s": -1}, {"timeout_s": 0.5}, {"timeout_s": "5"}, {"timeout_s": null},
		{"output_bytes": 9007199254740992}, {"on_expiry": "kill"}, {"on_echo": "kill"}, {"cpu": 1},
	],
	"credential": [
		null, "payments-ro", {}, {"name": "payments-ro"}, {"ttl_s": 60}, {"name": "a b", "ttl_s": 60},
		{"name": "", "ttl_s": 60}, {"name": "x", "ttl_s": 0}, {"name": "x", "ttl_s": 60, "delivery": "mail"},
		{"name": "x", "ttl_s": 60, "secret": "y"},
	],
	"mask": [
		null, [], {"detectors": ["iban"]}, {"detectors": []}, {"detectors": {"iban": "hide"}}, {"detectors": {1: "redact"}},
		{"columns": {"pan": null}}, {"mode": "off"}, {"rows": {}},
		{"opaque": "gzip"}, {"opaque": ["rar"]}, {"opaque": {"a": "gzip"}},
	],
	"mystery": [1],
}

_long := concat("", ["AAAAAAAAAAAAAAAA" | some _ in [1, 2, 3, 4, 5, 6, 7, 8]])

_says(obligations) := {"id": "x", "message": "", "obligations": obligations}

test_known_obligations_are_right if {
	every name, values in _right {
		every value in values { shape.obligation(name, value) }
	}
}

test_anything_else_is_not_right if {
	taken := [[name, value] | some name, values in _wrong; some value in values; shape.obligation(name, value)]
	count(taken) == 0
}

test_an_unknown_name_is_not_right if {
	taken := [value | some values in _right; some value in values; shape.obligation("mystery", value)]
	count(taken) == 0
}

test_a_verdict_is_three_fields if {
	shape.verdict("allow", _says({"record": "io"}))
	shape.verdict("deny", _says({}))
	shape.verdict("hold", _says({"approval": [_dba], "stdin": "judge"}))
}

test_missing_fields_are_no_verdict if {
	less := [{key: value | some key, value in _says({}); key != name} | some name in ["id", "message", "obligations"]]
	count(less) == 3
	count([member | some member in array.concat(less, [{}, null]); shape.verdict("allow", member)]) == 0
}

test_another_form_is_no_verdict if {
	changes := [
		{"id": ""}, {"id": 7}, {"message": null}, {"obligations": []}, {"more": 1},
		{"obligations": {"masks": {}}}, {"obligations": {"record": "everything"}}, {"obligations": {1: 2}},
	]
	members := array.concat([7, "allow", []], [member | some change in changes; member := object.union(_says({}), change)])
	every effect in ["allow", "deny"] {
		count([member | some member in members; shape.verdict(effect, member)]) == 0
	}
}

test_a_hold_without_terms_is_no_verdict if {
	less := [{}, {"record": "io"}, {"approval": []}, {"approval": {}}, {"approval": [{}]}]
	count([terms | some terms in less; shape.verdict("hold", _says(terms))]) == 0
}

test_terms_beside_another_effect_are_no_verdict if {
	effects := ["allow", "deny", "hold", "would_allow", ""]
	{effect | some effect in effects; shape.verdict(effect, _says({"approval": [_dba]}))} == {"hold"}
	{effect | some effect in effects; shape.verdict(effect, _says({}))} == {"allow", "deny"}
}

test_each_wrong_obligation_is_named if {
	every name, values in _wrong {
		every value in values {
			shape.reason(_says({name: value})) == concat(" ", ["malformed verdict x", name])
		}
	}
}

test_several_wrong_obligations_are_in_one_order if {
	said := _says({"record": "all", "stdin": "stream", "limits": {"ram": 1}})
	shape.reason(said) == "malformed verdict x limits record"
}

test_there_is_always_a_reason if {
	every member in [null, 1, "x", [], {}, {"id": 1}, {"obligations": 1}] {
		shape.reason(member) == "malformed verdict"
	}
	shape.reason({"id": "x", "obligations": {1: 2}}) == "malformed verdict x"
}
