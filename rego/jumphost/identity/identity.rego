# METADATA
# title: Questions about who asks
# description: Each takes input.identity and is undefined where a field is missing.
package jumphost.identity

import rego.v1

# METADATA
# title: in_group(identity, groups)
# description: it is in at least one of these groups
in_group(identity, groups) if {
	some group in identity.groups
	group in groups
}

# METADATA
# title: named(identity, names)
# description: it is one of these identities
named(identity, names) if identity.name in names
