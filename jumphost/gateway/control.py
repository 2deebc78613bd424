"""The control socket: how the command line speaks to a running gateway (CONTRACTS §7).

One call a connection: a JSON line ``{v, verb, args}`` goes in, a JSON line ``{ok, result, code, message}`` comes back.
Only the gateway's own uid and root may speak; the kernel says who does (SO_PEERCRED).
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog
from msgspec import Struct

from jumphost import localsocket
from jumphost.errors import Code, JumphostError, Refused, Unavailable

MAX_CALL = 1 << 20  # bytes; an answer is as long as the list of holds with their commands
CALL_TIMEOUT = 30.0  # seconds

Verb = Callable[[dict[str, Any]], Awaitable[Any]]

log = structlog.get_logger(__name__)


class Call(Struct, frozen=True, forbid_unknown_fields=True):
    """A question to the gateway."""

    verb: str
    args: dict[str, Any] = {}
    v: Literal[1] = 1


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """Its answer: a result, or the code and message of a refusal."""

    ok: bool
    result: Any = None
    code: str = ""
    message: str = ""


def call(path: Path, verb: str, args: Mapping[str, Any] | None = None) -> Any:
    """Asks the gateway that listens on ``path`` and returns its result.

    Unavailable (gateway.unavailable) if none answers; Refused with the gateway's own code and message if it says no
    (``internal`` in the place of a code that is not known here).
    """
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(CALL_TIMEOUT)
            connection.connect(str(path))
            connection.sendall(msgspec.json.encode(Call(verb, dict(args or {}))) + b"\n")
            with connection.makefile("rb") as reader:
                line = reader.readline()
        answer = msgspec.json.decode(line, type=Answer)
    except (OSError, msgspec.DecodeError) as error:
        raise Unavailable(
            Code.GATEWAY_UNAVAILABLE,
            f"no gateway answers at {path}: start it with `jumphost serve`",
            detail=str(error),
        ) from error
    if answer.ok:
        return answer.result
    try:
        code = Code(answer.code)
    except ValueError:  # of a gateway that is newer than this command line: what it says still counts
        raise Refused(Code.INTERNAL, answer.message, detail=f"the gateway's code is {answer.code}") from None
    raise Refused(code, answer.message)


async def serve(path: Path, verbs: Mapping[str, Verb]) -> asyncio.Server:
    """Listens on ``path`` (0600; a stale socket is replaced) and answers calls until the server is closed."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(_read(reader, writer), CALL_TIMEOUT)
            writer.write(msgspec.json.encode(await _answer(line, verbs)) + b"\n")
            await writer.drain()
        except (OSError, TimeoutError, ValueError):
            log.info("control.dropped")
        finally:
            writer.close()

    return await asyncio.start_unix_server(answer, sock=localsocket.bound(path), limit=MAX_CALL)


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    uid = localsocket.peer_uid(writer)
    if uid not in (0, os.geteuid()):
        log.warning("control.stranger", uid=uid)
        raise ConnectionRefusedError
    return await reader.readline()


async def _answer(line: bytes, verbs: Mapping[str, Verb]) -> Answer:
    try:
        asked = msgspec.json.decode(line, type=Call)
        if asked.verb not in verbs:
            raise Refused(Code.REQUEST_INVALID, f"got verb {asked.verb!r}, expected one of {', '.join(sorted(verbs))}")
        return Answer(ok=True, result=msgspec.to_builtins(await verbs[asked.verb](asked.args)))
    except msgspec.DecodeError as error:
        return Answer(ok=False, code=Code.REQUEST_INVALID, message=str(error))
    except JumphostError as error:
        return Answer(ok=False, code=error.code, message=error.message)
    except Exception:
        log.exception("control.fault")
        return Answer(ok=False, code=Code.INTERNAL, message="internal fault: see the gateway's log")
