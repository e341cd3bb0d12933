import type { InstanceStateChange, InstanceStatus } from '@aws-sdk/client-ec2';
import { AwsFailure } from '../service.ts';
import { instanceTypeOf, unknownHere } from './catalog.ts';
import { filtered } from './filters.ts';
import { describedReservation, instanceFilters, viewOf } from './instance-description.ts';
import { begin, beginStop, beginTermination, type Instance, stateCodes, userShutdown } from './instance-state.ts';
import type { Call, Operations } from './operation.ts';
import { paginated } from './pagination.ts';
import { nextOutcome } from './settings.ts';
import { refuseOtherArchitecture } from './type.ts';
import { storedUserData } from './user-data.ts';
import { endWithoutCapacity, refuseOtherZones, refuseWithoutCapacity } from './zone.ts';

export const instanceOperations = {
  DescribeInstances: {
    honors: { InstanceIds: true, 'Filters.Name': true, 'Filters.Values': true, MaxResults: true, NextToken: true },
    filters: instanceFilters,
    run(input, call) {
      refuseIdsWithPages(input);
      const views = call.resources.instances.select(input.InstanceIds).map((instance) => viewOf(instance, call));
      const { page, NextToken } = paginated(call, input, filtered(instanceFilters, views, input.Filters), ({ id }) => id);
      return { Reservations: page.map((view) => describedReservation(view, call)), NextToken };
    },
  },

  DescribeInstanceStatus: {
    honors: { InstanceIds: true, IncludeAllInstances: true, MaxResults: true, NextToken: true },
    run(input, call) {
      refuseIdsWithPages(input);
      const chosen = call.resources.instances
        .select(input.InstanceIds)
        .filter(({ state }) => input.IncludeAllInstances === true || state === 'running');
      const { page, NextToken } = paginated(call, input, chosen, ({ id }) => id);
      return { InstanceStatuses: page.map(statusOf), NextToken };
    },
  },

  DescribeInstanceAttribute: {
    honors: { InstanceId: true, Attribute: ['userData', 'instanceInitiatedShutdownBehavior', 'instanceType'] },
    run({ InstanceId, Attribute }, { resources }) {
      const instance = resources.instances.find(InstanceId);
      if (Attribute === 'userData') return { InstanceId, UserData: instance.userData === '' ? {} : { Value: instance.userData } };
      if (Attribute === 'instanceType') return { InstanceId, InstanceType: { Value: instance.instanceType } };
      return { InstanceId, InstanceInitiatedShutdownBehavior: { Value: instance.shutdownBehavior } };
    },
  },

  ModifyInstanceAttribute: {
    honors: { InstanceId: true, 'UserData.Value': true, 'InstanceType.Value': true },
    mutates: true,
    run({ InstanceId, UserData, InstanceType }, { region, resources }) {
      const instance = resources.instances.find(InstanceId);
      if (!UserData && !InstanceType) throw new AwsFailure('InvalidParameterCombination', 'No attributes specified.');
      // "You can specify only one attribute at a time."
      // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html
      if (UserData && InstanceType) throw new AwsFailure('InvalidParameterCombination', 'Fields for multiple attribute types specified.');
      const change = UserData
        ? { userData: storedUserData(UserData.Value ?? new Uint8Array()) }
        : { instanceType: typeFor(InstanceType?.Value ?? '', instance, region) };
      if (instance.state !== 'stopped')
        throw new AwsFailure('IncorrectInstanceState', `The instance '${InstanceId}' is not in the 'stopped' state.`);
      resources.instances.change(instance, change);
      return {};
    },
  },

  GetConsoleOutput: {
    honors: { InstanceId: true, Latest: true },
    run({ InstanceId, Latest }, { region, resources, instances, clock }) {
      const { id, instanceType } = resources.instances.find(InstanceId);
      if (Latest && instanceTypeOf(region, instanceType)?.hypervisor !== 'nitro') {
        throw new AwsFailure('UnsupportedOperation', 'This instance type does not support retrieving the latest console logs.');
      }
      const text = instances.consoleOutput(id);
      return { InstanceId: id, Timestamp: new Date(clock.now()), Output: text === '' ? undefined : Buffer.from(text).toString('base64') };
    },
  },

  StartInstances: {
    honors: { InstanceIds: true },
    mutates: true,
    run({ InstanceIds }, call) {
      const chosen = call.resources.instances.select(InstanceIds);
      refuseStates(
        chosen,
        ['stopping', 'shutting-down', 'terminated'],
        (id) => `The instance '${id}' is not in a state from which it can be started.`,
      );
      for (const instance of chosen) if (instance.state === 'stopped') refuseToRun(instance, call);
      return {
        StartingInstances: chosen.map((instance) =>
          changed(instance, () => {
            if (instance.state !== 'stopped') return;
            begin(instance, call, fateOf(instance, call), 0);
          }),
        ),
      };
    },
  },

  StopInstances: {
    honors: { InstanceIds: true, Force: true, Hibernate: [false] },
    mutates: true,
    run({ InstanceIds }, call) {
      const chosen = call.resources.instances.select(InstanceIds);
      refuseStates(chosen, ['pending'], (id) => `Instance '${id}' cannot be stopped as it has never reached the 'running' state.`);
      refuseStates(
        chosen,
        ['shutting-down', 'terminated'],
        (id) => `This instance '${id}' is not in a state from which it can be stopped.`,
      );
      return {
        StoppingInstances: chosen.map((instance) =>
          changed(instance, () => {
            if (instance.state === 'running') beginStop(instance, call, userShutdown);
          }),
        ),
      };
    },
  },

  TerminateInstances: {
    honors: { InstanceIds: true },
    mutates: true,
    run({ InstanceIds }, call) {
      return {
        TerminatingInstances: call.resources.instances.select(InstanceIds).map((instance) =>
          changed(instance, () => {
            if (instance.state !== 'shutting-down' && instance.state !== 'terminated') beginTermination(instance, call, userShutdown);
          }),
        ),
      };
    },
  },
} satisfies Operations;

