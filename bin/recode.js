#!/usr/bin/env node
// CommonJS, which Node.js starts in less time: a command must feel instant, and programs ask for the version.
const { existsSync, readFileSync, writeSync } = require('node:fs');
const { join } = require('node:path');

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const dist = join(__dirname, '../dist');
// The last file that a build writes.
const built = join(dist, 'build.json');

if (major < 20 || (major === 20 && minor < 19)) {
  fail(`recode needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
} else if (!existsSync(built)) {
  fail('recode is not built yet: run "npm ci" first');
} else if (!printsVersion(process.argv.slice(2))) {
  // The AWS SDK would warn on every run that it is going to drop older versions of Node.js.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const { runChunk } = require('./chunks.js');
  runChunk(join(dist, 'cli'), 'main.cjs', readFileSync(built, 'utf8'), process.argv.slice(2));
}

/**
 * Prints the version if nothing else is asked for: many programs ask for it, and what commands need takes most of the time. Where it cannot
 * be printed, main.cjs says why.
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

/** @param {string} message */
function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
