import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import * as v from 'valibot';
import { RecodeError } from '../../../../core/errors.ts';
import { accepts, requireRoom } from '../../../../core/keys.ts';
import { PublicKey, sshFingerprint, withPlainComment } from '../../../../core/openssh-key.ts';
import { isPrintableAscii } from '../../../../core/printable.ts';
import type { EnvironmentTarget, OpenedEnvironment } from '../../../environment.ts';
import { inSession } from '../../../execution/session.ts';
import { requireUsablePath } from '../../../files/environment-folder.ts';
import { reasonOf } from '../../../files/file-trouble.ts';
import type { Output } from '../../../output.ts';
import { ensureKeyPair, readKeyPair } from '../../../ssh/keys.ts';
import { changeKeys, conclude, openToChange } from './change.ts';

/** A key to add. */
export interface AddRequest extends EnvironmentTarget {
  /** The file of its public half; this machine's own key if absent. */
  readonly publicKeyFile?: string;
}

/**
 * Adds a key to an environment: that of a file, or this machine's, which is made if it has none.
 *
 * @throws RecodeError UsageNotValid, TooManyKeys, what the execution fails with, and those of cli/environment.ts and cli/ssh/keys.ts
 */
export function runAdd(request: AddRequest, output: Output): Promise<void> {
  const given = request.publicKeyFile === undefined ? undefined : readPublicKey(request.publicKeyFile);
  if (given === undefined) requireUsablePath(process.env);
  return inSession(output, `change of the keys of ${request.repository}`, async (session) => {
    const { environment, record } = await openToChange(request, session);
    const { repository } = environment.subject;
    // No key is made that would open nothing.
    if (given === undefined && !readKeyPair(environment.files.key)) requireRoom(record.wanted);
    const publicKey = given ?? ownKey(environment);
    const key = `${given === undefined ? "this machine's key" : 'the key'} ${sshFingerprint(publicKey)}`;
    const known = accepts(record.wanted, publicKey);
    if (known) return conclude(environment, { said: `${repository} already has ${key}`, before: record }, session, output);
    await changeKeys(environment, { action: 'add', publicKey }, session);
    await conclude(environment, { said: `Added ${key} to ${repository}`, effect: 'works', before: record }, session, output);
  });
}

/** The public half of this machine's key. The comment of a new one names the machine. */
function ownKey({ files, subject }: OpenedEnvironment): string {
  const machine = isPrintableAscii(hostname()) ? ` ${hostname()}` : '';
  return ensureKeyPair(files.key, `recode ${subject.repository}${machine}`).publicKey;
}

function readPublicKey(file: string): string {
  const refused = (problem: string) => new RecodeError('UsageNotValid', `Invalid --public-key '${file}': ${problem}`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw refused(reasonOf(error));
  }
  const [first = '', ...more] = text.split('\n').filter((each) => each.trim() !== '');
  const parsed = v.safeParse(PublicKey, withPlainComment(first.trim()));
  if (parsed.success && more.length === 0) return parsed.output;
  throw refused('it is not the public half of an Ed25519 key. "ssh-keygen -t ed25519" makes one.');
}
