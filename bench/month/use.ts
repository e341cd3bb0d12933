import { day } from './time-zones.ts';

/** A time in which somebody, or a program, uses a machine without a pause of a minute. Less than a day. */
export interface Use {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** How the machine sees it: keys, an editor, or a program that computes. */
  readonly kind: 'keys' | 'traffic' | 'computing';
  /** Whether a person is there. Otherwise it is a program, which ends with the machine. */
  readonly attended: boolean;
}

/** What is used in a time, if anything. The uses are in the order in which they begin. */
export function usedIn(uses: readonly Use[], from: number, to: number): Use['kind'] | undefined {
  for (let index = uses.length - 1; index >= 0; index--) {
    const use = uses[index];
    if (!use || use.from < from - day) return undefined;
    if (use.from <= to && use.to > from) return use.kind;
  }
  return undefined;
}

/** The last moment of use between two times; undefined if there is none. */
export function lastUse(uses: readonly Use[], from: number, to: number): number | undefined {
  const ends = uses.filter((use) => use.from <= to && use.to > from).map((use) => Math.min(use.to, to));
  return ends.length === 0 ? undefined : Math.max(...ends);
}
