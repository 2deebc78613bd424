package policies.rules.security.iam_test

import rego.v1

import data.jumphost.fixtures
import data.policies.rules.security.iam

_held(identity, verb) := ids if {
	asked := fixtures.exec(identity, fixtures.batch_host, [array.concat(["aws"], verb)])
	known := fixtures.knowing(asked, {"cloud": [{"cmd": 0, "tool": "aws", "verb": verb}]})
	ids := {verdict.id | some verdict in iam.hold with input as known}
}

test_a_change_waits_for_security if {
	every verb in [
		["iam", "create-user"], ["iam", "attach-role-policy"], ["iam"],
		["organizations", "leave-organization"],
	] {
		_held(fixtures.deploy_bot, verb) == {"security.iam.change"}
	}
}

test_looking_is_not_held if {
	every verb in [["iam", "list-users"], ["iam", "get-role"], ["s3", "rm"]] {
		count(_held(fixtures.deploy_bot, verb)) == 0
	}
}

test_other_group_is_not_held if {
	count(_held(fixtures.batch_reader, ["iam", "create-user"])) == 0
}

test_missing_fields_are_not_held if {
	verdicts := iam.hold with input as {}
	count(verdicts) == 0
}
