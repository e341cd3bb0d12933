import { RecodeError } from '../../core/errors.ts';
import { parseRepository } from '../../core/repository.ts';

/** Where a repository names others to clone beside it. */
export const repositoriesFile = '.recode/repositories';

/**
 * Reads the file with the repositories to clone beside a repository: one per line, `#` begins a comment.
 *
 * @param hosts of GitHub, whose URLs are meant
 * @throws RecodeError RepositoriesNotValid
 */
export function readRepositories(text: string, main: string, hosts: readonly string[]): readonly string[] {
  const found = new Map([[folderOf(main), main]]);
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const entry = line.replace(/(^|\s)#.*$/, '').trim();
    if (entry === '') continue;
    const repository = parse(entry, index + 1, hosts);
    const other = found.get(folderOf(repository));
    if (other !== undefined && other.toLowerCase() !== repository.toLowerCase()) {
      throw notValid(index + 1, `${repository} and ${other} would be in the same folder.`);
    }
    if (other === undefined) found.set(folderOf(repository), repository);
  }
  return [...found.values()].slice(1);
}

function parse(entry: string, line: number, hosts: readonly string[]): string {
  try {
    const { account, name } = parseRepository(entry, hosts);
    if (account !== undefined) return `${account}/${name}`;
  } catch (error) {
    if (!(error instanceof RecodeError)) throw error;
    throw notValid(line, error.message);
  }
  throw notValid(line, `"${entry}" does not say whose repository it is.`);
}

/** The folder is the same on a file system that does not tell case apart. */
const folderOf = (repository: string) => (repository.split('/')[1] ?? '').toLowerCase();

const notValid = (line: number, problem: string) => new RecodeError('RepositoriesNotValid', `${repositoriesFile} line ${line}: ${problem}`);
