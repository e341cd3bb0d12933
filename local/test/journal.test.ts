import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Journal, openJournal } from '../src/journal.ts';
import { StateDamaged } from '../src/store.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'));
  file = join(directory, 'ec2.json');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** A list in a journal: the document is the list, and a change is a new element. */
function openList(): { list: unknown[]; journal: Journal; add(element: unknown): void } {
  const list: unknown[] = [];
  const read = (document: unknown, changes: readonly unknown[]) => list.push(...(document as unknown[]), ...changes);
  const journal = openJournal(file, read, () => list);
  return {
    list,
    journal,
    add(element) {
      list.push(element);
      journal.append(element);
    },
  };
}

it('reads the document and its changes', () => {
  const { add } = openList();
  for (const element of ['a', 'b', 'c']) add(element);
  expect(readFileSync(file, 'utf8')).toBe('["a"]\n"b"\n"c"\n');
  const again = openList();
  again.add('d');
  expect(openList().list).toEqual(['a', 'b', 'c', 'd']);
});

it('has one line once it is closed, so that a file that is cut off then is damaged', () => {
  const { journal, add } = openList();
  for (const element of ['a', 'b', 'c']) add(element);
  journal.close();
  const text = readFileSync(file, 'utf8');
  expect(text).toBe('["a","b","c"]\n');
  writeFileSync(file, text.slice(0, text.length / 2));
  expect(openList).toThrow(StateDamaged);
});

it('keeps its changes if it cannot be written as a whole when it is closed', () => {
  const { journal, add } = openList();
  for (const element of ['a', 'b']) add(element);
  mkdirSync(`${file}.next`);
  journal.close();
  expect(openList().list).toEqual(['a', 'b']);
});

it('has nothing, and no file, before the first change', () => {
  expect(openList().list).toEqual([]);
  expect(readdirSync(directory)).toEqual([]);
});

it('continues a document that was written as a whole', () => {
  writeFileSync(file, '["a"]');
  const { list, add } = openList();
  expect(list).toEqual(['a']);
  expect(readFileSync(file, 'utf8')).toBe('["a"]');
  add('b');
  add('c');
  expect(openList().list).toEqual(['a', 'b', 'c']);
});

it('writes the whole document again only when the changes in the file are longer than that', () => {
  const element = 'x'.repeat(1000);
  const list: string[] = [];
  let again = 0;
  const current = () => {
    again += list.length * element.length;
    return list;
  };
  const journal = openJournal(file, () => {}, current);
  for (let count = 0; count < 2000; count++) {
    list.push(element);
    journal.append(element);
  }
  // Twice as long each time.
  expect(again).toBeLessThan(2.1 * 2000 * element.length);
  expect(openList().list).toEqual(list);
});

it('does not grow with changes that replace each other', () => {
  const journal = openJournal(
    file,
    () => {},
    () => 'small',
  );
  const change = 'x'.repeat(10_000);
  for (let count = 0; count < 200; count++) journal.append(change);
  expect(statSync(file).size).toBeLessThan(300_000);
});

it('leaves no other files, and survives a kill while it writes the document again', () => {
  writeFileSync(`${file}.next`, '["half');
  const { add } = openList();
  add('a');
  expect(readdirSync(directory)).toEqual(['ec2.json']);
});

it.each(['"c', '"c"', '{"long":'])('drops the incomplete last change %s, which a kill leaves, and continues after it', (torn) => {
  const { add } = openList();
  add('a');
  add('ü');
  appendFileSync(file, torn);
  const { list, add: addAgain } = openList();
  expect(list).toEqual(['a', 'ü']);
  addAgain('d');
  expect(openList().list).toEqual(['a', 'ü', 'd']);
});

describe('damage', () => {
  it.each([
    ['an empty file', ''],
    ['a document that is cut short', '["a"'],
    ['a document that is cut short before changes', '["a"\n"b"\n'],
    ['a change that is not JSON', '["a"]\n"b\n"c"\n'],
    ['an empty line', '["a"]\n\n"c"\n'],
  ])('in the form of %s is named, and the file stays as it is', (_, text) => {
    writeFileSync(file, text);
    expect(openList).toThrow(expect.objectContaining({ name: 'StateDamaged', file }));
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('that only the reader sees is named, and an incomplete last change stays', () => {
    writeFileSync(file, '["a"]\n"b"\n"c');
    const refuse = () => {
      throw new Error('it has no name');
    };
    expect(() => openJournal(file, refuse, () => [])).toThrow(/ec2\.json is damaged: it has no name/);
    expect(readFileSync(file, 'utf8')).toBe('["a"]\n"b"\n"c');
  });

  it('is a file that cannot be read', () => {
    mkdirSync(file);
    expect(openList).toThrow(expect.objectContaining({ name: 'StateDamaged', file }));
  });
});

it('does not create a file that was deleted meanwhile again, without its document', () => {
  const { add } = openList();
  add('a');
  rmSync(file);
  expect(() => add('b')).toThrow(expect.objectContaining({ code: 'ENOENT', path: file }));
  expect(readdirSync(directory)).toEqual([]);
});
