"""``jumphost target``: where commands run."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from jumphost.cli.common import FOUND, JsonOption, SiteOption, emit, noun, open_site, out, printable, table, usage
from jumphost.cli.reload import sentence, tell_gateway
from jumphost.config import files
from jumphost.config.credentials import built
from jumphost.config.edit import append_entry
from jumphost.config.load import load_site, load_targets, trial
from jumphost.config.site import Site
from jumphost.errors import Unavailable
from jumphost.model.target import Kind, Mode, Target
from jumphost.sshkey import read_line

app = noun("Targets: where commands run.")

Name = Annotated[str, typer.Argument(metavar="NAME")]


@app.command()
def add(
    name: Name,
    login: Annotated[list[str], typer.Option(metavar="L", help="A login on it; more than once, the default first.")],
    kind: Annotated[Kind, typer.Option(help="How it is reached.")] = "ssh",
    host: Annotated[str, typer.Option(metavar="H", help="Its host name or address.")] = "",
    port: Annotated[int, typer.Option(metavar="P", min=1, max=65_535, help="The port of its sshd.")] = 22,
    label: Annotated[
        list[str] | None, typer.Option(metavar="K=V", help="What policies ask for; more than once.")
    ] = None,
    host_key: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Its host key (.pub); more than once.")
    ] = None,
    host_ca: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="The CA of its host certificates (.pub).")
    ] = None,
    mode: Annotated[
        Mode, typer.Option(help="One login for each command, or for each connection of a caller: quicker, weaker.")
    ] = "command",
    scan: Annotated[
        bool, typer.Option("--scan", help="Trust the host key that it shows now; compare what is printed.")
    ] = False,
    read: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="Kind process: what commands may read beside programs; more than once."),
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a target to targets.yaml; a running gateway knows at once."""
    place = open_site(site)
    if kind == "ssh" and [bool(host_key), bool(host_ca), scan].count(True) != 1:
        usage("expected one of --host-key FILE, --host-ca FILE and --scan: no host is trusted at first sight")
    entry: dict[str, Any] = {"kind": kind}
    if host:
        entry |= {"host": host, "port": port}
    entry |= {"logins": login, "labels": _labels(label or [])}
    entry |= {"host_keys": _keys("--host-key", host_key)} if host_key else {}
    entry |= {"host_ca": _keys("--host-ca", host_ca)} if host_ca else {}
    entry |= {"mode": mode} if mode != "command" else {}
    entry |= {"sandbox": {"read": read}} if read else {}
    scanned: dict[str, Any] = {}
    if scan and kind == "ssh":
        line, fingerprint, journalled = _scan(place, name, host, port)
        entry |= {"host_keys": [line]}
        scanned = {"fingerprint": fingerprint, "journalled": journalled}
    append_entry(place.targets, name, entry, check=trial(place, place.targets))
    done = f"added {name} to {place.targets}"
    running = tell_gateway(place, done)

    def text() -> None:
        if scanned:
            kept = "journalled" if scanned["journalled"] else "not journalled: no gateway runs"
            print(f"{host}:{port} shows the host key {scanned['fingerprint']} ({kept}); compare it with the host's own")
        print(sentence(done, running))

    emit({"name": name, **entry, **scanned, "gateway": running}, as_json=as_json, text=text)


@app.command("list")
def show(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the targets of targets.yaml."""
    targets = load_targets(open_site(site).targets)
    rows = [
        (
            one.name,
            one.kind,
            f"{one.host}:{one.port}" if one.host else "",
            ", ".join(one.logins),
            one.mode,
            ", ".join(f"{key}={value}" for key, value in one.labels.items()),
            "\n".join(read_line(key).fingerprint for key in one.host_keys) or ("by host CA" if one.host_ca else ""),
        )
        for one in targets.values()
    ]
    emit(
        list(targets.values()),
        as_json=as_json,
        text=lambda: table(("target", "kind", "address", "logins", "mode", "labels", "host keys"), rows),
    )


@app.command()
def enroll(name: Name, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Print what makes the host's own sshd take our certificates: a script to read, then to run there as root."""
    from jumphost.target.enroll import enrolment

    place = open_site(site)
    config = load_site(place)
    sockets = any(
        "proxy" in built(source, "ssh") & {*source.delivery} for source in config.settings.credentials.values()
    )
    made = enrolment(_ssh_target(config.targets, name), _target_ca(place), sockets=sockets)
    emit(made, as_json=as_json, text=lambda: print(made.script, end=""))


@app.command()
def check(name: Name, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Prove that a certificate opens the target, that nothing else does, and that commands there can be stopped.

    Of a target of kind process: that its sandbox holds, and what a command sees in it.
    """
    from jumphost import registry

    place = open_site(site)
    config = load_site(place)
    found = asyncio.run(registry.check_target(place, config, _target(config.targets, name)))

    def text() -> None:
        for one in found:
            mark = "[green]ok[/]" if one.ok else "[red]no[/]"
            out.print(f"{mark}  {one.login}  {printable(one.name)}: {printable(one.got)}")
            if not one.ok:
                out.print(f"    expected: {printable(one.expected)}\n    do: {printable(one.fix)}")

    emit(found, as_json=as_json, text=text)
    if not all(one.ok for one in found):
        raise typer.Exit(FOUND)


def _labels(pairs: list[str]) -> dict[str, str]:
    labels = dict(pair.partition("=")[::2] for pair in pairs)
    if wrong := [pair for pair in pairs if "=" not in pair]:
        usage(f"--label: got {wrong[0]!r}, expected NAME=VALUE")
    return labels


def _keys(option: str, paths: list[Path]) -> list[str]:
    try:
        return [files.read_public(path).line for path in paths]
    except ValueError as error:
        usage(f"{option}: {error}")


def _scan(site: Site, name: str, host: str, port: int) -> tuple[str, str, bool]:
    """The host key line, its fingerprint, and whether a running gateway has it in its journal: before it is trusted."""
    from jumphost.gateway import control
    from jumphost.target import hostkeys

    if not host:
        usage("--scan: got no --host, expected the host to look at")
    line = asyncio.run(hostkeys.scan(host, port))
    fingerprint = read_line(line).fingerprint
    about = {"target": name, "host": host, "port": port, "fingerprint": fingerprint}
    try:
        control.call(site.control_socket, "target.scan", about)
    except Unavailable as error:
        if not isinstance(error.__cause__, FileNotFoundError | ConnectionRefusedError):
            raise
        return line, fingerprint, False
    return line, fingerprint, True


def _target(targets: dict[str, Target], name: str) -> Target:
    if name not in targets:
        usage(f"got no target {name!r}, expected one of {', '.join(targets) or 'none: there is no target yet'}")
    return targets[name]


def _ssh_target(targets: dict[str, Target], name: str) -> Target:
    target = _target(targets, name)
    if target.kind != "ssh":
        usage(f"got a target of kind {target.kind}, expected ssh: its commands run here, there is no sshd")
    return target


def _target_ca(site: Site) -> str:
    try:
        return "\n".join(key.line for key in files.read_publics(site.keys / "target_ca.pub"))
    except ValueError as error:
        usage(str(error))
