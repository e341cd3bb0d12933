#!/usr/bin/env bash
# asl-validator 4.0.0 (npm): a state machine whose state is called Default or Next is refused.
#
# Expected: a state may have any name of up to 80 characters. "Default" and "Next" are fields of states, not reserved names, and
#           the JSON schema that the package ships accepts them.
# Behavior: the check of transitions takes every field called StartAt, Next or Default in the document for a transition, also the
#           one in States that declares the state. It reports that the target "[object Object]" is missing.
# Output seen: {"Otherwise":true,"Default":["MISSING_TRANSITION_TARGET"],"Next":["MISSING_TRANSITION_TARGET"]}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts asl-validator@4.0.0 >/dev/null

cat >try.cjs <<'JS'
const validate = require('asl-validator');
const machine = (name) => ({
  StartAt: 'Choose',
  States: {
    Choose: { Type: 'Choice', Choices: [{ Variable: '$.a', IsPresent: true, Next: 'Done' }], Default: name },
    Done: { Type: 'Succeed' },
    [name]: { Type: 'Succeed' },
  },
});
const verdict = (name) => {
  const { isValid, errors } = validate(machine(name));
  return isValid || [...new Set(errors.map((error) => error['Error code']))];
};
const seen = JSON.stringify(Object.fromEntries(['Otherwise', 'Default', 'Next'].map((name) => [name, verdict(name)])));
console.log(seen);
process.exit(seen === '{"Otherwise":true,"Default":["MISSING_TRANSITION_TARGET"],"Next":["MISSING_TRANSITION_TARGET"]}' ? 0 : 1);
JS
node try.cjs
