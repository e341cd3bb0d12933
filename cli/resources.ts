import type { Environment } from '../core/environment.ts';
import { type EnvironmentResource, resourceName } from '../core/names.ts';

/** A resource of an environment as people look for it in the AWS console. */
export interface NamedResource {
  readonly kind: EnvironmentResource;
  readonly name: string;
  /** Recorded of instances alone; null of what is found by its name. */
  readonly id: string | null;
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
  const { name } = environment;
  if (name === undefined) return [];
  const id = environment.observed?.instanceId ?? null;
  return (Object.keys(kinds) as EnvironmentResource[]).map((kind) => ({
    kind,
    name: resourceName(name, kind),
    id: kind === 'instance' ? id : null,
  }));
}

/** The same as rows of a table for people, with what else is recorded of each. */
export function resourceRows(environment: Environment): (readonly [kind: string, name: string])[] {
  const { observed, wanted } = environment;
  const details: Partial<Record<EnvironmentResource, string>> = {
    ...(observed && { instance: `${observed.instanceId}, ${observed.instanceType}` }),
    volume: `${wanted.volumeSize} GiB, ${wanted.volumeType}`,
  };
  return resourcesOf(environment).map(({ kind, name }) => [kinds[kind], details[kind] === undefined ? name : `${name} (${details[kind]})`]);
}
