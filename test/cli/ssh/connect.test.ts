import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { requireSshClient } from '../../../cli/ssh/client.ts';
import { sshCommand } from '../../../cli/ssh/config.ts';
import { checkConnection } from '../../../cli/ssh/connect.ts';
import { RecodeError } from '../../../core/errors.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-connect-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

/** Puts an `ssh` on the PATH that says what OpenSSH says, attempt after attempt, the last for ever. */
function ssh(...attempts: { says: string; code: number }[]): { attempts: () => number; options: () => string } {
  const log = join(directory, 'log');
  writeFileSync(log, '');
  const cases = attempts.map(({ says, code }, index) => {
    const pattern = index === attempts.length - 1 ? '*' : String(index + 1);
    return `${pattern}) printf '%s\\n' '${says.replaceAll("'", "'\\''")}' >&2; exit ${code};;`;
  });
  writeFileSync(
    join(directory, 'ssh'),
    `#!/bin/sh\necho "$*" >> '${log}'\ncase $(wc -l < '${log}' | tr -d ' ') in ${cases.join('\n')} esac\n`,
    {
      mode: 0o755,
    },
  );
  vi.stubEnv('PATH', `${directory}:/usr/bin:/bin`);
  const lines = () => readFileSync(log, 'utf8').trim().split('\n');
  return { attempts: () => lines().length, options: () => lines()[0] ?? '' };
}

const host = { sshConfig: '/the/config', name: 'acme-api', address: '203.0.113.7' };
const patience = { total: 300, pause: 1, withWrongAddress: 10 };
const refused = { says: 'ssh: connect to host 203.0.113.7 port 2200: Connection refused', code: 255 };
const booting = { says: '"System is booting up. Unprivileged users are not permitted to log in yet."\nConnection closed', code: 255 };
const connected = { says: '', code: 0 };

it('connects with the settings of the printed command, and asks nobody anything', async () => {
  const client = ssh(connected);
  await checkConnection(host, undefined, patience);
  expect(client.options()).toBe('-F /the/config -o BatchMode=yes -o ConnectTimeout=5 acme-api true');
});

it('tries again while the instance refuses connections or still boots', async () => {
  const client = ssh(refused, booting, connected);
  await checkConnection(host, undefined, { ...patience, total: 30_000 });
  expect(client.attempts()).toBe(3);
});

it('is connected where only the remote shell fails', async () => {
  ssh({ says: 'true: command not found', code: 127 });
  await checkConnection(host, undefined, patience);
});

it('gives up with what ssh said last', async () => {
  ssh(refused);
  await expect(checkConnection(host, undefined, patience)).rejects.toThrow(
    expect.objectContaining({
      name: 'SshUnreachable',
      message: `The instance runs, but ssh does not get through to 203.0.113.7: ${refused.says}.`,
    }),
  );
});

it.each([
  ['SshHostKeyDiffers', '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.'],
  ['SshKeyRefused', 'recode@203.0.113.7: Permission denied (publickey).'],
])('gives up at once with %s', async (name, says) => {
  const client = ssh({ says, code: 255 }, connected);
  await expect(checkConnection(host, undefined, patience)).rejects.toThrow(expect.objectContaining({ name }));
  expect(client.attempts()).toBe(1);
});

it('names the missing OpenSSH client', async () => {
  vi.stubEnv('PATH', directory);
  await expect(requireSshClient()).rejects.toThrow(expect.objectContaining({ name: 'SshClientMissing' }));
});

const timedOut = { says: 'ssh: connect to host 203.0.113.7 port 2200: Connection timed out', code: 255 };
const wrongAddress = () => {
  const said: string[] = [];
  const error = new RecodeError('AddressNotAllowed', 'Your address 198.51.100.7 is not in the allowed blocks 203.0.113.0/24.');
  return { said, error, doubt: { wrongAddress: Promise.resolve(error), say: (line: string) => said.push(line) } };
};

it('says at once that the address of this machine is a wrong one, and gives up sooner by its name', async () => {
  ssh(timedOut);
  const { said, error, doubt } = wrongAddress();
  const { name, message } = error;
  const shown = { name, message, fix: sshCommand(host, host.name) };
  await expect(checkConnection(host, doubt, { ...patience, total: 120_000 })).rejects.toThrow(expect.objectContaining(shown));
  expect(said).toEqual([`${error.message} Still trying to connect.`]);
});

it('connects where the address is a wrong one only to those who asked from elsewhere', async () => {
  ssh(timedOut, connected);
  const { said, doubt } = wrongAddress();
  await checkConnection(host, doubt, { ...patience, withWrongAddress: 30_000 });
  expect(said).toHaveLength(1);
});

it('does not blame the address where the server refuses the connection', async () => {
  ssh(refused);
  const { said, doubt } = wrongAddress();
  await expect(checkConnection(host, doubt, patience)).rejects.toThrow(expect.objectContaining({ name: 'SshUnreachable' }));
  expect(said).toEqual([]);
});

it('has no doubt about an address that is allowed', async () => {
  ssh(timedOut);
  const doubt = { wrongAddress: Promise.resolve(undefined), say: () => expect.unreachable() };
  await expect(checkConnection(host, doubt, patience)).rejects.toThrow(expect.objectContaining({ name: 'SshUnreachable' }));
});
