import { expect, it } from 'vitest';
import { browserCommand } from '../../../cli/web/browser.ts';

const url = 'https://console.aws.amazon.com/ec2/home?region=x&calc#y';

it.each([
  ['linux', {}, undefined],
  ['linux', { DISPLAY: ':0' }, ['xdg-open', url]],
  ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, ['xdg-open', url]],
  ['linux', { WSL_DISTRO_NAME: 'Debian' }, ['rundll32.exe', 'url.dll,FileProtocolHandler', url]],
  ['win32', {}, ['rundll32.exe', 'url.dll,FileProtocolHandler', url]],
  ['darwin', {}, ['open', url]],
  ['darwin', { BROWSER: ' ' }, ['open', url]],
  ['linux', { BROWSER: 'lynx' }, ['lynx', url]],
  ['darwin', { BROWSER: 'firefox  --new-window' }, ['firefox', '--new-window', url]],
  ['linux', { BROWSER: 'show %s now' }, ['show', url, 'now']],
] as const)('on %s with %j, a page is opened by %j', (platform, environment, command) => {
  expect(browserCommand(url, environment, platform)).toEqual(command);
});
