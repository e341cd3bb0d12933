import { StartInstancesCommand, StopInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { atOnce, until } from './control-plane.ts';
import type { Life } from './life.ts';
import type { Period } from './people.ts';
import { createRandom, type Random } from './random.ts';
import { hour } from './time-zones.ts';

/** What is done with an instance in the console of EC2. */
export interface Hand {
  readonly what: 'stop' | 'start' | 'terminate';
  readonly repository: string;
  readonly instanceId: string;
  readonly at: number;
}

/** What goes wrong, and what others do. */
export interface Mishaps {
  readonly hands: readonly Hand[];
  readonly faults: readonly { readonly name: string; readonly at: number }[];
  readonly outage: Period;
}

const perStep = (step: string) => `recode-prod-${step}`;

/** What fails once, the next time it is called. */
const faults = [
  {
    // More often than the SDK asks.
    name: 'EC2 fails a stop',
    fault: {
      ...{ service: 'ec2', action: 'StopInstances', function: perStep('stopInstance') },
      ...{ kind: 'error', code: 'InternalError', status: 500, count: 5 },
    },
  },
  {
    name: 'a Lambda dies after it has stopped an instance',
    fault: { service: 'ec2', action: 'StopInstances', function: perStep('stopInstance'), kind: 'crash-after' },
  },
  {
    name: 'EC2 is out of capacity for a start',
    fault: {
      ...{ service: 'ec2', action: 'StartInstances', function: perStep('startInstance') },
      ...{ kind: 'error', code: 'InsufficientInstanceCapacity', status: 500 },
    },
  },
  {
    name: 'a Lambda dies while a sweep looks for what is due',
    fault: { service: 'dynamodb', action: 'Query', function: perStep('findDueEnvironments'), kind: 'crash-before' },
  },
  {
    name: 'a Lambda dies after a sweep has asked for a stop',
    fault: { service: 'states', action: 'StartExecution', function: perStep('requestStop'), kind: 'crash-after' },
  },
  {
    name: 'a Lambda dies while it records a change in EC2',
    fault: { service: 'ec2', action: 'DescribeInstances', function: perStep('syncInstanceState'), kind: 'crash-before' },
  },
] as const;

/** All that the control plane and the console call. */
const ec2Actions = [
  ...['DescribeInstances', 'DescribeInstanceTypes', 'DescribeInstanceTypeOfferings', 'DescribeImages', 'DescribeSubnets', 'DescribeVpcs'],
  ...['DescribeNetworkInterfaces', 'DescribeSecurityGroups', 'DescribeKeyPairs', 'DescribeVolumes', 'DescribeAvailabilityZones'],
  ...['DescribeInternetGateways', 'DescribeRouteTables', 'DescribeInstanceAttribute', 'DescribeVolumesModifications', 'DescribeSnapshots'],
  ...['RunInstances', 'StartInstances', 'StopInstances', 'TerminateInstances', 'CreateSecurityGroup', 'CreateNetworkInterface'],
  ...['ImportKeyPair', 'AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress', 'ModifyInstanceAttribute', 'CreateTags'],
  ...['DeleteNetworkInterface', 'DeleteSecurityGroup', 'DeleteKeyPair', 'DeleteVolume', 'ModifyNetworkInterfaceAttribute'],
];

/**
 * Lets things go wrong in a period: hands in the console, faults of single calls, and an outage of all of EC2.
 *
 * @param often how many hands, and faults of each kind
 */
export function createMishaps(
  { lives, period, outage, often, seed }: { lives: readonly Life[]; period: Period; outage: Period; often: number; seed: number },
  runs: () => readonly { readonly instanceId: string; readonly repository: string; readonly to: number | undefined }[],
): Mishaps & { happen(aws: TestAws): Promise<void> } {
  const hands: Hand[] = [];
  const injected: { name: string; at: number }[] = [];
  const inOutage = (at: number) => at > outage.from - hour && at < outage.to + hour;
  const whenever = (random: Random) => {
    for (;;) {
      const at = random.between(period.from + 12 * hour, period.to - 3 * hour);
      if (!inOutage(at)) return at;
    }
  };

  const lastRun = (life: Life) => runs().findLast(({ repository }) => repository === life.person.repository);

  /** Picks an instance that is on or off, even if somebody works on it, and changes it in the console. */
  async function hand(aws: TestAws, what: Hand['what'], random: Random): Promise<void> {
    await until(aws, whenever(random));
    const found = lives.flatMap((life) => {
      const run = lastRun(life);
      return run && (run.to === undefined) === (what !== 'start') ? run : [];
    });
    if (found.length === 0) return;
    const { instanceId, repository } = random.pick(found);
    const ids = { InstanceIds: [instanceId] };
    const { ec2 } = aws.clientsOf({ accessKeyId: 'console' });
    const at = aws.clock.now();
    try {
      await atOnce(aws, async () => {
        if (what === 'stop') await ec2.send(new StopInstancesCommand(ids));
        if (what === 'start') await ec2.send(new StartInstancesCommand(ids));
        if (what === 'terminate') await ec2.send(new TerminateInstancesCommand(ids));
      });
    } catch (error) {
      // It has changed meanwhile, or is gone.
      if (!/^(IncorrectInstanceState|InvalidInstanceID\.NotFound)$/.test((error as Error).name)) throw error;
      return;
    }
    hands.push({ what, repository, instanceId, at });
  }

  async function fail(aws: TestAws, { name, fault }: (typeof faults)[number], random: Random): Promise<void> {
    await until(aws, whenever(random));
    injected.push({ name, at: aws.clock.now() });
    await atOnce(aws, () => aws.post('faults', fault));
  }

  async function beOut(aws: TestAws): Promise<void> {
    await until(aws, outage.from);
    await atOnce(aws, async () => {
      for (const action of ec2Actions) {
        const message = 'The service is unavailable. Please try again shortly.';
        await aws.post('faults', { service: 'ec2', action, kind: 'error', code: 'Unavailable', message, status: 503, count: 1e9 });
      }
    });
    await until(aws, outage.to);
    await atOnce(aws, () => aws.delete('faults'));
  }

  return {
    hands,
    faults: injected,
    outage,
    async happen(aws) {
      const random = createRandom(seed * 104_729);
      const events = Array.from({ length: often }, () => [
        hand(aws, 'stop', random),
        hand(aws, 'start', random),
        ...faults.map((one) => fail(aws, one, random)),
      ]).flat();
      const rare = Array.from({ length: Math.ceil(often / 3) }, () => hand(aws, 'terminate', random));
      await Promise.all([...events, ...rare, beOut(aws)]);
    },
  };
}
