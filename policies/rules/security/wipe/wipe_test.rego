package policies.rules.security.wipe_test

import rego.v1

import data.jumphost.fixtures
import data.policies.rules.security.wipe

_denied(argvs) := ids if {
	asked := fixtures.exec(fixtures.deploy_bot, fixtures.batch_host, argvs)
	ids := {verdict.id | some verdict in wipe.deny with input as asked}
}

test_deleting_a_tree_is_denied if {
	every options in [["-rf"], ["-f", "-R"], ["-vr"], ["--recursive"], ["--rec"]] {
		_denied([array.concat(array.concat(["rm"], options), ["/srv"])]) == {"security.wipe.tree"}
	}
}

test_rm_by_a_path_is_denied if {
	_denied([["/opt/../usr/bin/rm", "-r", "/srv"]]) == {"security.wipe.tree"}
}

test_second_program_of_a_pipeline_is_denied if {
	_denied([["uptime"], ["dd", "of=/dev/sda"]]) == {"security.wipe.disk"}
}

test_one_file_is_not_denied if {
	count(_denied([["rm", "-f", "/srv/old-report"]])) == 0
}

test_talking_about_it_is_not_denied if {
	count(_denied([["echo", "never run rm -rf /"]])) == 0
}

test_missing_fields_say_nothing if {
	verdicts := wipe.deny with input as {}
	count(verdicts) == 0
}
