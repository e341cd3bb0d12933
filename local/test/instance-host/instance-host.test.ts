import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createInstanceHost } from '../../src/instance-host/instance-host.ts';
import { alone, bootInstance, clientOptions, cloudConfig, freePort, makeKey, openWorkbench, program, ssh } from './openssh.ts';

describe('booting', () => {
  it('answers with the host key, the user and the port of the user data', async () => {
    await using bench = await openWorkbench();
    const booted = await bootInstance(bench, { userData: (port) => cloudConfig(bench, 'somebody', port) });
    expect(await ssh(booted, ['whoami; echo $USER $LOGNAME $HOME; pwd'], { user: 'somebody' })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/\nsomebody somebody (\S+)\n\1\n$/),
    });
    expect(await ssh(booted, ['true'], { user: 'ubuntu' })).toMatchObject({
      code: 255,
      stderr: expect.stringContaining('Permission denied'),
    });
  });

  it('accepts each key of the user, and no other', async () => {
    await using bench = await openWorkbench();
    const second = await makeKey(join(bench.directory, 'second'), 'rsa');
    const stranger = await makeKey(join(bench.directory, 'stranger'));
    const booted = await bootInstance(bench, { userData: (port) => cloudConfig(bench, 'dev', port, [second.publicKey]) });
    const as = (path: string) =>
      ssh({ ...booted, options: booted.options.map((option) => (option === bench.userKey.path ? path : option)) }, ['echo in']);
    expect(await as(bench.userKey.path)).toMatchObject({ code: 0, stdout: 'in\n' });
    expect(await as(second.path)).toMatchObject({ code: 0, stdout: 'in\n' });
    expect(await as(stranger.path)).toMatchObject({ code: 255, stderr: expect.stringContaining('Permission denied (publickey)') });
  });

  it('has its own host key', async () => {
    await using bench = await openWorkbench();
    const booted = await bootInstance(bench);
    clientOptions({ ...bench, hostKey: bench.userKey }, booted.address, booted.port);
    expect(await ssh(booted, ['true'])).toMatchObject({ code: 255, stderr: expect.stringContaining('Host key verification failed') });
  });

  it('creates ubuntu with the key pair, and a permanent host key, if the user data has neither', async () => {
    await using bench = await openWorkbench();
    const userData = (port: number) => Buffer.from(`#cloud-config\nbootcmd: ["printf 'Port ${port}' > /etc/ssh/sshd_config.d/p.conf"]\n`);
    const booted = await bootInstance(bench, { userData, keyPair: bench.userKey.publicKey });
    const printed = () => /BEGIN SSH HOST KEY KEYS-----\n(.+)\n/.exec(bench.host.consoleOutput(booted.id))?.[1] ?? '';
    const hostKey = { path: '', publicKey: printed() };
    clientOptions({ ...bench, hostKey }, booted.address, booted.port);
    expect(await ssh(booted, ['echo in'], { user: 'ubuntu' })).toMatchObject({ stdout: 'in\n' });
    await bench.host.halt(booted.id);
    await bench.host.boot({ ...booted, userData: userData(booted.port), ...alone });
    expect(await ssh(booted, ['echo again'], { user: 'ubuntu' })).toMatchObject({ stdout: 'again\n' });
  });

  it('accepts the keys in the files that sshd is configured with, as each boot leaves them', async () => {
    await using bench = await openWorkbench();
    const other = await makeKey(join(bench.directory, 'other'));
    const keysOnDisk = (port: number, key: string) => {
      const file = `printf 'AuthorizedKeysFile /etc/keys/%%u .ssh/authorized_keys\\n' > /etc/ssh/sshd_config.d/20-keys.conf`;
      const written = `mkdir -p /etc/keys\n    printf '%s\\n' '${key}' > /etc/keys/dev`;
      const text = cloudConfig(bench, 'dev', port)
        .toString()
        .replace(/ssh_authorized_keys: .*/, 'gecos: Developer');
      return Buffer.from(text.replace('bootcmd:\n  - |\n', `bootcmd:\n  - |\n    ${file}\n    ${written}\n`));
    };
    const booted = await bootInstance(bench, { userData: (port) => keysOnDisk(port, bench.userKey.publicKey) });
    const as = (path: string) =>
      ssh({ ...booted, options: booted.options.map((option) => (option === bench.userKey.path ? path : option)) }, ['echo in']);
    const refused = { code: 255, stderr: expect.stringContaining('Permission denied (publickey)') };
    expect(await as(bench.userKey.path)).toMatchObject({ code: 0, stdout: 'in\n' });
    expect(await as(other.path)).toMatchObject(refused);
    await bench.host.halt(booted.id);
    await bench.host.boot({ ...booted, userData: keysOnDisk(booted.port, other.publicKey), ...alone });
    expect(await as(bench.userKey.path)).toMatchObject(refused);
    expect(await as(other.path)).toMatchObject({ code: 0, stdout: 'in\n' });
  });

  it('keeps the home folder with added keys until the disk is erased', async () => {
    await using bench = await openWorkbench();
    const booted = await bootInstance(bench);
    const added = await makeKey(join(bench.directory, 'added'));
    expect(await ssh(booted, [`echo kept > note; echo '${added.publicKey}' >> .ssh/authorized_keys`])).toMatchObject({ code: 0 });
    const boot = () => bench.host.boot({ ...booted, userData: cloudConfig(bench, 'dev', booted.port), ...alone });
    await bench.host.halt(booted.id);
    expect(await boot()).toBe(true);
    const options = booted.options.map((option) => (option === bench.userKey.path ? added.path : option));
    expect(await ssh({ ...booted, options }, ['cat note'])).toMatchObject({ stdout: 'kept\n' });
    await bench.host.halt(booted.id);
    bench.host.erase(booted.id);
    await boot();
    expect(await ssh(booted, ['cat note'])).toMatchObject({ code: 1 });
  });

  it('shows boot, host key and port on the console, but no private key', async () => {
    await using bench = await openWorkbench();
    const { id, address, port } = await bootInstance(bench);
    const text = bench.host.consoleOutput(id);
    expect(text).toContain(bench.hostKey.publicKey);
    expect(text).toContain(`Server listening on ${address} port ${port}.`);
    expect(text).toMatch(/login:\n$/);
    expect(text).not.toContain('PRIVATE');
    bench.host.forget(id);
    expect(bench.host.consoleOutput(id)).toBe('');
  });

  it.each([
    ['a script', '#!/bin/sh\necho hello', /does not start with "#cloud-config"/],
    ['broken YAML', '#cloud-config\nusers: [', /not valid YAML/],
    ['an unknown boot command', '#cloud-config\nbootcmd: [reboot]', /the command "reboot" is not supported/],
  ])('never answers if the user data is %s, and the console says why', async (_, text, reason) => {
    await using bench = await openWorkbench();
    const address = await bench.host.reserveAddress(Buffer.from(text));
    expect(await bench.host.boot({ id: 'i-1', address, userData: Buffer.from(text), ...alone })).toBe(false);
    expect(bench.host.consoleOutput('i-1')).toMatch(reason);
    expect(bench.host.consoleOutput('i-1')).toMatch(/does not answer on SSH/);
  });
});

