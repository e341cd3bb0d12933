import { RecodeError } from '../../core/errors.ts';
import { sameKey } from '../../core/openssh-key.ts';
import { shellQuote } from '../shell-quote.ts';
import { runOpenSsh } from './client.ts';
import type { KeyPair } from './keys.ts';

/**
 * Makes sure that ssh can use a private key without asking: one with a passphrase only while an SSH agent holds it.
 *
 * @throws RecodeError PrivateKeyLocked
 */
export async function requireUnlocked({ privateKeyFile, publicKey, encrypted }: KeyPair): Promise<void> {
  if (!encrypted) return;
  // Fails where there is no agent, or one without keys.
  const { stdout } = await runOpenSsh('ssh-add', ['-L']);
  if (stdout.split('\n').some((held) => sameKey(held, publicKey))) return;
  throw new RecodeError('PrivateKeyLocked', `The private key ${privateKeyFile} has a passphrase, and no SSH agent holds the key.`, {
    fix: `ssh-keygen -p -N '' -f ${shellQuote(privateKeyFile)}`,
  });
}
