from pathlib import Path

from jumphost.policy import bundle
from jumphost.policy.review import MOST
from jumphost.testing.policies import rule
from jumphost.testing.review import reviewed

SHIPPED = [
    bundle.read_tree(bundle.library(), bundle.LIBRARY),
    bundle.read_tree(Path("policies").absolute(), bundle.SITE),
]


def test_nothing_is_found_in_what_is_shipped() -> None:
    modules = {module.path: module.text for tree in SHIPPED for module in tree.modules}
    assert len(modules) > 10
    assert reviewed(modules) == []


def test_findings_are_bounded_and_in_order() -> None:
    body = "\n".join(f"p{number} := time.now_ns()" for number in range(MOST + 9))
    found = reviewed({"x.rego": rule("policies.lib.x", body)})
    assert len(found) == MOST
    assert [one.line for one in found] == sorted(one.line for one in found)
