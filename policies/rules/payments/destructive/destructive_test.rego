package policies.rules.payments.destructive_test

import rego.v1

import data.jumphost.fixtures
import data.policies.rules.payments.destructive

_held(request) := verdicts if {
	verdicts := destructive.hold with input as request
}

_says(identity, target, kinds) := request if {
	asked := fixtures.exec(identity, target, [["psql", "-X", "-c", "…"]])
	statements := [{"kind": kind, "read_only": false, "tables": []} | some kind in kinds]
	request := fixtures.knowing(asked, {"sql": [{"parse_ok": true, "opaque": [], "statements": statements}]})
}

_groups(verdict) := {group | some term in verdict.obligations.approval; some group in term.groups}

test_dropdb_waits_for_two_groups if {
	some verdict in _held(fixtures.exec(fixtures.deploy_bot, fixtures.payments_db, [["dropdb", "ledger_old"]]))
	verdict.id == "payments.destructive.database"
	_groups(verdict) == {"dba", "security"}
}

test_drop_waits_for_two_groups if {
	some verdict in _held(_says(fixtures.order_service, fixtures.payments_db, ["select", "drop"]))
	verdict.id == "payments.destructive.drop"
	_groups(verdict) == {"dba", "security"}
}

test_change_waits_for_a_dba if {
	every kind in ["alter", "create", "delete", "truncate"] {
		asked := _says(fixtures.order_service, fixtures.payments_db, [kind])
		{[verdict.id, _groups(verdict)] | some verdict in _held(asked)} == {["payments.destructive.change", {"dba"}]}
	}
}

test_sql_that_is_not_understood_is_not_held if {
	asked := _says(fixtures.order_service, fixtures.payments_db, ["drop"])
	found := object.union(asked.command.sql[0], {"opaque": ["meta_command"]})
	count(_held(fixtures.knowing(asked, {"sql": [found]}))) == 0
}

test_pipeline_is_not_held if {
	asked := fixtures.exec(fixtures.deploy_bot, fixtures.payments_db, [["dropdb", "ledger_old"], ["sh"]])
	count(_held(asked)) == 0
}

test_reading_is_not_held if {
	count(_held(_says(fixtures.order_service, fixtures.payments_db, ["select"]))) == 0
}

test_development_is_not_held if {
	count(_held(_says(fixtures.deploy_bot, fixtures.batch_host, ["drop"]))) == 0
}

test_other_group_is_not_held if {
	count(_held(_says(fixtures.batch_reader, fixtures.payments_db, ["drop"]))) == 0
}

test_missing_fields_are_not_held if {
	count(_held({})) == 0
}
