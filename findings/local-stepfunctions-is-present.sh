#!/usr/bin/env bash
# aws-local-stepfunctions 3.0.0 (npm): a Choice rule with IsPresent: false never matches.
#
# Expected: {"Variable": "$.a", "IsPresent": false} matches if the document has no "a". The Amazon States Language compares whether
#           the path is there with the given value, as every test operator with a boolean does.
# Behavior: the rule does not match, whether the field is there or not: the machine takes its Default. IsPresent: true and
#           Not around it work.
# Output seen: {"IsPresent true, there":"Matched","IsPresent true, absent":"Otherwise","IsPresent false, there":"Otherwise",
#              "IsPresent false, absent":"Otherwise","Not IsPresent true, absent":"Matched"}
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
async function taken(rule, input) {
  const machine = new StateMachine({
    StartAt: 'Choose',
    States: {
      Choose: { Type: 'Choice', Choices: [{ ...rule, Next: 'Matched' }], Default: 'Otherwise' },
      Matched: { Type: 'Pass', Result: 'Matched', End: true },
      Otherwise: { Type: 'Pass', Result: 'Otherwise', End: true },
    },
  });
  return machine.run(input).result;
}
const present = { Variable: '$.a', IsPresent: true };
const absent = { Variable: '$.a', IsPresent: false };
const seen = {
  'IsPresent true, there': await taken(present, { a: 1 }),
  'IsPresent true, absent': await taken(present, {}),
  'IsPresent false, there': await taken(absent, { a: 1 }),
  'IsPresent false, absent': await taken(absent, {}),
  'Not IsPresent true, absent': await taken({ Not: present }, {}),
};
console.log(JSON.stringify(seen));
process.exit(Object.values(seen).join(' ') === 'Matched Otherwise Otherwise Otherwise Matched' ? 0 : 1);
JS
node try.mjs
