# METADATA
# title: Files that hold secrets
# description: Nobody names them on a command line, whatever else a rule allows or holds.
# custom:
#   owner: security
#   since: 2026-11-22
package policies.rules.security.secret_files

import rego.v1

import data.jumphost.command
import data.jumphost.result

# METADATA
# title: Password files, private keys, credentials of clients
# custom:
#   ids: [security.secret_files.named]
deny contains verdict if {
	_named
	verdict := result.deny("security.secret_files.named", "names a file that holds secrets")
}

_named if count(input.command.facts.secret_paths) > 0

_named if {
	names := {"/etc/shadow", "/etc/gshadow", "/.ssh/", "id_rsa", "id_ed25519", ".pgpass", "/.aws/"}
	command.mentions(input.command, names)
}
