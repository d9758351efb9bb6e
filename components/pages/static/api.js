// Calls of the HTTP contract, as anyone else makes them.

const PATIENCE = 30_000;

/**
 * Calls `path`: with `body`, a POST of JSON unless `options` say otherwise (`method`, `headers`, `type` for a body that is
 * none, `patience` in milliseconds, a `signal` that ends the call, `read` for what becomes of an answer that is not JSON). The outcome is `{ok: true, value}` or
 * `{ok: false, problem, seconds, errors, detail}`, where `problem` is the slug of the contract, `offline` without an answer of
 * Keyback's, or `unexpected`.
 */
export async function call(path, body, options = {}) {
  const { method = body ? 'POST' : 'GET', headers = {}, type, patience = PATIENCE, signal, read = json } = options;
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(), patience);
  const abort = () => impatience.abort();
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  let answer;
  let value;
  try {
    answer = await fetch(path, {
      method,
      headers: body ? { 'Content-Type': type ?? 'application/json', ...headers } : headers,
      body: type ? body : body && JSON.stringify(body),
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'error',
      signal: impatience.signal,
    });
    value = await (answer.ok ? read : json)(answer);
  } catch {
    return { ok: false, problem: 'offline' };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
  if (answer.ok) return { ok: true, value };
  const slug = typeof value?.type === 'string' && value.type.split('/problems/')[1];
  return {
    ok: false,
    // What a proxy says by itself tells nothing of what became of the call, as no answer does.
    problem: slug || (answer.status === 429 ? 'rate-limited' : answer.status >= 500 ? 'offline' : 'unexpected'),
    seconds: Number.parseInt(answer.headers.get('Retry-After') ?? '', 10) || 60,
    errors: value?.errors ?? [],
    detail: value?.detail,
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