function fateOf(instance: Instance, call: Call): Instance['fate'] {
  const reason = endWithoutCapacity(instance, call);
  if (reason !== undefined) return { outcome: 'stopped', reason };
  const planned = nextOutcome(call.settings.starts);
  return planned && { outcome: planned.outcome, reason: planned.reason };
}

/** The name of a type that an instance can get. */
function typeFor(name: string, { architecture }: Instance, region: string): string {
  const type = instanceTypeOf(region, name);
  // "most commonly encountered when trying to set the InstanceType attribute to an unrecognized value"
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
  if (!type)
    throw new AwsFailure('InvalidInstanceAttributeValue', `Invalid value '${name}' for InstanceType. ${unknownHere([name], region)}`);
  refuseOtherArchitecture(type, architecture);
  return name;
}

/** Its zone may not offer the type that it has been given, or have no capacity for it. */
function refuseToRun(instance: Instance, call: Call): void {
  const type = instanceTypeOf(call.region, instance.instanceType);
  if (type) refuseOtherZones(type, instance.availabilityZone, call);
  refuseWithoutCapacity(instance, call);
}

function refuseIdsWithPages({
  InstanceIds,
  MaxResults,
}: {
  InstanceIds?: readonly string[] | undefined;
  MaxResults?: number | undefined;
}): void {
  if (InstanceIds && MaxResults !== undefined)
    throw new AwsFailure('InvalidParameterCombination', 'The parameter instancesSet cannot be used with the parameter maxResults');
}

function refuseStates(instances: readonly Instance[], states: readonly Instance['state'][], text: (id: string) => string): void {
  const refused = instances.find(({ state }) => states.includes(state));
  if (refused) throw new AwsFailure('IncorrectInstanceState', text(refused.id));
}

function changed(instance: Instance, change: () => void): InstanceStateChange {
  const before = instance.state;
  change();
  const state = (name: Instance['state']) => ({ Code: stateCodes[name], Name: name });
  return { InstanceId: instance.id, PreviousState: state(before), CurrentState: state(instance.state) };
}

function statusOf(instance: Instance): InstanceStatus {
  const running = instance.state === 'running';
  const Status = !running ? 'not-applicable' : instance.until === undefined ? 'ok' : 'initializing';
  return {
    InstanceId: instance.id,
    AvailabilityZone: instance.availabilityZone,
    InstanceState: { Code: stateCodes[instance.state], Name: instance.state },
    InstanceStatus: { Status, Details: [] },
    SystemStatus: { Status, Details: [] },
    Events: [],
  };
}
