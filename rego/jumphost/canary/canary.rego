# METADATA
# title: The canary
# description: An error of a builtin, by which an engine shows that it is strict; no rule asks for it.
package jumphost.canary

import rego.v1

# METADATA
# title: raised
# description: an error for an input {"pattern" a regular expression that is none}; undefined where errors are swallowed
raised if regex.match(input.pattern, "")
