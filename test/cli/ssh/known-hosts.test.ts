import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { environmentFolder } from '../../../cli/files/environment-folder.ts';
import { sshCommand, writeSshConfig } from '../../../cli/ssh/config.ts';
import { pinHostKey } from '../../../cli/ssh/known-hosts.ts';

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKq5 host';
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "recode 100% it's-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('pins the host key under the address and the port', () => {
  const file = join(directory, 'new', 'known_hosts');
  pinHostKey(file, { address: '203.0.113.7', port: 2200, hostKey });
  expect(readFileSync(file, 'utf8')).toBe('[203.0.113.7]:2200 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKq5\n');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('replaces the line of the address before', () => {
  const file = join(directory, 'known_hosts');
  pinHostKey(file, { address: '203.0.113.7', port: 2200, hostKey });
  pinHostKey(file, { address: '203.0.113.8', port: 2200, hostKey });
  expect(readFileSync(file, 'utf8')).toBe('[203.0.113.8]:2200 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKq5\n');
  expect(readdirSync(directory)).toEqual(['known_hosts']);
});

it('writes a configuration that OpenSSH reads as meant, also where the path has spaces, quotes and percent signs', () => {
  const place = { accountId: '111122223333', region: 'eu-west-1', owner: 'alice', repository: 'acme/api' };
  const files = environmentFolder(place, { XDG_DATA_HOME: directory });
  const privateKeyFile = join(files.key, 'id_ed25519');
  writeSshConfig(files, { name: 'acme-api', repository: 'acme/api', address: '203.0.113.7', privateKeyFile });
  const command = sshCommand(files, 'acme-api').replace(/^ssh /, 'ssh -G ');
  // OpenSSH prints some paths as they are written and others with their percent signs read.
  const printed = execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8', stdio: 'pipe' });
  const settings = printed.replaceAll('%%', '%').split('\n');
  expect(settings).toEqual(
    expect.arrayContaining([
      'hostname 203.0.113.7',
      'port 2200',
      'user recode',
      'identitiesonly yes',
      'stricthostkeychecking true',
      'globalknownhostsfile /dev/null',
      'hostkeyalgorithms ssh-ed25519',
    ]),
  );
  expect(settings).toContain(`identityfile ${privateKeyFile}`);
  expect(settings).toContain(`userknownhostsfile ${files.knownHosts}`);
});
