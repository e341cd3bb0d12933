import { closeSync, openSync, readSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Looks at who opens each connection of a server, once, and returns what says why requests of a connection are to be refused; undefined for those
 * of the user this process runs as. Whoever is let in may run programs as that user, so nobody else is. Nor is root: it may be a relay for others.
 */
export function ownUserOnly(server: Server): (socket: Socket) => string | undefined {
  const own = process.geteuid?.();
  const uids = new WeakMap<Socket, number>();
  const logged = new Set<number | undefined>();
  const refusalOf = (uid: number | undefined) => {
    if (uid !== undefined && uid === own) return undefined;
    const who = uid === undefined ? 'a user who cannot be found out' : `the user with the id ${uid}`;
    return `The embedded AWS at this port serves the user with the id ${own} only, and this is a connection of ${who}.`;
  };
  server.on('connection', (socket: Socket) => {
    const uid = uidOfPeer(socket);
    if (uid !== undefined) uids.set(socket, uid);
    const refusal = refusalOf(uid);
    if (refusal === undefined || logged.has(uid)) return;
    logged.add(uid);
    console.error(`${new Date().toISOString()} Refused: ${refusal}`);
  });
  return (socket) => refusalOf(uids.get(socket));
}

/** One end of a TCP connection over IPv4. */
export interface TcpEnd {
  readonly address: string;
  readonly port: number;
}

/**
 * The owner of the socket at `end` whose connection leads to `other`, read from the text of `/proc/net/tcp` or `/proc/net/tcp6`, where a socket
 * of IPv6 that talks IPv4 is. Undefined where there is none, or one that its process has closed: such rows may name root in place of their owner.
 */
export function uidInTable(table: string, end: TcpEnd, other: TcpEnd): number | undefined {
  const row = new RegExp(
    `^ *\\d+: (?:${mapped})?${inTable(end)} (?:${mapped})?${inTable(other)} [\\dA-F]{2} \\S+ \\S+ \\S+ +(\\d+) +\\d+ (\\d+) `,
    'gm',
  );
  for (const [, uid, inode] of table.matchAll(row)) if (inode !== '0') return Number(uid);
  return undefined;
}

/** The kernel lists sockets piece by piece while they come and go, and may pass over one. */
const attempts = 2;

function uidOfPeer({ remoteAddress, remotePort, localAddress, localPort }: Socket): number | undefined {
  // It is closed already.
  if (remoteAddress === undefined || remotePort === undefined || localAddress === undefined || localPort === undefined) return undefined;
  const peer = { address: remoteAddress, port: remotePort };
  const own = { address: localAddress, port: localPort };
  for (let attempt = 0; attempt < attempts; attempt++) {
    const uid = find('/proc/net/tcp', peer, own) ?? find('/proc/net/tcp6', peer, own);
    if (uid !== undefined) return uid;
  }
  return undefined;
}

/** Reads no further than to the row: the kernel walks through all of its sockets to write the table, and once more to tell its end. */
function find(table: string, peer: TcpEnd, own: TcpEnd): number | undefined {
  let file: number;
  try {
    file = openSync(table, 'r');
  } catch (error) {
    // A machine without IPv6 has no table of it. Whoever is in no table that can be read is refused.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') console.error(error);
    return undefined;
  }
  try {
    const piece = Buffer.alloc(16 * 1024);
    let text = '';
    for (let length = readSync(file, piece); length > 0; length = readSync(file, piece)) {
      text += piece.toString('latin1', 0, length);
      const uid = uidInTable(text, peer, own);
      if (uid !== undefined) return uid;
      text = text.slice(text.lastIndexOf('\n') + 1);
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** Each four bytes of an address are shown as one number of the machine's byte order. */
const hex = (bytes: readonly number[]) =>
  [...new Uint32Array(Uint8Array.from(bytes).buffer)].map((word) => word.toString(16).toUpperCase().padStart(8, '0')).join('');

/** `::ffff:` before an IPv4 address. */
const mapped = hex([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]);

const inTable = ({ address, port }: TcpEnd) => `${hex(address.split('.').map(Number))}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
