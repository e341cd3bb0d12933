import { RecodeError } from '../../core/errors.ts';
import { type Account, type AccountOptions, accountOf, identifyFor, openAccountWithProgress } from '../account.ts';
import type { FollowView } from '../execution/follow-view.ts';
import type { Failure } from '../failure.ts';
import { chooseProfile, decideProvider, type Provider } from '../identity/decide.ts';
import { readSharedFiles, type SharedFiles } from '../identity/files.ts';
import { configuredRegion } from '../identity/settings.ts';
import { noUserSettings, readUserSettings, type UserSettings } from '../settings/user-settings.ts';
import type { SeenRegion } from './checks/region.ts';
import type { Explain } from './explain.ts';

/** The account that commands work in, or why there is none. */
export type Opened = { readonly account: Account; readonly failure?: never } | { readonly failure: Failure; readonly account?: never };

/** Opens the account. The embedded AWS is started if it does not run. */
export async function openAnyAccount(options: AccountOptions, view: FollowView, explain: Explain): Promise<Opened> {
  try {
    return { account: options.local ? await openAccountWithProgress(options, view) : await accountOf(await identifyFor(options), options) };
  } catch (error) {
    return { failure: explain(error) };
  }
}

/** Whom commands act as, and where, as the files and variables of this machine say. */
export interface SeenIdentity {
  /** Undefined if nothing names one: then the instance that this is may know it. */
  readonly region: SeenRegion | undefined;
  readonly provider: Provider | undefined;
  readonly profile: string | undefined;
}

/** Reads them, as far as they can be read: what is wrong with the rest, opening the account says. */
export async function seeIdentity({ profile: option, region: given }: AccountOptions, explain: Explain): Promise<SeenIdentity> {
  const settings = ifValid(() => readUserSettings(process.env)) ?? noUserSettings;
  const files = await readSharedFiles(process.env).catch(refusal);
  const profile = files && ifValid(() => chooseProfile(option, process.env, files, settings));
  if (!files || !profile) return { region: undefined, provider: undefined, profile: option };
  return {
    region: seeRegion(given, profile.name, { files, settings }, explain),
    provider: ifValid(() => decideProvider(profile, process.env, files)),
    profile: profile.name,
  };
}

function seeRegion(
  given: string | undefined,
  profile: string,
  { files, settings }: { readonly files: SharedFiles; readonly settings: UserSettings },
  explain: Explain,
): SeenRegion | undefined {
  if (given !== undefined) return { region: given, source: '--region' };
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  try {
    const region = configuredRegion(profile, files, process.env, settings);
    if (region === undefined) return undefined;
    if (AWS_REGION) return { region, source: 'AWS_REGION', ...(AWS_DEFAULT_REGION && { other: AWS_DEFAULT_REGION }) };
    const source = AWS_DEFAULT_REGION ? 'AWS_DEFAULT_REGION' : settings.get('region') ? 'the setting region' : `the profile ${profile}`;
    return { region, source };
  } catch (error) {
    return { failure: explain(error) };
  }
}

/** Whether a person may have to do something before there are credentials: to type a code, or what a program of theirs asks for. */
export function mayAskPerson(provider: Provider | undefined): boolean {
  if (provider?.kind !== 'role') return provider?.kind === 'process';
  return (provider.mfaSerial !== undefined && process.stdin.isTTY) || mayAskPerson(provider.source);
}

function ifValid<Answer>(read: () => Answer): Answer | undefined {
  try {
    return read();
  } catch (error) {
    return refusal(error);
  }
}

/** What a person has written that cannot be used. Anything else is thrown. */
function refusal(error: unknown): undefined {
  if (!(error instanceof RecodeError)) throw error;
  return undefined;
}
