// State machine definitions for serverless.yml: CloudFormation's DefinitionString is JSON, with ${Function} placeholders for it to substitute.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { parse } = require('yaml');

const definition = (name) => () => {
  const file = join(__dirname, '..', 'statemachines', `${name}.asl.yaml`);
  return JSON.stringify(parse(readFileSync(file, 'utf8'), { maxAliasCount: 1_000 }));
};

module.exports = { start: definition('start') };
