import type { components } from './schema.js';

/** The body of an error (RFC 9457). */
export type Problem = components['schemas']['Problem'];

/** One thing that is wrong with a body, or with the password in it. */
export type FieldError = components['schemas']['FieldError'];

/** A call that Keyback refused, or could not do. */
export class KeybackError extends Error {
  override readonly name = 'KeybackError';
  /** The HTTP status. */
  readonly status: number;
  /** The last part of the problem's type, such as `invalid-otp`; empty for an answer that is no problem. */
  readonly kind: string;
  /** The address of a page that explains the kind of problem. */
  readonly type: string;
  /** What the kind does not say. */
  readonly detail: string | undefined;
  /** All that is wrong with the body. */
  readonly errors: readonly FieldError[];
  /** Seconds until the call may be repeated, for 429 and 503. */
  readonly retryAfter: number | undefined;
  /** Identifies the request in Keyback's log. */
  readonly requestId: string | undefined;

  constructor(response: Response, body: unknown) {
    const problem = asProblem(body);
    super(problem?.title ?? `the answer has the status ${response.status}`);
    this.status = response.status;
    this.type = problem?.type ?? '';
    this.kind = this.type.split('/').at(-1) ?? '';
    this.detail = problem?.detail;
    this.errors = problem?.errors ?? [];
    this.retryAfter = seconds(response.headers.get('retry-after'));
    this.requestId = response.headers.get('x-request-id') ?? undefined;
  }
}

/** The body, if it is a problem: a proxy in between may have answered. */
function asProblem(body: unknown): Problem | undefined {
  const is = typeof body === 'object' && body !== null && 'type' in body && 'title' in body;
  return is ? body as Problem : undefined;
}

function seconds(header: string | null): number | undefined {
  return header !== null && /^\d+$/.test(header) ? Number(header) : undefined;
}
