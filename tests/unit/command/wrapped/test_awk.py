"""Which awk programs are plain."""

import pytest

from jumphost.command.wrapped.awk import MAX_DEPTH, awk_is_plain


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "{print $1}",
        "$3 > 100",
        '$3 >= 100 && $1 != "x" {print $1, $NF}',
        "NR==1,NR==5",
        "{s+=$1} END{print s/NR, (s)/NR}",
        "!seen[$0]++",
        "{a[$1]++} END{for (k in a) print k, a[k]}",
        "/re/ && !/a\\/b/ {print}",
        "$1 ~ /[0-9]+/ || $2 !~ /[[:space:]]x/",
        'BEGIN{FS=":"; OFS="\\t"} {$1=$1; print}',
        '{printf "%s|%d\\n", $1, length($2)}',
        "{if ($1 > 5) print $2; else next}",
        "{print (1 > 2) ? 3 : 4}",
        "{print length}",
        "length($0) > 80",
        '{gsub(/a/, "b"); print substr($0, index($0, "x"))}',
        "{n = split($0, parts, /,/); print n % 2, n ^ 2, -n}",
        "BEGIN {\n  x = 1\n}\n/a/ {\n  print\n}",
        "{while (i++ < 3) print $(NF - i)}",
        "{delete a[1]; exit}",
        '{print "a > b | system(getline)"}',
    ],
)
def test_plain(text: str) -> None:
    assert awk_is_plain(text)


@pytest.mark.parametrize(
    "text",
    [
        'BEGIN{system("id")}',
        'BEGIN{system ("id")}',
        'BEGIN{"id" | getline}',
        "{getline}",
        'BEGIN{while ((getline line < "/etc/shadow") > 0) print line}',
        '{print > "f"}',
        '{print(1)>"f"}',
        '{print $1 >> "f"}',
        '{print (1) >> "f"}',
        '1 >> "f"',
        '{printf "%s", $1 > "f"}',
        '{print a["x" > "f"]}',
        '{print | "id"}',
        '{print |& "id"}',
        "{x = y > 3}",
        'BEGIN{close("x")}',
        "BEGIN{print ENVIRON[1]}",
        "BEGIN{ARGV[1]=1}",
        "BEGIN{print PROCINFO[1]}",
        "BEGIN{SYMTAB[1]=1}",
        '@include "x"',
        '@load "x"',
        'BEGIN{f = "system"; @f("id")}',
        "function f(x) {}",
        "func f(x) {}",
        "{f(1)}",
        "{system}",
        "{fflush()}",
        "BEGINFILE{print}",
        "{nextfile}",
        "{print $1} # x",
        "{print \\\n $1}",
        "{print 'x'}",
        "{if (x) /re/}",
        "{while (x) /re/}",
        "{x++ / 2}",
        "{length / 2}",
        "{x /= 2}",
        "/[/]/",
        "/[]a]/",
        "/a",
        "//",
        '"a',
        '"a\n"',
        "{",
        "}",
        "(]",
        "(1\n)",
        "{print 1e5}",
        "{print 0x10}",
        "é",
        "(" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1),
    ],
)
def test_not_plain(text: str) -> None:
    assert not awk_is_plain(text)
