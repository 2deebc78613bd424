"""Names that say whose they are and that nobody can guess, and passwords that need no quoting."""

import re

from jumphost.credential import naming

MARK, REQUEST = "0123abcd", "01937fb2-5a00-7000-8000-0123456789ab"


def test_a_name_says_of_which_site_and_request_it_is() -> None:
    made = {naming.name(MARK, REQUEST) for _ in range(50)}
    assert len(made) == 50
    for one in made:
        assert one.startswith(naming.prefix(MARK))
        assert re.fullmatch(r"jumphost_0123abcd_01937fb25a00700080000123456789ab_[0-9a-f]{8}", one)
        assert len(one) <= 63, "NAMEDATALEN of PostgreSQL"


def test_no_mark_begins_with_another() -> None:
    assert not naming.prefix("0123abcd").startswith(naming.prefix("0123abc"))


def test_passwords_have_192_bits_and_need_no_quoting() -> None:
    made = {naming.password() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(rb"[A-Za-z0-9_-]{32}", one) for one in made)
