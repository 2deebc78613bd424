# METADATA
# title: Questions about where it would run
# description: Each takes input.target and is undefined where a field is missing.
package jumphost.target

import rego.v1

# METADATA
# title: labelled(target, labels)
# description: "it has all of these labels ({name: value}); no labels ask for nothing and hold for nothing"
labelled(target, labels) if {
	count(labels) > 0
	every name, value in labels { target.labels[name] == value }
}

# METADATA
# title: named(target, names)
# description: it is one of these targets
named(target, names) if target.name in names

# METADATA
# title: login(target, logins)
# description: the login asked for is one of these
login(target, logins) if target.login in logins
