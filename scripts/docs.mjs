// Makes docs/commands.md, the tables between markers of docs/cli.md, and the list of manual pages in package.json from the help of the
// commands; the table and the chart of docs/performance.md from the results of the bench.
// node scripts/docs.mjs [--check]: with --check it writes nothing, and fails if a page is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { automaticStopsPage } from './month.mjs';
import { performanceChart, performancePage } from './performance.mjs';

const root = join(import.meta.dirname, '..');
/** @type {typeof import('../cli/reference/main.ts')} */
const { commandsPage, cliPage, manPages } = await import(join(root, 'dist/reference.mjs'));
/** @param {string} page */
const read = (page) => (existsSync(join(root, page)) ? readFileSync(join(root, page), 'utf8') : '');
const manifest = JSON.parse(read('package.json'));
manifest.man = (await manPages(manifest.version, '')).map(({ file }) => `./dist/man/${file}`);
const pages = {
  'package.json': `${JSON.stringify(manifest, null, 2)}\n`,
  'docs/commands.md': await commandsPage(),
  'docs/cli.md': await cliPage(read('docs/cli.md')),
  'docs/automatic-stops.md': automaticStopsPage(read('docs/automatic-stops.md')),
  'docs/performance.md': performancePage(read('docs/performance.md')),
  'docs/performance.svg': await performanceChart(),
};
for (const [page, text] of Object.entries(pages)) {
  if (text === read(page)) continue;
  if (process.argv.includes('--check')) {
    process.stderr.write(`${page} is stale. Run "npm run docs".\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(join(root, page), text);
  }
}
