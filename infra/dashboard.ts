import { personalWorkflows, scheduledWorkflows } from '../core/executions.ts';
import { machineId } from './state-machines.ts';

const width = 12;
const height = 6;

const ids = [...personalWorkflows, ...scheduledWorkflows].map(machineId);
const ofMachines = (metric: string) =>
  ids.map((id) => ['AWS/States', metric, 'StateMachineArn', `\${${id}}`, { label: id.replace(/StateMachine$/, '') }]);

const graphs: readonly (readonly [title: string, stat: string, metrics: readonly (readonly unknown[])[]])[] = [
  ['Operations that succeeded', 'Sum', ofMachines('ExecutionsSucceeded')],
  ['Operations that failed, including refusals', 'Sum', ofMachines('ExecutionsFailed')],
  ['Duration of operations (ms, median)', 'p50', ofMachines('ExecutionTime')],
  [
    'Unexpected failures',
    'Sum',
    [
      ['Recode', 'OperationsFailed', 'service', 'recode'],
      ['Recode', 'FunctionErrors'],
    ],
  ],
  ['Differences between records and AWS, by the daily check', 'Maximum', [['Recode', 'Differences', 'service', 'recode']]],
  [
    'Lambda in this region',
    'Sum',
    [
      ['AWS/Lambda', 'Throttles'],
      ['AWS/Lambda', 'ConcurrentExecutions', { stat: 'Maximum' }],
    ],
  ],
];

const widgets = graphs.map(([title, stat, metrics], index) => ({
  type: 'metric',
  x: (index % 2) * width,
  y: Math.floor(index / 2) * height,
  width,
  height,
  properties: { title, stat, metrics, region: '${AWS::Region}', period: 300 },
}));

/** The body of the CloudWatch dashboard: the number, results and duration of operations, and Lambda's metrics. */
export const dashboard = { 'Fn::Sub': JSON.stringify({ widgets }) };
