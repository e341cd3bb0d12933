import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { recode } from '../harness/recode.ts';
import { runStart } from '../harness/workflows.ts';

let directory: string;
let env: Record<string, string>;
deployForTests(async (aws) => {
  directory = mkdtempSync(join(tmpdir(), 'recode-exit-'));
  await runStart(aws, { owner: 'alice', repository: 'acme/api' });
  env = { AWS_ENDPOINT_URL: aws.endpoint, AWS_REGION: aws.region, AWS_ACCESS_KEY_ID: 'alice', AWS_SECRET_ACCESS_KEY: 'test' };
});
afterAll(() => rmSync(directory, { recursive: true }));

// The table of docs/cli.md, which scripts rely on.
describe('the exit code', () => {
  it.concurrent.each([
    ['--version'],
    ['--help'],
    ['help', 'aws', 'start'],
    [],
    ['aws'],
    ['aws', 'list'],
    ['--json', 'aws', '--region', 'us-east-1', 'status', 'acme/api'],
  ])('is 0 for what is done: recode %s %s %s', async (...args) => {
    expect(await recode(args, { directory, env })).toMatchObject({ code: 0, stderr: '' });
  });

  it.concurrent.each([
    ['what nothing answers', ['aws', 'list'], { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }],
    ['an embedded AWS that does not run', ['local', 'status'], {}],
  ])('is 1 for %s', async (_, args, more) => {
    expect((await recode(args, { directory, env: { ...env, ...more } })).code).toBe(1);
  });

  it.concurrent.each([
    ['a command', ['aws', 'strat', 'acme/api']],
    ['a command of a group', ['start', 'acme/api']],
    ['an option', ['aws', 'start', 'acme/api', '--bogus']],
    ['too many words', ['aws', 'list', 'acme/api']],
    ['too few words', ['aws', 'stop']],
    ['an option without its value', ['aws', 'list', '--region']],
    ['options that exclude each other', ['aws', 'list', '--local', '--profile', 'team']],
    ['a repository', ['aws', 'start', 'my api']],
    ['a repository on another host', ['aws', 'start', 'https://gitlab.com/acme/api']],
    ['an instance type', ['aws', 'start', 'acme/api', '--instance-type', 'large']],
    ['a volume size', ['aws', 'start', 'acme/api', '--volume-size', '1e3']],
    ['a volume type', ['aws', 'start', 'acme/api', '--volume-type', 'io1']],
    ['a block', ['aws', 'start', 'acme/api', '--allow-cidr', '::/0']],
    ['a time', ['aws', 'start', 'acme/api', '--auto-stop', '25:00']],
    ['a time zone', ['aws', 'start', 'acme/api', '--auto-stop', '20:00', '--time-zone', 'Mars']],
    ['an owner', ['aws', 'stop', 'acme/api', '--owner', 'Alice A.']],
    ['a region', ['aws', '--region', 'us_east_1', 'list']],
    ['a profile', ['aws', '--profile', '', 'list']],
    ['a question without a terminal', ['aws', 'remove', 'acme/api']],
  ])('is 2 for wrong usage: %s', async (_, args) => {
    const { code, stdout, stderr } = await recode(args, { directory, env });
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' });
    expect((await recode(['--json', ...args], { directory, env })).code).toBe(2);
  });

  it.concurrent.each([
    ['what does not exist', ['aws', 'status', 'acme/none']],
    ['what would have to change', ['aws', 'start', 'acme/api', '--instance-type', 'm5.large', '--owner', 'alice']],
    ['what others depend on', ['aws', 'uninstall', '--force']],
  ])('is 3 for a refusal: %s', async (_, args) => {
    const { code, stderr } = await recode(args, { directory, env });
    expect(code, stderr).toBe(3);
  });

  it('is 130 after Ctrl-C', async () => {
    // Accepts connections and never answers.
    const server = createServer();
    const interrupted = new Promise((resolve) => server.once('connection', resolve));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const AWS_ENDPOINT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ran = await recode(['aws', 'list'], { directory, env: { ...env, AWS_ENDPOINT_URL }, interrupted });
    server.close();
    expect(ran.code, ran.stderr).toBe(130);
  });
});
