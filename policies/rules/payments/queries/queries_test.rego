package policies.rules.payments.queries_test

import rego.v1

import data.jumphost.fixtures
import data.policies.rules.payments.queries

_allowed(identity, target, query) := ids if {
	asked := fixtures.exec(identity, target, [["psql", "-X", "-c", query]])
	ids := {verdict.id | some verdict in queries.allow with input as asked}
}

test_ping_is_allowed if {
	_allowed(fixtures.order_service, fixtures.payments_db, "select 1") == {"payments.queries.ping"}
}

test_ledger_is_allowed if {
	ids := _allowed(fixtures.order_service, fixtures.payments_db, "select count(*) from ledger")
	ids == {"payments.queries.ledger"}
}

test_one_letter_more_is_not_allowed if {
	count(_allowed(fixtures.order_service, fixtures.payments_db, "select 1;")) == 0
}

test_card_numbers_are_not_allowed if {
	count(_allowed(fixtures.order_service, fixtures.payments_db, "select pan from cards")) == 0
}

test_other_group_is_not_allowed if {
	count(_allowed(fixtures.batch_reader, fixtures.payments_db, "select 1")) == 0
}

test_other_target_is_not_allowed if {
	count(_allowed(fixtures.order_service, fixtures.batch_host, "select 1")) == 0
}

test_missing_fields_are_not_allowed if {
	verdicts := queries.allow with input as {}
	count(verdicts) == 0
}
