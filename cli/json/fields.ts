import type { EnvironmentView } from '../environment-view.ts';

/** The fields of an environment's JSON, in their order. */
export const environmentFields = [
  'repository',
  'owner',
  'name',
  'status',
  'instanceId',
  'instanceType',
  'volumeSizeGiB',
  'volumeType',
  'publicIpAddress',
  'host',
  'port',
  'user',
  'sshConfigFile',
  'sshCommand',
  'workspaceFolder',
  'allowCidrs',
  'autoStop',
  'idleStop',
  'stopAt',
  'startedAt',
  'goneSince',
  'costPerHour',
  'monthEstimate',
  'currency',
  'costUnknown',
  'created',
  'changed',
  'executionArn',
  'operation',
  'lastError',
  'transferTo',
  'transferFrom',
  'createdAt',
  'updatedAt',
] as const satisfies readonly (keyof EnvironmentView)[];

/** The fields of `recode aws list`, which adds the hours of the owner. */
export const listFields = [...environmentFields, 'ownerHours'] as const;

/** The fields that `recode aws status` adds. */
export const statusFields = [...environmentFields, 'resources', 'network', 'backgroundError', 'sshError'] as const;

/** The fields of `recode aws list --removed`. */
export const removedFields = [
  'repository',
  'owner',
  'name',
  'keptUntil',
  'restorable',
  'volumeSizeGiB',
  'usedGiB',
  'volumeType',
  'instanceType',
  'costPerMonth',
  'currency',
  'snapshotId',
  'createdAt',
] as const;

/** The fields of `recode aws logs`, also with --timeline, which adds to each of the operations. */
export const logFields = ['repository', 'owner', 'operations'] as const;

/** The fields of `recode aws logs --idle`. */
export const idleFields = ['repository', 'owner', 'lines'] as const;

/** The fields of `recode aws logs --console`. */
export const consoleFields = ['repository', 'owner', 'instanceId', 'at', 'output'] as const;
