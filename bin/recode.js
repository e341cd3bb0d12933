#!/usr/bin/env node
import { existsSync } from 'node:fs';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const main = new URL('../dist/cli/main.js', import.meta.url);
// The last file that a build writes.
const built = new URL('../dist/build.json', import.meta.url);

if (major < 20 || (major === 20 && minor < 19)) {
  fail(`recode needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
} else if (!existsSync(built)) {
  fail('recode is not built yet: run "npm ci" first');
} else {
  // The AWS SDK would warn on every run that it is going to drop older versions of Node.js.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  await import(main.href);
}

/** @param {string} message */
function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
