import { expect } from 'vitest';
import { type Bench, PROVIDER_KEY } from './gateway.ts';
import { chat, SMALL } from './limited.ts';
import { ask, ask2, type Got, type Sent, wire } from './raw.ts';

const STACK = /\n\s+at |node:internal|node_modules|file:\/\/|\/(?:home|usr|root|opt|tmp|var|work|app)\/[a-z]/i;

/** Everything a case sends and gets, and what must hold after every case whatever it was about. */
export interface Oracle {
  ask(sent: Sent): Promise<Got>;
  ask2(sent: Sent): Promise<Got>;
  wire(bytes: string | Uint8Array): Promise<string>;
  /** `name: value` lines for raw requests. */
  readonly head: string;
  /** No canary outside the provider, no credential of a client inside it, no stack or path in an answer, and the gateway serves on. */
  holds(): Promise<void>;
}
export const oracle = (bench: Bench): Oracle => {
  let answers = '';
  const noted = (got: Got): Got => {
    answers += `${JSON.stringify(got.headers)}\n${got.text}\n`;
    return got;
  };
  const { host } = new URL(bench.url);
  return {
    ask: (sent) => ask(bench.url, sent).then(noted),
    ask2: (sent) => ask2(bench.url, sent).then(noted),
    async wire(bytes) {
      const text = await wire(bench.url, bytes);
      answers += text;
      return text;
    },
    head: `Host: ${host}\r\nAuthorization: Bearer ${bench.key}\r\n`,
    async holds() {
      const seen = answers;
      answers = '';
      expect(seen).not.toContain(PROVIDER_KEY);
      expect(bench.logText()).not.toContain(PROVIDER_KEY);
      expect(bench.logText()).not.toContain(bench.key);
      expect(seen).not.toMatch(STACK);
      for (const { headers, target, body } of bench.simulator.requests) {
        const text = `${target}\n${JSON.stringify(headers)}\n${body.toString('latin1')}`;
        expect(text).not.toMatch(/lpa_|canary-of-client/);
        expect(headers.filter(([name]) => name.toLowerCase() === 'authorization')).toEqual([['authorization', `Bearer ${PROVIDER_KEY}`]]);
      }
      bench.simulator.clear();
      const started = performance.now();
      const good = await ask(bench.url, {
        path: '/openai/main/v1/chat/completions',
        headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
        body: chat(SMALL),
      });
      expect(good.status).toBe(200);
      expect(performance.now() - started).toBeLessThan(10_000);
      expect((await ask(bench.url, { method: 'GET', path: '/health' })).status).toBe(200);
      bench.simulator.clear();
    },
  };
};
