import { join } from 'node:path';
import { readStack } from '@recode/embedded-aws/stack';
import aslValidator from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { resources } from '../infra/stack.ts';
import { faultsOf, findingsOf, tolerated } from './findings.ts';

const directory = join(import.meta.dirname, '../../dist/stack');
const template = join(directory, 'cloudformation-template-update-stack.json');
const stack = readStack(directory, { accountId: '000000000000', region: 'eu-west-3' });

describe('the packaged template', () => {
  it("has nothing that AWS's validator has something against, but for what we live with", () => {
    expect(faultsOf(template)).toEqual([]);
  });

  it('has every warning that we live with', () => {
    expect([...new Set(findingsOf(template).map(({ rule }) => rule))].sort()).toEqual(Object.keys(tolerated).sort());
  });
});

describe('the packaged state machines', () => {
  const packaged = resources('AWS::StepFunctions::StateMachine').map(({ StateMachineName, DefinitionString, DefinitionSubstitutions }) => ({
    name: String(StateMachineName),
    placeholders: [...String(DefinitionString).matchAll(/\$\{(.*?)\}/g)].map(([, placeholder]) => placeholder),
    substitutions: Object.keys(DefinitionSubstitutions ?? {}),
  }));

  it.each(stack.stateMachines)('are valid Amazon States Language: $name', ({ definition }) => {
    const { isValid, errorsText } = aslValidator(JSON.parse(definition), { checkPaths: true, checkArn: true });
    expect(isValid, errorsText()).toBe(true);
    expect(definition).not.toContain('${');
  });

  it.each(packaged)('have something for every placeholder, and a placeholder for it: $name', ({ placeholders, substitutions }) => {
    expect(placeholders.length).toBeGreaterThan(0);
    expect([...new Set(placeholders)].sort()).toEqual([...substitutions].sort());
  });

  it('invoke functions of the stack only', () => {
    const arns = stack.functions.map(({ arn }) => arn);
    for (const { definition } of stack.stateMachines) {
      const invoked = definition.match(/arn:aws:lambda:[^"]+/g) ?? [];
      expect(invoked.length).toBeGreaterThan(0);
      expect(arns).toEqual(expect.arrayContaining(invoked));
    }
  });
});

describe('the logs', () => {
  const groups = resources('AWS::Logs::LogGroup');

  it('of each function go into a group of the stack', () => {
    const names = groups.map(({ LogGroupName }) => LogGroupName);
    expect(stack.functions.length).toBeGreaterThan(0);
    for (const { name } of stack.functions) expect(names).toContain(`/aws/lambda/${name}`);
  });

  it('are not kept for ever', () => {
    for (const { id, RetentionInDays } of groups) expect(RetentionInDays, id).toBe(30);
  });
});
