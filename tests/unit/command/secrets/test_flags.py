"""Passwords by the flag before them; tests of many programs are in test_secrets."""

import pytest

from jumphost.command.facts import analyse
from jumphost.command.secrets.flags import in_calls


def found(text: str) -> list[str]:
    return list(in_calls(analyse(text.encode()).commands, text.lower()))


@pytest.mark.parametrize(
    "text",
    [
        "x --password y",
        "x -password y",
        "x --db-password y",
        "x --client-secret y",
        "x --auth-token y",
        "x --PASSWORD y",
        "mysql -py",
        "mongosh -py",
        "mongosh -p y",
        "curl -u a:y",
        "curl -ua:y",
        "curl --user=a:y",
        "curl --user a:y",
        "docker -D login -p y h",
        "redis-cli -h h auth y",
        "vault login y",
        "echo a:y | chpasswd",
        "id; echo a:y | cat | chpasswd",
        "id; /usr/bin/mysql -py",
    ],
)
def test_a_value_behind_such_a_flag_is_a_password(text: str) -> None:
    assert found(text) == ["password"]


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "x --password",
        "x --password --y",
        "x --password $Y",
        "x --password '$Y'",
        "x --password '<y>'",
        "x --password @y",
        "x --passwords y",
        "x --token-file y",
        "x password y",
        "x -p y",
        "mysql -p y",
        "mysql --password y",
        "psql --password y",
        "mongosh -p",
        "mongosh -p $Y",
        "curl -u a",
        "curl -u a:",
        "curl -u a:$Y",
        "curl -A a:y",
        "curl --user-agent=a:y",
        "docker run -p 80:80 h",
        "redis-cli auth",
        "vault login -method=x",
        "cat y | chpasswd",
        "echo a:y | cat",
        "echo a:y; chpasswd",
        "echo | chpasswd",
        "printf '%s' | chpasswd",
        "echo $Y | chpasswd",
        "chpasswd",
        "echo y | sudo id",
        "echo y | passwd me",
    ],
)
def test_another_word_is_none(text: str) -> None:
    assert found(text) == []
