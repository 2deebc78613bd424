"""Programs that run another one elsewhere: what, where, and as whom."""

import shlex

import pytest

from jumphost.command.wrapped.handed import Handed
from jumphost.command.wrapped.options import UnknownOptionError
from jumphost.command.wrapped.remote import READERS
from jumphost.model.request import Invocation, Word


def handed(text: str) -> Handed:
    """Words that begin with a dollar are not known."""
    words = tuple(
        Word(v="", k="dynamic", src=word, why=("param",)) if word.startswith("$") else Word(v=word)
        for word in shlex.split(text)
    )
    return READERS[words[0].v](Invocation(id=0, program=words[0].v, argv=words), "sh")


@pytest.mark.parametrize(
    ("text", "host", "user"),
    [
        ("ssh h a 'b; c'", "h", ""),
        ("ssh u@h.example.com a 'b; c'", "h.example.com", "u"),
        ("ssh -l u h a 'b; c'", "h", "u"),
        ("ssh -l v u@h a 'b; c'", "h", "u"),
        ("ssh -nT -p 22 -o BatchMode=yes -oConnectTimeout=5 h a 'b; c'", "h", ""),
        ("ssh -4 -- h a 'b; c'", "h", ""),
        ("ssh ::1 a 'b; c'", "::1", ""),
    ],
)
def test_ssh_joins_its_words(text: str, host: str, user: str) -> None:
    found = handed(text)
    (child,) = found.children
    assert (child.code, child.dialect, child.host, child.run_as) == ("a b; c", "sh", host, user)
    assert (child.closed, found.lateral, found.opaque) == ("-nT" in text, (f"ssh:{host}",), ("rcfile",))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "ssh -F x h a",
            "ssh -i x h a",
            "ssh -J x h a",
            "ssh -L 1:2:3 h a",
            "ssh -W a:1 h",
            "ssh -A h a",
            "ssh -f h a",
        ),
        *("ssh -o ProxyCommand=x h a", "ssh -o batchmode=yes h a", "ssh -o StrictHostKeyChecking=no h a", "ssh h -v a"),
        *("ssh $h a", "ssh ssh://h a", "ssh u@ a", "ssh 'h h' a", "ssh $x h a", "ssh -S x h a", "ssh -w 1 h a"),
    ],
)
def test_ssh_that_is_not_understood(text: str) -> None:
    with pytest.raises(UnknownOptionError):
        handed(text)


def test_ssh_without_a_text() -> None:
    assert handed("ssh") == Handed()
    assert handed("ssh u@h") == Handed(opaque=("interactive_shell",), whole=False, lateral=("ssh:h",))
    assert handed("ssh h a $x") == Handed(opaque=("dynamic_code",), whole=False, lateral=("ssh:h",))


@pytest.mark.parametrize(
    ("text", "lateral", "opaque"),
    [
        ("scp a u@h:b", ("scp:h",), ()),
        ("scp -r h:a i:b h:c", ("scp:h", "scp:i"), ()),
        ("scp scp://u@h:22/a ./b:c", ("scp:h:22",), ()),
        ("scp '[::1]:a' b", ("scp:::1",), ()),
        ("scp a b", (), ()),
        ("scp -S x a h:", ("scp:h",), ("exec_wrapper:scp",)),
        ("scp -oProxyCommand=x a h:", ("scp:h",), ("exec_wrapper:scp",)),
        ("sftp h", ("sftp:h",), ()),
        ("sftp -b x h", ("sftp:h",), ("exec_wrapper:sftp",)),
        ("rsync -a a h:b", ("rsync:h",), ()),
        ("rsync -a rsync://h/x b", ("rsync:h",), ()),
        ("rsync --rsh=x a h:b", ("rsync:h",), ("exec_wrapper:rsync",)),
        ("rsync --rsync-path=x a h:b", ("rsync:h",), ("exec_wrapper:rsync",)),
    ],
)
def test_copies_name_their_hosts_and_run_nothing(text: str, lateral: tuple[str, ...], opaque: tuple[str, ...]) -> None:
    assert handed(text) == Handed(lateral=lateral, opaque=opaque, whole=False)


