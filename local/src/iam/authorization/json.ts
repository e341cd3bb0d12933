import type { AwsRequest } from '../../service.ts';

export type Json = Readonly<Record<string, unknown>>;

/** The members of a request of the AWS JSON protocol. None for a malformed request, which its service refuses itself. */
export function jsonOf({ body }: AwsRequest): Json {
  try {
    const json: unknown = JSON.parse(body.toString('utf8'));
    return typeof json === 'object' && json !== null ? (json as Json) : {};
  } catch {
    return {};
  }
}
