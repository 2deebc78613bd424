package jumphost.command_test

import data.jumphost.command

import future.keywords.not
import rego.v1

_call := {"tool": "kubectl", "verb": ["rollout", "status"], "namespace": "shop", "context": "", "account": ""}

_calling(argvs, calls) := object.union(_doing(argvs, {}), {"cloud": calls})

_verbs := [["get"], ["rollout", "status"]]

test_calls_of_listed_verbs_are_taken if {
	command.only_calls(_calling([["kubectl", "x"]], [_call]), "kubectl", _verbs)
	twice := [_call, object.union(_call, {"verb": ["get"]})]
	command.only_calls(_calling([["kubectl", "x"], ["kubectl", "y"]], twice), "kubectl", _verbs)
}

test_other_calls_are_not_taken if {
	changes := [
		{"verb": ["delete"]}, {"verb": ["rollout"]}, {"verb": ["rollout", "status", "x"]},
		{"context": "x"}, {"account": "y"}, {"tool": "oc"},
	]
	count([change |
		some change in changes
		command.only_calls(_calling([["kubectl", "x"]], [object.union(_call, change)]), "kubectl", _verbs)
	]) == 0
}

test_other_programs_beside_a_call_are_not_taken if {
	others := {
		"none": _calling([["kubectl", "x"]], []),
		"shell": _calling([["kubectl", "x"], ["sh"]], [_call]),
		"a call unseen": _calling([["kubectl", "x"], ["kubectl", "y"]], [_call]),
		"path": _where(_calling([["kubectl", "x"]], [_call]), 0, {"path": "/tmp/kubectl"}),
		"not matched": object.union(_facts([["kubectl", "x"]]), {"cloud": [_call]}),
	}
	count([name | some name, facts in others; command.only_calls(facts, "kubectl", _verbs)]) == 0
}

test_missing_fields_of_calls_are_not_taken if {
	one := _calling([["kubectl", "x"]], [])
	less := {name: facts | some name, _ in _call; facts := object.union(one, {"cloud": [_without(_call, name)]})}
	{name | some name, facts in less; command.only_calls(facts, "kubectl", _verbs)} == {"namespace"}
	not command.only_calls(_without(one, "cloud"), "kubectl", _verbs)
	not command.only_calls({}, "kubectl", _verbs)
}

test_namespaces_are_within_when_each_is if {
	cases := {
		"one": _calling([["kubectl"]], [_call]),
		"two": _calling([["kubectl"]], [_call, object.union(_call, {"namespace": "web"})]),
		"another": _calling([["kubectl"]], [_call, object.union(_call, {"namespace": "kube-system"})]),
		"unnamed": _calling([["kubectl"]], [_call, object.union(_call, {"namespace": ""})]),
		"missing": _calling([["kubectl"]], [_without(_call, "namespace")]),
		"no call": _calling([["kubectl"]], []),
		"no facts": {},
	}
	{name | some name, facts in cases; command.namespaces_within(facts, {"shop", "web"})} == {"one", "two"}
}
