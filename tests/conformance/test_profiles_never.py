"""What no shipped profile may come to know: flags that run programs, read lists and options from files, change who asks
or write where they are told; and words that are nearly known.
"""

from collections.abc import Iterator

import pytest

from jumphost.command.facts import analyse
from jumphost.command.profiled.grammar import Grammars
from jumphost.command.profiled.profile import Form
from jumphost.model.request import Profile
from jumphost.policy import profiles
from jumphost.testing.corpora import dangerous

SHIPPED = profiles.shipped()
GRAMMARS = Grammars(SHIPPED)

NEVER = {
    "git": "-c --config-env --exec-path --git-dir --work-tree --upload-pack --receive-pack --ext-diff --textconv"
    " --no-index --output -O --show-signature --contents --exclude-from --pathspec-from-file --open-files-in-pager",
    "curl": "-K --config -T --upload-file -F --form -O --remote-name -J -D --dump-header -c --cookie-jar -b --cookie -u"
    " --user -n --netrc-file -E --cert --key -x --proxy --preproxy --socks5 --resolve --connect-to --unix-socket"
    " --abstract-unix-socket --trace --trace-ascii --stderr --libcurl --engine --etag-save --hsts --alt-svc --doh-url"
    " --interface -: --next -Q --quote --output-dir --proxy-header --location-trusted --oauth2-bearer",
    "wget": "-e --execute -i --input-file -o --output-file -a -P --config --use-askpass --post-file --body-file"
    " --load-cookies --save-cookies --warc-file --rejected-log --hsts-file -r -m -b --user --password --certificate",
    "psql": "-f --file -o --output -L --log-file -v --set --variable -W",
    "pg_dump": "-j --role -W",
    "pg_restore": "-f --file -L --use-list",
    "mysql": "--defaults-file --defaults-extra-file --init-command --pager --tee --plugin-dir --local-infile -p",
    "mysqldump": "--defaults-file -T --tab -r --result-file -w --where --log-error --plugin-dir -p",
    "sqlite3": "-cmd -vfs -nonce -A -interactive -append -zip",
    "redis-cli": "-x -X -a -u --user --pass --eval --pipe --rdb --functions-rdb --cluster --ldb",
    "kubectl": "--kubeconfig --context --cluster --user -s --server --as --as-group --as-uid --token --username"
    " --password --client-key --raw -k --kustomize --template --patch-file --cache-dir --profile-output -v"
    " --output-directory --prune",
    "helm": "--kubeconfig --kube-context --kube-as-user --kube-token --kube-apiserver --post-renderer --set-file"
    " --repo --output-dir --debug --registry-config --username --password --key-file",
    "docker": "-H --host -c --context --config --tlskey --checkpoint-dir -i --interactive --privileged",
    "podman": "--url --connection --identity --root --runroot --runtime --hooks-dir --cidfile --creds --authfile -i",
    "crictl": "-r --runtime-endpoint -c --config -i --image-endpoint --template --profile-cpu --profile-mem -D",
    "docker-compose": "-H --host -c --context --env-file --project-directory --build --tlskey",
    "aws": "--profile --endpoint-url --no-verify-ssl --debug --cli-input-json --cli-input-yaml --no-sign-request"
    " --ca-bundle --user-data --policy-document",
    "terraform": "-var-file -plugin-dir -from-module -backend-config -state -state-out -generate-config-out",
    "apt": "-o -c --option --config-file -t --allow-unauthenticated",
    "apt-get": "-o -c --option --config-file -t --allow-unauthenticated --build-profiles",
    "apt-cache": "-o -c -p -s",
    "dpkg": "-i -r -P -x --pre-invoke --post-invoke --status-logger --log --admindir --root --instdir",
    "rpm": "-e -U -F --eval -E --define -D --pipe --root --dbpath --rcfile --macros --load -p -V",
    "pip": "-r -e -c -i -f -t --requirement --editable --index-url --extra-index-url --python --log --proxy --target"
    " --report --global-option --config-settings --cert --cache-dir --trusted-host",
    "npm": "--prefix --registry --userconfig --globalconfig --script-shell --node-options --git --call",
    "openssl": "-engine -provider -provider-path -config -passin -passout -out -rand -writerand -extfile -signkey"
    " -CAkey -keyout -sign -hmac",
    "ssh-keygen": "-D -w -y -p -A -R -s -Y -e -i -K",
    "gpg": "--homedir --options --photo-viewer --list-options --log-file -o --output --decrypt --export-secret-keys"
    " --keyserver --import --exec-path --agent-program --pinentry-program",
    "rsync": "-e --rsh --rsync-path -M --remote-option --files-from --exclude-from --include-from -f --filter -F -C"
    " --log-file --backup-dir -T --temp-dir --link-dest --compare-dest --write-batch --read-batch --daemon --server"
    " --sender --copy-as --password-file --config --write-devices",
    "nginx": "-c -g -p -e",
    "php": "-r -d -c -z -f -B -R -F -E -S -a -i",
    "python3": "-c -m -i -X -W",
    "node": "-e -p -r -c -i --eval --require --import --env-file",
    "java": "-jar -cp -classpath -agentlib -agentpath -javaagent",
    "iptables": "-A -D -I -R -F -Z -N -X -P -E -M --modprobe",
    "nft": "-f --file -i --interactive -I --includepath -D --define",
}

