import type { Environment } from '../core/environment.ts';
import { type EnvironmentResource, resourceName } from '../core/names.ts';

/** A resource of an environment as people look for it in the AWS console. */
export interface NamedResource {
  readonly kind: string;
  readonly name: string;
  /** What else is recorded of it. */
  readonly details: readonly string[];
}

const kinds: Readonly<Record<EnvironmentResource, string>> = {
  instance: 'instance',
  volume: 'volume',
  'network-interface': 'network interface',
  'key-pair': 'key pair',
  'security-group': 'security group',
};

/** What the record of an environment says was made for it: nothing while it has no name. */
export function resourcesOf(environment: Environment): NamedResource[] {
  const { name, request } = environment;
  if (name === undefined) return [];
  const instance = 'instance' in environment ? environment.instance : undefined;
  const details: Partial<Record<EnvironmentResource, readonly string[]>> = {
    ...(instance && { instance: [instance.instanceId, instance.instanceType] }),
    volume: [`${request.volumeSize} GiB`, request.volumeType],
  };
  return (Object.keys(kinds) as EnvironmentResource[]).map((resource) => ({
    kind: kinds[resource],
    name: resourceName(name, resource),
    details: details[resource] ?? [],
  }));
}

/** The same as rows of a table for people. */
export function resourceRows(environment: Environment): (readonly [kind: string, name: string])[] {
  return resourcesOf(environment).map(({ kind, name, details }) => [kind, details.length === 0 ? name : `${name} (${details.join(', ')})`]);
}
