// Draws each state machine of the packaged stack as a Mermaid flowchart in docs/workflows.md, between its markers.
// node scripts/workflow-pictures.mjs [--check]: with --check it writes nothing, and fails if a picture is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the pictures show of the Amazon States Language.
 *
 * @typedef {{ readonly States: Readonly<Record<string, State>> }} Machine
 * @typedef {object} State
 * @property {string} Type
 * @property {string} [Comment]
 * @property {{ readonly warmUp?: true }} [Parameters]
 * @property {string} [Next]
 * @property {readonly Rule[]} [Choices]
 * @property {string} [Default]
 * @property {readonly { readonly ErrorEquals: readonly string[], readonly Next: string }[]} [Catch]
 * @property {readonly Machine[]} [Branches]
 * @property {Machine} [ItemProcessor]
 * @typedef {object} Rule
 * @property {string} Variable
 * @property {string} Next
 * @property {boolean} [IsPresent]
 * @property {string} [StringEquals]
 * @property {string} [StringMatches]
 * @property {boolean} [BooleanEquals]
 */

const root = join(import.meta.dirname, '..');
const page = 'docs/workflows.md';
/** @type {{ Resources: Record<string, { Type: string, Properties: { StateMachineName: string, DefinitionString: string } }> }} */
const { Resources } = JSON.parse(readFileSync(join(root, 'dist/stack/cloudformation-template-update-stack.json'), 'utf8'));
/** @type {Map<string, Machine>} */
const machines = new Map(
  Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::StepFunctions::StateMachine')
    .map(({ Properties }) => [Properties.StateMachineName.replace(/^recode-/, ''), JSON.parse(Properties.DefinitionString)]),
);

const text = readFileSync(join(root, page), 'utf8');
const missing = new Set(machines.keys());
const fresh = text.replace(/(<!-- workflow (\S+) -->\n)[\s\S]*?(<!-- end -->)/g, (_, open, name, close) => {
  const machine = machines.get(name);
  if (!machine) throw new Error(`${page} shows the workflow ${name}, but statemachines/${name}.asl.yaml does not exist.`);
  missing.delete(name);
  return `${open}\n\`\`\`mermaid\n${flowchart(machine)}\n\`\`\`\n\n${close}`;
});
for (const name of missing) {
  console.error(`${page} does not show the workflow ${name}. Add the lines "<!-- workflow ${name} -->" and "<!-- end -->".`);
  process.exitCode = 1;
}
if (!process.argv.includes('--check')) {
  writeFileSync(join(root, page), fresh);
} else if (fresh !== text) {
  console.error(`A picture in ${page} is stale. Run "npm run pictures".`);
  process.exitCode = 1;
}

/** @param {Machine} machine */
function flowchart(machine) {
  return ['flowchart TD', ...body(machine, '  ')].join('\n');
}

/**
 * @param {Machine} machine
 * @param {string} indent
 * @returns {string[]}
 */
function body({ States }, indent) {
  const lines = [];
  for (const [name, state] of Object.entries(States)) {
    lines.push(...shape(name, state, indent));
    for (const [next, label] of exits(state)) lines.push(`${indent}${name} -->${label === undefined ? '' : `|${label}|`} ${next}`);
    for (const { ErrorEquals, Next } of state.Catch ?? [])
      lines.push(`${indent}${name} -. ${ErrorEquals.join(', ').replace('States.ALL', 'any error')} .-> ${Next}`);
  }
  return lines;
}

/**
 * @param {string} name
 * @param {State} state
 * @param {string} indent
 * @returns {string[]}
 */
function shape(name, state, indent) {
  if (state.Branches) {
    const isWarming = (/** @type {Machine} */ { States }) => Object.values(States).some(({ Parameters }) => Parameters?.warmUp === true);
    const branches = state.Branches.filter((branch) => !isWarming(branch)).flatMap((branch) => body(branch, `${indent}  `));
    return [`${indent}subgraph ${name}["${state.Comment ?? name}"]`, ...branches, `${indent}end`];
  }
  if (state.ItemProcessor) {
    return [
      `${indent}subgraph ${name}["${state.Comment ?? name} (for each)"]`,
      ...body(state.ItemProcessor, `${indent}  `),
      `${indent}end`,
    ];
  }
  if (state.Type === 'Choice') return [`${indent}${name}{${name}}`];
  if (state.Type === 'Fail' || state.Type === 'Succeed') return [`${indent}${name}([${name}])`];
  return [`${indent}${name}["${name}"]`];
}

/**
 * The states that may follow a state, each with the label of its arrow.
 *
 * @param {State} state
 * @returns {[next: string | undefined, label?: string][]}
 */
function exits(state) {
  if (!state.Choices) return state.Next === undefined ? [] : [[state.Next]];
  /** @param {Rule} rule */
  const label = ({ Variable, IsPresent, StringEquals, StringMatches, BooleanEquals }) =>
    IsPresent ? `has ${Variable.replace(/^\$\.|\[\d+\]/g, '')}` : String(StringEquals ?? StringMatches ?? BooleanEquals);
  return [...state.Choices.map((rule) => /** @type {[string, string]} */ ([rule.Next, label(rule)])), [state.Default, 'otherwise']];
}
