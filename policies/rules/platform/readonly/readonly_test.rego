package policies.rules.platform.readonly_test

import rego.v1

import data.jumphost.fixtures
import data.policies.rules.platform.readonly

_asked(argvs) := fixtures.exec(fixtures.batch_reader, fixtures.batch_host, argvs)

_allowed(request) := ids if {
	ids := {verdict.id | some verdict in readonly.allow with input as request}
}

test_listed_command_is_allowed if {
	_allowed(_asked([["df", "-h"]])) == {"platform.readonly.listed"}
}

test_one_word_more_is_not_allowed if {
	count(_allowed(_asked([["df", "-h", "/"]]))) == 0
}

test_pipeline_is_not_allowed if {
	count(_allowed(_asked([["uptime"], ["tee", "/tmp/out"]]))) == 0
}

test_echo_is_allowed if {
	_allowed(_asked([["echo", "never run rm -rf /"]])) == {"platform.readonly.echo"}
}

test_echo_into_a_program_is_not_allowed if {
	count(_allowed(_asked([["echo", "id"], ["sh"]]))) == 0
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
