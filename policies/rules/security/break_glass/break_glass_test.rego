package policies.rules.security.break_glass_test

import rego.v1

import data.jumphost.fixtures
import data.policies.rules.security.break_glass

_allowed(identity, purpose) := verdicts if {
	asked := fixtures.exec(identity, fixtures.payments_db, [["systemctl", "restart", "ledger"]])
	told := object.union(asked, {"purpose": purpose})
	verdicts := break_glass.allow with input as told
}

test_a_reason_breaks_the_glass_loudly if {
	some verdict in _allowed(fixtures.night_shift, "INC-4711: the ledger hangs")
	verdict.obligations.alert == true
	verdict.obligations.record == "io"
}

test_without_a_reason_it_is_not_allowed if {
	every purpose in ["", "please"] {
		count(_allowed(fixtures.night_shift, purpose)) == 0
	}
}

test_other_group_is_not_allowed if {
	count(_allowed(fixtures.deploy_bot, "INC-4711: the ledger hangs")) == 0
}

test_missing_fields_are_not_allowed if {
	verdicts := break_glass.allow with input as {}
	count(verdicts) == 0
}
