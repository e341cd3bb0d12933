import { type BootCommand, bootCommands } from './boot-commands.ts';
import { absolute, BootRefused, parentOf, type SystemFiles } from './system-files.ts';

/** A piece of what a script has printed, and where it went. */
export interface Printed {
  readonly to: 'stdout' | 'stderr';
  readonly text: string;
}

/**
 * Runs a script of root on the files of an instance, and returns its exit code and what it has printed. It supports simple commands, quotes,
 * redirections to files, here-documents without expansions, `;`, `&&`, `||`, `!` and `if`. Throws `BootRefused` for anything else, even in a branch that does not run.
 */
export function runBootScript(
  script: string,
  system: SystemFiles,
  commands: ReadonlyMap<string, BootCommand> = bootCommands,
): { readonly code: number; readonly printed: readonly Printed[] } {
  const program = parse(tokens(script), commands);
  const printed: Printed[] = [];
  const code = runList(program, system, printed);
  return { code, printed };
}

type Token =
  | { readonly kind: 'word'; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'document'; readonly text: string }
  | { readonly kind: 'operator'; readonly text: Operator };
type Operator = '\n' | '&&' | '||' | '>' | '>>';

interface Simple {
  readonly kind: 'simple';
  readonly run: BootCommand;
  readonly args: readonly string[];
  /** A here-document. */
  readonly input?: string;
  readonly target?: { readonly path: string; readonly append: boolean };
}
interface Conditional {
  readonly kind: 'if';
  readonly branches: readonly { readonly condition: List; readonly body: List }[];
  readonly otherwise: List;
}
type Command = (Simple | Conditional) & { readonly negated: boolean };
interface Chain {
  readonly first: Command;
  readonly rest: readonly { readonly after: '&&' | '||'; readonly command: Command }[];
}
type List = readonly Chain[];

