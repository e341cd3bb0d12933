import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import type { Pool } from '../lambda/lambda.ts';
import { StorageFailed } from '../storage.ts';
import type { Store } from '../store.ts';
import { type InvokeConfig, usualInvokeConfig } from './invoke-config.ts';

/** Functions that are invoked without anybody who waits for them; what is not done when the process ends is done by the next one. */
export interface Invocations {
  /** Keeps an invocation, to be made as soon as `begin` was called. */
  add(functionArn: string, event: unknown): void;
  /** Begins to invoke. */
  begin(): void;
  /** Invokes no more; what is under way will be repeated by the next process. */
  stop(): void;
}

/** Lambda repeats a failed invocation after one minute, and once more after two. */
const pauses = [60_000, 120_000];

/** Opens the invocations that an earlier process left. Throws `StateDamaged`. */
export function openInvocations({
  clock,
  store,
  pool,
  configs,
}: {
  clock: Clock;
  store: Store;
  pool: Pool;
  configs: ReadonlyMap<string, InvokeConfig>;
}): Invocations {
  const pending = new Map((store.read(file, (json) => v.parse(Document, json)) ?? []).map((one) => [one.id, one]));
  const cancels = new Map<string, () => void>();
  let state: 'waiting' | 'begun' | 'stopped' = 'waiting';

  const save = () => store.write(file, [...pending.values()]);
  const keep = (invocation: Pending) => {
    pending.set(invocation.id, invocation);
    save();
    if (state === 'begun') arm(invocation);
  };
  const arm = (invocation: Pending) => {
    cancels.set(
      invocation.id,
      clock.at(invocation.notBefore, () => {
        cancels.delete(invocation.id);
        void invoke(invocation);
      }),
    );
  };

  const invoke = async (invocation: Pending): Promise<void> => {
    const failure = await failureOf(pool, invocation);
    // Its sandbox was killed with the process.
    if (failure !== undefined && state === 'stopped') return;
    const { id, functionArn, event, since, attempts } = invocation;
    const { maximumRetryAttempts, maximumAgeMilliseconds } = configs.get(functionArn) ?? usualInvokeConfig;
    const pause = pauses[attempts];
    const notBefore = clock.now() + (pause ?? 0);
    if (failure !== undefined && pause !== undefined && attempts < maximumRetryAttempts && notBefore - since <= maximumAgeMilliseconds)
      return keep({ ...invocation, attempts: attempts + 1, notBefore });
    pending.delete(id);
    save();
    if (failure === undefined) return;
    const times = attempts === 0 ? 'once' : `${attempts + 1} times`;
    console.error(
      `${new Date().toISOString()} ${functionArn} failed ${times} and is not invoked again with ${JSON.stringify(event)}: ${failure}`,
    );
  };

  return {
    add(functionArn, event) {
      const now = clock.now();
      keep({ id: randomUUID(), functionArn, event, since: now, attempts: 0, notBefore: now });
    },
    begin() {
      state = 'begun';
      for (const invocation of pending.values()) arm(invocation);
    },
    stop() {
      state = 'stopped';
      for (const cancel of cancels.values()) cancel();
    },
  };
}

const file = 'eventbridge.json';
const Pending = v.strictObject({
  id: v.string(),
  functionArn: v.string(),
  event: v.unknown(),
  /** When it was asked for, how often it has failed, and when it is to be made; in milliseconds since the epoch. */
  since: v.number(),
  attempts: v.number(),
  notBefore: v.number(),
});
type Pending = v.InferOutput<typeof Pending>;
const Document = v.array(Pending);

/** What went wrong; undefined where it went well. */
async function failureOf(pool: Pool, { functionArn, event }: Pending): Promise<string | undefined> {
  try {
    const invocation = await pool.invoke(functionArn, event);
    return 'error' in invocation ? `${invocation.error}: ${invocation.cause}` : undefined;
  } catch (error) {
    if (error instanceof StorageFailed) throw error;
    // The function's code cannot be read.
    return String(error);
  }
}
