# METADATA
# title: Looking around on development hosts
# description: Group readonly may run the commands listed in data/readonly, and may echo, on targets labelled env=dev.
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
# title: Any words at all may be echoed, to standard output and nowhere else
# custom:
#   ids: [platform.readonly.echo]
allow contains verdict if {
	_applies
	command.plain(input.command)
	command.only_runs(input.command, {"echo"})
	verdict := result.allow("platform.readonly.echo", "prints its own words", {})
}

_applies if {
	identity.in_group(input.identity, {"readonly"})
	target.labelled(input.target, {"env": "dev"})
}
