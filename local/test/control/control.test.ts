import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { down, type Installation, type Running, status, up } from '../../src/control/control.ts';
import { regions } from '../../src/control/regions.ts';
import catalog from '../../src/ec2/catalog/instance-types.json' with { type: 'json' };
import { bundle } from '../harness/bundle.ts';
import { type Built, buildMain, expectFilled, fill } from '../harness/control.ts';
import { alive, kill } from '../harness/process.ts';

let built: Built;
let parent: string;
let directory: string;
let installation: Installation;

beforeAll(async () => {
  built = await buildMain();
});

afterAll(() => {
  built.remove();
});

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'control-'));
  directory = join(parent, 'local');
  installation = built.installation(directory);
});

afterEach(async () => {
  await down({ directory });
  rmSync(parent, { recursive: true });
});

describe('the running process', () => {
  let shared: Installation;
  let running: Running;
  beforeAll(async () => {
    shared = built.installation(join(mkdtempSync(join(tmpdir(), 'control-shared-')), 'local'));
    mkdirSync(shared.directory, { mode: 0o755 });
    process.env.AWS_PROFILE = 'production';
    process.env.NODE_OPTIONS = '--no-warnings';
    try {
      running = await up(shared);
    } finally {
      delete process.env.AWS_PROFILE;
      delete process.env.NODE_OPTIONS;
    }
  });
  afterAll(async () => {
    await down(shared);
    rmSync(dirname(shared.directory), { recursive: true });
  });

  it('serves AWS and outlives its starter', async () => {
    expect(running).toEqual({
      endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      region: 'us-east-1',
      accountId: '000000000000',
      pid: expect.any(Number),
      stateDirectory: shared.directory,
    });
    // It leads its own process group, so it does not end with the terminal of its starter.
    expect(readFileSync(`/proc/${running.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3]).toBe(String(running.pid));
    await fill(running);
    await expectFilled(running);
  });

  it('is returned by another up and by status', async () => {
    expect(await up(shared)).toEqual(running);
    expect(await status(shared)).toEqual({ running: true, ...running });
  });

  it("does not inherit AWS settings and Node options from its starter's environment", () => {
    const names = readFileSync(`/proc/${running.pid}/environ`, 'utf8')
      .split('\0')
      .map((variable) => variable.split('=')[0]);
    expect(names).toContain('PATH');
    expect(names).not.toContain('AWS_PROFILE');
    expect(names).not.toContain('NODE_OPTIONS');
  });

  it('hides its state from other users', () => {
    expect(statSync(shared.directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(shared.directory, 'process.json')).mode & 0o777).toBe(0o600);
  });

  it('is found by two paths of its directory', async () => {
    const link = join(parent, 'link');
    symlinkSync(shared.directory, link);
    expect(await up({ ...shared, directory: link })).toEqual({ ...running, stateDirectory: link });
  });
});

describe('up', () => {
  it('starts one process for ten callers at once', async () => {
    const program = await bundle(mkdtempSync(join(built.directory, 'racer-')), 'racer', 'test/control/racer.ts');
    const racers = await Promise.all(
      Array.from({ length: 10 }, () => output(spawn(process.execPath, [program, JSON.stringify(installation)]))),
    );
    const first = JSON.parse(racers[0] ?? '') as Running;
    for (const racer of racers) expect(JSON.parse(racer)).toEqual(first);
    expect(await status(installation)).toMatchObject({ running: true, pid: first.pid });
  });

  it('continues with the state and the port after a SIGKILL', async () => {
    const before = await up(installation);
    await fill(before);
    await kill(before.pid);
    expect(await status(installation)).toMatchObject({ running: false, pid: null });
    const after = await up(installation);
    expect(after.pid).not.toBe(before.pid);
    expect(after.endpoint).toBe(before.endpoint);
    await expectFilled(after);
  });

  it('takes another port if its port is in use', async () => {
    const before = await up(installation);
    await kill(before.pid);
    const other = await listen(Number(new URL(before.endpoint).port), (_, response) => response.end('{"pid":1}'));
    try {
      const after = await up(installation);
      expect(after.endpoint).not.toBe(before.endpoint);
    } finally {
      await close(other);
    }
  });

  it('replaces the process of another build and keeps the state', async () => {
    const before = await up(installation);
    await fill(before);
    const after = await up({ ...installation, build: 'two' });
    expect(after.pid).not.toBe(before.pid);
    expect(alive(before.pid)).toBe(false);
    await expectFilled(after);
  });
});

describe('the region', () => {
  it('is set by the first up and kept', async () => {
    expect(await up(installation, { region: 'eu-west-1' })).toMatchObject({ region: 'eu-west-1' });
    await down(installation);
    expect(await up(installation)).toMatchObject({ region: 'eu-west-1' });
    expect(await up(installation, { region: 'eu-west-1' })).toMatchObject({ region: 'eu-west-1' });
  });

  it('is refused before there is any state if the embedded AWS does not have it', async () => {
    const unknown = {
      name: 'UnknownRegion',
      message: expect.stringMatching(/does not have the region mars\. It has af-south-1, .*, us-west-2\.$/),
    };
    await expect(up(installation, { region: 'mars' })).rejects.toMatchObject(unknown);
    expect(existsSync(installation.directory) ? readdirSync(installation.directory) : []).toEqual([]);
    expect(await up(installation, { firstRegion: 'us-gov-west-1' })).toMatchObject({ region: 'us-east-1' });
  });

  it('is one of those in the catalog', () => {
    expect(regions).toEqual(Object.keys(catalog.zones));
  });

  it('is refused if it differs, running or not', async () => {
    await up(installation);
    const mismatch = { name: 'RegionMismatch', message: expect.stringMatching(/deployed in us-east-1, not in eu-west-1/) };
    await expect(up(installation, { region: 'eu-west-1' })).rejects.toMatchObject(mismatch);
    await down(installation);
    await expect(up(installation, { region: 'eu-west-1' })).rejects.toMatchObject(mismatch);
  });

  it('is the same for callers with different regions at once', async () => {
    const outcomes = await Promise.allSettled(['eu-west-1', 'eu-west-2'].map((region) => up(installation, { region })));
    const started = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(started).toHaveLength(1);
    expect(refused).toMatchObject([{ reason: { name: 'RegionMismatch', deployed: started[0]?.value.region } }]);
  });
});

describe('down', () => {
  it('stops the process, and does nothing a second time', async () => {
    const { pid } = await up(installation);
    expect(await down(installation)).toBe(true);
    expect(alive(pid)).toBe(false);
    expect(existsSync(join(directory, 'process.json'))).toBe(false);
    expect(readFileSync(join(directory, 'embedded-aws.log'), 'utf8')).toMatch(/has stopped\.\n$/);
    expect(await down(installation)).toBe(false);
  });

  it('does nothing if nothing ever ran', async () => {
    expect(await down(installation)).toBe(false);
    expect(existsSync(directory)).toBe(false);
  });

  it('waits for a process that is starting, and stops it', async () => {
    const starting = up(installation);
    while (!existsSync(join(directory, 'settings.json'))) await new Promise((resume) => setTimeout(resume, 2));
    expect(await down(installation)).toBe(true);
    expect(readFileSync(join(directory, 'embedded-aws.log'), 'utf8')).toMatch(/has stopped/);
    // The starter saw it in time or started another process.
    await starting;
  });

  it('kills a process that hangs', async () => {
    const { pid } = await up(installation);
    process.kill(pid, 'SIGSTOP');
    expect(await down(installation, { graceSeconds: 0.2 })).toBe(true);
    expect(alive(pid)).toBe(false);
  });
});

describe('status', () => {
  it('has nulls if nothing runs', async () => {
    const nothing = { running: false, endpoint: null, region: null, accountId: null, pid: null, stateDirectory: directory };
    expect(await status(installation)).toEqual(nothing);
    await up(installation);
    await down(installation);
    expect(await status(installation)).toEqual(nothing);
  });

  it('ignores an announcement if its process does not answer', async () => {
    await up(installation);
    await down(installation);
    const other = await listen(0, (_, response) => response.end(`{"pid":${process.pid + 1}}`));
    const { port } = other.address() as AddressInfo;
    const stale = { pid: process.pid, endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', accountId: '0', build: 'one' };
    writeFileSync(join(directory, 'process.json'), JSON.stringify(stale));
    try {
      expect(await status(installation)).toMatchObject({ running: false });
      // Not the process of the stale announcement, which is this one.
      expect(await down(installation)).toBe(false);
    } finally {
      await close(other);
    }
    writeFileSync(join(directory, 'process.json'), '{"pid":');
    expect(await status(installation)).toMatchObject({ running: false });
    expect((await up(installation)).pid).not.toBe(process.pid);
  });

  it('ignores another process that answers as a dead one', async () => {
    await up(installation);
    await down(installation);
    const { pid } = spawnSync('true');
    const other = await listen(0, (_, response) => response.end(JSON.stringify({ pid })));
    const { port } = other.address() as AddressInfo;
    const stale = { pid, endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', accountId: '0', build: 'one' };
    writeFileSync(join(directory, 'process.json'), JSON.stringify(stale));
    try {
      expect(await status(installation)).toMatchObject({ running: false });
    } finally {
      await close(other);
    }
  });
});

async function output(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  return text;
}

async function listen(port: number, answer: Parameters<typeof createServer>[1]): Promise<Server> {
  const server = createServer(answer).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function close(server: Server) {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
