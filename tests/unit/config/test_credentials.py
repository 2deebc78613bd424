"""Entries of ``credentials:``: what they must say, and what a policy may ask of them."""

import pytest

from jumphost.config import credentials
from jumphost.config.credentials import Jwt, MariaDb, Postgres, RabbitMq, Redis, Stored, server, unfit
from jumphost.config.load import load_site
from jumphost.config.site import Site
from jumphost.errors import Problems

KINDS = "mariadb, postgres, rabbitmq, redis, jwt, stored"
HERE = Postgres(host="127.0.0.1", database="payments", admin="keys/payments", template="payments_ro")


def write(site: Site, *lines: str) -> None:
    (site.keys / "payments").touch(0o600)
    with site.settings.open("a") as file:
        file.write("\n".join(("", "credentials:", *(f"  {line}" for line in lines), "")))


def problems(site: Site) -> list[str]:
    with pytest.raises(Problems) as caught:
        load_site(site)
    return [problem.key + ": " + problem.message for problem in caught.value.problems]


def entry(**fields: object) -> str:
    known = {"kind": "postgres", "host": "127.0.0.1", "database": "payments"}
    known |= {"admin": "keys/payments", "template": "payments_ro"}
    return "db: {" + ", ".join(f"{key}: {value}" for key, value in {**known, **fields}.items() if value) + "}"


def test_an_entry(site: Site) -> None:
    write(site, entry(delivery="[proxy, file]", deadline="2s"))
    assert load_site(site).settings.credentials == {
        "db": Postgres(
            host="127.0.0.1",
            database="payments",
            admin="keys/payments",
            template="payments_ro",
            delivery=("proxy", "file"),
            deadline=2,
        )
    }


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": ""}, f"credentials.db: got no 'kind', expected one of {KINDS}"),
        ({"kind": "oracle"}, f"credentials.db.kind: got 'oracle', expected one of {KINDS}"),
        ({"kind": "[postgres]"}, f"credentials.db.kind: got a list, expected one of {KINDS}"),
        ({"template": ""}, "credentials.db: got no 'template', expected text"),
        ({"hots": "x"}, "credentials.db.hots: got an unknown key, expected 'host'?"),
        ({"host": "a b"}, "credentials.db.host: got 'a b', expected text"),
        ({"host": "a,b"}, "credentials.db"),
        ({"host": "db.example"}, "credentials.db: got no ca for db.example, expected a file"),
        ({"host": "10.0.0.5"}, "credentials.db: got no ca for 10.0.0.5, expected a file"),
        ({"ca": "keys/none.pem"}, "credentials.db.ca: got 'keys/none.pem', expected a file"),
        ({"admin": "keys/none"}, "credentials.db.admin: got 'keys/none', expected a file"),
        ({"port": "0"}, "credentials.db.port: got 0, expected an integer from 1 up to 65535"),
        ({"delivery": "[]"}, "credentials.db: got no delivery, expected at least one of proxy, file, env"),
        ({"delivery": "[mail]"}, "credentials.db.delivery[0]: got 'mail', expected one of env, file, proxy"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(site: Site, fields: dict[str, str], said: str) -> None:
    write(site, entry(**fields))
    (problem,) = problems(site)
    assert problem.startswith(said)


def test_every_entry_is_looked_at(site: Site) -> None:
    write(site, "a: 1", "-b: {kind: postgres}", entry(template=""))
    assert [problem.split(": got")[0] for problem in problems(site)] == [
        "credentials.a",
        *["credentials.-b"] * 4,
        "credentials.db",
    ]


def test_the_file_of_the_admin_is_for_the_gateway_alone(site: Site) -> None:
    write(site, entry())
    (site.keys / "payments").rename(site.root / "payments")
    (site.root / "payments").chmod(0o640)
    site.settings.write_text(site.settings.read_text().replace("keys/payments", "payments"))
    (problem,) = problems(site)
    assert problem.startswith("credentials.db.admin: got mode 0640, expected 0600")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "/var/run/postgresql"])
def test_what_stays_on_this_machine_needs_no_certificate(host: str) -> None:
    assert credentials.local(host)
    assert not credentials.local(f"x{host}")


def test_what_a_policy_may_ask_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "BUILT", {"ssh": {"proxy"}})
    assert unfit({"db": HERE}, "db", "proxy", "ssh") == ""
    assert unfit({"db": HERE}, "other", "proxy", "ssh").endswith("does not have: other")
    assert "by env, which its entry does not name" in unfit({"db": HERE}, "db", "env", "ssh")
    assert "targets of kind process cannot take" in unfit({"db": HERE}, "db", "proxy", "process")


