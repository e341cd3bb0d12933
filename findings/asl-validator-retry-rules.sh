#!/usr/bin/env bash
# asl-validator 4.0.0
#
# Expected: the States Language's rules for Retry are checked. IntervalSeconds is a positive integer, BackoffRate is at
#   least 1, JitterStrategy is FULL or NONE, ErrorEquals is not empty, and States.ALL is alone and last.
# Happens: a retrier that breaks a rule is valid. Only a deployment shows it.
# Output seen:
#   IntervalSeconds 0: valid
#   BackoffRate 0.5: valid
#   JitterStrategy HALF: valid
#   MaxDelaySeconds below IntervalSeconds: valid
#   ErrorEquals []: valid
#   States.ALL with another name: valid
#   States.ALL before another retrier: valid
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts asl-validator@4.0.0 > /dev/null

cat > check.cjs <<'JS'
const validate = require('asl-validator');

const timeout = { ErrorEquals: ['States.Timeout'] };
const all = { ErrorEquals: ['States.ALL'] };
const cases = {
  'IntervalSeconds 0': [{ ...timeout, IntervalSeconds: 0 }],
  'BackoffRate 0.5': [{ ...timeout, BackoffRate: 0.5 }],
  'JitterStrategy HALF': [{ ...timeout, JitterStrategy: 'HALF' }],
  'MaxDelaySeconds below IntervalSeconds': [{ ...timeout, IntervalSeconds: 5, MaxDelaySeconds: 2 }],
  'ErrorEquals []': [{ ErrorEquals: [] }],
  'States.ALL with another name': [{ ErrorEquals: ['States.ALL', 'States.Timeout'] }],
  'States.ALL before another retrier': [all, timeout],
};
const Resource = 'arn:aws:lambda:us-east-1:111122223333:function:f';
let changed = false;
for (const [name, Retry] of Object.entries(cases)) {
  const { isValid } = validate({ StartAt: 'A', States: { A: { Type: 'Task', Resource, Retry, End: true } } });
  console.log(`${name}: ${isValid ? 'valid' : 'refused'}`);
  changed ||= !isValid;
}
process.exit(changed ? 1 : 0);
JS
node check.cjs
