import { replaceFile } from '../files/replace-file.ts';

/**
 * Pins the host key of an environment: the one line of a known_hosts file that is its own, so that the line of an address it has had
 * before goes.
 *
 * @throws RecodeError KeysNotWritable
 */
export function pinHostKey(file: string, host: { address: string; port: number; hostKey: string }): void {
  const [type, key] = host.hostKey.trim().split(/\s+/);
  replaceFile(file, `[${host.address}]:${host.port} ${type} ${key}\n`);
}
