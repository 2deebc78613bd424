package jumphost.command_test

import data.jumphost.command

import rego.v1

_changing := {
	"encoder": _doing([["base64", "/srv/a"]], {}),
	"by a path": _doing([["/opt/bin/xxd", "/srv/a"]], {}),
	"behind a pipe": _doing([["cat", "/srv/a"], ["rev"]], {}),
	"compressor": _doing([["gzip", "-c", "/srv/a"]], {"flags": {"-c": [""]}}),
	"unknown flags": _doing([["gzip", "-d", "/srv/a"]], {"matched": false, "flags": {"-d": [""]}}),
	"dump in a format": _doing([["od", "-t", "x1", "/srv/a"]], {"flags": {"-t": ["x1"]}}),
	"language": _doing([["python3", "-c", "print(1)"]], {}),
	"cut by characters": _doing([["cut", "-c1-4"]], {"flags": {"-c": ["1-4"]}}),
	"cut at dashes": _doing([["cut", "-d-", "-f1"]], {"flags": {"-d": ["-"], "-f": ["1"]}}),
	"fields joined anew": _doing([["cut", "-f1,2"]], {"flags": {"-f": ["1,2"], "--output-delimiter": ["x"]}}),
	"only what matches": _doing([["grep", "-o", "."]], {"flags": {"-o": [""]}}),
	"edited": _doing([["sed", "s/4/5/"]], {"operands": ["s/4/5/"]}),
	"edited, by a flag": _doing([["sed", "-e", "1p", "-e", "y/1/2/"]], {"flags": {"-e": ["1p", "y/1/2/"]}}),
	"edited, unknown": _doing([["sed", "1p"]], {"matched": false, "operands": ["1p"]}),
	"computed": _doing([["awk", "{print substr($0, 2)}"]], {"operands": ["{print substr($0, 2)}"]}),
	"cut at ones": _doing([["awk", "-F1", "{print $1}"]], {"flags": {"-F": ["1"]}, "operands": ["{print $1}"]}),
	"set": _doing([["awk", "-vOFS=x", "{$1=$1}1"]], {"flags": {"-v": ["OFS=x"]}, "operands": ["{$1=$1}1"]}),
	"encoded in JSON": _doing([["jq", ".a|@base64"]], {"operands": [".a|@base64"]}),
	"cipher": _doing([["openssl", "enc", "-aes-256-cbc"]], {}),
	"cipher of no name": _doing([["openssl"]], {}),
	"SQL": object.union(_doing([["psql"]], {}), {"sql": [{"statements": [{"functions": ["count", "REVERSE"]}]}]}),
}

_plain := {
	"reads": _doing([["head", "/srv/a"], ["grep", "-n", "x"]], {"flags": {"-n": [""]}}),
	"decompressed": _doing([["gzip", "-dc", "/srv/a"]], {"flags": {"-c": [""], "-d": [""]}}),
	"decoded": _doing([["base64", "-d", "/srv/a"]], {"flags": {"-d": [""]}}),
	"version": _doing([["python3", "--version"]], {}),
	"fields": _doing([["cut", "-d:", "-f1"]], {"flags": {"-d": [":"], "-f": ["1"]}}),
	"fields at tabs": _doing([["cut", "-f1"]], {"flags": {"-f": ["1"]}}),
	"lines": _doing([["sed", "-n", "1,20p"]], {"flags": {"-n": [""]}, "operands": ["1,20p", "/srv/a"]}),
	"lines by flags": _doing([["sed", "-e", "2d", "-e", "/^a+$/!p"]], {"flags": {"-e": ["2d", "/^a+$/!p"]}}),
	"printed": _doing([["awk", "-F:", "{print $1}"]], {"flags": {"-F": [":"]}, "operands": ["{print $1}"]}),
	"selected": _doing([["jq", ".items[0].name"]], {"operands": [".items[0].name"]}),
	"certificate": _doing([["openssl", "x509", "-noout"]], {}),
	"SQL": object.union(_doing([["psql"]], {}), {"sql": [{"statements": [{"functions": ["count"]}]}]}),
	"nothing": {},
}

test_what_changes_the_form_is_named if {
	found := {name | some name, facts in _changing; command.transforms(facts)}
	found == object.keys(_changing)
}

test_what_lets_it_be_is_not if {
	found := {name | some name, facts in _plain; command.transforms(facts)}
	count(found) == 0
}
