#!/usr/bin/env bash
# esbuild 0.28.2 with undici 7.30.2 (npm): with `splitting`, a CommonJS package that is imported late loses its named exports.
#
# Expected: `const { Agent } = await import('undici')` gives the same class bundled and unbundled, with and without `splitting`, which
#           only decides into how many files the bundle goes.
# Behavior: Node.js and a bundle in one file have Agent. With `splitting`, the package becomes a chunk with a default export alone, so
#           Agent is undefined, and the code fails only when it runs. `(await import('undici')).default.Agent` works everywhere.
# Output seen: unbundled function, one file function, splitting undefined
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts esbuild@0.28.2 undici@7.30.2 >/dev/null

cat >try.mjs <<'JS'
const { Agent } = await import('undici');
console.log(typeof Agent);
JS
common=(try.mjs --bundle --platform=node --format=esm --log-level=error --out-extension:.js=.mjs)
require="import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
npx esbuild "${common[@]}" "--banner:js=$require" --outdir=one
npx esbuild "${common[@]}" "--banner:js=$require" --outdir=split --splitting

seen="unbundled $(node try.mjs), one file $(node one/try.mjs), splitting $(node split/try.mjs)"
echo "$seen"
[ "$seen" = 'unbundled function, one file function, splitting undefined' ]
