import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { acceptedKeys } from '../../core/keys.ts';
import { holderOf } from '../../core/lock.ts';
import { keyPairFrom } from '../../core/openssh-key.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import type { User } from '../harness/users.ts';
import { begin, ended, runStart, somePublicKey } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
let bob: User;
let ada: User;
deployForTests((deployed, user) => {
  aws = deployed;
  [alice, bob, ada] = [user('alice'), user('bob'), user('ada')];
});

const subject = { owner: 'alice', repository: 'acme/api' };
const administrators = 'arn:aws:iam::*:role/Admin, arn:aws:iam::000000000000:user/admins/*';
const bobsKey = keyPairFrom(Buffer.alloc(32, 7), 'bob').publicKey.trim();
const choose = (environment: Record<string, string>) => aws.post('lambda', { environment });
const record = () => readEnvironment(aws.clients.dynamodb, subject);
const adminsOnly =
  'acme/api belongs to alice. Only alice may do this, and administrators: arn:aws:iam::*:role/Admin, arn:aws:iam::000000000000:user/admins/*.';

beforeEach(async () => {
  await aws.post('identities', { accessKeyId: 'ada', arn: 'arn:aws:sts::000000000000:assumed-role/Admin/ada' });
  await choose({ RECODE_ADMINISTRATORS: administrators });
  await runStart(aws, subject);
});
afterEach(() => letGo(aws));

describe('a teammate, if only administrators may act on the environments of others', () => {
  it.each([['start'], ['stop'], ['restart'], ['rename', 'billing'], ['transfer', '--to', 'bob'], ['remove']])(
    'is refused to %s one, and told who may',
    async (command, ...more) => {
      const before = await record();
      const args = [command, 'acme/api', ...more, '--owner', 'alice', '--force'];
      expectFailure(await bob.run(args), ['aws', ...args], { name: 'TeammateNotAllowed', message: adminsOnly });
      expect(await record()).toEqual(before);
    },
  );

  it('is refused to cancel on one', async () => {
    const executionArn = await beginHeld(aws, 'stopping', { caller: 'alice', environment: subject });
    const args = ['cancel', 'acme/api', '--owner', 'alice', '--force'];
    expectFailure(await bob.run(args), ['aws', ...args], { name: 'TeammateNotAllowed', message: adminsOnly });
    expect(holderOf((await record()) ?? {})?.executionArn).toBe(executionArn);
  });

  it('acts on their own as ever, and sees those of others', async () => {
    expect((await bob.run(['start', 'acme/web', '--no-clone', '--json'])).json).toMatchObject({ owner: 'bob', status: 'started' });
    expect((await bob.run(['remove', 'acme/web', '--force', '--json'])).json).toMatchObject({ status: 'removed' });
    expect((await bob.run(['status', 'acme/api', '--owner', 'alice', '--json'])).json).toMatchObject({ owner: 'alice' });
  });
});

describe('an administrator', () => {
  it('stops the environment of somebody else, whose history shows it', async () => {
    expect((await ada.run(['stop', 'acme/api', '--owner', 'alice', '--force', '--json'])).json).toMatchObject({ status: 'stopped' });
    expect((await record())?.lastOperations?.at(-1)).toMatchObject({ kind: 'stop', owner: 'role:Admin:ada', byAdministrator: true });
    expect((await alice.run(['logs', 'acme/api'])).stdout).toMatch(
      /acme\/api \(alice\): stop succeeded, started \w+ ago by role:Admin:ada \(administrator\)/,
    );
    expect((await alice.run(['logs', 'acme/api', '--json'])).json).toMatchObject({
      operations: [{ owner: 'role:Admin:ada', byAdministrator: true }],
    });
  });

  it('cancels on one', async () => {
    await beginHeld(aws, 'stopping', { caller: 'alice', environment: subject });
    expect((await ada.run(['cancel', 'acme/api', '--owner', 'alice', '--force', '--json'])).json).toMatchObject({ cancelled: true });
  });

  it('gets no key into one: not with a start, and not with an execution of their own making', async () => {
    const start = { caller: 'ada', environment: subject, request: { publicKey: bobsKey } };
    expect(await ended(aws, await begin(aws, 'start', start))).toMatchObject({ error: 'NotYourEnvironment' });
    const add = { caller: 'ada', environment: subject, change: { action: 'add', publicKey: bobsKey } };
    expect(await ended(aws, await begin(aws, 'keys', add))).toMatchObject({ error: 'NotYourEnvironment' });
    expect(acceptedKeys((await record())?.wanted ?? { publicKey: '' })).toEqual([somePublicKey.trim()]);
  });

  it('creates none for somebody else', async () => {
    const start = { caller: 'ada', environment: { owner: 'alice', repository: 'acme/new' }, request: { publicKey: bobsKey } };
    expect(await ended(aws, await begin(aws, 'start', start))).toMatchObject({ error: 'EnvironmentNotFound' });
    expect(await readEnvironment(aws.clients.dynamodb, start.environment)).toBeUndefined();
  });

  it('is refused like everybody where nobody may act on the environments of others', async () => {
    await choose({ RECODE_ADMINISTRATORS: administrators, RECODE_TEAMMATES: 'nobody' });
    const args = ['stop', 'acme/api', '--owner', 'alice', '--force'];
    const message = 'acme/api belongs to alice. Only alice may do this.';
    expectFailure(await ada.run(args), ['aws', ...args], { name: 'TeammateNotAllowed', message });
  });
});

it('everyone acts on the environments of others where the team has chosen so, but gets no key into one', async () => {
  await choose({ RECODE_TEAMMATES: 'everyone' });
  expect((await bob.run(['stop', 'acme/api', '--owner', 'alice', '--force', '--json'])).json).toMatchObject({ status: 'stopped' });
  const { lastOperations = [] } = (await record()) ?? {};
  expect(lastOperations.at(-1)).toMatchObject({ owner: 'bob' });
  expect(lastOperations.at(-1)).not.toHaveProperty('byAdministrator');
  const start = { caller: 'bob', environment: subject, request: { publicKey: bobsKey } };
  expect(await ended(aws, await begin(aws, 'start', start))).toMatchObject({ error: 'NotYourEnvironment' });
});

it('raises all that a teammate can be refused for', () => {
  expectAllRaised(raisedBy.teammates);
});
