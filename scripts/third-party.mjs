// Collects the licenses of the bundled packages, which must be distributed with their code.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The names, versions and licenses of all packages in some bundles, as one text.
 *
 * @param {string} root the folder that esbuild's paths are relative to
 * @param {readonly import('esbuild').Metafile[]} metafiles esbuild's metafiles of the bundles
 */
export async function thirdPartyLicenses(root, metafiles) {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const folders = new Set(inputs.flatMap((path) => /^.*node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? []));
  // The package jq-wasm has no licenses of what it is compiled from.
  const compiled = join(root, 'scripts/licenses');
  const texts = await Promise.all([
    ...[...folders].map((folder) => licenseOf(join(root, folder))),
    ...(await readdir(compiled)).map((file) =>
      readFile(join(compiled, file), 'utf8').then((text) => entry(`${file.replace('.txt', '')}, compiled into jq-wasm`, text)),
    ),
  ]);
  return `Recode contains code of these packages.\n\n${[...new Set(texts)].sort().join('\n')}`;
}

/** @param {string} folder */
async function licenseOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return entry(`${name} ${version} (${license})`, texts.map((text) => text.trim()).join('\n\n'));
}

/**
 * @param {string} title
 * @param {string} text
 */
const entry = (title, text) => `${'='.repeat(80)}\n${title}\n\n${text.trim()}\n`;
