import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { mostKeys } from '../../core/keys.ts';
import { keyPairFrom } from '../../core/openssh-key.ts';
import { hostKeyIn, userData } from '../../core/user-data.ts';

const hostKey = keyPairFrom(Buffer.alloc(32, 3), 'recode-acme-api-instance');
const material = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA';
const environment = { repository: 'acme/api', idleStop: 60, hostKey, homeKeys: true };
const text = userData({ ...environment, publicKeys: [`${material} "a\\b'; rm -rf / #comment`, `${material}B`] });
const config = parse(text) as Record<string, unknown>;

it('is a cloud-config that fits into the 16 KB of EC2', () => {
  expect(text.startsWith('#cloud-config\n')).toBe(true);
  expect(Buffer.byteLength(text)).toBeLessThan(16_384);
});

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html: "User data is limited to 16 KB, in raw form"
it.each(['off', 10_080] as const)(
  'fits with as many keys as an environment accepts, the longest repository and the idle time %s',
  (idleStop) => {
    const publicKeys = Array.from({ length: mostKeys }, (_, index) => keyPairFrom(Buffer.alloc(32, index), 'x').publicKey);
    const repository = `${'a'.repeat(39)}/${'b'.repeat(100)}`;
    const longest = userData({ repository, idleStop, publicKeys, hostKey, homeKeys: true });
    expect(Buffer.byteLength(longest)).toBeLessThan(12_288);
    expect(longest).toMatch(/^[\x20-\x7e\n]*$/);
  },
);

it('carries the host key to the letter', () => {
  expect(config.ssh_keys).toEqual({ ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey });
});

it('has no key of a person where only the first boot reads it', () => {
  expect(config.users).toEqual([{ name: 'recode', shell: '/bin/bash', sudo: 'ALL=(ALL) NOPASSWD:ALL' }]);
});

it('has a host key that can be read from it', () => {
  expect(hostKeyIn(text)).toEqual(hostKey);
  expect(hostKeyIn(userData({ ...environment, publicKeys: [material], hostKey: undefined }))).toBeUndefined();
  expect(hostKeyIn('')).toBeUndefined();
});

describe('the boot command', () => {
  it('writes what a shell makes of it: the keys without their comments, and the settings of sshd', () => {
    const root = mkdtempSync(join(tmpdir(), 'user-data-'));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const [script = ''] = config.bootcmd as string[];
    // Without systemd. A umask that an image may have must not keep sshd, which reads the keys as their user, from them.
    const commands = script.slice(0, script.indexOf('if systemctl')).replaceAll('/etc/', `${root}/`);
    execFileSync('sh', ['-eu', '-c', `umask 077\n${commands}`]);
    const file = join(root, 'ssh/recode/recode');
    expect(readFileSync(file, 'utf8')).toBe(`${material}\n${material}B\n`);
    expect([statSync(file).mode & 0o777, statSync(join(root, 'ssh/recode')).mode & 0o777]).toEqual([0o644, 0o755]);
    expect(readFileSync(join(root, 'ssh/sshd_config.d/10-recode.conf'), 'utf8').replaceAll(`${root}/`, '/etc/')).toBe(
      'Port 2200\nPasswordAuthentication no\nAuthorizedKeysFile /etc/ssh/recode/%u .ssh/authorized_keys\n',
    );
  });

  it('leaves the script and the settings of automatic stops in /run, and starts the timer', () => {
    const root = mkdtempSync(join(tmpdir(), 'user-data-'));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const quoted = parse(userData({ ...environment, repository: "a'b/c", publicKeys: [material] })) as typeof config;
    const [script = ''] = quoted.bootcmd as string[];
    const systemctl = 'systemctl() { echo "$@" >> done; test "$1" = daemon-reload; }\n';
    const commands = script.slice(script.indexOf('mkdir -p /run/recode')).replaceAll('/run/', `${root}/`);
    execFileSync('sh', ['-u', '-c', `umask 077\n${systemctl}${commands}true`], { cwd: root });
    const read = (path: string) => readFileSync(join(root, path), 'utf8').replaceAll(`${root}/`, '/run/');
    expect(read('recode/auto-stop.sh')).toBe(readFileSync(join(import.meta.dirname, '../../core/instance/auto-stop.sh'), 'utf8'));
    expect([read('recode/repository'), read('recode/idle-stop')]).toEqual(["a'b/c\n", '60\n']);
    expect(read('systemd/system/recode-auto-stop.service')).toContain('\nExecStart=/bin/sh /run/recode/auto-stop.sh\n');
    const start = 'start --no-block recode-auto-stop.timer\n';
    expect(read('done')).toBe(`${start}daemon-reload\n${start}`);
  });

  it.each(["ssh-ed25519 AAAA';reboot", 'ssh-rsa AAAA', 'ssh-ed25519', 'ssh-ed25519 AAAA\tx', ''])(
    'is not made for a key that a shell or sshd reads otherwise: %j',
    (publicKey) => {
      expect(() => userData({ ...environment, publicKeys: [publicKey] })).toThrow(expect.objectContaining({ name: 'InputNotValid' }));
    },
  );
});
