/** What the control plane, the CLI and auto-stop.sh write and read on an instance. Root owns all of it. */

/** The folder of what holds until the next boot. */
export const untilBoot = '/run/recode';

export const paths = {
  script: `${untilBoot}/auto-stop.sh`,
  /** Which environment it is, for people. */
  repository: `${untilBoot}/repository`,
  /** The idle time in minutes, or `off`. It is there if the instance has booted with a user data that has the script. */
  idleStop: `${untilBoot}/idle-stop`,
  /** When the environment stops by its schedule, as far as the CLI has told: seconds since the epoch; empty for never. */
  stopAt: `${untilBoot}/stop-at`,
  /** For how long it is to stay on, in seconds from when the script finds it; 0 ends that. */
  keepAwake: `${untilBoot}/keep-awake`,
  /** What the script has thought of the instance, of all boots. */
  log: '/var/log/recode-idle.log',
} as const;
