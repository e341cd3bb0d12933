import { type EnvironmentResource, type KeptResource, resourceName } from './names.ts';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** What a tag's key is called, so that no other file spells one. */
export const tagKey = {
  name: 'Name',
  managedBy: 'recode:managed-by',
  environment: 'recode:environment',
  owner: 'recode:owner',
  repository: 'recode:repository',
  sshHostKey: 'recode:ssh-host-key',
  keptUntil: 'recode:kept-until',
  moved: 'recode:moved',
  instanceType: 'recode:instance-type',
  volumeType: 'recode:volume-type',
} as const;

export const managedBy: Tag = { Key: tagKey.managedBy, Value: 'recode' };

/** Whose resource it is: the environment, its owner and its repository. */
export interface Belonging {
  readonly name: string;
  readonly owner: string;
  readonly repository: string;
}

/** The same without the name, which can change. */
export type Owned = Omit<Belonging, 'name'>;

/** The tags of a resource that all environments of the region share. */
export function networkTags(name: string): Tag[] {
  return [{ Key: tagKey.name, Value: name }, managedBy];
}

/** The tags of a resource of one environment. */
export function environmentTags(environment: Belonging, resource: EnvironmentResource | KeptResource): Tag[] {
  return [{ Key: tagKey.name, Value: resourceName(environment.name, resource) }, ...belongingTags(environment)];
}

/** Those of them that have the environment's name. */
export function nameTags({ name }: Pick<Belonging, 'name'>, resource: EnvironmentResource): Tag[] {
  return [
    { Key: tagKey.name, Value: resourceName(name, resource) },
    { Key: tagKey.environment, Value: name },
  ];
}

/** The tags that a resource of an environment has beside its name. */
export function belongingTags(environment: Belonging): Tag[] {
  return [managedBy, { Key: tagKey.environment, Value: environment.name }, ...ownershipTags(environment)];
}

/**
 * Those of them that tell whose environment it is, and for which repository. They find what belongs to an environment, whatever its name is
 * or was: an owner has one environment of a repository.
 */
export const ownerTags = (environment: Owned): Tag[] => [managedBy, ...ownershipTags(environment)];

/** The one of them that a transfer changes. The characters that all of AWS takes in a tag have no comma; no owner has a slash. */
export const ownerTag = ({ owner }: Pick<Owned, 'owner'>): Tag => ({ Key: tagKey.owner, Value: owner.replaceAll(',', '/') });

function ownershipTags(environment: Owned): Tag[] {
  return [ownerTag(environment), { Key: tagKey.repository, Value: environment.repository }];
}

/** Which environment a resource belongs to by its tags; undefined if it is not one of ours. */
export function belongingOf(tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = []): Belonging | undefined {
  const tagged = (key: string) => tags.find(({ Key }) => Key === key)?.Value;
  const [name, owner, repository] = [tagKey.environment, tagKey.owner, tagKey.repository].map(tagged);
  if (name === undefined || owner === undefined || repository === undefined || !hasTags(tags, [managedBy])) return undefined;
  return { name, owner: owner.replaceAll('/', ','), repository };
}

/** Whether tags read from AWS hold all of the expected ones. */
export function hasTags(
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined,
  expected: readonly Tag[],
): boolean {
  return expected.every(({ Key, Value }) => tags?.some((tag) => tag.Key === Key && tag.Value === Value));
}
