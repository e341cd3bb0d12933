import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * Lets esbuild put all that an entry point imports into few chunks. esbuild makes one chunk for each set of entry points that reach a module,
 * and takes every `import()` for an entry point. It does not know that those are loaded after the real one, and makes dozens of small
 * chunks of what that has loaded. So each of them imports that, too: it costs nothing at run time.
 *
 * @param {import('esbuild').BuildOptions & { metafile: true, absWorkingDir: string }} options of the build that gets the plugin
 * @param {string} entryPoint relative to the working directory
 * @returns {Promise<import('esbuild').Plugin>}
 */
export async function loadedFirst(options, entryPoint) {
  const { metafile } = await build({ ...options, entryPoints: [entryPoint], write: false, outdir: options.absWorkingDir });
  const first = ownFiles(importedBy(entryPoint, metafile)).filter((file) => file !== entryPoint);
  const lazy = ownFiles(Object.values(metafile.outputs).flatMap((output) => output.entryPoint ?? [])).filter((file) => file !== entryPoint);
  const paths = new Set(lazy.map((file) => join(options.absWorkingDir, file)));
  return {
    name: 'loaded-first',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (!paths.has(path)) return undefined;
        const others = first.map((file) => join(options.absWorkingDir, file)).filter((file) => file !== path);
        const imports = others.map((file) => `import ${JSON.stringify(file)};\n`);
        return { contents: [await readFile(path, 'utf8'), ...imports].join('\n'), loader: 'ts' };
      });
    },
  };
}

/**
 * The files that are loaded with a file.
 *
 * @param {string} file
 * @param {import('esbuild').Metafile} metafile
 */
function importedBy(file, { inputs }) {
  const found = new Set([file]);
  for (const path of found) {
    for (const imported of inputs[path]?.imports ?? []) {
      if (imported.kind === 'import-statement' && !imported.external) found.add(imported.path);
    }
  }
  return [...found];
}

/**
 * The files that are no package's.
 *
 * @param {readonly string[]} files
 */
function ownFiles(files) {
  return files.filter((file) => file.endsWith('.ts') && !file.includes('node_modules/'));
}
