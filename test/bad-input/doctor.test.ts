import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { DeleteKeyPairCommand } from '@aws-sdk/client-ec2';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Check } from '../../cli/machine/check.ts';
import type { Finding } from '../../core/finding.ts';
import { tableName } from '../../core/names.ts';
import { deployForTests } from '../harness/deployment.ts';
import type { Ran } from '../harness/recode.ts';
import { recodeAws, recodeStart } from '../harness/workflows.ts';

interface Report {
  readonly machine: readonly Check[];
  readonly region: string | null;
  readonly installed: boolean | null;
  readonly findings: readonly Finding[];
  readonly error: { readonly name: string } | null;
}

const accessKeyId = 'AKIAPLANTED000EXAMPLE';
const address = '127.81.9.7';
const ownAddress = '203.0.113.99';
const blocks = ['198.51.100.0/24'];

let aws: TestAws;
let directory: string;
let home: string;
let keyFile: string;
let started: { publicIpAddress: string };
deployForTests(async (deployed) => {
  aws = deployed;
  directory = mkdtempSync(join(tmpdir(), 'recode-doctor-'));
  home = join(directory, 'home');
  await aws.post('identities', { accessKeyId, arn: `arn:aws:iam::${aws.accountId}:user/carol` });
  const ran = await recodeStart(aws, directory, ['acme/api', '--no-clone', '--json'], { AWS_ACCESS_KEY_ID: accessKeyId });
  expect(ran.code, ran.stderr + ran.stdout).toBe(0);
  started = ran.json as { publicIpAddress: string };
  const keys = join(home, '.local', 'share', 'recode', 'keys');
  keyFile = join(keys, aws.accountId, aws.region, 'carol', 'acme', 'api', 'key', 'id_ed25519');
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(async () => {
  mkdirSync(join(home, '.config', 'recode'), { recursive: true });
});
afterEach(async () => {
  await aws.delete('faults');
  chmodSync(keyFile, 0o600);
  rmSync(join(home, '.config'), { recursive: true });
});

const doctor = (args: readonly string[] = [], env: Record<string, string> = {}): Promise<Ran> =>
  recodeAws(aws, directory, ['doctor', ...args], {
    AWS_ACCESS_KEY_ID: accessKeyId,
    RECODE_SSH_CONFIG: join(home, '.ssh', 'config'),
    ...env,
  });

/** What a report says of the checks that are not all well. */
function troubles(report: unknown): Record<string, string> {
  const { machine } = report as Report;
  return Object.fromEntries(
    machine.filter(({ verdict }) => verdict !== 'ok').map(({ check, verdict, seen }) => [check, `${verdict}: ${seen}`]),
  );
}

/** Preloads a module into the command. */
const preload = (source: string) => ({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(source)}` });

const notOpened = {
  stack: 'skipped: Not checked. The account could not be opened.',
  connections: 'skipped: Not checked. The account could not be opened.',
};

describe('recode aws doctor', () => {
  it('finds nothing where all is well', async () => {
    const ran = await doctor();
    expect(ran.code, ran.stdout).toBe(0);
    expect(ran.stdout).toContain(`✓ connections  1 running environment answered on port 2200\n`);
    expect(ran.stdout).toContain(`\n✓ The records and AWS agree in ${aws.region}\n`);
    expect(ran.stdout).not.toMatch(/^[✗!-]/m);
  });

  it.each<[string, Record<string, string>, Record<string, unknown>]>([
    [
      'a PATH without ssh and git',
      { PATH: '/nowhere' },
      { ssh: 'problem: There is no "ssh" on the PATH.', git: 'warning: There is no "git" on the PATH.' },
    ],
    [
      'a region without Recode',
      { AWS_REGION: 'eu-west-3', AWS_DEFAULT_REGION: 'us-east-1' },
      {
        region: 'warning: eu-west-3, from AWS_REGION. AWS_DEFAULT_REGION is us-east-1, which other programs use.',
        stack: expect.stringMatching(/^problem: There is no state machine .*eu-west-3/),
      },
    ],
    [
      'a region that is no name of one',
      { AWS_REGION: 'eu_west' },
      {
        region: 'problem: AWS_REGION is "eu_west", which is not the name of a region.',
        endpoints: 'skipped: Not checked. Invalid AWS setting.',
        clock: expect.stringContaining('skipped'),
        credentials: 'skipped: Not checked. See "region".',
        ...notOpened,
      },
    ],
    [
      'no way to AWS',
      { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
      {
        endpoints: 'problem: Not reached: <host>. Nothing listens at 127.0.0.1 port 9.',
        clock: expect.stringContaining('skipped'),
        credentials: 'skipped: Not checked. AWS cannot be reached. They come from keys in environment variables (access key <access-key>).',
        stack: 'skipped: Not checked. AWS cannot be reached.',
        connections: 'skipped: Not checked. AWS cannot be reached.',
      },
    ],
    [
      'no credentials',
      { AWS_ACCESS_KEY_ID: '' },
      { credentials: expect.stringMatching(/^problem: There are none in the environment/), ...notOpened },
    ],
    [
      'a clock that is twenty minutes slow',
      preload('const now = Date.now; Date.now = () => now() - 1_200_000;'),
      { clock: expect.stringMatching(/^problem: This machine's clock is 20 minutes behind that of AWS\..*proof/) },
    ],
    ['a proxy that is no URL', { HTTPS_PROXY: 'http://:1' }, { proxy: 'problem: The proxy for AWS is not a URL: HTTPS_PROXY=http://:1' }],
  ])('names %s', async (_, env, expected) => {
    const ran = await doctor(['--json'], env);
    expect(troubles(ran.json), ran.stderr).toEqual(expected);
    expect(ran.code).toBe(1);
    const unready = ['endpoints', 'credentials', 'stack', 'region'].some((check) => check in expected);
    expect(ran.json).toMatchObject(unready ? { installed: null, region: null } : { installed: true, findings: [], error: null });
  });

  it('names a key that ssh refuses, a broken file of settings, and what this keeps from being checked', async () => {
    chmodSync(keyFile, 0o644);
    writeFileSync(join(home, '.config', 'recode', 'config.json'), '{ "region": ');
    const ran = await doctor(['--json']);
    expect(ran.code).toBe(1);
    expect(troubles(ran.json)).toEqual({
      keys: expect.stringMatching(/^problem: The private key <home>.* has mode 0644, so ssh refuses it\.$/),
      settings: expect.stringMatching(/^problem: <home>\/\.config\/recode\/config\.json is not JSON/),
      endpoints: 'skipped: Not checked. The configuration file is damaged.',
      clock: expect.stringContaining('skipped'),
      credentials: 'skipped: Not checked. See "settings".',
      ...notOpened,
    });
  });

  it('names credentials that have expired', async () => {
    const message = 'The security token included in the request is expired';
    await aws.post('faults', { service: 'sts', action: 'GetCallerIdentity', kind: 'error', code: 'ExpiredToken', message, status: 403 });
    const ran = await doctor(['--json']);
    expect(troubles(ran.json)).toEqual({
      credentials: expect.stringContaining(`problem: AWS says: ${message} (ExpiredToken).`),
      ...notOpened,
    });
    expect((await doctor()).code).toBe(0);
  });

  it('says in words what to do, and exits with 1', async () => {
    const ran = await doctor([], { PATH: '/nowhere' });
    expect(ran.stdout).toContain('✗ ssh          There is no "ssh" on the PATH.\n               → Install it (on Debian');
    expect(ran.stdout).toContain('1 problem, 1 warning\n');
    expect(ran.code).toBe(1);
  });

  it('reports that the records cannot be compared, and why', async () => {
    await aws.post('faults', {
      service: 'states',
      action: 'StartExecution',
      kind: 'error',
      code: 'AccessDeniedException',
      message: 'No.',
      status: 400,
    });
    const ran = await doctor(['--json']);
    expect(ran.json).toMatchObject({ installed: null, error: { name: 'CallerNotAllowed' } });
    expect(ran.code).toBe(1);
  });
});

describe('a connection that does not come about', () => {
  afterEach(() => setAddress(started.publicIpAddress));

  it('is blamed on the instance if it refuses', async () => {
    await setAddress(address);
    const { connections } = troubles((await doctor(['--json'])).json);
    expect(connections).toMatch(
      /^problem: <repository> \(<address>\) does not answer on port 2200: connect ECONNREFUSED .*The instance is to blame/,
    );
  });

  it('is blamed on the allowed blocks if this machine is in none of them', async () => {
    await setAddress(address, blocks);
    await silent();
    const service = createHttpServer((_, response) => response.end(`${ownAddress}\n`));
    const RECODE_CHECKIP_URL = `http://127.0.0.1:${await listening(service, 0, '127.0.0.1')}/`;
    const ran = await doctor(['--region', aws.region], { RECODE_CHECKIP_URL });
    expect(ran.stdout).toContain(
      `✗ connections  acme/api (${address}) does not answer on port 2200: no answer. Your address ${ownAddress} is not in the allowed blocks ${blocks[0]}.\n`,
    );
    expect(ran.stdout).toContain(
      `→ Run "recode aws start acme/api --allow-cidr mine --region ${aws.region}" to allow this machine instead.`,
    );
  });

  it('is blamed on the network or the instance if nothing tells them apart', async () => {
    await setAddress(address);
    await silent();
    const { connections } = troubles((await doctor(['--json'])).json);
    expect(connections).toMatch(/no answer\. This network or the instance is to blame\.$/);
  });

  /** A server that accepts connections and says nothing. */
  const silent = () => listening(createServer(), 2200, address);
});

