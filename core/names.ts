import { createHash } from 'node:crypto';

/** Every name of ours that AWS or a person sees. The packaged template and the docs are checked against this file. */

/** The index of the table that has the environments with a time to stop alone, in the order of their times. */
export const dueIndexName = 'due';

export const tableName = 'recode-config-dynamodb-table';

export const network = {
  vpc: { name: 'recode-vpc', cidr: '10.0.0.0/16' },
  subnet: { name: 'recode-public-subnet', cidr: '10.0.0.0/24' },
  internetGateway: { name: 'recode-internet-gateway' },
  routeTable: { name: 'recode-route-table', destination: '0.0.0.0/0' },
} as const;

/** How many public subnets a network can have: 10.0.0.0/24 to 10.0.254.0/24. */
export const mostSubnets = 255;

/** The public subnet of a number. Every network has number 1. The others are added when environments need them. */
export function publicSubnet(number: number): { readonly name: string; readonly cidr: string } {
  const { subnet } = network;
  return number === 1 ? subnet : { name: `${subnet.name}-${number}`, cidr: `10.0.${number - 1}.0/24` };
}

/** The port that an environment's SSH server listens on, and the user it lets in. */
export const ssh = { port: 2200, user: 'recode' } as const;

/** The name of the state machine of a workflow, such as `recode-start`. */
export const stateMachineName = (workflow: string): string => `recode-${workflow}`;

/** The stack's policies for people: for those who have environments, and for those who may uninstall as well. */
export const policies = { user: 'RecodeUser', admin: 'RecodeAdmin' } as const;

export type EnvironmentResource = 'security-group' | 'key-pair' | 'network-interface' | 'instance' | 'volume';

/** What is left of an environment whose disk is kept. */
export type KeptResource = 'image' | 'snapshot';

/** The name of one of an environment's resources, such as `recode-acme-api-security-group`. */
export function resourceName(environmentName: string, resource: EnvironmentResource | KeptResource): string {
  return `recode-${environmentName}-${resource}`;
}

/** The name of the image of an environment's disk. EC2 accepts it once, so the removal of an environment makes one. */
export const imageName = (uid: string): string => `recode-${uid}`;

/** The name of the image with which a move takes an environment's disk to another zone: another one for each move. */
export const moveImageName = (uid: string, executionArn: string): string => `${imageName(uid)}-${hashOf(executionArn)}`;

// A security group's name may have 255 characters; a tag's value 256. GitHub allows 39 for an owner and 100 for a repository.
export const longestName = 160;

/** The key of an environment's record: GitHub takes `Acme/API` and `acme/api` for the same repository. */
export function environmentId(environment: { owner: string; repository: string }): string {
  return `${environment.owner}/${environment.repository.toLowerCase()}`;
}

/**
 * The names an environment may take, best first: the slug of its repository, the same with its owner, then with a short
 * hash that is its own. Which one it gets is decided by claiming them in this order.
 */
export function candidateNames(environment: { owner: string; repository: string }): readonly string[] {
  const hash = hashOf(environmentId(environment));
  const plain = slug(environment.repository);
  const owned = slug(`${environment.repository}-${environment.owner}`);
  // An older version accepted repositories that leave nothing of a slug.
  return [plain, owned, `${owned.slice(0, longestName - hash.length - 1)}-${hash}`].filter((name) => name !== '');
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);

/** Lower-case letters, digits and single hyphens: `recode-sh/workspace` becomes `recode-sh-workspace`. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, longestName);
}
