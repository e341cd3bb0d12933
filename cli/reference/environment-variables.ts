/** An environment variable that Recode reads, or several that belong together. */
interface Variables {
  readonly names: readonly string[];
  /** In Markdown. */
  readonly meaning: string;
}

/** All environment variables that Recode reads, for the help, the man pages and the documentation. */
export const environmentVariables: readonly Variables[] = [
  { names: ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE'], meaning: 'the profile, if `--profile` is not given' },
  {
    names: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
    meaning: 'the region, if `--region` is not given; `AWS_REGION` takes precedence. They are ignored with `--local`.',
  },
  {
    names: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_SECURITY_TOKEN'],
    meaning: 'credentials. They apply only without `--profile`.',
  },
  {
    names: ['AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_ROLE_ARN', 'AWS_ROLE_SESSION_NAME'],
    meaning: 'a role to assume with a web identity token',
  },
  { names: ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_SFN', '…'], meaning: 'the endpoint of all AWS services, or of one' },
  {
    names: ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'],
    meaning: 'the files to read instead of `~/.aws/config` and `~/.aws/credentials`',
  },
  { names: ['AWS_CA_BUNDLE', 'REQUESTS_CA_BUNDLE'], meaning: 'a file with the certificates to trust for AWS' },
  {
    names: ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'],
    meaning: 'the proxy for AWS and GitHub, and the hosts to reach without it; lowercase names take precedence',
  },
  { names: ['REQUEST_METHOD'], meaning: 'if it is set, as in a CGI program, `HTTP_PROXY` is ignored' },
  { names: ['AWS_EC2_METADATA_DISABLED'], meaning: "`true` turns off credentials and the region from an instance's metadata" },
  {
    names: ['RECODE_CHECKIP_URL'],
    meaning:
      "the service that returns this machine's public address for `--allow-cidr mine`; the default is `https://checkip.amazonaws.com`",
  },
  { names: ['RECODE_LOCAL'], meaning: '`1` is the same as `--local`' },
  {
    names: ['RECODE_LOCAL_DIR'],
    meaning: 'the folder of the embedded AWS; the default is `recode/local` in `XDG_STATE_HOME` or `~/.local/state`',
  },
  { names: ['RECODE_OWNER'], meaning: 'with the embedded AWS, the name that you have there; on AWS, your identity decides' },
  { names: ['RECODE_SSH_CONFIG'], meaning: 'the configuration file of `ssh` that `config-ssh` changes; the default is `~/.ssh/config`' },
  { names: ['RECODE_DEBUG'], meaning: '`1` shows the stack trace of an error' },
  { names: ['GH_TOKEN', 'GITHUB_TOKEN'], meaning: 'a token for GitHub; without one, Recode asks the GitHub CLI' },
  { names: ['GITHUB_API_URL'], meaning: 'the API of GitHub Enterprise' },
  {
    names: ['GITHUB_SERVER_URL'],
    meaning: 'the web address of GitHub Enterprise. Recode accepts repository URLs there, uses its API and clones from it.',
  },
  {
    names: ['XDG_DATA_HOME'],
    meaning: 'the folders with keys and SSH files are `recode/keys` and `recode/ssh` in it; the default is `~/.local/share`',
  },
  { names: ['XDG_CONFIG_HOME'], meaning: 'the folder with your settings is `recode` in it; the default is `~/.config`' },
  {
    names: ['XDG_CACHE_HOME'],
    meaning:
      'the folder with what completion knows is `recode/environments` in it, that with compiled code `recode/compiled`; the default is `~/.cache`',
  },
  { names: ['XDG_STATE_HOME'], meaning: 'see `RECODE_LOCAL_DIR`' },
  { names: ['HOME'], meaning: 'your home folder' },
  { names: ['PATH', 'PATHEXT'], meaning: 'where Recode finds `ssh` and the commands of editors' },
  {
    names: ['BROWSER'],
    meaning: 'the program that opens a page for `--web`; it gets the address in place of `%s`, or as its last argument',
  },
  { names: ['DISPLAY', 'WAYLAND_DISPLAY', 'WSL_DISTRO_NAME'], meaning: 'whether this machine has a screen, and runs in Windows' },
  { names: ['SSH_AUTH_SOCK'], meaning: 'the SSH agent, which `ssh` uses and `recode aws doctor` checks' },
  { names: ['USER', 'LOGNAME', 'USERNAME', 'USERPROFILE'], meaning: 'names that a report of `recode aws doctor --json` leaves out' },
  { names: ['NO_COLOR', 'FORCE_COLOR'], meaning: 'turn colors off or on' },
  { names: ['CI', 'TERM'], meaning: 'with `CI` set, or `TERM=dumb`, Recode prints one line per step instead of a spinner' },
];
