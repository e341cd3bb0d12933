import * as v from 'valibot';
import { deleteEnvironment, release, releaseFormerNames } from '../../aws/records/hold/environment.ts';
import { countEnd, countRun } from '../../aws/records/hold/hours.ts';
import { finishTransfer } from '../../aws/records/hold/transfer.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { ifInstalled } from '../../aws/records/read/table.ts';
import { dynamodb } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import {
  FormerOwner,
  HeldEnvironment,
  KeptImage,
  KeyedEnvironment,
  Launch,
  Plan,
  RemoveOutput,
  RenameOutput,
  RunningInstance,
  StartOutput,
  StopOutput,
  StoppedInstance,
  StoppingInstances,
  TransferOutput,
} from '../../core/document.ts';
import { bootSettings, GivenChanges, launchWishes, type Observed } from '../../core/environment.ts';
import { nextStop, type StopSettings } from '../../core/next-stop.ts';
import { Operation } from '../../core/operation.ts';
import { forEach, kindsWith } from '../../core/operations.ts';

const held = { environment: HeldEnvironment, operation: Operation };
const starting = kindsWith({ ends: 'started' });
const stopping = kindsWith({ ends: 'stopped' });
const renaming = kindsWith({ ends: 'renamed' });
const transferring = kindsWith({ ends: 'transferred' });
const removing = kindsWith({ ends: 'removed' });
const Started = v.object({
  kind: v.picklist(starting),
  ...held,
  environment: KeyedEnvironment,
  /** Missing if nothing was asked for. */
  request: v.optional(GivenChanges),
  plan: Plan,
  launch: v.optional(Launch),
  instance: RunningInstance,
});
type Started = v.InferOutput<typeof Started>;

