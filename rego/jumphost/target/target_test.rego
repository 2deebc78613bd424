package jumphost.target_test

import rego.v1

import data.jumphost.target

_db := {"name": "db", "login": "app", "labels": {"env": "prod", "data": "payments"}}

test_every_label_is_asked_for if {
	cases := {
		"one": {"env": "prod"},
		"both": {"env": "prod", "data": "payments"},
		"other value": {"env": "dev"},
		"one more": {"env": "prod", "region": "eu"},
		"another": {"region": "eu"},
		"none": {},
	}
	{name | some name, labels in cases; target.labelled(_db, labels)} == {"one", "both"}
}

test_named_is_about_the_whole_name if {
	{name | some name in ["app", "db", "ap", ""]; target.named({"name": name}, {"app", "db"})} == {"app", "db"}
}

test_login_is_about_the_whole_login if {
	{login | some login in ["app", "root", ""]; target.login({"login": login}, {"app"})} == {"app"}
}

test_missing_fields_are_not_matched if {
	less := [{}, null, {"labels": {}}]
	count([1 | some one in less; target.labelled(one, {"env": "prod"})]) == 0
	count([1 | some one in less; target.named(one, {"db"})]) == 0
	count([1 | some one in less; target.login(one, {"app"})]) == 0
}
