# The SQL of a command.
package jumphost.command

import rego.v1

# METADATA
# title: sql_reads(found)
# description: one of input.command.sql was understood to its end, and each statement of it only reads
sql_reads(found) if {
	sql_known(found)
	every statement in found.statements { statement.read_only == true }
}

# METADATA
# title: sql_known(found)
# description: one of input.command.sql was understood to its end and says something
sql_known(found) if {
	found.parse_ok == true
	count(found.opaque) == 0
	count(found.statements) > 0
}

# METADATA
# title: tables_within(command, tables)
# description: >-
#   It says SQL, all of it was understood, and each table in it is one of these, named as the text names it: "orders"
#   where it names no schema, "ledger.orders" where it does.
tables_within(command, tables) if {
	count(command.sql) > 0
	every found in command.sql {
		sql_known(found)
		every statement in found.statements {
			every table in statement.tables { _table(table) in tables }
		}
	}
}

_table(table) := name if {
	parts := [part | some part in [table.db, table.schema, table.name]; part != ""]
	name := concat(".", parts)
}

# METADATA
# title: sql_of_kind(command, kinds)
# description: "it holds a statement of one of these kinds: drop, delete, truncate, alter, create …"
sql_of_kind(command, kinds) if {
	some found in command.sql
	some statement in found.statements
	statement.kind in kinds
}
