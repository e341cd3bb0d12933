#!/usr/bin/env bash
# proxy-from-env 1.1.0 (npm) and urllib of Python 3 and curl: NO_PROXY=corp.test means different hosts.
#
# Expected: NO_PROXY=corp.test covers git.corp.test, as for curl, Python (so the AWS CLI) and wget, from which people copy the variable.
# Behavior: proxy-from-env, which axios uses, takes a name without a leading dot or star for that one host. A request to git.corp.test
#           goes through the proxy, where the other programs on the machine go there directly.
# Output seen: "Python: direct", "proxy-from-env: http://proxy.corp.test:3128".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts proxy-from-env@1.1.0 >/dev/null 2>&1
export HTTPS_PROXY=http://proxy.corp.test:3128 NO_PROXY=corp.test
unset https_proxy no_proxy

python=$(python3 -c 'import urllib.request as r; print("direct" if r.proxy_bypass("git.corp.test") else r.getproxies()["https"])')
node=$(node -p 'require("proxy-from-env").getProxyForUrl("https://git.corp.test/") || "direct"')
printf 'Python: %s\nproxy-from-env: %s\n' "$python" "$node"
[[ $python == direct && $node == http://proxy.corp.test:3128 ]]
