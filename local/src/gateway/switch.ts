import * as v from 'valibot';

/** A service that acts by itself unless a test turns it off. */
export interface Switch {
  on(): boolean;
  /** Mounted at `/_local/<name>`. POST `{ on: false }` turns it off, DELETE turns it on again, GET shows it. */
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
