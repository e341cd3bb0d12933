import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createBuckets } from '../buckets.ts';
import type { Clock } from '../clock.ts';
import type { Lambda } from '../lambda/lambda.ts';
import { createLatencySetting, type LatencySetting, profiles } from '../profiles.ts';
import { AwsFailure, type AwsRequest, type AwsResponse, type Service } from '../service.ts';
import type { Stack } from '../stack/stack.ts';
import type { Store } from '../store.ts';
import { type Execution, openExecutions, roleOf } from './executions.ts';
import type { HistoryEvent } from './history.ts';
import { page } from './page.ts';
import { type Action, parseRequest, type Request, requests } from './request.ts';
import type { StackStateMachine } from './state-machines.ts';
import { createTransition } from './transition.ts';

export interface StepFunctions extends Service {
  /** Starts an execution for another service, with a new name and JSON as its input. Returns its ARN. Throws `AwsFailure`. */
  start(stateMachineArn: string, input: string): string;
  readonly admin: LatencySetting['admin'];
  /** Fails the running executions, as a kill would. */
  stop(): void;
}

/**
 * Step Functions with the stack's state machines. Its executions are files in the store's directory.
 * Throws `StateDamaged` for an unreadable execution, and `UnsupportedDefinition` for a state machine that would run differently on AWS.
 */
