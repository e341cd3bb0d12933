import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  ModifyInstanceAttributeCommand,
  StartInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { statusOf } from '../../core/environment.ts';
import { deployForTests } from '../harness/deployment.ts';
import type { User } from '../harness/users.ts';
import { runStop } from '../harness/workflows.ts';

const minute = 60_000;
let aws: TestAws;
let alice: User;
let away: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
  away = user('alice', 'laptop');
});
beforeEach(async () => {
  await runStop(aws);
  await realPace();
  await start('--idle-stop', '15m', '--auto-stop', 'never');
});

async function start(...options: string[]): Promise<void> {
  const { code, stderr } = await alice.run(['start', 'acme/api', '--json', ...options]);
  expect(code, stderr).toBe(0);
}

async function record() {
  const found = await readEnvironment(aws.clients.dynamodb, { owner: 'alice', repository: 'acme/api' });
  if (!found) throw new Error('There is no record.');
  return found;
}
const status = async () => statusOf(await record());
const instanceId = async () => (await record()).observed?.instanceId ?? '';
const onInstance = async (command: string) => (await alice.run(['ssh', 'acme/api', '--home', '--', command])).stdout;
const until = (assertion: () => Promise<void> | void) => vi.waitFor(assertion, { timeout: 20_000, interval: 50 });

/** An instance that stops by itself tells EventBridge, and has as many looks as minutes pass. */
const realPace = () => Promise.all([aws.post('clock', { rate: 1 }), aws.post('eventbridge', { on: true })]);

/** Lets minutes pass at once, and waits until the instance has looked at itself since. */
async function pass(minutes: number): Promise<void> {
  const file = join(aws.stateDirectory, 'instances', await instanceId(), 'root/run/recode/state');
  const looked = () => (existsSync(file) ? Number(/looked=(\d+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? 0) : 0);
  const before = looked();
  aws.clock.advance(minutes * minute);
  await until(() => expect(looked() - before).toBeGreaterThanOrEqual((minutes * minute) / 1000 - 30));
}

/** A terminal of alice on the instance, and what it shows. */
async function openTerminal(): Promise<{ shown(): string }> {
  const { sshConfig } = alice.files('acme/api');
  const ssh = spawn('ssh', ['-tt', '-F', sshConfig, 'acme-api', 'echo in; cat'], { stdio: 'pipe' });
  onTestFinished(() => void ssh.kill());
  let text = '';
  ssh.stdout.on('data', (data) => {
    text += data;
  });
  await until(() => expect(text).toBe('in\r\n'));
  return { shown: () => text };
}

it('stops an environment that nobody uses, after a warning, and its record follows', async () => {
  const terminal = await openTerminal();
  await pass(2);
  expect(await status()).toBe('started');
  await pass(20);
  const warning = 'Nobody uses this environment: it stops in 10 minutes. To keep it awake, run: recode aws keep-awake acme/api 2h';
  await until(() => expect(terminal.shown()).toContain(warning));
  expect(await status()).toBe('started');
  aws.clock.advance(11 * minute);
  await until(async () => expect(await status()).toBe('stopped'));
  const { Reservations } = await aws.clients.ec2.send(new DescribeInstancesCommand({ InstanceIds: [await instanceId()] }));
  expect(Reservations?.[0]?.Instances?.[0]?.StateReason?.Code).toBe('Client.InstanceInitiatedShutdown');
  const stopped = await alice.prints(['logs', 'acme/api', '--idle']);
  expect(stopped).toMatchObject({ code: 0, stdout: 'acme/api is stopped. Its instance has the log: start it to read it.\n' });

  await start();
  expect((await record()).wanted.idleStop).toBe(15);
  const { stdout } = await alice.prints(['logs', 'acme/api', '--idle']);
  expect(stdout).toMatch(/Z in use: .*\n(.*\n)*.*Z warned: Nobody uses .*\n.*Z stopped: idle for \d+ minutes\n$/);
  expect((await alice.run(['logs', 'acme/api', '--idle', '--json'])).json).toEqual({
    owner: 'alice',
    repository: 'acme/api',
    lines: stdout.trimEnd().split('\n'),
  });
});

describe('recode aws schedule set --idle-stop', () => {
  it('changes the idle time of a running environment at once, and at the next boot', async () => {
    const { code, stdout } = await alice.prints(['schedule', 'set', 'acme/api', '--idle-stop', '2h']);
    expect(code).toBe(0);
    expect(stdout).toContain('✓ acme/api never stops automatically\nIt stops when nobody uses it for 2h (chosen for it)\n');
    expect((await alice.prints(['schedule', 'show', 'acme/api'])).stdout).toBe(
      'acme/api never stops automatically (chosen for it: never)\nIt stops when nobody uses it for 2h (chosen for it)\n',
    );
    expect(await onInstance('sudo cat /run/recode/idle-stop')).toBe('120\n');
    expect(await record()).toMatchObject({ wanted: { idleStop: 120, autoStop: { kind: 'never' } } });
    await pass(2);
    await pass(100);
    await pass(2);
    expect(await status()).toBe('started');
    await runStop(aws);
    await realPace();
    await start();
    expect(await onInstance('sudo cat /run/recode/idle-stop')).toBe('120\n');
    expect((await alice.run(['status', 'acme/api', '--json=idleStop'])).json).toEqual({ idleStop: '2h' });
  });

  it('goes back to the default of the team, which is off', async () => {
    expect((await alice.run(['schedule', 'clear', 'acme/api', '--json'])).json).toMatchObject({ autoStop: null, idleStop: null });
    expect(await onInstance('sudo cat /run/recode/idle-stop')).toBe('off\n');
  });

  it('says what holds if this machine cannot tell the instance', async () => {
    const { code, stderr } = await away.prints(['schedule', 'set', 'acme/api', '--idle-stop', 'off']);
    expect(code).toBe(0);
    expect(stderr).toContain('The idle time takes effect at the next start; until then, the instance keeps the one it has.\n');
    expect(await onInstance('sudo cat /run/recode/idle-stop')).toBe('15\n');
    expect((await record()).wanted.idleStop).toBe('off');
  });

  it.each([
    [['--idle-stop', '14m'], "IdleStopNotValid: Invalid --idle-stop '14m'. Use a duration from 15m to 7 days (30m, 2h) or off."],
    [[], 'UsageNotValid: Nothing to set. Give a time (20:00), a duration (8h), never, or --idle-stop.'],
  ])('refuses %j', async (options, error) => {
    const { code, json } = await alice.run(['schedule', 'set', 'acme/api', ...options, '--json']);
    const said = json as { error: { name: string; message: string } };
    expect({ code, error: `${said.error.name}: ${said.error.message}` }).toEqual({ code: 2, error });
  });
});

describe('recode aws keep-awake', () => {
  it('keeps the environment on for so long', async () => {
    const { code, stdout } = await alice.prints(['keep-awake', 'acme/api', '3h']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✓ acme\/api does not stop for being idle before (today|tomorrow) \d\d:\d\d \(.+\)\n$/);
    await pass(2);
    await pass(150);
    await pass(12);
    expect(await status()).toBe('started');
    const log = await onInstance('sudo cat /var/log/recode-idle.log');
    expect(log.slice(log.lastIndexOf('kept awake'))).not.toContain('warned');
    const json = (await alice.run(['keep-awake', 'acme/api', 'off', '--json'])).json;
    expect(json).toEqual({ owner: 'alice', repository: 'acme/api', keptAwakeUntil: null });
    await pass(2);
    await pass(20);
    aws.clock.advance(11 * minute);
    await until(async () => expect(await status()).toBe('stopped'));
  });

  it('needs a started environment, and a duration', async () => {
    const refused = await alice.run(['keep-awake', 'acme/api', 'never', '--json']);
    expect(refused).toMatchObject({ code: 2, json: { error: { name: 'AutoStopNotValid' } } });
    await runStop(aws);
    const { code, stderr } = await alice.prints(['keep-awake', 'acme/api', '3h']);
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining('recode aws start acme/api') });
  });
});