/** Records what the environment is now and releases it; after a removal, deletes its record and name. Makes the execution's output. */
export const finishOperation = step({
  input: v.variant('kind', [
    Started,
    v.object({ kind: v.picklist(stopping), ...held, instances: StoppingInstances, instance: StoppedInstance }),
    v.object({ kind: v.picklist(renaming), ...held }),
    v.object({ kind: v.picklist(transferring), ...held, formerOwner: FormerOwner, instance: v.optional(StoppedInstance) }),
    v.object({ kind: v.picklist(removing), ...held, kept: v.optional(KeptImage) }),
  ]),
  output: {
    ...forEach(starting, () => StartOutput),
    ...forEach(stopping, () => StopOutput),
    ...forEach(renaming, () => RenameOutput),
    ...forEach(transferring, () => TransferOutput),
    ...forEach(removing, () => RemoveOutput),
  },
  uses: { dynamodb, settings },
  async run(document, { dynamodb, settings, clock }): Promise<StartOutput | StopOutput | RenameOutput | TransferOutput | RemoveOutput> {
    const { environment, operation } = document;
    const { owner, repository, name, recorded, request } = environment;
    const subject = { owner, repository, name };
    const moment = { now: clock.now(), limit: settings.hoursPerOwner };
    const now = new Date(moment.now).toISOString();
    if ('plan' in document) {
      const { publicIpAddress, ...instance } = document.instance;
      const asked = document.request?.autoStop;
      const launchedAt = instance.launchedAt ?? now;
      const stopAtItsTime = stopAtOf(document, settings, moment.now);
      const stopAt = await countRun(dynamodb, environment, { launchedAt, stopAt: stopAtItsTime }, moment);
      const asItWas = recorded.status === 'started' && document.plan.action === 'nothing' && asked === undefined;
      const updatedAt = asItWas ? (recorded.updatedAt ?? now) : now;
      const observed: Observed = { ...instance, state: 'running', publicIpAddress, at: now };
      // It has finished a rename that died.
      await releaseFormerNames(dynamodb, environment, operation);
      const wanted = { ...(asked && { 'wanted.autoStop': asked }), ...(stopAt !== undefined && { 'wanted.stopAt': stopAt }) };
      const released = await release(dynamodb, environment, operation, {
        set: { ...wanted, observed, updatedAt },
        remove: ['lastError', 'changing', 'formerNames', ...(stopAt === undefined ? ['wanted.stopAt'] : []), ...launchWishes(request)],
        end: { endedAt: now },
      });
      // An earlier attempt may have recorded it before its answer was lost.
      const current = released ? { stopAt } : (await readEnvironment(dynamodb, environment))?.wanted;
      const { instanceId, instanceType, hostKey } = instance;
      const { publicKey, allowCidrs } = document.environment.request;
      return {
        ...subject,
        status: 'started',
        created: document.launch !== undefined,
        // An earlier attempt may have started it before its answer was lost.
        changed: recorded.status !== 'started' || document.plan.action === 'create' || document.plan.action === 'start',
        instanceId,
        instanceType,
        publicIpAddress,
        hostKey,
        publicKey,
        allowCidrs,
        stopAt: current?.stopAt ?? null,
        ...(stopAt !== stopAtItsTime && { cut: true as const }),
        idleStop: bootSettings(environment, settings).idleStop,
      };
    }
    if ('instances' in document) {
      const { instance, instances } = document;
      // An earlier attempt may have stopped it before its answer was lost.
      const changed = instances.changed || recorded.status === 'starting' || recorded.status === 'started';
      const updatedAt = !changed && recorded.status === 'stopped' ? (recorded.updatedAt ?? now) : now;
      // It may have stopped long before, without anybody who told of it.
      const stoppedAt = instance?.stoppedAt ?? (instances.changed ? undefined : recorded.ranAt);
      await countEnd(dynamodb, environment, moment, { stoppedAt });
      await release(dynamodb, environment, operation, {
        set: { ...stoppedAs(instance, now), updatedAt },
        remove: ['lastError', 'wanted.stopAt', ...(instance ? [] : ['observed.publicIpAddress'])],
        end: { endedAt: now },
      });
      const { instanceId = instances.instanceIds[0], instanceType = request.instanceType } = instance ?? {};
      return { ...subject, status: 'stopped', changed, instanceId, instanceType };
    }
    if (document.kind === 'rename') {
      const changed = environment.formerNames !== undefined;
      await releaseFormerNames(dynamodb, environment, operation);
      await release(dynamodb, environment, operation, {
        set: changed ? { updatedAt: now } : {},
        remove: ['lastError', 'formerNames'],
        end: { endedAt: now },
      });
      return { ...subject, status: 'renamed', changed };
    }
    if (document.kind === 'transfer') {
      const { formerOwner, instance } = document;
      await countEnd(dynamodb, { ...environment, owner: formerOwner }, moment, { stoppedAt: instance?.stoppedAt });
      await finishTransfer(dynamodb, { environment, formerOwner }, operation, {
        set: { ...(instance !== undefined && stoppedAs(instance, now)), updatedAt: now },
        remove: ['lastError', 'wanted.stopAt', ...(instance === null ? ['observed.publicIpAddress'] : [])],
        end: { endedAt: now },
      });
      return { ...subject, formerOwner, status: 'transferred' };
    }
    // An earlier attempt may have deleted the last environment, and an uninstall the table since.
    await ifInstalled(countEnd(dynamodb, environment, moment));
    await ifInstalled(deleteEnvironment(dynamodb, environment, operation));
    return { ...subject, status: 'removed', keptUntil: document.kept?.until ?? null };
  },
});

export const handler = lambdaHandler(finishOperation);

/** What is observed of a stopped instance. */
function stoppedAs(instance: StoppedInstance, at: string) {
  if (!instance) return { 'observed.state': 'stopped', 'observed.at': at };
  const { stoppedAt: _, ...observed } = instance;
  return { observed: { ...observed, state: 'stopped', at } };
}

/** The time of the automatic stop. An environment that was found started keeps its time until it has passed or a new one is asked for. */
function stopAtOf({ environment, request, plan }: Started, { autoStop, longestRun }: StopSettings, now: number): string | undefined {
  const kept = environment.recorded.stopAt;
  const found = plan.action === 'nothing' || plan.action === 'wait';
  if (found && request?.autoStop === undefined && kept !== undefined && Date.parse(kept) > now) return kept;
  const next = nextStop(environment.request.autoStop ?? autoStop, now, longestRun);
  return next === undefined ? undefined : new Date(next).toISOString();
}
