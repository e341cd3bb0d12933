import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { attempt } from '../../aws/reconcile/attempt.ts';
import { deleteClaim } from '../../aws/records/hold/names.ts';
import { type NamedEnvironment, readEnvironmentById, readNamed } from '../../aws/records/read/environment.ts';
import { type Claim, readClaimPage } from '../../aws/records/read/names.ts';
import { dynamodb } from '../../aws/step/clients.ts';
import { logger } from '../../aws/step/logger.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Check, ReconcilePage } from '../../core/document.ts';
import { namesOf } from '../../core/environment.ts';
import { RecodeError } from '../../core/errors.ts';
import { type Finding, listed, withFindings } from '../../core/finding.ts';

/** How many claims are compared at a time. */
const most = 500;

/** Finds the claims on names that no environment has, and deletes them if the check may. */
export const checkNames = step({
  input: v.object({ check: Check, page: ReconcilePage }),
  output: ReconcilePage,
  uses: { dynamodb, logger },
  async run({ check, page }, { dynamodb, logger }) {
    const { items, next } = await readClaimPage(dynamodb, { after: page.next?.after, most });
    const named = await readNamed(
      dynamodb,
      items.map(({ environment }) => environment),
    );
    const findings: Finding[] = [];
    for (const claim of items) {
      if (isOf(claim, named.get(claim.environment)) || (await isHad(dynamodb, claim))) continue;
      findings.push(
        await attempt(staleClaim(claim), { check, logger, step: 'checkNames' }, async () => {
          if (!(await deleteClaim(dynamodb, claim))) throw new RecodeError('OperationSettling', `The name ${claim.id} was claimed again.`);
        }),
      );
    }
    return {
      found: withFindings(page.found, findings),
      findings: listed(findings),
      ...(next !== undefined && { next: { after: next } }),
    };
  },
});

export const handler = lambdaHandler(checkNames);

const isOf = ({ id, uid }: Claim, environment: NamedEnvironment | undefined) =>
  environment !== undefined && namesOf(environment).includes(id) && (uid === undefined || environment.uid === uid);

/** Whether an environment has the claimed name, by its record as it is now. One that cannot be read may have it. */
async function isHad(dynamodb: DynamoDBClient, claim: Claim): Promise<boolean> {
  try {
    return isOf(claim, await readEnvironmentById(dynamodb, claim.environment));
  } catch (error) {
    if (error instanceof RecodeError && (error.name === 'RecordDamaged' || error.name === 'RecordNewerThanCli')) return true;
    throw error;
  }
}

/** By the id of a record: no owner has a slash. */
function staleClaim({ id, environment }: Claim): Finding {
  const [owner = '', ...repository] = environment.split('/');
  const subject = { owner, repository: repository.join('/') };
  return { kind: 'stale', subject: 'name', id, ...subject, problem: 'No environment has the claimed name.', fix: 'delete-claim' };
}
