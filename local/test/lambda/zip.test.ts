import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readZip } from '../../src/lambda/zip.ts';

const text = 'export const handler = async () => {};\n'.repeat(1000);
const zipped = (files: Parameters<typeof zipSync>[0]) => Buffer.from(zipSync(files));
const contentsOf = (zip: Buffer) => Object.fromEntries([...readZip(zip)].map(({ name, content }) => [name, content.toString('utf8')]));

describe('a zip', () => {
  it('is read with its compressed files, its stored ones and its folders', () => {
    const zip = zipped({ 'index.mjs': strToU8(text), lib: { 'größe.json': [strToU8('{}'), { level: 0 }] }, empty: {} });
    expect(zip.length).toBeLessThan(text.length / 10);
    expect(contentsOf(zip)).toEqual({ 'index.mjs': text, 'lib/größe.json': '{}', 'lib/': '', 'empty/': '' });
  });

  it('may come from another program, with a comment and with sizes that follow the files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'zip-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, 'lib'));
    writeFileSync(join(folder, 'index.mjs'), text);
    const python = `import sys, zipfile
class Pipe:
  def write(self, data): return sys.stdout.buffer.write(data)
  def flush(self): sys.stdout.buffer.flush()
with zipfile.ZipFile(Pipe(), 'w', zipfile.ZIP_DEFLATED) as zip:
  zip.comment = b'a comment'
  zip.write(sys.argv[1] + '/index.mjs', 'index.mjs')
  zip.write(sys.argv[1] + '/lib', 'lib')`;
    const zip = execFileSync('python3', ['-c', python, folder]);
    expect(contentsOf(zip)).toEqual({ 'index.mjs': text, 'lib/': '' });
    expect(readFileSync(join(folder, 'index.mjs'), 'utf8')).toBe(text);
  });

  it.each([
    ['its end is missing', (zip: Buffer) => zip.subarray(0, -30), 'has no end'],
    ['it is something else', () => Buffer.from('no zip'), 'has no end'],
    ['a file is damaged', (zip: Buffer) => zip.fill(0, 45, 47), /damaged|invalid/],
    ['its directory is damaged', (zip: Buffer) => zip.fill(0, zip.indexOf('PK\x01\x02'), zip.indexOf('PK\x01\x02') + 4), 'damaged'],
    ['a file is encrypted', (zip: Buffer) => zip.fill(1, zip.indexOf('PK\x01\x02') + 8, zip.indexOf('PK\x01\x02') + 9), 'encrypted'],
  ])('is refused if %s', (_, spoil, reason) => {
    const zip = spoil(zipped({ 'index.mjs': strToU8(text) }));
    expect(() => [...readZip(zip)]).toThrow(reason);
  });
});
