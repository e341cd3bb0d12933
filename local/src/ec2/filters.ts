import type { Filter } from '@aws-sdk/client-ec2';
import { AwsFailure } from '../service.ts';
import type { Resource, Tag } from './resource.ts';

type Value = string | number | boolean | undefined;

/** The filters of a Describe action. */
export interface FilterTable<T> {
  /** The values that a record has for each supported filter. The record matches if one of them does. */
  readonly honored: Readonly<Record<string, (record: T) => Value | readonly Value[]>>;
  /** The names of AWS's other filters of the action. */
  readonly unsupported: readonly string[];
  /** The tags for the filter `tag:<key>`. Without it, the action has no such filter. */
  tags?(record: T): readonly Tag[];
}

/** A filter of a request. */
export type GivenFilter = Pick<Filter, 'Name' | 'Values'>;

// AWS's limit for the values of all filters of a request.
const maximumValues = 200;

/** The filters of a kind of resource: its own ones, and the filters by tag. */
export function resourceFilters<T extends Resource>(
  honored: FilterTable<T>['honored'],
  unsupported: readonly string[] = [],
): FilterTable<T> {
  const tagKeys = (record: T) => record.tags.map(({ Key }) => Key);
  return { honored: { ...honored, 'tag-key': tagKeys }, unsupported, tags: (record) => record.tags };
}

/** Throws `InvalidParameterValue` for unknown filters, `UnsupportedOperation` for AWS's other filters, `FilterLimitExceeded` for too many values. */
export function checkFilters(action: string, table: FilterTable<never>, filters: readonly GivenFilter[]): void {
  let values = 0;
  for (const { Name: name, Values } of filters) {
    if (name === undefined) throw new AwsFailure('InvalidParameterValue', 'The filter is missing its name.');
    if (table.unsupported.includes(name))
      throw new AwsFailure('UnsupportedOperation', `The embedded AWS does not support the filter ${name} of ${action}.`);
    if (!Object.hasOwn(table.honored, name) && !(table.tags && /^tag:./.test(name)))
      throw new AwsFailure('InvalidParameterValue', `The filter '${name}' is invalid`);
    if (Values === undefined) throw new AwsFailure('InvalidParameterValue', `The filter '${name}' has no values`);
    values += Values.length;
  }
  if (values > maximumValues)
    throw new AwsFailure('FilterLimitExceeded', `The maximum number of filter values specified on a single call is ${maximumValues}`);
}

/** The records that match all filters, each by one of its values. Values are case-sensitive. `*` and `?` are wildcards, `\` escapes them. */
export function filtered<T>(table: FilterTable<T>, records: readonly T[], filters: readonly GivenFilter[] | undefined): T[] {
  const tests = (filters ?? []).map(({ Name = '', Values = [] }) => {
    const patterns = Values.map(pattern);
    return (record: T) => shown(table, Name, record).some((value) => patterns.some((one) => one.test(value)));
  });
  return records.filter((record) => tests.every((test) => test(record)));
}

function shown<T>(table: FilterTable<T>, name: string, record: T): string[] {
  const key = name.startsWith('tag:') ? name.slice('tag:'.length) : undefined;
  const values =
    key === undefined ? table.honored[name]?.(record) : table.tags?.(record).map((tag) => (tag.Key === key ? tag.Value : undefined));
  return [values]
    .flat()
    .filter((value) => value !== undefined)
    .map(String);
}

function pattern(value: string): RegExp {
  const source = value.replace(/\\(.)|./gsu, (part, literal?: string) => {
    if (literal !== undefined) return quoted(literal);
    if (part === '*') return '.*';
    return part === '?' ? '.' : quoted(part);
  });
  return new RegExp(`^${source}$`, 'su');
}

function quoted(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
}
