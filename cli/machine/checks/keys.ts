import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from '../../failure.ts';
import { keysFolder } from '../../files/environment-folder.ts';
import { keysNotReadable } from '../../files/file-trouble.ts';
import { requireUnlocked } from '../../ssh/agent.ts';
import { readKeyPair } from '../../ssh/keys.ts';
import { type Check, count, failed, ok } from '../check.ts';
import type { Explain } from '../explain.ts';

/** The folder of an environment's files on this machine. Its names are those of `environmentFolder`. */
export interface KeptFolder {
  readonly folder: string;
  /** With a hash behind it for the embedded AWS. */
  readonly account: string;
  readonly region: string;
  readonly owner: string;
  /** In lower case. */
  readonly repository: string;
}

/** The key pairs of this machine. */
export interface SeenKeys {
  readonly root: string;
  /** One for each environment that has a key. */
  readonly keys: readonly { readonly failure?: Failure }[];
  /** Why they cannot be looked at. */
  readonly failure?: Failure;
}

/** Whether OpenSSH would use each private key, and its public half belongs to it. */
export function keysCheck({ root, keys, failure }: SeenKeys): Check[] {
  if (failure) return [failed('keys', failure)];
  const problems = keys.flatMap((key) => (key.failure ? [failed('keys', key.failure)] : []));
  if (problems.length > 0) return problems;
  return [ok('keys', keys.length === 0 ? `No key pair yet in ${root}` : `${count(keys.length, 'key pair')} in ${root}`)];
}

/** Reads each key pair. */
export async function seeKeys(folders: readonly KeptFolder[], explain: Explain): Promise<SeenKeys['keys']> {
  return Promise.all(
    folders.map(async ({ folder, account, region, owner, repository }) => {
      try {
        const keyPair = readKeyPair(join(folder, 'key'));
        if (keyPair) await requireUnlocked(keyPair);
        return {};
      } catch (error) {
        // It may be of another account or region than the one that is asked about.
        const where = account.includes('-') ? { local: true } : { region };
        return { failure: explain(error, { owner, repository, account: where }) };
      }
    }),
  );
}

/**
 * The folders of all environments that this machine has a key of.
 *
 * @throws RecodeError KeysNotReadable, FileInPlaceOfFolder, NoHome
 */
export function keptFolders(variables: NodeJS.ProcessEnv): KeptFolder[] {
  const found: KeptFolder[] = [];
  const walk = (folder: string, names: readonly string[]) => {
    const entries = namesIn(folder);
    if (names.length < 5) {
      for (const name of entries) walk(join(folder, name), [...names, name]);
      return;
    }
    const [account = '', region = '', owner = '', ...repository] = names;
    if (entries.includes('key')) found.push({ folder, account, region, owner, repository: repository.join('/') });
  };
  walk(keysFolder(variables), []);
  return found;
}

/** The folders in a folder; none if there is no such folder. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw keysNotReadable(folder, error);
  }
}
