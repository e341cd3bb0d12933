import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { look, nothingShown } from '../../core/followed.ts';
import { meaningOf } from '../errors.ts';

/** Watches the record of an environment for the end of an operation on it. Ends itself at the end, or where the record cannot be read. */
export interface RecordWatch {
  /** Resolves at the first sign of the end. Never, if there is none. */
  readonly over: Promise<void>;
  /** Whether it still watches. */
  watching(): boolean;
  /** The record as it was read last. */
  latest(): Environment | undefined;
  /** The record as the operation has left it; undefined before the end, or if there is none. */
  left(): Environment | undefined;
  /** Looks more often for a while: the end is near. */
  hurry(): void;
  stop(): void;
}

/** How often to look, in milliseconds. */
const usual = 400;
const hurried = 100;
const mostHurried = 200;
const longest = 5_000;

/**
 * Begins to watch. A look costs nothing comparable to one at the execution's history, of which an account has few.
 *
 * @param read the record as it is now; undefined if there is none
 */
export function watchRecord(
  read: () => Promise<Environment | undefined>,
  executionArn: string,
  { wait = sleep, random = Math.random }: { wait?: (milliseconds: number) => Promise<unknown>; random?: () => number } = {},
): RecordWatch {
  let watching = true;
  let latest: Environment | undefined;
  let hurries = 0;
  let slowness = 1;
  let shown = nothingShown;

  const pause = () => {
    const milliseconds = hurries > 0 ? hurried : usual;
    hurries = Math.max(0, hurries - 1);
    return Math.min(longest, milliseconds * slowness) * (0.75 + random() / 2);
  };
  const watch = async (over: () => void) => {
    while (watching) {
      const found = await readIfPossible(read);
      if (found === 'unreadable') break;
      if (found === 'later') slowness *= 2;
      else {
        slowness = 1;
        latest = found.record;
        shown = look(shown, found.record, { executionArn });
        if (shown.over) {
          over();
          break;
        }
      }
      await wait(pause());
    }
    watching = false;
  };

  return {
    over: new Promise((resolve, reject) => {
      watch(resolve).catch(reject);
    }),
    watching: () => watching,
    latest: () => latest,
    left: () => (shown.over ? latest : undefined),
    hurry() {
      hurries = mostHurried;
    },
    stop() {
      watching = false;
    },
  };
}

/** The history tells what is wrong, if it is wrong there too: the record is only how to know sooner. */
async function readIfPossible(
  read: () => Promise<Environment | undefined>,
): Promise<{ readonly record: Environment | undefined } | 'later' | 'unreadable'> {
  try {
    return { record: await read() };
  } catch (error) {
    // Before the first start in a region there is no table, and after an uninstall.
    if (error instanceof RecodeError && error.name === 'RecodeNotInstalled') return { record: undefined };
    const meaning = meaningOf(error);
    return meaning === 'throttled' || meaning === 'unavailable' ? 'later' : 'unreadable';
  }
}
