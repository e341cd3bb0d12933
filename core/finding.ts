import * as v from 'valibot';

/**
 * What differs between the records and AWS:
 * - `orphan`: a resource without a record
 * - `missing`: a record whose resource is gone
 * - `duplicate`: a second resource where one belongs
 * - `differs`: a rule, a tag or an attribute is not as recorded
 * - `stale`: what a record observed, holds or claims is over
 */
export const findingKinds = ['orphan', 'missing', 'duplicate', 'differs', 'stale'] as const;

/** What a finding is about. */
export const findingSubjects = [
  'instance',
  'volume',
  'network interface',
  'security group',
  'key pair',
  'VPC',
  'internet gateway',
  'subnet',
  'route table',
  'record',
  'lock',
  'name',
] as const;
export type FindingSubject = (typeof findingSubjects)[number];

/** How far a check of the records may change things: not at all, only records, or all that is safe. Each includes the ones before. */
export const extents = ['nothing', 'records', 'all'] as const;
export type Extent = (typeof extents)[number];

/** What fixes a finding, and how far a check has to be allowed to change things for it. */
export const fixes = {
  /** The record gets what EC2 shows. */
  observe: 'records',
  /** The lock of a dead execution is released. */
  release: 'records',
  /** The record gets what the instance and its volume are now. */
  adopt: 'all',
  /** The rules for SSH are set again. */
  'allow-ssh': 'all',
  /** The key pair is imported again. */
  'import-key': 'all',
  /** The name is claimed again. */
  claim: 'all',
  /** The claim is deleted. */
  'delete-claim': 'all',
  /** The instance is stopped. Its disk stays. */
  stop: 'all',
  /** The missing parts of the network are created again. */
  repair: 'all',
  /** The next start in the region creates the network again. */
  reopen: 'all',
} as const satisfies Record<string, Extent>;
export type Fix = keyof typeof fixes;

/** One difference. */
export const Finding = v.object({
  kind: v.picklist(findingKinds),
  subject: v.picklist(findingSubjects),
  /** Of the resource or the record. */
  id: v.string(),
  /** Whose environment it is about. Missing for what all environments share, and where no tag says it. */
  owner: v.exactOptional(v.string()),
  repository: v.exactOptional(v.string()),
  /** What is the matter, as a sentence. */
  problem: v.string(),
  /** Missing if nothing of ours fixes it. */
  fix: v.exactOptional(v.picklist(Object.keys(fixes) as Fix[])),
  /** Whether a person may have it deleted. */
  deletable: v.exactOptional(v.literal(true)),
  /** What else a person can do: a command of `recode aws` without the repository, or `by hand`. */
  advice: v.exactOptional(v.string()),
  /** What came of it, if it was to be fixed. */
  outcome: v.exactOptional(v.picklist(['fixed', 'failed', 'refused'])),
  /** Why it was not fixed. */
  reason: v.exactOptional(v.string()),
});
export type Finding = v.InferOutput<typeof Finding>;

/** How many findings travel on with the state document. The history of the execution has them all, page by page. */
export const mostFirst = 50;

/** What a check has found so far. */
export const Found = v.object({
  /** The first of them. */
  first: v.array(Finding),
  /** How many there are besides. */
  more: v.number(),
  fixed: v.number(),
});
export type Found = v.InferOutput<typeof Found>;

export const nothingFound: Found = { first: [], more: 0, fixed: 0 };

/** What was found, with some more findings. */
export function withFindings({ first, more, fixed }: Found, findings: readonly Finding[]): Found {
  const room = Math.max(0, mostFirst - first.length);
  return {
    first: [...first, ...findings.slice(0, room)],
    more: more + Math.max(0, findings.length - room),
    fixed: fixed + findings.filter(({ outcome }) => outcome === 'fixed').length,
  };
}

/** How many findings there are that nothing has fixed. */
export const leftIn = ({ first, more, fixed }: Found): number => first.length + more - fixed;

// A state may pass on 256 KiB. The document has more than the findings of its page.
const mostBytes = 120_000;

/** As many findings as a page can list. */
export function listed(findings: readonly Finding[]): Finding[] {
  let bytes = 0;
  return findings.filter((finding) => {
    bytes += Buffer.byteLength(JSON.stringify(finding));
    return bytes <= mostBytes;
  });
}

/** Whether a check that may change so much may fix it. */
export function isWithin(extent: Extent, fix: Fix): boolean {
  return extents.indexOf(fixes[fix]) <= extents.indexOf(extent);
}

const leastAge = 15 * 60_000;

/** Whether something is so new that an operation may still be working on it, or EC2 may not show all of it. Times are milliseconds. */
export function isYoung(createdAt: number | undefined, now: number): boolean {
  return createdAt !== undefined && now - createdAt < leastAge;
}
