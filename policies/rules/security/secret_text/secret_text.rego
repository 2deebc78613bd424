# METADATA
# title: Secrets in a command line
# description: >-
#   Nobody sends a password, a token or a key in the text of a command: every process list shows it. What is denied for
#   it is stored nowhere.
# custom:
#   owner: security
#   since: 2026-12-01
package policies.rules.security.secret_text

import rego.v1

import data.jumphost.command
import data.jumphost.result

# METADATA
# title: A secret in the text
# custom:
#   ids: [security.secret_text.found]
deny contains verdict if {
	command.secret_in_argv(input.command)
	verdict := result.deny("security.secret_text.found", "holds a secret in its text")
}

# METADATA
# title: A secret on judged standard input
# custom:
#   ids: [security.secret_text.stdin]
deny contains verdict if {
	command.secret_in_argv(input.stdin.command)
	verdict := result.deny("security.secret_text.stdin", "holds a secret on its standard input")
}
