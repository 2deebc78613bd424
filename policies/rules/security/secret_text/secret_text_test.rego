package policies.rules.security.secret_text_test

import rego.v1

import data.jumphost.fixtures
import data.policies.rules.security.secret_text

_denied(request) := {verdict.id | some verdict in secret_text.deny with input as request}

_asked(found) := request if {
	asked := fixtures.exec(fixtures.batch_reader, fixtures.batch_host, [["uptime"]])
	facts := object.union(asked.command.facts, {"secret_argv": found})
	request := fixtures.knowing(asked, {"facts": facts})
}

test_a_secret_is_denied if {
	_denied(_asked(["password"])) == {"security.secret_text.found"}
}

test_a_secret_on_standard_input_is_denied if {
	asked := _asked([])
	stdin := object.union(asked.stdin, {"command": _asked(["jwt"]).command})
	_denied(object.union(asked, {"stdin": stdin})) == {"security.secret_text.stdin"}
}

test_no_secret_is_not_denied if {
	count(_denied(_asked([]))) == 0
}

test_missing_fields_say_nothing if {
	count(_denied({})) == 0
}
