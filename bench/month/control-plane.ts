import { randomUUID } from 'node:crypto';
import { DescribeExecutionCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { prove } from '../../cli/identity/prove.ts';
import { executionArn as executionArnOf, type PersonalWorkflow, stateMachineArn } from '../../core/executions.ts';
import { second } from './time-zones.ts';

/** Waits on the clock of the embedded AWS, which may skip the time. Resolves sooner when `sooner` does. */
export function until(aws: TestAws, at: number, sooner?: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = aws.clock.at(at, resolve);
    void sooner?.then(() => {
      cancel();
      resolve();
    });
  });
}

/** Does something at once, while the clock skips nothing. */
export async function atOnce<T>({ clock }: TestAws, work: () => Promise<T>): Promise<T> {
  const release = clock.hold();
  try {
    return await work();
  } finally {
    release();
  }
}

/** How an operation has ended. */
export interface Outcome {
  readonly status: string;
  readonly error: string | undefined;
  readonly output: Readonly<Record<string, unknown>> | undefined;
  /** When it was asked for and when it ended, in milliseconds since the epoch. */
  readonly begun: number;
  readonly ended: number;
}

/** In milliseconds. A person looks less and less often. */
const looks = [0.4, 0.4, 0.6, 1, 2, 5, 10].map((seconds) => seconds * second);

/** Starts an execution of a workflow as a person's CLI does, and follows it to its end. */
export async function perform(aws: TestAws, kind: PersonalWorkflow, owner: string, input: object): Promise<Outcome> {
  const machine = stateMachineArn(aws, kind);
  const name = randomUUID();
  const executionArn = executionArnOf(machine, name);
  const { sfn } = aws.clients;
  const begun = aws.clock.now();
  await atOnce(aws, async () => {
    const credentials = { accessKeyId: owner, secretAccessKey: 'test' };
    const proof = await prove(executionArn, input, { credentials, endpoint: aws.endpoint });
    await sfn.send(new StartExecutionCommand({ stateMachineArn: machine, name, input: JSON.stringify({ ...input, proof }) }));
  });
  for (let look = 0; ; look++) {
    await until(aws, aws.clock.now() + (looks[look] ?? 30 * second));
    const { status = '', output, error, stopDate } = await atOnce(aws, () => sfn.send(new DescribeExecutionCommand({ executionArn })));
    if (status === 'RUNNING') continue;
    const ended = stopDate?.getTime() ?? aws.clock.now();
    return { status, error, output: output === undefined ? undefined : JSON.parse(output), begun, ended };
  }
}