export function createStepFunctions({
  stack,
  clock,
  store,
  lambda,
  onStatusChange,
}: {
  stack: Pick<Stack, 'accountId' | 'region' | 'stateMachines'>;
  clock: Clock;
  store: Store;
  lambda: Pick<Lambda, 'invokedBy'>;
  /** Called for each execution that has started or ended. */
  onStatusChange?: (execution: Execution) => void;
}): StepFunctions {
  const buckets = createBuckets(clock);
  const latency = createLatencySetting();
  const transition = createTransition(clock, buckets, stack.region, () => profiles[latency.get()].stepFunctions);
  const throttle = (action: Action, region: string) => {
    const limit = profiles[latency.get()].stepFunctions.limits?.(region).actions[action];
    if (limit && !buckets.take(`${region} ${action}`, limit)) throw new AwsFailure('ThrottlingException', 'Rate exceeded');
  };
  const directory = join(store.directory, 'executions');
  const executions = openExecutions({ stack, directory, clock, lambda, transition, onStatusChange });
  const deployedAt = clock.now();

  const stateMachineAt = (arn: string, region: string): StackStateMachine => {
    requireArn(arn, 'stateMachine');
    const stateMachine = region === stack.region ? stack.stateMachines.find((each) => each.arn === arn) : undefined;
    if (!stateMachine) throw new AwsFailure('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
    return stateMachine;
  };

  const executionAt = (arn: string, region: string): Execution => {
    requireArn(arn, 'execution');
    const execution = region === stack.region ? executions.find(arn) : undefined;
    if (!execution) throw new AwsFailure('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return execution;
  };

  const actions: { [A in Action]: (request: Request<A>, region: string) => object } = {
    StartExecution({ stateMachineArn, name = randomUUID(), input }, region) {
      const stateMachine = stateMachineAt(stateMachineArn, region);
      if (forbiddenInNames.test(name)) throw new AwsFailure('InvalidName', `Invalid Name: '${name}'`);
      requireJson(input);
      const existing = executions.find(`${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`);
      if (existing && (existing.closed || existing.input !== input)) {
        throw new AwsFailure('ExecutionAlreadyExists', `Execution Already Exists: '${existing.executionArn}'`);
      }
      const { executionArn, startDate } = existing ?? executions.start(stateMachine, name, input);
      return { executionArn, startDate: seconds(startDate) };
    },
    DescribeExecution({ executionArn }, region) {
      const execution = executionAt(executionArn, region);
      const { output, error, cause } = execution.closed ?? {};
      return {
        ...summaryOf(execution),
        input: execution.input,
        inputDetails: { included: true },
        ...(output === undefined ? {} : { output, outputDetails: { included: true } }),
        error,
        cause,
      };
    },
    GetExecutionHistory({ executionArn, maxResults, nextToken, reverseOrder, includeExecutionData }, region) {
      const events = executionAt(executionArn, region).history.read();
      const ordered = reverseOrder ? events.toReversed() : events;
      const query = `history ${executionArn} ${reverseOrder}`;
      const { items, ...rest } = page(ordered, (event) => event.id, { query, maxResults, nextToken });
      return { events: items.map((event) => listed(event, includeExecutionData)), ...rest };
    },
    StopExecution({ executionArn, error, cause }, region) {
      return { stopDate: seconds(executions.abort(executionAt(executionArn, region), { error, cause }).stopDate) };
    },
    ListExecutions({ stateMachineArn, statusFilter, maxResults, nextToken }, region) {
      const { arn } = stateMachineAt(stateMachineArn, region);
      const found = executions
        .all()
        .map((execution, index) => ({ index, execution, ...summaryOf(execution) }))
        .filter((each) => each.stateMachineArn === arn && (statusFilter === undefined || each.status === statusFilter))
        .toReversed();
      const query = `executions ${arn} ${statusFilter}`;
      const { items, ...rest } = page(found, ({ index }) => index, { query, maxResults, nextToken });
      return { executions: items.map(({ execution }) => summaryOf(execution)), ...rest };
    },
    ListStateMachines({ maxResults, nextToken }, region) {
      const found = region === stack.region ? stack.stateMachines.toSorted((a, b) => (a.name < b.name ? -1 : 1)) : [];
      const { items, ...rest } = page([...found.entries()], ([index]) => index, { query: 'state machines', maxResults, nextToken });
      const creationDate = seconds(deployedAt);
      return { stateMachines: items.map(([, { arn, name }]) => ({ stateMachineArn: arn, name, type: 'STANDARD', creationDate })), ...rest };
    },
    DescribeStateMachine({ stateMachineArn }, region) {
      const stateMachine = stateMachineAt(stateMachineArn, region);
      return {
        ...settingsOf(stateMachine, roleOf(stack, stateMachine)),
        status: 'ACTIVE',
        type: 'STANDARD',
        creationDate: seconds(deployedAt),
      };
    },
    DescribeStateMachineForExecution({ executionArn }, region) {
      const { stateMachineArn: arn, stateMachineName: name, definition, roleArn, startDate } = executionAt(executionArn, region);
      return { ...settingsOf({ arn, name, definition }, roleArn), updateDate: seconds(Math.min(startDate, deployedAt)) };
    },
  };

  const answer = <A extends Action>(action: A, request: AwsRequest): object =>
    actions[action](parseRequest(action, request.body.toString('utf8')), request.region);

  return {
    action: actionOf,
    async handle(request) {
      const action = actionOf(request);
      if (!isSupported(action)) throw new AwsFailure('UnsupportedOperation', `The embedded AWS does not support states:${action}.`);
      throttle(action, request.region);
      return response(200, request, answer(action, request));
    },
    failure: ({ code, message, status }, request) => response(status, request, { __type: code, message }),
    start: (stateMachineArn, input) => executions.start(stateMachineAt(stateMachineArn, stack.region), randomUUID(), input).executionArn,
    admin: latency.admin,
    stop: () => executions.stop(),
  };
}

function actionOf({ headers }: AwsRequest): string {
  const [, action] = /^AWSStepFunctions\.(\w+)$/.exec(String(headers['x-amz-target'])) ?? [];
  if (!action) throw new AwsFailure('UnknownOperationException', 'The request has no action of Step Functions.', 404);
  return action;
}

function isSupported(action: string): action is Action {
  return Object.hasOwn(requests, action);
}

function response(status: number, { id }: AwsRequest, body: object): AwsResponse {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': id }, body: JSON.stringify(body) };
}

function requireArn(arn: string, resourceType: string): void {
  const [prefix, , service, , , type, ...names] = arn.split(':');
  if (prefix !== 'arn') throw new AwsFailure('InvalidArn', `Invalid Arn: 'Invalid ARN prefix: ${arn}'`);
  if (service !== 'states') throw new AwsFailure('InvalidArn', `Invalid Arn: 'Invalid service name in ARN: ${arn}'`);
  if (type !== resourceType) throw new AwsFailure('InvalidArn', `Invalid Arn: 'Resource type not valid in this context: ${type}'`);
  if (names.length === 0) throw new AwsFailure('InvalidArn', `Invalid Arn: 'Invalid ARN: ${arn}'`);
}

/** The characters that AWS refuses in the name of an execution. Without them, a name cannot lead out of its folder. */
const forbiddenInNames = /[\s\p{Cc}\p{Cs}<>{}[\]?*"#%\\^|~`$&,;:/\u{fffe}\u{ffff}]/u;

function requireJson(input: string): void {
  const refuse = (reason: string) => new AwsFailure('InvalidExecutionInput', `Invalid State Machine Execution Input: '${reason}'`);
  if (input === '') throw refuse('Invalid execution input.');
  try {
    JSON.parse(input);
  } catch (error) {
    throw refuse((error as Error).message);
  }
}

function summaryOf({ executionArn, stateMachineArn, name, startDate, closed }: Execution) {
  return {
    executionArn,
    stateMachineArn,
    name,
    status: closed?.status ?? 'RUNNING',
    startDate: seconds(startDate),
    ...(closed && { stopDate: seconds(closed.stopDate) }),
    redriveCount: 0,
  };
}

function settingsOf({ arn, name, definition }: StackStateMachine, roleArn: string) {
  return {
    stateMachineArn: arn,
    name,
    definition,
    roleArn,
    loggingConfiguration: { level: 'OFF', includeExecutionData: false },
    tracingConfiguration: { enabled: false },
  };
}

/** An event as the API lists it, without its input or output on request. */
function listed({ timestamp, ...event }: HistoryEvent, includeExecutionData: boolean): object {
  const members = includeExecutionData
    ? event
    : Object.fromEntries(Object.entries(event).map(([name, member]) => [name, withoutData(member)]));
  return { ...members, timestamp: seconds(timestamp) };
}

function withoutData(details: unknown): unknown {
  if (typeof details !== 'object' || details === null) return details;
  const data = new Set(['input', 'inputDetails', 'output', 'outputDetails']);
  return Object.fromEntries(Object.entries(details).filter(([name]) => !data.has(name)));
}

/** AWS JSON has times in seconds. */
const seconds = (milliseconds: number) => milliseconds / 1000;
