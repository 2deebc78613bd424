"""What curl, wget and HTTPie really ask a server for is what the facts say, or the facts say that they do not know."""

import random
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from jumphost.command.facts import analyse
from jumphost.model.request import Http
from jumphost.testing.web import ANSWER, Web, expected, installed, received, web

CURL = [  # ADDR is the server's address; all of them wholly known
    "curl http://ADDR/",
    "curl ADDR",
    "curl http://ADDR",
    "curl http://ADDR/a/b.json",
    "curl 'http://ADDR/a?b=c&d=e'",
    "curl 'http://ADDR?b=c'",
    "curl 'http://ADDR/a#part'",
    "curl HTTP://ADDR/a",
    "curl http://user:word@ADDR/a",
    "curl http://LOCALHOST:PORT/a",
    "curl -s -S --fail http://ADDR/a",
    "curl -sSf http://ADDR/a",
    "curl http://ADDR/a -s",
    "curl -- http://ADDR/a",
    "curl --url http://ADDR/a",
    "curl --url http://ADDR/a http://ADDR/b",
    "curl http://ADDR/a http://ADDR/b http://ADDR/c",
    "curl -g 'http://ADDR/a[1]?m[]=x{y}'",
    "curl -X DELETE http://ADDR/a",
    "curl -XDELETE http://ADDR/a",
    "curl -sXDELETE http://ADDR/a",
    "curl -X PUT -X PATCH http://ADDR/a",
    "curl --request OPTIONS http://ADDR/a",
    "curl -I http://ADDR/a",
    "curl --head http://ADDR/a",
    "curl -I -X GET http://ADDR/a",
    "curl -d a=b http://ADDR/a",
    "curl -d a=b -d c=d http://ADDR/a",
    "curl -da=b http://ADDR/a",
    "curl --data a=b http://ADDR/a",
    "curl --data-raw @file http://ADDR/a",
    "curl --data-binary 'a b' http://ADDR/a",
    "curl --data-ascii a http://ADDR/a",
    "curl --data-urlencode 'a=b c' http://ADDR/a",
    "curl --data-urlencode 'a@file' http://ADDR/a",
    "curl --data-urlencode '=a@file' http://ADDR/a",
    "curl --json '{\"a\":1}' http://ADDR/a",
    "curl --json @file http://ADDR/a",
    "curl -d @file http://ADDR/a",
    "curl -d @- http://ADDR/a",
    "curl -d @file -d a=b http://ADDR/a",
    "curl -d a=b -X PUT http://ADDR/a",
    "curl -F a=b http://ADDR/a",
    "curl -F a=@file http://ADDR/a",
    "curl -F 'a=<file' http://ADDR/a",
    "curl -F 'a=@file;type=text/plain' http://ADDR/a",
    "curl -F a=@- http://ADDR/a",
    "curl -F a=b -F c=@file http://ADDR/a",
    "curl --form-string a=@file http://ADDR/a",
    "curl -T file http://ADDR/a",
    "curl -T - http://ADDR/a",
    "curl -T . http://ADDR/a",
    "curl -T file http://ADDR/a http://ADDR/b",
    "curl -T file -T - http://ADDR/a http://ADDR/b",
    "curl http://ADDR/a http://ADDR/b -T file",
    "curl -T file -X POST http://ADDR/a",
    "curl -T file http://ADDR/d/",
    "curl -T ./file http://ADDR",
    "curl -T - http://ADDR/d/",
    "curl -G http://ADDR/a",
    "curl -G -d b=c http://ADDR/a",
    "curl -G -d b=c -d d=e 'http://ADDR/a?x=y'",
    "curl -G -I -d b=c http://ADDR/a",
    "curl -G --data-urlencode 'query=up{a=\"b c\"}~' http://ADDR/api",
    "curl -G --data-urlencode '=a b' --data-urlencode c http://ADDR/api",
    "curl --get --data b=c http://ADDR/a",
    "curl -G -d b=c 'http://ADDR/a#part'",
    "curl http://ADDR/a --next http://ADDR/b",
    "curl -d a=b http://ADDR/a --next http://ADDR/b",
    "curl -X PUT http://ADDR/a --next -d x http://ADDR/b",
    "curl -o out http://ADDR/a",
    "curl -oout http://ADDR/a",
    "curl -o - http://ADDR/a",
    "curl -o one -o two http://ADDR/a http://ADDR/b",
    "curl -o one http://ADDR/a http://ADDR/b",
    "curl http://ADDR/a http://ADDR/b -o one",
    "curl -O http://ADDR/a/name.txt",
    "curl -O 'http://ADDR/a/name.txt?q=1'",
    "curl -O -O http://ADDR/one http://ADDR/two",
    "curl -O -o two http://ADDR/one http://ADDR/b",
    "curl --output-dir . -o out http://ADDR/a",
    "curl -H 'X-A: b' -A agent -e http://other/ -b a=b -u me:word http://ADDR/a",
    "curl -w '%{http_code}' http://ADDR/a",
    "curl -m 5 --connect-timeout 2 --retry 1 http://ADDR/a",
    "curl -x http://ADDR http://other.example/a",
    "curl --proxy ADDR http://other.example:81/a",
    "http_proxy=http://ADDR curl http://other.example/a",
]
WGET = [
    "wget -q --max-redirect=0 http://ADDR/a",
    "wget -q --max-redirect=0 ADDR/a/name.txt",
    "wget -q --max-redirect 0 'http://ADDR/a?b=c'",
    "wget -q --max-redirect=0 http://ADDR/",
    "wget -qO- --max-redirect=0 http://ADDR/a",
    "wget -q -O out --max-redirect=0 http://ADDR/a",
    "wget -nv -Oout --max-redirect=0 http://ADDR/a",
    "wget -q -P sub --max-redirect=0 http://ADDR/a",
    "wget -q --max-redirect=0 http://ADDR/a http://ADDR/b",
    "wget -q --max-redirect=0 --spider http://ADDR/a",
    "wget -qO- --max-redirect=0 --method=delete http://ADDR/a",
    "wget -qO- --max-redirect=0 --post-data=a=b http://ADDR/a",
    "wget -qO- --max-redirect=0 --post-file=file http://ADDR/a",
    "wget -qO- --max-redirect=0 --method=PUT --body-file=file http://ADDR/a",
    "wget -qO- --max-redirect=0 --method=PUT --body-data=x http://ADDR/a",
    "wget -qO- --max-redirect=0 --header='X-A: b' -U agent -T 5 -t 1 http://ADDR/a",
]
HTTPIE = [
    "http -I http://ADDR/a",
    "http --ignore-stdin ADDR/a",
    "http -I :PORT/a x==y",
    "http -I 'ADDR/a?b=c' x==y",
    "http -I DELETE ADDR/a",
    "http -I put ADDR/a a=b",
    "http -I ADDR/a a=b c:=1",
    "http -I -f ADDR/a a=b X-A:b",
    "http -I -f ADDR/a a@file",
    "http -I ADDR/a @file",
    "http -I ADDR/a a=@file",
    "http -I --raw x ADDR/a",
    "http -I -o out ADDR/a",
    "http -I -oout -b ADDR/a",
    "http ADDR/a",
    "http PUT ADDR/a",
]
PIECES = [  # of random curl command lines
    *(
        "http://ADDR/a",
        "'ADDR/b?x=y'",
        "http://ADDR",
        "--url http://ADDR/c",
        "http://ADDR/x/../y",
        "http://ADDR/%2e%2e/y",
        "'http://ADDR/[1-2]'",
    ),
    *(
        "'http://ADDR/{a,b}'",
        "-g",
        "-X PUT",
        "-XPOST",
        "-X get",
        "-I",
        "-G",
        "-d a=b",
        "-d @file",
        "-d @-",
    ),
    *("--data-urlencode 'a=b c'", "--data-urlencode a@file", "--data-raw @file", "--json 1", "-F a=b", "-F a=@file"),
    *("-T file", "-T -", "-T ''", "-o out", "-o -", "-O", "--next", "-s", "-sS", "-f", "--", "-H 'X-A: b'", "-H @file"),
    *("-H 'Host: other'", "-b a=b", "-b file", "-K file", "--request-target /t", "--url-query q=r", "-m 5", "-w @file"),
    *("-A agent", "-u me:word", "--path-as-is", "-r 0-1", "-L", "--resolve x:1:127.0.0.1", "-x ADDR", "-q", "-i", "-V"),
    *("-z file", "-C -", "--no-progress-meter", "--no-head", "--no-get", "--hea", "-sI", "-sX DELETE", "-e x", "-d ''"),
]
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 12))]


