import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An item of the table as the version before format 2 wrote it. */
export type FormerItem = Readonly<Record<string, unknown>>;

interface Recording {
  readonly environments: Readonly<Record<string, FormerItem>>;
  readonly networks: Readonly<Record<string, FormerItem>>;
  /** The claim of the environment's name. */
  readonly name: FormerItem;
}

/** What the version before format 2 wrote, recorded from its workflows, by the situation that each item was read in. */
export const former = JSON.parse(readFileSync(join(import.meta.dirname, 'format-1.json'), 'utf8')) as Recording;

/** One of the recorded environments. Throws if there is none of that name. */
export const formerEnvironment = (situation: string): FormerItem => named(former.environments, situation);

/** One of the recorded networks. Throws if there is none of that name. */
export const formerNetwork = (situation: string): FormerItem => named(former.networks, situation);

function named(items: Readonly<Record<string, FormerItem>>, situation: string): FormerItem {
  const item = items[situation];
  if (!item) throw new Error(`format-1.json has no "${situation}".`);
  return item;
}
