import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import { ClientToken, type ClientTokens, createClientTokens } from './client-token.ts';
import { internetGatewayKind } from './gateway.ts';
import { securityGroupKind } from './group.ts';
import { instanceKind } from './instance-state.ts';
import { networkInterfaceKind } from './interface.ts';
import { keyPairKind } from './key.ts';
import { imageKind } from './own-image.ts';
import { type Collection, createCollection, type Kind, type Resource } from './resource.ts';
import { routeTableKind } from './route.ts';
import { securityGroupRuleKind } from './rule.ts';
import type { Settings } from './settings.ts';
import { snapshotKind } from './snapshot.ts';
import { subnetKind } from './subnet.ts';
import { volumeKind } from './volume.ts';
import { vpcKind } from './vpc.ts';

/** All kinds of resources, by their names in the state file. */
export const kinds = {
  vpcs: vpcKind,
  subnets: subnetKind,
  internetGateways: internetGatewayKind,
  routeTables: routeTableKind,
  securityGroups: securityGroupKind,
  securityGroupRules: securityGroupRuleKind,
  keyPairs: keyPairKind,
  networkInterfaces: networkInterfaceKind,
  volumes: volumeKind,
  instances: instanceKind,
  snapshots: snapshotKind,
  images: imageKind,
};

type Kinds = typeof kinds;
type RecordOf<K> = K extends Kind<infer T> ? T : never;

/** The resources of a region: `call.resources.vpcs.find(id)`. */
export type Resources = { readonly [K in keyof Kinds]: Collection<RecordOf<Kinds[K]>> };

/** The state of a region. */
export interface RegionState {
  readonly resources: Resources;
  readonly clientTokens: ClientTokens;
  /** The IDs of the resources added since the last call of this function. */
  takeAdded(): string[];
  /** The state as JSON. */
  document(): RegionDocument;
}

/** A region in the state file: the records of each kind, oldest first. */
export const RegionDocument = v.strictObject({
  clientTokens: v.array(ClientToken),
  resources: v.record(v.string(), v.array(v.unknown())),
});
export type RegionDocument = v.InferOutput<typeof RegionDocument>;

/** The state of a region from a document, or an empty one. Throws if the document has an unknown kind or an invalid record. */
export function createRegionState(clock: Clock, settings: Settings, document?: RegionDocument): RegionState {
  const clientTokens = createClientTokens(document?.clientTokens ?? [], () => clock.now());
  let added: string[] = [];
  const events = {
    now: () => clock.now(),
    visibleAt: () => clock.now() + settings.invisibleMilliseconds,
    added: (id: string) => added.push(id),
    deleted: (id: string, endedAt: number) => clientTokens.ended(id, endedAt),
  };
  for (const name of Object.keys(document?.resources ?? {}))
    if (!Object.hasOwn(kinds, name)) throw new Error(`EC2 has no resources called ${name}.`);
  const collections = Object.entries<Kind<Resource>>(kinds).map(
    ([name, kind]) => [name, createCollection(kind, v.parse(v.array(kind.schema), document?.resources[name] ?? []), events)] as const,
  );
  const resources = Object.fromEntries(collections) as unknown as Resources;

  return {
    resources,
    clientTokens,
    takeAdded() {
      const taken = added;
      added = [];
      return taken;
    },
    document: () => ({
      clientTokens: [...clientTokens.all()],
      resources: Object.fromEntries(collections.map(([name, { all }]) => [name, all()])),
    }),
  };
}
