# METADATA
# title: Destroying data in production
# description: What drops or truncates on targets labelled env=prod waits for a database administrator.
# custom:
#   owner: payments
#   since: 2026-11-22
package policies.rules.payments.destructive

import rego.v1

import data.jumphost.command
import data.jumphost.identity
import data.jumphost.result
import data.jumphost.target

# METADATA
# title: A whole database
# custom:
#   ids: [payments.destructive.database]
hold contains verdict if {
	_applies
	command.only_runs(input.command, {"dropdb"})
	command.plain(input.command)
	verdict := result.hold("payments.destructive.database", "drops a database", _one_dba, {})
}

# METADATA
# title: A table
# custom:
#   ids: [payments.destructive.table]
hold contains verdict if {
	_applies
	some verb in ["drop table", "truncate table"]
	query := input.command.commands[0].argv[3].v
	startswith(lower(query), concat("", [verb, " "]))
	command.exactly(input.command, [["psql", "-X", "-c", query]])
	verdict := result.hold("payments.destructive.table", "drops or empties a table", _one_dba, {})
}

_one_dba := [{"groups": ["dba"], "count": 1, "ttl_s": 3600}]

_applies if {
	identity.in_group(input.identity, {"payments", "deploy"})
	target.labelled(input.target, {"env": "prod"})
}
