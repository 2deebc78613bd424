# METADATA
# title: Nightly copies
# description: Group backup may write tonight's copy and count its lines; the copy arrives on standard input as plain data.
# custom:
#   owner: platform
#   since: 2026-11-22
package policies.rules.platform.backup

import rego.v1

import data.jumphost.command
import data.jumphost.identity
import data.jumphost.result
import data.jumphost.target

# METADATA
# title: Programs that take standard input as data, word for word
# custom:
#   ids: [platform.backup.receive]
allow contains verdict if {
	identity.in_group(input.identity, {"backup"})
	target.labelled(input.target, {"env": "dev"})
	some argv in [["tee", "/srv/backup/nightly.sql"], ["wc", "-l"], ["wc", "-c"], ["cat"]]
	command.exactly(input.command, [argv])
	verdict := result.allow("platform.backup.receive", "receives a copy", {"stdin": "stream", "record": "digest"})
}
