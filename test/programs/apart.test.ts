import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Ran, recode } from '../harness/recode.ts';
import { userOf } from '../harness/users.ts';
import { deployedAws } from '../harness/workflows.ts';

// One machine, and an environment of the same repository and the same owner in two places.
let root: string;
const directory = () => join(root, 'alice');
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'recode-apart-'));
});
afterEach(() => rmSync(root, { recursive: true }));

// Two embedded AWSes begin, each with its first environment.
const timeout = 300_000;

/** Where an environment is: runs `recode aws` there. */
type Place = (args: readonly string[]) => Promise<Ran>;

it('keeps environments of the same name apart that are in two regions of an account', { timeout }, async () => {
  await using one = await deployedAws();
  await using other = await deployedAws(undefined, 'eu-west-1');
  const [here, there] = [one, other].map((aws) => userOf(aws, 'alice', root).run) as [Place, Place];
  await stayApart(here, there, ['acme-api.recode', 'acme-api.eu-west-1.recode']);
});

it('keeps environments of the same name apart that are in two accounts', { timeout }, async () => {
  // Each state directory is an account of its own.
  const placeIn = (state: string, region: string) => (args: readonly string[]) =>
    recode(['--local', '--region', region, 'aws', ...args], { directory: directory(), env: { RECODE_LOCAL_DIR: join(root, state) } });
  try {
    await stayApart(placeIn('one', 'us-east-1'), placeIn('other', 'eu-west-1'), ['acme-api.recode', 'acme-api.local.recode']);
  } finally {
    for (const state of ['one', 'other']) {
      const down = await recode(['local', 'down'], { directory: directory(), env: { RECODE_LOCAL_DIR: join(root, state) } });
      expect(down.stdout).toBe('Stopped the embedded AWS\n');
    }
  }
});

interface Started {
  readonly instanceId: string;
  readonly publicIpAddress: string;
  readonly sshConfigFile: string;
}

async function stayApart(one: Place, other: Place, aliases: readonly [string, string]): Promise<void> {
  const places = [one, other] as const;
  const started: Started[] = [];
  for (const place of places) started.push((await succeeds(place, 'start', 'acme/api')) as Started);
  const [first, second] = started as [Started, Started];
  const folder = join(directory(), 'home/.local/share/recode/ssh');
  expect(readdirSync(folder).sort()).toEqual([...aliases].sort());

  // What the instance calls itself, by the command and by the alias that a person types.
  const instances = started.map(({ instanceId }) => instanceId);
  expect(new Set(instances).size).toBe(2);
  const itself = 'echo $EC2_INSTANCE_ID';
  const byCommand = () => Promise.all(places.map(async (place) => (await place(['ssh', 'acme/api', '--', itself])).stdout.trim()));
  const byAlias = (alias: string) => ssh(['-F', join(folder, alias), alias, itself]);
  expect(await byCommand()).toEqual(instances);
  expect(await Promise.all(aliases.map(byAlias))).toEqual(instances);

  // Keys and host keys are for one of them alone.
  const own = await Promise.all(places.map(async (place) => (await succeeds(place, 'keys', 'list', 'acme/api')) as Key[]));
  expect(own.map((keys) => keys.map(({ thisMachine }) => thisMachine))).toEqual([[true], [true]]);
  expect(new Set(own.flat().map(({ fingerprint }) => fingerprint)).size).toBe(2);
  const beside = ({ sshConfigFile }: Started, name: string) => join(sshConfigFile, '..', name);
  expect(readFileSync(beside(first, 'known_hosts'), 'utf8')).not.toContain(second.publicIpAddress);
  expect(readFileSync(beside(second, 'known_hosts'), 'utf8')).not.toContain(first.publicIpAddress);
  const crossed = (key: Started, host: Started) =>
    ssh([
      ...['-F', '/dev/null', '-i', beside(key, 'key/id_ed25519'), '-p', '2200'],
      ...['IdentitiesOnly=yes', 'IdentityAgent=none', `UserKnownHostsFile=${beside(host, 'known_hosts')}`].flatMap((each) => ['-o', each]),
      ...[`recode@${host.publicIpAddress}`, itself],
    ]);
  expect(await crossed(first, first)).toBe(first.instanceId);
  expect(await crossed(first, second)).toContain('Permission denied (publickey)');
  expect(await crossed(second, first)).toContain('Permission denied (publickey)');

  // What becomes of one does not touch the other.
  await succeeds(other, 'restart', 'acme/api');
  expect(await byCommand()).toEqual(instances);
  expect(await Promise.all(aliases.map(byAlias))).toEqual(instances);
  await succeeds(one, 'remove', 'acme/api', '--force');
  expect(readdirSync(folder)).toEqual([aliases[1]]);
  expect(existsSync(beside(first, 'key'))).toBe(false);
  expect(await byAlias(aliases[1])).toBe(second.instanceId);
  expect(await succeeds(one, 'list')).toEqual([]);
}

interface Key {
  readonly fingerprint: string;
  readonly thisMachine: boolean;
}

async function succeeds(place: Place, ...args: string[]): Promise<unknown> {
  const ran = await place([...args, '--json']);
  expect(ran.code, ran.stderr + ran.stdout).toBe(0);
  return ran.json;
}

const ssh = (args: string[]) =>
  new Promise<string>((resolve) =>
    execFile('ssh', ['-o', 'BatchMode=yes', ...args], (_, stdout, stderr) => resolve((stdout || stderr).trim())),
  );