@pytest.mark.parametrize("engine", ["docker", "podman", "nerdctl"])
@pytest.mark.parametrize(
    ("options", "user", "closed"),
    [
        ("exec", "", True),
        ("exec -i", "", False),
        ("exec -it -u root", "root", False),
        ("exec -t --user=0:0 -w /srv", "0:0", True),
        ("exec --interactive --tty --workdir /srv", "", False),
        ("container exec", "", True),
    ],
)
def test_exec_in_a_container(engine: str, options: str, user: str, closed: bool) -> None:
    found = handed(f"{engine} {options} web rm -i x")
    (child,) = found.children
    assert [word.v for word in child.words] == ["rm", "-i", "x"]
    assert (child.host, child.run_as, child.closed) == (f"{engine}:web", user, closed)
    assert (found.lateral, found.opaque, found.whole) == ((f"{engine}:web",), (), True)


def test_variables_of_a_container() -> None:
    found = handed("docker exec -e A=b --env=C= web env")
    assert [(one.name, one.value.v) for one in found.children[0].env] == [("A", "b"), ("C", "")]
    assert found.given == (("A", "b"), ("C", ""))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "docker exec",
            "docker exec web",
            "docker exec -d web rm",
            "docker exec --privileged web rm",
            "docker exec $x rm",
        ),
        *("docker exec --user root --use=x web rm", "docker exec -e A web rm", "docker exec --env-file x web rm"),
        *(
            "docker exec --interactive=true web rm",
            "docker exec -u=root web rm",
            "docker exec $x web rm",
            "docker exec / rm",
        ),
        *(
            "kubectl exec web rm",
            "kubectl exec web",
            "kubectl exec web --",
            "kubectl exec -f x -- rm",
            "kubectl exec a b -- rm",
        ),
        *(
            "kubectl --context=x exec web -- rm",
            "kubectl exec web --kubeconfig x -- rm",
            "kubectl exec $x -- rm",
            "kubectl run x",
        ),
        *("kubectl debug x", "kubectl exec --name=x web -- rm", "kubectl exec --namespace= web -- rm", "kubectl $x"),
    ],
)
def test_what_is_not_understood(text: str) -> None:
    with pytest.raises(UnknownOptionError):
        handed(text)


@pytest.mark.parametrize(
    "text",
    [
        "docker -H x exec web rm",
        "docker run x",
        "docker --context x run y",
        "docker compose exec x rm",
        "docker $x",
        "podman attach x",
    ],
)
def test_other_verbs_that_run_something(text: str) -> None:
    assert handed(text) == Handed(opaque=(f"exec_wrapper:{text.split()[0]}",), whole=False)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "docker",
            "docker ps",
            "docker logs exec",
            "docker logs $x",
            "docker -H x ps",
            "docker compose ps",
            "docker container ls",
        ),
        *(
            "kubectl",
            "kubectl get pods",
            "kubectl -n prod logs $x",
            "kubectl --namespace=prod get $x",
            "kubectl get $x",
            "kubectl -n exec2 get pods",
            "kubectl --context x get pods",
        ),
    ],
)
def test_verbs_that_run_nothing(text: str) -> None:
    assert handed(text) == Handed()


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("kubectl exec web -- rm -i x", "kubectl:/web"),
        ("kubectl -n prod exec web -- rm -i x", "kubectl:prod/web"),
        ("kubectl exec web -c app -n prod -q -- rm -i x", "kubectl:prod/web:app"),
        ("kubectl exec --namespace=prod deploy/web --container app -- rm -i x", "kubectl:prod/deploy/web:app"),
    ],
)
def test_exec_in_a_pod(text: str, host: str) -> None:
    found = handed(text)
    (child,) = found.children
    assert ([word.v for word in child.words], child.host, child.closed) == (["rm", "-i", "x"], host, True)
    assert found.lateral == (host,)
    assert not handed("kubectl exec -it web -- sh").children[0].closed
