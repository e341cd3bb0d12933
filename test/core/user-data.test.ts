import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { keyPairFrom } from '../../core/openssh-key.ts';
import { hostKeyIn, userData } from '../../core/user-data.ts';

const hostKey = keyPairFrom(Buffer.alloc(32, 3), 'recode-acme-api-instance');
const material = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA';
const text = userData({ publicKeys: [`${material} "a\\b'; rm -rf / #comment`, `${material}B`], hostKey });
const config = parse(text) as Record<string, unknown>;

it('is a cloud-config that fits into the 16 KB of EC2', () => {
  expect(text.startsWith('#cloud-config\n')).toBe(true);
  expect(Buffer.byteLength(text)).toBeLessThan(16_384);
});

it('carries the host key to the letter', () => {
  expect(config.ssh_keys).toEqual({ ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey });
});

it('has no key of a person where only the first boot reads it', () => {
  expect(config.users).toEqual([{ name: 'recode', shell: '/bin/bash', sudo: 'ALL=(ALL) NOPASSWD:ALL' }]);
});

it('has a host key that can be read from it', () => {
  expect(hostKeyIn(text)).toEqual(hostKey);
  expect(hostKeyIn(userData({ publicKeys: [material], hostKey: undefined }))).toBeUndefined();
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

  it.each(["ssh-ed25519 AAAA';reboot", 'ssh-rsa AAAA', 'ssh-ed25519', 'ssh-ed25519 AAAA\tx', ''])(
    'is not made for a key that a shell or sshd reads otherwise: %j',
    (publicKey) => {
      expect(() => userData({ publicKeys: [publicKey], hostKey })).toThrow(expect.objectContaining({ name: 'InputNotValid' }));
    },
  );
});
