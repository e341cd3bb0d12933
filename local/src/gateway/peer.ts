import { closeSync, openSync, readSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Finds out who opened each connection of a server, at its first request. Returns a function that says why to refuse the requests of a
 * connection; undefined for connections of the user that runs this process. A client can run programs as that user, so nobody else may
 * connect. Not even root, which may relay for others.
 */
export function ownUserOnly(server: Server): (socket: Socket) => string | undefined {
  const own = process.geteuid?.();
  const unknown = new Set<Socket>();
  const uids = new WeakMap<Socket, number>();
  const logged = new Set<number | undefined>();
  server.on('connection', (socket: Socket) => {
    unknown.add(socket);
    socket.once('close', () => unknown.delete(socket));
  });
  return (socket) => {
    if (unknown.has(socket)) {
      // Of all that have connected since, because the kernel takes milliseconds for its table. A command opens several connections at once.
      for (const [found, uid] of uidsOfPeers(unknown)) uids.set(found, uid);
      unknown.clear();
    }
    const uid = uids.get(socket);
    if (uid !== undefined && uid === own) return undefined;
    const who = uid === undefined ? 'an unknown user' : `the user with the ID ${uid}`;
    const refusal = `The embedded AWS on this port serves only the user with the ID ${own}. This is a connection of ${who}.`;
    if (!logged.has(uid)) console.error(`${new Date().toISOString()} Refused: ${refusal}`);
    logged.add(uid);
    return refusal;
  };
}

/** One end of a TCP connection over IPv4. */
export interface TcpEnd {
  readonly address: string;
  readonly port: number;
}

/**
 * The owner of the socket at `end` that is connected to `other`, from the text of `/proc/net/tcp`, or `/proc/net/tcp6` for IPv4 over an IPv6
 * socket. Undefined if no process has it, or the process has closed it: the kernel may show root as the owner of a closed socket.
 */
export function uidInTable(table: string, end: TcpEnd, other: TcpEnd): number | undefined {
  const row = new RegExp(
    `^ *\\d+: (?:${mapped})?${inTable(end)} (?:${mapped})?${inTable(other)} [\\dA-F]{2} \\S+ \\S+ \\S+ +(\\d+) +\\d+ (\\d+) `,
    'gm',
  );
  for (const [, uid, inode] of table.matchAll(row)) if (inode !== '0') return Number(uid);
  return undefined;
}

interface Ends {
  readonly peer: TcpEnd;
  readonly own: TcpEnd;
}

/** The kernel lists sockets in pieces while they come and go, and may skip one. */
const attempts = 2;

function uidsOfPeers(sockets: Iterable<Socket>): ReadonlyMap<Socket, number> {
  const missing = new Map<Socket, Ends>();
  for (const socket of sockets) {
    const ends = endsOf(socket);
    if (ends) missing.set(socket, ends);
  }
  const found = new Map<Socket, number>();
  for (let attempt = 0; attempt < attempts; attempt++) {
    for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) find(table, missing, found);
  }
  return found;
}

/** Undefined if it is already closed. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): Ends | undefined {
  if (remoteAddress === undefined || remotePort === undefined || localAddress === undefined || localPort === undefined) return undefined;
  return { peer: { address: remoteAddress, port: remotePort }, own: { address: localAddress, port: localPort } };
}

/**
 * Moves the connections that a table has from `missing` to `found`. Reads only up to the last of them: the kernel walks through all sockets to
 * write the table, and again to find its end.
 */
function find(table: string, missing: Map<Socket, Ends>, found: Map<Socket, number>): void {
  if (missing.size === 0) return;
  let file: number;
  try {
    file = openSync(table, 'r');
  } catch (error) {
    // A machine without IPv6 has no such table. A connection that is in no table is refused.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') console.error(error);
    return;
  }
  try {
    const piece = Buffer.alloc(16 * 1024);
    let text = '';
    for (let length = readSync(file, piece); length > 0; length = missing.size > 0 ? readSync(file, piece) : 0) {
      text += piece.toString('latin1', 0, length);
      for (const [socket, { peer, own }] of missing) {
        const uid = uidInTable(text, peer, own);
        if (uid === undefined) continue;
        found.set(socket, uid);
        missing.delete(socket);
      }
      text = text.slice(text.lastIndexOf('\n') + 1);
    }
  } finally {
    closeSync(file);
  }
}

/** The kernel shows four bytes of an address as one number in the machine's byte order. */
const hex = (bytes: readonly number[]) =>
  [...new Uint32Array(Uint8Array.from(bytes).buffer)].map((word) => word.toString(16).toUpperCase().padStart(8, '0')).join('');

/** `::ffff:` before an IPv4 address. */
const mapped = hex([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]);

const inTable = ({ address, port }: TcpEnd) => `${hex(address.split('.').map(Number))}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
