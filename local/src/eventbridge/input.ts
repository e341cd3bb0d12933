import * as v from 'valibot';
import { parsed } from '../stack/parsed.ts';
import { UnsupportedTemplate } from '../stack/template.ts';
import type { StatusChange } from './event.ts';

/** What a target gets of an event. */
export type Input = (event: StatusChange) => unknown;

/** The members of a rule's target that say what it gets. */
export const inputSettings = {
  Input: v.optional(v.string()),
  InputPath: v.optional(v.string()),
  InputTransformer: v.optional(
    v.strictObject({ InputPathsMap: v.optional(v.record(v.string(), v.string()), {}), InputTemplate: v.pipe(v.string(), v.minLength(1)) }),
  ),
};
const Settings = v.object(inputSettings);

/**
 * Reads what a target of a rule gets: the event, or what `Input`, `InputPath` or `InputTransformer` makes of it; `where` names the place
 * in errors. The sample is an event as all of them are. Throws `UnsupportedTemplate` for what AWS would refuse, and for what would not come out as JSON.
 */
export function compileInput(
  settings: v.InferOutput<typeof Settings>,
  rule: { readonly name: string; readonly arn: string },
  sample: StatusChange,
  where: string,
): Input {
  const given = Object.keys(settings).filter((name) => name in inputSettings);
  if (given.length > 1) throw new UnsupportedTemplate(where, `it may have one of ${given.join(' and ')}`);
  const { Input, InputPath, InputTransformer } = settings;
  const input: Input =
    Input !== undefined
      ? () => JSON.parse(Input)
      : InputTransformer
        ? transformer(InputTransformer, rule, sample, where)
        : InputPath === undefined
          ? (event) => event
          : path(InputPath, sample, `${where}.InputPath`);
  try {
    input(sample);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UnsupportedTemplate(where, `what the target would get is not JSON: ${error.message}`);
    throw error;
  }
  return input;
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html */
function transformer(
  { InputPathsMap, InputTemplate }: NonNullable<v.InferOutput<typeof Settings>['InputTransformer']>,
  rule: { readonly name: string; readonly arn: string },
  sample: StatusChange,
  where: string,
): Input {
  const variables = new Map<string, Input>([
    ['aws.events.rule-arn', () => rule.arn],
    ['aws.events.rule-name', () => rule.name],
    ['aws.events.event.ingestion-time', ({ time }) => time],
    ['aws.events.event', ({ detail: _, ...event }) => event],
    ['aws.events.event.json', (event) => event],
  ]);
  for (const [name, expression] of Object.entries(InputPathsMap)) {
    if (/^aws/i.test(name)) throw new UnsupportedTemplate(`${where}.InputPathsMap.${name}`, 'names that begin with AWS are reserved');
    variables.set(name, path(expression, sample, `${where}.InputPathsMap.${name}`));
  }
  const parts = partsOf(InputTemplate);
  for (const { variable } of parts) {
    if (variable !== undefined && !variables.has(variable))
      throw new UnsupportedTemplate(`${where}.InputTemplate`, `nothing says what <${variable}> is`);
  }
  return (event) => {
    const text = parts.map(({ literal, variable, quoted }) => {
      if (variable === undefined) return literal;
      const value = variables.get(variable)?.(event);
      // Inside of quotes a text is put in as it is, its own quotes included.
      return quoted && typeof value === 'string' ? value : JSON.stringify(value);
    });
    return JSON.parse(text.join(''));
  };
}

interface Part {
  readonly literal: string;
  readonly variable?: string;
  /** Whether it is inside of a JSON string. */
  readonly quoted: boolean;
}

function partsOf(template: string): Part[] {
  let quoted = false;
  return [...template.matchAll(/<([\w.-]+)>|\\.|"|[^<\\"]+|[<\\]/gs)].map(([literal, variable]) => {
    if (literal === '"') quoted = !quoted;
    return { literal, quoted, ...(variable !== undefined && { variable }) };
  });
}

const Path = v.pipe(v.string(), v.regex(/^\$(\.[\w-]+)*$/, 'only a path such as $.detail.name is supported'));

function path(expression: string, sample: StatusChange, where: string): Input {
  const names = parsed(Path, expression, where).split('.').slice(1);
  const find: Input = (event) =>
    names.reduce<unknown>((value, name) => {
      const members = Object(value) as Readonly<Record<string, unknown>>;
      return Object.hasOwn(members, name) ? members[name] : undefined;
    }, event);
  if (find(sample) === undefined) throw new UnsupportedTemplate(where, `events of Step Functions have no ${expression}`);
  return find;
}
