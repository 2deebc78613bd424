# METADATA
# title: The decision
# description: >-
#   The only entrypoint: data.jumphost.main.decision. It asks every rule package data.policies.rules.OWNER.RULE for its
#   sets allow, deny and hold, and answers with the strongest effect, all rules that matched, losers too, and the joined
#   obligations. What is malformed, contradicts itself or says nothing is denied. A rule whose id is listed in
#   data.policies.data.observe.rules is only watched: it counts for nothing, and is said as would_allow, would_deny or
#   would_hold. Where output is masked, a command that changes the form of what it reads is denied (mask.defeated).
package jumphost.main

import data.jumphost.command
import data.jumphost.join
import data.jumphost.shape

import future.keywords.not
import rego.v1

# METADATA
# title: decision
# description: >-
#   The decision document {effect, rules [{id, effect, message}], obligations}, total and in one order whatever the
#   order of files.
decision := answer if {
	effect := join.effect(_rules)
	obligations := join.obligations({terms | effect != "deny"; some terms in _owed})
	answer := {"effect": effect, "rules": sort(_rules), "obligations": obligations}
}

_rules := (_stated | _malformed) | _vetoes

_spoken contains said if {
	some owner, rule
	some effect in ["allow", "deny", "hold"]
	members := data.policies.rules[owner][rule][effect]
	said := {"where": concat(".", ["policies.rules", owner, rule, effect]), "effect": effect, "members": members}
}

_verdicts contains verdict if {
	some said in _spoken
	is_set(said.members)
	some member in said.members
	shape.verdict(said.effect, member)
	verdict := object.union(member, {"effect": said.effect})
}

_stated contains rule if {
	some verdict in _verdicts
	effect := _effect(verdict)
	rule := {"id": verdict.id, "effect": effect, "message": verdict.message}
}

_owed contains terms if {
	some verdict in _verdicts
	not _observed(verdict)
	terms := verdict.obligations
}

_effect(verdict) := word if {
	not _observed(verdict)
	word := verdict.effect
}

_effect(verdict) := word if {
	_observed(verdict)
	word := concat("_", ["would", verdict.effect])
}

_observed(verdict) if verdict.id in data.policies.data.observe.rules

# The ids of the rules below are reason codes of the gateway.

_malformed contains rule if {
	some said in _spoken
	not is_set(said.members)
	message := concat("", [said.where, " is not a set: write `contains`"])
	rule := {"id": "policy.invalid", "effect": "deny", "message": message}
}

_malformed contains rule if {
	some said in _spoken
	is_set(said.members)
	some member in said.members
	not shape.verdict(said.effect, member)
	message := concat(": ", [said.where, shape.reason(member)])
	rule := {"id": "policy.invalid", "effect": "deny", "message": message}
}

_vetoes contains rule if {
	join.effect(_stated | _malformed) != "deny"
	count(join.credentials(_owed)) > 1
	message := "the rules that matched ask for different credentials"
	rule := {"id": "policy.conflict", "effect": "deny", "message": message}
}

_vetoes contains rule if {
	join.effect(_stated | _malformed) != "deny"
	_enforced(_mask)
	some asked in [input.command, input.stdin.command]
	command.transforms(asked)
	message := "the output is masked, and the command changes the form of what it reads"
	rule := {"id": "mask.defeated", "effect": "deny", "message": message}
}

_vetoes contains rule if {
	join.effect(_stated | _malformed) == "allow"
	not _allowable
	message := "only a literal command can be allowed by rule alone"
	rule := {"id": "command.unparsed", "effect": "deny", "message": message}
}

# The mask in force: what the rules said, or the site's own where none speaks of masks.
_mask := join.masking(_owed)

_mask := mask if {
	not join.masking(_owed)
	mask := input.mask
	count(mask.detectors) + count(mask.columns) > 0
}

_enforced(mask) if {
	object.get(mask, "mode", "enforce") == "enforce"
	not "transform" in object.get(mask, "opaque", [])
}

_allowable if command.literal(input.command)

_allowable if {
	is_string(input.operation)
	not input.operation in {"exec", "line"}
}
