import { crc32, inflateRawSync } from 'node:zlib';

// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT: 4.3.7 local file header, 4.3.12 central directory, 4.3.16 its end.
const local = { signature: 0x04034b50, length: 30 };
const central = { signature: 0x02014b50, length: 46 };
const end = { signature: 0x06054b50, length: 22 };
const longestComment = 0xffff;
const stored = 0;
const deflated = 8;

/**
 * Reads the files of a zip, and its folders, whose names end with a slash and which are empty. Node.js takes a tenth of the time of an
 * implementation in JavaScript. Throws if the zip is damaged, encrypted or larger than 4 GB.
 */
export function* readZip(zip: Buffer): Generator<{ readonly name: string; readonly content: Buffer }> {
  const directory = endOfDirectory(zip);
  let at = zip.readUInt32LE(directory + 16);
  for (let left = zip.readUInt16LE(directory + 10); left > 0; left -= 1) {
    if (zip.readUInt32LE(at) !== central.signature) throw new Error('The zip is damaged.');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const name = zip.toString('utf8', at + central.length, at + central.length + nameLength);
    yield { name, content: contentOf(zip, at, name) };
    at += central.length + nameLength + extraLength + commentLength;
  }
}

function endOfDirectory(zip: Buffer): number {
  const last = zip.length - end.length;
  for (let at = last; at >= Math.max(0, last - longestComment); at -= 1) if (zip.readUInt32LE(at) === end.signature) return at;
  throw new Error('The zip has no end.');
}

/** The content of a file whose entry in the central directory is at an offset. */
function contentOf(zip: Buffer, entry: number, name: string): Buffer {
  const [flags, method] = [zip.readUInt16LE(entry + 8), zip.readUInt16LE(entry + 10)];
  if (flags & 1 || ![stored, deflated].includes(method)) throw new Error(`The zip has ${name} encrypted or in an unknown compression.`);
  const [checksum, size, header] = [16, 20, 42].map((offset) => zip.readUInt32LE(entry + offset)) as [number, number, number];
  if (zip.readUInt32LE(header) !== local.signature) throw new Error('The zip is damaged.');
  const begin = header + local.length + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  const data = zip.subarray(begin, begin + size);
  const content = method === deflated ? inflateRawSync(data) : data;
  if (crc32(content) !== checksum) throw new Error(`The zip has ${name} damaged.`);
  return content;
}
