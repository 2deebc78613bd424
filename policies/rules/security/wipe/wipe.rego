# METADATA
# title: Wiping
# description: Nobody deletes trees or overwrites disks through the gateway, whatever else a rule allows or holds.
# custom:
#   owner: security
#   since: 2026-11-22
package policies.rules.security.wipe

import rego.v1

import data.jumphost.command
import data.jumphost.result

# METADATA
# title: rm with an option that descends
# custom:
#   ids: [security.wipe.tree]
deny contains verdict if {
	some part in input.command.commands
	command.program(part, {"rm"})
	some word in part.argv
	regex.match(`^(-[A-Za-z]*[rR]|--r)`, word.v)
	verdict := result.deny("security.wipe.tree", "deletes a whole tree")
}

# METADATA
# title: Programs that overwrite disks
# custom:
#   ids: [security.wipe.disk]
deny contains verdict if {
	command.runs(input.command, {"dd", "mkfs", "shred", "wipefs", "blkdiscard"})
	verdict := result.deny("security.wipe.disk", "overwrites a disk")
}
