import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureFolder } from '../store.ts';
import { profile } from './programs.ts';

/** Creates a home folder at the first boot, like useradd and cloud-init. Later boots add keys at most. */
export function makeHome(home: string, authorizedKeys: readonly string[]): void {
  if (existsSync(home)) {
    addKeys(home, authorizedKeys);
    return;
  }
  // As a whole: without the keys, nobody could ever connect.
  const next = `${home}.next`;
  for (const folder of [dirname(home), next, join(next, '.ssh')]) ensureFolder(folder, 0o700);
  const file = join(next, '.ssh/authorized_keys');
  writeFileSync(file, authorizedKeys.map((key) => `${key.trim()}\n`).join(''), { mode: 0o600 });
  writeFileSync(join(next, '.profile'), profile, { mode: 0o644 });
  renameSync(next, home);
}

/** Like cloud-init, adds the keys that the file lacks. */
function addKeys(home: string, authorizedKeys: readonly string[]): void {
  const file = join(home, '.ssh/authorized_keys');
  const present = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const missing = authorizedKeys.filter((key) => !present.split('\n').includes(key.trim()));
  if (missing.length === 0) return;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  appendFileSync(file, missing.map((key) => `${key.trim()}\n`).join(''), { mode: 0o600 });
}
