// Calls of the HTTP contract, as anyone else makes them.

const PATIENCE = 30_000;

/**
 * Calls `path`: with `body`, a POST. The outcome is `{ok: true, value}` or `{ok: false, problem, seconds, errors}`, where
 * `problem` is the slug of the contract, `offline` without an answer, or `unexpected`.
 */
export async function call(path, body) {
  let answer;
  let value;
  try {
    answer = await fetch(path, {
      method: body ? 'POST' : 'GET',
      headers: body ? { 'Content-Type': 'application/json' } : {},
      body: body && JSON.stringify(body),
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE),
    });
    value = await json(answer);
  } catch {
    return { ok: false, problem: 'offline' };
  }
  if (answer.ok) return { ok: true, value };
  const slug = typeof value?.type === 'string' && value.type.split('/problems/')[1];
  return {
    ok: false,
    // A proxy's own 502 or 504 says what our 503 says.
    problem: slug || (answer.status === 429 ? 'rate-limited' : answer.status >= 500 ? 'service-unavailable' : 'unexpected'),
    seconds: Number.parseInt(answer.headers.get('Retry-After') ?? '', 10) || 60,
    errors: value?.errors ?? [],
  };
}

async function json(answer) {
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
