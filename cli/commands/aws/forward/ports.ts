import { createServer, isIP } from 'node:net';
import { RecodeError } from '../../../../core/errors.ts';
import type { ForwardedPort } from '../../../ssh/forward.ts';

const mostPort = 65_535;

/** Reads ports: `3000`, or `8080:80` for the local one and the remote one. Throws RecodeError UsageNotValid. */
export function parsePorts(texts: readonly string[]): readonly ForwardedPort[] {
  const ports = texts.map(parsePort);
  const twice = ports.find(({ local }, index) => ports.findIndex((port) => port.local === local) < index);
  if (twice) throw new RecodeError('UsageNotValid', `The local port ${twice.local} is given twice.`);
  return ports;
}

function parsePort(text: string): ForwardedPort {
  const [, local = '', remote = local] = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = { local: Number(local), remote: Number(remote) };
  if (isPort(port.local) && isPort(port.remote)) return port;
  throw new RecodeError('UsageNotValid', `Invalid port '${text}'. Use a port from 1 to ${mostPort}, or local:remote, for example 8080:80.`);
}

const isPort = (number: number) => number >= 1 && number <= mostPort;

/** Reads the address to listen on. Throws RecodeError UsageNotValid. */
export function parseAddress(text: string): string {
  if (isIP(text) !== 0 || text === 'localhost') return text;
  throw new RecodeError(
    'UsageNotValid',
    `Invalid --address '${text}'. Use an IP address of this machine, for example 127.0.0.1 or 0.0.0.0.`,
  );
}

/**
 * Makes sure that this machine can listen on the ports. ssh would say so too, in its own words and only once it is connected.
 *
 * @throws RecodeError PortInUse, PortNotAllowed, UsageNotValid
 */
export async function requireFreePorts(ports: readonly ForwardedPort[], address: string): Promise<void> {
  for (const port of ports) {
    const code = await listenProblem(port.local, address);
    if (code !== undefined) throw troubleWith(port, address, code);
  }
}

function listenProblem(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => resolve(code ?? message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function troubleWith({ local, remote }: ForwardedPort, address: string, code: string): RecodeError {
  // One that is most likely free, and that everybody may listen on.
  const other = local + 1 > mostPort ? local - 1 : local < 1024 ? local + 8000 : local + 1;
  const fix = `${other}:${remote}`;
  if (code === 'EADDRINUSE')
    return new RecodeError('PortInUse', `Another program on this machine listens on ${address}, port ${local}.`, { fix });
  if (code === 'EACCES') return new RecodeError('PortNotAllowed', `This user may not listen on port ${local} of this machine.`, { fix });
  if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' || code === 'ENOTFOUND') {
    return new RecodeError('UsageNotValid', `Invalid --address '${address}'. It is not an address of this machine.`);
  }
  return new RecodeError('PortInUse', `This machine cannot listen on ${address}, port ${local}: ${code}.`, { fix });
}
