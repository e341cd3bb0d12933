import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../package-root.ts';
import { type Check, ok, problem } from '../check.ts';

/** The Node.js that runs Recode. */
export interface SeenNode {
  /** `20.19.0` */
  readonly version: string;
  /** The oldest that Recode runs on: `20.19`. */
  readonly oldest: string;
  readonly platform: string;
}

/** Whether Node.js is new enough. */
export function nodeCheck({ version, oldest, platform }: SeenNode): Check {
  const seen = `Node.js ${version} on ${platform}`;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return ok('node', seen);
  return problem('node', `${seen} is too old.`, `Install Node.js ${oldest} or newer from https://nodejs.org.`);
}

/** Reads which one this is. */
export function seeNode(): SeenNode {
  const { engines } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { engines: { node: string } };
  return { version: process.versions.node, oldest: engines.node.replace(/^>=/, ''), platform: `${process.platform} ${process.arch}` };
}
