import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { faultsOf } from './findings.ts';

const root = join(import.meta.dirname, '../..');
const templates = ['cloudformation-template-create-stack.json', 'cloudformation-template-update-stack.json'];
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-packaging-'));
  writeFileSync(join(directory, 'network-uses'), '');
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Packages the stack where there are no credentials, in the environment or in a file, and no network. Resolves to the folder of the package. */
async function packageStack(name: string, parameters: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = join(directory, name);
  const chosen = Object.entries(parameters).map(([parameter, value]) => `--param=${parameter}=${value}`);
  const serverless = join(root, 'node_modules/serverless/bin/serverless.js');
  const env = {
    PATH: process.env.PATH,
    HOME: join(directory, 'home'),
    NODE_OPTIONS: `--require=${join(import.meta.dirname, 'no-network.cjs')}`,
    NETWORK_USES: join(directory, 'network-uses'),
  };
  await promisify(execFile)(process.execPath, [serverless, 'package', '--package', folder, ...chosen], { cwd: root, env });
  return folder;
}

/** What a person sees of a packaging that is refused: Serverless writes its errors to the standard output. */
async function refusalOf(parameters: Readonly<Record<string, string>>): Promise<string> {
  return packageStack('refused', parameters).then(
    () => 'It was packaged.',
    ({ stdout }: { stdout: string }) => stdout,
  );
}

/** A template without the times at which Serverless made it: it puts them into the keys under which it uploads the zips, and nowhere else. */
function timeless(folder: string, template: string): string {
  const text = readFileSync(join(folder, template), 'utf8');
  return text.replace(/(?<="S3Key": "serverless\/recode\/prod\/)\d{13}-\d{4}-\d\d-\d\dT[\d:.]+Z(?=\/[a-z-]+\.zip")/g, '<time>');
}

describe('serverless package', () => {
  it('needs no credentials and no network, and makes the same of the same but for the time it makes it', async () => {
    const again = await packageStack('again');
    for (const template of templates) {
      expect(timeless(again, template)).toBe(timeless(join(root, 'dist/stack'), template));
      expect(timeless(again, template)).not.toContain(root);
    }
    expect(timeless(again, 'cloudformation-template-update-stack.json')).toContain('prod/<time>/begin-operation.zip');
    expect(readFileSync(join(directory, 'network-uses'), 'utf8')).toBe('');
  });

  it('makes a valid stack of all that an administrator may choose', async () => {
    const parameters = {
      instanceType: 'm7g.large',
      allowedInstanceTypes: 't3.*, m7g.large',
      ingressCidrs: '192.0.2.0/24,198.51.100.0/24',
      volumeSize: '32',
      volumeType: 'gp3',
      volumeEncrypted: 'true',
      volumeKmsKey: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      environmentsPerOwner: '3',
      hoursPerOwner: '160',
      teammates: 'everyone',
      administrators: 'arn:aws:iam::*:role/AWSReservedSSO_Admin_*, arn:aws:iam::111122223333:user/admins/*',
      autoStop: '19:30 Europe/Paris',
      longestRun: '12h',
      idleStop: '1h',
      keepRemoved: '30d',
      tags: 'team=platform, cost-center=42',
      permissionsBoundary: 'arn:aws:iam::111122223333:policy/boundary',
      logRetentionDays: '90',
      alarmEmail: 'platform@example.com',
    };
    const all = parse(readFileSync(join(root, 'infra/parameters.yml'), 'utf8')) as Readonly<Record<string, { variable?: string }>>;
    expect(Object.keys(parameters).sort()).toEqual(Object.keys(all).sort());

    const template = join(await packageStack('chosen', parameters), 'cloudformation-template-update-stack.json');
    // W9013: an account in an ARN, which is the administrator's to write.
    expect(faultsOf(template, ['W9013'])).toEqual([]);
    const { Resources } = JSON.parse(readFileSync(template, 'utf8')) as Template;
    const variables = Object.entries(parameters).flatMap(([name, value]) => (all[name]?.variable ? [[all[name].variable, value]] : []));
    expect(Resources.BeginOperationLambdaFunction?.Properties.Environment).toEqual({ Variables: Object.fromEntries(variables) });
    expect(Resources.BeginOperationLogGroup?.Properties.RetentionInDays).toBe(90);
  });

  it('refuses an invalid value in a sentence', async () => {
    const refusal = await refusalOf({ volumeType: 'io1' });
    expect(refusal).toContain('Invalid value "io1" for the parameter volumeType.');
    expect(refusal).toContain('It must match gp2|gp3.');
    expect(refusal).not.toMatch(/^ +at /m);
  });

  it('refuses an administrator with the path of a role, which no session shows', async () => {
    const refusal = await refusalOf({ administrators: 'arn:aws:iam::111122223333:role/admins/*' });
    expect(refusal).toContain('Invalid value "arn:aws:iam::111122223333:role/admins/*" for the parameter administrators.');
  });

  it('refuses an unknown parameter, and names the known ones', async () => {
    const refusal = await refusalOf({ ingressCIDRs: '192.0.2.0/24' });
    expect(refusal).toMatch(/Unknown parameter ingressCIDRs\. The parameters are .*\bingressCidrs\b/);
    expect(refusal).not.toMatch(/^ +at /m);
  });
});

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Properties: Readonly<Record<string, unknown>> }>>;
}
