import * as v from 'valibot';

/** An IPv4 CIDR block in its canonical form. */
export const Cidr = v.pipe(
  v.string(),
  v.check((text) => canonicalCidr(text) === text, 'a canonical IPv4 CIDR block'),
);

/**
 * The canonical form of an IPv4 CIDR block, as EC2 returns it: host bits cleared. Undefined when the text is not a block; as for EC2, an
 * address without a prefix length is none.
 */
export function canonicalCidr(text: string): string | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (!match) return undefined;
  const bytes = match.slice(1, 5).map(Number);
  const bits = Number(match[5]);
  if (bits > 32 || bytes.some((byte) => byte > 255)) return undefined;
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const size = 2 ** (32 - bits);
  const start = address - (address % size);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.')}/${bits}`;
}

/** Whether a valid CIDR block has a valid IPv4 address in it. */
export function covers(block: string, address: string): boolean {
  return overlap(block, `${address}/32`);
}

/** Whether two CIDR blocks, each valid, share an address. */
export function overlap(one: string, other: string): boolean {
  const bits = Math.min(...[one, other].map((block) => Number(block.split('/')[1])));
  const [start, otherStart] = [one, other].map((block) => canonicalCidr(`${block.split('/')[0]}/${bits}`));
  return start === otherStart;
}
