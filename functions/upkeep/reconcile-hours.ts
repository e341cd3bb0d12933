import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { changeUnheld } from '../../aws/records/hold/environment.ts';
import { changeHours, forgetHours } from '../../aws/records/hold/hours.ts';
import { readEnvironmentPages, readEnvironments } from '../../aws/records/read/environment.ts';
import { readAllHours } from '../../aws/records/read/hours.ts';
import { ifInstalled } from '../../aws/records/read/table.ts';
import { dynamodb } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { CutRuns } from '../../core/document.ts';
import type { Environment } from '../../core/environment.ts';
import { isUnderWay, type Moment, reconcile, runs, stopWithin } from '../../core/hours.ts';
import { holderOf } from '../../core/lock.ts';

/** How many owners are looked at together. */
const together = 10;

/**
 * Keeps the hours of owners right, where there is a cap on them: counts what has run since before the cap was set, ends what a missed change
 * has left open, and gives an earlier stop to the environments whose owners have no hours for longer. Without a cap, it forgets all hours.
 */
export const reconcileHours = step({
  input: v.object({}),
  output: CutRuns,
  uses: { dynamodb, settings },
  async run(_, { dynamodb, settings, clock }) {
    const limit = settings.hoursPerOwner;
    if (limit === 0) {
      const { items } = (await ifInstalled(readAllHours(dynamodb))) ?? { items: [] };
      for (const hours of items) await forgetHours(dynamodb, hours);
      return { cut: 0 };
    }
    const owners = [...((await ifInstalled(ownersToLookAt(dynamodb))) ?? [])];
    let cut = 0;
    const work = async () => {
      for (let owner = owners.pop(); owner !== undefined; owner = owners.pop()) {
        cut += await reconcileOwner(dynamodb, owner, { now: clock.now(), limit });
      }
    };
    await Promise.all(Array.from({ length: together }, work));
    return { cut };
  },
});

export const handler = lambdaHandler(reconcileHours);

/** The owners whose environments run, by their records or by their hours. */
async function ownersToLookAt(dynamodb: DynamoDBClient): Promise<Set<string>> {
  const owners = new Set<string>();
  for (const hours of (await readAllHours(dynamodb)).items) if (isUnderWay(hours)) owners.add(hours.owner);
  for await (const { items } of readEnvironmentPages(dynamodb)) {
    for (const environment of items) if (runs(environment)) owners.add(environment.owner);
  }
  return owners;
}

/** Returns how many environments get an earlier stop. What runs is not known while a record cannot be read. */
async function reconcileOwner(dynamodb: DynamoDBClient, owner: string, moment: Moment): Promise<number> {
  let environments: readonly Environment[] = [];
  const hours = await changeHours(dynamodb, owner, async (hours) => {
    const { items, unreadable } = await readEnvironments(dynamodb, owner);
    environments = items;
    return unreadable.length > 0 ? hours : reconcile(hours, items, moment);
  });
  let cut = 0;
  for (const environment of environments) {
    const { uid, wanted } = environment;
    const stopAt = stopWithin(hours, uid, wanted.stopAt);
    if (stopAt === wanted.stopAt || holderOf(environment) || !runs(environment)) continue;
    await changeUnheld(dynamodb, environment, { set: { 'wanted.stopAt': stopAt } });
    cut += 1;
  }
  return cut;
}
