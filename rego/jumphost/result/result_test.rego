package jumphost.result_test

import rego.v1

import data.jumphost.result
import data.jumphost.shape

_terms := [{"groups": ["dba"], "count": 1, "ttl_s": 60}]

test_allow_is_a_verdict if {
	made := result.allow("a", "may", {"record": "io"})
	made == {"id": "a", "message": "may", "obligations": {"record": "io"}}
	shape.verdict("allow", made)
}

test_deny_is_a_verdict if {
	made := result.deny("d", "no")
	made == {"id": "d", "message": "no", "obligations": {}}
	shape.verdict("deny", made)
}

test_hold_is_a_verdict if {
	made := result.hold("h", "waits", _terms, {"record": "io"})
	made == {"id": "h", "message": "waits", "obligations": {"record": "io", "approval": _terms}}
	shape.verdict("hold", made)
}

test_terms_of_a_hold_are_not_overridden if {
	made := result.hold("h", "waits", _terms, {"approval": []})
	made.obligations.approval == _terms
}

test_missing_fields_are_no_verdict if {
	denied := {made | made := result.deny("d", input.command.raw)} with input as {}
	held := {made | made := result.hold("h", "waits", input.identity.claims.terms, {})} with input as {}
	count(denied | held) == 0
}
