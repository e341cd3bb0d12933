import { RecodeError } from '../errors.ts';
import { ssh } from '../names.ts';

/** Where the keys are that may log in, and with whom. Root owns the folder, so that only a boot or `sudo` can change it. */
export const keysFolder = '/etc/ssh/recode';

/** The file with the keys of people, one in a line. */
export const keysFile = `${keysFolder}/${ssh.user}`;

/**
 * The shell commands by which root lets in exactly these keys, at a boot or later. The file is replaced as a whole: sshd reads it at any
 * time. If one of them fails, it stays as it was.
 *
 * @throws RecodeError InputNotValid
 */
export function writeKeys(publicKeys: readonly string[]): string {
  const keys = publicKeys.map((key) => `'${withoutComment(key)}'`).join(' ');
  return `mkdir -p ${keysFolder} && chmod 755 ${keysFolder} &&
  printf '%s\\n' ${keys} > ${keysFile}.next &&
  chmod 644 ${keysFile}.next && mv -f ${keysFile}.next ${keysFile}`;
}

/**
 * A key as the file has it: without its comment, which anyone may write and nobody needs there.
 *
 * @throws RecodeError InputNotValid
 */
export function withoutComment(publicKey: string): string {
  const [key] = /^ssh-ed25519 [A-Za-z0-9+/]+=*(?= |$)/.exec(publicKey) ?? [];
  if (key !== undefined) return key;
  throw new RecodeError('InputNotValid', 'A key of the environment is not an Ed25519 key as ssh-keygen writes it.');
}
