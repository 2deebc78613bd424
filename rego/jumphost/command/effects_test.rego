package jumphost.command_test

import data.jumphost.command

import future.keywords.not
import rego.v1

_matched := _doing([["head", "/srv/a"], ["wc", "-l"]], {})

# timeout around uptime: only the inner one has a profile.
_wrapped := facts if {
	both := _where(_doing([["timeout", "5"], ["uptime"]], {}), 0, {"wrapper": true, "profile": {"matched": false}})
	facts := _where(both, 1, {"parent": 0})
}

_unmatched := {
	"no profile": _where(_matched, 1, {"profile": {"matched": false}}),
	"nobody checked": _where(_matched, 1, {"profile": {"verified": false}}),
	"structured": object.union(_matched, {"tier": "structured"}),
	"opaque": object.union(_matched, {"opaque": ["eval"]}),
	"nothing": object.union(_matched, {"commands": []}),
	"wrapper of none": _where(_wrapped, 1, {"parent": -1}),
	"wrapper of another": _where(_wrapped, 1, {"profile": {"matched": false}}),
	"no wrapper": _where(_wrapped, 0, {"wrapper": false}),
	"profile missing": _first_without(_matched, "profile"),
	"commands missing": _without(_matched, "commands"),
	"wrapper missing": _first_without(_wrapped, "wrapper"),
	"nothing said": {},
}

_reading := _doing([["head", "/srv/a"]], {"effects": ["fs_read"]})

_select_only := [{"parse_ok": true, "opaque": [], "statements": [{"kind": "select", "read_only": true, "tables": []}]}]

test_every_program_is_matched if {
	command.matched(_matched)
	command.matched(_wrapped)
}

test_what_is_not_matched_is_nothing_more if {
	count([name | some name, facts in _unmatched; command.matched(facts)]) == 0
	count([name | some name, facts in _unmatched; command.effects_within(facts, {effect | some effect in []})]) == 0
	count([name | some name, facts in _unmatched; command.reads_only(facts)]) == 0
}

test_effects_are_within_when_each_is if {
	cases := {
		"none": _doing([["head"]], {}),
		"one": _reading,
		"two": _doing([["head"]], {"effects": ["fs_read", "fs_write"]}),
		"second program": _where(_doing([["head"], ["tee"]], {}), 1, {"profile": {"effects": ["fs_write"]}}),
	}
	{name | some name, facts in cases; command.effects_within(facts, {"fs_read"})} == {"none", "one"}
	every facts in cases { command.effects_within(facts, {"fs_read", "fs_write"}) }
}

test_redirects_are_effects if {
	redirects := {
		"null": {"kind": "null", "mode": "truncate"},
		"dup": {"kind": "", "mode": "dup"},
		"heredoc": {"kind": "", "mode": "heredoc"},
		"herestring": {"kind": "", "mode": "herestring"},
		"read": {"kind": "file", "mode": "read"},
		"append": {"kind": "file", "mode": "append"},
		"truncate": {"kind": "file", "mode": "truncate"},
		"both": {"kind": "file", "mode": "readwrite"},
		"device": {"kind": "device", "mode": "read"},
		"disk": {"kind": "device", "mode": "truncate"},
		"no kind": {"mode": "read"},
		"no mode": {"kind": "file"},
	}
	cases := {name: facts | some name, redirect in redirects; facts := _where(_matched, 1, {"redirects": [redirect]})}
	harmless := {"null", "dup", "heredoc", "herestring"}
	{name | some name, facts in cases; command.effects_within(facts, {effect | some effect in []})} == harmless
	{name | some name, facts in cases; command.effects_within(facts, {"fs_read"})} == harmless | {"read"}
	{name | some name, facts in cases; command.effects_within(facts, {"fs_write"})} == harmless | {"append", "truncate"}
}

test_reading_is_reading_only if {
	reads := {
		"cloud_read", "cluster_read", "db_read", "fs_read", "net_read", "proc_read", "stdin_filter", "system_read",
	}
	others := {
		"fs_write", "fs_delete", "proc_state", "service_state", "db_write", "net_write", "exec_child", "privilege",
		"container_exec", "secret_read", "system_write", "package_write", "cluster_write", "cloud_write", "unheard_of",
	}
	found := {effect | some effect in (reads | others); command.reads_only(_doing([["x"]], {"effects": [effect]}))}
	found == reads
}

test_sql_and_http_are_read_too if {
	get := {"method": "GET", "url_k": "literal", "scheme": "https", "body": "none", "output": "stdout", "proxy": ""}
	command.reads_only(object.union(_reading, {"sql": _select_only, "http": [get]}))
	not command.reads_only(object.union(_reading, {"sql": [object.union(_select_only[0], {"opaque": ["x"]})]}))
	post := object.union(get, {"method": "POST"})
	not command.reads_only(object.union(_reading, {"http": [get, post]}))
}

test_what_changes_is_not_reading_only if {
	command.reads_only(_reading)
	changes := [
		{"facts": {"privilege": ["sudo:root"]}}, {"facts": {"lateral": ["ssh:a"]}}, {"facts": {"env_danger": ["PAGER"]}},
		{"facts": {"writes": true}}, {"facts": {"deletes": true}},
		{"files": {"write": ["/x"]}}, {"files": {"delete": ["/x"]}},
	]
	count([change | some change in changes; command.reads_only(object.union(_reading, change))]) == 0
}

test_another_login_or_host_is_not_itself if {
	command.as_itself(_reading)
	not command.as_itself(_where(_reading, 0, {"run_as": "root"}))
	not command.as_itself(_where(_reading, 0, {"host": "a"}))
	count([name |
		some name in ["privilege", "lateral", "env_danger"]
		command.as_itself(object.union(_reading, {"facts": {name: ["x"]}}))
	]) == 0
}

test_missing_fields_are_not_reading_only if {
	count([name | some name in ["facts", "files", "sql", "http"]; command.reads_only(_without(_reading, name))]) == 0
	count([name |
		some name in ["privilege", "lateral", "env_danger", "writes", "deletes"]
		less := object.union(_without(_reading, "facts"), {"facts": _without(_reading.facts, name)})
		command.reads_only(less)
	]) == 0
	count([name |
		some name in ["write", "delete"]
		less := object.union(_without(_reading, "files"), {"files": _without(_reading.files, name)})
		command.reads_only(less)
	]) == 0
	count([name |
		some name in ["run_as", "host", "redirects", "profile"]
		command.reads_only(_first_without(_reading, name))
	]) == 0
	bare := _without(_reading.commands[0].profile, "effects")
	part := object.union(_without(_reading.commands[0], "profile"), {"profile": bare})
	not command.reads_only(object.union(_reading, {"commands": [part]}))
}

test_a_program_by_a_path_is_not_in_the_list if {
	one := _uptime.commands[0]
	parts := {
		"itself": one,
		"by a path": object.union(one, {"path": "/opt/uptime"}),
		"dynamic": object.union(one, {"kind": "dynamic"}),
		"another": object.union(one, {"program": "w"}),
		"path missing": _without(one, "path"),
		"kind missing": _without(one, "kind"),
		"program missing": _without(one, "program"),
	}
	{name | some name, part in parts; command.program_in(part, {"uptime"})} == {"itself"}
}

test_a_secret_is_said if {
	command.secret_in_argv(object.union(_uptime, {"facts": {"secret_argv": ["jwt"]}}))
	not command.secret_in_argv(_uptime)
	not command.secret_in_argv(_without(_uptime, "facts"))
}
