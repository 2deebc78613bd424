# What the programs of a command do, by their profiles.
package jumphost.command

import rego.v1

# METADATA
# title: matched(command)
# description: >-
#   A literal command in which every program is one whose profile, checked against the real program, knows each word of
#   it, or a wrapper (env, timeout …) around such a one.
matched(command) if {
	literal(command)
	every part in command.commands { _matched(command, part) }
}

_matched(_, part) if {
	part.profile.matched == true
	part.profile.verified == true
}

_matched(command, part) if {
	part.wrapper == true
	some child in command.commands
	child.parent == part.id
}

# METADATA
# title: effects_within(command, effects)
# description: all that its programs do is among these effects, and so are the files that its redirects write
effects_within(command, effects) if {
	matched(command)
	every part in command.commands {
		every effect in part.profile.effects { effect in effects }
		every redirect in part.redirects { _within(redirect, effects) }
	}
}

_within(redirect, _) if redirect.kind == "null"

_within(redirect, _) if redirect.mode in {"dup", "heredoc", "herestring"}

_within(redirect, effects) if {
	redirect.kind == "file"
	redirect.mode == "read"
	"fs_read" in effects
}

_within(redirect, effects) if {
	redirect.kind == "file"
	redirect.mode in {"append", "truncate"}
	"fs_write" in effects
}

# METADATA
# title: as_itself(command)
# description: >-
#   It runs as the login that was asked for, on the target itself, with no variable that changes what programs do.
as_itself(command) if {
	count(command.facts.privilege) == 0
	count(command.facts.lateral) == 0
	count(command.facts.env_danger) == 0
	every part in command.commands {
		part.run_as == ""
		part.host == ""
	}
}

# METADATA
# title: reads_only(command)
# description: >-
#   It looks and changes nothing: files, processes, databases by SQL that only reads, addresses by GET and HEAD. Which
#   files, tables and hosts is asked by files_within, tables_within and hosts_within.
reads_only(command) if {
	effects_within(command, {
		"cloud_read", "cluster_read", "db_read", "fs_read", "net_read", "proc_read", "stdin_filter", "system_read",
	})
	as_itself(command)
	command.facts.writes == false
	command.facts.deletes == false
	count(command.files.write) == 0
	count(command.files.delete) == 0
	every found in command.sql { sql_reads(found) }
	every request in command.http { http_reads(request) }
}

# METADATA
# title: program_in(part, programs)
# description: one of input.command.commands is one of these programs, found by the gateway's own PATH
program_in(part, programs) if {
	part.path == ""
	part.kind == "literal"
	part.program in programs
}

# METADATA
# title: secret_in_argv(command)
# description: its text holds a password, a token or a key; facts.secret_argv names the detectors that found one
secret_in_argv(command) if count(command.facts.secret_argv) > 0
