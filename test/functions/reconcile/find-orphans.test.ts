import { expect, it } from 'vitest';
import { deleteItem, putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import type { ReconcilePage } from '../../../core/document.ts';
import type { Finding } from '../../../core/finding.ts';
import { findOrphans } from '../../../functions/reconcile/find-orphans.ts';
import { alicesApi, environmentKey } from '../installed.ts';
import { instanceOf, untilState } from '../launched.ts';
import { agreeing, check, firstPage, hour, replaceRecord } from '../reconciled.ts';

/** All pages of the pass. */
async function pass(given: Awaited<ReturnType<typeof agreeing>>, extent: 'nothing' | 'all'): Promise<Finding[]> {
  const findings: Finding[] = [];
  let page: ReconcilePage = firstPage;
  do {
    page = await given.account.run(findOrphans, { check: check(extent), page });
    findings.push(...page.findings);
  } while (page.next);
  return findings;
}

it('findOrphans finds nothing where everything has a record', async () => {
  await using given = await agreeing();
  expect(await pass(given, 'all')).toEqual([]);
});

it('findOrphans names all that has no record, and stops such an instance if it may', async () => {
  await using given = await agreeing();
  const { account, instanceId } = given;
  await deleteItem(account.dynamodb, environmentKey, { when: 'attribute_exists(#kind)', values: {} });
  const planned = await pass(given, 'nothing');
  expect(planned.map(({ kind, subject, deletable }) => [kind, subject, deletable])).toEqual(
    ['instance', 'volume', 'network interface', 'security group', 'key pair'].map((subject) => ['orphan', subject, true]),
  );
  expect((await instanceOf(account.ec2, instanceId)).State?.Name).toBe('running');
  expect((await pass(given, 'all'))[0]).toMatchObject({ id: instanceId, outcome: 'fixed' });
  await untilState(account, instanceId, 'stopped');
  expect((await pass(given, 'all'))[0]).not.toHaveProperty('fix');
});

it('findOrphans leaves what has a former name of an environment whose rename is not finished', async () => {
  await using given = await agreeing();
  const { account } = given;
  const record = await readEnvironment(account.dynamodb, alicesApi);
  if (!record) throw new Error('There is no record.');
  await replaceRecord(account, { ...record, name: 'billing', formerNames: ['acme-api'] });
  expect(await pass(given, 'all')).toEqual([]);
  await replaceRecord(account, { ...record, name: 'billing' });
  expect((await pass(given, 'nothing')).map(({ subject }) => subject)).toContain('security group');
});

it('findOrphans leaves for now what somebody else has got a record of since it was read', async () => {
  await using given = await agreeing();
  const { account } = given;
  const record = await readEnvironment(account.dynamodb, alicesApi);
  if (!record) throw new Error('There is no record.');
  await deleteItem(account.dynamodb, environmentKey, { when: 'attribute_exists(#kind)', values: {} });
  const theirs = { ...record, owner: 'bob', createdAt: new Date(account.aws.clock.now()).toISOString() };
  await putItem(account.dynamodb, { kind: 'environment', id: 'bob/acme/api' }, theirs);
  const claim = { environment: 'bob/acme/api', uid: record.uid };
  await putItem(account.dynamodb, { kind: 'name', id: 'acme-api' }, claim, { when: 'attribute_exists(#kind)', values: {} });
  expect(await pass(given, 'all')).toEqual([]);
  account.aws.clock.advance(hour);
  expect((await pass(given, 'nothing')).map(({ kind }) => kind)).toContain('orphan');
});
