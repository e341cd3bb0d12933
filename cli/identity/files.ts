import { readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { RecodeError } from '../../core/errors.ts';
import { readIni, type Section } from './ini.ts';
import { splitWords } from './words.ts';

/** What the two files of the AWS CLI say. */
export interface SharedFiles {
  /** Each profile as both files together say it: where both have a key, the credentials file's value holds. */
  readonly profiles: ReadonlyMap<string, Section>;
  /** What the config file alone says of a profile, and what the credentials file does: a key pair is never made of both. */
  readonly config: ReadonlyMap<string, Section>;
  readonly credentials: ReadonlyMap<string, Section>;
  readonly ssoSessions: ReadonlyMap<string, Section>;
  readonly services: ReadonlyMap<string, Section>;
}

/**
 * Reads `~/.aws/config` and `~/.aws/credentials`, or what AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name, by the AWS CLI's rules
 * (botocore's configloader.py and session.py). A file that does not exist says nothing.
 *
 * @throws RecodeError AwsConfigNotReadable
 */
export async function readSharedFiles(variables: NodeJS.ProcessEnv): Promise<SharedFiles> {
  const [configText, credentialsText] = await Promise.all([
    readSections(variables.AWS_CONFIG_FILE ?? '~/.aws/config', variables),
    readSections(variables.AWS_SHARED_CREDENTIALS_FILE ?? '~/.aws/credentials', variables),
  ]);
  return mergeFiles(configText, credentialsText);
}

/** Puts the sections of the config file and of the credentials file together. */
export function mergeFiles(configFile: ReadonlyMap<string, Section>, credentials: ReadonlyMap<string, Section>): SharedFiles {
  const config = new Map<string, Section>();
  const ssoSessions = new Map<string, Section>();
  const services = new Map<string, Section>();
  for (const [header, section] of configFile) {
    if (header === 'default') config.set('default', section);
    for (const [kind, sections] of [
      ['profile', config],
      ['sso-session', ssoSessions],
      ['services', services],
    ] as const) {
      if (!header.startsWith(kind)) continue;
      const words = splitWords(header);
      const [, name] = words ?? [];
      if (words?.length === 2 && name !== undefined) sections.set(name, section);
    }
  }
  const profiles = new Map(config);
  for (const [name, section] of credentials) profiles.set(name, new Map([...(config.get(name) ?? []), ...section]));
  return { profiles, config, credentials, ssoSessions, services };
}

/** The value of a key, where it is one and not a nested block. */
export function textOf(section: Section | undefined, key: string): string | undefined {
  const value = section?.get(key);
  return typeof value === 'string' ? value : undefined;
}

/** Resolves `$NAME`, `${NAME}` and a leading `~`, as Python's `expandvars` and `expanduser` do. */
export function expandPath(path: string, variables: NodeJS.ProcessEnv): string {
  const expanded = path.replace(/\$(\w+|\{[^}]*\})/g, (whole, name: string) => variables[name.replace(/^\{|\}$/g, '')] ?? whole);
  return /^~(?=\/|\\|$)/.test(expanded) ? `${homeOf(variables)}${expanded.slice(1)}` : expanded;
}

function homeOf(variables: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32') return homedir();
  if (variables.HOME !== undefined) return variables.HOME.replace(/\/+$/, '');
  try {
    return userInfo().homedir;
  } catch (error) {
    // A container may run as a user id without a home.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error;
    return '~';
  }
}

async function readSections(path: string, variables: NodeJS.ProcessEnv): Promise<ReadonlyMap<string, Section>> {
  const file = expandPath(path, variables);
  const text = await readText(file);
  if (text === undefined) return new Map();
  const sections = readIni(text);
  if ('problem' in sections)
    throw new RecodeError('AwsConfigNotReadable', `The AWS CLI could not read ${file} either: ${sections.problem}.`);
  return sections;
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Neither a folder nor a file below a file is one.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    const reason =
      code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8 text' : code === 'EACCES' ? 'permission denied' : String(code);
    throw new RecodeError('AwsConfigNotReadable', `${file} cannot be read: ${reason}.`, { cause: error });
  }
}
