import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Environment } from '../../core/environment.ts';
import { orphanFinding, type Tagged } from '../../core/environment-drift.ts';
import { RecodeError } from '../../core/errors.ts';
import type { Finding } from '../../core/finding.ts';
import { environmentId } from '../../core/names.ts';
import { type Belonging, belongingOf } from '../../core/tags.ts';
import { readEnvironment, readNamed } from '../records/read/environment.ts';

/**
 * Finds, among resources with our tag, those whose environment has no record. They were read before: a record exists before the resources of its
 * environment, and is deleted after them.
 */
export async function orphansAmong(dynamodb: DynamoDBClient, resources: readonly Tagged[], now: number): Promise<Finding[]> {
  const belongings = new Map(resources.map((each) => [each, belongingOf(each.tags)]));
  const ids = [...belongings.values()].flatMap((belonging) => (belonging ? [environmentId(belonging)] : []));
  const named = await readNamed(dynamodb, ids);
  const findings: Finding[] = [];
  for (const [resource, belonging] of belongings) {
    if (belonging && named.get(environmentId(belonging))?.name === belonging.name) continue;
    const recorded = belonging && (await recordOf(dynamodb, belonging));
    if (recorded === 'unreadable') continue;
    const finding = orphanFinding(resource, recorded, now);
    if (finding) findings.push(finding);
  }
  return findings;
}

/** The record as it is now. Nobody can say what belongs to one that cannot be read. */
async function recordOf(dynamodb: DynamoDBClient, belonging: Belonging): Promise<Environment | 'unreadable' | undefined> {
  try {
    return await readEnvironment(dynamodb, belonging);
  } catch (error) {
    if (error instanceof RecodeError && (error.name === 'RecordDamaged' || error.name === 'RecordNewerThanCli')) return 'unreadable';
    throw error;
  }
}
