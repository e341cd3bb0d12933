import { isIPv6 } from 'node:net';

/** What a text may tell of a person, by what stands in its place: `<owner>`. */
export const personalKinds = [
  'home',
  'user',
  'account',
  'owner',
  'repository',
  'name',
  'address',
  'access-key',
  'profile',
  'host',
  'identity',
] as const;
export type PersonalKind = (typeof personalKinds)[number];

/** A personal detail. */
export interface Personal {
  readonly kind: PersonalKind;
  readonly value: string;
}

/** Names of fields whose values are words of Recode's own. */
const ownWords = new Set(['check', 'verdict', 'kind', 'subject', 'fix', 'outcome', 'advice', 'name', 'title']);

// Kept, because they say the same of everybody.
const everyone = new Set(['0.0.0.0', '127.0.0.1', '::', '::1']);

/** What has a form of its own, wherever it stands. An address keeps its prefix length. */
const forms: readonly (readonly [PersonalKind, RegExp, ((text: string) => boolean)?])[] = [
  // The end of an ARN that says who somebody is.
  ['identity', /(?<=\barn:[a-z-]+:(?:iam|sts)::[^:\s]*:)[\w-]+\/[\w+=,.@:/-]*[\w+=@/-]/g],
  ['access-key', /\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g],
  ['account', /(?<![\w-])\d{12}(?!\w)/g],
  ['address', /(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)/g],
  ['address', /(?<![\w:.])[0-9a-f:]*:[0-9a-f:.]*(?![\w:])/gi, (text) => isIPv6(text)],
];

/**
 * Replaces personal details in all texts of a value. The same detail has the same placeholder everywhere: `<owner>`, `<owner-2>`.
 *
 * @param known details that have no form of their own
 */
export function redact<Value>(value: Value, known: readonly Personal[]): Value {
  const placeholders = new Map<string, string>();
  const numbers = new Map<PersonalKind, number>();
  const placeholder = (kind: PersonalKind, text: string) => {
    const key = `${kind} ${text.toLowerCase()}`;
    const had = placeholders.get(key);
    if (had !== undefined) return had;
    const number = (numbers.get(kind) ?? 0) + 1;
    numbers.set(kind, number);
    const made = number === 1 ? `<${kind}>` : `<${kind}-${number}>`;
    placeholders.set(key, made);
    return made;
  };

  const values = details(known);
  const patterns = [...values].map(([spelling, { inPath }]) => standingAlone(spelling, inPath));
  const pattern = patterns.length > 0 ? new RegExp(patterns.join('|'), 'gi') : undefined;
  const ofText = (text: string): string => {
    const found: string[] = [];
    // What has been replaced is not looked at again.
    const keep = (made: string) => `\0${found.push(made) - 1}\0`;
    let rest = text.replaceAll('\0', '');
    if (pattern) {
      rest = rest.replace(pattern, (match) => {
        const detail = values.get(match.toLowerCase());
        return detail ? keep(placeholder(detail.kind, detail.as)) : match;
      });
    }
    for (const [kind, form, isOne] of forms) {
      rest = rest.replace(form, (match) => (everyone.has(match) || isOne?.(match) === false ? match : keep(placeholder(kind, match))));
    }
    // A placeholder may stand within what was replaced later.
    while (/\0\d+\0/.test(rest)) rest = rest.replace(/\0(\d+)\0/g, (_, index: string) => found[Number(index)] ?? '');
    return rest;
  };
  const ofValue = (each: unknown, field?: string): unknown => {
    if (typeof each === 'string') return field !== undefined && ownWords.has(field) ? each : ofText(each);
    if (Array.isArray(each)) return each.map((one) => ofValue(one));
    if (typeof each !== 'object' || each === null) return each;
    return Object.fromEntries(Object.entries(each).map(([key, one]) => [key, ofValue(one, key)]));
  };
  return ofValue(value) as Value;
}

interface Detail {
  readonly kind: PersonalKind;
  /** What it is a spelling of. */
  readonly as: string;
  /** Whether it is one only behind a slash. */
  readonly inPath: boolean;
}

/** The spellings of all details in lower case, the longest first. */
function details(known: readonly Personal[]): Map<string, Detail> {
  const found = new Map<string, Detail>();
  const add = (spelling: string, kind: PersonalKind, as: string, inPath = false) => {
    const key = spelling.toLowerCase();
    // The root folder may be somebody's home.
    if (spelling.length > 1 && !found.has(key)) found.set(key, { kind, as, inPath });
  };
  for (const { kind, value } of known) add(value, kind, value);
  for (const { value } of known.filter(({ kind }) => kind === 'repository')) {
    // In folders of Windows, and in names of resources.
    for (const separator of ['\\', '-']) add(value.replaceAll('/', separator), 'repository', value);
    const [account = ''] = value.split('/');
    add(account, 'name', account, true);
  }
  return new Map([...found].sort(([one], [other]) => other.length - one.length));
}

/** Matches a detail where it is not part of a longer word. */
function standingAlone(text: string, inPath: boolean): string {
  const escaped = text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  return `${inPath ? '(?<=[/\\\\])' : '(?<![A-Za-z0-9])'}${escaped}(?![A-Za-z0-9])`;
}
