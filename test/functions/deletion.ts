import { CreateTagsCommand, type EC2Client, type Tag } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import type { ErrorName } from '../../core/errors.ts';
import { type TestAccount, testAccount } from './account.ts';
import { environmentTagsOf, networkTagsOf } from './resources.ts';

/** A step that deletes what bears our tags, as the tests of all such steps see it. */
export interface Deletion {
  /** Runs the step. */
  readonly run: (account: TestAccount) => Promise<unknown>;
  /** Runs the step of a document that knows these ids from before; only of a step that takes them. */
  readonly runKnowing?: (account: TestAccount, ids: string[]) => Promise<unknown>;
  /** The EC2 actions by which it looks and deletes. */
  readonly describes: string;
  readonly deletes: string;
  /** EC2's codes: of one that is not there, and of one that something still uses. */
  readonly notFound: string;
  readonly inUse: readonly string[];
  /** The tags of ours, and those of others that look much like them. */
  readonly tags: Tag[];
  readonly lookalikes: Tag[][];
  /** Prepares an account for making several; `number` is another one for each. */
  readonly prepare: (account: TestAccount) => Promise<(tags: Tag[], number: number) => Promise<string>>;
  /** The ids of all there are, whoever's they are. */
  readonly list: (ec2: EC2Client) => Promise<(string | undefined)[]>;
}

/** What others may have in an account beside the part of the network that bears this name. */
export const networkLookalikes = (name: string): Tag[][] => [
  [],
  [{ Key: 'Name', Value: name }],
  [
    { Key: 'Name', Value: name },
    { Key: 'recode:managed-by', Value: 'terraform' },
  ],
];

/** What others may have beside a resource of the environment acme/api of alice: each differs in one tag. */
export const environmentLookalikes = (resource: string): Tag[][] => [
  [],
  [{ Key: 'Name', Value: `recode-acme-api-${resource}` }],
  ...['recode:managed-by', 'recode:owner', 'recode:repository'].map((key) =>
    environmentTagsOf(resource).map((tag) => (tag.Key === key ? { ...tag, Value: 'other' } : tag)),
  ),
];

/** The part of a deletion that all parts of the network have in common. */
export const ofNetwork = (name: string) => ({ tags: networkTagsOf(name), lookalikes: networkLookalikes(name) });

/** The part of a deletion that all resources of an environment have in common. */
export const ofEnvironment = (resource: string) => ({ tags: environmentTagsOf(resource), lookalikes: environmentLookalikes(resource) });

