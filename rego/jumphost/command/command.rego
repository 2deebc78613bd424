# METADATA
# title: Questions about a command
# description: >-
#   Each takes input.command. What allows (literal, canonical, exactly, plain, only_runs) needs every fact it looks at
#   and is undefined without it; what warns (runs, program, mentions) answers on the first hit.
package jumphost.command

import future.keywords.not
import rego.v1

# METADATA
# title: literal(command)
# description: every program and every word is known as written; only such a command can be allowed by rule alone
literal(command) if {
	command.tier == "literal"
	no_opaque(command)
	count(command.dynamic) == 0
	count(command.commands) > 0
}

# METADATA
# title: no_opaque(command)
# description: it was parsed, and no part hides which programs run
no_opaque(command) if {
	command.tier in {"literal", "structured"}
	count(command.opaque) == 0
}

# METADATA
# title: canonical(command, text)
# description: it is exactly this canonical text, which is also the text that would run
canonical(command, text) if {
	literal(command)
	command.canonical == text
}

# METADATA
# title: exactly(command, argvs)
# description: >-
#   It is this one simple command ([[program, word, …]]) or this one pipeline, and nothing else: no redirect, no
#   environment prefix, no other operator.
exactly(command, argvs) if {
	is_array(argvs)
	count(argvs) > 0
	every argv in argvs { _argv(argv) }
	canonical(command, line(argvs))
}

# METADATA
# title: line(argvs)
# description: the canonical text of a simple command or pipeline
line(argvs) := text if {
	stages := [stage | some argv in argvs; stage := concat(" ", [word | some i, v in argv; word := _word(i, v)])]
	text := concat(" | ", stages)
}

# METADATA
# title: plain(command)
# description: a literal command without redirects and environment prefixes
plain(command) if {
	literal(command)
	every part in command.commands {
		count(part.redirects) == 0
		count(part.env) == 0
	}
}

# METADATA
# title: only_runs(command, programs)
# description: a literal command of none but these programs, each found by the gateway's own PATH and not by a path
only_runs(command, programs) if {
	literal(command)
	every part in command.commands {
		part.program in programs
		part.path == ""
	}
}

# METADATA
# title: runs(command, programs)
# description: one of these programs is somewhere in it, by whatever path
runs(command, programs) if {
	some part in command.commands
	program(part, programs)
}

# METADATA
# title: program(part, programs)
# scope: document
# description: "one of input.command.commands is one of these programs, by whatever path: /opt/bin/rm is rm"
program(part, programs) if part.program in programs

program(part, programs) if {
	some name in programs
	endswith(part.program, concat("", ["/", name]))
}

# METADATA
# title: mentions(command, texts)
# description: one of these texts is part of a word, of an environment prefix or of a redirect's path
mentions(command, texts) if {
	some part in command.commands
	some said in _texts(part)
	some text in texts
	contains(said, text)
}

_texts(part) := (words | values) | paths if {
	words := {said | some word in part.argv; some said in [word.v, word.src]}
	values := {said | some variable in part.env; some said in [variable.value.v, variable.value.src]}
	paths := {redirect.path | some redirect in part.redirects}
}

_argv(argv) if {
	is_array(argv)
	count(argv) > 0
	every word in argv { is_string(word) }
}

_word(i, v) := v if _bare(i, v)

_word(i, v) := quoted if {
	not _bare(i, v)
	quoted := concat("", ["'", replace(v, "'", `'\''`), "'"])
}

_bare(i, v) if {
	i > 0
	regex.match(`^[A-Za-z0-9_./-]+$`, v)
}
