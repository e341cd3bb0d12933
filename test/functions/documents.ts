import type { KeyedEnvironment } from '../../core/document.ts';
import type { Instance } from '../../core/environment.ts';
import type { NetworkIds } from '../../core/network.ts';
import { keyPairFrom } from '../../core/openssh-key.ts';
import type { Operation } from '../../core/operation.ts';
import type { OperationKind } from '../../core/operations.ts';

/** The nouns of a state document, as the states before a step would have left them. */

/** The public key of a user; each number makes another one. */
export const publicKey = (number = 1): string => keyPairFrom(Buffer.alloc(32, number), 'alice').publicKey;

export const request: KeyedEnvironment['request'] = {
  instanceType: 't2.medium',
  volumeSize: 16,
  volumeType: 'gp2',
  allowCidrs: ['0.0.0.0/0'],
  publicKey: publicKey(),
};

export const environment: KeyedEnvironment = {
  uid: 'uid-1',
  owner: 'alice',
  repository: 'acme/api',
  name: 'acme-api',
  request,
  recorded: { status: 'creating', request, instanceId: null },
};

/** The operation of an execution of the given name; one that Step Functions need not know. */
export function operationOf<Kind extends OperationKind = 'start'>(execution: string, kind?: Kind): Operation & { readonly kind: Kind };
export function operationOf(execution: string, kind: OperationKind = 'start'): Operation {
  const executionArn = `arn:aws:states:us-east-1:000000000000:execution:recode-${kind}:${execution}`;
  return { executionArn, kind, owner: 'alice', startedAt: '2026-01-01T00:00:00.000Z' };
}

export const operation = operationOf('one');

export const networkIds: NetworkIds = {
  vpcId: 'vpc-1',
  internetGatewayId: 'igw-1',
  routeTableId: 'rtb-1',
  subnets: [{ subnetId: 'subnet-1' }],
};

/** The network as its record holds it, with the ids of parts that a test has made. */
export const readyNetwork = ({ subnetId = 'subnet-1', ...made }: Partial<Omit<NetworkIds, 'subnets'>> & { readonly subnetId?: string }) => {
  const ids: NetworkIds = { ...networkIds, ...made, subnets: [{ subnetId }] };
  return { format: 2, installation: 'installation-1', status: 'ready', ids } as const;
};

/** An instance as its environment records it. */
export const instance: Instance = { instanceId: 'i-1', instanceType: 't2.medium', architecture: 'x86_64', hostKey: 'ssh-ed25519 AAAA' };

export const launchPlan = { action: 'create', checkSsh: true } as const;
export const foundPlan = (instanceId: string, action: 'start' | 'wait' | 'nothing' = 'start') => ({ action, instanceId, checkSsh: true });

export const instanceType = { name: 't2.medium', architecture: 'x86_64', zones: ['us-east-1b', 'us-east-1c'] };
