# METADATA
# title: The shape of a verdict
# description: >-
#   What a member of allow, deny or hold must be, before anything of it counts. Positive throughout: what is not known
#   to be right is malformed, and malformed is denied.
package jumphost.shape

import future.keywords.not
import rego.v1

# METADATA
# title: verdict(effect, member)
# description: holds for exactly {id, message, obligations}; a hold has approval terms, nothing else has
verdict(effect, member) if {
	is_object(member)
	object.keys(member) == {"id", "message", "obligations"}
	is_string(member.id)
	member.id != ""
	is_string(member.message)
	is_object(member.obligations)
	every name, value in member.obligations { obligation(name, value) }
	_terms(effect, object.keys(member.obligations))
}

_terms(effect, names) if {
	effect == "hold"
	"approval" in names
}

_terms(effect, names) if {
	effect in {"allow", "deny"}
	not "approval" in names
}

# METADATA
# title: reason(member)
# description: one line that tells the author of a malformed verdict where to look
reason(member) := text if {
	ids := [member.id | is_string(member.id)]
	faults := [name |
		is_object(member.obligations)
		some name, value in member.obligations
		is_string(name)
		not obligation(name, value)
	]
	text := concat(" ", array.concat(array.concat(["malformed verdict"], ids), faults))
}

# METADATA
# title: obligation(name, value)
# scope: document
# description: holds for a known obligation with a right value
obligation(name, value) if {
	name == "record"
	value in {"output", "io", "digest"}
}

obligation(name, value) if {
	name == "stdin"
	value in {"closed", "judge", "stream"}
}

obligation(name, value) if {
	name == "alert"
	value == true
}

obligation(name, value) if {
	name == "env"
	is_array(value)
	every variable in value { _matches(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`, variable) }
}

obligation(name, value) if {
	name == "approval"
	is_array(value)
	count(value) > 0
	every term in value { _term(term) }
}

obligation(name, value) if {
	name == "limits"
	_only(value, {"timeout_s", "output_bytes", "on_expiry", "on_echo"})
	_whole(object.get(value, "timeout_s", 1), 9007199254740991)
	_whole(object.get(value, "output_bytes", 1), 9007199254740991)
	object.get(value, "on_expiry", "finish") in {"finish", "cut"}
	object.get(value, "on_echo", "finish") in {"finish", "cut"}
}

obligation(name, value) if {
	name == "credential"
	_only(value, {"name", "ttl_s", "delivery"})
	_matches(`^[A-Za-z0-9._-]{1,128}$`, value.name)
	_whole(value.ttl_s, 9007199254740991)
	object.get(value, "delivery", "proxy") in {"proxy", "file", "env"}
}

obligation(name, value) if {
	name == "mask"
	_only(value, {"detectors", "columns", "mode", "opaque"})
	_strategies(object.get(value, "detectors", {}))
	_strategies(object.get(value, "columns", {}))
	object.get(value, "mode", "enforce") in {"enforce", "detect"}
	_unseen(object.get(value, "opaque", []))
}

_term(term) if {
	_only(term, {"groups", "count", "ttl_s"})
	is_array(term.groups)
	count(term.groups) > 0
	every group in term.groups { is_string(group) }
	_whole(term.count, 16)
	_whole(term.ttl_s, 2592000)
}

_strategies(map) if {
	is_object(map)
	every name, strategy in map {
		is_string(name)
		strategy in {"redact", "label", "pseudonym", "partial"}
	}
}

_unseen(names) if {
	is_array(names)
	every name in names {
		name in {"gzip", "zstd", "xz", "bzip2", "lz4", "zip", "7z", "encrypted", "binary", "transform"}
	}
}

_only(value, keys) if {
	is_object(value)
	count(object.keys(value) - keys) == 0
}

_whole(value, most) if {
	is_number(value)
	value > 0
	value <= most
	floor(value) == value
}

_matches(pattern, value) if {
	is_string(value)
	regex.match(pattern, value)
}
