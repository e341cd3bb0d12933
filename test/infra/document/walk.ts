import * as v from 'valibot';
import { type Machine, type Rule, type State, warmedBy } from '../states.ts';
import { at, parsePath } from './path.ts';
import { faultsOf, literal, type ObjectShape, object, optionsOf, type Shape, shapeOf, union, withField } from './shape.ts';

/** What a step takes, and what it makes of a document of a kind. */
export interface StepContract {
  readonly input: v.GenericSchema;
  readonly output: v.GenericSchema | Readonly<Record<string, v.GenericSchema>>;
}

interface Exit {
  /** Undefined at the end. */
  readonly to?: string | undefined;
  readonly document: Shape;
}

interface Context {
  readonly item?: Shape;
}

// What the walk makes nothing of, because it does not change the document.
const indifferent = ['Type', 'Comment', 'Resource', 'TimeoutSeconds', 'MaxConcurrency', 'Retry', 'Next', 'End', 'Error', 'Cause'];
const followed = {
  Task: ['Parameters', 'ResultSelector', 'ResultPath', 'OutputPath', 'Catch'],
  Parallel: ['Branches', 'ResultSelector', 'ResultPath', 'OutputPath', 'Catch'],
  Map: ['ItemsPath', 'ItemSelector', 'ItemProcessor', 'ResultSelector', 'ResultPath', 'OutputPath', 'Catch'],
  Choice: ['Choices', 'Default'],
  Pass: ['Result', 'Parameters', 'ResultPath', 'OutputPath'],
  Wait: ['Seconds', 'Next'],
  Succeed: [],
  Fail: ['ErrorPath', 'CausePath'],
};
const string: Shape = { type: 'string' };
/** What any function does instead of its step when it is invoked only to start a sandbox. */
const warmUp: StepContract = { input: v.strictObject({ warmUp: v.literal(true) }), output: v.object({ warm: v.literal(true) }) };
const mostDocuments = 20_000;

/**
 * Walks a state machine on every path, with all that is known of the state document on each: after a step, what the schema of its output says,
 * under the noun of its state. The faults say what a step or a state needs that is not there on every path; the outputs are what executions end
 * with.
 *
 * @param input what executions are started with
 * @param steps by the names of their states
 */
