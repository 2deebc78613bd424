# The files and hosts of a command.
package jumphost.command

import rego.v1

# METADATA
# title: files_within(command, places)
# description: >-
#   Every file that it reads, writes or deletes is known, and is one of these places or below one of them ("/srv/app" is
#   not "/srv/application").
files_within(command, places) if {
	command.files.unknown == false
	every paths in [command.files.read, command.files.write, command.files.delete] {
		every path in paths { path_within(path, places) }
	}
}

# METADATA
# title: path_within(path, places)
# scope: document
# description: the path is one of these places, or below one of them
path_within(path, places) if path in places

path_within(path, places) if {
	some place in places
	startswith(path, concat("", [place, "/"]))
}

# METADATA
# title: hosts_within(command, hosts)
# description: >-
#   Every host that it names, in words or in URLs, is one of these; "*.internal" is every name below internal. A command
#   that names none is within any.
hosts_within(command, hosts) if {
	every part in command.commands {
		every host in part.profile.hosts { host_within(host, hosts) }
	}
	every request in command.http {
		request.url_k == "literal"
		host_within(request.host, hosts)
	}
}

# METADATA
# title: host_within(host, hosts)
# scope: document
# description: the host is one of these, in any case of letters; "*.internal" is every name below internal
host_within(host, hosts) if lower(host) in hosts

host_within(host, hosts) if {
	some pattern in hosts
	startswith(pattern, "*.")
	suffix := substring(pattern, 1, -1)
	endswith(lower(host), suffix)
	count(host) > count(suffix)
}

# METADATA
# title: names_a_host(part)
# description: one of input.command.commands says itself where it connects to
names_a_host(part) if count(part.profile.hosts) > 0

# METADATA
# title: http_reads(request)
# description: one of input.command.http is a GET or HEAD of a URL that is known, sends no body and writes no file
http_reads(request) if {
	request.method in {"GET", "HEAD"}
	request.url_k == "literal"
	request.scheme in {"http", "https"}
	request.body == "none"
	request.output in {"stdout", "/dev/null"}
	request.proxy == ""
}
