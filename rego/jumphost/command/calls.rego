# The calls of orchestrators and clouds in a command.
package jumphost.command

import rego.v1

# METADATA
# title: only_calls(command, tool, verbs)
# description: >-
#   A literal command of nothing but calls of one orchestrator or cloud tool, each of one of these verb paths
#   ([["rollout", "status"], …]), with the account, cluster and engine that the login has by itself.
only_calls(command, tool, verbs) if {
	only_runs(command, {tool})
	matched(command)
	count(command.cloud) == count(command.commands)
	every call in command.cloud {
		call.tool == tool
		call.verb in verbs
		call.context == ""
		call.account == ""
	}
}

# METADATA
# title: namespaces_within(command, namespaces)
# description: every call of an orchestrator in it names one of these namespaces
namespaces_within(command, namespaces) if {
	count(command.cloud) > 0
	every call in command.cloud { call.namespace in namespaces }
}