describe('a report for others', () => {
  it('tells nothing of the person', async () => {
    // As much as possible is wrong, so that the report says much.
    chmodSync(keyFile, 0o644);
    await aws.clients.ec2.send(new DeleteKeyPairCommand({ KeyName: 'recode-acme-api-key-pair' }));
    await setAddress(address, blocks);
    onTestFinished(() => setAddress(started.publicIpAddress));
    mkdirSync(join(home, '.ssh'), { recursive: true });
    writeFileSync(join(home, '.ssh', 'config'), 'Host *\n  HostName 192.0.2.44\n', { mode: 0o666 });
    chmodSync(join(home, '.ssh', 'config'), 0o666);
    const ran = await doctor(['--json'], { USER: 'planteduser', HTTPS_PROXY: 'http://me:secret@proxy.planted.example:3128' });
    const report = ran.json as Report;
    expect(report.findings.length).toBeGreaterThan(0);
    expect(Object.keys(troubles(report))).toEqual(expect.arrayContaining(['keys', 'ssh-config', 'connections']));
    const planted = {
      home,
      user: 'planteduser',
      account: aws.accountId,
      owner: 'carol',
      repository: 'acme/api',
      name: 'acme-api',
      address,
      block: '198.51.100.0',
      key: accessKeyId,
      password: 'secret',
      proxy: 'proxy.planted.example',
      endpoint: new URL(aws.endpoint).host,
    };
    for (const [what, value] of Object.entries(planted)) expect(ran.stdout.toLowerCase(), what).not.toContain(value.toLowerCase());
    for (const kept of ['<home>', '<account>', '<owner>', '<repository>', '<address>', '<access-key>', '<host>'])
      expect(ran.stdout).toContain(kept);
    // The same words stay the same, in the checks and in the findings.
    expect(report.findings.map(({ repository }) => repository)).toContain('<repository>');
    expect(troubles(report).connections).toContain('<repository> (<address>)');
    // A person sees it all.
    const { stdout } = await doctor();
    for (const shown of [home, aws.accountId, 'carol', 'acme/api', address, accessKeyId]) expect(stdout).toContain(shown);
  });
});

/** Makes the record say that the environment is elsewhere, and whom it lets in. */
async function setAddress(publicIpAddress: string, allowCidrs: readonly string[] = ['0.0.0.0/0']): Promise<void> {
  await aws.clients.dynamodb.send(
    new UpdateItemCommand({
      TableName: tableName,
      Key: marshall({ kind: 'environment', id: 'carol/acme/api' }),
      UpdateExpression: 'SET observed.publicIpAddress = :address, wanted.allowCidrs = :blocks',
      ExpressionAttributeValues: marshall({ ':address': publicIpAddress, ':blocks': allowCidrs }),
    }),
  );
}

async function listening(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
