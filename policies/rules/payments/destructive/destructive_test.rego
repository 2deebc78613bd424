package policies.rules.payments.destructive_test

import rego.v1

import data.jumphost.fixtures
import data.policies.rules.payments.destructive

_held(identity, target, argvs) := verdicts if {
	verdicts := destructive.hold with input as fixtures.exec(identity, target, argvs)
}

test_dropdb_waits_for_a_dba if {
	some verdict in _held(fixtures.deploy_bot, fixtures.payments_db, [["dropdb", "ledger_old"]])
	verdict.id == "payments.destructive.database"
	verdict.obligations.approval == [{"groups": ["dba"], "count": 1, "ttl_s": 3600}]
}

test_drop_table_is_held_in_any_case_of_letters if {
	some verdict in _held(fixtures.order_service, fixtures.payments_db, [["psql", "-X", "-c", "DROP TABLE orders"]])
	verdict.id == "payments.destructive.table"
}

test_truncate_is_held if {
	some verdict in _held(fixtures.order_service, fixtures.payments_db, [["psql", "-X", "-c", "truncate table orders"]])
	verdict.id == "payments.destructive.table"
}

test_pipeline_is_not_held if {
	count(_held(fixtures.deploy_bot, fixtures.payments_db, [["dropdb", "ledger_old"], ["sh"]])) == 0
}

test_other_words_are_not_held if {
	count(_held(fixtures.order_service, fixtures.payments_db, [["psql", "-c", "-X", "drop table orders"]])) == 0
}

test_development_is_not_held if {
	count(_held(fixtures.deploy_bot, fixtures.batch_host, [["dropdb", "ledger_old"]])) == 0
}

test_other_group_is_not_held if {
	count(_held(fixtures.batch_reader, fixtures.payments_db, [["dropdb", "ledger_old"]])) == 0
}

test_missing_fields_are_not_held if {
	verdicts := destructive.hold with input as {}
	count(verdicts) == 0
}
