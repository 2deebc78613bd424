package jumphost.identity_test

import rego.v1

import data.jumphost.identity

_member := {"name": "deploy-bot", "groups": ["deploy", "readonly"]}

test_one_common_group_is_enough if {
	identity.in_group(_member, {"payments", "readonly"})
	identity.in_group(_member, ["deploy"])
}

test_no_common_group_is_not_enough if {
	strangers := [{"payments"}, {"Deploy"}, {""}, []]
	count([groups | some groups in strangers; identity.in_group(_member, groups)]) == 0
}

test_without_groups_is_in_none if {
	alone := {"name": "deploy-bot", "groups": []}
	count([1 | identity.in_group(alone, {"deploy"})]) == 0
}

test_named_is_about_the_whole_name if {
	names := ["deploy-bot", "backup-job", "deploy", "Deploy-bot", ""]
	known := {"deploy-bot", "backup-job"}
	{name | some name in names; identity.named({"name": name}, known)} == known
}

test_missing_fields_are_not_matched if {
	count([1 | some one in [{}, null, "deploy-bot"]; identity.in_group(one, {"deploy"})]) == 0
	count([1 | some one in [{}, null, "deploy-bot"]; identity.named(one, {"deploy-bot"})]) == 0
}
