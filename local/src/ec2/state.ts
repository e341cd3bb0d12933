import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import { ClientToken, type ClientTokens, createClientTokens, keyOf } from './client-token.ts';
import { internetGatewayKind } from './gateway.ts';
import { securityGroupKind } from './group.ts';
import { instanceKind } from './instance-state.ts';
import { networkInterfaceKind } from './interface.ts';
import { keyPairKind } from './key.ts';
import { imageKind } from './own-image.ts';
import { type Collection, type CollectionEvents, createCollection, type Kind, type Resource } from './resource.ts';
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
  /** What has changed since the last call of this function, as JSON; undefined if nothing has. */
  takeChange(): RegionChange | undefined;
}

/** A region in the state file: the records of each kind, oldest first. */
export const RegionDocument = v.strictObject({
  clientTokens: v.array(ClientToken),
  resources: v.record(v.string(), v.array(v.unknown())),
});
export type RegionDocument = v.InferOutput<typeof RegionDocument>;

/** A change of a region in the state file: its new and changed client tokens, its new and changed records of each kind, and the IDs of deleted ones. */
export const RegionChange = v.strictObject({
  clientTokens: v.array(ClientToken),
  put: v.record(v.string(), v.array(v.unknown())),
  deleted: v.record(v.string(), v.array(v.string())),
});
export type RegionChange = v.InferOutput<typeof RegionChange>;

const Identified = v.looseObject({ id: v.string() });

/** A region after its changes. Throws if a record has no ID. */
export function changedDocument({ clientTokens, resources }: RegionDocument, changes: readonly RegionChange[]): RegionDocument {
  const tokens = new Map(clientTokens.map((one) => [keyOf(one), one]));
  const records = new Map(Object.entries(resources).map(([name, all]) => [name, byId(all)]));
  for (const change of changes) {
    for (const one of change.clientTokens) tokens.set(keyOf(one), one);
    for (const [name, put] of Object.entries(change.put)) {
      const known = records.get(name) ?? new Map<string, unknown>();
      for (const [id, record] of byId(put)) known.set(id, record);
      records.set(name, known);
    }
    for (const [name, ids] of Object.entries(change.deleted)) for (const id of ids) records.get(name)?.delete(id);
  }
  return {
    clientTokens: [...tokens.values()],
    resources: Object.fromEntries([...records].map(([name, all]) => [name, [...all.values()]])),
  };
}

const byId = (records: readonly unknown[]) => new Map(records.map((record) => [v.parse(Identified, record).id, record]));

/** The state of a region from a document, or an empty one. Throws if the document has an unknown kind or an invalid record. */
export function createRegionState(clock: Clock, settings: Settings, document?: RegionDocument): RegionState {
  const clientTokens = createClientTokens(document?.clientTokens ?? [], () => clock.now());
  let added: string[] = [];
  const changes: { name: string; put: Set<Resource>; deleted: Set<string> }[] = [];
  const eventsOf = (name: string): CollectionEvents => {
    const change = { name, put: new Set<Resource>(), deleted: new Set<string>() };
    changes.push(change);
    return {
      now: () => clock.now(),
      visibleAt: () => clock.now() + settings.invisibleMilliseconds,
      added(record) {
        added.push(record.id);
        change.put.add(record);
      },
      changed: (record) => change.put.add(record),
      deleted(record, endedAt) {
        clientTokens.ended(record.id, endedAt);
        change.put.delete(record);
        change.deleted.add(record.id);
      },
    };
  };
  for (const name of Object.keys(document?.resources ?? {}))
    if (!Object.hasOwn(kinds, name)) throw new Error(`EC2 has no resources called ${name}.`);
  const collections = Object.entries<Kind<Resource>>(kinds).map(
    ([name, kind]) =>
      [name, createCollection(kind, v.parse(v.array(kind.schema), document?.resources[name] ?? []), eventsOf(name))] as const,
  );
  // Object.fromEntries loses which value has which name.
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
    takeChange() {
      const tokens = clientTokens.takeChanged();
      if (tokens.length === 0 && !changes.some(({ put, deleted }) => put.size + deleted.size > 0)) return undefined;
      const taken: RegionChange = { clientTokens: tokens, put: {}, deleted: {} };
      for (const { name, put, deleted } of changes) {
        if (put.size > 0) taken.put[name] = [...put];
        if (deleted.size > 0) taken.deleted[name] = [...deleted];
        put.clear();
        deleted.clear();
      }
      return taken;
    },
  };
}