describe('addresses', () => {
  it('are named if the port is in use on all of them', async () => {
    await using bench = await openWorkbench();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '0.0.0.0', resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as { port: number };
    await expect(bench.host.reserveAddress(cloudConfig(bench, 'dev', port))).rejects.toMatchObject({
      name: 'AddressUnavailable',
      message: expect.stringMatching(new RegExp(`port ${port}\\. Tried (127\\.\\d+\\.\\d+\\.\\d+ \\(address already in use\\)(, )?){5}`)),
    });
  });

  it('fail to boot if they are in use in the meantime', async () => {
    await using bench = await openWorkbench();
    const port = await freePort();
    const userData = cloudConfig(bench, 'dev', port);
    const address = await bench.host.reserveAddress(userData);
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(port, address, resolve));
    onTestFinished(() => void taken.close());
    await expect(bench.host.boot({ id: 'i-1', address, userData, ...alone })).rejects.toMatchObject({
      name: 'AddressUnavailable',
    });
    expect(bench.host.consoleOutput('i-1')).toMatch(/Bind to .* failed/);
  });
});

describe('the security groups', () => {
  it('decide for each connection. It gets no answer if it is not admitted', async () => {
    await using bench = await openWorkbench();
    const asked: [string, number][] = [];
    let open = false;
    const booted = await bootInstance(bench, {
      admits: (remote, port) => {
        asked.push([remote, port]);
        return open;
      },
    });
    const socket = connect(booted.port, booted.address);
    onTestFinished(() => void socket.destroy());
    let answer = '';
    let ended = false;
    socket.on('data', (data) => (answer += data)).on('close', () => (ended = true));
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write('SSH-2.0-test\r\n');
    const refused = await ssh(booted, ['true'], { options: ['-o', 'ConnectTimeout=1'] });
    expect(refused).toMatchObject({ code: 255, stderr: expect.stringContaining('timed out during banner exchange') });
    expect({ answer, ended }).toEqual({ answer: '', ended: false });
    expect(asked).toContainEqual(['127.0.0.1', booted.port]);
    open = true;
    expect(await ssh(booted, ['echo in'])).toMatchObject({ stdout: 'in\n' });
  });
});

