# METADATA
# title: Joining what several rules said
# description: >-
#   The stricter word wins and the order of rules does not matter. A rule that says nothing of an obligation has no
#   opinion of it. Every function takes the set of obligations, or of rules, of all that matched.
package jumphost.join

import rego.v1

# METADATA
# title: effect(rules)
# description: deny over hold over allow; no rule is deny
effect(rules) := _strongest(["deny", "hold", "allow"], {rule.effect | some rule in rules}, "deny")

# METADATA
# title: obligations(said)
# description: one obligations document; mask, credential and alert are left out when no rule speaks of them
obligations(said) := joined if {
	record := _strongest(["io", "output", "digest"], _said(said, "record"), "output")
	stdin := _strongest(["closed", "judge", "stream"], _said(said, "stdin"), "closed")
	always := {
		"approval": _approval(_said(said, "approval")),
		"env": _in_each(_said(said, "env")),
		"limits": _limits(_said(said, "limits")),
		"record": record,
		"stdin": stdin,
	}
	mask := {name: value | name := "mask"; value := masking(said)}
	credential := {name: value | name := "credential"; some value in credentials(said)}
	alert := {name: value | name := "alert"; some value in _said(said, name)}
	joined := object.union_n([always, alert, mask, credential])
}

# METADATA
# title: masking(said)
# description: the one mask that all masks asked for come to; undefined where no rule speaks of masks
masking(said) := joined if {
	asked := _said(said, "mask")
	count(asked) > 0
	joined := _mask(asked)
}

# METADATA
# title: credentials(said)
# description: the different credentials asked for; of more than one no decision can be made
credentials(said) := {credential |
	some terms in _said(said, "credential")
	credential := object.union({"delivery": "proxy"}, terms)
}

_said(said, name) := {value | some one in said; value := one[name]}

_strongest(order, words, otherwise) := word if {
	said := [known | some known in order; known in words]
	word := array.concat(said, [otherwise])[0]
}

# Every entry must be met; equal entries, whatever the order of their groups, are one.
_approval(lists) := sort({entry |
	some list in lists
	some term in list
	groups := sort({group | some group in term.groups})
	entry := {"groups": groups, "count": term.count, "ttl_s": term.ttl_s}
})

_in_each(lists) := sort({name |
	some list in lists
	some name in list
	every other in lists { name in other }
})

_limits(said) := joined if {
	least := {name: value |
		some name in ["timeout_s", "output_bytes"]
		value := min(_said(said, name))
	}
	words := {name: word |
		some name in ["on_expiry", "on_echo"]
		values := _said(said, name)
		count(values) > 0
		word := _strongest(["cut"], values, "finish")
	}
	joined := object.union(least, words)
}

# A mask that names no mode enforces; `*` speaks for every detector that its rule does not name. What may go unseen is
# what every mask lets.
_mask(masks) := joined if {
	modes := {mode | some mask in masks; mode := object.get(mask, "mode", "enforce")}
	detectors := _strategies({map | some mask in masks; map := object.get(mask, "detectors", {})})
	columns := _strategies({map | some mask in masks; map := object.get(mask, "columns", {})})
	lets := _in_each({names | some mask in masks; names := object.get(mask, "opaque", [])})
	opaque := {name: lets | name := "opaque"; count(lets) > 0}
	always := {"mode": _strongest(["enforce"], modes, "detect"), "detectors": detectors, "columns": columns}
	joined := object.union(always, opaque)
}

_strategies(maps) := {name: strategy |
	some named in maps
	some name, _ in named
	words := {word | some map in maps; word := object.get(map, name, object.get(map, "*", ""))}
	strategy := _strongest(["redact", "label", "pseudonym"], words, "partial")
}
