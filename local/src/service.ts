import type { IncomingHttpHeaders } from 'node:http';

/** A request as it reaches a service: the gateway has read its body and its SigV4 credential scope. */
export interface AwsRequest {
  /** Becomes `x-amzn-requestid` of the answer. */
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly accessKeyId: string;
  /** The region of the credential scope, such as `us-east-1`. */
  readonly region: string;
}

export interface AwsResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** A refusal in AWS's words: services throw it, the gateway sends it in the service's own wire format. */
export class AwsFailure extends Error {
  override readonly name = 'AwsFailure';

  constructor(
    readonly code: string,
    message: string,
    /** HTTP status: 4xx for the caller's mistakes, 5xx for the service's. */
    readonly status = 400,
  ) {
    super(message);
  }
}

/** One AWS service behind the gateway. */
export interface Service {
  /** The API action that a request asks for, such as `RunInstances`; throws `AwsFailure` when it names none. */
  action(request: AwsRequest): string;
  /** Answers a request; throws `AwsFailure` to refuse it. */
  handle(request: AwsRequest): Promise<AwsResponse>;
  /** The answer that carries a failure, in the service's wire format. */
  failure(failure: AwsFailure, request: AwsRequest): AwsResponse;
}
