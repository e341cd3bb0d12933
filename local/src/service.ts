import type { IncomingHttpHeaders } from 'node:http';

/** A request to a service. The gateway has read its body and its SigV4 credential scope. */
export interface AwsRequest {
  /** The `x-amzn-requestid` of the answer. */
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly accessKeyId: string;
  /** The region of the credential scope, for example `us-east-1`. */
  readonly region: string;
}

export interface AwsResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** A refusal in AWS's words. Services throw it, and the gateway sends it in the wire format of the service. */
export class AwsFailure extends Error {
  override readonly name = 'AwsFailure';

  constructor(
    readonly code: string,
    message: string,
    /** The HTTP status: 4xx for a mistake of the caller, 5xx for one of the service. */
    readonly status = 400,
  ) {
    super(message);
  }
}

/** One AWS service behind the gateway. */
export interface Service {
  /** The API action of a request, for example `RunInstances`. Throws `AwsFailure` if it names none. */
  action(request: AwsRequest): string;
  /** Answers a request. Throws `AwsFailure` to refuse it. */
  handle(request: AwsRequest): Promise<AwsResponse>;
  /** A failure as an answer in the service's wire format. */
  failure(failure: AwsFailure, request: AwsRequest): AwsResponse;
}
