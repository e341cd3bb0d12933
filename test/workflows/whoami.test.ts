import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect, it, onTestFinished } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure } from '../harness/failure.ts';
import { recode } from '../harness/recode.ts';
import type { User } from '../harness/users.ts';
import { runStart } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
});

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'recode-whoami-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

it('shows who a person is, and whether Recode is installed in the region', async () => {
  const shown = (installed: string) => ({
    code: 0,
    stderr: '',
    stdout: [
      'alice in us-east-1 of account 000000000000\n',
      '  caller       arn:aws:iam::000000000000:user/alice',
      '  credentials  keys in environment variables',
      `  endpoint     ${aws.endpoint}`,
      `  Recode       ${installed}\n`,
    ].join('\n'),
  });
  expect(await alice.prints(['whoami'])).toEqual(shown('not installed'));
  await runStart(aws, { owner: 'bob', repository: 'acme/web' });
  expect(await alice.prints(['whoami'])).toEqual(shown('installed'));
  expect((await alice.run(['whoami', '--json'])).json).toEqual({
    owner: 'alice',
    accountId: '000000000000',
    region: 'us-east-1',
    callerArn: 'arn:aws:iam::000000000000:user/alice',
    profile: null,
    credentials: 'environment',
    local: false,
    endpoints: { sts: aws.endpoint, dynamodb: aws.endpoint, sfn: aws.endpoint, ec2: aws.endpoint },
    installed: true,
    hours: null,
  });
});

it('names the profile and who chose it, and an endpoint of one service', async () => {
  const directory = temporaryDirectory();
  const folder = join(directory, 'home', '.aws');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'credentials'), '[team]\naws_access_key_id = bob\naws_secret_access_key = s\n');
  writeFileSync(join(folder, 'config'), '[profile team]\nregion = eu-north-1\n');
  const AWS_ENDPOINT_URL_STS = aws.endpoint.replace('127.0.0.1', 'localhost');
  const env = { AWS_ACCESS_KEY_ID: 'carol', AWS_SECRET_ACCESS_KEY: 's', AWS_ENDPOINT_URL: aws.endpoint };

  const byOption = await recode(['aws', 'whoami', '--profile', 'team'], { directory, env: { ...env, AWS_ENDPOINT_URL_STS } });
  expect(byOption.stdout).toContain('bob in eu-north-1 of account 000000000000\n');
  expect(byOption.stdout).toContain(
    '\n  profile               team, which --profile names\n  credentials           keys in the credentials file\n',
  );

  expect(byOption.stdout).toContain(
    `\n  endpoint of sts       ${AWS_ENDPOINT_URL_STS}\n  endpoint of dynamodb  ${aws.endpoint}\n  endpoint of sfn       ${aws.endpoint}\n`,
  );

  const byVariable = await recode(['aws', 'whoami', '--json'], { directory, env: { ...env, AWS_PROFILE: 'team' } });
  expect(byVariable.json).toMatchObject({ owner: 'carol', profile: 'team', credentials: 'environment', region: 'eu-north-1' });

  const args = ['aws', 'whoami', '--profile', 'none', '--region', 'us-east-1'];
  expectFailure(await recode(args, { directory, env }), args, {
    name: 'ProfileNotFound',
    message: 'The profile "none" is not in the AWS CLI\'s configuration files.',
  });
});

it('is the person on this machine in the embedded AWS', async () => {
  const directory = temporaryDirectory();
  try {
    const { json, code } = await recode(['aws', 'whoami', '--local', '--json'], { directory });
    expect(code).toBe(0);
    expect(json).toMatchObject({ owner: userInfo().username, profile: null, credentials: null, local: true, installed: false });
    const { stdout } = await recode(['aws', 'whoami', '--local'], { directory });
    expect(stdout).toMatch(
      /\n {2}credentials {2}none needed\n {2}endpoint {5}http:\/\/\S+\n {2}Recode .*not installed in the embedded AWS/,
    );
  } finally {
    await recode(['local', 'down'], { directory });
  }
});
