// For serverless.yml: counts the errors that functions log in one metric.
const functions = require('./functions.cjs');

const filters = Object.keys(functions).map((name) => {
  const id = `${name[0].toUpperCase()}${name.slice(1)}`;
  const properties = {
    LogGroupName: { Ref: `${id}LogGroup` },
    FilterPattern: '{ $.level = "ERROR" }',
    MetricTransformations: [{ MetricNamespace: 'Recode', MetricName: 'FunctionErrors', MetricValue: '1', DefaultValue: 0 }],
  };
  return [`${id}Errors`, { Type: 'AWS::Logs::MetricFilter', Properties: properties }];
});

module.exports = { Resources: Object.fromEntries(filters) };
