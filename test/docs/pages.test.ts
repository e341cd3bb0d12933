import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { avoidedIn } from './english.ts';
import { pages, read, root, withoutBlocks, withoutCode } from './pages.ts';

const maxColumns = 120;
const maxParagraphLines = 5;

describe.each(pages)('%s', (page) => {
  const text = read(page);

  it('links to existing pages and headings', () => {
    for (const [, target = '', heading] of withoutCode(text).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
      const path = target === '' ? page : join(dirname(page), target);
      expect(existsSync(join(root, path)), `${target} in ${page}`).toBe(true);
      if (heading !== undefined) expect(anchorsOf(read(path)), `#${heading} of ${path}`).toContain(heading);
    }
  });

  it(`has lines of at most ${maxColumns} characters outside tables and links`, () => {
    const lines = text.split('\n').filter((line) => !line.startsWith('|'));
    expect(lines.filter((line) => line.replace(/\]\([^)]*\)|https?:\S+/g, '').length > maxColumns)).toEqual([]);
  });

  it(`has paragraphs of at most ${maxParagraphLines} lines`, () => {
    const isNameList = /^ *(?:- \*\*.*\*\*: )?(?:[A-Z]\w+,? ?)+$/;
    const isText = (line: string) => line.trim() !== '' && !/^(?:\||#|<!--)/.test(line) && !isNameList.test(line);
    const paragraphs = withoutBlocks(text)
      .replace(/^(?= *(?:-|\d+\.) )/gm, '\n')
      .split(/\n\s*\n/)
      .map((paragraph) => paragraph.split('\n').filter(isText));
    expect(paragraphs.filter((lines) => lines.length > maxParagraphLines)).toEqual([]);
  });

  it('uses plain American English', () => {
    expect(avoidedIn(withoutCode(text))).toEqual([]);
  });
});

/** What a deployer or a contributor reads besides the pages. */
const sources = [
  'serverless.yml',
  ...['infra', 'statemachines', 'scripts', 'bench'].flatMap((folder) => filesIn(folder).map((file) => join(folder, file))),
];

describe.each(sources)('%s', (source) => {
  it('uses plain American English', () => {
    expect(avoidedIn(read(source))).toEqual([]);
  });
});

function filesIn(folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** The anchors that GitHub gives a page's headings. */
function anchorsOf(text: string): string[] {
  const headings = [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
