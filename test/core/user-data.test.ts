import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { keyPairFrom } from '../../core/openssh-key.ts';
import { userData } from '../../core/user-data.ts';

const hostKey = keyPairFrom(Buffer.alloc(32, 3), 'recode-acme-api-instance');
const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA "a\\b" #comment';
const text = userData({ publicKey, hostKey });
const config = parse(text) as Record<string, unknown>;

it('is a cloud-config that fits into the 16 KB of EC2', () => {
  expect(text.startsWith('#cloud-config\n')).toBe(true);
  expect(Buffer.byteLength(text)).toBeLessThan(16_384);
});

it('carries the host key and the user key to the letter', () => {
  expect(config.ssh_keys).toEqual({ ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey });
  expect(config.users).toEqual([{ name: 'recode', shell: '/bin/bash', sudo: 'ALL=(ALL) NOPASSWD:ALL', ssh_authorized_keys: [publicKey] }]);
});

it('moves sshd to port 2200 at every boot, without passwords', () => {
  expect(config.bootcmd).toEqual([
    expect.stringContaining("printf 'Port 2200\\nPasswordAuthentication no\\n' > /etc/ssh/sshd_config.d/10-recode.conf"),
  ]);
});
