import { randomUUID } from 'node:crypto';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, describe, expect, it } from 'vitest';
import { readEnvironments } from '../../aws/records/read/environment.ts';
import { ifInstalled } from '../../aws/records/read/table.ts';
import { type Prover, prove } from '../../cli/identity/prove.ts';
import { executionArn as executionArnOf, type PersonalWorkflow, personalWorkflows, stateMachineArn } from '../../core/executions.ts';
import { keyPairFrom } from '../../core/openssh-key.ts';
import type { Proof } from '../../core/proof.ts';
import { deployForTests } from '../harness/deployment.ts';
import { type Ended, ended, runRemove, somePublicKey } from '../harness/workflows.ts';

/*
 * Attacks on the proof of who starts an execution. The embedded AWS knows the secrets of alice and bob, and verifies what they sign. Each attack
 * is mallory's, who may start any execution with any input, but knows no other person's secret.
 */
let aws: TestAws;
deployForTests(async (deployed) => {
  aws = deployed;
  await identify('alice', `arn:aws:iam::${aws.accountId}:user/alice`);
  await identify('mallory', `arn:aws:iam::${aws.accountId}:user/mallory`);
});

const subject = { owner: 'alice', repository: 'acme/api' };
const startInput = { environment: subject, request: { publicKey: somePublicKey } };
const malloryKey = keyPairFrom(Buffer.alloc(32, 9), 'mallory').publicKey;
// The clients of tests are alice's, and sign with this one.
const secretOf = (accessKeyId: string) => (accessKeyId === 'alice' ? 'test' : `the secret of ${accessKeyId}`);
const minute = 60_000;

async function identify(accessKeyId: string, arn: string, more: object = {}): Promise<void> {
  await aws.post('identities', { accessKeyId, arn, secretAccessKey: secretOf(accessKeyId), ...more });
}

const proverOf = (accessKeyId: string, more: Partial<Prover> = {}): Prover => ({
  credentials: { accessKeyId, secretAccessKey: secretOf(accessKeyId) },
  endpoint: aws.endpoint,
  ...more,
});

interface Attack {
  readonly workflow?: PersonalWorkflow;
  readonly input?: object;
  /** Makes the proof of the execution; mallory's own by default. */
  readonly proof?: (executionArn: string, input: object) => Promise<unknown>;
  readonly name?: string;
}

/** Starts an execution as anyone may who has the policy. */
async function attack({ workflow = 'start', input = startInput, name = randomUUID(), proof }: Attack): Promise<Ended<unknown>> {
  const machine = stateMachineArn(aws, workflow);
  const executionArn = executionArnOf(machine, name);
  const made = proof ? await proof(executionArn, input) : await prove(executionArn, input, proverOf('mallory'));
  const given = JSON.stringify({ ...input, ...(made !== undefined && { proof: made }) });
  await aws.clients.sfn.send(new StartExecutionCommand({ stateMachineArn: machine, name, input: given }));
  return ended(aws, executionArn);
}

const by =
  (accessKeyId: string, more: Partial<Prover> = {}): NonNullable<Attack['proof']> =>
  (executionArn, input) =>
    prove(executionArn, input, proverOf(accessKeyId, more));
const changed =
  (accessKeyId: string, change: (proof: Proof) => object): NonNullable<Attack['proof']> =>
  async (executionArn, input) =>
    change(await prove(executionArn, input, proverOf(accessKeyId)));

/** A proof of alice's for something else than what it is used for. */
const stolen =
  (use: { executionArn?: (arn: string) => string; input?: object }): NonNullable<Attack['proof']> =>
  (executionArn, input) =>
    prove(use.executionArn?.(executionArn) ?? executionArn, use.input ?? input, proverOf('alice'));

const records = async () => (await ifInstalled(readEnvironments(aws.clients.dynamodb)))?.items ?? [];

/** What becomes of alice's environment after an attack. */
async function expectRefused(outcome: Ended<unknown>, error: string, cause?: string): Promise<void> {
  expect(outcome).toMatchObject({ status: 'FAILED', error, ...(cause !== undefined && { cause: expect.stringContaining(cause) }) });
  expect(await records()).toEqual([]);
}

