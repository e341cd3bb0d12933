import { absolute, BootRefused, type SystemFiles } from './system-files.ts';

/** A timer of systemd: it runs a service again and again. Durations are in milliseconds. */
export interface Timer {
  readonly name: string;
  /** From the start of the timer to the first run. */
  readonly first: number;
  /** From the beginning of a run to the next one. */
  readonly every: number;
  /** What a run executes: the absolute path of a shell script on the instance, and its arguments. */
  readonly script: readonly [string, ...string[]];
}

// A unit in the first folder hides one of the same name in the second.
const folders = ['/etc/systemd/system', '/run/systemd/system'];

/** The path of a unit's file; undefined if there is none. */
export const unitFile = ({ files }: SystemFiles, unit: string): string | undefined =>
  folders.map((folder) => `${folder}/${unit}`).find((path) => files.has(path));

/**
 * Reads a timer and the service of the same name.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.timer.html
 * Throws `BootRefused` for settings that would have no effect.
 */
export function readTimer(system: SystemFiles, unit: string): Timer {
  const timer = readUnit(system, unit, timerSettings);
  const service = readUnit(system, unit.replace(/\.timer$/, '.service'), serviceSettings);
  const [, path = '', rest = ''] = /^\/(?:usr\/)?bin\/sh (\/\S+)((?: \S+)*)$/.exec(service('ExecStart')) ?? [];
  if (path === '' || service('Type') !== 'oneshot')
    throw new BootRefused(`${unit}: only a oneshot service with "/bin/sh FILE" is supported`);
  const args = rest.split(' ').filter((word) => word !== '');
  return {
    name: unit,
    first: milliseconds(unit, timer('OnActiveSec')),
    every: milliseconds(unit, timer('OnUnitActiveSec')),
    script: [absolute(path), ...args],
  };
}

/** The supported settings and their values. A timer here elapses exactly, whatever accuracy it asks for. */
const timerSettings: Settings = {
  Unit: { Description: /./ },
  Timer: { OnActiveSec: /./, OnUnitActiveSec: /./, AccuracySec: /./ },
};
// Without quotes, variables and specifiers.
const serviceSettings: Settings = {
  Unit: { Description: /./ },
  Service: { Type: /^oneshot$/, WorkingDirectory: /^\/$/, ExecStart: /^[\w./ -]+$/ },
};

type Settings = Readonly<Record<string, Readonly<Record<string, RegExp>>>>;

function readUnit(system: SystemFiles, unit: string, settings: Settings): (key: string) => string {
  const path = unitFile(system, unit);
  if (path === undefined) throw new BootRefused(`${unit} has no file in ${folders.join(' or ')}`);
  const found = new Map<string, string>();
  let section = '';
  for (const line of (system.files.get(path) ?? '').split('\n').map((each) => each.trim())) {
    if (line === '' || /^[#;]/.test(line)) continue;
    const [, header] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, key = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (header !== undefined) section = header;
    else if (settings[section]?.[key]?.test(value) && !found.has(key)) found.set(key, value);
    else throw new BootRefused(`${path}: the setting "${line}" in [${section}] is not supported`);
  }
  return (key) => {
    const value = found.get(key);
    if (value === undefined) throw new BootRefused(`${path} lacks ${key}`);
    return value;
  };
}

const units = { s: 1_000, min: 60_000, h: 3_600_000 };

function milliseconds(unit: string, span: string): number {
  const [, count, suffix = 's'] = /^(\d+)(s|min|h)?$/.exec(span) ?? [];
  if (count === undefined || Number(count) === 0) throw new BootRefused(`${unit}: the time span "${span}" is not supported`);
  return Number(count) * units[suffix as keyof typeof units];
}
