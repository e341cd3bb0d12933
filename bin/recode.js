#!/usr/bin/env node
import { existsSync, readFileSync, writeSync } from 'node:fs';
import module from 'node:module';
import { isAbsolute, join } from 'node:path';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const main = new URL('../dist/cli/main.js', import.meta.url);
// The last file that a build writes.
const built = new URL('../dist/build.json', import.meta.url);

if (major < 20 || (major === 20 && minor < 19)) {
  fail(`recode needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
} else if (!existsSync(built)) {
  fail('recode is not built yet: run "npm ci" first');
} else if (!printsVersion(process.argv.slice(2))) {
  keepCompiledCode(process.env);
  // The AWS SDK would warn on every run that it is going to drop older versions of Node.js.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  await import(main.href);
}

/**
 * Prints the version if nothing else is asked for: many programs ask for it, and what commands need takes most of the time. Where it cannot
 * be printed, main.js says why.
 *
 * @param {readonly string[]} words
 */
function printsVersion([word = '', ...others]) {
  if (!['--version', '-v'].includes(word) || others.length > 0) return false;
  try {
    writeSync(1, `${JSON.parse(readFileSync(built, 'utf8')).version}\n`);
    return true;
  } catch {
    return false;
  }
}

/**
 * Lets Node.js 22.8 and newer keep the code that they have compiled, in a folder of the person's own: what is in there is run.
 *
 * @param {NodeJS.ProcessEnv} environment
 */
function keepCompiledCode({ XDG_CACHE_HOME = '', HOME = '' }) {
  const caches = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : HOME && join(HOME, '.cache');
  const { enableCompileCache } = /** @type {{ enableCompileCache?: (directory: string) => unknown }} */ (module);
  if (isAbsolute(caches)) enableCompileCache?.(join(caches, 'recode', 'compiled'));
}

/** @param {string} message */
function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
