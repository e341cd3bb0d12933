/** A range of IPv4 addresses. */
export interface Cidr {
  /** The first address as a number. */
  readonly first: number;
  /** The number of leading bits that all its addresses share. */
  readonly bits: number;
}

/** Parses a text such as `10.0.0.7/16` to the range that contains the address; undefined if it is malformed. */
export function parseCidr(text: string): Cidr | undefined {
  const [address, bits, ...rest] = text.split('/');
  const number = parseAddress(address ?? '');
  if (number === undefined || bits === undefined || rest.length > 0 || !/^(\d|[12]\d|3[0-2])$/.test(bits)) return undefined;
  return { first: number - (number % sizeOf(Number(bits))), bits: Number(bits) };
}

/** The canonical text of a range, for example `10.0.0.0/16`. */
export function formatCidr({ first, bits }: Cidr): string {
  return `${formatAddress(first)}/${bits}`;
}

/** Parses a dotted IPv4 address; undefined if it is malformed. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return undefined;
  return parts.reduce((number, part) => number * 256 + Number(part), 0);
}

export function formatAddress(address: number): string {
  return [2 ** 24, 2 ** 16, 2 ** 8, 1].map((unit) => Math.floor(address / unit) % 256).join('.');
}

/** The number of addresses in a range with that many common bits. */
export function sizeOf(bits: number): number {
  return 2 ** (32 - bits);
}

export function includesAddress(range: Cidr, address: number): boolean {
  return address >= range.first && address < range.first + sizeOf(range.bits);
}

export function includesRange(outer: Cidr, inner: Cidr): boolean {
  return inner.bits >= outer.bits && includesAddress(outer, inner.first);
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return includesRange(a, b) || includesRange(b, a);
}
