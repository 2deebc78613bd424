# METADATA
# title: Nightly copies
# description: >-
#   Group backup may write tonight's copy from standard input, dump a database and copy files, each to the places listed
#   in data/backup and nowhere else.
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
	_applies
	some argv in [["tee", "/srv/backup/nightly.sql"], ["wc", "-l"], ["wc", "-c"], ["cat"]]
	command.exactly(input.command, [argv])
	verdict := result.allow("platform.backup.receive", "receives a copy", {"stdin": "stream", "record": "digest"})
}

# METADATA
# title: pg_dump and rsync to one place
# custom:
#   ids: [platform.backup.copy]
allow contains verdict if {
	_applies
	command.plain(input.command)
	command.only_runs(input.command, {"pg_dump", "rsync"})
	command.effects_within(input.command, {"db_read", "fs_read", "fs_write", "net_read", "net_write"})
	command.as_itself(input.command)
	count(input.command.files.write) > 0
	input.command.files.unknown == false
	every path in input.command.files.write { command.path_within(path, data.policies.data.backup.places) }
	count(input.command.files.delete) == 0
	command.hosts_within(input.command, data.policies.data.backup.hosts)
	verdict := result.allow("platform.backup.copy", "copies to the place of copies", {"record": "digest"})
}

_applies if {
	identity.in_group(input.identity, {"backup"})
	target.labelled(input.target, {"env": "dev"})
}
