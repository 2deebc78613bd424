"""What a MariaDB role may not have, if users of one command are to have it: what lets them leave something behind.

What is not known to be harmless counts as too much. Views, routines, triggers and events may be made to run as the
role itself (``DEFINER = CURRENT_ROLE``), long after the user is gone.
"""

import re
from collections.abc import Iterable
from typing import Final

_NAME: Final = r"`(?:[^`]|``)+`"
_GRANT: Final = re.compile(
    rf"GRANT (?P<rights>.+) ON (?:(?:TABLE|FUNCTION|PROCEDURE|PACKAGE|PACKAGE BODY|SEQUENCE) )?"
    rf"(?P<schema>\*|{_NAME})\.(?:\*|{_NAME}) TO {_NAME}"
)
_HOLLOW: Final = re.compile(rf"GRANT (?:{_NAME}|USAGE ON \*\.\*) TO {_NAME}")
_COLUMNS: Final = re.compile(rf" \({_NAME}(?:, {_NAME})*\)")
_HARMLESS: Final = frozenset(
    ("SELECT", "INSERT", "UPDATE", "DELETE", "EXECUTE", "SHOW VIEW", "LOCK TABLES", "CREATE TEMPORARY TABLES")
)
_OF_THE_SERVER: Final = "mysql"  # the schema of users, and of what runs by itself


def too_much(grants: Iterable[str]) -> str:
    """Why users with these lines of SHOW GRANTS could outlive their command, "" if they cannot."""
    for line in grants:
        if _HOLLOW.fullmatch(line):
            continue
        found = _GRANT.fullmatch(line)
        if not found:
            return f"has a grant that leases cannot have: {line}"
        if found["schema"] == "*" or _may_be(found["schema"][1:-1], _OF_THE_SERVER):
            return f"has a grant that includes the schema of users: {line}"
        if rest := set(_COLUMNS.sub("", found["rights"]).split(", ")) - _HARMLESS:
            return f"may {', '.join(sorted(rest))}, which outlives a lease: {line}"
    return ""


def _may_be(pattern: str, schema: str) -> bool:
    """Whether a name of SHOW GRANTS, in which % and _ stand for others, includes a schema."""
    signs = {"%": ".*", "_": "."}
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    made = "".join(signs.get(part, re.escape(part[-1])) for part in parts)
    return re.fullmatch(made, schema, re.IGNORECASE | re.DOTALL) is not None
