# METADATA
# title: Taking payments data out
# description: A dump of the payments database waits for two people, one of dba and one of security.
# custom:
#   owner: payments
#   since: 2026-11-22
package policies.rules.payments.export

import rego.v1

import data.jumphost.command
import data.jumphost.identity
import data.jumphost.result
import data.jumphost.target

# METADATA
# title: A dump
# custom:
#   ids: [payments.export.dump]
hold contains verdict if {
	identity.in_group(input.identity, {"payments", "backup"})
	target.labelled(input.target, {"data": "payments"})
	command.plain(input.command)
	command.only_runs(input.command, {"pg_dump"})
	approval := [{"groups": ["dba"], "count": 1, "ttl_s": 3600}, {"groups": ["security"], "count": 1, "ttl_s": 3600}]
	verdict := result.hold("payments.export.dump", "takes payments data out", approval, {"record": "digest"})
}
