package policies.rules.payments.export_test

import rego.v1

import data.jumphost.fixtures
import data.policies.rules.payments.export

_held(identity, target, argvs) := verdicts if {
	verdicts := export.hold with input as fixtures.exec(identity, target, argvs)
}

test_dump_waits_for_two_groups if {
	some verdict in _held(fixtures.order_service, fixtures.payments_db, [["pg_dump", "payments"]])
	{group | some term in verdict.obligations.approval; some group in term.groups} == {"dba", "security"}
}

test_dump_into_a_program_is_not_held if {
	count(_held(fixtures.order_service, fixtures.payments_db, [["pg_dump", "payments"], ["gzip"]])) == 0
}

test_other_target_is_not_held if {
	count(_held(fixtures.order_service, fixtures.batch_host, [["pg_dump", "payments"]])) == 0
}

test_missing_fields_are_not_held if {
	verdicts := export.hold with input as {}
	count(verdicts) == 0
}
