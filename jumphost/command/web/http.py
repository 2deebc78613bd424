"""The HTTP requests that a command would make, as far as its text tells.

What the text does not have is not looked for: the configuration files of a client (``~/.curlrc``, ``~/.wgetrc``) and
proxies from the environment of the login. A variable that stands before the command is.
"""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from jumphost.command.flags import Unread
from jumphost.command.parts import SAFE_ENVIRONMENT
from jumphost.command.web import curl, httpie, wget
from jumphost.command.web.urls import dynamic, unknown
from jumphost.model.request import Command, Http, Invocation

_READERS: Final[dict[str, Callable[[int, Sequence[str]], tuple[Http, ...]]]] = {
    "curl": curl.requests,
    "wget": wget.requests,
    "http": lambda cmd, words: httpie.requests(cmd, words, scheme="http"),
    "https": lambda cmd, words: httpie.requests(cmd, words, scheme="https"),
}
_PROXIES: Final = frozenset({"all_proxy", "http_proxy", "https_proxy"})


def of_command(command: Command) -> tuple[Http, ...]:
    """Every URL that curl, wget, http or https would ask for, in the order of the text; never raises.

    ``url_k`` is literal only if method, host, path, body and output are what the entry says; otherwise it is dynamic
    and ``host``, ``port`` and ``path`` are empty. ``path`` is without the query, ``url`` is the text with what the
    client adds to it. ``body`` is none, literal, file or stdin; ``output`` is stdout or a path. Where a client follows
    redirects there is one more, dynamic entry with an empty ``url`` and the method of the first.
    """
    found: list[Http] = []
    for one in command.commands:
        if reader := _READERS.get(one.program):
            found += _requests(one, reader)
    return tuple(found)


def _requests(one: Invocation, reader: Callable[[int, Sequence[str]], tuple[Http, ...]]) -> Sequence[Http]:
    if any(word.k == "dynamic" for word in one.argv):
        return [dynamic(one.id)]
    try:
        found = reader(one.id, [word.v for word in one.argv[1:]])
    except Unread:
        return [dynamic(one.id)]
    proxy, clouded = "", False
    for given in one.env:
        if given.name.lower() in _PROXIES and given.value.k == "literal":
            proxy = given.value.v
        else:
            clouded |= given.name not in SAFE_ENVIRONMENT
    if not (proxy or clouded):
        return found
    found = tuple(replace(entry, proxy=entry.proxy or proxy) for entry in found)
    return [unknown(entry) for entry in found] if clouded else found
