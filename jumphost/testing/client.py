"""A stand-in for the OpenSSH client where none is installed: the options that ``testing.site`` gives it, and no more.

``python -m jumphost.testing.client -i KEY -p PORT [-o UserKnownHostsFile=F] [-o SetEnv=…] USER@HOST COMMAND``
"""

import argparse
import asyncio
import os
import shlex
import sys

import asyncssh


async def run(given: argparse.Namespace) -> int:
    """Runs the command and hands over its output; its status, or 255 for a signal, as OpenSSH has it."""
    options = dict(option.split("=", 1) for option in given.o)
    username, _, host = given.where.rpartition("@")
    pairs = (word.partition("=") for word in shlex.split(options.get("SetEnv", "")))
    async with asyncssh.connect(
        host,
        given.p,
        username=username,
        client_keys=[given.i],
        known_hosts=options["UserKnownHostsFile"],
        config=None,
        agent_path=None,
        env={name: value for name, _, value in pairs},
    ) as connection:
        done = await connection.run(given.command, encoding=None, stdin=asyncssh.DEVNULL)
    sys.stdout.buffer.write(done.stdout or b"")  # type: ignore[arg-type]  # bytes without an encoding
    sys.stderr.buffer.write(done.stderr or b"")  # type: ignore[arg-type]
    return 255 if done.exit_status is None or done.exit_status < 0 else done.exit_status


def main() -> int:
    """Parses the words of an ``ssh`` call."""
    os.environ.setdefault("LOGNAME", "nobody")  # asyncssh asks for it, and some users have no name
    parser = argparse.ArgumentParser()
    parser.add_argument("-F")
    parser.add_argument("-i")
    parser.add_argument("-p", type=int)
    parser.add_argument("-o", action="append", default=[])
    parser.add_argument("where")
    parser.add_argument("command")
    try:
        return asyncio.run(run(parser.parse_args()))
    except (OSError, asyncssh.Error) as error:
        print(error, file=sys.stderr)
        return 255


if __name__ == "__main__":
    sys.exit(main())
