// Draws each state machine of the packaged stack as a Mermaid flowchart in docs/workflows.md, between its markers.
// node scripts/workflow-pictures.mjs [--check]: with --check it writes nothing, and fails if a picture is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const page = 'docs/workflows.md';
const { Resources } = JSON.parse(readFileSync(join(root, 'dist/stack/cloudformation-template-update-stack.json'), 'utf8'));
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

function flowchart(machine) {
  return ['flowchart TD', ...body(machine, '  ')].join('\n');
}

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

function shape(name, state, indent) {
  if (state.Type === 'Parallel') {
    const branches = state.Branches.flatMap((branch) => body(branch, `${indent}  `));
    return [`${indent}subgraph ${name}["${state.Comment ?? name}"]`, ...branches, `${indent}end`];
  }
  if (state.Type === 'Map') {
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

function exits(state) {
  if (state.Type !== 'Choice') return state.Next === undefined ? [] : [[state.Next, undefined]];
  const label = ({ Variable, IsPresent, StringEquals, StringMatches, BooleanEquals }) =>
    IsPresent ? `has ${Variable.replace(/^\$\.|\[\d+\]/g, '')}` : String(StringEquals ?? StringMatches ?? BooleanEquals);
  const rules = state.Choices.map((rule) => [rule.Next, label(rule)]);
  return [...rules, [state.Default, 'otherwise']];
}
