package policies.rules.platform.readonly_test

import rego.v1

import data.jumphost.fixtures
import data.policies.rules.platform.readonly

_lists := {
	"targets": {"env": "dev"},
	"commands": [["uptime"], ["df", "-h"]],
	"files": ["/srv/app", "/etc/hosts"],
	"hosts": ["*.internal"],
	"clients": ["psql", "sqlite3"],
}

_allowed(request) := {verdict.id |
	some verdict in readonly.allow with input as request with data.policies.data.readonly as _lists
}

_asked(argvs) := fixtures.exec(fixtures.batch_reader, fixtures.batch_host, argvs)

_reads(argvs, paths) := request if {
	asked := fixtures.doing(_asked(argvs), {"effects": ["fs_read"]})
	request := fixtures.knowing(asked, {"files": {"read": paths, "write": [], "delete": [], "unknown": false}})
}

_queries(argv, profile, found) := request if {
	asked := fixtures.doing(_asked([argv]), object.union({"effects": ["db_read"]}, profile))
	request := fixtures.knowing(asked, {"sql": [object.union({"cmd": 0, "parse_ok": true, "opaque": []}, found)]})
}

_select := {"statements": [{"kind": "select", "read_only": true, "tables": []}]}

_delete := {"statements": [{"kind": "delete", "read_only": false, "tables": []}]}

test_listed_command_is_allowed if {
	_allowed(_asked([["df", "-h"]])) == {"platform.readonly.listed"}
}

test_one_word_more_is_not_allowed if {
	count(_allowed(_asked([["df", "-h", "/"]]))) == 0
}

test_reading_below_a_listed_folder_is_allowed if {
	_allowed(_reads([["head", "/srv/app/a"], ["wc", "-l"]], ["/srv/app/a"])) == {"platform.readonly.reads"}
}

test_reading_elsewhere_is_not_allowed if {
	every path in ["/srv/application", "/root/x", "/etc/hosts.allow", "/"] {
		count(_allowed(_reads([["head", path]], [path]))) == 0
	}
}

test_a_file_that_is_not_known_is_not_allowed if {
	asked := _reads([["head", "x"]], [])
	hidden := fixtures.knowing(asked, {"files": {"read": [], "write": [], "delete": [], "unknown": true}})
	count(_allowed(hidden)) == 0
}

test_what_writes_is_not_allowed if {
	every effect in ["fs_write", "exec_child", "net_write", "secret_read", "service_state"] {
		count(_allowed(fixtures.doing(_asked([["x"]]), {"effects": ["fs_read", effect]}))) == 0
	}
}

test_a_profile_that_nobody_checked_is_not_allowed if {
	count(_allowed(fixtures.doing(_asked([["x"]]), {"verified": false}))) == 0
}

test_a_program_without_profile_is_not_allowed if {
	count(_allowed(_asked([["uptime"], ["x"]]))) == 0
}

test_select_on_an_internal_host_is_allowed if {
	asked := _queries(["psql", "-h", "a.internal"], {"hosts": ["a.internal"]}, _select)
	_allowed(asked) == {"platform.readonly.reads"}
}

test_select_from_a_listed_file_is_allowed if {
	asked := _queries(["sqlite3", "-readonly", "/srv/app/x.db"], {}, _select)
	_allowed(asked) == {"platform.readonly.reads"}
}

test_a_dump_is_not_allowed if {
	count(_allowed(_queries(["pg_dump", "-h", "a.internal"], {"hosts": ["a.internal"]}, _select))) == 0
}

test_select_elsewhere_is_not_allowed if {
	every hosts in [[], ["a.example"], ["a.internal.example"], ["internal"], ["a.internal", "b.example"]] {
		count(_allowed(_queries(["psql"], {"hosts": hosts}, _select))) == 0
	}
}

test_what_is_no_select_is_not_allowed if {
	some_host := {"hosts": ["a.internal"]}
	every found in [
		_delete, {"statements": []},
		object.union(_select, {"parse_ok": false}), object.union(_select, {"opaque": ["x"]}),
	] {
		count(_allowed(_queries(["psql"], some_host, found))) == 0
	}
}

test_another_login_or_place_is_not_allowed if {
	facts := _asked([["df"]]).command.facts
	every more in [{"privilege": ["sudo:root"]}, {"lateral": ["docker:x"]}, {"env_danger": ["PAGER"]}, {"writes": true}] {
		asked := fixtures.knowing(fixtures.doing(_asked([["df"]]), {}), {"facts": object.union(facts, more)})
		count(_allowed(asked)) == 0
	}
}

test_other_group_is_not_allowed if {
	count(_allowed(fixtures.exec(fixtures.backup_job, fixtures.batch_host, [["uptime"]]))) == 0
}

test_production_is_not_allowed if {
	count(_allowed(fixtures.exec(fixtures.batch_reader, fixtures.payments_db, [["uptime"]]))) == 0
}

test_missing_fields_are_not_allowed if {
	count(_allowed({})) == 0
}
