import { closeSync, openSync, readSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Finds out who opens each connection of a server. Returns a function that says why to refuse the requests of a connection; undefined for
 * connections of the user that runs this process. A client can run programs as that user, so nobody else may connect. Not even root,
 * which may relay for others.
 */
export function ownUserOnly(server: Server): (socket: Socket) => string | undefined {
  const own = process.geteuid?.();
  const uids = new WeakMap<Socket, number>();
  const logged = new Set<number | undefined>();
  const refusalOf = (uid: number | undefined) => {
    if (uid !== undefined && uid === own) return undefined;
    const who = uid === undefined ? 'an unknown user' : `the user with the ID ${uid}`;
    return `The embedded AWS on this port serves only the user with the ID ${own}. This is a connection of ${who}.`;
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

/** The kernel lists sockets in pieces while they come and go, and may skip one. */
const attempts = 2;

function uidOfPeer({ remoteAddress, remotePort, localAddress, localPort }: Socket): number | undefined {
  // It is already closed.
  if (remoteAddress === undefined || remotePort === undefined || localAddress === undefined || localPort === undefined) return undefined;
  const peer = { address: remoteAddress, port: remotePort };
  const own = { address: localAddress, port: localPort };
  for (let attempt = 0; attempt < attempts; attempt++) {
    const uid = find('/proc/net/tcp', peer, own) ?? find('/proc/net/tcp6', peer, own);
    if (uid !== undefined) return uid;
  }
  return undefined;
}

/** Reads only up to the row: the kernel walks through all sockets to write the table, and again to find its end. */
function find(table: string, peer: TcpEnd, own: TcpEnd): number | undefined {
  let file: number;
  try {
    file = openSync(table, 'r');
  } catch (error) {
    // A machine without IPv6 has no such table. A connection that is in no table is refused.
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

/** The kernel shows four bytes of an address as one number in the machine's byte order. */
const hex = (bytes: readonly number[]) =>
  [...new Uint32Array(Uint8Array.from(bytes).buffer)].map((word) => word.toString(16).toUpperCase().padStart(8, '0')).join('');

/** `::ffff:` before an IPv4 address. */
const mapped = hex([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]);

const inTable = ({ address, port }: TcpEnd) => `${hex(address.split('.').map(Number))}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
