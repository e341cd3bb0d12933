import { join } from 'node:path';
import { aliasFiles } from '../files/alias.ts';
import { sshPath } from './config.ts';

/** What a configuration of ssh has to include, and how its own lines may name it. */
export interface Included {
  /** The folder of the host aliases. */
  readonly folder: string;
  /** The home folder that `~` stands for in the configuration. */
  readonly home: string | undefined;
}

// A text here has a character for each byte of its file (latin1), so that what is not ours stays as it is, whatever its encoding.
const added = '# Added by "recode aws config-ssh", so that "ssh NAME.recode" connects. It has to come before any Host.';
const created = '# Created by "recode aws config-ssh", so that "ssh NAME.recode" connects. It has to come before any Host.';
const byteOrderMark = '\xef\xbb\xbf';

/** The line that includes the host aliases. */
export const includeLine = ({ folder }: Pick<Included, 'folder'>): string => `Include "${patternOf(folder)}"`;

/** Whether a configuration includes the host aliases for every host: by our line, or by one that means the same. */
export function includes(text: string, { folder, home }: Included): boolean {
  const plain = sshPath(folder, process.platform);
  const known = new Set([patternOf(folder), `${plain}/${aliasFiles}`, `${plain}/*`].map(bytesOf));
  for (const line of linesOf(text.startsWith(byteOrderMark) ? text.slice(byteOrderMark.length) : text)) {
    const [, keyword = '', rest = ''] = /^\s*([A-Za-z]+)(?:\s*=\s*|\s+|(?="))(.*?)\s*$/.exec(line) ?? [];
    // What follows counts for some hosts alone.
    if (/^(host|match)$/i.test(keyword)) return false;
    if (/^include$/i.test(keyword) && wordsOf(rest).some((word) => known.has(anchored(word, home)))) return true;
  }
  return false;
}

/**
 * A configuration with the line that includes the host aliases at its top, and all else byte for byte as it is.
 *
 * @param text undefined where there is no file
 * @returns the text as it is where it includes them already
 */
export function withInclude(text: string | undefined, included: Included): string {
  if (text !== undefined && includes(text, included)) return text;
  // Our line may be there and count for some hosts alone, because something was put above it.
  const rest = text === undefined ? '' : withoutInclude(text, included);
  const mark = rest.startsWith(byteOrderMark) ? byteOrderMark : '';
  const lineBreak = /^[^\n]*\r\n/.test(rest) ? '\r\n' : '\n';
  const ours = [text === undefined ? created : added, bytesOf(includeLine(included))].map((line) => line + lineBreak).join('');
  return mark + ours + rest.slice(mark.length);
}

/** A configuration without our lines, and all else byte for byte as it is. */
export function withoutInclude(text: string, included: Included): string {
  const ours: readonly string[] = [added, created, bytesOf(includeLine(included))];
  const mark = text.startsWith(byteOrderMark) ? byteOrderMark : '';
  return (
    mark +
    linesOf(text.slice(mark.length))
      .filter((line) => !ours.includes(bare(line)))
      .join('')
  );
}

/** Whether the file of a configuration is there because of us. */
export function isOurFile(text: string): boolean {
  return linesOf(text).some((line) => bare(line) === created);
}

/**
 * A pattern that matches the files of the host aliases, in double quotes. Versions of OpenSSH disagree on what `%`, backslashes and quotes
 * mean there: from 9.9 on, `%` begins a token. So `?` stands for each of them, as it does for any character.
 */
function patternOf(folder: string): string {
  const escaped = sshPath(folder, process.platform)
    .replace(/[*?[]/g, '[$&]')
    .replace(/[%"\\]/g, '?');
  return `${escaped}/${aliasFiles}`;
}

const linesOf = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** A line without its end, and without what a person has indented it by. */
const bare = (line: string) => line.replace(/^[ \t]+|[ \t]*\r?\n?$/g, '');

const bytesOf = (text: string) => Buffer.from(text).toString('latin1');

/** The words of a line, which may be in quotes, up to a comment. */
const wordsOf = (text: string) => [...text.matchAll(/"([^"]*)"|(#.*)|([^\s"]+)/g)].flatMap(([, quoted, , plain]) => quoted ?? plain ?? []);

/** A path as ssh takes it: `~` is the home folder, and a relative path lies in its `.ssh`. */
function anchored(path: string, home: string | undefined): string {
  if (home === undefined || /^([A-Za-z]:)?\//.test(path)) return path;
  return sshPath(join(bytesOf(home), ...(path.startsWith('~/') ? [path.slice(2)] : ['.ssh', path])), process.platform);
}
