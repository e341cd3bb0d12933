/** What a section says: a value, or the lines of a nested block as keys and values of their own. */
export type Section = ReadonlyMap<string, string | Nested>;
export type Nested = ReadonlyMap<string, string>;

/** Why a file is not one that the AWS CLI reads: a sentence without its end, and the line. */
export interface NotReadable {
  readonly problem: string;
}

/**
 * Reads an INI file as the AWS CLI does, whose reader is Python's `configparser.RawConfigParser`: `=` or `:` after a key, keys in any case,
 * comments on lines of their own alone, a deeper line continues a value, `[DEFAULT]` holds for all sections, nothing occurs twice.
 * A value that begins on the next line is a block of keys and values (botocore's `raw_config_parse`).
 */
export function readIni(text: string): ReadonlyMap<string, Section> | NotReadable {
  const lines = readLines(text);
  if ('problem' in lines) return lines;
  const sections = new Map<string, Section>();
  for (const [name, own] of lines.sections) {
    const section = new Map<string, string | Nested>();
    // Own keys come first, so that the order of what is reported is the file's.
    for (const [key, parts] of [...own, ...[...lines.defaults].filter(([key]) => !own.has(key))]) {
      const value = parts.join('\n').replace(trailingSpace, '');
      const nested = value.startsWith('\n') ? readNested(value) : value;
      if (typeof nested === 'object' && 'problem' in nested) return { problem: `${nested.problem} in [${name}]` };
      section.set(key, nested);
    }
    sections.set(name, section);
  }
  return sections;
}

// Python's idea of white space, which is not quite JavaScript's: a byte order mark is not one.
const space = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const lineEnds = '\\n\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029';
const lineEnd = new RegExp(`[${lineEnds}]`);
const leadingSpace = new RegExp(`^${space}+`);
const trailingSpace = new RegExp(`${space}+$`);
const strip = (text: string) => text.replace(leadingSpace, '').replace(trailingSpace, '');

type Lines = Map<string, string[]>;

function readLines(text: string): { readonly sections: Map<string, Lines>; readonly defaults: Lines } | NotReadable {
  const sections = new Map<string, Lines>();
  const defaults: Lines = new Map();
  let section: Lines | undefined;
  let value: string[] | undefined;
  let indentation = 0;
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    const content = strip(line);
    if (/^[#;]/.test(content)) continue;
    if (content === '') {
      value?.push('');
      continue;
    }
    const indented = line.length - line.replace(leadingSpace, '').length;
    if (value && indented > indentation) {
      value.push(content);
      continue;
    }
    indentation = indented;
    const at = `on line ${index + 1}`;
    const header = /^\[(.+)\]/.exec(content)?.[1];
    if (header !== undefined) {
      if (sections.has(header)) return { problem: `it has [${header}] twice, again ${at}` };
      section = header === 'DEFAULT' ? defaults : new Map();
      if (section !== defaults) sections.set(header, section);
      value = undefined;
      continue;
    }
    if (!section) {
      if (content.startsWith('\ufeff')) return { problem: 'it begins with a byte order mark, which the AWS CLI does not accept' };
      return { problem: `there is no [section] before ${at.replace('on ', '')}` };
    }
    const [, option, first = ''] = /^(.*?)[=:](.*)$/s.exec(content) ?? [];
    if (option === undefined || strip(option) === '') return { problem: `there is no "key = value" ${at}` };
    const key = strip(option).toLowerCase();
    if (section.has(key)) return { problem: `it has ${key} twice, again ${at}` };
    value = [strip(first)];
    section.set(key, value);
  }
  return { sections, defaults };
}

function readNested(value: string): Nested | NotReadable {
  const nested = new Map<string, string>();
  for (const line of value.split(lineEnd).map(strip)) {
    if (line === '') continue;
    const [, key, text = ''] = /^([^=]*)=(.*)$/s.exec(line) ?? [];
    if (key === undefined) return { problem: `there is no "key = value" in the line "${line}"` };
    nested.set(strip(key), strip(text));
  }
  return nested;
}
