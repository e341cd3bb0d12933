import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import type { InstanceModel, ModelledInstance } from '@recode/embedded-aws/testing/instances';
import { keyPairFrom } from '../../core/openssh-key.ts';
import { type Outcome, perform, until } from './control-plane.ts';
import { type Situation, type WatchedMachine, watchedMachine } from './idle-model.ts';
import type { Choice, Person, Session } from './people.ts';
import { hour, minute } from './time-zones.ts';
import type { Use } from './use.ts';

/** An environment in the life of its owner. */
export interface Life {
  readonly person: Person;
  /** What its machine has been used for, and will be as far as its owner knows, in the order of the beginnings. */
  readonly uses: Use[];
  /** What was done, for those who compare it with what has happened. */
  readonly deeds: Deed[];
  /** The instance of its last start. */
  instanceId: string | undefined;
}

/** Something that a person has asked for, or a machine has decided. */
export type Deed =
  | { readonly kind: 'start' | 'stop' | 'remove' | 'extend'; readonly outcome: Outcome; readonly stopAt?: number | undefined }
  | { readonly kind: 'keep-awake'; readonly at: number; readonly minutes: number }
  | { readonly kind: 'power-off'; readonly at: number; readonly instanceId: string };

interface Machine {
  readonly instance: ModelledInstance;
  readonly life: Life | undefined;
  readonly watched: WatchedMachine;
  readonly halted: Promise<void>;
  halt(): void;
  cancel(): void;
}

/** The key of everybody. Nobody connects. */
const { publicKey } = keyPairFrom(Buffer.alloc(32, 1), 'month');

/** What goes on in the machines, and what people do with them. */
export interface Lives {
  readonly all: readonly Life[];
  readonly model: InstanceModel;
  /** Lets all people live until the end. Resolves when the last one has done the last thing. */
  live(aws: TestAws): Promise<void>;
}

