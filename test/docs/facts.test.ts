import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { explanations } from '../../cli/explanations.ts';
import { leafCommands } from '../../cli/help.ts';
import { createProgram } from '../../cli/program.ts';
import { catalog } from '../../core/errors.ts';
import { collectedOutput } from '../cli/collect.ts';
import { codeLines, codeSpans, pages, read, root } from './pages.ts';

const output = collectedOutput().output;
const program = await createProgram(output, '0.0.0');

/** The folders that hold the code; the docs name others that appear on a user's machine. */
const folders = readdirSync(root, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

/** Options in the docs that belong to serverless and the AWS CLI. */
const optionsOfOthers = ['--param', '--stage', '--aws-profile', '--verbose', '--endpoint-url'];

describe.each(pages)('the commands of %s', (page) => {
  const text = read(page);

  it('exist, with the options they are given', () => {
    for (const invocation of [...codeSpans(text), ...codeLines(text)].flatMap(invocationsIn)) {
      expect(mistakeIn(invocation), `recode ${invocation}`).toBe(undefined);
    }
  });

  it('have the options the text names', () => {
    const ours = leafCommands(program)
      .flatMap(optionsOf)
      .map(({ long }) => long);
    const known = new Set([...ours, '--help', ...optionsOfOthers]);
    const named = codeSpans(text).flatMap((span) => /^(--[a-z][a-z-]*)/.exec(span)?.[1] ?? []);
    expect(named.filter((option) => !known.has(option))).toEqual([]);
  });
});

describe.each(pages)('the files of %s', (page) => {
  it('exist', () => {
    const paths = codeSpans(read(page)).flatMap((span) => /^(?:\w+\/)+(?:[\w.-]+\.\w+)?$/.exec(span)?.[0] ?? []);
    const ours = paths.filter((path) => folders.includes(path.split('/')[0] ?? '') && !path.includes('encrypt-volume'));
    expect(ours.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe('README.md', () => {
  it('begins with the two commands that a newcomer runs', () => {
    expect(codeLines(read('README.md')).slice(0, 2)).toEqual(['npm ci && npx recode aws start recode-sh/workspace --local', 'npm test']);
  });

  it('names every command', () => {
    const [, table = ''] = /\n## Use it\n(.*?)\n## /s.exec(read('README.md')) ?? [];
    for (const command of leafCommands(program)) expect(table).toMatch(new RegExp(`[ \`]${command.name()}[ \`]`));
  });
});

describe('docs/reliability.md', () => {
  it('explains only errors of the catalog', () => {
    const [, section = ''] = /\n## When something fails\n(.*)/s.exec(read('docs/reliability.md')) ?? [];
    const cells = [...section.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell = '']) => cell);
    const names = cells.flatMap((cell) => [...cell.matchAll(/`([A-Z]\w+)`/g)].map(([, name]) => name));
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name = '') => !Object.hasOwn(catalog, name))).toEqual([]);
  });
});

describe('docs/deploy.md', () => {
  const page = read('docs/deploy.md');

  it('explains each parameter, with its default', () => {
    const [, section = ''] = /\n## 2\. Choose parameters\n(.*?)\n## /s.exec(page) ?? [];
    const rows = [...section.matchAll(/^\| `(\w+)` \| (?:`([^`]*)`|empty)[^|]*\| .{20,} \|$/gm)].map(([, name, value = '']) => [
      name,
      value,
    ]);
    const parameters = parse(read('infra/parameters.yml')) as Record<string, { default: unknown }>;
    expect(rows).toEqual(Object.entries(parameters).map(([name, parameter]) => [name, String(parameter.default)]));
  });

  it('quotes what the CLI says at a first start that fails', () => {
    const [, section = ''] = /\n\| what a developer sees \|(.*)/s.exec(page) ?? [];
    const quoted = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, title]) => title);
    const titles: string[] = Object.values(explanations).map(({ title }) => title);
    expect(quoted.length).toBeGreaterThan(3);
    expect(quoted.filter((title = '') => !titles.includes(title))).toEqual([]);
  });

  it('lists every service of the stack in the policy for deploying, and no others', () => {
    const [, text = ''] = /\n## Permissions to deploy\n.*?```json\n(.*?)```/s.exec(page) ?? [];
    const { Statement } = JSON.parse(text) as { Statement: { Action: string | string[] }[] };
    const allowed = new Set(Statement.flatMap(({ Action }) => Action).map((action) => action.split(':')[0]));
    const { Resources } = JSON.parse(read('dist/stack/cloudformation-template-update-stack.json')) as {
      Resources: Record<string, { Type: string }>;
    };
    const services = new Set(Object.values(Resources).map(({ Type }) => prefixOf(Type)));
    expect([...services, 'cloudformation'].filter((service) => !allowed.has(service))).toEqual([]);
    expect([...allowed].filter((service) => ![...services, 'cloudformation'].includes(service ?? ''))).toEqual([]);
  });
});

/** What follows `recode` in each invocation of a shell line, up to the end of that command. */
function invocationsIn(line: string): string[] {
  return [...line.matchAll(/(?:^|[\s"(])recode ((?:aws|local)\b[^|;)&>]*)/g)].map(([, words = '']) => words.trim());
}

/** What is wrong with an invocation: a word that is not a command of its group, or an option that its command does not have. */
function mistakeIn(invocation: string): string | undefined {
  let command = program;
  const words = invocation.split(/\s+/);
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const long = /^\[?(--[a-z-]+)/.exec(word)?.[1];
    if (long !== undefined) {
      const option = [command, ...leafCommands(command)].flatMap(optionsOf).find((one) => one.long === long);
      if (!option && long !== '--help') return `no option ${long}`;
      if (option?.required) words.shift();
    } else if (command.commands.length > 0 && /^[a-z]/.test(word)) {
      const child = command.commands.find((one) => one.name() === /^[a-z]+(?:-[a-z]+)*/.exec(word)?.[0]);
      if (!child) return `no command ${word}`;
      command = child;
    }
  }
  return undefined;
}

/** The options of a command and of the groups it is in. */
function optionsOf(command: Command | null): Option[] {
  return command ? [...command.options, ...optionsOf(command.parent)] : [];
}

/** `AWS::StepFunctions::StateMachine` needs actions of `states`. */
function prefixOf(type: string): string {
  const service = type.split('::')[1]?.toLowerCase() ?? '';
  return service === 'stepfunctions' ? 'states' : service;
}
