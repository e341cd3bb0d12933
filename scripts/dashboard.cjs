// The CloudWatch dashboard for serverless.yml: the number, results and duration of operations, and Lambda's metrics.
const width = 12;
const height = 6;

const machines = ['Start', 'Stop', 'Remove', 'Uninstall', 'AutoStop'];
const ofMachines = (metric) =>
  machines.map((name) => ['AWS/States', metric, 'StateMachineArn', `\${${name}StateMachine}`, { label: name }]);

const graphs = [
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

module.exports = { 'Fn::Sub': JSON.stringify({ widgets }) };
