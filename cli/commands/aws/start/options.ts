import type { Command } from 'commander';
import { addWorkspaceOptions } from '../../../workspace/options.ts';
import { collect } from '../options.ts';

/** Adds the options of an environment that is started, but for what its instance is launched with. */
export function addStartOptions(command: Command): void {
  command
    .option(
      '--allow-cidr <block>',
      "IPv4 block allowed to connect, with its prefix length, or mine for this machine; repeat for more (default: your team's)",
      collect,
    )
    .option('--auto-stop <when>', "when to stop it: a time (20:00), a duration after each start (8h, 90m) or never (default: your team's)")
    .option('--time-zone <zone>', "time zone of --auto-stop, for example Europe/Paris (default: this machine's)")
    .option('--idle-stop <duration>', "stop it when nobody uses it for so long: 15m to 168h, or off (default: your team's)")
    .option('--no-open', 'do not open your editor; "recode config set editor code" names one');
  addWorkspaceOptions(command);
}
