import createClient, { type Client } from 'openapi-fetch';
import { KeybackError } from './problem.js';
import type { paths } from './schema.js';

export { KeybackError, type FieldError, type Problem } from './problem.js';
export type { components, operations, paths } from './schema.js';

/** The calls of Keyback, by method and path. */
export type Keyback = Client<paths, `${string}/${string}`>;

export interface KeybackOptions {
  /** Where Keyback is, such as `https://id.example.com`. */
  baseUrl: string;
  /** An API key, or what gives a JSON Web Token for each call. The calls of a user who forgot a password need none. */
  key?: string | (() => string | Promise<string>);
  /** In place of the global `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
}

/** A client. Its calls do not throw: `unwrap` makes errors of answers. */
export function createKeyback({ baseUrl, key, fetch }: KeybackOptions): Keyback {
  const client = createClient<paths>({ baseUrl, ...(fetch && { fetch }) });
  if (key !== undefined) {
    client.use({
      async onRequest({ request }) {
        const bearer = typeof key === 'string' ? key : await key();
        request.headers.set('authorization', `Bearer ${bearer}`);
        return request;
      },
    });
  }
  return client;
}

/** What a call is answered with; throws a `KeybackError` if it is refused. */
export async function unwrap<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw new KeybackError(response, error);
  // An answer without a body is `undefined`, as its type says.
  return data as T;
}
