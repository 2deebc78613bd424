package policies.rules.platform.deploy_test

import rego.v1

import data.jumphost.fixtures
import data.policies.rules.platform.deploy

_allowed(request) := {verdict.id |
	some verdict in deploy.allow with input as request with data.policies.data.deploy as {"namespaces": ["shop"]}
}

_call := {"cmd": 0, "tool": "kubectl", "verb": ["rollout", "status"], "namespace": "shop", "context": "", "account": ""}

_asked(identity, call) := request if {
	asked := fixtures.exec(identity, fixtures.batch_host, [["kubectl", "-n", "shop", "rollout", "status"]])
	known := fixtures.doing(asked, {"effects": ["cluster_read"]})
	request := fixtures.knowing(known, {"cloud": [object.union(_call, call)]})
}

test_rollout_in_the_namespace_is_allowed if {
	_allowed(_asked(fixtures.deploy_bot, {})) == {"platform.deploy.rollout"}
}

test_elsewhere_is_not_allowed if {
	every call in [
		{"namespace": ""}, {"namespace": "kube-system"}, {"namespace": "*"},
		{"context": "prod"}, {"account": "as:root"},
	] {
		count(_allowed(_asked(fixtures.deploy_bot, call))) == 0
	}
}

test_other_verb_is_not_allowed if {
	every verb in [["delete"], ["exec"], ["rollout"], ["rollout", "pause"]] {
		count(_allowed(_asked(fixtures.deploy_bot, {"verb": verb}))) == 0
	}
}

test_what_shows_a_secret_is_not_allowed if {
	asked := fixtures.doing(_asked(fixtures.deploy_bot, {}), {"effects": ["secret_read"]})
	count(_allowed(asked)) == 0
}

test_other_group_is_not_allowed if {
	count(_allowed(_asked(fixtures.batch_reader, {}))) == 0
}

test_missing_fields_are_not_allowed if {
	count(_allowed({})) == 0
}
