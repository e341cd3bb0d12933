#!/usr/bin/env bash
# @aws/cloudformation-validate 1.9.0-beta (npm): it reads state machines, but not where their states lead.
#
# Expected: AWS's own validator checks StartAt and the type of each state in a DefinitionString, so it checks Next as well, and that
#           a state has either Next or End. It also checks a schedule's expression and time zone, which are a fixed syntax.
# Behavior: E3601 for a wrong StartAt or Type; no error for a Next that leads nowhere, for a state without Next and End, or for a
#           schedule that says "every day" in the time zone Mars/Olympus.
# Output seen: StartAt: E3601, Type: E3601, Next: none, End: none, schedule: none
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @aws/cloudformation-validate@1.9.0-beta >/dev/null

cat >try.mjs <<'JS'
import { writeFileSync } from 'node:fs';
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';

const role = 'arn:aws:iam::123456789012:role/example';
const machine = (definition) => ({
  Type: 'AWS::StepFunctions::StateMachine',
  Properties: { RoleArn: role, DefinitionString: JSON.stringify(definition) },
});
const schedule = {
  Type: 'AWS::Scheduler::Schedule',
  Properties: {
    FlexibleTimeWindow: { Mode: 'OFF' },
    ScheduleExpression: 'every day',
    ScheduleExpressionTimezone: 'Mars/Olympus',
    Target: { Arn: 'arn:aws:lambda:us-east-1:123456789012:function:example', RoleArn: role },
  },
};
const end = { B: { Type: 'Succeed' } };
const cases = {
  StartAt: machine({ StartAt: 'X', States: { A: { Type: 'Pass', Next: 'B' }, ...end } }),
  Type: machine({ StartAt: 'A', States: { A: { Type: 'Psas', Next: 'B' }, ...end } }),
  Next: machine({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'X' }, ...end } }),
  End: machine({ StartAt: 'A', States: { A: { Type: 'Pass' } } }),
  schedule,
};
const engine = new RegoEngine();
const seen = Object.entries(cases).map(([name, resource]) => {
  writeFileSync('template.json', JSON.stringify({ AWSTemplateFormatVersion: '2010-09-09', Resources: { Resource: resource } }));
  const { diagnostics } = engine.validateStandard(new TemplateFile('template.json'));
  const errors = diagnostics.filter(({ severity }) => /error/i.test(severity)).map(({ ruleId }) => ruleId);
  return `${name}: ${[...new Set(errors)].join(' ') || 'none'}`;
});
console.log(seen.join(', '));
process.exit(seen.join(', ') === 'StartAt: E3601, Type: E3601, Next: none, End: none, schedule: none' ? 0 : 1);
JS
node try.mjs
