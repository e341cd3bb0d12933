import type { AwsRequest } from '../../service.ts';

export type Json = Readonly<Record<string, unknown>>;

/** The members of a request of the AWS JSON protocol; none of one that cannot be read, which its service refuses by itself. */
export function jsonOf({ body }: AwsRequest): Json {
  try {
    const json: unknown = JSON.parse(body.toString('utf8'));
    return typeof json === 'object' && json !== null ? (json as Json) : {};
  } catch {
    return {};
  }
}
