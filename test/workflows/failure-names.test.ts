import { useDeployments } from '@recode/embedded-aws/testing/step-functions';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../core/errors.ts';
import { resources } from '../infra/stack.ts';
import { type Machine, type State, statesOf } from '../infra/states.ts';

const { deploy, embedded } = useDeployments();
const machines = resources('AWS::StepFunctions::StateMachine').map(({ StateMachineName, DefinitionString }) => ({
  name: String(StateMachineName),
  machine: JSON.parse(String(DefinitionString)) as Machine & { StartAt: string },
}));

/** The machine without what is retried; where its tasks never end, they may take a second. */
const impatient = (machine: object, failure: string) =>
  JSON.parse(JSON.stringify(machine), (key, value) => {
    if (key === 'Retry') return [];
    return key === 'TimeoutSeconds' && value === 40 && failure === 'States.Timeout' ? 1 : value;
  }) as object;

const failures = {
  'States.Timeout': 'export const handler = () => new Promise((resolve) => { setTimeout(resolve, 60_000); });',
  'States.DataLimitExceeded': "export const handler = async () => 'x'.repeat(300_000);",
  'States.Permissions': "export const handler = async () => { throw Object.assign(new Error('no'), { name: 'States.Permissions' }); };",
  NoCapacity: "export const handler = async () => { throw Object.assign(new Error('no'), { name: 'NoCapacity' }); };",
};

describe.each(machines)('an execution of $name', ({ machine }) => {
  const names = statesOf(machine)
    .filter(([, { Type }]) => Type === 'Task')
    .map(([name]) => name);

  it('has no Fail state with a name of Step Functions', () => {
    const fails = statesOf(machine).filter(([, { Type }]) => Type === 'Fail') as [string, State & { Error?: string }][];
    expect(fails.length).toBeGreaterThan(0);
    for (const [, { Error: error }] of fails) if (error !== undefined) expect(catalog).toHaveProperty(error);
  });

  it('catches whatever a task outside of its one block ends with', () => {
    for (const [name, { Type, Catch = [] }] of Object.entries(machine.States))
      if (Type === 'Task') expect(Catch.at(-1), name).toEqual({ ErrorEquals: ['States.ALL'], Next: 'WhichFailure' });
  });

  it.each([
    ['States.Timeout', 'ExecutionTimedOut', 'A step exceeded its time limit.'],
    ['States.DataLimitExceeded', 'Unexpected', 'Step Functions ended a step with States.DataLimitExceeded.'],
    ['States.Permissions', 'Unexpected', 'Step Functions ended a step with States.Permissions.'],
    ['NoCapacity', 'NoCapacity', expect.stringContaining('"errorMessage":"no"')],
  ] as const)('whose first step ends with %s fails as %s', async (failure, error, cause) => {
    await deploy(impatient(machine, failure), {
      functions: Object.fromEntries([...new Set(names)].map((name) => [name, failures[failure]])),
    });
    expect(await embedded().run('machine', {})).toMatchObject({ status: 'FAILED', error, cause });
  });
});