ELSEWHERE = {
    "git": {"-c", "--git-dir"},  # ls-files --cached, switch --create, shortlog --committer; rev-parse --git-dir prints
    "pip": {"-e", "--editable", "-f"},  # list --editable, show --files
    "podman": {"-i"},  # stop --ignore
    "crictl": {"-r"},  # ps --resolve-image-path
}
"""What is another thing behind some verb."""

READING = {"fs_read", "db_read", "net_read", "system_read", "cluster_read", "cloud_read"}


def names(form: Form) -> Iterator[str]:
    """Of all flags of a form and of its verbs."""
    for flag in form.flags:
        yield from flag.names
    for below in form.verbs.values():
        yield from names(below)


def matched(line: str, program: str) -> bool:
    return any(
        one.profile.matched for one in analyse(line.encode(), profiles=GRAMMARS).commands if one.program == program
    )


def reads(profile: Profile) -> bool:
    """Whether it matched and only reads."""
    return profile.matched and READING.issuperset(profile.effects)


@pytest.mark.parametrize("program", sorted(NEVER))
def test_no_form_knows_it(program: str) -> None:
    known = {name for form in SHIPPED[program].forms for name in names(form)}
    assert known & set(NEVER[program].split()) == ELSEWHERE.get(program, set())


@pytest.mark.parametrize("program", sorted(SHIPPED))
def test_no_long_flag_is_known_by_its_beginning(program: str) -> None:
    known = {name for form in SHIPPED[program].forms for name in names(form)}
    for example in SHIPPED[program].allow:
        words = example.run.split(" ")
        for at, word in enumerate(words):
            name, equals, value = word.partition("=")
            if not name.startswith("--") or name not in known:
                continue
            for end in range(3, len(name)):
                if name[:end] not in known:
                    line = " ".join([*words[:at], name[:end] + equals + value, *words[at + 1 :]])
                    assert not matched(line, program), line


def test_what_reading_must_not_allow_is_told_apart_by_more_than_effects() -> None:
    """Dangerous calls of these programs with effects of reading name a host, a file, a variable or a redirection."""
    passed = 0
    for one in dangerous():
        found = analyse(one.raw, profiles=GRAMMARS)
        if found.commands and all(call.program in NEVER and reads(call.profile) for call in found.commands):
            hosts = any(call.profile.hosts for call in found.commands)
            files = found.files
            assert hosts or found.facts.env_danger or files.read or files.write or files.unknown, one.run
            passed += 1
    assert passed
