import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFailed } from 'vitest';
import { expectInvariants } from '../harness/invariants.ts';
import { deployedAws } from '../harness/workflows.ts';
import { enter, expectEmptied, outcomeOf } from './together-race.ts';
import { type Log, type Storm, storm } from './together-storm.ts';

// Another seed may be given, to look for what this one does not come by.
const seed = Number(process.env.STORM_SEED ?? 20_261_122);

let aws: TestAws;
beforeAll(async () => {
  aws = await deployedAws();
});
beforeEach(async () => expect(await outcomeOf(aws, await enter(aws, { kind: 'start' }))).toBe('succeeded'));
afterEach(async () => {
  await aws.delete('faults');
  await expectEmptied(aws);
});
afterAll(() => aws.stop());

async function weather(title: string, settings: Storm): Promise<void> {
  const log: Log = [];
  onTestFailed(() => console.log([`${title}, seed ${settings.seed}:`, ...log].join('\n')));
  await storm(aws, settings, log);
  await expectInvariants(aws);
  const outcomes = log.map((line) => line.replace(/^.*'s (\w+) of \w+: ([\w-]+).*$/, '$1 $2'));
  const counted = [...new Set(outcomes)].sort().map((outcome) => `${outcomes.filter((other) => other === outcome).length} × ${outcome}`);
  console.log(`${title}, seed ${settings.seed}: ${log.length} executions\n  ${counted.join(', ')}`);
  expect(log).toHaveLength(settings.clients * settings.operations);
}

it('ten clients start, stop, restart, move, rename and remove one environment at random while sandboxes crash', async () => {
  await weather('ten clients and one environment', {
    seed,
    clients: 10,
    operations: 16,
    pauseMilliseconds: 800,
    owners: ['alice'],
    weights: { start: 5, stop: 3, restart: 2, move: 1, rename: 3, remove: 1 },
    allowed: {
      start: ['succeeded', 'OperationInProgress'],
      stop: ['succeeded', 'OperationInProgress', 'EnvironmentNotFound'],
      restart: ['succeeded', 'OperationInProgress', 'EnvironmentNotFound'],
      move: ['succeeded', 'OperationInProgress', 'EnvironmentNotFound'],
      rename: ['succeeded', 'OperationInProgress', 'EnvironmentNotFound'],
      remove: ['succeeded', 'OperationInProgress', 'EnvironmentNotFound'],
    },
    crashes: 0.25,
    kills: 0,
    cancels: 0,
  });
});

it('clients start, stop, restart, rename, remove and uninstall while sandboxes crash and executions are killed or cancelled', async () => {
  // Lambdas take real time: the seconds until the last one of a killed execution must be dead are to be long enough for a busy machine.
  await aws.post('clock', { rate: 5 });
  await weather('six clients, two environments and uninstalls', {
    seed,
    clients: 6,
    operations: 10,
    pauseMilliseconds: 1_000,
    owners: ['alice', 'bob'],
    weights: { start: 5, stop: 3, restart: 2, rename: 3, remove: 3, uninstall: 2 },
    allowed: {
      start: ['succeeded', 'OperationInProgress', 'EnvironmentBeingRemoved', 'UninstallInProgress'],
      stop: [
        'succeeded',
        'OperationInProgress',
        'EnvironmentBeingRemoved',
        'EnvironmentNotFound',
        'EnvironmentNotFinished',
        'RecodeNotInstalled',
      ],
      restart: [
        'succeeded',
        'OperationInProgress',
        'EnvironmentBeingRemoved',
        'EnvironmentNotFound',
        'EnvironmentNotFinished',
        'RecodeNotInstalled',
        'UninstallInProgress',
      ],
      rename: [
        'succeeded',
        'OperationInProgress',
        'NameTaken',
        'EnvironmentBeingRemoved',
        'EnvironmentNotFound',
        'EnvironmentNotFinished',
        'RecodeNotInstalled',
      ],
      remove: ['succeeded', 'OperationInProgress', 'EnvironmentNotFound', 'RecodeNotInstalled'],
      uninstall: ['succeeded', 'not-installed', 'OperationInProgress', 'EnvironmentsStillExist'],
    },
    crashes: 0.25,
    kills: 0.1,
    cancels: 0.15,
  });
});
