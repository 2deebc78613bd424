"""``jumphost ca``: the CAs of a site, and how one is changed without anybody being refused."""

from typing import Annotated, Any

import msgspec
import typer

from jumphost.cli.common import JsonOption, SiteOption, emit, noun, open_site, out, printable, table, usage
from jumphost.cli.reload import sentence, tell_gateway
from jumphost.clock import NS_PER_S, SystemClock
from jumphost.config.authorities import KINDS, Authority, Kind, State
from jumphost.config.files import read_publics
from jumphost.config.load import load_site
from jumphost.config.settings import address, host_names
from jumphost.config.site import Site
from jumphost.errors import Code, Unavailable

app = noun("The CAs of callers, targets and of the gateway itself: list, rotate.")

KindArgument = Annotated[Kind, typer.Argument(metavar="caller|target|host")]

_AFTER_S = 120  # for a switch to be everywhere: certificates of targets live 60 s, the gateway's own is made anew
_NEXT = {
    "caller": "its certificates are taken already: `jumphost ca switch caller` has it sign",
    "target": "give it to every target (`jumphost target enroll`), then `jumphost ca switch target` has it sign",
    "host": "give it to every client (`jumphost ca known-hosts`), then `jumphost ca switch host` has it sign",
}


@app.command("list")
def show(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the CAs: which key signs, which is to come, which went and is trusted still."""
    found = [Authority(open_site(site), kind).state() for kind in KINDS]
    rows = [(one.kind, one.signs, one.next, one.old) for one in found]
    emit(found, as_json=as_json, text=lambda: table(("ca", "signs", "next", "old"), rows))


@app.command()
def rotate(kind: KindArgument, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Make the next key of a CA, beside the one that signs: both are trusted from now on."""
    place = open_site(site)
    made = _step(place, kind, "begin")
    now = f"the next {kind} CA is {made.next}: {_NEXT[kind]}" if made.next else f"the {kind} CA is {made.signs}"
    _done(place, "rotate", made, now, as_json)


@app.command()
def switch(kind: KindArgument, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Have the next key sign; certificates of the old one are still taken."""
    place = open_site(site)
    made = _step(place, kind, "switch")
    done = f"the {kind} CA is {made.signs}; {made.old} is trusted until `jumphost ca retire {kind}`"
    _done(place, "switch", made, done, as_json)


@app.command()
def retire(
    kind: KindArgument,
    now: Annotated[bool, typer.Option("--now", help="Also where certificates of the old key are alive.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Trust the old key no more; of callers, live sessions end too."""
    place = open_site(site)
    authority = Authority(place, kind)
    wait = _AFTER_S
    if kind == "caller":
        wait += max(one.max_ttl for one in load_site(place).settings.callers.values())
    left = authority.switched_s() + wait - SystemClock().now_ns() / NS_PER_S
    if left > 0 and not now:
        usage(f"certificates of the old {kind} CA may be alive for {left:.0f} s more: wait, or use --now")
    made = _step(place, kind, "retire")
    _done(place, "retire", made, f"the {kind} CA is {made.signs}, and no other is trusted", as_json)


@app.command()
def known_hosts(
    name: Annotated[
        list[str] | None, typer.Option(metavar="HOST[:PORT]", help="What clients call the gateway. More than once.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what clients put into known_hosts: a line for the host CA, two while it is changed."""
    place = open_site(site)
    settings = load_site(place).settings
    names = list(name or [])
    if not names:
        port = address(settings.listen)[1]
        names = [one if port in (0, 22) else f"[{one}]:{port}" for one in host_names(settings)]
    if not names:
        usage("got no name of the gateway, expected `names` in jumphost.yaml, or --name HOST")
    try:
        lines = [f"@cert-authority {','.join(names)} {key.line}" for key in read_publics(place.keys / "host_ca.pub")]
    except ValueError as error:
        usage(f"{error}: `jumphost ca rotate host` makes a host CA")
    emit({"lines": lines}, as_json=as_json, text=lambda: print("\n".join(lines)))


def _step(place: Site, kind: Kind, step: str) -> State:
    try:
        made: State = getattr(Authority(place, kind), step)()
    except OSError as error:
        message = f"cannot change the {kind} CA: {error.strerror}: {error.filename}"
        raise Unavailable(Code.SIGNER_UNAVAILABLE, message) from error
    return made


def _done(place: Site, step: str, made: State, done: str, as_json: bool) -> None:
    state: dict[str, Any] = msgspec.to_builtins(made)
    if running := tell_gateway(place, done):
        from jumphost.gateway import control

        control.call(place.control_socket, "ca.changed", {"step": step, "state": state})
    fields = {**state, "gateway": running}
    emit(fields, as_json=as_json, text=lambda: out.print(printable(sentence(done, running))))
