import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@smithy/types';
import { identityRequest, type Proof } from '../../core/proof.ts';

/** Whose proof it is, and where STS will be asked about it. */
export interface Prover {
  readonly credentials: AwsCredentialIdentity | AwsCredentialIdentityProvider;
  /** By how many milliseconds AWS's clock is ahead of this machine's. */
  readonly clockOffset?: number;
  /** Whether the FIPS endpoint of STS is to be asked. */
  readonly fips?: boolean;
  /** The endpoint that answers for all of AWS, if there is one. */
  readonly endpoint?: string | undefined;
}

/**
 * Signs for the control plane who starts an execution. The signature is for this execution and input alone, and STS accepts it for 15 minutes.
 *
 * @throws RecodeError PartitionNotSupported, and what the source of the credentials throws
 */
export async function prove(executionArn: string, input: unknown, { clockOffset = 0, fips = false, ...prover }: Prover): Promise<Proof> {
  const { credentials, endpoint } = prover;
  const { accessKeyId, secretAccessKey, sessionToken: token } = typeof credentials === 'function' ? await credentials() : credentials;
  const signingDate = new Date(Date.now() + clockOffset);
  const time = `${signingDate.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const [, , , region = ''] = executionArn.split(':');
  const { origin, ...request } = identityRequest({ executionArn, input, time, token, fips, endpoint });
  const { protocol, hostname } = new URL(origin);
  const signer = new SignatureV4({
    service: 'sts',
    region,
    credentials: { accessKeyId, secretAccessKey, ...(token !== undefined && { sessionToken: token }) },
    sha256: Sha256,
    applyChecksum: false,
  });
  const unsigned = new HttpRequest({ ...request, headers: { ...request.headers }, protocol, hostname });
  const { headers } = await signer.sign(unsigned, { signingDate });
  return { authorization: headers.authorization ?? '', time, ...(token !== undefined && { token }), ...(fips && { fips: true }) };
}
