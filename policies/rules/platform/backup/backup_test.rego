package policies.rules.platform.backup_test

import rego.v1

import data.jumphost.fixtures
import data.policies.rules.platform.backup

_allowed(request) := verdicts if {
	verdicts := backup.allow with input as request
}

test_copy_is_streamed if {
	asked := fixtures.exec(fixtures.backup_job, fixtures.batch_host, [["tee", "/srv/backup/nightly.sql"]])
	some verdict in _allowed(asked)
	verdict.obligations.stdin == "stream"
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
