import { RecodeError } from '../../../../core/errors.ts';

/** A path in an environment, as it was typed: `acme/api:src`. */
export interface RemotePath {
  readonly repository: string;
  readonly path: string;
}

/** What to copy, and which side is in the environment. */
export interface Copy {
  readonly repository: string;
  readonly from: readonly string[];
  readonly to: string;
  /** Whether it is copied to the environment. Otherwise it comes from there. */
  readonly upload: boolean;
}

/** The name of the command's argument. */
export const copyArgument = 'path';

/**
 * Reads a path in an environment: its repository, or the name of that alone, and a path behind a colon. Other paths are of this machine:
 * one that has a colon itself can be written as `./a:b`.
 */
export function remotePath(text: string, platform: NodeJS.Platform = process.platform): RemotePath | undefined {
  const [, repository, path] = /^((?:[A-Za-z0-9][A-Za-z0-9_-]*\/)?[A-Za-z0-9_][A-Za-z0-9._-]*):(.*)$/s.exec(text) ?? [];
  // A URL is no path.
  if (repository === undefined || path === undefined || path.startsWith('//')) return undefined;
  // A drive of Windows.
  return platform === 'win32' && repository.length === 1 ? undefined : { repository, path };
}

/** Reads what to copy. Throws RecodeError UsageNotValid unless exactly one side is in one environment. */
export function parseCopy(paths: readonly string[], platform: NodeJS.Platform = process.platform): Copy {
  const from = paths.slice(0, -1);
  const [to] = paths.slice(-1);
  if (to === undefined || from.length === 0) throw new RecodeError('UsageNotValid', '"recode aws cp" needs what to copy, and where to.');
  const empty = paths.some((path) => path === '');
  if (empty) throw new RecodeError('UsageNotValid', 'A path is empty. Use . for the current folder.');
  const sources = from.map((path) => remotePath(path, platform));
  const target = remotePath(to, platform);
  const remote = sources.filter((source) => source !== undefined);
  if (target && remote.length > 0)
    throw new RecodeError('UsageNotValid', 'Both sides are in an environment. One has to be on this machine.');
  if (target) return { repository: target.repository, from, to: requireUsable(target.path), upload: true };
  const [first] = remote;
  if (!first) throw new RecodeError('UsageNotValid', 'Both sides are on this machine. Write a path in an environment as acme/api:path.');
  const foreign = from.find((_, index) => sources[index]?.repository !== first.repository);
  if (foreign !== undefined) {
    throw new RecodeError(
      'UsageNotValid',
      `'${foreign}' is not in the environment of ${first.repository}. Copy it with a command of its own.`,
    );
  }
  return { repository: first.repository, from: remote.map(({ path }) => requireUsable(path)), to, upload: false };
}

function requireUsable(path: string): string {
  if (!/^~[^/]|[\r\n\0]/.test(path)) return path;
  throw new RecodeError('UsageNotValid', `Invalid path '${path}'. In an environment, use a path in the repository, ~/path or /path.`);
}

/** The absolute path of one in an environment. */
export function absolutePath(path: string, { home, folder }: { readonly home: string; readonly folder: string }): string {
  if (path.startsWith('/')) return path;
  if (path === '~' || path.startsWith('~/')) return home + path.slice(1);
  return path === '' ? folder : `${folder}/${path}`;
}

/** A path of this machine that scp takes neither for an option nor for one of a host. */
export const localPath = (path: string, platform: NodeJS.Platform = process.platform): string =>
  /^\.{0,2}\//.test(path) || (platform === 'win32' && /^[A-Za-z]:/.test(path)) ? path : `./${path}`;
