import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { keyPairFrom } from '../../core/openssh-key.ts';
import { userData } from '../../core/user-data.ts';

const hostKey = keyPairFrom(Buffer.alloc(32, 3), 'recode-acme-api-instance');
const text = userData({ repository: 'acme/api', idleStop: 60, publicKeys: [hostKey.publicKey], hostKey, homeKeys: true });

function written(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'user-data-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'user-data');
  writeFileSync(file, text);
  return file;
}

it('cloud-init knows everything in the user data', () => {
  const schema = (text: string) => spawnSync('cloud-init', ['schema', '--config-file', written(text)], { encoding: 'utf8' });
  expect(schema(text)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Valid (cloud-config|schema)/) });
  expect(schema(text.replace('shell: /bin/bash', 'shell: [x]')).status).toBe(1);
});

it('ShellCheck finds nothing in what an instance runs', () => {
  const script = join(import.meta.dirname, '../../core/instance/auto-stop.sh');
  const { bootcmd } = parse(text) as { bootcmd: string[] };
  const bootScript = written(bootcmd.join('\n'));
  expect(execFileSync('shellcheck', ['--shell=sh', script, bootScript], { encoding: 'utf8' })).toBe('');
});
