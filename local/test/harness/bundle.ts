import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '../..');

/**
 * Bundles a TypeScript file of this package into `<directory>/<name>.mjs`, so that a test can run it as a process.
 * Other packages stay outside the bundle. Resolves to the path of the bundle.
 */
export async function bundle(directory: string, name: string, file: string): Promise<string> {
  const outfile = join(directory, `${name}.mjs`);
  await build({ entryPoints: [join(root, file)], outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external' });
  // npm installs the packages of a workspace in the root's node_modules.
  symlinkSync(join(root, '../node_modules'), join(directory, 'node_modules'));
  return outfile;
}
