import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { builtPackage } from '../cli/package-root.ts';
import { catalog } from '../core/errors.ts';
import { locklessWorkflows, operationOf, personalWorkflows, scheduledWorkflows } from '../core/executions.ts';
import { stateMachineName } from '../core/names.ts';
import { resources, roles, statementsOf } from './infra/stack.ts';
import { isWorking, type Machine, type State, statesOf, warmedBy } from './infra/states.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const below = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

type Arn = { 'Fn::GetAtt': [resource: string, attribute: string] };
const packagedFunctions = resources('AWS::Lambda::Function');

/** The state machines as they would be deployed, each with the kind of operation or of upkeep that it is. */
const packagedMachines = resources('AWS::StepFunctions::StateMachine').map((resource) => {
  const name = String(resource.StateMachineName);
  const role = roles.find(({ id }) => id === (resource.RoleArn as Arn)['Fn::GetAtt'][0]);
  const definition = JSON.parse(String(resource.DefinitionString)) as Machine;
  return {
    name,
    file: `${name.replace('recode-', '')}.asl.yaml`,
    kind: operationOf(`:stateMachine:${name}`),
    definition,
    tasks: statesOf(definition).filter(([, { Type }]) => Type === 'Task'),
    substitutions: resource.DefinitionSubstitutions as Record<string, Arn>,
    statements: role ? statementsOf(role) : [],
  };
});
const operations = packagedMachines.filter(({ kind }) => kind !== undefined);
const tasks = packagedMachines.flatMap((machine) => machine.tasks);
const working = tasks.filter(isWorking);

