// Builds the functions' bundles and zips, the CLI, the embedded AWS, and the packaged stack.
// node scripts/build.mjs [--if-stale]: with --if-stale it does nothing if the sources have not changed since the last build.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build, transform } from 'esbuild';
import { bundleFunctions, functionFiles } from './bundle.mjs';
import { loadedFirst } from './loaded-first.mjs';
import { sdkSchemaTreeShaking } from './sdk-schema-plugin.mjs';
import { thirdPartyLicenses } from './third-party.mjs';
import { unusedAtStart } from './unused-at-start.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const stampFile = join(dist, 'build.json');
const sources = [
  'core',
  'aws',
  'functions',
  'statemachines',
  'cli',
  'local/package.json',
  'local/src',
  'infra',
  'scripts',
  'serverless.yml',
  'package-lock.json',
];

// The version of this build. After a `git pull`, package.json may already have a newer one.
const { version, dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const stamp = JSON.stringify({ version, build: await digest([...sources, 'package.json']) });
const fresh = existsSync(stampFile) && (await readFile(stampFile, 'utf8')) === stamp;
if (!(fresh && process.argv.includes('--if-stale'))) {
  await rm(dist, { recursive: true, force: true });
  const [functions, programs] = await Promise.all([buildStack(), buildPrograms()]);
  await Promise.all([buildManual(), compileFunctions()]);
  await writeFile(join(dist, 'THIRD-PARTY-LICENSES.txt'), await thirdPartyLicenses(root, [functions, ...programs]));
  await writeFile(stampFile, stamp);
}

/** Bundles the functions and packages the stack. Resolves to esbuild's metafile. */
async function buildStack() {
  const [metafile] = await Promise.all([bundleFunctions(await functionFiles(), join(dist, 'functions')), bundleInfra()]);
  const serverless = join(root, 'node_modules/serverless/bin/serverless.js');
  const variables = { PATH: process.env.PATH, HOME: process.env.HOME, SLS_NOTIFICATIONS_MODE: 'off', SLS_TRACKING_DISABLED: '1' };
  await promisify(execFile)(process.execPath, [serverless, 'package', '--package', join(dist, 'stack')], { cwd: root, env: variables });
  for (const file of await readdir(join(dist, 'functions'))) {
    if (file.endsWith('.zip')) await cp(join(dist, 'functions', file), join(dist, 'stack', file));
  }
  return metafile;
}

/** Compiles the functions for the embedded AWS of this version of Node.js. */
async function compileFunctions() {
  const folder = join(dist, 'functions');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.mjs')).map((file) => join(folder, file));
  await promisify(execFile)(process.execPath, [join(dist, 'local/compile.mjs'), join(dist, 'local/compiled'), ...files]);
}

/** Bundles what serverless.yml reads. Serverless loads CommonJS only. */
async function bundleInfra() {
  await build({
    absWorkingDir: root,
    entryPoints: ['infra/serverless.ts'],
    outfile: join(dist, 'infra.cjs'),
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    define: { 'import.meta.dirname': '__dirname' },
  });
}

/** Bundles what the manual pages and docs/commands.md are made of, and writes the manual pages. */
async function buildManual() {
  const outfile = join(dist, 'reference.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['cli/reference/main.ts'],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
  });
  /** @type {typeof import('../cli/reference/main.ts')} */
  const { manPages } = await import(pathToFileURL(outfile).href);
  // https://reproducible-builds.org/docs/source-date-epoch/
  const { SOURCE_DATE_EPOCH: epoch } = process.env;
  const date = epoch ? new Date(Number(epoch) * 1000) : new Date();
  await mkdir(join(dist, 'man'), { recursive: true });
  for (const { file, text } of await manPages(version, date.toISOString().slice(0, 10))) await writeFile(join(dist, 'man', file), text);
}

/** Bundles the CLI and the embedded AWS. Resolves to esbuild's metafiles. */
async function buildPrograms() {
  await mkdir(dist, { recursive: true });
  /** @satisfies {import('esbuild').BuildOptions} */
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    // Everything else is bundled, so that an installation has only a few packages.
    external: [...Object.keys(dependencies), 'cpu-features'], // ssh2 works without it
    // Bundled CommonJS code uses these.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url), __dirname = import.meta.dirname;",
    },
    splitting: true,
    legalComments: 'none',
    metafile: true,
  };
  const cli = {
    ...common,
    entryPoints: ['cli/main.ts'],
    outdir: join(dist, 'cli'),
    outExtension: { '.js': '.cjs' },
    // bin/chunks.js has these.
    banner: {},
    // The SDK asks of every body whether it is a stream of the web, which Node.js would have to load for that. Those of node:http are none.
    define: { 'import.meta.dirname': '__dirname', ReadableStream: 'undefined' },
    plugins: [sdkSchemaTreeShaking, unusedAtStart],
    // Node.js compiles it for each command. Names stay, for the stack traces that RECODE_DEBUG=1 shows.
    minifySyntax: true,
    minifyWhitespace: true,
  };
  const builds = await Promise.all([
    buildChunks({ ...cli, plugins: [...cli.plugins, await loadedFirst(cli, 'cli/main.ts')] }),
    // jq-wasm has these variables of its own.
    build({ ...common, entryPoints: ['cli/json/jq-thread.ts'], outdir: join(dist, 'cli'), banner: {} }),
    build({
      ...common,
      entryPoints: Object.fromEntries(['compile', 'main', 'runtime'].map((name) => [name, `@recode/embedded-aws/${name}`])),
      outdir: join(dist, 'local'),
      outExtension: { '.js': '.mjs' },
      plugins: [sdkSchemaTreeShaking],
      // It keeps its source in memory.
      minifySyntax: true,
      minifyWhitespace: true,
    }),
  ]);
  await cp(createRequire(import.meta.url).resolve('jq-wasm/jq.wasm'), join(dist, 'cli', 'jq.wasm'));
  return builds.map(({ metafile }) => metafile);
}

/**
 * Builds the chunks of a program, and makes them CommonJS, for which esbuild does not make chunks. Node.js loads that faster, and can keep
 * what it has compiled. Each is a function of the variables of a module, as bin/chunks.js calls it.
 *
 * @param {import('esbuild').BuildOptions & { metafile: true, outdir: string }} options
 */
async function buildChunks(options) {
  const { outputFiles, metafile } = await build({ ...options, write: false });
  await mkdir(options.outdir, { recursive: true });
  await Promise.all(
    outputFiles.map(async ({ path, text }) => {
      const { code, warnings } = await transform(text, {
        format: 'cjs',
        platform: 'node',
        target: 'node20',
        supported: { 'dynamic-import': false },
        minifySyntax: true,
        minifyWhitespace: true,
        legalComments: 'none',
        banner: '(function(exports,require,module,__filename,__dirname){',
        footer: '})',
      });
      if (warnings.length > 0) throw new Error(`${path}: ${warnings.map(({ text: warning }) => warning).join(' ')}`);
      await writeFile(join(options.outdir, basename(path)), code);
    }),
  );
  return { metafile };
}

/**
 * One digest of the content of all files under the given paths.
 *
 * @param {readonly string[]} paths
 */
async function digest(paths) {
  const hash = createHash('sha256').update(process.version);
  for (const path of paths) {
    for (const file of await filesBelow(path))
      hash
        .update(file)
        .update('\0')
        .update(await readFile(join(root, file)))
        .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * The paths of a file, or of all files in a folder.
 *
 * @param {string} path
 */
async function filesBelow(path) {
  const entries = await readdir(join(root, path), { recursive: true, withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (!entries) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}
