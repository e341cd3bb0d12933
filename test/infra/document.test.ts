import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { InstanceStateChange } from '../../aws/ec2/state-change.ts';
import { EndedExecution } from '../../aws/executions/execution-event.ts';
import * as document from '../../core/document.ts';
import {
  CancelInput,
  CutRuns,
  DeletedKept,
  DeleteKeptInput,
  DueEnvironments,
  KeysInput,
  KeysOutput,
  LaunchPlan,
  ReconcileInput,
  ReconcileOutput,
  RecordedEnvironmentInput,
  RemoveOutput,
  RenameOutput,
  recordedKinds,
  ScheduleInput,
  ScheduleOutput,
  StartInput,
  StartOutput,
  StopOutput,
  TransferOutput,
  UninstallInput,
  UninstallOutput,
  Vpc,
} from '../../core/document.ts';
import * as environment from '../../core/environment.ts';
import type { Workflow } from '../../core/executions.ts';
import * as instanceType from '../../core/instance-type.ts';
import { stateMachineName } from '../../core/names.ts';
import * as network from '../../core/network.ts';
import * as operation from '../../core/operation.ts';
import { forEach, operations } from '../../core/operations.ts';
import { faultsOf, shapeOf } from './document/shape.ts';
import { steps } from './document/steps.ts';
import { type StepContract, walk } from './document/walk.ts';
import { resources } from './stack.ts';
import { type Machine, statesOf } from './states.ts';

const outputOf = {
  started: StartOutput,
  stopped: StopOutput,
  renamed: RenameOutput,
  transferred: TransferOutput,
  removed: RemoveOutput,
};

/** What executions of each state machine are started with, and what they end with. */
const contracts: Readonly<Record<Workflow, readonly [input: v.GenericSchema, output: v.GenericSchema]>> = {
  start: [StartInput, StartOutput],
  ...forEach(recordedKinds, (kind) => [RecordedEnvironmentInput, outputOf[operations[kind].ends]] as const),
  uninstall: [UninstallInput, UninstallOutput],
  // Nobody reads the output: the history of the operation says how it ended.
  cancel: [CancelInput, v.object({})],
  hours: [v.object({}), CutRuns],
  keys: [KeysInput, KeysOutput],
  schedule: [ScheduleInput, ScheduleOutput],
  'delete-kept': [DeleteKeptInput, DeletedKept],
  reconcile: [ReconcileInput, ReconcileOutput],
  // The schedules' input is empty, and nobody reads the output.
  'auto-stop': [v.object({}), v.object({})],
  prices: [v.object({}), v.object({})],
  expire: [v.object({}), DeletedKept],
};
const workflows = Object.keys(contracts) as Workflow[];
const deployed = resources('AWS::StepFunctions::StateMachine');
const machineOf = (workflow: Workflow) =>
  JSON.parse(String(deployed.find(({ StateMachineName }) => StateMachineName === stateMachineName(workflow))?.DefinitionString)) as Machine;

describe.each(workflows)('the state document of %s', (workflow) => {
  const [input, output] = contracts[workflow];
  const machine = machineOf(workflow);
  const { faults, reached, outputs } = walk(machine, shapeOf(input), steps);

  it('is walked to every state', () => {
    expect(reached.sort()).toEqual(
      statesOf(machine)
        .map(([name]) => name)
        .sort(),
    );
  });

  it('has on every path what each step and state needs', () => {
    expect(faults).toEqual([]);
  });

  it('ends as the output of the execution', () => {
    expect(outputs.length).toBeGreaterThan(0);
    expect(outputs.flatMap((shape) => faultsOf(output, shape))).toEqual([]);
  });
});

