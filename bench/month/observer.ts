import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { atOnce, until } from './control-plane.ts';
import { minute, second } from './time-zones.ts';

// What has happened, by EC2's own words and by what the table has in it. It uses nothing of what it observes.

/** A state that an instance has entered, in milliseconds since the epoch. */
export interface StateChange {
  readonly id: string;
  readonly state: string;
  readonly at: number;
}

/** A time in which an instance has run: from the call that started it until it began to stop. */
export interface Run {
  readonly instanceId: string;
  readonly repository: string;
  readonly from: number;
  /** Undefined if it still runs at the end. */
  to: number | undefined;
}

/** A time in which the record of an environment said something else than EC2. */
export interface Difference {
  readonly repository: string;
  readonly from: number;
  /** Undefined if it still differed at the end. */
  to: number | undefined;
  /** What EC2 said in the end. */
  state: Power | undefined;
}

type Power = 'on' | 'off' | 'gone';
const powers: Readonly<Record<string, Power>> = {
  ...{ pending: 'on', running: 'on', stopping: 'off', stopped: 'off' },
  ...{ 'shutting-down': 'gone', terminated: 'gone', gone: 'gone' },
};

export interface Observer {
  readonly runs: readonly Run[];
  readonly differences: readonly Difference[];
  /** Is told of each state of each instance. */
  tell(change: StateChange): void;
  /** Looks from now on. */
  begin(aws: TestAws): void;
  /** Resolves when everything it has been told of is looked at, or the time has come. */
  settle(by: number): Promise<void>;
}

/** Until it looks at a record again, in milliseconds: soon at first. */
const pause = (lasted: number) => (lasted < 20 * second ? 0.25 * second : lasted < 5 * minute ? 5 * second : minute);

interface Watched {
  readonly owner: string;
  readonly repository: string;
  instanceId: string;
  /** By EC2. */
  power: Power;
  difference?: Difference;
}

export function createObserver(): Observer {
  const runs: Run[] = [];
  const differences: Difference[] = [];
  const open = new Map<string, Run>();
  const watched = new Map<string, Watched>();
  const byInstance = new Map<string, Promise<Watched>>();
  const looking = new Set<Promise<void>>();
  let aws: TestAws | undefined;

  async function identify(aws: TestAws, instanceId: string): Promise<Watched> {
    const { Reservations = [] } = await aws.clients.ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
    const tags = new Map((Reservations[0]?.Instances?.[0]?.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
    const repository = tags.get('recode:repository') ?? '';
    const one = watched.get(repository) ?? { owner: tags.get('recode:owner') ?? '', repository, instanceId, power: 'on' };
    watched.set(repository, one);
    return one;
  }

  async function recorded(aws: TestAws, { owner, repository }: Watched): Promise<Power> {
    const Key = { kind: { S: 'environment' }, id: { S: `${owner}/${repository}` } };
    const { Item } = await aws.clients.dynamodb.send(
      new GetItemCommand({ TableName: 'recode-config-dynamodb-table', Key, ConsistentRead: true }),
    );
    return powers[Item?.observed?.M?.state?.S ?? 'gone'] ?? 'gone';
  }

  /** Looks at a record until it says what EC2 does. */
  async function compare(aws: TestAws, one: Watched, since: number): Promise<void> {
    if (one.difference) return;
    const difference: Difference = { repository: one.repository, from: since, to: undefined, state: undefined };
    one.difference = difference;
    for (;;) {
      const record = await atOnce(aws, () => recorded(aws, one));
      if (record === one.power) break;
      await until(aws, aws.clock.now() + pause(aws.clock.now() - since));
    }
    difference.to = aws.clock.now();
    difference.state = one.power;
    differences.push(difference);
    delete one.difference;
  }

  async function look(aws: TestAws, { id, state, at }: StateChange): Promise<void> {
    const known = byInstance.get(id) ?? atOnce(aws, () => identify(aws, id));
    byInstance.set(id, known);
    const one = await known;
    // An older instance of the environment may still change.
    if (state === 'pending') one.instanceId = id;
    if (one.instanceId !== id) return;
    one.power = powers[state] ?? 'gone';
    const run = open.get(id);
    if (one.power === 'on' && !run) {
      const began: Run = { instanceId: id, repository: one.repository, from: at, to: undefined };
      open.set(id, began);
      runs.push(began);
    }
    if (one.power !== 'on' && run) {
      run.to = at;
      open.delete(id);
    }
    await compare(aws, one, at);
  }

  return {
    runs,
    differences,
    begin(given) {
      aws = given;
    },
    tell(change) {
      if (!aws) return;
      const looked = look(aws, change);
      looking.add(looked);
      void looked.finally(() => looking.delete(looked));
    },
    async settle(by) {
      if (!aws) return;
      await Promise.race([Promise.all(looking), until(aws, by)]);
      for (const { difference } of watched.values()) if (difference) differences.push(difference);
    },
  };
}
