import { parseName } from '../../../../core/environment-name.ts';
import { type OperationFlags, type OperationRequest, parseOperation } from '../options.ts';

/** What a person asked for. */
export interface RenameRequest extends OperationRequest {
  /** The new name. Missing to finish a rename that failed. */
  readonly name?: string;
}

/**
 * Reads what was typed, before anything is asked of the network.
 *
 * @throws RecodeError NameNotValid, and those of `parseOperation`
 */
export function parseRename(repository: string, name: string, flags: OperationFlags, variables: NodeJS.ProcessEnv): RenameRequest {
  return { ...parseOperation(repository, flags, variables), name: parseName(name) };
}
