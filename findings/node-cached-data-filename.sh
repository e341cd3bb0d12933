#!/usr/bin/env bash
# Node.js 20.20.2 (V8 11.3)
#
# Expected: the option `filename` of vm.Script is the file name in stack traces, as https://nodejs.org/api/vm.html says.
# Happens: with accepted `cachedData`, stack traces have the file name of the script that the data was made of.
# Output seen:
#   without cached data: at /second/program.js:1:22
#   with cached data, rejected: false: at /first/program.js:1:22
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > check.cjs <<'JS'
const { Script } = require('node:vm');
const { existsSync, readFileSync, writeFileSync } = require('node:fs');

const source = '(function () { throw new Error("x"); })';
const placeOf = (script) => {
  try {
    return script.runInThisContext()();
  } catch ({ stack }) {
    return stack.split('\n')[1].trim();
  }
};
if (!existsSync('data')) {
  writeFileSync('data', new Script(source, { filename: '/first/program.js' }).createCachedData());
  console.log(`without cached data: ${placeOf(new Script(source, { filename: '/second/program.js' }))}`);
} else {
  // In a process of its own, which has not compiled the source yet.
  const script = new Script(source, { filename: '/second/program.js', cachedData: readFileSync('data') });
  const place = placeOf(script);
  console.log(`with cached data, rejected: ${script.cachedDataRejected}: ${place}`);
  process.exit(place.includes('/first/') ? 0 : 1);
}
JS
node check.cjs
node check.cjs
