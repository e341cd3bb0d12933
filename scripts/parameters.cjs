// The stack's parameters for serverless.yml: their defaults, and the functions' environment variables.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { parse } = require('yaml');

const parameters = parse(readFileSync(join(__dirname, '..', 'infra', 'parameters.yml'), 'utf8'));

exports.defaults = Object.fromEntries(Object.entries(parameters).map(([name, { default: value }]) => [name, value]));

/** The environment variables of every function. Throws for an unknown parameter or an invalid value before anything is deployed. */
exports.environment = async ({ options, resolveVariable }) => {
  for (const name of [options.param ?? []].flat().map((pair) => pair.split('=')[0])) {
    if (!Object.hasOwn(parameters, name)) refuse(`Unknown parameter ${name}. The parameters are ${Object.keys(parameters).join(', ')}.`);
  }
  const variables = {};
  for (const [name, { variable, pattern, description }] of Object.entries(parameters)) {
    const value = String(await resolveVariable(`param:${name}`));
    if (!new RegExp(`^(${pattern})$`).test(value)) {
      refuse(`Invalid value "${value}" for the parameter ${name}. ${description} It must match ${pattern}.`);
    }
    if (variable) variables[variable] = value;
  }
  return variables;
};

/** Tags of the stack, which CloudFormation adds to its resources. */
exports.tags = async ({ resolveVariable }) => {
  const pairs = String(await resolveVariable('param:tags'))
    .split(',')
    .filter((pair) => pair.trim() !== '');
  return Object.fromEntries(pairs.map((pair) => pair.trim().split(/=(.*)/s).slice(0, 2)));
};

/** Serverless prints the stack trace of an error, which would hide the message here. */
function refuse(message) {
  throw Object.assign(new Error(message), { stack: message });
}