export function walk(machine: Machine, input: Shape, steps: Readonly<Record<string, StepContract>>) {
  const faults = new Set<string>();
  const reached = new Set<string>();
  const outputs = run(machine, [input]);
  return { faults: [...faults], reached: [...reached], outputs };

  function run({ StartAt, States }: Machine, inputs: readonly Shape[]): Shape[] {
    const open: Exit[] = inputs.map((document) => ({ to: StartAt, document }));
    const seen = new Set<string>();
    const ended = new Map<string, Shape>();
    for (const { to, document } of open) {
      const key = JSON.stringify([to, document]);
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > mostDocuments) throw new Error(`The walk finds no end: it has met ${mostDocuments} documents.`);
      if (to === undefined) ended.set(key, document);
      else open.push(...follow(to, States[to], document));
    }
    return [...ended.values()];
  }

  function follow(name: string, state: State | undefined, document: Shape): Exit[] {
    if (!state) throw new Error(`There is no state ${name}.`);
    reached.add(name);
    const known = [...indifferent, ...(followed[state.Type as keyof typeof followed] ?? [])];
    for (const field of Object.keys(state)) {
      if (!known.includes(field)) throw new Error(`The walk does not know the field ${field} of ${name}, a ${state.Type} state.`);
    }
    switch (state.Type) {
      case 'Task':
        return task(name, state, document);
      case 'Parallel':
        return parallel(name, state, document);
      case 'Map':
        return map(name, state, document);
      case 'Choice':
        return choice(name, state, document);
      case 'Pass':
        return [leave(name, state, document, pass(name, state, document))];
      case 'Wait':
        return [{ to: state.Next, document }];
      case 'Succeed':
        return [{ document }];
      case 'Fail':
        for (const path of [state.ErrorPath, state.CausePath]) if (path !== undefined) expression(path, document, {}, name);
        return [];
    }
    throw new Error(`The walk does not know ${state.Type} states.`);
  }

  function task(name: string, state: State, document: Shape): Exit[] {
    const warmed = warmedBy(name);
    const step = warmed === undefined ? steps[name] : steps[warmed] && warmUp;
    if (!step) throw new Error(`There is no step for the state ${name}.`);
    const given = state.Parameters ? template(state.Parameters, document, {}, name) : document;
    for (const fault of faultsOf(step.input, given)) faults.add(`${name}: ${fault}`);
    const results = outputsOf(step, given).flatMap((schema) => optionsOf(shapeOf(schema)));
    if (results.some(({ type }) => type === 'nothing') !== (state.ResultPath === null)) {
      faults.add(`${name}: ${state.ResultPath === null ? 'its result is dropped' : 'it makes nothing that ResultPath could put anywhere'}`);
    }
    return [...results.map((result) => leave(name, state, document, result)), ...caught(state, document)];
  }

  function parallel(name: string, state: State, document: Shape): Exit[] {
    const branches = (state.Branches ?? []).map((branch) => run(branch, [document]));
    const combinations = branches.reduce<Shape[][]>((some, ends) => some.flatMap((items) => ends.map((end) => [...items, end])), [[]]);
    return [...combinations.map((items) => leave(name, state, document, { type: 'tuple', items })), ...caught(state, document)];
  }

  function map(name: string, state: State, document: Shape): Exit[] {
    const { ItemsPath = '$', ItemSelector, ItemProcessor } = state;
    const items = optionsOf(expression(ItemsPath, document, {}, name)).flatMap((list) => {
      if (list.type === 'list') return [list.item];
      faults.add(`${name}: ${ItemsPath} is of the type ${list.type}`);
      return [];
    });
    const given = items.map((item) => (ItemSelector ? template(ItemSelector, document, { item }, name) : item));
    const results = ItemProcessor ? run(ItemProcessor, given) : [];
    return [leave(name, state, document, { type: 'list', item: union(results) }), ...caught(state, document)];
  }

  function choice(name: string, { Choices = [], Default }: State, document: Shape): Exit[] {
    let remaining = [document];
    const exits: Exit[] = [];
    for (const rule of Choices) {
      const judged = remaining.flatMap((each) =>
        at(each, parsePath(rule.Variable)).map((found) => ({ ...found, fits: fits(rule, found.value, name) })),
      );
      exits.push(...judged.filter(({ fits }) => fits !== 'no').map((found) => ({ to: rule.Next, document: found.document })));
      remaining = judged.filter(({ fits }) => fits !== 'yes').map((found) => found.document);
    }
    if (Default === undefined && remaining.length > 0) faults.add(`${name}: no choice may fit, and there is no Default`);
    return [...exits, ...(Default === undefined ? [] : remaining.map((each) => ({ to: Default, document: each })))];
  }

  function fits({ Variable, Next, ...test }: Rule, value: Shape | undefined, name: string): 'yes' | 'no' | 'maybe' {
    const [[operator, wanted] = [], ...others] = Object.entries(test);
    if (operator === undefined || others.length > 0) throw new Error(`The walk does not know the rule ${JSON.stringify(test)} of ${name}.`);
    if (operator === 'IsPresent') return (value !== undefined) === wanted ? 'yes' : 'no';
    if (value === undefined) {
      faults.add(`${name}: ${Variable} may be missing`);
      return 'no';
    }
    if (value.type !== 'literal') return value.type === typeof wanted ? 'maybe' : 'no';
    switch (operator) {
      case 'StringEquals':
      case 'BooleanEquals':
        return value.value === wanted ? 'yes' : 'no';
      case 'StringMatches':
        return new RegExp(`^${String(wanted).replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(String(value.value)) ? 'yes' : 'no';
    }
    throw new Error(`The walk does not know the operator ${operator} of ${name}.`);
  }

  function pass(name: string, { Result, Parameters }: State, document: Shape): Shape {
    if (Result !== undefined) return template(Result, document, {}, name);
    return Parameters ? template(Parameters, document, {}, name) : document;
  }

  /** What a state hands on: its input with its result in it. */
  function leave(name: string, state: State, document: Shape, result: Shape): Exit {
    const { ResultSelector, ResultPath = '$', OutputPath = '$', Next } = state;
    const selected = ResultSelector ? template(ResultSelector, result, {}, name) : result;
    return { to: Next, document: expression(OutputPath, put(document, ResultPath, selected), {}, name) };
  }

  function caught({ Catch = [] }: State, document: Shape): Exit[] {
    return Catch.flatMap(({ ErrorEquals, ResultPath = '$', Next }) =>
      ErrorEquals.flatMap(errorsOf).map((error) => ({ to: Next, document: put(document, ResultPath, error) })),
    );
  }

  /** The value of a JSONPath or an intrinsic function; a fault where it may be missing. */
  function expression(text: string, document: Shape, { item }: Context, name: string): Shape {
    if (text === '$$.Map.Item.Value' && item) return item;
    if (text === '$$.Execution.Id' || text === '$$.Execution.StartTime') return string;
    // A step takes it as it is, whatever it is.
    if (text === '$$.Execution.Input') return object({});
    const [, intrinsic, list = ''] = /^States\.(\w+)\((.*)\)$/.exec(text) ?? [];
    const given = argumentsOf(list).filter((argument) => /^(\$|States\.)/.test(argument));
    const values = given.map((argument) => expression(argument, document, {}, name));
    if (intrinsic === 'Format') return string;
    if (intrinsic === 'JsonMerge') return values.reduce((one, other) => merged(asObject(one, name), asObject(other, name)));
    const found = at(document, parsePath(text));
    if (found.some(({ value }) => value === undefined)) faults.add(`${name}: ${text} may be missing`);
    return union(found.flatMap(({ value }) => value ?? []));
  }

  /** A value with its `.$` fields replaced, as in Parameters. */
  function template(value: unknown, document: Shape, context: Context, name: string): Shape {
    if (Array.isArray(value)) return { type: 'tuple', items: value.map((item) => template(item, document, context, name)) };
    if (typeof value !== 'object' || value === null) return literal(value as string);
    return object(
      Object.fromEntries(
        Object.entries(value).map(([key, inner]) =>
          key.endsWith('.$')
            ? [key.slice(0, -2), expression(String(inner), document, context, name)]
            : [key, template(inner, document, context, name)],
        ),
      ),
    );
  }
}

/** The arguments of an intrinsic function, which may be calls themselves. */
const argumentsOf = (list: string) => list.split(/, (?![^()]*\))/);

/** What a step may make of a document: where it has an output for each kind, that of the document's. */
function outputsOf({ output }: StepContract, given: Shape): v.GenericSchema[] {
  if ('~standard' in output) return [output as v.GenericSchema];
  const kinds = at(given, ['kind']).flatMap(({ value }) => (value?.type === 'literal' ? [String(value.value)] : Object.keys(output)));
  return kinds.flatMap((kind) => output[kind] ?? []);
}

/** What a Catch makes of an error. Only a time limit's has no cause: https://docs.aws.amazon.com/step-functions/latest/apireference/API_TaskTimedOutEventDetails.html */
function errorsOf(name: string): Shape[] {
  if (name !== 'States.ALL') return [object({ Error: literal(name), Cause: string })];
  return [object({ Error: literal('States.Timeout') }), object({ Error: string, Cause: string })];
}

function put(document: Shape, path: string | null, value: Shape): Shape {
  if (path === null) return document;
  const [noun, ...more] = parsePath(path);
  if (noun === undefined) return value;
  if (typeof noun !== 'string' || more.length > 0) throw new Error(`The walk does not know the ResultPath ${path}.`);
  return withField(asObject(document, path), noun, value);
}

function asObject(shape: Shape, where: string): ObjectShape {
  if (shape.type !== 'object') throw new Error(`${where}: a value of the type ${shape.type} is no object.`);
  return shape;
}

/** The fields of both objects. Of one that both have, the second's counts; where that may be missing, either may. */
function merged(one: ObjectShape, other: ObjectShape): ObjectShape {
  const fields = Object.entries(other.fields).map(([name, field]) => {
    const before = one.fields[name];
    if (!field.optional || !before) return [name, field];
    return [name, { shape: union([before.shape, field.shape]), optional: before.optional }];
  });
  return { type: 'object', fields: { ...one.fields, ...Object.fromEntries(fields) } };
}
