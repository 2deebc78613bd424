from jumphost.target.base import STDERR, STDOUT
from jumphost.target.report import Report, facts


def test_the_first_bytes_of_standard_output_are_kept() -> None:
    report = Report(5)
    for chunk, stream in ((b"abc", STDOUT), (b"x", STDERR), (b"def", STDOUT), (b"g", STDOUT)):
        report.data(chunk, stream)
    report.pause_input()
    report.resume_input()
    report.eof()
    assert report.text == "abcde"


def test_facts_are_the_lines_that_are_one() -> None:
    assert facts("a=1\nno fact\nb=x=y\nc=\n") == {"a": "1", "b": "x=y", "c": ""}
