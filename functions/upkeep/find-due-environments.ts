import * as v from 'valibot';
import { failureForStepFunctions, failureOf, inStep, unless } from '../../aws/errors.ts';
import { readDueEnvironments } from '../../aws/records/read/environment.ts';
import { ifInstalled } from '../../aws/records/read/table.ts';
import { dynamodb } from '../../aws/step/clients.ts';
import { logger } from '../../aws/step/logger.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { type DueEnvironment, DueEnvironments, Failure, RequestedStops } from '../../core/document.ts';
import { environmentId } from '../../core/names.ts';

/**
 * How many environments are found at a time, and how many of them one Lambda asks to stop. A state may pass on 256 KiB, and an environment
 * takes up to 400 bytes; a history may have 25,000 events, and a Lambda takes seven.
 */
const [most, perBatch] = [250, 25];

/** In milliseconds. infra/events.yml has the time between two sweeps. */
const [hour, sweepInterval] = [3_600_000, 5 * 60_000];

/**
 * Finds the next environments that are due to stop, after those that the sweep has found before: none if Recode is not installed.
 * Skips records that cannot be read. Keeps the first failure to request a stop for the end of the sweep.
 *
 * It reads the index of the environments with a time to stop. Once an hour, and where the table is older than the index, it reads all records:
 * an older version of the stack does not keep the index.
 */
export const findDueEnvironments = step({
  input: v.object({
    /** Missing at the first call. */
    due: v.optional(DueEnvironments),
    requests: v.optional(v.array(v.union([Failure, RequestedStops])), []),
  }),
  output: DueEnvironments,
  uses: { dynamodb, logger },
  async run({ due, requests }, { dynamodb, logger, clock }) {
    const after = due?.after ?? undefined;
    const now = clock.now();
    const read = (from: 'index' | 'records') => ifInstalled(readDueEnvironments(dynamodb, { from, now, after, most }));
    const inRecords = after ? after.dueAt === undefined : now % hour < sweepInterval;
    const fromIndex = inRecords ? undefined : await unless('no-index', read('index'));
    const { items: found, unreadable } = fromIndex ?? (await read('records')) ?? { items: [], unreadable: [] };
    for (const error of unreadable) logger.error('A record cannot be read', inStep(error));
    const last = found.at(-1);
    const failure = due?.failure ?? requests.flatMap((request) => ('Error' in request ? named(request) : []))[0] ?? null;
    const place = last && { id: environmentId(last), ...(fromIndex && { dueAt: last.stopAt }) };
    return { batches: batchesOf(found), after: place ?? null, failure };
  },
});

export const handler = lambdaHandler(findDueEnvironments);

/** The failure under a name of the catalog, if it has one of Step Functions. */
function named(failure: Failure): Failure {
  return failureForStepFunctions(failureOf(failure.Error, failure.Cause));
}

function batchesOf(found: readonly DueEnvironment[]): DueEnvironment[][] {
  return Array.from({ length: Math.ceil(found.length / perBatch) }, (_, index) => found.slice(index * perBatch, (index + 1) * perBatch));
}