/** The names of the functions that tasks invoke. */
const namesOf = (states: readonly [string, State][]) => [...new Set(states.map(([name]) => warmedBy(name) ?? name))].sort();
const { version } = JSON.parse(read('package.json')) as { version: string };
const kebab = (name: string) => name.replace(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase();
const camel = (name: string) => name[0]?.toLowerCase() + name.slice(1);

describe('one name everywhere', () => {
  const states = namesOf(working);
  const targets = resources('AWS::Events::Rule').flatMap(({ Targets }) =>
    (Targets as { Arn: Arn }[]).map(({ Arn }) => Arn['Fn::GetAtt'][0].replace(/LambdaFunction$/, '')),
  );

  it('gives each task state the function of its name, or of the name after "Warm"', () => {
    for (const [name, { Resource }] of tasks) expect(Resource).toBe(`\${${warmedBy(name) ?? name}}`);
  });

  it.each(packagedMachines)(
    'lets $name invoke the functions of its own states, and no others',
    ({ tasks: own, substitutions, statements }) => {
      const arns = Object.fromEntries(namesOf(own).map((name) => [name, { 'Fn::GetAtt': [`${name}LambdaFunction`, 'Arn'] }]));
      expect(own.length).toBeGreaterThan(0);
      expect(substitutions).toEqual(arns);
      const [invoking, logging, ...others] = statements;
      expect(others).toEqual([]);
      expect(invoking).toEqual({ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: expect.any(Array) });
      expect(logging).toMatchObject({ Action: expect.arrayContaining(['logs:CreateLogDelivery', 'xray:PutTraceSegments']), Resource: '*' });
      const invoked = ((invoking?.Resource ?? []) as Arn[]).map(({ 'Fn::GetAtt': [id] }) => id);
      expect(invoked.sort()).toEqual(Object.values(arns).map(({ 'Fn::GetAtt': [id] }) => id));
      for (const id of invoked) expect(packagedFunctions.map((packaged) => packaged.id)).toContain(id);
    },
  );

  it('gives each state, and each target of a rule, one function and one file, and a test or several that begin with its name', () => {
    const named = [...new Set([...states, ...targets])].sort();
    const keys = Object.keys(parse(read('infra/functions.yml')) as object).sort();
    expect(keys).toEqual(named.map(camel).sort());
    expect(below('functions').sort()).toEqual(named.map((name) => `${kebab(name)}.ts`).sort());
    const tests = below('test/functions').filter((file) => file.endsWith('.test.ts'));
    expect([...new Set(tests.map((file) => file.split('.')[0]))].sort()).toEqual(named.map(kebab).sort());
  });

  it('gives each function the bundle of its name', () => {
    for (const { id, Handler, Code } of packagedFunctions) {
      const file = kebab(id.replace(/LambdaFunction$/, ''));
      expect(Handler).toBe(`${file}.handler`);
      expect(basename((Code as { S3Key: string }).S3Key)).toBe(`${file}.zip`);
    }
  });

  it('deploys the state machines under the names that the CLI starts', () => {
    expect(packagedMachines.map(({ name }) => name).sort()).toEqual(
      [...personalWorkflows, ...scheduledWorkflows].map(stateMachineName).sort(),
    );
    expect(below('statemachines').sort()).toEqual(packagedMachines.map(({ file }) => file).sort());
  });

  it.each(packagedMachines)('deploys $name as its file describes it, with the same additions to each', ({ file, definition }) => {
    const written = withWarmBranches(parse(read(`statemachines/${file}`)) as Machine & { Comment: string });
    const added = parse(read('infra/failure-states.yml')) as Machine['States'];
    expect(definition).toMatchObject({
      ...written,
      Comment: `${written.Comment} (recode ${version})`,
      States: { ...added, ...written.States },
    });
    const states = statesOf(written);
    expect(statesOf(definition)).toHaveLength(states.length + Object.keys(added).length);
    const additions = ['Resource', 'Retry', 'TimeoutSeconds'];
    for (const [name, state] of statesOf(definition)) {
      const own = states.filter(([written]) => written === name).flatMap(([, one]) => Object.keys(one));
      const more = Object.keys(state).filter((key) => !own.includes(key));
      const expected = isWorking([name, state]) ? additions.filter((key) => !own.includes(key)) : [];
      if (!(name in added)) expect(more.sort(), name).toEqual(expected);
    }
  });

  /** A machine with the branches that Warm stands for, which have no additions. */
  function withWarmBranches<Written extends Machine>(machine: Written): Written {
    const states = Object.entries(machine.States).map(([name, { Warm = [], ...state }]) => {
      const Branches = state.Branches && [...state.Branches.map(withWarmBranches), ...Warm.map(warmBranch)];
      expect(Branches !== undefined || Warm.length === 0, name).toBe(true);
      return [name, { ...state, ...(Branches && { Branches }) }];
    });
    return { ...machine, States: Object.fromEntries(states) };
  }

  const warmBranch = (task: string) => ({
    StartAt: `Warm${task}`,
    States: {
      [`Warm${task}`]: {
        Type: 'Task',
        Resource: `\${${task}}`,
        TimeoutSeconds: expect.any(Number),
        Parameters: { warmUp: true },
        Catch: [{ ErrorEquals: ['States.ALL'], Next: `Warm${task}Failed` }],
        End: true,
      },
      [`Warm${task}Failed`]: { Type: 'Succeed' },
    },
  });

  it('gives CLI and stack one version', () => {
    expect(builtPackage().version).toBe(version);
  });
});

describe.each(operations)('the workflow $name', ({ kind, definition: { States } }) => {
  const { Begin, FailOperation, Failed } = States;
  const [beginning, ...warmed] = Begin?.Branches ?? [];
  const BeginOperation = beginning?.States.BeginOperation;
  const [tryBlock, ...others] = Object.values(States).filter((state) => state.Type === 'Parallel' && state !== Begin);

  it('begins with its kind, its execution and the whole input', () => {
    expect(BeginOperation?.Parameters).toEqual({
      kind,
      'executionArn.$': '$$.Execution.Id',
      'startedAt.$': '$$.Execution.StartTime',
      'input.$': '$',
      'signed.$': '$$.Execution.Input',
    });
    expect(beginning?.StartAt).toBe('BeginOperation');
    expect(BeginOperation).toMatchObject({ Type: 'Task', End: true });
    expect(BeginOperation).not.toHaveProperty('ResultPath');
    expect(Begin?.OutputPath).toBe('$[0]');
    expect(Begin).not.toHaveProperty('ResultPath');
  });

  it('starts nothing but sandboxes beside that, and holds nothing where it fails', () => {
    expect(warmed.length).toBeGreaterThan(0);
    for (const { StartAt } of warmed) expect(warmedBy(StartAt), StartAt).toBeDefined();
    expect(Begin?.Catch?.at(-1)).toEqual({ ErrorEquals: ['States.ALL'], Next: 'WhichFailure' });
  });

  it('does all that comes after that in one block, whatever fails in it lets go of what the execution holds', () => {
    expect(others).toEqual([]);
    expect(States[Begin?.Next ?? '']).toBe(tryBlock);
    expect(tryBlock?.Branches).toHaveLength(1);
    expect(tryBlock).toMatchObject({ OutputPath: '$[0]', End: true });
    expect(tryBlock?.Catch).toEqual([{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'FailOperation' }]);
  });

  it('fails under the name of the error that it failed with', () => {
    expect(FailOperation).toMatchObject({ Type: 'Task', ResultPath: '$.failure', Next: 'Failed' });
    expect(Failed).toEqual({ Type: 'Fail', ErrorPath: '$.failure.Error', CausePath: '$.failure.Cause' });
  });
});

describe('the upkeep', () => {
  const lockless = locklessWorkflows.map(stateMachineName);
  const upkeep = packagedMachines.filter(({ name, kind }) => kind === undefined && !lockless.includes(name));

  it('goes on where something of one item fails, and fails in the end under its name', () => {
    expect(upkeep.map(({ name }) => name).sort()).toEqual(scheduledWorkflows.map(stateMachineName).sort());
    const overItems = upkeep.filter(({ definition }) => statesOf(definition).some(([, { Type }]) => Type === 'Map'));
    expect(overItems.map(({ name }) => name)).toEqual([stateMachineName('auto-stop')]);
    for (const { definition } of overItems) {
      const inside = statesOf(definition).flatMap(([, { ItemProcessor }]) => (ItemProcessor ? statesOf(ItemProcessor) : []));
      const itemTasks = inside.filter(([, { Type }]) => Type === 'Task');
      expect(itemTasks.length).toBeGreaterThan(0);
      for (const [, { Catch }] of itemTasks) expect(Catch).toEqual([{ ErrorEquals: ['States.ALL'], Next: expect.any(String) }]);
      expect(definition.States.Failed).toEqual({ Type: 'Fail', ErrorPath: '$.due.failure.Error', CausePath: '$.due.failure.Cause' });
    }
  });
});

describe('the tasks', () => {
  it('shows a sentence for each state that a person may wait for', () => {
    for (const [name, { Comment }] of working) expect(Comment, name).toMatch(/^[A-Z][^.]+$/);
    // Nobody waits for these.
    for (const [name, { Comment }] of tasks.filter((task) => !isWorking(task))) expect(Comment, name).toBeUndefined();
  });

  it('catches exactly the errors whose reaction is another way', () => {
    const caught = tasks.flatMap(([, { Catch = [] }]) => Catch.flatMap(({ ErrorEquals }) => ErrorEquals));
    const ours = Object.entries(catalog).filter(([, { reaction }]) => reaction === 'caught');
    expect([...new Set(caught)].filter((name) => name !== 'States.ALL').sort()).toEqual(ours.map(([name]) => name).sort());
  });
});

describe('what the CLI writes', () => {
  const files = (readdirSync(join(root, 'cli'), { recursive: true }) as string[]).filter((file) => file.endsWith('.ts'));
  const naming = (pattern: RegExp) => files.filter((file) => pattern.test(read(join('cli', file)))).sort();

  it('goes through the streams of cli/output.ts, which show control characters instead of obeying them', () => {
    expect(naming(/process\.(stdout|stderr)|\bconsole\.(log|error|warn|info|table)/)).toEqual(['main.ts']);
  });

  it('reaches a terminal past them only where something is drawn or asked', () => {
    expect(naming(/\bdestination\b/)).toEqual(['execution/follow-view/terminal.ts', 'output.ts', 'prompt.ts']);
  });
});

describe('the manifests', () => {
  interface Manifest {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  }
  const [ours, embedded] = ['package.json', 'local/package.json'].map((path) => JSON.parse(read(path)) as Manifest) as [Manifest, Manifest];
  const packagesOf = ({ dependencies, devDependencies }: Manifest) => ({ ...dependencies, ...devDependencies });

  it('give a package one version', () => {
    for (const [name, wanted] of Object.entries(packagesOf(embedded))) expect([undefined, wanted], name).toContain(packagesOf(ours)[name]);
  });

  it('have what is not bundled both in what is published and in the embedded AWS', () => {
    expect(embedded.dependencies).toMatchObject(ours.dependencies);
  });

  it('of the embedded AWS have exactly what its files import', () => {
    expect(Object.keys(embedded.dependencies).sort()).toEqual(imported('local/src'));
    const forTests = imported('local/test').filter((name) => !(name in embedded.dependencies));
    const types = Object.keys(embedded.devDependencies).filter((name) => name.startsWith('@types/'));
    expect(Object.keys(embedded.devDependencies).sort()).toEqual([...types, ...forTests].sort());
  });

  /** The packages that the TypeScript files of a folder import. */
  function imported(folder: string): string[] {
    const files = (readdirSync(join(root, folder), { recursive: true }) as string[]).filter((file) => file.endsWith('.ts'));
    const specifiers = files.flatMap((file) =>
      [...read(join(folder, file)).matchAll(/^(?:import|export|\}).* from '([^']+)'|\b(?:import|require)\('([^']+)'/gm)].map(
        ([, from, called]) => from ?? called ?? '',
      ),
    );
    const names = specifiers.flatMap((specifier) => /^(?:@[^/]+\/)?[\w-][^/:]*(?=\/|$)/.exec(specifier)?.[0] ?? []);
    return [...new Set(names)].sort();
  }
});
