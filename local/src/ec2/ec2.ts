import { join } from 'node:path';
import * as v from 'valibot';
import { createBuckets } from '../buckets.ts';
import { type Clock, reached } from '../clock.ts';
import type { InstanceChange } from '../eventbridge/eventbridge.ts';
import type { InstanceHost } from '../instance-host/instance-host.ts';
import { openJournal } from '../journal.ts';
import { AwsFailure, type AwsRequest, type AwsResponse, type Service } from '../service.ts';
import { checkFilters, type GivenFilter } from './filters.ts';
import { internetGatewayOperations } from './gateway.ts';
import { securityGroupOperations } from './group.ts';
import { checkHonored } from './honored.ts';
import { imageOperations } from './image.ts';
import { instanceOperations } from './instance.ts';
import { createInstanceLife, type InstanceLife } from './instance-life.ts';
import { networkInterfaceOperations } from './interface.ts';
import { keyPairOperations } from './key.ts';
import { launchOperations } from './launch.ts';
import { operationModel } from './model.ts';
import type { Action, Operation, Operations, Region } from './operation.ts';
import { ownImageOperations } from './own-image.ts';
import { routeTableOperations } from './route.ts';
import { defaultSettings, profileOf, Settings } from './settings.ts';
import { snapshotOperations } from './snapshot.ts';
import { changedDocument, createRegionState, RegionChange, RegionDocument, type RegionState } from './state.ts';
import { subnetOperations } from './subnet.ts';
import { tagOperations } from './tags.ts';
import { throttle } from './throttle.ts';
import { instanceTypeOperations } from './type.ts';
import { volumeOperations } from './volume.ts';
import { vpcOperations } from './vpc.ts';
import * as wire from './wire.ts';
import { zoneOperations } from './zone.ts';

/** EC2 behind the gateway. */
export interface Ec2 extends Service {
  /** Mounted at `/_local/ec2`. GET shows the settings, POST changes those it names, DELETE resets them. Throws `v.ValiError`. */
  admin(method: string, body: unknown): Settings;
  /** Stops all activity. Resolves when the host has finished its work. */
  stop(): Promise<void>;
}

/** Throws `AwsFailure` if the caller with this access key may not do this in the region. */
export type Authorize = (accessKeyId: string, action: string, input: wire.Decoded, region: Region) => void;

/** All supported actions. */
export const operations: Operations = {
  ...vpcOperations,
  ...subnetOperations,
  ...zoneOperations,
  ...internetGatewayOperations,
  ...routeTableOperations,
  ...securityGroupOperations,
  ...keyPairOperations,
  ...instanceTypeOperations,
  ...imageOperations,
  ...ownImageOperations,
  ...networkInterfaceOperations,
  ...volumeOperations,
  ...snapshotOperations,
  ...launchOperations,
  ...instanceOperations,
  ...tagOperations,
};

const stateFile = 'ec2.json';

interface OpenRegion {
  readonly region: Region;
  readonly state: RegionState;
  readonly life: InstanceLife;
}

const StateDocument = v.strictObject({ regions: v.record(v.string(), RegionDocument) });
const StateChange = v.strictObject({ region: v.string(), ...RegionChange.entries });