/** Declares the tests of what each step that deletes has to keep, whatever it deletes. */
export function describeDeletion(deletion: Deletion): void {
  const { run, runKnowing, describes, deletes, notFound, inUse, tags, lookalikes, prepare, list } = deletion;
  const twins = async (account: TestAccount) => {
    const make = await prepare(account);
    return [await make(tags, 0), await make(tags, 1)];
  };
  const sorted = async ({ ec2 }: TestAccount) => (await list(ec2)).toSorted();
  /** Another attempt runs between this one's first look and its first deletion. */
  const besides = (account: TestAccount) => {
    let other: Promise<unknown> | undefined;
    account.amendAnswers(`${describes}Command`, async () => {
      // The other one's own question comes here too.
      if (other) return {};
      other = Promise.resolve().then(() => run(account));
      await other;
      return {};
    });
  };
  const refused = (account: TestAccount, name: ErrorName) => expect(run(account)).rejects.toMatchObject({ name });

  describe('like every deletion', () => {
    it('is done where there is nothing', async () => {
      await using account = await testAccount();
      expect(await run(account)).toBeUndefined();
    });

    it('deletes one, and is done when it runs again', async () => {
      await using account = await testAccount();
      const make = await prepare(account);
      await make(tags, 0);
      expect(await run(account)).toBeUndefined();
      expect(await list(account.ec2)).toEqual([]);
      expect(await run(account)).toBeUndefined();
    });

    it('deletes twins', async () => {
      await using account = await testAccount();
      await twins(account);
      await run(account);
      expect(await list(account.ec2)).toEqual([]);
    });

    it('leaves what does not bear all of our tags', async () => {
      await using account = await testAccount();
      const make = await prepare(account);
      const foreign: string[] = [];
      for (const [number, others] of lookalikes.entries()) foreign.push(await make(others, number));
      await make(tags, lookalikes.length);
      await run(account);
      expect(await sorted(account)).toEqual(foreign.toSorted());
    });

    it('deletes one that somebody has given another name', async () => {
      await using account = await testAccount();
      const make = await prepare(account);
      const id = await make(tags, 0);
      await account.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'Name', Value: 'mine' }] }));
      await run(account);
      expect(await list(account.ec2)).toEqual([]);
    });

    it('finishes what an attempt left whose answer was lost', async () => {
      await using account = await testAccount();
      await twins(account);
      await account.loseAnswer(deletes);
      await refused(account, 'AwsUnavailable');
      expect(await list(account.ec2)).toHaveLength(1);
      await run(account);
      expect(await list(account.ec2)).toEqual([]);
    });

    it('is done where another attempt deletes the same at the same time', async () => {
      await using account = await testAccount();
      await twins(account);
      besides(account);
      expect(await run(account)).toBeUndefined();
      expect(await list(account.ec2)).toEqual([]);
    });

    it('is done in the end where EC2 refuses to delete what has gone meanwhile, as it does where permissions go by tags', async () => {
      await using account = await testAccount();
      const make = await prepare(account);
      await make(tags, 0);
      besides(account);
      await account.refuse(deletes, 'UnauthorizedOperation', 1);
      await refused(account, 'PermissionMissing');
      expect(await run(account)).toBeUndefined();
    });

    it('comes back where EC2 denies what it shows', async () => {
      await using account = await testAccount();
      const ours = await twins(account);
      await account.refuse(deletes, notFound);
      await refused(account, 'NotVisibleYet');
      expect(ours).toEqual(expect.arrayContaining(await list(account.ec2)));
      expect(await list(account.ec2)).toHaveLength(1);
      await run(account);
      expect(await list(account.ec2)).toEqual([]);
    });

    it.each([
      ...[...inUse, 'IncorrectState'].map((code) => [code, 'DependencyStillInUse'] as const),
      ['UnauthorizedOperation', 'PermissionMissing'] as const,
      ['RequestLimitExceeded', 'RequestThrottled'] as const,
      ['InternalError', 'AwsUnavailable'] as const,
      ['AuthFailure', 'FunctionCredentialsRejected'] as const,
      ['OptInRequired', 'AccountNotReady'] as const,
      ['OperationNotPermitted', 'AwsRefused'] as const,
    ])('ends with what %s means, and loses nothing', async (code, name) => {
      await using account = await testAccount();
      const ours = await twins(account);
      await account.refuse(deletes, code);
      await refused(account, name);
      expect(await sorted(account)).toEqual(ours.toSorted());
      // The first of them is deleted, the second is refused.
      await account.refuse(deletes, code, 1);
      await refused(account, name);
      expect(await list(account.ec2)).toHaveLength(1);
      await run(account);
      expect(await list(account.ec2)).toEqual([]);
    });

    it.each([
      ['UnauthorizedOperation', 'PermissionMissing'],
      ['RequestLimitExceeded', 'RequestThrottled'],
    ] as const)('takes nothing for gone where looking is refused with %s', async (code, name) => {
      await using account = await testAccount();
      const ours = await twins(account);
      await account.refuse(describes, code);
      await refused(account, name);
      expect(await sorted(account)).toEqual(ours.toSorted());
    });
  });

  if (!runKnowing) return;
  describe('like every deletion of what was found before', () => {
    it('deletes it once, and looks for more once', async () => {
      await using account = await testAccount();
      const make = await prepare(account);
      const id = await make(tags, 0);
      await account.aws.delete('calls');
      expect(await runKnowing(account, [id])).toBeUndefined();
      const { calls } = (await account.aws.get('calls')) as { calls: { action: string; outcome: string }[] };
      expect(calls.filter(({ action, outcome }) => action === deletes && outcome === 'ok')).toHaveLength(1);
      expect(calls.every(({ action }) => [describes, deletes].includes(action))).toBe(true);
      expect(await list(account.ec2)).toEqual([]);
    });

    it('is done where it is gone by now', async () => {
      await using account = await testAccount();
      const make = await prepare(account);
      const id = await make(tags, 0);
      await runKnowing(account, [id]);
      expect(await runKnowing(account, [id])).toBeUndefined();
    });

    it('deletes twins that were not found before, too', async () => {
      await using account = await testAccount();
      const [first = ''] = await twins(account);
      expect(await runKnowing(account, [first])).toBeUndefined();
      expect(await list(account.ec2)).toEqual([]);
    });

    it('comes back where EC2 denies what it shows', async () => {
      await using account = await testAccount();
      const make = await prepare(account);
      const id = await make(tags, 0);
      await account.refuse(deletes, notFound);
      await expect(runKnowing(account, [id])).rejects.toMatchObject({ name: 'NotVisibleYet' });
      expect(await list(account.ec2)).toEqual([id]);
      await make(tags, 1);
      await runKnowing(account, [id]);
      expect(await list(account.ec2)).toEqual([]);
    });

    it.each([
      [deletes, inUse[0] ?? '', 'DependencyStillInUse'],
      [deletes, 'UnauthorizedOperation', 'PermissionMissing'],
      [describes, 'RequestLimitExceeded', 'RequestThrottled'],
    ] as const)('ends where %s answers %s with %s, and finishes the next time', async (action, code, name) => {
      await using account = await testAccount();
      const [first = ''] = await twins(account);
      await account.refuse(action, code);
      await expect(runKnowing(account, [first])).rejects.toMatchObject({ name });
      expect((await list(account.ec2)).length).toBeGreaterThan(0);
      await runKnowing(account, [first]);
      expect(await list(account.ec2)).toEqual([]);
    });
  });
}
