// The parameters of the stack for serverless.yml: their defaults, and what of them reaches the functions' environment.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { parse } = require('yaml');

const parameters = parse(readFileSync(join(__dirname, '..', 'infra', 'parameters.yml'), 'utf8'));

exports.defaults = Object.fromEntries(Object.entries(parameters).map(([name, { default: value }]) => [name, value]));

/** The environment of every function. Refuses a parameter that does not match its pattern, before anything is deployed. */
exports.environment = async ({ resolveVariable }) => {
  const variables = {};
  for (const [name, { variable, pattern, description }] of Object.entries(parameters)) {
    const value = String(await resolveVariable(`param:${name}`));
    if (!new RegExp(`^(${pattern})$`).test(value)) {
      throw new Error(`The parameter ${name} cannot be "${value}". ${description} It has to match ${pattern}.`);
    }
    if (variable) variables[variable] = value;
  }
  return variables;
};

/** Tags of the stack itself, which CloudFormation puts on what it makes. */
exports.tags = async ({ resolveVariable }) => {
  const pairs = String(await resolveVariable('param:tags'))
    .split(',')
    .filter((pair) => pair.trim() !== '');
  return Object.fromEntries(pairs.map((pair) => pair.trim().split(/=(.*)/s).slice(0, 2)));
};
