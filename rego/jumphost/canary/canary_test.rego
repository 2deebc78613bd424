package jumphost.canary_test

import data.jumphost.canary

import future.keywords.not
import rego.v1

# What a pattern that is none does is asked by the gateway: an engine that is strict has no answer then.
test_a_pattern_is_no_error if {
	canary.raised with input as {"pattern": "^$"}
}

test_missing_fields_are_no_error if {
	not canary.raised with input as {}
}
