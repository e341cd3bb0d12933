import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureFolder } from '../store.ts';
import type { Sudone } from './sudo.ts';

/** The programs of an instance that are not those of this machine. */
export interface OwnPrograms {
  /** For the PATH of a user's processes. */
  binOf(user: string): string;
  close(): void;
}

const names = ['sudo', 'systemctl'] as const;

/**
 * Installs `sudo` and `systemctl` of an instance in its folder. They hide this machine's, and have their work done here, where the files of
 * the instance are.
 *
 * @param run does the work, for a user
 */
export function installPrograms(
  folder: string,
  users: readonly string[],
  run: (program: (typeof names)[number], args: readonly string[], user: string) => Sudone,
): OwnPrograms {
  // In the temporary folder, because the path of a socket has at most 107 bytes.
  const sockets = mkdtempSync(join(tmpdir(), 'programs-'));
  const client = join(folder, clientFile);
  writeFileSync(client, clientProgram, { mode: 0o600 });
  ensureFolder(join(folder, 'bin'), 0o700);
  const servers = users.flatMap((user) => {
    const bin = join(folder, 'bin', user);
    ensureFolder(bin, 0o700);
    return names.map((name) => {
      const socketPath = join(sockets, `${user}-${name}`);
      const words = [process.execPath, client, name, socketPath].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
      writeFileSync(join(bin, name), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
      chmodSync(join(bin, name), 0o700);
      const server = createServer({ allowHalfOpen: true }, (socket) => answer(socket, (args) => run(name, args, user)));
      // The embedded AWS ends without waiting for it.
      return server.listen(socketPath).unref();
    });
  });
  return {
    binOf: (user) => join(folder, 'bin', user),
    close() {
      for (const server of servers) server.close();
      rmSync(sockets, { recursive: true, force: true });
    },
  };
}

/** What the programs have in the folder of the instance besides `bin`. */
export const clientFile = 'programs.cjs';

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

const clientProgram = `// Passes the words behind a program on to the embedded AWS, and prints its answer.
const [, , name, path, ...words] = process.argv;
const socket = require('node:net').connect(path);
let answer = '';
const fail = (reason) => {
  process.stderr.write(name + ': the embedded AWS does not answer: ' + reason + '\\n');
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
socket.end(JSON.stringify(words) + '\\n');
`;
