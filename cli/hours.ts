import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { unless } from '../aws/errors.ts';
import { readAllHours, readHours } from '../aws/records/read/hours.ts';
import { ifInstalled } from '../aws/records/read/table.ts';
import { RecodeError } from '../core/errors.ts';
import { hoursText, monthName, type OwnerHours, usageOf } from '../core/hours.ts';

/** The hours of an owner in this month (UTC), as commands print them with --json. */
export interface HoursView {
  /** Of those that the team allows in a month. */
  readonly used: number;
  /** Until the automatic stops of what runs. */
  readonly reserved: number;
  readonly limit: number;
}

/** The hours of an owner; null without a cap, or if they cannot be read: they are only shown. */
export async function hoursOf(dynamodb: DynamoDBClient, owner: string): Promise<HoursView | null> {
  const hours = await readable(readHours(dynamodb, owner));
  return hours ? hoursView(hours) : null;
}

/** The same of every owner. */
export async function hoursOfAll(dynamodb: DynamoDBClient): Promise<ReadonlyMap<string, HoursView>> {
  const { items } = (await readable(readAllHours(dynamodb))) ?? { items: [] };
  return new Map(items.map((hours) => [hours.owner, hoursView(hours)]));
}

/** The same as text: `42 of 160, 8 reserved`. */
export function hoursWords({ used, reserved, limit }: HoursView): string {
  return `${used} of ${limit}${reserved > 0 ? `, ${reserved} reserved` : ''}`;
}

/** What the hours are of: `Hours in November`. */
export const hoursHeading = (now = Date.now()): string => `Hours in ${monthName(now)}`;

function hoursView(hours: OwnerHours, now = Date.now()): HoursView {
  const { used, reserved } = usageOf(hours, now);
  return { used: Number(hoursText(used)), reserved: Number(hoursText(reserved)), limit: hours.limit };
}

/** The policy of an older stack does not permit it. */
async function readable<Read>(reading: Promise<Read>): Promise<Read | undefined> {
  try {
    return await unless('unauthorized', ifInstalled(reading));
  } catch (error) {
    if (error instanceof RecodeError && (error.name === 'RecordDamaged' || error.name === 'RecordNewerThanCli')) return undefined;
    throw error;
  }
}
