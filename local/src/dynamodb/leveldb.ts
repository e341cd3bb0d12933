import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StateDamaged } from '../store.ts';

/**
 * Checks a LevelDB directory before it is opened. LevelDB would start an empty database without its `CURRENT` file, and silently drop the
 * unreadable part of a log. An incomplete record at the end of a log is fine: a kill leaves one. This does not check table files, because
 * LevelDB refuses damaged ones when it reads them. Throws `StateDamaged`, which names the directory.
 */
export function verifyLevelDb(directory: string): void {
  if (!existsSync(directory)) return;
  const files = readdirSync(directory);
  const logs = files.filter((file) => file.endsWith('.log') || file.startsWith('MANIFEST-'));
  if (!files.includes('CURRENT') && files.some((file) => file.endsWith('.ldb') || logs.includes(file))) {
    throw new StateDamaged(directory, 'the file CURRENT is missing.');
  }
  for (const file of logs) {
    const damage = damagedAt(readFileSync(join(directory, file)));
    if (damage !== undefined) throw new StateDamaged(directory, `the record at byte ${damage} of ${file} does not match its checksum.`);
  }
}

// The log format (doc/log_format.md of LevelDB): blocks of 32 KiB. A record has a checksum (4 bytes), length (2), type (1) and data, in one block.
const blockSize = 32 * 1024;
const headerSize = 7;
// The types are full, first, middle and last.
const lastType = 4;

function damagedAt(log: Buffer): number | undefined {
  let at = 0;
  while (at + headerSize <= log.length) {
    const leftInBlock = blockSize - (at % blockSize);
    if (leftInBlock < headerSize) {
      at += leftInBlock;
      continue;
    }
    const length = log.readUInt16LE(at + 4);
    const type = log.readUInt8(at + 6);
    const end = at + headerSize + length;
    if (type === 0 && length === 0) {
      // Reserved space that was never written.
      at += leftInBlock;
      continue;
    }
    if (type === 0 || type > lastType || headerSize + length > leftInBlock) return at;
    if (end > log.length) return undefined;
    if (mask(crc32c(log.subarray(at + 6, end))) !== log.readUInt32LE(at)) return at;
    at = end;
  }
  return undefined;
}

// LevelDB stores checksums rotated and shifted, in case the data itself contains checksums.
function mask(checksum: number): number {
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}

const castagnoli = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) remainder = remainder & 1 ? (remainder >>> 1) ^ 0x82f63b78 : remainder >>> 1;
  return remainder;
});

function crc32c(data: Buffer): number {
  let checksum = 0xffffffff;
  for (const byte of data) checksum = (checksum >>> 8) ^ (castagnoli[(checksum ^ byte) & 0xff] ?? 0);
  return ~checksum >>> 0;
}
