import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { replaceFile } from '../store.ts';
import type { Host } from './connection.ts';

/** The host key of an instance whose user data has none. It is created at the first boot. */
export function ownHostKey(folder: string): string {
  const file = join(folder, 'ssh_host_ed25519_key');
  if (!existsSync(file)) replaceFile(file, newHostKey(), 0o600);
  return readFileSync(file, 'utf8');
}

/** For one key in 256, ssh2 drops the leading zero byte of the public key, and then cannot read the pair. */
function newHostKey(): string {
  for (;;) {
    const { private: key } = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(key) instanceof Error)) return key;
  }
}

/** What cloud-init and sshd write to the console once an instance answers. */
export function* greeting({ instanceId, address, sshd }: Host, hostKeys: readonly string[]): Generator<string> {
  const keys = hostKeys.map((text) => {
    const key = ssh2.utils.parseKey(text);
    if (key instanceof Error) throw key;
    return { type: key.type, blob: key.getPublicSSH() };
  });
  yield '-----BEGIN SSH HOST KEY FINGERPRINTS-----';
  for (const { type, blob } of keys) yield `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')} (${type})`;
  yield '-----END SSH HOST KEY FINGERPRINTS-----';
  yield '-----BEGIN SSH HOST KEY KEYS-----';
  for (const { type, blob } of keys) yield `${type} ${blob.toString('base64')}`;
  yield '-----END SSH HOST KEY KEYS-----';
  for (const port of sshd.ports) yield `sshd: Server listening on ${address} port ${port}.`;
  yield `${instanceId} login:`;
}
