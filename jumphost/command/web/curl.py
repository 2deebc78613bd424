"""The requests of a curl command, by its own rules (curl 7.88.1, ``curl --help all`` and ``man curl``).

Where ``--location`` follows redirects there is one more entry without a URL: the server chooses it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import quote

from jumphost.command.flags import OPERAND, Given, Table, names, walk
from jumphost.command.web.urls import Url, changes_request, dynamic, entry, read, redirected, unknown
from jumphost.model.request import Http

_PLAIN_BARE: Final = names(
    "a:append anyauth basic cert-status compressed compressed-ssh create-dirs crlf digest q:disable"
    " disallow-username-in-url f:fail fail-early fail-with-body false-start form-escape g:globoff haproxy-protocol"
    " http0.9 0:http1.0 http1.1 http2 http2-prior-knowledge http3 http3-only ignore-content-length i:include k:insecure"
    " 4:ipv4 6:ipv6 j:junk-session-cookies l:list-only negotiate n:netrc netrc-optional no-alpn N:no-buffer"
    " no-keepalive no-npn no-progress-meter no-sessionid ntlm ntlm-wb Z:parallel parallel-immediate path-as-is post301"
    " post302 post303 #:progress-bar proxy-anyauth proxy-basic proxy-digest proxy-insecure proxy-negotiate proxy-ntlm"
    " proxy-ssl-allow-beast proxy-ssl-auto-client-cert proxy-tlsv1 p:proxytunnel raw R:remote-time remove-on-error"
    " retry-all-errors retry-connrefused sasl-ir S:show-error s:silent socks5-basic socks5-gssapi socks5-gssapi-nec ssl"
    " ssl-allow-beast ssl-auto-client-cert ssl-no-revoke ssl-reqd ssl-revoke-best-effort 2:sslv2 3:sslv3 styled-output"
    " suppress-connect-headers tcp-fastopen tcp-nodelay 1:tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 tr-encoding trace-time"
    " B:use-ascii v:verbose xattr"
)
_PLAIN_VALUED: Final = names(
    "aws-sigv4 cacert capath E:cert cert-type ciphers connect-timeout C:continue-at create-file-mode crlfile curves"
    " delegation expect100-timeout happy-eyeballs-timeout-ms hostpubmd5 hostpubsha256 interface keepalive-time key"
    " key-type krb limit-rate local-port login-options max-filesize max-redirs m:max-time netrc-file noproxy"
    " oauth2-bearer parallel-max pass pinnedpubkey proto proto-redir proxy-cacert proxy-capath proxy-cert"
    " proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key proxy-key-type proxy-pass proxy-pinnedpubkey"
    " proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword proxy-tlsuser U:proxy-user pubkey"
    " random-file r:range rate e:referer retry retry-delay retry-max-time sasl-authzid service-name"
    " socks5-gssapi-service Y:speed-limit y:speed-time z:time-cond tls-max tls13-ciphers tlsauthtype tlspassword"
    " tlsuser u:user A:user-agent"
)
_READ_BARE: Final = names("G:get I:head L:location O:remote-name h:help M:manual next V:version")
_READ_VALUED: Final = names(
    "b:cookie d:data data-ascii data-binary data-raw data-urlencode D:dump-header F:form form-string H:header json"
    " o:output output-dir x:proxy proxy1.0 X:request socks4 socks4a socks5 socks5-hostname stderr T:upload-file url"
    " w:write-out c:cookie-jar trace trace-ascii"
)
_CLOUDING_BARE: Final = names("location-trusted metalink no-clobber J:remote-header-name remote-name-all")
_CLOUDING_VALUED: Final = names(  # they name a file or a server that changes the request, or a file that is written
    "abstract-unix-socket alt-svc K:config connect-to dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers doh-url"
    " egd-file engine etag-compare etag-save ftp-account ftp-alternative-to-user ftp-method P:ftp-port hsts libcurl"
    " mail-auth mail-from mail-rcpt preproxy proto-default Q:quote request-target resolve t:telnet-option tftp-blksize"
    " unix-socket url-query"
)
_TABLE: Final = Table(
    bare=_PLAIN_BARE | _READ_BARE | _CLOUDING_BARE,
    valued=_PLAIN_VALUED | _READ_VALUED | _CLOUDING_VALUED,
    equals=False,
    dash=False,
)
_CLOUDING: Final = {*_CLOUDING_BARE.values(), *_CLOUDING_VALUED.values()}
_ENDING: Final = {"help", "manual", "version"}  # curl prints that, and asks for nothing
_PROXIES: Final = {"proxy": "", "proxy1.0": "", "socks4": "socks4://", "socks4a": "socks4a://"} | {
    "socks5": "socks5://",
    "socks5-hostname": "socks5h://",
}
_REPORTS: Final = {"cookie-jar", "dump-header", "stderr", "trace", "trace-ascii"}  # a file that is written
_DATA: Final = {"data", "data-ascii", "data-binary", "data-raw", "data-urlencode", "json"}
_MULTILINE: Final = _DATA | {"form", "form-string", "write-out"}
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_METHOD = re.compile(r"[A-Z][A-Z-]*")


@dataclass(slots=True)
class _Group:
    """What stands between two ``--next``."""

    urls: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)  # the first of the first URL; "" is its file name
    uploads: list[str] = field(default_factory=list)
    sent: list[Given] = field(default_factory=list)  # data and forms
    flags: set[str] = field(default_factory=set)
    method: str = ""
    folder: str = ""
    proxy: str = ""


def requests(cmd: int, words: Sequence[str]) -> tuple[Http, ...]:
    """One entry for each URL of the argv ``words`` (without the program); Unread if they hold what is not known."""
    groups, clouded = [_Group()], False
    for given in walk(words, _TABLE):
        if given.name in _ENDING:
            return ()
        if given.name == "next":
            clouded |= not groups[-1].urls
            groups.append(_Group())
        else:
            clouded |= _clouds(given)
            _take(groups[-1], given)
    found: list[Http] = []
    for group in groups:
        entries = [*_entries(cmd, group)]
        found += (*entries, *(redirected(entries) if "location" in group.flags else ()))
    if clouded or not all(group.urls for group in groups):
        return tuple(map(unknown, found)) or (dynamic(cmd),)
    return tuple(found)


def _clouds(given: Given) -> bool:
    """Whether the flag makes more of the requests than the command line says, or writes a file beside the answer."""
    name, value = given
    if name in _CLOUDING or ("\n" in value and name not in _MULTILINE):
        return True
    if name in _REPORTS:
        return value != "-"
    if name == "write-out":
        return value.startswith("@") or "%output" in value
    if name == "cookie":
        return bool(value) and "=" not in value
    if name in ("header", "proxy-header"):
        return changes_request(value)
    return name in ("output", "output-dir") and not value


def _take(group: _Group, given: Given) -> None:
    name, value = given
    if name in (OPERAND, "url"):
        group.urls.append(value)
    elif name in ("output", "remote-name"):
        group.outputs.append(value)
    elif name == "upload-file":
        group.uploads.append(value)
    elif name in _DATA or name in ("form", "form-string"):
        group.sent.append(given)
    elif name in _PROXIES:
        group.proxy = value and _PROXIES[name] + value
    elif name == "request":
        group.method = value if _METHOD.fullmatch(value) else "?"
    elif name == "output-dir":
        group.folder = value
    else:
        group.flags.add(name)


def _entries(cmd: int, group: _Group) -> Iterator[Http]:
    for number, text in enumerate(group.urls):
        upload = group.uploads[number] if number < len(group.uploads) else ""
        full = _with_query(_with_file(text, upload), group)
        url = read(full, brackets="globoff" in group.flags) if full else None
        yield entry(
            cmd,
            full or text,
            url,
            method=_method(group, upload),
            body=_body(group, upload),
            output=_output(group, number, url),
            proxy=group.proxy,
        )


def _with_file(text: str, upload: str) -> str:
    """The URL with the name of the file, where a folder is all that it says."""
    url = read(text) if upload not in ("", "-", ".") else None
    if url is None or not url.path.endswith("/"):
        return text
    name = upload.rpartition("/")[2]
    whole = text if text.endswith(url.path) else f"{text}/"
    return whole + name if _NAME.fullmatch(name) and not url.query and "#" not in text else ""


def _method(group: _Group, upload: str) -> str:
    """What is sent; "" where flags contradict each other or it is no method."""
    data = any(given.name in _DATA for given in group.sent)
    form = len(group.sent) > 0 and not all(given.name in _DATA for given in group.sent)
    head, get = "head" in group.flags, "get" in group.flags
    alone = sum((data and not get, form, bool(upload), head, get and not data and not head))
    if alone > 1 or (get and (form or upload)) or group.method == "?":
        return ""
    if group.method:
        return group.method
    if upload:
        return "PUT"
    return "HEAD" if head else "POST" if (data or form) and not get else "GET"


def _body(group: _Group, upload: str) -> str:
    if upload:
        return "stdin" if upload in ("-", ".") else "file"
    kinds = {_kind(given) for given in group.sent if given.value or len(group.sent) > 1}
    if "get" in group.flags:
        kinds.discard("literal")  # it stands in the URL
    return next((kind for kind in ("file", "stdin", "literal") if kind in kinds), "none")


def _kind(given: Given) -> Literal["literal", "file", "stdin"]:
    file = _file(given)
    if file is None:
        return "literal"
    return "stdin" if file == "-" or file.startswith("-;") else "file"


def _file(given: Given) -> str | None:
    """What the data are read from; "?" where it is more than one."""
    name, value = given
    match name:
        case "data-raw" | "form-string":
            return None
        case "form":
            content = value.partition("=")[2]
            if content.startswith(("@", "<")):
                return content[1:]
            return "?" if "headers=" in content else None
        case "data-urlencode":
            return value.partition("@")[2] if "@" in value and "=" not in value else None
        case _:
            return value[1:] if value.startswith("@") else None


def _with_query(text: str, group: _Group) -> str:
    """The URL with the data that ``--get`` puts into it; "" if that is not known."""
    if "get" not in group.flags or not group.sent:
        return text
    pieces = [_query(given) for given in group.sent]
    if None in pieces:
        return ""
    url, _, _ = text.partition("#")
    return url + ("&" if "?" in url else "?") + "&".join(piece for piece in pieces if piece is not None)


def _query(given: Given) -> str | None:
    if _kind(given) != "literal" or given.name in ("json", "form", "form-string"):
        return None
    if given.name != "data-urlencode":
        return given.value
    name, equals, content = given.value.rpartition("=") if "=" not in given.value else given.value.partition("=")
    return (f"{name}=" if equals and name else "") + quote(content, safe="").replace("%20", "+").replace("%7E", "~")


def _output(group: _Group, number: int, url: Url | None) -> str:
    """Where the answer goes; "" if the name is not known."""
    name = group.outputs[number] if number < len(group.outputs) else "-"
    if name == "-":
        return "stdout"
    if not name:
        name = url.path.rpartition("/")[2] if url else ""
    return f"{group.folder.rstrip('/')}/{name}" if name and group.folder else name
