import { meaningOf } from '../aws/errors.ts';
import { RecodeError } from '../core/errors.ts';

/** What a network failure between this machine and AWS means: no service has answered at all. Undefined for any other error. */
export function unreachable(error: unknown): RecodeError | undefined {
  if (error instanceof RecodeError || meaningOf(error) !== 'unavailable' || answered(error)) return undefined;
  return new RecodeError('AwsUnreachable', reasonOf(error as NetworkError), { cause: error });
}

interface NetworkError extends NodeJS.ErrnoException {
  readonly hostname?: string;
  readonly address?: string;
  readonly port?: number;
  /** Of a host with several addresses, each of which has failed. */
  readonly errors?: readonly NetworkError[];
}

const answered = (error: unknown) => (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode !== undefined;

function reasonOf({ code, message, hostname, address, port, errors: [first] = [] }: NetworkError): string {
  if (first) return reasonOf(first);
  if (hostname !== undefined && (code === 'ENOTFOUND' || code === 'EAI_AGAIN')) return `The name ${hostname} leads to no address.`;
  if (address !== undefined && code === 'ECONNREFUSED') return `Nothing listens at ${address} port ${port}.`;
  return `The connection failed: ${message.replace(/\.?$/, '.')}`;
}
