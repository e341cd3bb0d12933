import * as v from 'valibot';

/** Something that runs by itself, and that tests turn off. */
export interface Switch {
  on(): boolean;
  /** Mounted at `/_local/<name>`: POST `{ on: false }` turns it off, DELETE turns it on again, GET tells. */
  admin(method: string, body: unknown): { readonly on: boolean };
}

export function createSwitch(): Switch {
  let on = true;
  return {
    on: () => on,
    admin(method, body) {
      if (method === 'POST') on = v.parse(Position, body).on;
      if (method === 'DELETE') on = true;
      return { on };
    },
  };
}

const Position = v.strictObject({ on: v.boolean() });
