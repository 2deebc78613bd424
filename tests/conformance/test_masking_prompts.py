"""Prompts of real programs do not wait: nothing of them may be the beginning of a value, or as good as nothing."""

import pytest

from jumphost.masking.plan import open_masker

PROMPTS = [
    b"$ ", b"# ", b"> ", b"ada@host:~$ ", b"[root@db1 ~]# ", b"postgres=# ", b"shop=> ", b"postgres-# ", b"mysql> ",
    b"MariaDB [shop]> ", b"    -> ", b"sqlite> ", b"   ...> ", b"127.0.0.1:6379> ", b">>> ", b"... ", b"irb> ",
    b"Password: ", b"[sudo] password for ada: ", b"Enter passphrase for key '/home/ada/.ssh/id_ed25519': ",
    b"Are you sure you want to continue connecting (yes/no/[fingerprint])? ", b"Continue? [y/N] ",
    b"Do you want to continue? [Y/n] ", b"rm: remove regular file 'x'? ", b"--More--", b"(END)",
    b"Press any key to continue",
]  # fmt: skip
AT_MOST = 8  # bytes of the others, a word, for a tenth of a second


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_prompt_is_shown(prompt: bytes) -> None:
    masker = open_masker({"detectors": {"*": "redact"}})
    shown = masker.feed(b"last line\r\n" + prompt)
    assert len(b"last line\r\n" + prompt) - len(shown) <= AT_MOST
    assert shown + masker.idle() == b"last line\r\n" + prompt
    assert masker.idle_after is None


def test_nearly_all_are_shown_at_once() -> None:
    shown = [open_masker({"detectors": {"*": "redact"}}).feed(prompt) == prompt for prompt in PROMPTS]
    assert len(shown) == 27
    assert sum(shown) >= 23
