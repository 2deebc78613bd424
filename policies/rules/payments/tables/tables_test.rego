package policies.rules.payments.tables_test

import rego.v1

import data.jumphost.fixtures
import data.policies.rules.payments.tables

_lists := {
	"tables": ["ledger.entries"],
	"hosts": ["*.internal"],
	"windows": [{"from": "06:00", "to": "20:00", "days": ["Monday"]}, {"from": "22:00", "to": "02:00"}],
}

_allowed(request) := {verdict.id |
	some verdict in tables.allow with input as request with data.policies.data.payments as _lists
}

_entries := {"db": "", "schema": "ledger", "name": "entries", "access": "read"}

_asked(identity, found) := request if {
	asked := fixtures.exec(identity, fixtures.payments_db, [["psql", "-X", "-c", "select"]])
	statement := {"kind": "select", "read_only": true, "tables": found}
	sql := [{"cmd": 0, "parse_ok": true, "opaque": [], "statements": [statement]}]
	request := fixtures.knowing(fixtures.doing(asked, {"effects": ["db_read"]}), {"sql": sql})
}

_at(rfc3339, weekday) := fixtures.at(_asked(fixtures.order_service, [_entries]), rfc3339, weekday)

test_listed_table_in_hours_is_allowed if {
	every moment in [
		["2026-11-23T06:00:00Z", "Monday"], ["2026-11-22T23:30:00Z", "Sunday"], ["2026-11-22T01:59:59Z", "Sunday"],
	] {
		_allowed(_at(moment[0], moment[1])) == {"payments.tables.read"}
	}
}

test_out_of_hours_is_not_allowed if {
	every moment in [
		["2026-11-23T20:00:00Z", "Monday"], ["2026-11-22T12:00:00Z", "Sunday"], ["2026-11-22T02:00:00Z", "Sunday"],
	] {
		count(_allowed(_at(moment[0], moment[1]))) == 0
	}
}

test_other_tables_are_not_allowed if {
	bare := object.union(_entries, {"schema": ""})
	cards := object.union(_entries, {"name": "cards"})
	elsewhere := object.union(_entries, {"db": "x"})
	every found in [[], [bare], [cards], [elsewhere], [_entries, cards]] {
		asked := _asked(fixtures.order_service, found)
		count(_allowed(fixtures.at(asked, "2026-11-22T23:30:00Z", "Sunday"))) == 0
	}
}

test_other_group_is_not_allowed if {
	asked := _asked(fixtures.batch_reader, [_entries])
	count(_allowed(fixtures.at(asked, "2026-11-22T23:30:00Z", "Sunday"))) == 0
}

test_missing_fields_are_not_allowed if {
	count(_allowed({})) == 0
}
