from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumphost.command import forced, leased

REQUEST = "01937fb2-5a00-7000-8000-0123456789ab"


def test_what_a_client_of_postgresql_is_told() -> None:
    told = leased.postgres(REQUEST, kind="ssh", login="app", database="bank")
    assert told == {
        "PGHOST": "/tmp",
        "PGPORT": str(leased.port(REQUEST)),
        "PGREQUIREPEER": "app",
        "PGUSER": "app",
        "PGDATABASE": "bank",
    }
    assert leased.socket(REQUEST) == f"{told['PGHOST']}/.s.PGSQL.{told['PGPORT']}"
    assert all(map(forced.grantable, told))
    boxed = leased.postgres(REQUEST, kind="process", login="app", database="bank")
    assert set(told) - set(boxed) == {"PGREQUIREPEER"}


def test_a_file_that_clients_of_postgresql_read() -> None:
    told = leased.postgres_file(REQUEST)
    assert told == {"PGSERVICEFILE": f"/dev/shm/.jumphost-{REQUEST}/my.cnf", "PGSERVICE": "lease"}
    assert told["PGSERVICEFILE"] == leased.file(REQUEST)
    assert all(map(forced.grantable, told))


def test_a_file_that_clients_of_mariadb_look_for() -> None:
    told = leased.mariadb_file(REQUEST)
    assert leased.file(REQUEST) == f"{told['MYSQL_HOME']}/my.cnf"
    assert all(map(forced.grantable, told))


@given(st.uuids())
def test_every_request_has_a_port_that_clients_take(request: object) -> None:
    assert 1024 <= leased.port(str(request)) <= 65_535


def test_requests_of_one_moment_have_different_ports() -> None:
    ports = {leased.port(f"{REQUEST[:-4]}{n:04x}") for n in range(1000)}
    assert len(ports) > 950


def test_a_file_that_is_a_secret_and_nothing_else() -> None:
    told = leased.secret_file(REQUEST)
    assert told == {"JUMPHOST_CREDENTIAL_FILE": leased.file(REQUEST)}
    assert not any(map(forced.grantable, told))
    pinned = partial(forced.pinned, "id", request=REQUEST, shell="sh", timeout_s=None)
    assert f" JUMPHOST_CREDENTIAL_FILE='{leased.file(REQUEST)}' " in pinned(env=told)
    for env in ({"JUMPHOST_CREDENTIAL_FILE": "/etc/passwd"}, {"JUMPHOST_REQUEST": leased.file(REQUEST)}):
        with pytest.raises(ValueError, match="expected names that a policy may grant"):
            pinned(env=env)
