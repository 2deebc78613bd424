# What hides values from a mask: programs that change the form of what passes through them.
package jumphost.command

import future.keywords.not
import rego.v1

# METADATA
# title: transforms(command)
# scope: document
# description: >-
#   A program in it changes the form of what it reads, so that no mask knows the values again: encodes, compresses,
#   encrypts, cuts within words, rewrites, or is a language. Where masks are in force main denies it (mask.defeated),
#   unless the mask names transform among what may go unseen.
transforms(command) if {
	some part in command.commands
	_changes(part)
}

transforms(command) if {
	some found in command.sql
	some statement in found.statements
	some name in statement.functions
	lower(name) in {
		"convert_to", "decode", "encode", "encrypt", "left", "md5", "overlay", "pgp_sym_encrypt", "regexp_replace",
		"regexp_split_to_array", "regexp_split_to_table", "replace", "reverse", "right", "split_part", "string_to_array",
		"string_to_table", "substr", "substring", "to_base64", "to_hex", "translate", "compress", "hex", "aes_encrypt",
		"mid", "quote", "lpad", "rpad", "ascii", "ord", "unicode", "format", "insert", "bin", "conv", "rot13",
	}
}

# Compressors, encoders, ciphers, dumps; what gives the text back does no harm.
_changes(part) if {
	program(part, {"bzip2", "gzip", "lbzip2", "lz4", "lzip", "lzma", "lzop", "pbzip2", "pigz", "pzstd", "xz", "zstd"})
	not _with(part, {"-d", "-l", "-t"})
}

_changes(part) if {
	program(part, {"base32", "base64", "basenc"})
	not _with(part, {"-d"})
}

_changes(part) if {
	program(part, {
		"7z", "7za", "7zr", "age", "brotli", "ccrypt", "compress", "gpg", "gpg2", "hd", "hexdump", "mcrypt", "od", "rage",
		"uuencode", "xxd", "zip",
	})
}

# What cuts words in pieces or rewrites them, and what runs a program of the caller's own.
_changes(part) if {
	program(part, {
		"col", "csplit", "dc", "dd", "ed", "ex", "expand", "fmt", "fold", "iconv", "m4", "numfmt", "pr", "ptx", "recode",
		"rev", "rot13", "split", "tr", "uconv", "unexpand", "vi", "view", "vim",
	})
}

_changes(part) if {
	program(part, {
		"bc", "bun", "deno", "lua", "node", "nodejs", "perl", "php", "python", "python2", "python3", "ruby", "tclsh",
	})
	not _tells_its_version(part)
}

_changes(part) if {
	program(part, {"cut"})
	not _cuts_fields(part)
}

_changes(part) if {
	program(part, {"grep", "egrep", "fgrep", "zgrep", "rg", "pcregrep", "pcre2grep"})
	not _whole_lines(part)
}

_changes(part) if {
	program(part, {"sed", "gsed"})
	not _prints_lines(part)
}

_changes(part) if {
	program(part, {"awk", "gawk", "mawk", "nawk", "original-awk"})
	not _prints_fields(part)
}

_changes(part) if {
	program(part, {"jq", "gojq", "yq"})
	not _selects(part)
}

_changes(part) if {
	program(part, {"openssl"})
	not part.argv[1].v in {
		"asn1parse", "ciphers", "crl", "help", "list", "ocsp", "req", "s_client", "verify", "version", "x509",
	}
}

# Each of these needs what a profile knows of the flags, and holds for nothing without it.

_with(part, flags) if {
	part.profile.matched == true
	some flag in object.keys(part.profile.flags)
	flag in flags
}

_tells_its_version(part) if {
	count(part.argv) == 2
	part.argv[1].v in {"--version", "-V", "-v"}
}

_cuts_fields(part) if {
	part.profile.matched == true
	count(part.profile.flags["-f"]) > 0
	every delimiter in object.get(part.profile.flags, "-d", ["\t"]) { delimiter in {"\t", ":", ",", ";", "|"} }
	count({"-b", "-c", "--output-delimiter"} & object.keys(part.profile.flags)) == 0
}

_whole_lines(part) if {
	part.profile.matched == true
	count({"-o", "--only-matching"} & object.keys(part.profile.flags)) == 0
}

_prints_lines(part) if {
	part.profile.matched == true
	every script in _scripts(part) {
		regex.match(`^([0-9$]+|/[^/\\;]*/)?(,([0-9$]+|/[^/\\;]*/))?!?[dpq]$`, script)
	}
}

# Looked up in the body, as everywhere: in a head it could lose the other rule's answer in the embedded engine.
_scripts(part) := scripts if {
	# regal ignore:unconditional-assignment
	scripts := part.profile.flags["-e"]
}

_scripts(part) := [script] if {
	not part.profile.flags["-e"]
	script := part.profile.operands[0]
}

_prints_fields(part) if {
	part.profile.matched == true
	every separator in object.get(part.profile.flags, "-F", [":"]) { separator in {"\t", ":", ",", ";", "|"} }
	not regex.match(
		`(substr|split|sub|sprintf|printf|toupper|tolower|getline|FS|RS|FIELDWIDTHS|FPAT)`,
		part.profile.operands[0],
	)
	not part.profile.flags["-v"]
}

_selects(part) if {
	part.profile.matched == true
	not regex.match(
		`@|explode|implode|split|sub\(|trimstr|reverse|\[[^\]]*:|tostream|tojson|test|match|capture|scan|ascii|utf8|combinations`,
		concat(" ", part.profile.operands),
	)
}