describe('a client that misbehaves', () => {
  it.each([
    ['does not speak SSH', 'GET / HTTP/1.1\r\n\r\n'],
    ['sends garbage after its greeting', `SSH-2.0-x\r\n${'x'.repeat(100_000)}`],
  ])('and %s affects nobody else', async (_, text) => {
    await using bench = await openWorkbench();
    const booted = await bootInstance(bench);
    const socket = connect(booted.port, booted.address);
    socket.on('error', () => socket.destroy());
    await new Promise((resolve) => socket.once('data', resolve));
    socket.write(text);
    await new Promise((resolve) => socket.once('close', resolve));
    const broken = connect(booted.port, booted.address);
    await new Promise((resolve) => broken.once('data', resolve));
    broken.resetAndDestroy();
    expect(await ssh(booted, ['echo in'])).toMatchObject({ stdout: 'in\n' });
  });
});

describe('halting', () => {
  it('ends sessions and closes the port', async () => {
    await using bench = await openWorkbench();
    const booted = await bootInstance(bench);
    const session = ssh(booted, ['echo up; sleep 600']);
    await sleep(500);
    await bench.host.halt(booted.id);
    expect(await session).toMatchObject({ code: 255, stdout: 'up\n' });
    expect(await ssh(booted, ['true'])).toMatchObject({ code: 255, stderr: expect.stringContaining('refused') });
  });

  it('kills the processes that sessions left, even in their own sessions', async () => {
    await using bench = await openWorkbench();
    const booted = await bootInstance(bench);
    await ssh(booted, ['setsid sleep 601 >/dev/null 2>&1 </dev/null &']);
    const alive = () => program('pgrep', ['-fx', 'sleep 601']);
    // The shell does not wait until the other program runs.
    await vi.waitFor(async () => expect(await alive()).toMatchObject({ code: 0 }), { timeout: 5_000, interval: 20 });
    await bench.host.halt(booted.id);
    expect(await alive()).toMatchObject({ code: 1 });
  });

  it('kills the processes that an earlier embedded AWS left when the instance boots', async () => {
    await using bench = await openWorkbench();
    const booted = await bootInstance(bench);
    await ssh(booted, ['setsid sleep 603 >/dev/null 2>&1 </dev/null &']);
    const later = createInstanceHost({ stateDirectory: bench.directory, clock: bench.clock });
    const address = await later.reserveAddress(cloudConfig(bench, 'dev', booted.port));
    await later.boot({ ...booted, address, userData: cloudConfig(bench, 'dev', booted.port), ...alone });
    expect(await program('pgrep', ['-fx', 'sleep 603'])).toMatchObject({ code: 1 });
    await later.stop();
  });
});

it('refuses to open with a damaged disk, and names it', async () => {
  await using bench = await openWorkbench();
  const { id } = await bootInstance(bench);
  await bench.host.halt(id);
  const file = join(bench.directory, 'instances', id, 'disk.json');
  writeFileSync(file, '{');
  expect(() => createInstanceHost({ stateDirectory: bench.directory, clock: bench.clock })).toThrow(`The state file ${file} is damaged: `);
});
