# METADATA
# title: Rolling out
# description: Group deploy may roll out, roll back and watch in the namespaces listed in data/deploy.
# custom:
#   owner: platform
#   since: 2026-12-01
package policies.rules.platform.deploy

import rego.v1

import data.jumphost.command
import data.jumphost.identity
import data.jumphost.result
import data.jumphost.target

_verbs := [
	["get"], ["describe"], ["logs"],
	["rollout", "history"], ["rollout", "restart"], ["rollout", "status"], ["rollout", "undo"],
	["set", "image"],
]

# METADATA
# title: kubectl rollout in one namespace
# custom:
#   ids: [platform.deploy.rollout]
allow contains verdict if {
	identity.in_group(input.identity, {"deploy"})
	target.labelled(input.target, {"env": "dev"})
	command.plain(input.command)
	command.only_calls(input.command, "kubectl", _verbs)
	command.effects_within(input.command, {"cluster_read", "cluster_write"})
	command.namespaces_within(input.command, data.policies.data.deploy.namespaces)
	verdict := result.allow("platform.deploy.rollout", "rolls out", {"limits": {"timeout_s": 900}})
}
