# METADATA
# title: Changing and destroying data in production
# description: >-
#   On targets labelled env=prod a change of the schema or a deletion waits for a database administrator, and what drops
#   waits for one of security too.
# custom:
#   owner: payments
#   since: 2026-11-22
package policies.rules.payments.destructive

import rego.v1

import data.jumphost.command
import data.jumphost.identity
import data.jumphost.result
import data.jumphost.target

_dba := {"groups": ["dba"], "count": 1, "ttl_s": 3600}

_security := {"groups": ["security"], "count": 1, "ttl_s": 3600}

# METADATA
# title: A whole database
# custom:
#   ids: [payments.destructive.database]
hold contains verdict if {
	_applies
	command.only_runs(input.command, {"dropdb"})
	command.plain(input.command)
	verdict := result.hold("payments.destructive.database", "drops a database", [_dba, _security], {})
}

# METADATA
# title: DROP
# custom:
#   ids: [payments.destructive.drop]
hold contains verdict if {
	_sql
	command.sql_of_kind(input.command, {"drop"})
	verdict := result.hold("payments.destructive.drop", "drops what is in a database", [_dba, _security], {})
}

# METADATA
# title: Other changes of the schema, and rows that go
# custom:
#   ids: [payments.destructive.change]
hold contains verdict if {
	_sql
	command.sql_of_kind(input.command, {"alter", "create", "delete", "truncate"})
	verdict := result.hold("payments.destructive.change", "changes a schema or deletes", [_dba], {})
}

# What is held is known: one program, SQL that was understood to its end.
_sql if {
	_applies
	command.only_runs(input.command, {"psql", "mysql", "mariadb"})
	command.plain(input.command)
	every found in input.command.sql { command.sql_known(found) }
}

_applies if {
	identity.in_group(input.identity, {"payments", "deploy"})
	target.labelled(input.target, {"env": "prod"})
}
