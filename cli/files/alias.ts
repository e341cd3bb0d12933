import { randomUUID } from 'node:crypto';
import { constants, copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvironmentFolder } from './environment-folder.ts';
import { keysNotWritable } from './file-trouble.ts';
import { replaceFile } from './replace-file.ts';

/** The end of every host alias, which is the name of its file. No public domain ends in it. */
const suffix = '.recode';

/** What the alias files of a folder are called for ssh, which includes them all. */
export const aliasFiles = `*${suffix}`;

/** A host alias as its file has it. */
export interface Alias {
  /** `acme-api.recode` */
  readonly alias: string;
  /** Of the environment that has claimed it. */
  readonly id: string;
  /** The configuration for ssh. */
  readonly text: string;
}

/**
 * Writes the file of an environment's host alias. The alias stays the environment's own until its folder is deleted: a file that exists is
 * a claim, and only the environment that made it writes it again. So those of its former names stay, too, and lead where the new one leads.
 *
 * @param name of the environment, which others in this account or elsewhere may have too
 * @param configure makes the configuration for ssh of the alias
 * @returns the alias; undefined where other programs' files have all names that it could have
 * @throws RecodeError KeysNotWritable
 */
export function writeAlias(files: EnvironmentFolder, name: string, configure: (alias: string) => string): string | undefined {
  const candidates = candidatesOf(files, name);
  const isOwn = (alias: string) => readAlias(files.aliases, alias)?.id === files.id;
  // One that it has comes before a better one that has become free: somebody may have written it into a script.
  const alias = candidates.find(isOwn) ?? candidates.find((free) => claim(files, free, textOf(files, configure(free))) || isOwn(free));
  if (alias === undefined) return undefined;
  const former = readAliases(files.aliases).filter(({ id }) => id === files.id);
  for (const each of new Set([alias, ...former.map(({ alias }) => alias)])) {
    replaceFile(join(files.aliases, each), textOf(files, configure(each)));
  }
  return alias;
}

/** The host aliases in a folder. Files that are not ours are none. */
export function readAliases(folder: string): readonly Alias[] {
  return aliasNames(folder).flatMap((name) => readAlias(folder, name) ?? []);
}

/** The host alias that an environment of a name has claimed. */
export function aliasOf(files: EnvironmentFolder, name: string): string | undefined {
  return candidatesOf(files, name).find((alias) => readAlias(files.aliases, alias)?.id === files.id);
}

/** The host aliases that an environment of a name may have, best first. */
function candidatesOf({ qualifiers }: EnvironmentFolder, name: string): string[] {
  const parts = [name, ...qualifiers];
  return parts.map((_, last) => parts.slice(0, last + 1).join('.') + suffix);
}

/** Deletes the host aliases of an environment. Throws what the file system does. */
export function deleteAliases({ aliases, id }: EnvironmentFolder): void {
  for (const { alias } of readAliases(aliases).filter((claimed) => claimed.id === id)) rmSync(join(aliases, alias), { force: true });
}

const heading = '# Recode: ';

const textOf = ({ id }: EnvironmentFolder, configuration: string) => `${heading}${id}\n${configuration}`;

function readAlias(folder: string, alias: string): Alias | undefined {
  const text = readIfThere(join(folder, alias));
  if (!text?.startsWith(heading)) return undefined;
  return { alias, id: text.slice(heading.length, text.indexOf('\n')), text };
}

/** Makes the file of an alias that is free, whole from its first moment. Returns whether it has. */
function claim(files: EnvironmentFolder, alias: string, text: string): boolean {
  const file = join(files.aliases, alias);
  const former = readAlias(files.aliases, alias);
  try {
    // Left behind by an environment whose folder somebody has deleted by hand.
    if (former && !existsSync(join(files.root, ...former.id.split('/')))) rmSync(file, { force: true });
    mkdirSync(files.aliases, { recursive: true, mode: 0o700 });
    return createWhole(file, text);
  } catch (error) {
    throw keysNotWritable(file, 'written', error);
  }
}

/** Creates a file with its text in one step, unless there is one. Returns whether it has. */
function createWhole(file: string, text: string): boolean {
  const prepared = `${file}.${randomUUID()}`;
  try {
    writeFileSync(prepared, text, { mode: 0o600 });
    createFrom(prepared, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(prepared, { force: true });
  }
}

/** Gives a file a second name in one step. Throws EEXIST where there is a file of that name. */
function createFrom(prepared: string, file: string): void {
  try {
    linkSync(prepared, file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    // Some file systems have no hard links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code)) throw error;
    copyFileSync(prepared, file, constants.COPYFILE_EXCL);
  }
}

function aliasNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(suffix))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The text of a file. What cannot be read is somebody else's. */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
