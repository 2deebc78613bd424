package jumphost.command_test

import data.jumphost.command

import future.keywords.not
import rego.v1

_with_files(files) := object.union(_uptime, {"files": files})

_connecting(names, addresses) := facts if {
	requests := [{"url_k": "literal", "host": host} | some host in addresses]
	facts := object.union(_doing([["x"]], {"hosts": names}), {"http": requests})
}

_get := {
	"method": "GET", "url_k": "literal", "scheme": "https", "host": "a.internal",
	"body": "none", "output": "stdout", "proxy": "",
}

_hosts := ["*.internal", "localhost"]

test_files_are_within_a_place_or_below if {
	places := ["/srv/app", "/etc/hosts"]
	inside := [
		_uptime,
		_with_files({"read": ["/srv/app"]}),
		_with_files({"read": ["/srv/app/a/b"], "write": ["/etc/hosts"], "delete": ["/srv/app/c"]}),
	]
	every facts in inside { command.files_within(facts, places) }
	outside := [_with_files({way: [path]}) |
		some way in ["read", "write", "delete"]
		some path in ["/", "/srv/apps", "/etc/hosts2", "/srv", "srv/app", ""]
	]
	count(outside) == 18
	count([facts | some facts in outside; command.files_within(facts, places)]) == 0
}

test_unknown_files_are_not_within if {
	not command.files_within(_with_files({"unknown": true}), ["/"])
	not command.files_within(_with_files({"read": ["/srv/app"]}), [])
}

test_missing_fields_of_files_are_not_within if {
	command.files_within(_uptime, ["/srv"])
	not command.files_within(_without(_uptime, "files"), ["/srv"])
	count([name |
		some name in ["read", "write", "delete", "unknown"]
		command.files_within(object.union(_without(_uptime, "files"), {"files": _without(_uptime.files, name)}), ["/srv"])
	]) == 0
}

test_hosts_are_within_by_name_or_suffix if {
	inside := [
		_connecting([], []), _connecting(["a.internal", "A.B.Internal"], []), _connecting(["LOCALHOST"], ["c.internal"]),
	]
	every facts in inside { command.hosts_within(facts, _hosts) }
}

test_other_hosts_are_not_within if {
	names := ["internal", ".internal", "a.internal.example", "xinternal", "127.0.0.1", "*.internal.", "xocalhost", ""]
	count([name | some name in names; command.hosts_within(_connecting([name], []), _hosts)]) == 0
	count([name | some name in names; command.hosts_within(_connecting([], [name]), _hosts)]) == 0
	not command.hosts_within(_connecting(["a.internal", "evil.example"], []), _hosts)
	not command.hosts_within(_connecting(["a.internal"], ["b.internal", "evil.example"]), _hosts)
}

test_an_address_that_is_not_literal_is_not_within if {
	not command.hosts_within(object.union(_uptime, {"http": [{"url_k": "dynamic", "host": "a.internal"}]}), _hosts)
}

test_missing_fields_of_hosts_are_not_within if {
	not command.hosts_within({}, _hosts)
	not command.hosts_within(_without(_uptime, "http"), _hosts)
	not command.hosts_within(_without(_uptime, "commands"), _hosts)
	not command.hosts_within(_first_without(_uptime, "profile"), _hosts)
	not command.hosts_within(object.union(_uptime, {"http": [{"host": "a.internal"}]}), _hosts)
	not command.hosts_within(object.union(_uptime, {"http": [{"url_k": "literal"}]}), _hosts)
}

test_a_program_is_asked_for_its_own_host if {
	named := _connecting(["a"], [])
	command.names_a_host(named.commands[0])
	not command.names_a_host(_uptime.commands[0])
	not command.names_a_host({})
}

test_get_and_head_are_reading if {
	every output in ["stdout", "/dev/null"] {
		every method in ["GET", "HEAD"] {
			every scheme in ["http", "https"] {
				command.http_reads(object.union(_get, {"method": method, "output": output, "scheme": scheme}))
			}
		}
	}
}

test_any_other_request_is_not_reading if {
	changes := [
		{"method": "POST"}, {"method": "get"}, {"url_k": "dynamic"}, {"scheme": "file"}, {"body": "file"},
		{"output": "/tmp/x"}, {"output": ""}, {"proxy": "p:1"},
	]
	count([change | some change in changes; command.http_reads(object.union(_get, change))]) == 0
}

test_missing_fields_of_a_request_are_not_reading if {
	{name | some name, _ in _get; command.http_reads(_without(_get, name))} == {"host"}
}
