# METADATA
# title: Who may do what in the cloud
# description: What changes users, roles, keys and policies of a cloud account waits for one of security.
# custom:
#   owner: security
#   since: 2026-12-01
package policies.rules.security.iam

import data.jumphost.command
import data.jumphost.identity
import data.jumphost.result

import future.keywords.not
import rego.v1

_reads := `^(get|list|simulate|generate)-`

# METADATA
# title: aws iam, but what only looks
# custom:
#   ids: [security.iam.change]
hold contains verdict if {
	identity.in_group(input.identity, {"deploy"})
	command.plain(input.command)
	command.only_runs(input.command, {"aws"})
	some call in input.command.cloud
	call.verb[0] in {"iam", "organizations", "sso-admin"}
	not _looks(call)
	terms := [{"groups": ["security"], "count": 1, "ttl_s": 3600}]
	verdict := result.hold("security.iam.change", "changes who may do what in the cloud", terms, {"record": "io"})
}

_looks(call) if regex.match(_reads, call.verb[1])
