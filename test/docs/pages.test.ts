import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pages, read, root, withoutBlocks, withoutCode } from './pages.ts';

const maxColumns = 120;
const maxParagraphLines = 5;

/** Wording that native readers stumbled over, each with the plain form. */
const avoided: readonly (readonly [words: RegExp, instead: string])[] = [
  [/\banew\b/, 'again'],
  [/\bwh(?:oever|omever|ereof|ereby|erein)\b/, 'anyone who, the person who'],
  [/\bbears?\b|\bbearing\b/, 'has'],
  [/\bof which\b|\bof whom\b/, 'two sentences'],
  [/\bso (?:many|much|long) (?:at (?:most|least)|after)\b/, 'up to, at least, a duration'],
  [/\bno \w+ such as\b/, 'a positive sentence'],
  [/\bis none\b|\bthere be\b|\bcannot be had\b/, 'does not exist'],
  [/\bat work on\b/, 'in progress'],
  [/\blet(?:s|ting)? go\b/, 'release'],
  [/\bmend(?:s|ed|ing)?\b/, 'fix'],
  [/\bbelow (?:`|its place|functions)|\bnothing is done\b/, 'under, Cancelled'],
  [/\bin the table is\b|\btwins?\b/, 'duplicates'],
  [/\bthe same again\b|\bmakes? whole\b/, 'again, complete'],
  [/\b(?:honou?r(?:s|ed)?|behaviour|colou?rs? of|licence|catalogue|neighbour\w*|favour\w*|centre|e-mail)\b/, 'American spelling'],
  [/\b(?:organis|recognis|authoris|normalis|initialis|customis)\w+/, 'American spelling'],
  [/\btime-outs?\b/, 'timeout'],
];

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
    const prose = withoutCode(text).replace(/\s+/g, ' ');
    const found = avoided.flatMap(([words, instead]) =>
      [...prose.matchAll(new RegExp(`.{0,30}(?:${words.source}).{0,30}`, 'gi'))].map(([context]) => `${context} (${instead})`),
    );
    expect(found).toEqual([]);
  });
});

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
