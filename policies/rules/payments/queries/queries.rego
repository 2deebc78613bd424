# METADATA
# title: Queries on the payments database
# description: Group payments may run a few fixed queries on targets labelled data=payments.
# custom:
#   owner: payments
#   since: 2026-11-22
package policies.rules.payments.queries

import rego.v1

import data.jumphost.command
import data.jumphost.identity
import data.jumphost.result
import data.jumphost.target

# METADATA
# title: Is it there
# custom:
#   ids: [payments.queries.ping]
allow contains verdict if {
	_applies
	command.exactly(input.command, [["psql", "-X", "-c", "select 1"]])
	verdict := result.allow("payments.queries.ping", "reads nothing", {"limits": {"timeout_s": 30}})
}

# METADATA
# title: Queries that read no card number
# custom:
#   ids: [payments.queries.ledger]
allow contains verdict if {
	_applies
	some query in [
		"select count(*) from ledger",
		"select id, amount, booked_at from ledger order by id desc limit 20",
	]
	command.exactly(input.command, [["psql", "-X", "-c", query]])
	terms := {"limits": {"timeout_s": 120, "output_bytes": 1048576}}
	verdict := result.allow("payments.queries.ledger", "reads the ledger", terms)
}

_applies if {
	identity.in_group(input.identity, {"payments"})
	target.labelled(input.target, {"data": "payments"})
}
