#!/usr/bin/env bash
# ssh-config 5.3.0 (npm), with the system's OpenSSH: a comma in a Host line separates patterns for one of them only.
#
# Expected: the patterns of a Host line are separated by whitespace (ssh_config(5)); only Match lines and from="..." have pattern lists with
#           commas (PATTERNS in the same page). So "Host web,db" is one pattern, which the host "web" does not match.
# Behavior: ssh uses nothing of the block for "web"; the package computes its User.
# Output seen: ssh: (none), ssh-config: deploy
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts ssh-config@5.3.0 >/dev/null
printf 'Host web,db\n  User deploy\n' >config

theirs=$(ssh -G -F config web | sed -n 's/^user deploy$/deploy/p')
package=$(node -p 'require("ssh-config").parse(require("node:fs").readFileSync("config", "utf8")).compute("web").User')
echo "ssh: ${theirs:-(none)}, ssh-config: $package"
[ -z "$theirs" ] && [ "$package" = deploy ]