describe('a start in the name of another person', () => {
  it('is refused without a proof, whatever the input says of its caller', async () => {
    for (const input of [startInput, { ...startInput, caller: 'alice' }]) {
      await expectRefused(await attack({ input, proof: async () => undefined }), 'ProofMissing');
    }
  });

  it.each<[string, NonNullable<Attack['proof']>]>([
    ['signed with another secret', by('alice', { credentials: { accessKeyId: 'alice', secretAccessKey: 'guessed' } })],
    ['of another execution', stolen({ executionArn: (arn) => `${arn}x` })],
    ['of another state machine', stolen({ executionArn: (arn) => arn.replace('recode-start', 'recode-stop') })],
    ['of another account', stolen({ executionArn: (arn) => arn.replace('000000000000', '111111111111') })],
    ['of another input', stolen({ input: { ...startInput, request: { publicKey: malloryKey } } })],
    ['of an input with more', stolen({ input: { ...startInput, more: 1 } })],
    [
      'with a changed time',
      changed('alice', (proof) => ({ ...proof, time: proof.time.replace(/\d\dZ$/, '00Z').replace(/(\d)00Z$/, '$101Z') })),
    ],
    [
      'whose signature is changed',
      changed('alice', (proof) => ({ ...proof, authorization: proof.authorization.replace(/.$/, (last) => (last === '0' ? '1' : '0')) })),
    ],
    [
      'with the key of alice and the signature of mallory',
      changed('mallory', (proof) => ({ ...proof, authorization: proof.authorization.replace('=mallory/', '=alice/') })),
    ],
  ])('is refused with a proof %s: STS does not accept it', async (_, proof) => {
    await expectRefused(await attack({ proof }), 'ProofNotValid', 'SignatureDoesNotMatch');
  });

  it.each<[string, NonNullable<Attack['proof']>]>([
    ['of another region', stolen({ executionArn: (arn) => arn.replace('us-east-1', 'us-west-2') })],
    [
      'whose signature leaves the execution out',
      changed('alice', (proof) => ({ ...proof, authorization: proof.authorization.replace(';x-recode-execution', '') })),
    ],
    [
      'that signs the execution twice',
      changed('alice', (proof) => ({
        ...proof,
        authorization: proof.authorization.replace('x-recode-execution', 'x-recode-execution;x-recode-execution'),
      })),
    ],
    [
      'that signs the execution in capitals',
      changed('alice', (proof) => ({ ...proof, authorization: proof.authorization.replace('x-recode', 'X-Recode') })),
    ],
    ['that is truncated', changed('alice', (proof) => ({ ...proof, authorization: proof.authorization.slice(0, -1) }))],
    ['with a token that is not signed', changed('alice', (proof) => ({ ...proof, token: 'token' }))],
  ])('is refused with a proof %s, and STS is not asked', async (_, proof) => {
    await aws.delete('calls');
    await expectRefused(await attack({ proof }), 'ProofNotValid');
    const { calls } = (await aws.get('calls')) as { calls: { service: string }[] };
    expect(calls.filter(({ service }) => service === 'sts')).toEqual([]);
  });

  it.each<[string, (proof: Proof) => object]>([
    ['a host', (proof) => ({ ...proof, host: '127.0.0.1:9' })],
    ['an endpoint', (proof) => ({ ...proof, endpoint: 'http://127.0.0.1:9' })],
    ['a method', (proof) => ({ ...proof, method: 'GET' })],
    ['a path', (proof) => ({ ...proof, path: '/elsewhere' })],
    ['headers', (proof) => ({ ...proof, headers: { 'x-recode-execution': 'x' } })],
    ['a body', (proof) => ({ ...proof, body: 'Action=GetSessionToken&Version=2011-06-15' })],
    ['an ARN', (proof) => ({ ...proof, arn: 'arn:aws:iam::000000000000:user/alice' })],
    ['a line break', (proof) => ({ ...proof, authorization: `${proof.authorization}\r\nHost: 127.0.0.1:9` })],
    ['200 KB', (proof) => ({ ...proof, token: 'x'.repeat(200_000) })],
  ])('is refused with a proof that smuggles in %s', async (_, change) => {
    await expectRefused(await attack({ proof: changed('alice', change) }), 'InputNotValid', 'proof');
  });

  it('is refused by Step Functions with a proof of 1 MB', async () => {
    const tooLong = changed('alice', (proof) => ({ ...proof, token: 'x'.repeat(1_000_000) }));
    await expect(attack({ proof: tooLong })).rejects.toThrow(/length|too long|262144/i);
    expect(await records()).toEqual([]);
  });

  it.each<[string, number, string]>([
    ['older than 15 minutes', -16 * minute, 'Signature expired'],
    ['from the future', 16 * minute, 'Signature not yet current'],
  ])('is refused with a proof %s', async (_, clockOffset, cause) => {
    await expectRefused(await attack({ proof: by('alice', { clockOffset }) }), 'ProofExpired', cause);
  });

  it('is refused for who signed with a session token that is not theirs', async () => {
    await identify('ASIATEMPORARY', `arn:aws:iam::${aws.accountId}:user/alice`, { sessionToken: 'the token' });
    const credentials = { accessKeyId: 'ASIATEMPORARY', secretAccessKey: secretOf('ASIATEMPORARY'), sessionToken: 'another' };
    await expectRefused(await attack({ proof: by('alice', { credentials }) }), 'ProofNotValid', 'InvalidClientTokenId');
  });

  it.each<[string, string, string]>([
    ['the root user', 'arn:aws:iam::000000000000:root', 'CallerWithoutLastingName'],
    ['a federated user named alice', 'arn:aws:sts::000000000000:federated-user/alice', 'CallerWithoutLastingName'],
    [
      'a session that a machine named',
      'arn:aws:sts::000000000000:assumed-role/Dev/botocore-session-1730000000',
      'CallerWithoutLastingName',
    ],
    ['alice of another account', 'arn:aws:iam::111111111111:user/alice', 'ProofNotValid'],
    ['alice of another partition', 'arn:aws-cn:iam::000000000000:user/alice', 'ProofNotValid'],
  ])('is refused for %s', async (_, arn, error) => {
    await identify('somebody', arn);
    await expectRefused(await attack({ proof: by('somebody') }), error);
  });

  it('is refused if STS refuses for any other reason', async () => {
    await aws.post('faults', { service: 'sts', action: 'GetCallerIdentity', kind: 'error', code: 'AccessDenied', status: 403 });
    await expectRefused(await attack({ proof: by('alice') }), 'ProofNotValid');
  });
});

