import { functionNames, idOf } from './functions.ts';

const filters = functionNames.map((name) => {
  const properties = {
    LogGroupName: { Ref: `${idOf(name)}LogGroup` },
    FilterPattern: '{ $.level = "ERROR" }',
    MetricTransformations: [{ MetricNamespace: 'Recode', MetricName: 'FunctionErrors', MetricValue: '1', DefaultValue: 0 }],
  };
  return [`${idOf(name)}Errors`, { Type: 'AWS::Logs::MetricFilter', Properties: properties }];
});

/** Counts the errors that functions log in one metric. */
export const logMetrics = { Resources: Object.fromEntries(filters) };