@pytest.fixture(scope="module")
def server() -> Iterator[Web]:
    with web() as running:
        yield running


def at(server: Web, text: str) -> str:
    return text.replace("ADDR", server.address).replace("PORT", server.address.rpartition(":")[2])


def facts(text: str) -> tuple[Http, ...]:
    command = analyse(text.encode())
    assert command.tier == "literal"
    return command.http


@pytest.mark.parametrize("text", [*CURL, *WGET, *HTTPIE])
def test_a_request_is_what_the_facts_say(server: Web, text: str, tmp_path: Path) -> None:
    if not installed(program := next(word for word in shlex.split(text) if "=" not in word)):
        pytest.skip(f"{program} is not installed: tests/install-servers")
    text = at(server, text)
    entries = facts(text)
    assert entries
    assert [entry.url_k for entry in entries] == ["literal"] * len(entries)
    asked, printed = server.run(text, tmp_path)
    assert [*map(received, asked)] == [*map(expected, entries)]
    for entry in entries:
        if not entry.proxy:
            assert f"{entry.host}:{entry.port}" == server.address.replace("127.0.0.1", entry.host)
        else:
            assert entry.proxy.removeprefix("http://") == server.address
    answered = [entry for entry in entries if entry.method != "HEAD" and "-I -X" not in text]
    assert [entry.output for entry in answered if entry.output != "stdout"] == [
        entry.output for entry in answered if (tmp_path / entry.output).exists()
    ]
    assert printed.count(ANSWER) == sum(entry.output == "stdout" for entry in answered)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_command_asks_for_what_the_facts_say_or_they_do_not_know(
    server: Web, seed: int, tmp_path: Path
) -> None:
    if not installed("curl"):
        pytest.skip("curl is not installed: tests/install-servers")
    source, reached = random.Random(seed), 0
    for number in range(120):
        text = at(server, " ".join(["curl", *source.choices(PIECES, k=source.randint(1, 4)), "'http://ADDR/d?e'"]))
        entries = facts(text)
        if any(entry.url_k == "dynamic" for entry in entries):
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        asked, _ = server.run(text, folder)
        said = [expected(entry) for entry in entries]
        assert [*map(received, asked)] == said[: len(asked)], text  # it may end early
        reached += len(asked)
    assert reached > 20
