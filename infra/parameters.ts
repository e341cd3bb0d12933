import { readYaml } from './files.ts';

/** What Serverless passes to the functions here. */
export interface Serverless {
  /** The options of the command line. */
  readonly options: { readonly param?: string | readonly string[] };
  /** Resolves to the value of a variable, such as `param:tags`. A value from the command line is a string. */
  resolveVariable(variable: string): Promise<unknown>;
}

interface Parameter {
  readonly default: string | number | boolean;
  /** The environment variable of the functions that holds the value. */
  readonly variable?: string;
  readonly pattern: string;
  readonly description: string;
}

const parameters = Object.entries(readYaml<Readonly<Record<string, Parameter>>>('infra/parameters.yml'));
const names = parameters.map(([name]) => name);

/** The default of each parameter of the stack. */
export const defaults = Object.fromEntries(parameters.map(([name, { default: value }]) => [name, value]));

/** The environment variables of every function. Throws for an unknown parameter or an invalid value before anything is deployed. */
export async function environment({ options, resolveVariable }: Serverless): Promise<Record<string, string>> {
  for (const name of [options.param ?? []].flat().map((pair) => pair.split('=')[0] ?? '')) {
    if (!names.includes(name)) throw refusal(`Unknown parameter ${name}. The parameters are ${names.join(', ')}.`);
  }
  const variables: Record<string, string> = {};
  for (const [name, { variable, pattern, description }] of parameters) {
    const value = String(await resolveVariable(`param:${name}`));
    if (!new RegExp(`^(${pattern})$`).test(value)) {
      throw refusal(`Invalid value "${value}" for the parameter ${name}. ${description} It must match ${pattern}.`);
    }
    if (variable) variables[variable] = value;
  }
  return variables;
}

/** Tags of the stack, which CloudFormation adds to its resources. */
export async function tags({ resolveVariable }: Serverless): Promise<Record<string, string>> {
  const pairs = String(await resolveVariable('param:tags'))
    .split(',')
    .filter((pair) => pair.trim() !== '');
  return Object.fromEntries(pairs.map((pair) => pair.trim().split(/=(.*)/s).slice(0, 2)));
}

/** The permissions boundary of every role of the stack; none without the parameter. */
export async function permissionsBoundary({ resolveVariable }: Serverless): Promise<unknown> {
  return (await resolveVariable('param:permissionsBoundary')) || { Ref: 'AWS::NoValue' };
}

/** Serverless prints the stack trace of an error, which would hide the message here. */
function refusal(message: string): Error {
  return Object.assign(new Error(message), { stack: message });
}
