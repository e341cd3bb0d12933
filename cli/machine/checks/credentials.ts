import type { Failure } from '../../failure.ts';
import { type Check, failed, ok, skipped, warning } from '../check.ts';

/** Whom commands act as. */
export interface SeenCredentials {
  /** Where the credentials come from, in words. */
  readonly source: string | undefined;
  readonly accessKeyId?: string | undefined;
  /** When they expire, if nobody renews them then: milliseconds since the epoch. */
  readonly expiresAt?: number | undefined;
  readonly accountId?: string;
  readonly owner?: string;
  readonly failure?: Failure;
  /** Why AWS was not asked, if that is the fault of something else. */
  readonly because?: string;
}

const soon = 15 * 60_000;

/** Whether there are credentials, and AWS accepts them. */
export function credentialsCheck(
  { source, accessKeyId, expiresAt, accountId, owner, failure, because }: SeenCredentials,
  now: number,
): Check {
  const key = accessKeyId === undefined ? '' : ` (access key ${accessKeyId})`;
  const where = source === undefined ? '' : `${source}${key}`;
  if (because !== undefined) return skipped('credentials', where === '' ? because : `${because} They come from ${where}.`);
  if (failure) {
    const { check, verdict, seen, nextStep } = failed('credentials', failure);
    return { check, verdict, seen: where === '' ? seen : `${seen} They come from ${where}.`, nextStep };
  }
  const seen = `${owner} in account ${accountId}, from ${where}`;
  if (expiresAt === undefined || expiresAt - now > soon) return ok('credentials', seen);
  const left = Math.max(0, Math.round((expiresAt - now) / 60_000));
  return warning('credentials', `${seen}. They expire in ${left} min.`, 'Sign in again before a long operation.');
}
