import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureFolder } from '../store.ts';
import type { Sudone } from './sudo.ts';

/** The `sudo` of an instance, on the PATH of its sessions. */
export interface SudoProgram {
  /** For the PATH of the sessions of a user. */
  binOf(user: string): string;
  close(): void;
}

/**
 * Installs the `sudo` of an instance in its folder. It hides this machine's, and has its work done here, where the files of the instance are.
 *
 * @param run does what stands behind `sudo`, as a user
 */
export function installSudo(folder: string, users: readonly string[], run: (args: readonly string[], user: string) => Sudone): SudoProgram {
  // In the temporary folder, because the path of a socket has at most 107 bytes.
  const sockets = mkdtempSync(join(tmpdir(), 'sudo-'));
  const client = join(folder, 'sudo.cjs');
  writeFileSync(client, clientProgram, { mode: 0o600 });
  ensureFolder(join(folder, 'bin'), 0o700);
  const servers = users.map((user) => {
    const socketPath = join(sockets, user);
    const bin = join(folder, 'bin', user);
    ensureFolder(bin, 0o700);
    const words = [process.execPath, client, socketPath].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    writeFileSync(join(bin, 'sudo'), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
    chmodSync(join(bin, 'sudo'), 0o700);
    const server = createServer({ allowHalfOpen: true }, (socket) => answer(socket, (args) => run(args, user)));
    // The embedded AWS ends without waiting for it.
    return server.listen(socketPath).unref();
  });
  return {
    binOf: (user) => join(folder, 'bin', user),
    close() {
      for (const server of servers) server.close();
      rmSync(sockets, { recursive: true, force: true });
    },
  };
}

/** The profile of a new user. The one of the system may have replaced the PATH, as on Debian. */
export const profile = `case ":$PATH:" in
  *":\${HOME%/home/*}/bin/\${HOME##*/}:"*) ;;
  *) PATH="\${HOME%/home/*}/bin/\${HOME##*/}:$PATH" ;;
esac
`;

function answer(socket: Socket, run: (args: readonly string[]) => Sudone): void {
  let asked = '';
  // The client may be killed at any time.
  socket.on('error', () => socket.destroy());
  socket.setEncoding('utf8').on('data', (text: string) => {
    asked += text;
  });
  socket.on('end', () => {
    const args = argumentsIn(asked);
    if (!args) return socket.destroy();
    const { code, stdout, stderr } = run(args);
    socket.end(JSON.stringify({ code, stdout, stderr }));
  });
}

/** Undefined where the client was killed before it had asked. */
function argumentsIn(asked: string): readonly string[] | undefined {
  if (!asked.endsWith('\n')) return undefined;
  return JSON.parse(asked) as readonly string[];
}

const clientProgram = `// Passes the words behind "sudo" on to the embedded AWS, and prints its answer.
const socket = require('node:net').connect(process.argv[2]);
let answer = '';
const fail = (reason) => {
  process.stderr.write('sudo: the embedded AWS does not answer: ' + reason + '\\n');
  process.exitCode = 1;
};
socket.setEncoding('utf8');
socket.on('error', (error) => fail(error.message));
socket.on('data', (text) => (answer += text));
socket.on('end', () => {
  if (answer === '') return fail('it has closed the connection.');
  const { code, stdout, stderr } = JSON.parse(answer);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code;
});
socket.end(JSON.stringify(process.argv.slice(3)) + '\\n');
`;
