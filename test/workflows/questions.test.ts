import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { describe, expect, it } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, expectNothingChanged, raisedBy } from '../harness/failure.ts';
import { expectConverged, expectNothing } from '../harness/inventory.ts';
import { keys, type User } from '../harness/users.ts';

let aws: TestAws;
let alice: User;
let instanceId: string;
deployForTests(async (deployed, user) => {
  aws = deployed;
  alice = user('alice');
  const started = await alice.run(['start', 'acme/api', '--json']);
  expect(started.code, started.stderr).toBe(0);
  instanceId = (started.json as { instanceId: string }).instanceId;
});

const noes = [`n${keys.enter}`, keys.enter, keys.ctrlC];

/** Answers a question that is not meant, and expects that nothing happens. */
async function decline(command: readonly string[], question: string, answer: string): Promise<void> {
  await aws.delete('calls');
  const { text, code } = await alice.inTerminal(command, [[' [y/N] ', answer]]);
  expect(text).toBe(`${question} [y/N] ${answer === noes[0] ? 'n' : ''}\nCancelled.\n`);
  expect(code).toBe(answer === keys.ctrlC ? 130 : 1);
  await expectNothingChanged(aws);
}

/** Expects that a command refuses where there is nobody to ask, naming what it would have asked. */
async function expectNobody(command: readonly string[], question: string): Promise<void> {
  await aws.delete('calls');
  const message = `This command asks for confirmation, but this is not a terminal: ${question}`;
  expectFailure(await alice.run(command), ['aws', ...command], { name: 'ConfirmationRequired', message });
  await expectNothingChanged(aws);
}

describe('recode aws remove', () => {
  const command = ['remove', 'acme/api'];
  const question = () =>
    [
      'This deletes your environment acme/api in us-east-1 and all data on its disk:',
      `  instance           recode-acme-api-instance (${instanceId}, t2.medium)`,
      '  volume             recode-acme-api-volume (16 GiB, gp2)',
      '  network interface  recode-acme-api-network-interface',
      '  key pair           recode-acme-api-key-pair',
      '  security group     recode-acme-api-security-group',
      'Remove it?',
    ].join('\n');

  it('does nothing where nobody can be asked', () => expectNobody(command, question()));

  it.each(noes)('does nothing after %j', (answer) => decline(command, question(), answer));

  it('keeps the key on this machine while it fails', async () => {
    await aws.post('faults', { service: 'ec2', action: 'TerminateInstances', kind: 'error', code: 'OptInRequired', message: 'Not yours.' });
    const args = [...command, '--force'];
    const message = 'AWS says: Not yours (OptInRequired).';
    expectFailure(await alice.run(args), ['aws', ...args], { name: 'AccountNotReady', message });
    expect(existsSync(alice.files('acme/api').key)).toBe(true);
    const start = ['start', 'acme/api'];
    const refusal = 'The removal of acme/api started, but did not finish.';
    expectFailure(await alice.run(start), ['aws', ...start], { name: 'EnvironmentBeingRemoved', message: refusal });
  });

  it('removes after a yes, here and in AWS, what is its own', async () => {
    const files = alice.files('acme/api');
    writeFileSync(join(files.folder, 'notes.txt'), 'mine');
    const { text, code } = await alice.inTerminal(command, [['Remove it? [y/N] ', `y${keys.enter}`]]);
    expect(text).toContain(`${question()} [y/N] y\n`);
    expect(text).toMatch(/\n✓ Removed acme\/api\n$/);
    expect(code).toBe(0);
    expect(readdirSync(files.folder)).toEqual(['notes.txt']);
    await expectConverged(aws, 0);
  });
});

describe('recode aws uninstall', () => {
  const command = ['uninstall'];
  const question = () =>
    [
      `This deletes from us-east-1 in account ${aws.accountId}:`,
      '  recode-route-table',
      '  recode-internet-gateway',
      '  recode-public-subnet',
      '  recode-vpc',
      '  recode-config-dynamodb-table',
      'Uninstall Recode?',
    ].join('\n');

  it('does nothing where nobody can be asked', () => expectNobody([...command, '--json'], question()));

  it('does nothing after a no', () => decline(command, question(), `n${keys.enter}`));

  it('uninstalls after a yes', async () => {
    const { text, code } = await alice.inTerminal(command, [['Uninstall Recode? [y/N] ', `y${keys.enter}`]]);
    expect(text).toContain(`${question()} [y/N] y\n`);
    expect(text).toMatch(/\n✓ Uninstalled Recode from us-east-1\n$/);
    expect(code).toBe(0);
    await expectNothing(aws);
  });
});

it('raises what is told where nobody can be asked', () => {
  expectAllRaised(raisedBy.questions);
});
