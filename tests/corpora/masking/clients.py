"""Writes clients.jsonl.gz beside it: one table in every format of psql, mariadb and sqlite3, from real servers.

What is to be masked begins with SECRET, what is not with PUBLIC; each is one word.
"""

import base64
import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jumphost.testing import databases

ROWS = (
    (1, "PUBLIC-ada", "SECRET-1", "PUBLIC-plain"),
    (2, "PUBLIC-李雷", "SECRET-2", "PUBLIC-a|b,c;d"),
    (3, "PUBLIC-Zoë", "SECRET-3", "PUBLIC-one\nPUBLIC-two"),
    (4, None, None, None),
    (5, "PUBLIC-😀", "SECRET-5-㊙", "PUBLIC-\"quoted\" <b>&amp; 'x' \\n"),
    (6, "PUBLIC-Ann+", "SECRET-6\nSECRET-7", "PUBLIC-six"),
    (7, "PUBLIC-json", "SECRET-8|SECRET-9,SECRET-10", '{"id": 7, "ssn": "SECRET-11"}'),
    (8, "PUBLIC-e\u0301", "SECRET-12\tSECRET-13", "PUBLIC-last (2 rows)"),
)
COLUMNS = "id, name, ssn, note"
PSQL = {
    "aligned": (),
    "aligned-0": ("-P", "border=0"),
    "aligned-2": ("-P", "border=2"),
    "unicode": ("-P", "linestyle=unicode", "-P", "border=2"),
    "unicode-1": ("-P", "linestyle=unicode"),
    "unicode-double": ("-P", "linestyle=unicode", "-P", "border=2", "-P", "unicode_border_linestyle=double"),
    "old-ascii": ("-P", "linestyle=old-ascii"),
    "wrapped": ("-P", "format=wrapped", "-P", "columns=40"),
    "no-footer": ("-P", "footer=off"),
    "unaligned": ("-A",),
    "unaligned-tab": ("-A", "-F", "\t"),
    "csv": ("--csv",),
    "html": ("-H",),
    "expanded": ("-x",),
    "expanded-0": ("-x", "-P", "border=0"),
    "expanded-2": ("-x", "-P", "border=2"),
    "expanded-unicode": ("-x", "-P", "linestyle=unicode", "-P", "border=2"),
    "expanded-wrapped": ("-x", "-P", "format=wrapped", "-P", "columns=30"),
    "expanded-html": ("-x", "-H"),
}
MARIADB = {
    "batch": ("-B",),
    "raw": ("-B", "--raw"),
    "table": ("-t",),
    "vertical": ("-E",),
    "html": ("-H",),
    "xml": ("-X",),
}
SQLITE = ("list", "column", "csv", "json", "line", "table", "box", "markdown", "html", "tabs")


def run(command: list[str], stdin: str = "") -> bytes:
    return subprocess.run(command, input=stdin.encode(), capture_output=True, check=True).stdout


def literal(value: object, *, backslash: bool = False) -> str:
    text = str(value).replace("'", "''")
    return "null" if value is None else f"'{text.replace(chr(92), chr(92) * 2) if backslash else text}'"


def table(*, backslash: bool = False) -> list[str]:
    rows = [", ".join(literal(value, backslash=backslash) for value in row) for row in ROWS]
    return [
        "create table people (id int, name varchar(40), ssn varchar(40), note varchar(80))",
        *(f"insert into people values ({row})" for row in rows),
    ]


def psql(folder: Path) -> Iterator[tuple[str, list[str], bytes]]:
    with databases.postgres(folder) as server:
        server.fill(*table())
        client = ["psql", "-Xq", *server.client[2:-1]]
        for name, options in PSQL.items():
            yield f"psql {name}", [*options], run([*client, *options, "-c", f"select {COLUMNS} from people"])
            if "html" not in name:
                again = [*client, *options, "-c", "select id from people", "-c", f"select ssn, {COLUMNS} from people"]
                yield f"psql {name}, two tables", [*options], run(again)
        for name, query in {
            "row_to_json": "select row_to_json(people) from people",
            "copy": "copy people to stdout with (header)",
            "copy csv": "copy people to stdout with (format csv, header)",
            "nothing": "select * from people where id < 0",
            "command": "update people set id = id",
        }.items():
            yield f"psql {name}", [], run([*client, "-c", query])
        yield "psql row_to_json alone", ["-tA"], run([*client, "-tAc", "select row_to_json(people) from people"])


def mariadb(folder: Path) -> Iterator[tuple[str, list[str], bytes]]:
    with databases.mariadb(folder) as server:
        client = [*server.client[: server.client.index("-NB")], "--default-character-set=utf8mb4", "-D", "bank"]
        run([*client, "-e", "alter database bank character set utf8mb4; " + "; ".join(table(backslash=True))])
        for name, options in MARIADB.items():
            yield f"mariadb {name}", [*options], run([*client, *options, "-e", f"select {COLUMNS} from people"])
            again = f"select id from people; select ssn, {COLUMNS} from people"
            yield f"mariadb {name}, two tables", [*options], run([*client, *options, "-e", again])


def sqlite3() -> Iterator[tuple[str, list[str], bytes]]:
    setup = "; ".join(table()) + ";\n"
    for mode in SQLITE:
        script = f"{setup}.headers on\n.mode {mode}\nselect {COLUMNS} from people;\n"
        yield f"sqlite3 {mode}", [mode], run(["sqlite3"], script)
        yield f"sqlite3 {mode}, two tables", [mode], run(["sqlite3"], f"{script}select ssn, {COLUMNS} from people;\n")


def main() -> None:
    versions = {name: run([name, "--version"]).decode().split("\n")[0][:80] for name in ("psql", "mariadb", "sqlite3")}
    folder = Path(tempfile.mkdtemp(prefix="mc"))
    folder.chmod(0o755)
    found = [*psql(folder / "p"), *mariadb(folder / "m"), *sqlite3()]
    with gzip.GzipFile(
        sys.argv[1] if sys.argv[1:] else Path(__file__).with_name("clients.jsonl.gz"), "w", mtime=0
    ) as file:
        for name, options, output in found:
            line = {"name": name, "options": options, "client": versions[name.split()[0]]}
            file.write(json.dumps({**line, "output": base64.b64encode(output).decode()}).encode() + b"\n")


if __name__ == "__main__":
    main()