it('leaves an instance with an older user data unwatched until its next start, and says so', async () => {
  const InstanceId = await instanceId();
  const userData = async () => {
    const { UserData } = await aws.clients.ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'userData' }));
    return Buffer.from(UserData?.Value ?? '', 'base64').toString();
  };
  const now = await userData();
  const older = now.replace(/ {4}mkdir -p \/run\/recode[\s\S]*?(?=ssh_keys:)/, '');
  await runStop(aws);
  await realPace();
  await aws.clients.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, UserData: { Value: Buffer.from(older) } }));
  await aws.clients.ec2.send(new StartInstancesCommand({ InstanceIds: [InstanceId] }));
  await until(async () => expect(await status()).toBe('started'));
  const { code, stdout } = await alice.prints(['start', 'acme/api', '--idle-stop', '30m']);
  expect(code).toBe(0);
  const said = 'The instance warns nobody before an automatic stop until its next start. Idle stop takes effect at the next start.';
  expect(stdout).toContain(said);
  const awake = await alice.run(['keep-awake', 'acme/api', '3h', '--json']);
  const message = 'The instance could not be told. It has started before Recode could watch it.';
  expect(awake).toMatchObject({ code: 1, json: { error: { name: 'InstanceNotTold', message } } });
  await runStop(aws);
  await start();
  expect(await userData()).toBe(now.replace("'15' >", "'30' >"));
});

describe('a warning before a stop of the schedule', () => {
  it('comes for the time that was told last', async () => {
    await start('--auto-stop', '1h', '--idle-stop', 'off');
    const terminal = await openTerminal();
    await pass(2);
    await alice.run(['extend', 'acme/api', '2h']);
    await pass(50);
    await pass(2);
    expect(terminal.shown()).toBe('in\r\n');
    await pass(117);
    await until(() =>
      expect(terminal.shown()).toMatch(/stops automatically in \d+ minutes\. To postpone it, run: recode aws extend acme\/api 2h/),
    );
    const { code } = await alice.prints(['schedule', 'set', 'acme/api', 'never']);
    expect(code).toBe(0);
    expect(await onInstance('sudo cat /run/recode/stop-at')).toBe('\n');
  });

  it('is told where the clone fails, too', async () => {
    await onInstance('rm -rf workspace');
    const { code } = await alice.run(['start', 'acme/api', '--auto-stop', '2h', '--branch', 'none']);
    expect(code).toBe(1);
    const { stopAt = '' } = (await record()).wanted;
    expect(Number(await onInstance('sudo cat /run/recode/stop-at'))).toBe(Math.floor(Date.parse(stopAt) / 1000));
  });

  it('is told without a clone, too', async () => {
    await start('--auto-stop', '1h', '--no-clone');
    const { stopAt = '' } = (await record()).wanted;
    expect(Number(await onInstance('sudo cat /run/recode/stop-at'))).toBe(Math.floor(Date.parse(stopAt) / 1000));
  });

  it('may come for an earlier time if this machine cannot tell the instance, which it says', async () => {
    await start('--auto-stop', '1h');
    const { code, stderr } = await away.prints(['extend', 'acme/api', '2h']);
    expect(code).toBe(0);
    expect(stderr).toContain('People on the instance may still be warned of the earlier stop.\n');
  });
});