/** EC2 with all regions, each with its own resources, in the journal `ec2.json` of the state directory. Throws `StateDamaged`. */
export function createEc2(options: {
  accountId: string;
  clock: Clock;
  stateDirectory: string;
  instances: InstanceHost;
  /** Without it, everybody may do everything. */
  authorize?: Authorize;
  /** Learns which state an instance has entered. */
  onStateChange?: (change: InstanceChange) => void;
}): Ec2 {
  const { accountId, clock, stateDirectory, instances, authorize, onStateChange } = options;
  const settings = defaultSettings();
  const regions = new Map<string, OpenRegion>();
  const buckets = createBuckets(clock);
  const open = (name: string, document?: RegionDocument) => {
    const state = createRegionState(clock, settings, document);
    const stateChanged: Region['stateChanged'] = ({ id, state }, at) => onStateChange?.({ region: name, id, state, at });
    const save = () => {
      const change = state.takeChange();
      if (change) journal.append({ region: name, ...change });
    };
    const region: Region = { accountId, region: name, resources: state.resources, clock, settings, instances, stateChanged, save };
    const opened = { region, state, life: createInstanceLife(region) };
    regions.set(name, opened);
    return opened;
  };
  const journal = openJournal(
    join(stateDirectory, stateFile),
    (json, lines) => {
      const documents = v.parse(StateDocument, json).regions;
      const changes = v.parse(v.array(StateChange), lines);
      for (const name of new Set([...Object.keys(documents), ...changes.map(({ region }) => region)])) {
        const own = changes.flatMap(({ region, ...change }) => (region === name ? [change] : []));
        open(name, changedDocument(documents[name] ?? { clientTokens: [], resources: {} }, own));
      }
    },
    () => ({ regions: Object.fromEntries([...regions].map(([name, { state }]) => [name, state.document()])) }),
  );
  // Boots the instances that were running when the state was written.
  for (const { life } of regions.values()) life.settle();

  const answer = (request: AwsRequest, { action, model, operation, input }: RequestedCall): string => {
    checkHonored(action, operation, input);
    if (operation.filters && input.Filters) checkFilters(action, operation.filters, input.Filters as GivenFilter[]);

    const { region, state, life } = regions.get(request.region) ?? open(request.region);
    life.settle();
    authorize?.(request.accessKeyId, action, input, region);
    if (input.DryRun === true) throw new AwsFailure('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
    const { ClientToken: token, ...parameters } = input;
    const repeatable = operation.idempotent && typeof token === 'string' && token !== '' ? token : undefined;
    const known = repeatable === undefined ? undefined : state.clientTokens.answered(action, repeatable, parameters);
    if (known !== undefined) return wire.successDocument(action, request.id, known);
    state.takeAdded();
    // It was decoded by the model of this operation.
    const content = wire.encodeOutput(model, operation.run(input as never, { ...region, action, requestId: request.id }));
    if (repeatable !== undefined) state.clientTokens.remember(action, repeatable, parameters, content, state.takeAdded());
    life.settle();
    if (operation.mutates) region.save();
    return wire.successDocument(action, request.id, content);
  };

  return {
    action: (request) => actionOf(queryOf(request)),
    async handle(request) {
      const { limits, call: time, runInstances } = profileOf(settings);
      const begun = clock.now();
      const call = callOf(request);
      if (limits) throttle(buckets, limits, request.region, call.action, call.input);
      try {
        return xml(200, request, answer(request, call));
      } finally {
        // A refusal takes its time, too, except one of a call too many.
        await reached(clock, begun + (call.action === 'RunInstances' ? runInstances : time));
      }
    },
    failure: (failure, request) => xml(failure.status, request, wire.failureDocument(failure, request.id)),
    admin(method, body) {
      if (method === 'POST') Object.assign(settings, v.parse(v.partial(Settings), body));
      if (method === 'DELETE') Object.assign(settings, defaultSettings());
      return structuredClone(settings);
    },
    async stop() {
      await Promise.all([...regions.values()].map(({ life }) => life.stop()));
      journal.close();
    },
  };
}

function queryOf(request: AwsRequest): wire.Query {
  const inPath = request.path.split('?')[1] ?? '';
  return wire.readQuery(new URLSearchParams([inPath, request.body.toString('utf8')].filter((text) => text !== '').join('&')));
}

function actionOf({ action }: wire.Query): string {
  if (action === undefined) throw new AwsFailure('MissingAction', 'The request must contain the parameter Action.');
  return action;
}

interface RequestedCall {
  readonly action: string;
  readonly model: wire.OperationModel;
  readonly operation: Operation<Action>;
  readonly input: wire.Decoded;
}

function callOf(request: AwsRequest): RequestedCall {
  const query = queryOf(request);
  const action = actionOf(query);
  if (query.version !== wire.apiVersion)
    throw new AwsFailure('NoSuchVersion', `The requested version (${query.version ?? ''}) of service AmazonEC2 does not exist`);
  const model = operationModel(action);
  const operation = operationOf(action);
  return { action, model, operation, input: wire.decode(model, query) };
}

function operationOf(action: string): Operation<Action> {
  const operation = operations[action as Action];
  if (!operation) throw new AwsFailure('UnsupportedOperation', `The embedded AWS does not support the action ${action}.`);
  return operation as Operation<Action>;
}

function xml(status: number, request: AwsRequest, body: string): AwsResponse {
  return { status, headers: { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': request.id }, body };
}
