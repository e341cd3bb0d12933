import type { StartOutput } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { paths } from '../../core/instance/paths.ts';
import { quote, type RemoteHost, runToEnd } from './remote.ts';

/** What an instance is to know of its automatic stops. */
export type Stops = Partial<Pick<StartOutput, 'stopAt' | 'idleStop'>>;

/** What to write into files of an instance that its watching script reads. */
type Writing = Partial<Record<'stopAt' | 'idleStop' | 'keepAwake', string>>;

/** The condition of a shell script that the instance has been told. It is not, if nothing on it watches: it has booted before that began. */
export const tellsStops = ({ stopAt, idleStop }: Stops): string =>
  writes({
    ...(stopAt !== undefined && { stopAt: stopAt === null ? '' : String(Math.floor(Date.parse(stopAt) / 1000)) }),
    ...(idleStop !== undefined && { idleStop: String(idleStop) }),
  });

/**
 * Tells an instance that runs what has changed.
 *
 * @throws RecodeError InstanceNotTold, and those of cli/ssh/remote.ts
 */
export const tellInstance = (host: RemoteHost, stops: Stops): Promise<void> => write(host, tellsStops(stops));

/** Keeps an instance from stopping because nobody uses it, for some minutes from now; 0 ends that. Throws as tellInstance does. */
export const keepInstanceAwake = (host: RemoteHost, minutes: number): Promise<void> =>
  write(host, writes({ keepAwake: String(minutes * 60) }));

async function write(host: RemoteHost, command: string): Promise<void> {
  const script = `lifeline\nsudo -n cat ${paths.idleStop} >/dev/null || { tell unwatched; exit; }\n${command} && tell told\n`;
  const { told, printed, reason } = await runToEnd(host, script);
  if (told.includes('told')) return;
  const unwatched = told.includes('unwatched') && printed(/No such file/);
  throw new RecodeError(
    'InstanceNotTold',
    `The instance could not be told. ${unwatched ? 'It has started before Recode could watch it.' : reason}`,
  );
}

/** The script may read a file at any time, so each is replaced as a whole. */
function writes(writing: Writing): string {
  const commands = Object.entries(writing).map(([name, text]) => {
    const path = paths[name as keyof Writing];
    return `printf "%s\\n" "${text}" > ${path}.next && mv -f ${path}.next ${path}`;
  });
  return `sudo -n sh -c ${quote([`cat ${paths.idleStop} > /dev/null`, ...commands].join(' && '))}`;
}
