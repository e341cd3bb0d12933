import type { Logger } from '@aws-lambda-powertools/logger';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { SFNClient } from '@aws-sdk/client-sfn';
import * as v from 'valibot';
import { findInstancesAlsoEnded } from '../../aws/ec2/resources.ts';
import { mostNames, seenOf } from '../../aws/ec2/seen.ts';
import { inStep } from '../../aws/errors.ts';
import { attempt } from '../../aws/reconcile/attempt.ts';
import { fixEnvironment } from '../../aws/reconcile/fix-environment.ts';
import { release } from '../../aws/records/hold/environment.ts';
import { askHolder } from '../../aws/records/hold/holder.ts';
import { countSeen } from '../../aws/records/hold/hours.ts';
import type { Change } from '../../aws/records/hold/table.ts';
import { readEnvironment, readEnvironmentPage } from '../../aws/records/read/environment.ts';
import { readClaims } from '../../aws/records/read/names.ts';
import { dynamodb, ec2, sfn } from '../../aws/step/clients.ts';
import { logger } from '../../aws/step/logger.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Check, ReconcilePage } from '../../core/document.ts';
import { type Environment, namesOf } from '../../core/environment.ts';
import { deadLock, environmentFindings } from '../../core/environment-drift.ts';
import type { ErrorName, RecodeError } from '../../core/errors.ts';
import { type Finding, listed, nothingFound, withFindings } from '../../core/finding.ts';
import { holderOf } from '../../core/lock.ts';
import { environmentId } from '../../core/names.ts';
import type { Settings } from '../../core/settings.ts';

/** Compares a page of the environments with what EC2 shows of them, and fixes what the check may. An environment that an operation holds is left alone. */
export const checkEnvironments = step({
  input: v.object({ check: Check, page: v.optional(ReconcilePage) }),
  output: ReconcilePage,
  uses: { dynamodb, ec2, sfn, settings, logger },
  async run({ check, page }, { clock, ...used }) {
    const context = { ...used, check, now: clock.now() };
    const { items, unreadable, next } = await readEnvironmentPage(used.dynamodb, { after: page?.next?.after, most: mostNames });
    const findings = unreadable.map(damaged);
    const free: Environment[] = [];
    for (const environment of items) {
      const { environment: left, finding } = await withoutDeadLock(environment, context);
      if (left) free.push(left);
      if (finding) findings.push(finding);
    }
    findings.push(...(await compared(free, context)));
    const found = withFindings(page?.found ?? nothingFound, findings);
    return { found, findings: listed(findings), ...(next !== undefined && { next: { after: next } }) };
  },
});

export const handler = lambdaHandler(checkEnvironments);

interface Context {
  readonly check: Check;
  readonly dynamodb: DynamoDBClient;
  readonly ec2: EC2Client;
  readonly sfn: SFNClient;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly now: number;
}

const attempting = ({ check, logger }: Context) => ({ check, logger, step: 'checkEnvironments' });

function damaged(error: RecodeError): Finding {
  return { kind: 'differs', subject: 'record', id: 'environment', problem: inStep(error).message, advice: 'by hand' };
}

/** An environment that no living operation holds, once the lock of a dead one is released; or without that, what is the matter. */
async function withoutDeadLock(environment: Environment, context: Context): Promise<{ environment?: Environment; finding?: Finding }> {
  const holder = holderOf(environment);
  if (!holder) return { environment };
  const { dynamodb, ec2, sfn, settings, now } = context;
  if ((await askHolder(sfn, holder, now)) !== 'closed') return {};
  const finding = await attempt(deadLock(environment), attempting(context), async () => {
    const { name, observed, transferFrom } = environment;
    const at = new Date(now).toISOString();
    const shown = async (): Promise<Change> => {
      // While a transfer is not finished, the former owner's record has the instance.
      if (transferFrom !== undefined) return { set: {} };
      const instances = name === undefined ? [] : await findInstancesAlsoEnded(ec2, environment, observed?.instanceId);
      return countSeen(dynamodb, environment, instances, { settings, now });
    };
    const { set, remove } = await shown();
    const error: ErrorName = 'ExecutionAborted';
    const lastError = { name: error, message: `The ${holder.kind} ended without releasing the lock.`, at };
    await release(dynamodb, environment, holder, { set: { ...set, lastError, updatedAt: at }, remove, end: { endedAt: at, error } });
  });
  if (finding.outcome !== 'fixed') return { finding };
  const left = await readEnvironment(dynamodb, environment);
  return { finding, ...(left && !holderOf(left) && { environment: left }) };
}

async function compared(environments: readonly Environment[], context: Context): Promise<Finding[]> {
  const { dynamodb, ec2, settings, now } = context;
  const names = environments.flatMap(namesOf);
  const instanceIds = environments.flatMap(({ observed }) => (observed && observed.state !== 'gone' ? [observed.instanceId] : []));
  const seen = await seenOf(ec2, { names, instanceIds });
  const claims = await readClaims(dynamodb, names);
  const findings: Finding[] = [];
  for (const environment of environments) {
    if (await isFoundWithFormer(environment, context)) continue;
    const claim = claims.get(environment.name ?? '');
    const claimed = claim?.environment === environmentId(environment);
    for (const finding of environmentFindings(environment, claimed, seen, { now, settings })) {
      findings.push(
        await attempt(finding, attempting(context), () => fixEnvironment(finding, environment, { dynamodb, ec2, settings, now, seen })),
      );
    }
  }
  return findings;
}

/** Whether a transfer is not finished of which the former owner still has a record, too. It is one finding. */
async function isFoundWithFormer({ uid, repository, transferFrom }: Environment, { dynamodb }: Context): Promise<boolean> {
  if (transferFrom === undefined) return false;
  const former = await readEnvironment(dynamodb, { owner: transferFrom, repository });
  return former?.uid === uid;
}
