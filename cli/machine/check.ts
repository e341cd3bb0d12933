import type { Failure } from '../failure.ts';

/** What is checked of a machine, in the order in which it is shown. */
export const checkNames = [
  'recode',
  'node',
  'ssh',
  'git',
  'keys',
  'ssh-agent',
  'ssh-config',
  'settings',
  'proxy',
  'region',
  'endpoints',
  'clock',
  'credentials',
  'stack',
  'connections',
] as const;
export type CheckName = (typeof checkNames)[number];

/** `skipped`: the check could not run, because of something else. */
export type Verdict = 'ok' | 'warning' | 'problem' | 'skipped';

/** What a check of this machine has found. */
export interface Check {
  readonly check: CheckName;
  readonly verdict: Verdict;
  /** What was seen, as a sentence. */
  readonly seen: string;
  /** What a person can do about it; null if there is nothing to do. */
  readonly nextStep: string | null;
}

export const ok = (check: CheckName, seen: string): Check => ({ check, verdict: 'ok', seen, nextStep: null });
export const warning = (check: CheckName, seen: string, nextStep: string): Check => ({ check, verdict: 'warning', seen, nextStep });
export const problem = (check: CheckName, seen: string, nextStep: string): Check => ({ check, verdict: 'problem', seen, nextStep });
/** @param why as a sentence */
export const skipped = (check: CheckName, why: string): Check => ({
  check,
  verdict: 'skipped',
  seen: `Not checked. ${why}`,
  nextStep: null,
});

/** The problem that an error describes. */
export const failed = (check: CheckName, { message, nextStep }: Failure): Check => problem(check, message, nextStep);

/** How many things there are: `1 key pair`, `2 key pairs`. */
export const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? '' : 's'}`;
