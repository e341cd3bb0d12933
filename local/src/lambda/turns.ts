// The sandboxes of a process take turns. All that the code of one can change outside its own modules is put away while another has its turn:
// variables of the environment, globals, and the working directory. They share what is left: Node's modules and the built-in prototypes.

/** What is a sandbox's own while it has no turn. */
export interface Belongings {
  environment: Readonly<Record<string, string | undefined>>;
  directory: string;
  /** What it has added to the global object or changed there; undefined for what it has deleted. */
  readonly globals: Map<PropertyKey, PropertyDescriptor | undefined>;
}

const common: ReadonlyMap<PropertyKey, PropertyDescriptor | undefined> = new Map(
  Reflect.ownKeys(globalThis).map((key) => [key, Reflect.getOwnPropertyDescriptor(globalThis, key)]),
);

/** Lets the process have what belongs to a sandbox. Throws if its directory is gone. */
export function unpack({ environment, directory, globals }: Belongings): void {
  for (const name of Object.keys(process.env)) if (environment[name] === undefined) delete process.env[name];
  for (const [name, value] of Object.entries(environment)) if (process.env[name] !== value) process.env[name] = value;
  process.chdir(directory);
  for (const [key, descriptor] of globals) put(key, descriptor);
}

/** Puts away what belongs to a sandbox. */
export function pack(belongings: Belongings): void {
  belongings.environment = { ...process.env };
  belongings.directory = process.cwd();
  belongings.globals.clear();
  for (const key of new Set([...common.keys(), ...Reflect.ownKeys(globalThis)])) {
    const [before, now] = [common.get(key), Reflect.getOwnPropertyDescriptor(globalThis, key)];
    if (isSame(before, now)) continue;
    belongings.globals.set(key, now);
    put(key, before);
  }
}

function put(key: PropertyKey, descriptor: PropertyDescriptor | undefined): void {
  if (descriptor) Reflect.defineProperty(globalThis, key, descriptor);
  else Reflect.deleteProperty(globalThis, key);
}

function isSame(one: PropertyDescriptor | undefined, other: PropertyDescriptor | undefined): boolean {
  return one?.value === other?.value && one?.get === other?.get && one?.set === other?.set && (one === undefined) === (other === undefined);
}
