# METADATA
# title: Break glass
# description: >-
#   Group break-glass may run any literal command that no rule denies or holds, for a stated reason (JUMPHOST_PURPOSE of
#   at least ten characters), for at most 15 minutes; people are told at once and all of it is recorded.
# custom:
#   owner: security
#   since: 2026-12-01
package policies.rules.security.break_glass

import rego.v1

import data.jumphost.command
import data.jumphost.identity
import data.jumphost.result

# METADATA
# title: Anything, loudly
# custom:
#   ids: [security.break_glass.used]
allow contains verdict if {
	identity.in_group(input.identity, {"break-glass"})
	count(input.purpose) >= 10
	command.literal(input.command)
	terms := {"alert": true, "record": "io", "limits": {"timeout_s": 900, "on_expiry": "cut"}}
	verdict := result.allow("security.break_glass.used", "breaks the glass", terms)
}
