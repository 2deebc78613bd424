"""Grants of a template: what users of one command may have, and what would outlive them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumphost.credential.mariadb_grants import too_much


@pytest.mark.parametrize(
    "line",
    [
        "GRANT USAGE ON *.* TO `ro`",
        "GRANT `other` TO `ro`",
        "GRANT SELECT ON `bank`.* TO `ro`",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON `bank`.`cards` TO `ro`",
        "GRANT SELECT (`owner`, `id`), UPDATE (`owner`) ON `bank`.`accounts` TO `ro`",
        "GRANT EXECUTE ON FUNCTION `bank`.`note` TO `ro`",
        "GRANT SELECT ON `pay\\_%`.* TO `ro`",
        "GRANT SELECT ON `a``b`.* TO `ro`",
    ],
)
def test_what_ends_with_the_user(line: str) -> None:
    assert too_much([line]) == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("GRANT SELECT ON *.* TO `ro`", "includes the schema of users"),
        ("GRANT ALL PRIVILEGES ON *.* TO `ro` WITH GRANT OPTION", "cannot have"),
        ("GRANT USAGE ON *.* TO `ro` WITH GRANT OPTION", "cannot have"),
        ("GRANT `other` TO `ro` WITH ADMIN OPTION", "cannot have"),
        ("GRANT SELECT ON `bank`.* TO `ro` WITH GRANT OPTION", "cannot have"),
        ("GRANT PROXY ON ''@'%' TO 'ro'@'%'", "cannot have"),
        ("GRANT SELECT ON `mysql`.`global_priv` TO `ro`", "includes the schema of users"),
        ("GRANT INSERT ON `%`.* TO `ro`", "includes the schema of users"),
        ("GRANT INSERT ON `my_ql`.* TO `ro`", "includes the schema of users"),
        ("GRANT INSERT ON `MYSQL`.* TO `ro`", "includes the schema of users"),
        ("GRANT SELECT, EVENT, TRIGGER ON `bank`.* TO `ro`", "may EVENT, TRIGGER, which outlives"),
        ("GRANT ALL PRIVILEGES ON `bank`.* TO `ro`", "may ALL PRIVILEGES, which"),
        ("GRANT CREATE VIEW ON `bank`.* TO `ro`", "may CREATE VIEW"),
        ("GRANT ALTER ROUTINE ON PROCEDURE `bank`.`p` TO `ro`", "may ALTER ROUTINE"),
        ("GRANT CREATE ON `bank`.* TO `ro`", "may CREATE"),
    ],
)
def test_what_outlives_it(line: str, said: str) -> None:
    assert said in too_much(["GRANT USAGE ON *.* TO `ro`", line])


@given(st.text("GRANT SELCUION`*.%_\\'(), TO", max_size=60))
def test_what_is_not_read_is_too_much(text: str) -> None:
    line = f"GRANT {text} TO `ro`"
    if "SELECT" not in text and "`" not in text:
        assert too_much([line])
