// The state machines for serverless.yml. CloudFormation's DefinitionString is JSON, with ${Function} placeholders that it substitutes; which
// functions a machine invokes follows from its states, so that its placeholders and its role name those and no others.
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { parse } = require('yaml');

const folder = join(__dirname, '..', 'statemachines');

for (const file of readdirSync(folder)) {
  const definition = parse(readFileSync(join(folder, file), 'utf8'), { maxAliasCount: 1_000 });
  const arns = Object.fromEntries(tasksOf(definition).map((name) => [name, { 'Fn::GetAtt': [`${name}LambdaFunction`, 'Arn'] }]));
  exports[file.replace('.asl.yaml', '')] = {
    definition: JSON.stringify(definition),
    substitutions: arns,
    functions: Object.values(arns),
  };
}

/** The names of a machine's Task states, each once; a task has the name of its function. */
function tasksOf({ States }) {
  const names = Object.entries(States).flatMap(([name, state]) => [
    ...(state.Type === 'Task' ? [name] : []),
    ...(state.Branches ?? []).flatMap(tasksOf),
    ...(state.ItemProcessor ? tasksOf(state.ItemProcessor) : []),
  ]);
  return [...new Set(names)];
}
