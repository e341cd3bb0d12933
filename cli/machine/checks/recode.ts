import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtPackage, packageRoot } from '../../package-root.ts';
import { type Check, ok, warning } from '../check.ts';

/** What is installed of Recode. */
export interface SeenRecode {
  /** What runs. */
  readonly version: string;
  /** What package.json says. */
  readonly packageVersion: string;
  readonly folder: string;
  /** Whether the folder is a clone of the repository. */
  readonly isClone: boolean;
}

/** Whether what runs is what is installed. */
export function recodeCheck({ version, packageVersion, folder, isClone }: SeenRecode): Check {
  const where = `${isClone ? 'a clone in' : 'installed in'} ${folder}`;
  if (version === packageVersion) return ok('recode', `recode ${version}, ${where}`);
  const seen = `recode ${version} runs, but package.json says ${packageVersion}: ${where}`;
  return warning('recode', seen, isClone ? 'Run "npm ci" in the clone to build it.' : 'Install the package again.');
}

/** Reads what is installed. */
export function seeRecode(): SeenRecode {
  const folder = packageRoot();
  const { version: packageVersion } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  // A package has the build alone.
  return { version: builtPackage().version, packageVersion, folder, isClone: existsSync(join(folder, 'serverless.yml')) };
}
