import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');
export const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The paths of all pages that a reader of the repository finds. */
export const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'local/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

/** The page without its code blocks. */
export const withoutBlocks = (text: string) => text.replace(/^ *```.*?^ *```$/gms, '');

/** The page without its code blocks and code spans. */
export const withoutCode = (text: string) => withoutBlocks(text).replace(/`[^`\n]*`/g, '');

/** The page's code spans, each on one line. */
export const codeSpans = (text: string) => [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);

/** The lines of the page's code blocks. A line that ends with a backslash continues on the next one. */
export const codeLines = (text: string) =>
  [...text.matchAll(/^ *```[^\n]*\n(.*?)^ *```$/gms)].flatMap(([, code = '']) => code.replace(/\\\n\s*/g, ' ').split('\n'));
