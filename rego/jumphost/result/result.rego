# METADATA
# title: Verdicts
# description: What a rule puts into its sets allow, deny and hold.
package jumphost.result

import rego.v1

# METADATA
# title: allow(id, message, obligations)
# description: a verdict for the set allow; obligations may be {}
allow(id, message, obligations) := {"id": id, "message": message, "obligations": obligations}

# METADATA
# title: deny(id, message)
# description: a verdict for the set deny; nothing runs, so it has no obligations
deny(id, message) := {"id": id, "message": message, "obligations": {}}

# METADATA
# title: hold(id, message, approval, obligations)
# description: "a verdict for the set hold; approval is [{groups, count, ttl_s}], and every entry must be met"
hold(id, message, approval, obligations) := verdict if {
	terms := object.union(obligations, {"approval": approval})
	verdict := {"id": id, "message": message, "obligations": terms}
}
