#!/usr/bin/env bash
# aws-local-stepfunctions 3.0.0 (npm): a caught Lambda error has another Cause than on AWS.
#
# Expected: a Catch puts {"Error", "Cause"} into the document, and for a Lambda the Cause is a JSON string with errorType, errorMessage
#           and trace, as AWS documents it. So States.StringToJson($.Cause) gives the message.
# Behavior: the Cause is the error's message alone. A machine that reads the JSON works on AWS and fails here, and the other way round.
# Output seen: {"Error":"QuotaReached","Cause":"no more than 5 VPCs"}
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
class QuotaReached extends Error {
  name = 'QuotaReached';
}
const machine = new StateMachine({
  StartAt: 'Create',
  States: {
    Create: {
      Type: 'Task',
      Resource: 'arn:aws:lambda:us-east-1:123456789012:function:create',
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Show' }],
      End: true,
    },
    Show: { Type: 'Succeed' },
  },
});
const fail = () => {
  throw new QuotaReached('no more than 5 VPCs');
};
const caught = JSON.stringify(await machine.run({}, { overrides: { taskResourceLocalHandlers: { Create: fail } } }).result);
console.log(caught);
process.exit(caught === '{"Error":"QuotaReached","Cause":"no more than 5 VPCs"}' ? 0 : 1);
JS
node try.mjs
