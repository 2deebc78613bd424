# What a managed server answers at all: two questions, asked strictly, and whether it is well.
package system.authz

import rego.v1

default allow := false

allow if {
	input.method == "POST"
	input.path in {["v1", "data", "jumphost", "main", "decision"], ["v1", "data", "jumphost", "canary", "raised"]}
	input.params == {"strict-builtin-errors": ["true"], "provenance": ["true"]}
}

allow if {
	input.method == "GET"
	input.path == ["health"]
	input.params == {}
}
