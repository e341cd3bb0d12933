import * as v from 'valibot';
import { Lock } from './lock.ts';

const Subnet = v.object({ subnetId: v.string() });

export const NetworkIds = v.object({
  vpcId: v.string(),
  internetGatewayId: v.string(),
  routeTableId: v.string(),
  /** Environments use the first one. */
  subnets: v.tupleWithRest([Subnet], Subnet),
});
export type NetworkIds = v.InferOutput<typeof NetworkIds>;

const common = {
  format: v.literal(2),
  /** Different after each uninstall, so that a start that began before it notices. */
  installation: v.string(),
  lock: v.optional(Lock),
};

/** The network, complete and so usable. */
export const ReadyNetwork = v.object({ ...common, status: v.literal('ready'), ids: NetworkIds });
export type ReadyNetwork = v.InferOutput<typeof ReadyNetwork>;

/** The network that all environments of a region share, as the table records it. */
export const Network = v.variant('status', [
  v.object({ ...common, status: v.literal('creating') }),
  ReadyNetwork,
  /** `before` is what an uninstall that refuses or fails goes back to: incomplete from its first deletion on. */
  v.object({ ...common, status: v.literal('deleting'), before: v.picklist(['creating', 'ready']), ids: v.optional(NetworkIds) }),
]);
export type Network = v.InferOutput<typeof Network>;
