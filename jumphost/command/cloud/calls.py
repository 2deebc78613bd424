"""The calls of orchestrators and clouds that a command would make, as far as its text tells."""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from jumphost.command.cloud import verbs as cloudverbs
from jumphost.command.cloud.tables import TOOLS
from jumphost.command.cloud.tool import UNKNOWN, Tool, fields_of, table, unread
from jumphost.command.flags import OPERAND, Given, Unread, walk
from jumphost.command.parts import SAFE_ENVIRONMENT
from jumphost.model.request import Cloud, Command, Invocation

_VARIABLES: Final = {  # before the command: the field of the document, and what the value is called there
    "AWS_DEFAULT_REGION": ("region", ""),
    "AWS_PROFILE": ("account", "profile:"),
    "AWS_REGION": ("region", ""),
    "DOCKER_CONTEXT": ("context", ""),
    "DOCKER_HOST": ("context", "server:"),
    "HELM_KUBECONTEXT": ("context", ""),
    "HELM_NAMESPACE": ("namespace", ""),
    "KUBECONFIG": ("context", "kubeconfig:"),
}
_ALL: Final = "*"


def of_command(command: Command) -> tuple[Cloud, ...]:
    """One entry for each kubectl, oc, helm, docker, podman, nerdctl, terraform, aws, gcloud or az; never raises.

    - ``verb``: its words behind the flags that are known (``rollout status``, ``s3 ls``); () where that is not sure.
    - ``namespace``: of ``-n``, a compose project or a resource group; ``*`` for all of them.
    - ``context``: NAME, ``cluster:NAME``, ``kubeconfig:FILE``, ``server:URL``, ``project:NAME``, ``subscription:NAME``,
      ``configuration:NAME`` or ``directory:PATH``.
    - ``account``: ``profile:NAME``, ``as:NAME``, ``as-group:NAME``, ``user:NAME``, ``certificate:FILE``,
      ``config:DIRECTORY``; ``token`` and ``password`` without what they are.
    - ``resources``: operands behind the verb, lists at their commas; ``@FILE`` for a file that names them.

    Several of context or account stand one after the other with a blank between. "" is what the text does not say,
    ``?`` (of resources: one of them) what it may say, but in words that are not known.
    """
    return tuple(_call(one) for one in command.commands if one.program in TOOLS or one.program in cloudverbs.READERS)


def _call(one: Invocation) -> Cloud:
    words: list[str] = []
    for word in one.argv[1:]:
        if word.k == "dynamic":
            break
        words.append(word.v)
    whole = len(words) == len(one.argv) - 1
    read = cloudverbs.read if one.program in cloudverbs.READERS else _read
    return _in_environment(read(Cloud(one.id, one.program, ()), words, whole=whole), one)


def _in_environment(found: Cloud, one: Invocation) -> Cloud:
    for given in one.env:
        field, kind = _VARIABLES.get(given.name, ("", ""))
        if field and given.value.k == "literal":
            if not getattr(found, field):  # a flag comes first
                found = replace(found, **{field: kind + given.value.v})
        elif given.name not in SAFE_ENVIRONMENT:
            found = replace(found, context=UNKNOWN, account=UNKNOWN)
    return found


def _read(start: Cloud, words: Sequence[str], *, whole: bool) -> Cloud:
    tool = TOOLS[start.tool]
    if tool.single_dash:
        words = [f"-{word}" if word[:1] == "-" and word[:2] != "--" and len(word) > 2 else word for word in words]
    if "--" in words and start.tool in ("kubectl", "oc"):
        words = words[: words.index("--")]  # what would run in a container
    rest = iter(words)
    verb: list[str] = []
    given: list[Given] = []
    try:
        _verb(tool, rest, verb, given)
        given.extend(_rest(tool, tuple(verb), rest))
    except Unread:
        whole = False
    operands = [value for name, value in given if name == OPERAND]
    if operands and len(verb) == 1 and operands[0] in tool.perhaps.get(verb[0], ()):
        verb.append(operands.pop(0))
    complete = bool(verb) and (verb[0] not in tool.groups or len(verb) > 1)
    found = replace(
        start,
        verb=tuple(verb) if complete else (),
        resources=(
            *(name for operand in operands for name in operand.split(",")),
            *(f"@{value}" for name, value in given if name in tool.files),
        ),
        **fields_of(tool.fields, given),
    )
    if any(one.name in tool.everywhere for one in given):
        found = replace(found, namespace=_ALL)
    return found if whole and not any(one.value and one.name in tool.unsaid for one in given) else unread(found)


def _verb(tool: Tool, rest: Iterator[str], verb: list[str], given: list[Given]) -> None:
    """Reads to the end of the verb; what stands before a word that is not known is kept."""
    while not verb or (len(verb) == 1 and verb[0] in tool.groups):
        for one in walk(rest, table(tool, tuple(verb))):
            if one.name == OPERAND:
                verb.append(one.value)
                break
            given.append(one)
        else:
            return


def _rest(tool: Tool, verb: tuple[str, ...], rest: Iterator[str]) -> Iterator[Given]:
    """What stands behind the verb, up to a command that would run elsewhere."""
    ends = not tool.ends.isdisjoint((*verb[-1:], " ".join(verb)))
    for one in walk(rest, table(tool, verb)):
        yield one
        if ends and one.name == OPERAND:
            return