def test_an_entry_of_redis(site: Site) -> None:
    write(site, "cache: {kind: redis, host: /run/redis.sock, admin: keys/payments, template: cards_ro}")
    made = load_site(site).settings.credentials["cache"]
    assert made == Redis(host="/run/redis.sock", admin="keys/payments", template="cards_ro")


def test_a_redis_elsewhere_is_proven_by_its_certificate(site: Site) -> None:
    write(site, "cache: {kind: redis, host: cache.example, admin: keys/payments, template: cards_ro}")
    assert problems(site)[0].startswith("credentials.cache: got no ca for cache.example, expected a file")


def test_redis_is_for_sandboxes_by_proxy() -> None:
    cache = {"cache": Redis(host="/s", admin="a", template="t", delivery=("proxy", "file"))}
    assert unfit(cache, "cache", "proxy", "process") == ""
    for delivery, kind in (("file", "process"), ("proxy", "ssh"), ("file", "ssh")):
        assert unfit(cache, "cache", delivery, kind).endswith(
            f"by {delivery}, which targets of kind {kind} cannot take"
        )


def test_mariadb_is_for_ssh_targets_by_file(site: Site) -> None:
    write(site, "books: {kind: mariadb, host: 127.0.0.1, admin: keys/payments, template: books_ro}")
    books = load_site(site).settings.credentials
    assert books == {"books": MariaDb(host="127.0.0.1", admin="keys/payments", template="books_ro")}
    assert unfit(books, "books", "file", "ssh") == ""
    assert "targets of kind process cannot take" in unfit(books, "books", "file", "process")
    proxied = {"books": MariaDb(host="/s", admin="a", template="t", delivery=("proxy",))}
    assert "targets of kind ssh cannot take" in unfit(proxied, "books", "proxy", "ssh")


def test_an_entry_of_a_stored_secret(site: Site) -> None:
    write(site, "token: {kind: stored, secret: keys/token.age}")
    made = load_site(site).settings.credentials["token"]
    assert made == Stored(secret="keys/token.age", identity="keys/stored_identity", delivery=("file",))
    assert server(made) == "keys/token.age"


def test_the_identity_is_for_the_gateway_alone_once_it_is_there(site: Site) -> None:
    write(site, "token: {kind: stored, secret: token.age, identity: identity}")
    load_site(site)
    (site.root / "identity").touch(0o640)
    (site.root / "identity").chmod(0o640)
    (problem,) = problems(site)
    assert problem.startswith("credentials.token.identity: got mode 0640, expected 0600")


def test_a_stored_secret_is_for_ssh_by_file() -> None:
    token = {"token": Stored(secret="token.age", delivery=("proxy", "file"))}
    assert unfit(token, "token", "file", "ssh") == ""
    for delivery, kind in (("file", "process"), ("proxy", "ssh"), ("proxy", "process")):
        assert unfit(token, "token", delivery, kind).endswith(
            f"by {delivery}, which targets of kind {kind} cannot take"
        )


def test_rabbitmq_is_for_ssh_targets_by_file(site: Site) -> None:
    write(site, "queue: {kind: rabbitmq, host: 127.0.0.1, admin: keys/payments, template: orders_ro}")
    queue = load_site(site).settings.credentials
    assert queue == {"queue": RabbitMq(host="127.0.0.1", admin="keys/payments", template="orders_ro")}
    assert unfit(queue, "queue", "file", "ssh") == ""
    assert "which its entry does not name" in unfit(queue, "queue", "proxy", "ssh")
    assert "targets of kind process cannot take" in unfit(queue, "queue", "file", "process")


def test_a_rabbitmq_is_found_by_no_path(site: Site) -> None:
    write(site, "queue: {kind: rabbitmq, host: /run/rabbit, admin: keys/payments, template: orders_ro}")
    assert problems(site)[0].startswith("credentials.queue.host: got '/run/rabbit', expected text")


def test_an_entry_of_tokens(site: Site) -> None:
    write(site, "api: {kind: jwt, key: keys/api, issuer: 'https://gw', audience: [shop], claims: {role: reader}}")
    made = load_site(site).settings.credentials["api"]
    assert made == Jwt(key="keys/api", issuer="https://gw", audience=("shop",), claims={"role": "reader"})
    assert (server(made), unfit({"api": made}, "api", "file", "ssh")) == ("https://gw", "")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("audience: []", "credentials.api: got no audience, expected at least one"),
        (
            "audience: [shop], claims: {sub: root, exp: '9'}",
            "credentials.api: got the claims exp, sub, expected others",
        ),
        ("audience: [shop], claims: {role: 1}", "credentials.api.claims.role: got "),
    ],
)
def test_tokens_that_say_too_much_or_to_nobody(site: Site, fields: str, said: str) -> None:
    write(site, f"api: {{kind: jwt, key: keys/api, issuer: x, {fields}}}")
    (problem,) = problems(site)
    assert problem.startswith(said)
