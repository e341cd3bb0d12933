import * as v from 'valibot';
import { Environment, EnvironmentRequest, Instance, type Observed, type Wanted } from './environment.ts';
import type { Lock } from './lock.ts';
import { Network, type NetworkIds } from './network.ts';
import { Operation } from './operation.ts';

/**
 * Records of the first format. They have no attribute `format`, and a status in place of what it follows from. They are read as if they had
 * the current format, and get it with their next change.
 */

/** The format of the records that this version writes. */
export const currentFormat = 2;

const locked = { operation: v.optional(Operation), quietUntil: v.optional(v.number()) };

const environment = {
  ...locked,
  uid: v.string(),
  owner: v.string(),
  repository: v.string(),
  request: EnvironmentRequest,
  stopAt: v.optional(v.string()),
  lastError: v.optional(v.object({ name: v.string(), message: v.string(), at: v.string() })),
  createdAt: v.string(),
  updatedAt: v.string(),
};
const named = { ...environment, name: v.string(), instance: Instance };

const OldEnvironment = v.variant('status', [
  v.object({ ...environment, status: v.literal('creating'), name: v.optional(v.string()) }),
  v.object({ ...named, status: v.literal('starting') }),
  v.object({ ...named, status: v.literal('started'), publicIpAddress: v.string() }),
  v.object({ ...named, status: v.literal('stopping') }),
  v.object({ ...named, status: v.literal('stopped') }),
  v.object({ ...environment, status: v.literal('removing'), name: v.optional(v.string()), instance: v.optional(Instance) }),
]);
type OldEnvironment = v.InferOutput<typeof OldEnvironment>;

const OldIds = v.object({ vpcId: v.string(), subnetId: v.string(), internetGatewayId: v.string(), routeTableId: v.string() });
type OldIds = v.InferOutput<typeof OldIds>;

const network = { ...locked, installation: v.string() };
const OldNetwork = v.variant('status', [
  v.object({ ...network, status: v.literal('creating') }),
  v.object({ ...network, status: v.literal('ready'), ids: OldIds }),
  v.object({ ...network, status: v.literal('deleting'), before: v.picklist(['creating', 'ready']), ids: v.optional(OldIds) }),
]);

/** Every attribute of the first format that the current one does not have. */
export const formerAttributes: readonly string[] = [
  'status',
  'request',
  'instance',
  'publicIpAddress',
  'stopAt',
  'operation',
  'quietUntil',
];

/** Whether an item of the table was written in the first format. */
export function isFormer(item: unknown): boolean {
  return typeof item === 'object' && item !== null && !('format' in item);
}

/** An environment as it is recorded, in either format. */
export const RecordedEnvironment: v.GenericSchema<unknown, Environment> = v.lazy((item) =>
  isFormer(item) ? v.pipe(OldEnvironment, v.transform(currentEnvironment)) : Environment,
);

/** The network as it is recorded, in either format. */
export const RecordedNetwork: v.GenericSchema<unknown, Network> = v.lazy((item) =>
  isFormer(item) ? v.pipe(OldNetwork, v.transform(currentNetwork)) : Network,
);

function currentEnvironment(old: OldEnvironment): Environment {
  const { uid, owner, repository, name, createdAt, updatedAt, request, stopAt, lastError } = old;
  const observed = observedOf(old);
  return {
    format: 2,
    uid,
    owner,
    repository,
    ...(name !== undefined && { name }),
    wanted: { ...request, power: powerOf[old.status], ...(stopAt !== undefined && { stopAt }) },
    ...(observed && { observed }),
    ...lockOf(old),
    ...(lastError && { lastError }),
    createdAt,
    updatedAt,
  };
}

const powerOf: Record<OldEnvironment['status'], Wanted['power']> = {
  creating: 'on',
  starting: 'on',
  started: 'on',
  stopping: 'off',
  stopped: 'off',
  removing: 'removed',
};

// The state that leads to the same status again. After a failed removal, the state of the instance is unknown.
const stateOf: Record<OldEnvironment['status'], Observed['state']> = {
  creating: 'pending',
  starting: 'pending',
  started: 'running',
  stopping: 'stopping',
  stopped: 'stopped',
  removing: 'running',
};

function observedOf(old: OldEnvironment): Observed | undefined {
  if (!('instance' in old) || !old.instance) return undefined;
  const { instance, status, updatedAt: at } = old;
  // The first format had this error in place of a status for it.
  if (old.lastError?.name === 'InstanceGone') return { ...instance, state: 'gone', at };
  return { ...instance, state: stateOf[status], ...(status === 'started' && { publicIpAddress: old.publicIpAddress }), at };
}

function lockOf({ operation, quietUntil }: { operation?: Operation | undefined; quietUntil?: number | undefined }): { lock?: Lock } {
  if (operation) return { lock: operation };
  return quietUntil === undefined ? {} : { lock: { quietUntil } };
}

function currentNetwork(old: v.InferOutput<typeof OldNetwork>): Network {
  const common = { format: 2, installation: old.installation, ...lockOf(old) } as const;
  switch (old.status) {
    case 'creating':
      return { ...common, status: old.status };
    case 'ready':
      return { ...common, status: old.status, ids: currentIds(old.ids) };
    case 'deleting':
      return { ...common, status: old.status, before: old.before, ...(old.ids && { ids: currentIds(old.ids) }) };
  }
}

function currentIds({ vpcId, subnetId, internetGatewayId, routeTableId }: OldIds): NetworkIds {
  return { vpcId, internetGatewayId, routeTableId, subnets: [{ subnetId }] };
}
