import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Environment } from '../../core/environment.ts';
import { orphanFinding, type Tagged } from '../../core/environment-drift.ts';
import { RecodeError } from '../../core/errors.ts';
import { type Finding, isYoung } from '../../core/finding.ts';
import { environmentId } from '../../core/names.ts';
import { type Belonging, belongingOf } from '../../core/tags.ts';
import { readEnvironment, readEnvironmentById, readNamed } from '../records/read/environment.ts';
import { readClaim } from '../records/read/names.ts';

/**
 * Finds, among resources with our tag, those whose environment has no record. They were read before: a record exists before the resources of its
 * environment, and is deleted after them, or after a transfer has given them another tag.
 */
export async function orphansAmong(dynamodb: DynamoDBClient, resources: readonly Tagged[], now: number): Promise<Finding[]> {
  const belongings = new Map(resources.map((each) => [each, belongingOf(each.tags)]));
  const ids = [...belongings.values()].flatMap((belonging) => (belonging ? [environmentId(belonging)] : []));
  const named = await readNamed(dynamodb, ids);
  const findings: Finding[] = [];
  for (const [resource, belonging] of belongings) {
    if (belonging && named.get(environmentId(belonging))?.name === belonging.name) continue;
    const recorded = belonging && (await recordOf(dynamodb, belonging, now));
    if (recorded === 'unknown') continue;
    const finding = orphanFinding(resource, recorded, now);
    if (finding) findings.push(finding);
  }
  return findings;
}

/** The record as it is now. Nobody can say what belongs to one that cannot be read, or was transferred since the resources were read. */
async function recordOf(dynamodb: DynamoDBClient, belonging: Belonging, now: number): Promise<Environment | 'unknown' | undefined> {
  try {
    const environment = await readEnvironment(dynamodb, belonging);
    return environment ?? ((await isJustTransferred(dynamodb, belonging, now)) ? 'unknown' : undefined);
  } catch (error) {
    if (error instanceof RecodeError && (error.name === 'RecordDamaged' || error.name === 'RecordNewerThanCli')) return 'unknown';
    throw error;
  }
}

/** Whether somebody else has a young record of the same name and repository. */
async function isJustTransferred(dynamodb: DynamoDBClient, { name, repository }: Belonging, now: number): Promise<boolean> {
  const claim = await readClaim(dynamodb, name);
  const other = claim && (await readEnvironmentById(dynamodb, claim.environment));
  return other?.repository === repository && isYoung(Date.parse(other.createdAt), now);
}
