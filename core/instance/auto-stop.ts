import type { IdleStop } from '../idle-stop.ts';
import script from './auto-stop.sh';
import { paths, untilBoot } from './paths.ts';

const unit = 'recode-auto-stop';

const timer = `[Unit]
Description=Automatic stops of Recode, every minute

[Timer]
OnActiveSec=1min
OnUnitActiveSec=1min
AccuracySec=1s
`;

const service = `[Unit]
Description=Automatic stops of Recode

[Service]
Type=oneshot
WorkingDirectory=/
ExecStart=/bin/sh ${paths.script}
`;

/**
 * The shell commands by which a boot has the instance watched. Nothing of it stays on the disk: each boot brings its own.
 *
 * @param idleStop what holds until the next boot or a change
 */
export function watchInstance({ repository, idleStop }: { readonly repository: string; readonly idleStop: IdleStop }): string {
  return `mkdir -p ${untilBoot} /run/systemd/system && chmod 755 ${untilBoot}
printf '%s\\n' '${repository.replaceAll("'", `'\\''`)}' > ${paths.repository}
printf '%s\\n' '${idleStop}' > ${paths.idleStop}
${write(paths.script, script)}${write(`/run/systemd/system/${unit}.service`, service)}${write(`/run/systemd/system/${unit}.timer`, timer)}# Old versions of systemd find a new unit only after a reload.
if ! systemctl start --no-block ${unit}.timer; then
  systemctl daemon-reload
  systemctl start --no-block ${unit}.timer
fi
`;
}

const write = (path: string, text: string) => `cat > ${path} <<'RECODE'\n${text}RECODE\n`;
