import { closeSync, mkdirSync, openSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { RecodeError } from '../../core/errors.ts';
import { reasonOf } from '../files/file-trouble.ts';
import { replaceFile } from '../files/replace-file.ts';
import { configFolder, pathsOf, type System, thisSystem } from '../home.ts';

/** What the configuration file holds, keys of a newer version among them. */
export type Config = Readonly<Record<string, unknown>>;

/** The configuration file of a person. Throws RecodeError NoHome. */
export function configFile(variables: NodeJS.ProcessEnv, system: System = thisSystem): string {
  return pathsOf(system.platform).join(configFolder(variables, system), 'recode', 'config.json');
}

/**
 * Reads the configuration file. One that does not exist holds nothing.
 *
 * @throws RecodeError ConfigDamaged, ConfigNotReadable
 */
export function readConfig(file: string): Config {
  const text = readText(file);
  if (text === undefined) return {};
  const config = parse(file, text);
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as Config;
  throw new RecodeError('ConfigDamaged', `${file} must hold a JSON object, for example { "region": "us-east-1" }.`);
}

/**
 * Changes the configuration file. Nobody else changes it at the same time, and a damaged one stays as it is.
 *
 * @returns what it held before
 * @throws RecodeError ConfigDamaged, ConfigNotReadable, ConfigNotWritable
 */
export async function changeConfig(file: string, change: (config: Config) => Config): Promise<Config> {
  const target = targetOf(file);
  const unlock = await lock(target);
  try {
    const before = readConfig(target);
    replaceFile(target, `${JSON.stringify(change(before), null, 2)}\n`, notWritable);
    return before;
  } finally {
    unlock();
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new RecodeError('ConfigNotReadable', `${file} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

function parse(file: string, text: string): unknown {
  try {
    // Some editors of Windows begin a file with a byte order mark.
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new RecodeError('ConfigDamaged', `${file} is not JSON: ${(error as Error).message.replace(/\.?$/, '.')}`, { cause: error });
  }
}

/** The file itself where somebody keeps it elsewhere and has a link in its place. */
function targetOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // It does not exist yet. What else is wrong with it is said when it is read.
    return file;
  }
}

// A change takes milliseconds. A lock that is older was left behind by a process that was killed.
const lockMilliseconds = 5_000;

async function lock(file: string): Promise<() => void> {
  const path = `${file}.lock`;
  const deadline = Date.now() + 3 * lockMilliseconds;
  while (!take(path)) {
    if (Date.now() > deadline) throw new RecodeError('ConfigNotWritable', `${path} is there all the time. Delete it.`);
    if (ageOf(path) > lockMilliseconds) rmSync(path, { force: true });
    else await setTimeout(10 + Math.random() * 20);
  }
  return () => rmSync(path, { force: true });
}

/** Returns false if somebody else has it. */
function take(path: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw notWritable(dirname(path), error);
  }
  try {
    closeSync(openSync(path, 'wx', 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw notWritable(path, error);
  }
}

/** For how long a file has been there; 0 for one that is gone. */
function ageOf(path: string): number {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
}

function notWritable(path: string, error: unknown): RecodeError {
  return new RecodeError('ConfigNotWritable', `${path} cannot be written: ${reasonOf(error)}`, { cause: error });
}