describe('a noun of the state document', () => {
  const outputs = Object.entries(steps).flatMap(([name, { output }]) =>
    ('~standard' in output ? [output as v.GenericSchema] : Object.values(output)).map((schema) => ({ name, schema })),
  );
  const nouns = new Set<unknown>([document, environment, instanceType, network, operation].flatMap((module) => Object.values(module)));
  for (const schema of Object.values(document.Begun)) nouns.add(schema);

  it('is defined in core once, and named by the step that makes it', () => {
    expect(outputs.filter(({ schema }) => !nouns.has(schema)).map(({ name }) => name)).toEqual([]);
  });

  it('is named by the steps that take it, which compose nouns and define none', () => {
    // EventBridge's events are none of ours.
    const known = new Set([...nouns, EndedExecution, InstanceStateChange.entries.detail]);
    expect(Object.entries(steps).flatMap(([name, { input }]) => definedIn(input, known).map((path) => `${name}: ${path}`))).toEqual([]);
  });

  it.each(workflows)('means the same in all of %s', (workflow) => {
    expect(ambiguousNouns(workflow, machineOf(workflow))).toEqual([]);
  });

  it('cannot become something else', () => {
    expect(ambiguousNouns('start', changed('start', 'LaunchInstance', { ResultPath: '$.plan' }))).toEqual(['plan']);
  });

  /** The nouns that several steps make, where no step's schema takes what all of them make. */
  function ambiguousNouns(workflow: Workflow, machine: Machine): string[] {
    const begun = Object.entries(document.Begun).flatMap(([kind, schema]) => (kind === workflow ? entriesOf(schema) : []));
    const made = statesOf(machine).flatMap(([name, { ResultPath }]) =>
      outputs.filter((output) => output.name === name).map(({ schema }) => [ResultPath?.replace('$.', ''), schema] as const),
    );
    return [...new Set(made.flatMap(([noun]) => noun ?? []))].filter((noun) => {
      const schemas = [...begun, ...made].flatMap(([name, schema]) => (name === noun ? [schema as v.GenericSchema] : []));
      return !schemas.some((schema) => schemas.every((other) => faultsOf(schema, shapeOf(other)).length === 0));
    });
  }
});

/** The nouns of a document with their schemas, in each of its variants. */
function entriesOf(schema: v.GenericSchema): [string, v.GenericSchema][] {
  const { entries = {}, options = [] } = schema as unknown as Composed;
  const known = Object.entries(entries).map(([name, schema]) => [name, requiredOf(schema)] as [string, v.GenericSchema]);
  return [...known, ...options.flatMap((option) => (typeof option === 'object' ? entriesOf(option) : []))];
}

/** The schema of an entry where it is there. */
const requiredOf = (schema: v.GenericSchema) =>
  (schema.type === 'optional' ? (schema as unknown as Composed).wrapped : undefined) ?? schema;

/** The paths in a step's input where an object is defined that is no noun. */
function definedIn(schema: v.GenericSchema, nouns: ReadonlySet<unknown>, path: readonly string[] = []): string[] {
  const { entries, options, wrapped, item } = schema as unknown as Composed;
  if (nouns.has(schema)) return [];
  if (entries && path.length > 0) return [path.join('.')];
  if (entries) return Object.entries(entries).flatMap(([name, entry]) => definedIn(entry, nouns, [...path, name]));
  const inner = [...(options ?? []), wrapped, item].filter((each) => typeof each === 'object');
  return inner.flatMap((each) => definedIn(each, nouns, path));
}

interface Composed {
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly options?: readonly (v.GenericSchema | string)[];
  readonly wrapped?: v.GenericSchema;
  readonly item?: v.GenericSchema;
}

/** A state machine with one state changed. */
function changed(workflow: Workflow, name: string, change: object): Machine {
  const machine = machineOf(workflow);
  const found = statesOf(machine).filter(([state]) => state === name);
  expect(found).toHaveLength(1);
  for (const [, state] of found) Object.assign(state, change);
  return machine;
}