// Characters with a meaning in a shell that is not supported here.
const foreign = /[$`|&<>()*?[\]{}~]/;

function tokens(script: string): Token[] {
  const found: Token[] = [];
  let rest = script;
  while (rest !== '') {
    const blank = /^([ \t]+|\\\n|#[^\n]*)/.exec(rest);
    // Its text begins in the next line. A delimiter in quotes turns off expansions.
    const document = /^<< ?'(\w+)'([^\n]*\n)((?:[^\n]*\n)*?)\1(?:\n|$)/.exec(rest);
    const operator = /^(\n|;(?!;)|&&|\|\||>>|>(?![&|]))/.exec(rest);
    if (blank) rest = rest.slice(blank[0].length);
    else if (document) {
      const [whole, , restOfLine = '', text = ''] = document;
      found.push({ kind: 'document', text });
      rest = restOfLine + rest.slice(whole.length);
    } else if (operator) {
      found.push({ kind: 'operator', text: (operator[0] === ';' ? '\n' : operator[0]) as Operator });
      rest = rest.slice(operator[0].length);
    } else {
      const word = readWord(rest);
      found.push(word.token);
      rest = word.rest;
    }
  }
  return found;
}

function readWord(script: string): { token: Token; rest: string } {
  let text = '';
  let quoted = false;
  let rest = script;
  for (;;) {
    const single = /^'([^']*)'/.exec(rest);
    const double = /^"((?:[^"\\]|\\[\s\S])*)"/.exec(rest);
    const escaped = /^\\([^\n])/.exec(rest);
    const plain = /^[^\s;&|<>'"\\]+/.exec(rest);
    const piece = single ?? double ?? escaped ?? plain;
    if (!piece) break;
    if (single) text += single[1];
    else if (double) text += unescapeDouble(double[1] ?? '');
    else if (escaped) text += escaped[1];
    else if (foreign.test(piece[0])) throw new BootRefused(`the shell syntax "${piece[0]}" is not supported in boot commands`);
    else text += piece[0];
    quoted ||= piece !== plain;
    rest = rest.slice(piece[0].length);
  }
  // Digits before a redirection are a file descriptor.
  const descriptor = /^\d+$/.test(text) && rest.startsWith('>');
  if (rest === script || descriptor || /^['"\\]/.test(rest))
    throw new BootRefused(`the shell syntax at "${rest.slice(0, 20)}" is not supported in boot commands`);
  return { token: { kind: 'word', text, quoted }, rest };
}

function unescapeDouble(text: string): string {
  if (/(^|[^\\])(\\\\)*[$`]/.test(text)) throw new BootRefused(`the expansion in "${text}" is not supported in boot commands`);
  return text.replace(/\\([$`"\\\n])/g, (_, character: string) => (character === '\n' ? '' : character));
}

const reserved = new Set(['then', 'elif', 'else', 'fi', 'do', 'done', 'esac']);

function parse(all: readonly Token[], commands: ReadonlyMap<string, BootCommand>): List {
  let next = 0;
  const peek = () => all[next];
  const isOperator = (text: Operator) => peek()?.kind === 'operator' && peek()?.text === text;
  const isKeyword = (text: string) => {
    const token = peek();
    return token?.kind === 'word' && !token.quoted && token.text === text;
  };
  const take = (keyword: string) => {
    if (!isKeyword(keyword)) throw new BootRefused(`a boot command lacks "${keyword}"`);
    next++;
  };
  const skipLines = () => {
    while (isOperator('\n')) next++;
  };

  function list(ends: readonly string[]): List {
    const chains: Chain[] = [];
    for (skipLines(); peek() !== undefined && !ends.some(isKeyword); skipLines()) chains.push(chain());
    return chains;
  }

  function chain(): Chain {
    const first = command();
    const rest: { after: '&&' | '||'; command: Command }[] = [];
    while (isOperator('&&') || isOperator('||')) {
      const after = isOperator('&&') ? '&&' : '||';
      next++;
      skipLines();
      rest.push({ after, command: command() });
    }
    const end = peek();
    if (end !== undefined && !(end.kind === 'operator' && end.text === '\n'))
      throw new BootRefused(`unexpected "${end.text}" in a boot command`);
    return { first, rest };
  }

  function command(): Command {
    const negated = isKeyword('!');
    if (negated) next++;
    return isKeyword('if') ? { ...conditional(), negated } : { ...simple(), negated };
  }

  function conditional(): Conditional {
    const branches: { condition: List; body: List }[] = [];
    next++;
    for (;;) {
      const condition = list(['then']);
      take('then');
      const body = list(['elif', 'else', 'fi']);
      if (condition.length === 0 || body.length === 0) throw new BootRefused('an "if" in a boot command has an empty part');
      branches.push({ condition, body });
      if (!isKeyword('elif')) break;
      next++;
    }
    let otherwise: List = [];
    if (isKeyword('else')) {
      next++;
      otherwise = list(['fi']);
    }
    take('fi');
    return { kind: 'if', branches, otherwise };
  }

  function simple(): Simple {
    const words: string[] = [];
    let target: Simple['target'];
    let input: string | undefined;
    for (let token = peek(); token !== undefined; token = peek()) {
      if (token.kind === 'word') {
        if (words.length === 0 && !token.quoted && reserved.has(token.text))
          throw new BootRefused(`unexpected "${token.text}" in a boot command`);
        words.push(token.text);
      } else if (token.kind === 'document') {
        if (input !== undefined) throw new BootRefused('two here-documents of one boot command are not supported');
        input = token.text;
      } else if (token.text === '>' || token.text === '>>') {
        next++;
        const path = peek();
        if (path?.kind !== 'word' || target !== undefined) throw new BootRefused('a redirection in a boot command is not supported');
        target = { path: absolute(path.text), append: token.text === '>>' };
      } else break;
      next++;
    }
    const [name, ...args] = words;
    const run = name === undefined ? undefined : commands.get(name);
    if (run === undefined) throw new BootRefused(`the command "${name ?? ''}" is not supported`);
    return { kind: 'simple', run, args, ...(input !== undefined && { input }), ...(target && { target }) };
  }

  return list([]);
}

function runList(list: List, system: SystemFiles, printed: Printed[]): number {
  let code = 0;
  for (const { first, rest } of list) {
    code = runCommand(first, system, printed);
    for (const { after, command } of rest) {
      if ((code === 0) === (after === '&&')) code = runCommand(command, system, printed);
    }
  }
  return code;
}

function runCommand(command: Command, system: SystemFiles, printed: Printed[]): number {
  const code = command.kind === 'if' ? runConditional(command, system, printed) : runSimple(command, system, printed);
  return command.negated ? Number(code === 0) : code;
}

function runConditional({ branches, otherwise }: Conditional, system: SystemFiles, printed: Printed[]): number {
  for (const { condition, body } of branches) {
    if (runList(condition, system, printed) === 0) return runList(body, system, printed);
  }
  return runList(otherwise, system, printed);
}

function runSimple({ run, args, input, target }: Simple, system: SystemFiles, printed: Printed[]): number {
  const toFile = target !== undefined && target.path !== '/dev/null';
  if (toFile && (system.folders.has(target.path) || !system.folders.has(parentOf(target.path)))) {
    printed.push({ to: 'stderr', text: `sh: cannot create ${target.path}\n` });
    return 2;
  }
  const before = toFile && target.append ? (system.files.get(target.path) ?? '') : '';
  const { code, output, complaint } = run(args, system, input);
  if (toFile) system.files.set(target.path, `${before}${output}`);
  else if (target === undefined) printed.push({ to: 'stdout', text: output });
  if (complaint !== undefined) printed.push({ to: 'stderr', text: `${complaint}\n` });
  return code;
}
