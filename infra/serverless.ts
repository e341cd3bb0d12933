// What serverless.yml reads with ${file(dist/infra.cjs):NAME}. scripts/build.mjs bundles this file into dist/infra.cjs.
export { dashboard } from './dashboard.ts';
export { functionRoles } from './function-roles.ts';
export { functions } from './functions.ts';
export { logMetrics } from './log-metrics.ts';
export { adminMachines, operationMachines, userExecutions, userMachines } from './operations.ts';
export { defaults, environment, permissionsBoundary, tags } from './parameters.ts';
export { stateMachines } from './state-machines.ts';
