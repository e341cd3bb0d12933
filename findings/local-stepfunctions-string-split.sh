#!/usr/bin/env bash
# aws-local-stepfunctions 3.0.0 (npm): States.StringSplit takes its separator as one text, and not as a set of characters.
#
# Expected: States.StringSplit('This.is+a,test=string', '.+,=') splits at each of the four characters: ["This","is","a","test","string"]
#           (Step Functions Developer Guide, "Intrinsic functions", the example with multiple delimiting characters).
# Behavior: it looks for the whole text ".+,=", which is not there, and returns the string in one piece.
# Output seen: ["This.is+a,test=string"]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts aws-local-stepfunctions@3.0.0 >/dev/null

cat >try.mjs <<'JS'
// Node.js 20 lacks what the package uses.
Promise.withResolvers ??= () => {
  let settle;
  const promise = new Promise((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
};
const { StateMachine } = await import('aws-local-stepfunctions');
const split = { 'parts.$': "States.StringSplit('This.is+a,test=string', '.+,=')" };
const machine = new StateMachine({ StartAt: 'Split', States: { Split: { Type: 'Pass', Parameters: split, End: true } } });
const parts = JSON.stringify((await machine.run({}).result).parts);
console.log(parts);
process.exit(parts === '["This.is+a,test=string"]' ? 0 : 1);
JS
node try.mjs
