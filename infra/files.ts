import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

// Both infra/ and dist/, where the bundle is, are folders of the repository.
const root = join(import.meta.dirname, '..');

/** The content of a YAML file. Its path is relative to the repository. */
export function readYaml<Content>(path: string): Content {
  return parse(readFileSync(join(root, path), 'utf8')) as Content;
}

/** The names of the files in a folder of the repository. */
export function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder));
}

/** The version of Recode. */
export function version(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}
