package policies.rules.platform.backup_test

import rego.v1

import data.jumphost.fixtures
import data.policies.rules.platform.backup

_lists := {"places": ["/srv/backup"], "hosts": ["*.internal"]}

_allowed(request) := verdicts if {
	verdicts := backup.allow with input as request with data.policies.data.backup as _lists
}

_copies(argv, written, hosts) := request if {
	asked := fixtures.exec(fixtures.backup_job, fixtures.batch_host, [argv])
	files := {"read": [], "write": written, "delete": [], "unknown": false}
	known := fixtures.doing(asked, {"effects": ["db_read", "fs_write"], "hosts": hosts})
	request := fixtures.knowing(known, {"files": files})
}

test_copy_is_streamed if {
	asked := fixtures.exec(fixtures.backup_job, fixtures.batch_host, [["tee", "/srv/backup/nightly.sql"]])
	some verdict in _allowed(asked)
	verdict.obligations.stdin == "stream"
}

test_dump_into_the_place_is_allowed if {
	some verdict in _allowed(_copies(["pg_dump"], ["/srv/backup/ledger.sql"], ["db.internal"]))
	verdict.id == "platform.backup.copy"
}

test_dump_elsewhere_is_not_allowed if {
	every written in [[], ["/etc/cron.d/x"], ["/srv/backup/a", "/tmp/b"], ["/srv/backup-2"]] {
		count(_allowed(_copies(["pg_dump"], written, []))) == 0
	}
}

test_other_host_is_not_allowed if {
	count(_allowed(_copies(["rsync"], ["/srv/backup/x"], ["evil.example"]))) == 0
}

test_other_program_is_not_allowed if {
	count(_allowed(_copies(["cp"], ["/srv/backup/x"], []))) == 0
}

test_other_file_is_not_allowed if {
	asked := fixtures.exec(fixtures.backup_job, fixtures.batch_host, [["tee", "/etc/passwd"]])
	count(_allowed(asked)) == 0
}

test_other_group_is_not_allowed if {
	asked := fixtures.exec(fixtures.batch_reader, fixtures.batch_host, [["wc", "-l"]])
	count(_allowed(asked)) == 0
}

test_missing_fields_are_not_allowed if {
	count(_allowed({})) == 0
}
