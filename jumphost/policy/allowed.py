"""Which builtins a policy may call where the embedded engine judges, and why others may not be.

Allowed is what answered as OPA 1.22.2 does, or ended with an error, in every one of 300 calls with random arguments of
right and wrong types (texts with letters beyond ASCII, other signs and NUL-like spaces among them); some only by the
overrides of :mod:`jumphost.policy.builtins`. What is not here is refused when a bundle is loaded.
"""

_ARITIES: dict[int, str] = {
    1: """
        abs array.reverse base64.decode base64.encode base64url.decode base64url.encode bits.negate ceil count floor
        hex.decode hex.encode intersection is_array is_boolean is_null is_number is_object is_set is_string lower
        max min net.cidr_is_valid object.keys object.union_n product regex.is_valid sort strings.reverse sum time.clock
        time.date time.parse_duration_ns time.parse_rfc3339_ns time.weekday trim_space type_name union upper
        urlquery.encode
    """,
    2: """
        array.concat bits.and bits.or bits.xor concat contains endswith format_int graph.reachable indexof indexof_n
        net.cidr_contains net.cidr_intersects numbers.range object.filter object.remove object.union regex.match
        regex.split split sprintf startswith strings.any_prefix_match strings.any_suffix_match time.diff trim trim_left
        trim_prefix trim_right trim_suffix walk
    """,
    3: """
        array.slice glob.match object.get regex.find_all_string_submatch_n regex.find_n regex.replace replace substring
    """,
}
ALLOWED: dict[str, int] = {name: arity for arity, names in _ARITIES.items() for name in names.split()}
"""Name → number of arguments."""

_TIME = "take the time from input.now: a decision must come out the same when it is replayed"
_FACTS = "look at what input.command holds: the gateway has parsed it already"
_TOKENS = "tokens and certificates are verified by the gateway; look at input.identity"
FIXES: dict[str, str] = {
    "array.flatten": "use a comprehension over the arrays",
    "graphql.": _FACTS,
    "http.send": "put what is asked into the bundle's data",
    "io.jwt.": _TOKENS,
    "crypto.x509.": _TOKENS,
    "json.": _FACTS,
    "net.cidr_": "use net.cidr_contains for each network",
    "net.lookup_ip_addr": "name addresses in the bundle's data",
    "object.subset": "use `every` over the parts",
    "opa.runtime": "a decision may not depend on the process that makes it",
    "print": "leave it out: use `jumphost explain` to see what a rule saw",
    "rand.": "a decision may not depend on chance",
    "regex.template_match": "use regex.match",
    "rego.metadata.": "write the id and the message into the rule",
    "round": "compare whole numbers: input has no fractions",
    "semver.": 'compare the parts of split(version, ".")',
    "strings.count": "use count(split(text, part)) - 1",
    "strings.replace_n": "use replace for each text",
    "time.": _TIME,
    "to_number": "compare the text",
    "trace": "leave it out: use `jumphost explain` to see what a rule saw",
    "uuid.": "use input.id",
}
"""Beginning of a name → what to do instead."""


def instead(name: str) -> str:
    """What to do instead of calling a builtin that is not allowed."""
    found = [fix for start, fix in FIXES.items() if name == start or (start[-1] in "._" and name.startswith(start))]
    return found[0] if found else "write it with the builtins that are allowed, or enforce with `policy.engine: opa`"
