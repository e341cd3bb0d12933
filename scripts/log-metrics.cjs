// What a function logs as an error, counted in one metric for all functions, for serverless.yml.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { parse } = require('yaml');

const functions = Object.keys(parse(readFileSync(join(__dirname, '..', 'infra', 'functions.yml'), 'utf8')));

const filters = functions.map((name) => {
  const id = `${name[0].toUpperCase()}${name.slice(1)}`;
  const properties = {
    LogGroupName: { Ref: `${id}LogGroup` },
    FilterPattern: '{ $.level = "ERROR" }',
    MetricTransformations: [{ MetricNamespace: 'Recode', MetricName: 'FunctionErrors', MetricValue: '1', DefaultValue: 0 }],
  };
  return [`${id}Errors`, { Type: 'AWS::Logs::MetricFilter', Properties: properties }];
});

module.exports = { Resources: Object.fromEntries(filters) };
