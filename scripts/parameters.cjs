// The parameters of the stack for serverless.yml: their defaults, and what of them reaches the functions' environment.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { parse } = require('yaml');

const parameters = parse(readFileSync(join(__dirname, '..', 'infra', 'parameters.yml'), 'utf8'));

exports.defaults = Object.fromEntries(Object.entries(parameters).map(([name, { default: value }]) => [name, value]));

/** The environment of every function. Refuses a parameter that there is not or that does not match its pattern, before anything is deployed. */
exports.environment = async ({ options, resolveVariable }) => {
  for (const name of [options.param ?? []].flat().map((pair) => pair.split('=')[0])) {
    if (!Object.hasOwn(parameters, name)) refuse(`There is no parameter ${name}. There are ${Object.keys(parameters).join(', ')}.`);
  }
  const variables = {};
  for (const [name, { variable, pattern, description }] of Object.entries(parameters)) {
    const value = String(await resolveVariable(`param:${name}`));
    if (!new RegExp(`^(${pattern})$`).test(value)) {
      refuse(`The parameter ${name} cannot be "${value}". ${description} It has to match ${pattern}.`);
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

/** Serverless prints the stack of what it catches, which here would hide the sentence. */
function refuse(message) {
  throw Object.assign(new Error(message), { stack: message });
}
