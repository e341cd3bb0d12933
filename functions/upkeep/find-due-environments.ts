import * as v from 'valibot';
import { dynamodb } from '../../aws/clients.ts';
import { readDueEnvironments } from '../../aws/records/environment.ts';
import { ifInstalled } from '../../aws/records/table.ts';
import { lambdaHandler, step } from '../../aws/step.ts';
import type { DueEnvironment } from '../../core/document.ts';
import { environmentId } from '../../core/names.ts';

/**
 * How many environments are found at a time, and how many of them are asked to stop by one Lambda. A state may pass on 256 KiB, of which an
 * environment takes 400 bytes at most; a history may have 25,000 events, of which a Lambda takes seven.
 */
const [most, perBatch] = [250, 25];

/** Finds the next environments that are due to be stopped, after those that the sweep has found before. Where Recode is not installed, none is. */
export const findDueEnvironments = step({
  input: v.object({ due: v.optional(v.object({ after: v.nullable(v.string()) })) }),
  uses: { dynamodb },
  async run({ due }, { dynamodb, clock }) {
    const reading = readDueEnvironments(dynamodb, { now: clock.now(), after: due?.after ?? undefined, most });
    const found = (await ifInstalled(reading)) ?? [];
    const last = found.at(-1);
    return { batches: batchesOf(found), after: last ? environmentId(last) : null };
  },
});

export const handler = lambdaHandler(findDueEnvironments);

function batchesOf(found: readonly DueEnvironment[]): DueEnvironment[][] {
  return Array.from({ length: Math.ceil(found.length / perBatch) }, (_, index) => found.slice(index * perBatch, (index + 1) * perBatch));
}