describe('a state machine is refused', () => {
  it.each<[string, Workflow, string, object, string]>([
    ['that hides a noun', 'start', 'CreateSecurityGroup', { ResultPath: '$.group' }, 'CreateNetworkInterface: securityGroup is missing'],
    ['that hides what a step has changed', 'start', 'UseNetwork', { ResultPath: '$.made' }, 'CreateSecurityGroup: network.ids is missing'],
    ['that overwrites a noun', 'start', 'LaunchInstance', { ResultPath: '$.plan' }, 'CheckSsh: plan.action is missing'],
    ['that drops a noun', 'start', 'CreateVpc', { ResultPath: null }, 'CreateVpc: its result is dropped'],
    [
      'that keeps nothing',
      'start',
      'ConfigureVpc',
      { ResultPath: '$.vpc' },
      'ConfigureVpc: it makes nothing that ResultPath could put anywhere',
    ],
    [
      'that forgets a branch',
      'start',
      'ConnectNetworkParts',
      { ResultSelector: { 'document.$': '$[1]' } },
      'CreateRouteTable: subnet may be missing',
    ],
    ['that takes a way without a noun', 'start', 'WhatToDo', { Default: 'LaunchInstance' }, 'LaunchInstance: image is missing'],
    [
      'that takes every environment for a new one',
      'start',
      'IsNew',
      { Default: 'PrepareLaunch' },
      'CreateNetworkInterface: plan is missing',
    ],
    [
      'that takes a way with another plan',
      'start',
      'WhatToDo',
      { Choices: [{ Variable: '$.plan.action', StringEquals: 'start', Next: 'PrepareLaunch' }] },
      'AllowSsh: launch is missing',
    ],
    [
      'that asks for what may be missing',
      'start',
      'WhatToDo',
      { Choices: [{ Variable: '$.launch.instanceId', StringEquals: 'i-1', Next: 'AllowSsh' }] },
      'WhatToDo: $.launch.instanceId may be missing',
    ],
    ['that has no way for some', 'start', 'WhatToDo', { Default: undefined }, 'WhatToDo: no choice may fit, and there is no Default'],
    [
      'that loses the document with an error',
      'stop',
      'Stop',
      { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'FailOperation' }] },
      'FailOperation: operation is missing',
    ],
    ['that fails by what may be missing', 'remove', 'Failed', { CausePath: '$.failure.Reason' }, 'Failed: $.failure.Reason may be missing'],
    ['that starts a sandbox as if it worked', 'stop', 'WarmStopInstance', { Parameters: undefined }, 'WarmStopInstance: warmUp is missing'],
    ['that begins as another one', 'stop', 'BeginOperation', { Parameters: { kind: 'start' } }, 'BeginOperation: executionArn is missing'],
    [
      'that gives an item too little',
      'auto-stop',
      'RequestStops',
      { ItemSelector: { 'executionArn.$': '$$.Execution.Id' } },
      'RequestStop: environments is missing',
    ],
  ])('%s', (_, workflow, name, change, fault) => {
    const [input] = contracts[workflow];
    expect(walk(changed(workflow, name, change), shapeOf(input), steps).faults).toContain(fault);
  });

  const withoutInstance = v.object({ action: v.picklist(['start', 'wait', 'nothing']), checkSsh: v.boolean() });
  const unchecked = v.object({ owner: v.string(), repository: v.string(), uid: v.string(), stopAt: v.string() });
  it.each<[string, Workflow, string, v.GenericSchema, string]>([
    ['may lack a field', 'start', 'CreateVpc', v.object({ vpcId: v.optional(v.string()) }), 'ConfigureVpc: vpc.vpcId may be missing'],
    ['has a field of another type', 'start', 'CreateVpc', v.object({ vpcId: v.number() }), 'ConfigureVpc: vpc.vpcId is of the type number'],
    ['may be null', 'start', 'CreateVpc', v.nullable(Vpc), 'ConfigureVpc: vpc is null'],
    [
      'lacks a field in one variant',
      'start',
      'PlanStart',
      v.variant('action', [LaunchPlan, withoutInstance]),
      'StartInstance: plan.instanceId is missing',
    ],
    [
      'is checked less than what takes it',
      'auto-stop',
      'FindDueEnvironments',
      v.object({ ...DueEnvironments.entries, batches: v.array(v.array(unchecked)) }),
      'RequestStop: environments.[].uid may fail the regex',
    ],
  ])('whose step has a result that %s', (_, workflow, name, output, fault) => {
    const step = { ...steps[name], output } as StepContract;
    const [input] = contracts[workflow];
    expect(walk(machineOf(workflow), shapeOf(input), { ...steps, [name]: step }).faults).toContain(fault);
  });
});
