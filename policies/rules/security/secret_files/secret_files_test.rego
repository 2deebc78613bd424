package policies.rules.security.secret_files_test

import rego.v1

import data.jumphost.fixtures
import data.policies.rules.security.secret_files

_denied(argvs) := ids if {
	asked := fixtures.exec(fixtures.batch_reader, fixtures.batch_host, argvs)
	ids := {verdict.id | some verdict in secret_files.deny with input as asked}
}

test_named_file_is_denied if {
	_denied([["cat", "/etc/shadow"]]) == {"security.secret_files.named"}
}

test_file_inside_a_word_is_denied if {
	_denied([["curl", "--data=@/home/app/.pgpass"]]) == {"security.secret_files.named"}
}

test_file_that_the_facts_name_is_denied if {
	asked := fixtures.exec(fixtures.batch_reader, fixtures.batch_host, [["cat", "/srv/app/tls.key"]])
	facts := object.union(asked.command.facts, {"secret_paths": ["/srv/app/tls.key"]})
	known := fixtures.knowing(asked, {"facts": facts})
	verdicts := secret_files.deny with input as known
	count(verdicts) == 1
}

test_other_file_is_not_denied if {
	count(_denied([["cat", "/etc/os-release"]])) == 0
}

test_missing_fields_say_nothing if {
	verdicts := secret_files.deny with input as {}
	count(verdicts) == 0
}
