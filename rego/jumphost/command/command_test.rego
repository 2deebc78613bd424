package jumphost.command_test

import data.jumphost.command
import data.jumphost.fixtures

import future.keywords.not
import rego.v1

# The facts of a literal command or pipeline; the tests of this folder share what is here.
_facts(argvs) := facts if {
	request := fixtures.exec(fixtures.batch_reader, fixtures.batch_host, argvs)
	facts := request.command
}

# The same facts, each program matched by a profile that says this of it.
_doing(argvs, profile) := facts if {
	request := fixtures.doing(fixtures.exec(fixtures.batch_reader, fixtures.batch_host, argvs), profile)
	facts := request.command
}

# The same facts, where other things are true of the program at this place.
_where(facts, place, changes) := changed if {
	parts := [part | some i, one in facts.commands; part := object.union(one, object.get({place: changes}, i, {}))]
	changed := object.union(facts, {"commands": parts})
}

_without(facts, name) := {key: value | some key, value in facts; key != name}

# The same facts, where this is not said of the first program.
_first_without(facts, name) := object.union(facts, {"commands": [_without(facts.commands[0], name)]})

_word(v) := {"v": v, "k": "literal", "src": "", "why": []}

_uptime := _facts([["uptime"]])

_piped := _facts([["cat", "/etc/os-release"], ["grep", "ID"], ["wc", "-l"]])

_to_file := {"redirects": [{"op": ">", "mode": "truncate", "kind": "file", "path": "/tmp/x"}]}

_with_env := {"env": [{"name": "F", "value": _word("/etc/shadow")}]}

test_only_known_tiers_are_literal if {
	cases := {
		"literal": _uptime,
		"structured": object.union(_uptime, {"tier": "structured"}),
		"unparsed": object.union(_uptime, {"tier": "unparsed"}),
		"Literal": object.union(_uptime, {"tier": "Literal"}),
		"opaque": object.union(_uptime, {"opaque": ["eval"]}),
		"dynamic": object.union(_uptime, {"dynamic": ["glob"]}),
		"nothing": object.union(_uptime, {"commands": []}),
	}
	{name | some name, facts in cases; command.literal(facts)} == {"literal"}
	{name | some name, facts in cases; command.no_opaque(facts)} == {"literal", "structured", "dynamic", "nothing"}
}

test_canonical_is_the_whole_text if {
	texts := [
		"'cat' /etc/os-release | 'grep' ID | 'wc' -l", "cat /etc/os-release | grep ID | wc -l",
		"'cat' /etc/os-release", "",
	]
	{text | some text in texts; command.canonical(_piped, text)} == {texts[0]}
	not command.canonical(fixtures.nothing, "")
}

test_exactly_is_about_every_word_in_order if {
	argvs := [["cat", "/etc/os-release"], ["grep", "ID"], ["wc", "-l"]]
	command.exactly(_piped, argvs)
	others := [
		[argvs[0]], [argvs[0], argvs[1]], [argvs[1], argvs[0], argvs[2]], array.concat(argvs, [["wc"]]),
		[argvs[0], ["grep", "id"], argvs[2]], [array.concat(argvs[0], ["x"]), argvs[1], argvs[2]],
	]
	count([other | some other in others; command.exactly(_piped, other)]) == 0
}

test_exactly_of_what_are_no_words_is_never if {
	forms := [
		null, [], [[]], "uptime", {}, [["uptime", 1]], ["uptime"], [[["uptime"]]],
		{"a": ["uptime"]}, [{"a": "uptime"}], [{0: "uptime"}], {["uptime"]},
	]
	asked := [_uptime, object.union(_uptime, {"canonical": ""}), object.union(_uptime, {"commands": [1]})]
	every facts in asked {
		count([form | some form in forms; command.exactly(facts, form)]) == 0
	}
}

test_a_line_is_quoted_as_it_would_run if {
	command.line([["echo", "a-b_c./d", "it's", "", "a b", "é", "$x"]]) == `'echo' a-b_c./d 'it'\''s' '' 'a b' 'é' '$x'`
}

test_plain_is_without_redirects_and_environment if {
	cases := {
		"plain": _uptime,
		"pipeline": _piped,
		"redirect": _where(_piped, 2, _to_file),
		"environment": _where(_piped, 1, _with_env),
		"structured": object.union(_uptime, {"tier": "structured"}),
	}
	{name | some name, facts in cases; command.plain(facts)} == {"plain", "pipeline"}
}

test_only_runs_is_about_each_program_and_no_path if {
	cases := {
		"one": _facts([["cat", "x"]]),
		"both": _facts([["cat", "x"], ["wc"]]),
		"another": _facts([["cat", "x"], ["sh"]]),
		"path": _where(_facts([["cat", "x"]]), 0, {"path": "/tmp/cat"}),
		"dynamic": object.union(_facts([["cat", "x"]]), {"dynamic": ["glob"]}),
	}
	{name | some name, facts in cases; command.only_runs(facts, {"cat", "wc"})} == {"one", "both"}
}

test_runs_is_about_any_program_by_any_path if {
	programs := ["rm", "/usr/bin/rm", "/opt/../bin/rm", "alarm", "rmdir", "rm/x", "Rm", ""]
	found := {program | some program in programs; command.runs(_facts([["uptime"], [program, "x"]]), {"rm"})}
	found == {"rm", "/usr/bin/rm", "/opt/../bin/rm"}
	not command.runs(_facts([["echo", "rm"]]), {"rm"})
	not command.runs(_uptime, [])
}

test_mentions_is_about_words_environment_and_redirects if {
	cases := {
		"word": _facts([["uptime"], ["cat", "--file=/etc/shadow-"]]),
		"source": _where(_uptime, 0, {"argv": [object.union(_word(""), {"k": "dynamic", "src": "$(cat /etc/shadow)"})]}),
		"environment": _where(_piped, 1, _with_env),
		"redirect": _where(_uptime, 0, {"redirects": [{"path": "/etc/shadow"}]}),
		"another": _facts([["cat", "/etc/passwd"]]),
		"nothing": fixtures.nothing,
	}
	found := {name | some name, facts in cases; command.mentions(facts, ["/etc/shadow"])}
	found == {"word", "source", "environment", "redirect"}
}

test_missing_fields_are_not_allowed if {
	every name in ["tier", "opaque", "dynamic", "commands"] {
		less := _without(_uptime, name)
		count([1 | command.literal(less)]) == 0
		count([1 | command.plain(less)]) == 0
		count([1 | command.only_runs(less, {"uptime"})]) == 0
		count([1 | command.canonical(less, "'uptime'")]) == 0
		count([1 | command.exactly(less, [["uptime"]])]) == 0
	}
	command.exactly(_uptime, [["uptime"]])
	not command.exactly(_without(_uptime, "canonical"), [["uptime"]])
	not command.no_opaque(_without(_uptime, "opaque"))
}

test_missing_fields_of_a_program_are_not_allowed if {
	{name | some name in ["env", "redirects", "path"]; command.plain(_first_without(_uptime, name))} == {"path"}
	names := ["program", "path", "env"]
	{name | some name in names; command.only_runs(_first_without(_uptime, name), {"uptime"})} == {"env"}
	not command.runs(_first_without(_uptime, "program"), {"uptime"})
}
