// Bundles a function into one file that needs only Node.js, alone in its zip. The same sources always give the same bytes.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { zipSync } from 'fflate';
import { sdkManifestVersion } from './sdk-manifest-plugin.mjs';
import { sdkSchemaTreeShaking } from './sdk-schema-plugin.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// The oldest time a zip entry can have.
const zipTime = new Date('1980-01-01T00:00:00');

/** The files of the stack's functions by bundle name: each file in functions/ is one. */
export async function functionFiles() {
  const entries = await readdir(join(root, 'functions'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(files.sort().map((file) => [basename(file, '.ts'), file]));
}

/**
 * Bundles files into a folder, each as `<name>.mjs` and `<name>.zip`. Resolves to esbuild's metafile.
 *
 * @param {Readonly<Record<string, string>>} files the paths of the files by name
 * @param {string} folder
 */
export async function bundleFunctions(files, folder) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: files,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    loader: { '.sh': 'text' },
    minify: true,
    keepNames: true, // state machines match an error by its name
    legalComments: 'none',
    // The SDK imports modules of Node.js when it first uses them. Of an import(), V8 does not keep compiled code (local/src/lambda/compiled.ts).
    supported: { 'dynamic-import': false },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    alias: { '@aws-sdk/credential-provider-node': join(root, 'aws/step/environment-credentials.ts') },
    plugins: [sdkManifestVersion, sdkSchemaTreeShaking],
    metafile: true,
  });
  for (const name of Object.keys(files)) {
    const bundle = await readFile(join(folder, `${name}.mjs`));
    await writeFile(join(folder, `${name}.zip`), zipSync({ [`${name}.mjs`]: [bundle, { mtime: zipTime }] }));
  }
  return metafile;
}
