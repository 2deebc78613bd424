# METADATA
# title: The read-only batch policy
# description: >-
#   Group readonly may look: at system state and logs, at the files and hosts listed in data/readonly, into databases by
#   SQL that only reads, at clusters and clouds. Nothing that writes, runs code, shows a secret or is not known exactly.
# custom:
#   owner: platform
#   since: 2026-11-22
package policies.rules.platform.readonly

import rego.v1

import data.jumphost.command
import data.jumphost.identity
import data.jumphost.result
import data.jumphost.target

# METADATA
# title: A command of the list, word for word
# custom:
#   ids: [platform.readonly.listed]
allow contains verdict if {
	_applies
	some argv in data.policies.data.readonly.commands
	command.exactly(input.command, [argv])
	verdict := result.allow("platform.readonly.listed", "a listed command", {})
}

# METADATA
# title: Any command that only reads, from the files and hosts of the list
# custom:
#   ids: [platform.readonly.reads]
allow contains verdict if {
	_applies
	command.reads_only(input.command)
	command.files_within(input.command, data.policies.data.readonly.files)
	command.hosts_within(input.command, data.policies.data.readonly.hosts)
	every part in input.command.commands { _placed(part) }
	verdict := result.allow("platform.readonly.reads", "reads what is listed", {})
}

_applies if {
	identity.in_group(input.identity, {"readonly"})
	target.labelled(input.target, data.policies.data.readonly.targets)
}

# A database client is one of the list, and names its server or its file.
_placed(part) if {
	part.profile.name in data.policies.data.readonly.clients
	command.names_a_host(part)
}

_placed(part) if {
	part.profile.name == "sqlite3"
	"sqlite3" in data.policies.data.readonly.clients
}

_placed(part) if {
	is_array(part.profile.effects)
	every effect in part.profile.effects { effect != "db_read" }
}
