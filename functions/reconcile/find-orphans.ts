import { type EC2Client, StopInstancesCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { type TaggedSubject, taggedPage, taggedSubjects } from '../../aws/ec2/seen.ts';
import { unless } from '../../aws/errors.ts';
import { attempt } from '../../aws/reconcile/attempt.ts';
import { orphansAmong } from '../../aws/reconcile/orphans.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { logger } from '../../aws/step/logger.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Check, ReconcilePage } from '../../core/document.ts';
import { type Finding, listed, withFindings } from '../../core/finding.ts';

/** Finds, among a page of the resources with our tag, those whose environment has no record. Stops such an instance if the check may. */
export const findOrphans = step({
  input: v.object({ check: Check, page: ReconcilePage }),
  output: ReconcilePage,
  uses: { dynamodb, ec2, logger },
  async run({ check, page }, { dynamodb, ec2, logger, clock }) {
    const subject = taggedSubjects.find((each) => each === page.next?.subject) ?? taggedSubjects[0];
    // EC2 before the table: what it shows has had its record since before it was created.
    const { resources, next } = await taggedPage(ec2, subject, page.next?.after);
    const findings: Finding[] = [];
    for (const finding of await orphansAmong(dynamodb, resources, clock.now())) {
      findings.push(await attempt(finding, { check, logger, step: 'findOrphans' }, () => stop(ec2, finding)));
    }
    const place = next === undefined ? placeAfter(subject) : { subject, after: next };
    return { found: withFindings(page.found, findings), findings: listed(findings), ...(place && { next: place }) };
  },
});

export const handler = lambdaHandler(findOrphans);

function placeAfter(subject: TaggedSubject) {
  const following = taggedSubjects[taggedSubjects.indexOf(subject) + 1];
  return following && { subject: following };
}

/** One that no longer exists, or is on its way, needs no stop. */
async function stop(ec2: EC2Client, { id }: Finding): Promise<void> {
  await unless(['not-found', 'wrong-state'], ec2.send(new StopInstancesCommand({ InstanceIds: [id] })));
}
