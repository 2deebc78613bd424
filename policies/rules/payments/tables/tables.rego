# METADATA
# title: Reading the ledger
# description: >-
#   Group payments may read the tables listed in data/payments with psql, on targets labelled data=payments, in business
#   hours and during the nightly close.
# custom:
#   owner: payments
#   since: 2026-12-01
package policies.rules.payments.tables

import rego.v1

import data.jumphost.command
import data.jumphost.identity
import data.jumphost.result
import data.jumphost.target
import data.jumphost.window

# METADATA
# title: SELECT on listed tables
# custom:
#   ids: [payments.tables.read]
allow contains verdict if {
	identity.in_group(input.identity, {"payments"})
	target.labelled(input.target, {"data": "payments"})
	command.only_runs(input.command, {"psql"})
	command.plain(input.command)
	command.reads_only(input.command)
	command.tables_within(input.command, data.policies.data.payments.tables)
	_reads_a_table
	command.hosts_within(input.command, data.policies.data.payments.hosts)
	some hours in data.policies.data.payments.windows
	window.inside(hours, input.now)
	terms := {"limits": {"timeout_s": 120, "output_bytes": 16777216}, "mask": {"detectors": {"*": "redact"}}}
	verdict := result.allow("payments.tables.read", "reads listed tables", terms)
}

_reads_a_table if {
	some found in input.command.sql
	some statement in found.statements
	count(statement.tables) > 0
}
