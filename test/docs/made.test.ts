import { expect, it } from 'vitest';
import { cliPage, commandsPage } from '../../cli/reference/main.ts';
import { read } from './pages.ts';

const advice = 'Run "npm run docs".';

it('docs/commands.md is what the help of the commands says', async () => {
  expect(read('docs/commands.md'), advice).toBe(await commandsPage());
});

it('docs/cli.md has the tables that are made', async () => {
  const page = read('docs/cli.md');
  expect(page, advice).toBe(await cliPage(page));
  await expect(cliPage(page.replace('from cli/commands -->', ''))).rejects.toThrow('docs/cli.md needs the lines');
});
