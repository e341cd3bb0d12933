/** Every status of an environment, from its first start to its removal. */
export const environmentStatuses = ['creating', 'starting', 'started', 'stopping', 'stopped', 'removing', 'gone'] as const;
export type EnvironmentStatus = (typeof environmentStatuses)[number];