export function createLives(people: readonly Person[], seen: (situation: Situation) => void): Lives {
  const machines = new Map<string, Machine>();
  const lives: Life[] = people.map((person) => ({ person, uses: [], deeds: [], instanceId: undefined }));
  /** Of those that boot before their start has told its owner. */
  const owned = (files: ReadonlyMap<string, string>) => {
    const repository = files.get('/run/recode/repository')?.trim();
    return lives.find(({ person }) => person.repository === repository);
  };
  let aws: TestAws | undefined;
  const clock = () => {
    if (!aws) throw new Error('Nobody lives yet.');
    return aws.clock;
  };

  /** Powers a machine off when the model says so, if people do what is known now. */
  const plan = (machine: Machine): void => {
    machine.cancel();
    machine.watched.lookUntil(clock().now());
    const at = machine.watched.powersOffAt();
    if (at === undefined) return;
    machine.cancel = clock().at(at, () => {
      machine.watched.lookUntil(at);
      machine.life?.deeds.push({ kind: 'power-off', at: clock().now(), instanceId: machine.instance.id });
      machine.instance.powerOff();
    });
  };

  const model: InstanceModel = {
    booted(instance) {
      const life = owned(instance.files);
      const idleStop = instance.files.get('/run/recode/idle-stop')?.trim() ?? 'off';
      const watched = watchedMachine(
        { bootedAt: clock().now(), idleStop: idleStop === 'off' ? 'off' : Number(idleStop), uses: life?.uses ?? [] },
        seen,
      );
      const { promise, resolve } = later();
      const machine: Machine = { instance, life, watched, halted: promise, halt: resolve, cancel: () => {} };
      machines.set(instance.id, machine);
      if (life) life.instanceId = instance.id;
      plan(machine);
    },
    halted(instanceId) {
      const machine = machines.get(instanceId);
      if (!machine) return;
      machines.delete(instanceId);
      machine.cancel();
      const now = clock().now();
      machine.watched.lookUntil(now);
      // What still computes ends with it.
      const uses = machine.life?.uses ?? [];
      for (const [index, use] of uses.entries()) if (use.from < now && use.to > now && !use.attended) uses[index] = { ...use, to: now };
      machine.halt();
    },
  };

  const machineOf = (life: Life) => (life.instanceId === undefined ? undefined : machines.get(life.instanceId));

  async function liveOne(life: Life, aws: TestAws): Promise<void> {
    const { person } = life;
    const { owner, repository, choice } = person;
    const environment = { owner, repository };
    let settled = false;
    /** When it stops by its schedule, as the CLI has told. */
    let stopAt: number | undefined;

    const start = async (): Promise<boolean> => {
      const { instanceType, volume } = person;
      const first = { instanceType, volumeSize: volume.size, volumeType: volume.type, ...chosen(choice) };
      const outcome = await perform(aws, 'start', owner, { environment, request: { publicKey, ...(settled ? {} : first) } });
      life.deeds.push({ kind: 'start', outcome });
      settled ||= outcome.status === 'SUCCEEDED';
      stopAt = timeIn(outcome.output?.stopAt);
      return outcome.status === 'SUCCEEDED';
    };
    const extend = async (later: number): Promise<void> => {
      const change = { action: 'extend', stopAt: new Date(later).toISOString() };
      const outcome = await perform(aws, 'schedule', owner, { environment, change });
      life.deeds.push({ kind: 'extend', outcome, stopAt: later });
      // Nobody asks again and again.
      stopAt = outcome.status === 'SUCCEEDED' ? timeIn(outcome.output?.stopAt) : undefined;
    };
    const changed = () => {
      const machine = machineOf(life);
      if (machine) plan(machine);
    };

    /** Works until the session ends, on a machine that may stop meanwhile. */
    const work = async (session: Session): Promise<void> => {
      life.uses.push(...session.uses);
      changed();
      while (aws.clock.now() < session.leave) {
        const machine = machineOf(life);
        if (!machine) {
          stopAt = undefined;
          const again = await returnTo(session, aws);
          if (!again || (!machineOf(life) && !(await start()))) await until(aws, Math.min(session.leave, aws.clock.now() + 7 * minute));
          continue;
        }
        const warned = stopAt === undefined || !session.heeds ? Number.POSITIVE_INFINITY : stopAt - 10 * minute;
        const needsIt = stopAt !== undefined && session.leave > stopAt + 20 * minute;
        if (needsIt && aws.clock.now() >= warned && stopAt !== undefined) {
          await extend(Math.max(aws.clock.now(), stopAt) + 2 * hour);
          continue;
        }
        await until(aws, Math.min(session.leave, needsIt ? warned : session.leave), machine.halted);
      }
    };

    const end = async ({ leave, buildUntil, stops, keepsAwake, heeds }: Session): Promise<void> => {
      const machine = machineOf(life);
      if (!machine) return;
      if (keepsAwake !== undefined) {
        life.deeds.push({ kind: 'keep-awake', at: aws.clock.now(), minutes: keepsAwake });
        machine.watched.stayAwake(keepsAwake * 60, aws.clock.now());
      }
      if (buildUntil !== undefined) {
        life.uses.push({ from: leave, to: buildUntil, kind: 'computing', attended: false });
        if (heeds && stopAt !== undefined && stopAt > aws.clock.now() && stopAt < buildUntil) await extend(buildUntil + 30 * minute);
      }
      changed();
      if (!stops) return;
      const outcome = await perform(aws, 'stop', owner, { environment });
      life.deeds.push({ kind: 'stop', outcome });
    };

    for (const session of person.sessions) {
      await until(aws, session.arrive);
      while (aws.clock.now() < session.leave && !machineOf(life) && !(await start()))
        await until(aws, Math.min(session.leave, aws.clock.now() + 7 * minute));
      await work(session);
      await end(session);
    }
    if (person.leavesAt === undefined) return;
    await until(aws, person.leavesAt);
    if (!settled) return;
    const outcome = await perform(aws, 'remove', owner, { environment });
    life.deeds.push({ kind: 'remove', outcome });
  }

  return {
    all: lives,
    model,
    async live(given) {
      aws = given;
      await Promise.all(lives.map((life) => liveOne(life, given)));
    },
  };
}

/** Waits until somebody whose machine has stopped needs it again. Resolves to whether that is worth a start. */
async function returnTo({ uses, leave }: Session, aws: TestAws): Promise<boolean> {
  const noticed = aws.clock.now() + 2 * minute;
  const next = uses.find(({ to }) => to > noticed);
  const at = Math.max(noticed, next?.from ?? leave);
  await until(aws, Math.min(leave, at));
  return at < leave - 15 * minute;
}

/** The options of a first start. */
function chosen({ autoStop, idleStop }: Choice): object {
  const given =
    autoStop === undefined
      ? {}
      : {
          autoStop: autoStop === 'never' ? { kind: 'never' } : 'hours' in autoStop ? after(autoStop.hours) : { kind: 'daily', ...autoStop },
        };
  return { ...given, ...(idleStop !== undefined && { idleStop }) };
}

const after = (hours: number) => ({ kind: 'after', minutes: hours * 60 });
const timeIn = (text: unknown) => (typeof text === 'string' ? Date.parse(text) : undefined);

function later(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
