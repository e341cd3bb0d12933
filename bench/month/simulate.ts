import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { paginateListExecutions } from '@aws-sdk/client-sfn';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { embeddedAws } from '@recode/embedded-aws/testing/embedded-aws';
import { modelledInstances } from '@recode/embedded-aws/testing/instances';
import { stateMachineArn } from '../../core/executions.ts';
import { until } from './control-plane.ts';
import type { Situation } from './idle-model.ts';
import { createLives } from './life.ts';
import { createMishaps } from './mishaps.ts';
import { createObserver } from './observer.ts';
import { type Period, people, team } from './people.ts';
import { minute } from './time-zones.ts';
import { judge, otherwise, wrongFor } from './verdict.ts';

export interface Simulation {
  readonly environments: number;
  readonly period: Period;
  readonly outage: Period;
  /** How many hands in the console there are of a kind, and faults. */
  readonly mishaps: number;
  readonly seed: number;
  readonly packageDirectory: string;
  /** Is told of each look of a machine at itself. */
  readonly seen: (situation: Situation) => void;
  /** Is told what time it is there, once a day. */
  readonly progress: (at: number) => void;
}

/** How long the records may take to be right in the end. */
const settling = 3 * minute;
/** As long as the simulation takes: a sandbox that starts again costs more. */
const idleTime = 24 * 3_600_000;

/** Lets people live with their environments on the clock of an embedded AWS, with all that is deployed in it. */
export async function simulate(simulation: Simulation) {
  const { environments, period, outage, mishaps: often, seed, packageDirectory, seen, progress } = simulation;
  const observer = createObserver();
  const lives = createLives(people(environments, period, seed), seen);
  const mishaps = createMishaps({ lives: lives.all, period, outage, often, seed }, () => observer.runs);
  await using aws = await embeddedAws({
    packageDirectory,
    idleTime,
    instances: () => modelledInstances(lives.model),
    onInstanceState: observer.tell,
  });
  const variables = {
    RECODE_AUTO_STOP: `${team.autoStop.time} ${team.autoStop.timeZone}`,
    RECODE_IDLE_STOP: `${team.idleStop}m`,
    RECODE_INSTANCE_TYPE: 't3.medium',
  };
  await aws.post('lambda', { environment: variables });
  if (aws.clock.now() > period.from) throw new Error(`${new Date(period.from).toISOString()} is over. Simulate a later time.`);
  observer.begin(aws);
  aws.clock.advance(period.from - aws.clock.now());
  aws.clock.setSkips(true);
  const ending = end(period.to);
  void lives.live(aws).catch(ending.fail);
  void mishaps.happen(aws).catch(ending.fail);
  void days().catch(ending.fail);
  await ending.promise;

  const ended = aws.clock.now();
  await observer.settle(ended + settling);
  aws.clock.setSkips(false);
  const verdict = judge(lives.all, observer.runs, mishaps, ended);
  const asked = await askedStops();
  const price = await prices();
  return {
    verdict,
    ended,
    asked,
    price,
    wrong: wrongFor(observer.differences, aws.clock.now()),
    differences: observer.differences,
    others: otherwise(lives.all, observer.runs, { ...period, to: ended }),
    hands: mishaps.hands,
    faults: mishaps.faults,
    lives: lives.all,
    runs: observer.runs,
  };

  function end(at: number) {
    let fail: (error: unknown) => void = () => {};
    const promise = new Promise<void>((resolve, reject) => {
      fail = reject;
      void until(aws, at).then(resolve);
    });
    return { promise, fail };
  }

  async function days(): Promise<void> {
    for (let at = period.from; at < period.to; at += 24 * 3_600_000) {
      await until(aws, at);
      progress(at);
    }
  }

  /** The automatic stops that sweeps have asked for, by how they ended, and the stops that succeeded more than once. */
  async function askedStops() {
    const byStatus: Record<string, number> = {};
    const succeeded = new Map<string, number>();
    const pages = paginateListExecutions({ client: aws.clients.sfn }, { stateMachineArn: stateMachineArn(aws, 'stop'), maxResults: 1000 });
    for await (const { executions = [] } of pages) {
      for (const { name = '', status = '' } of executions) {
        // auto-stop-<uid>-<when it was due>-<attempt>
        const [, due] = /^(auto-stop-.+)-\d+$/.exec(name) ?? [];
        if (due === undefined) continue;
        byStatus[status] = (byStatus[status] ?? 0) + 1;
        if (status === 'SUCCEEDED') succeeded.set(due, (succeeded.get(due) ?? 0) + 1);
      }
    }
    return { byStatus, doubled: [...succeeded.values()].filter((times) => times > 1).length };
  }

  /** The prices that the control plane has read from AWS's price list. */
  async function prices(): Promise<Prices> {
    const Key = { kind: { S: 'prices' }, id: { S: 'prices' } };
    const { Item } = await aws.clients.dynamodb.send(new GetItemCommand({ TableName: 'recode-config-dynamodb-table', Key }));
    if (!Item) throw new Error('The control plane has recorded no prices.');
    return unmarshall(Item) as Prices;
  }
}

/** US dollars. */
export interface Prices {
  readonly instanceHour: Readonly<Record<string, number>>;
  readonly volumeMonth: Readonly<Record<string, number>>;
  readonly addressHour: number;
}
