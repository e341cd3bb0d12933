import { type Rule, readRules } from '../eventbridge/rule.ts';
import { type ManagedPolicies, type Roles, readManagedPolicies, readRoles } from '../iam/roles.ts';
import { readFunctions, type StackFunction } from '../lambda/functions.ts';
import { readSchedules, type Schedule } from '../scheduler/schedule.ts';
import { readStateMachines, type StackStateMachine } from '../step-functions/state-machines.ts';
import { openTemplate, type Place } from './template.ts';

/** Everything that the packaged stack deploys. Each service takes its part. */
export interface Stack extends Place {
  readonly functions: readonly StackFunction[];
  readonly stateMachines: readonly StackStateMachine[];
  readonly rules: readonly Rule[];
  readonly schedules: readonly Schedule[];
  readonly roles: Roles;
  readonly managedPolicies: ManagedPolicies;
}

/**
 * Reads the stack that `serverless package` made in `packageDirectory`, as it would be deployed in that place.
 * Throws `UnsupportedTemplate` for anything that would behave differently here than on AWS.
 */
export function readStack(packageDirectory: string, place: Place): Stack {
  const template = openTemplate(packageDirectory, place);
  const functions = readFunctions(template, packageDirectory);
  const stateMachines = readStateMachines(template);
  return {
    ...place,
    functions,
    stateMachines,
    rules: readRules(template, functions),
    schedules: readSchedules(template, stateMachines),
    roles: readRoles(template),
    managedPolicies: readManagedPolicies(template),
  };
}

/** The stack where nothing is deployed. */
export function emptyStack(place: Place): Stack {
  return { ...place, functions: [], stateMachines: [], rules: [], schedules: [], roles: new Map(), managedPolicies: new Map() };
}
