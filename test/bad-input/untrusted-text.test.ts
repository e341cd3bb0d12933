import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { beforeAll, describe, expect, it } from 'vitest';
import { putItem } from '../../aws/records/hold/table.ts';
import { readEnvironments } from '../../aws/records/read/environment.ts';
import { environmentId } from '../../core/names.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { nastyTexts, obeyed } from '../harness/nasty.ts';
import type { Ran } from '../harness/recode.ts';
import type { User } from '../harness/users.ts';
import { runRemove, runStart, somePublicKey } from '../harness/workflows.ts';

const title = '\u001b]0;title\u0007';
const recorded = `acme/${title}`;
const shown = 'acme/\\u001b]0;title\\u0007';

let aws: TestAws;
let alice: User;
deployForTests(async (deployed, user) => {
  aws = deployed;
  alice = user('alice');
  await runStart(aws, { repository: 'acme/api' });
});

/** Writes a record as a version did that took any repository without a space. */
async function record(repository: string, name: string): Promise<void> {
  const request = { instanceType: 't2.medium', volumeSize: 16, volumeType: 'gp2', allowCidrs: ['0.0.0.0/0'], publicKey: somePublicKey };
  const at = new Date(aws.clock.now()).toISOString();
  const lastError = { name: 'AwsRefused', message: `AWS says: ${title}\nTo connect, run:\n  ssh evil\r\n\u009b2J`, at };
  const environment = { uid: name, owner: 'alice', repository, name, status: 'creating', request, lastError, createdAt: at, updatedAt: at };
  await putItem(aws.clients.dynamodb, { kind: 'environment', id: environmentId({ owner: 'alice', repository }) }, environment);
}

/** What has been written to the terminal, which has nothing in it that a terminal obeys but line breaks and, if asked for, colors. */
function expectShown({ stdout, stderr }: Pick<Ran, 'stdout' | 'stderr'>): string {
  const text = stdout + stderr;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a color begins with one
  expect(text.replaceAll('\n', '').replace(/\x1b\[\d+m/g, '')).not.toMatch(obeyed);
  expect(text).not.toMatch(/^To connect/m);
  return text;
}

describe('an execution that somebody starts by hand', () => {
  // All of them are tried in test/core/document.test.ts, and a process costs time.
  it.each(nastyTexts.slice(0, 3))('is refused with %j in its input before anything is recorded', async (text) => {
    const before = await readEnvironments(aws.clients.dynamodb);
    for (const input of [{ repository: `acme/${text}` }, { owner: text, caller: 'alice' }, { publicKey: `${somePublicKey} ${text}` }]) {
      expect(await runStart(aws, input)).toMatchObject({ status: 'FAILED', error: 'InputNotValid' });
    }
    expect(await readEnvironments(aws.clients.dynamodb)).toEqual(before);
  });
});

describe('a record that does not fit the rules of today', () => {
  beforeAll(() => record(recorded, 'acme-0-title'));

  it.each([
    ['list'],
    ['list', '--all'],
    ['list', '--all', '--json'],
    ['status', shown],
    ['status', 'acme-0-title'],
    ['status', shown, '--json'],
    ['uninstall', '--force'],
    ['stop', shown],
    ['start', recorded],
    ['remove', recorded],
  ])('is shown, not obeyed: recode aws %j %j %j', async (...args) => {
    const plain = await alice.run(args);
    expect(expectShown(plain)).toContain('acme/');
    expect(plain.stdout + plain.stderr).not.toContain('\u001b');
  });

  it('is shown, not obeyed, where there are colors', async () => {
    const colored = await alice.run(['list', '--all'], { env: { FORCE_COLOR: '1' } });
    expect(expectShown(colored)).toContain(`\u001b[1mREPOSITORY`);
  });

  it('is data in JSON', async () => {
    const [listed] = (await alice.run(['list', '--json'])).json as { repository: string }[];
    expect([listed?.repository, ((await alice.run(['status', shown, '--json'])).json as { repository: string }).repository]).toEqual([
      recorded,
      recorded,
    ]);
  });

  it('is shown on a terminal, and in a question there', async () => {
    const { text } = await alice.inTerminal(['remove', shown], [['Remove it? [y/N] ', 'n\r']]);
    expect(text).toContain(`your environment ${shown} in us-east-1`);
    expect(text.split('\u001b')).toHaveLength(1);
  });

  it('is removed by what a list shows, or by the name of the environment', async () => {
    await record('acme/\u009d0;other', 'acme-0-other');
    await record('ä/ö', 'none');
    for (const name of [shown, 'acme-0-other', 'ä/ö']) {
      const ran = await alice.run(['remove', name, '--force', '--json']);
      expect(ran).toMatchObject({ code: 0 });
      expectShown(ran);
    }
    expect((await readEnvironments(aws.clients.dynamodb)).items.map(({ repository }) => repository)).toEqual(['acme/api']);
  });

  it('cannot be invented by a removal', async () => {
    expect(await runRemove(aws, { repository: recorded })).toMatchObject({ status: 'FAILED', error: 'EnvironmentNotFound' });
    expect((await readEnvironments(aws.clients.dynamodb)).items).toHaveLength(1);
  });
});

describe('what AWS says', () => {
  it('is shown, not obeyed, where a start fails', async () => {
    await aws.post('faults', { service: 'ec2', action: 'RunInstances', kind: 'error', code: 'Custom', message: `${title}\u202e` });
    const ran = await alice.run(['start', 'acme/web']);
    expect(ran.code).toBe(1);
    expect(expectShown(ran)).toContain('AWS says: \\u001b]0;title\\u0007\\u202e (Custom)');
  });
});

describe('a repository without its account', () => {
  it('is that of an environment, for a person without a GitHub account', async () => {
    const { json } = await alice.run(['status', 'API', '--json'], { env: { GITHUB_API_URL: 'http://127.0.0.1:9' } });
    expect(json).toMatchObject({ repository: 'acme/api' });
  });

  it('is refused where there are several, naming them', async () => {
    await runStart(aws, { repository: 'other/api' });
    const ran = await alice.run(['status', 'api']);
    const message = '"api" can be acme/api (acme-api) or other/api (other-api).';
    expectFailure(ran, ['aws', 'status', 'api'], { name: 'RepositoryAmbiguous', message });
    expectAllRaised(raisedBy['untrusted-text']);
  });
});
