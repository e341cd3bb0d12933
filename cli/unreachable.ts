import { meaningOf } from '../aws/errors.ts';
import { RecodeError } from '../core/errors.ts';

/** What a network failure between this machine and AWS means: no service of AWS has answered. Undefined for any other error. */
export function unreachable(error: unknown): RecodeError | undefined {
  if (error instanceof RecodeError) return undefined;
  const status = statusOf(error);
  // So the SDK calls an answer without a code, which AWS never gives.
  if (status !== undefined && error instanceof Error && /^Unknown(Error)?$/.test(error.name)) {
    const message = `A server between this machine and AWS, for example a proxy, answered with HTTP status ${status}.`;
    return new RecodeError('AwsUnreachable', message, { cause: error });
  }
  if (meaningOf(error) !== 'unavailable' || status !== undefined) return undefined;
  return new RecodeError('AwsUnreachable', reasonOf(error as NetworkError), { cause: error });
}

interface NetworkError extends NodeJS.ErrnoException {
  readonly hostname?: string;
  readonly address?: string;
  readonly port?: number;
  /** One per address, if all addresses of a host have failed. */
  readonly errors?: readonly NetworkError[];
}

const statusOf = (error: unknown) => (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;

function reasonOf({ code, message, hostname, address, port, errors: [first] = [] }: NetworkError): string {
  if (first) return reasonOf(first);
  if (hostname !== undefined && (code === 'ENOTFOUND' || code === 'EAI_AGAIN')) return `${hostname} could not be resolved.`;
  if (address !== undefined && code === 'ECONNREFUSED') return `Nothing listens at ${address} port ${port}.`;
  return `The connection failed: ${message.replace(/\.?$/, '.')}`;
}