describe('an execution of any workflow that people start', () => {
  const changes: Partial<Record<PersonalWorkflow, object>> = {
    start: { request: startInput.request },
    keys: { change: { action: 'add', publicKey: malloryKey.trim() } },
    rename: { name: 'billing' },
    transfer: { to: 'mallory' },
    schedule: { change: { action: 'extend', stopAt: '2030-01-01T00:00:00.000Z' } },
    cancel: { executionArn: 'arn:aws:states:us-east-1:000000000000:execution:recode-start:one' },
    // Everybody may look.
    reconcile: { extent: 'all' },
  };
  const inputOf = (workflow: PersonalWorkflow) => ({
    ...(!['uninstall', 'reconcile'].includes(workflow) && { environment: subject }),
    ...changes[workflow],
  });

  it.each(personalWorkflows)('is refused without a proof, and with one of another execution: %s', async (workflow) => {
    const input = inputOf(workflow);
    await expectRefused(await attack({ workflow, input, proof: async () => undefined }), 'ProofMissing');
    const proof = stolen({ executionArn: (arn) => `${arn}x` });
    await expectRefused(await attack({ workflow, input, proof }), 'ProofNotValid', 'SignatureDoesNotMatch');
  });

  it('is refused without a proof if it says that it is automatic, unless it is a stop', async () => {
    const due = { uid: 'uid-1', stopAt: '2026-01-01T00:00:00.000Z' };
    for (const workflow of personalWorkflows.filter((other) => other !== 'stop')) {
      const input = { ...inputOf(workflow), due };
      await expectRefused(await attack({ workflow, input, proof: async () => undefined }), 'ProofMissing');
    }
  });
});

describe('an execution of their own', () => {
  afterAll(() => runRemove(aws, { owner: 'alice', caller: 'alice' }).catch(() => {}));

  it.each<[string, number]>([
    ['whose clock is 14 minutes late', -14 * minute],
    ['whose clock is right', 0],
  ])('is begun by a person %s', async (_, clockOffset) => {
    expect(await attack({ proof: by('alice', { clockOffset }) })).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('cannot be repeated: the name is taken, and the proof is of no other name', async () => {
    const name = randomUUID();
    const proofs: unknown[] = [];
    const proof: Attack['proof'] = async (executionArn, input) => {
      proofs.push(await by('alice')(executionArn, input));
      return proofs[0];
    };
    const input = { environment: subject };
    expect(await attack({ workflow: 'stop', input, name, proof })).toMatchObject({ status: 'SUCCEEDED' });
    await expect(attack({ workflow: 'stop', input: { ...input, more: 1 }, name, proof })).rejects.toMatchObject({
      name: 'ExecutionAlreadyExists',
    });
    expect(await attack({ workflow: 'stop', input, proof: async () => proofs[0] })).toMatchObject({
      status: 'FAILED',
      error: 'ProofNotValid',
    });
  });

  it('is begun by the next attempt if STS did not answer', async () => {
    await aws.post('faults', { service: 'sts', action: 'GetCallerIdentity', kind: 'lost-answer', count: 3 });
    expect(await attack({ proof: by('alice') })).toMatchObject({ status: 'SUCCEEDED' });
  });
});
