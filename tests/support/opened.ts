import { afterAll, afterEach, beforeAll } from 'vitest';
import { type Bench, openBench, type Wanted } from './gateway.ts';

type Fields = Readonly<Record<string, unknown>>;
/** A gateway of three dialects for the tests of a group: opened before them, its simulator cleared after each, closed behind them. */
export const opened = (wanted: Wanted) => {
  let bench: Bench | undefined;
  const now = (): Bench => {
    if (bench === undefined) throw new Error('not open yet');
    return bench;
  };
  beforeAll(async () => {
    bench = await openBench({
      plugins: ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/dialect-converse'],
      ...wanted,
      sections: { retry: { attempts: 1 } },
    });
  });
  afterEach(() => now().simulator.clear());
  afterAll(() => bench?.close());
  const post = (path: string, body: Fields, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    fetch(`${now().url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${now().key}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01', ...headers },
      body: JSON.stringify(body),
    });
  /** The body that the provider got last. */
  const sent = (): Fields =>
    now()
      .simulator.requests.findLast(({ method }) => method === 'POST')
      ?.json() as Fields;
  return { now, post, sent };
};
/** Status, and what is told of losses. */
export const told = async (answer: Promise<Response>): Promise<readonly [number, string | null]> => {
  const { status, headers } = await answer;
  return [status, headers.get('x-lpa-fidelity')];
};
