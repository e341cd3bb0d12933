import { expect, it } from 'vitest';
import { type RecordWatch, watchRecord } from '../../../aws/executions/record-watch.ts';
import type { Environment } from '../../../core/environment.ts';
import { RecodeError } from '../../../core/errors.ts';
import type { Operation } from '../../../core/operation.ts';

const operation: Operation = {
  executionArn: 'arn:aws:states:us-east-1:111122223333:execution:recode-stop:mine',
  kind: 'stop',
  owner: 'alice',
  startedAt: '2026-11-29T12:00:00.000Z',
};
const free: Environment = {
  format: 2,
  uid: 'u',
  owner: 'alice',
  repository: 'acme/api',
  wanted: {
    instanceType: 't3.medium',
    volumeSize: 16,
    volumeType: 'gp2',
    allowCidrs: ['0.0.0.0/0'],
    publicKey: 'ssh-ed25519 A',
    power: 'on',
  },
  createdAt: operation.startedAt,
  updatedAt: operation.startedAt,
};
const held: Environment = { ...free, lock: operation };

const refusal = (name: string) => Object.assign(new Error('No.'), { name });

/** Watches what is read in this order, the last for ever, on a clock that only the watch itself moves. */
function watching(...answers: (Environment | undefined | Error)[]) {
  const waits: number[] = [];
  let reads = 0;
  let watch: RecordWatch | undefined;
  const read = async () => {
    const answer = answers[Math.min(reads, answers.length - 1)];
    reads += 1;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const settled = new Promise<RecordWatch>((resolve) => {
    const wait = async (milliseconds: number) => {
      waits.push(milliseconds);
      if (waits.length < 50) return;
      watch?.stop();
      if (watch) resolve(watch);
    };
    watch = watchRecord(read, operation.executionArn, { wait, random: () => 0.5 });
    const begun = watch;
    void begun.over.then(() => resolve(begun));
    // One that cannot go on does not tell anybody.
    setTimeout(() => resolve(begun), 20);
  });
  return { settled, waits, reads: () => reads };
}

it('tells the end when the operation has released the record, and how it left it', async () => {
  const { settled, waits, reads } = watching(free, held, held, free);
  const watch = await settled;
  await watch.over;
  expect(watch.left()).toBe(free);
  expect(watch.watching()).toBe(false);
  expect(reads()).toBe(4);
  expect(waits).toEqual([400, 400, 400]);
});

it('waits for a table and a record that do not exist yet', async () => {
  const { settled, reads } = watching(new RecodeError('RecodeNotInstalled', 'No table.'), undefined, held, free);
  await (await settled).over;
  expect(reads()).toBe(4);
});

it.each(['ThrottlingException', 'ProvisionedThroughputExceededException', 'InternalServerError'])(
  'looks less often after %s, up to every five seconds, until it is answered again',
  async (code) => {
    const refused = refusal(code);
    const { settled, waits } = watching(held, ...Array.from({ length: 6 }, () => refused), held, free);
    await (await settled).over;
    expect(waits).toEqual([400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 400]);
  },
);

it.each([refusal('AccessDeniedException'), new RecodeError('RecordDamaged', 'Damaged.'), new RecodeError('RecordNewerThanCli', 'Newer.')])(
  'gives up watching, and tells no end, where the record cannot be read: $name',
  async (error) => {
    const { settled, reads } = watching(held, error, free);
    const watch = await settled;
    expect(watch.watching()).toBe(false);
    expect(watch.left()).toBeUndefined();
    expect(reads()).toBe(2);
  },
);

it('tells no end while the operation holds the record', async () => {
  const { settled, waits } = watching(held);
  const watch = await settled;
  expect(waits).toHaveLength(50);
  expect(watch.left()).toBeUndefined();
  expect(watch.latest()).toBe(held);
});

it('looks four times as often once the end is near', async () => {
  const waits: number[] = [];
  const watch = watchRecord(async () => held, operation.executionArn, {
    random: () => 0.5,
    async wait(milliseconds) {
      waits.push(milliseconds);
      if (waits.length === 2) watch.hurry();
      if (waits.length === 300) watch.stop();
    },
  });
  await expect.poll(() => watch.watching()).toBe(false);
  expect([waits[1], waits[2], waits[201], waits.at(-1)]).toEqual([400, 100, 100, 400]);
});
