package jumphost.command_test

import data.jumphost.command

import future.keywords.not
import rego.v1

_select := {"kind": "select", "read_only": true, "tables": []}

_drop := {"kind": "drop", "read_only": false, "tables": []}

_found(statements) := {"parse_ok": true, "opaque": [], "statements": statements}

_table_of(db, schema, name) := {"db": db, "schema": schema, "name": name, "access": "read"}

# The facts of a command that says one SELECT from these tables.
_selecting(tables, change) := facts if {
	found := object.union(_found([object.union(_select, {"tables": tables})]), change)
	facts := object.union(_uptime, {"sql": [found]})
}

test_sql_is_known_to_its_end if {
	cases := {
		"select": _found([_select]),
		"drop": _found([_select, _drop]),
		"not parsed": object.union(_found([_select]), {"parse_ok": false}),
		"opaque": object.union(_found([_select]), {"opaque": ["meta_command"]}),
		"empty": _found([]),
	}
	{name | some name, found in cases; command.sql_known(found)} == {"select", "drop"}
	{name | some name, found in cases; command.sql_reads(found)} == {"select"}
}

test_missing_fields_of_sql_are_not_known if {
	found := _found([_select])
	count([name | some name, _ in found; command.sql_known(_without(found, name))]) == 0
	not command.sql_reads(_found([_without(_select, "read_only")]))
}

_tables := ["orders", "ledger.entries", "crm.public.people"]

test_tables_are_within_as_the_text_names_them if {
	inside := [
		_selecting([_table_of("", "", "orders")], {}),
		_selecting([_table_of("", "ledger", "entries"), _table_of("crm", "public", "people")], {}),
		_selecting([], {}),
	]
	every facts in inside { command.tables_within(facts, _tables) }
}

test_other_tables_are_not_within if {
	outside := [
		[_table_of("", "", "entries")], [_table_of("", "x", "orders")], [_table_of("", "", "ORDERS")],
		[_table_of("", "", "orders"), _table_of("", "", "cards")], [_table_of("", "", "")],
	]
	count([tables | some tables in outside; command.tables_within(_selecting(tables, {}), _tables)]) == 0
}

test_tables_of_sql_that_is_not_known_are_not_within if {
	orders := [_table_of("", "", "orders")]
	changes := [{"opaque": ["x"]}, {"parse_ok": false}, {"statements": []}]
	count([change | some change in changes; command.tables_within(_selecting(orders, change), _tables)]) == 0
	not command.tables_within(_uptime, _tables)
}

test_missing_fields_of_tables_are_not_within if {
	whole := _table_of("", "", "orders")
	{name | some name, _ in whole; command.tables_within(_selecting([_without(whole, name)], {}), _tables)} == {"access"}
	not command.tables_within(_selecting([], {"statements": [_without(_select, "tables")]}), _tables)
	not command.tables_within({}, _tables)
}

test_one_statement_of_a_kind_is_enough if {
	facts := object.union(_uptime, {"sql": [_found([_select]), _found([_select, _drop])]})
	{kind | some kind in ["select", "drop", "delete"]; command.sql_of_kind(facts, {kind})} == {"select", "drop"}
	not command.sql_of_kind(_uptime, {"select"})
	not command.sql_of_kind({}, {"select"})
}
