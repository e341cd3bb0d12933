import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recode } from '../harness/recode.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-local-'));
});
afterAll(async () => {
  await recode(['local', 'down'], { directory });
  rmSync(directory, { recursive: true });
});

const run = (...args: string[]) => recode(['local', ...args], { directory });
const state = () => join(directory, 'local');
const nothing = { endpoint: null, region: null, accountId: null, pid: null };

describe('the embedded AWS', () => {
  it('does not run at first, which the exit code tells', async () => {
    expect(await run('status')).toMatchObject({
      code: 1,
      stdout: `The embedded AWS is not running. Its state is in ${state()}\n`,
      stderr: '',
    });
    const { code, json } = await run('status', '--json');
    expect({ code, json }).toEqual({ code: 1, json: { running: false, ...nothing, stateDirectory: state() } });
    expect(await run('down')).toMatchObject({ code: 0, stdout: 'The embedded AWS is not running\n' });
  });

  it('says in JSON how to reach it, once it runs', async () => {
    const { code, json } = await recode(['--json', '--region', 'eu-west-1', 'local', 'up'], { directory });
    expect(code).toBe(0);
    const { environment, ...status } = json as Record<string, unknown>;
    expect(status).toMatchObject({ running: true, region: 'eu-west-1', endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
    expect((await run('status', '--json')).json).toEqual(status);
    expect((await run('status')).code).toBe(0);
    expect(environment).toEqual({
      AWS_ENDPOINT_URL: status.endpoint,
      AWS_REGION: 'eu-west-1',
      AWS_DEFAULT_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: expect.stringMatching(/^\S+$/),
      AWS_SECRET_ACCESS_KEY: 'local',
      RECODE_LOCAL: '1',
    });
  });

  it('is used by a shell that evaluates what it prints, whatever the shell had before', async () => {
    const { environment } = (await run('up', '--json')).json as { environment: Record<string, string> };
    const bin = join(import.meta.dirname, '../../bin/recode.js');
    const script = `eval "$('${process.execPath}' '${bin}' local up --shell)" && env && '${process.execPath}' '${bin}' aws list`;
    const env = { PATH: process.env.PATH, HOME: directory, RECODE_LOCAL_DIR: state(), AWS_SESSION_TOKEN: 'stale', AWS_REGION: 'us-east-1' };
    const { stdout } = await promisify(execFile)('/bin/sh', ['-ec', script], { env });
    for (const [name, value] of Object.entries(environment)) expect(stdout).toContain(`${name}=${value}\n`);
    expect(stdout).not.toContain('AWS_SESSION_TOKEN');
    expect(stdout).toMatch(/\nRecode is not installed in eu-west-1\n$/);
  });

  it('is as slow as asked, until it stops', async () => {
    const { code, stdout } = await run('up', '--latency', 'calibrated');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^ *Latency +calibrated$/m) });
    const { endpoint } = (await run('status', '--json')).json as { endpoint: string };
    const latency = async () => (await fetch(`${endpoint}/_local/latency`)).json();
    expect(await latency()).toMatchObject({ ec2: 'calibrated', lambda: 'calibrated' });
    expect((await run('up')).stdout).not.toContain('Latency');
    expect(await latency()).toMatchObject({ ec2: 'calibrated' });
    await run('up', '--latency=instant');
    expect(await latency()).toMatchObject({ ec2: 'instant', stepfunctions: 'instant' });
  });

  it('prints for a shell or for a program, not both', async () => {
    const { code, json } = await run('up', '--shell', '--json');
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { name: 'UsageNotValid', message: '--shell cannot be used with --json.' } });
  });

  it('stops, and is deleted', async () => {
    expect((await run('down', '--json')).json).toEqual({ running: false, stopped: true });
    expect((await run('down', '--json')).json).toEqual({ running: false, stopped: false });
    expect((await run('reset', '--force', '--json')).json).toEqual({ stateDirectory: state(), deleted: true });
    expect((await run('reset', '--force')).stdout).toBe(`Nothing to delete in ${state()}\n`);
  });
});
