import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { chunk, role, spoken, sse, stream } from './support/answers.ts';
import { conformance, type Under } from './support/conformance.ts';
import { ROOT } from './support/process.ts';

const script = fileURLToPath(new URL('support/conformance.py', import.meta.url));
const run = promisify(execFile);
const own = join(ROOT, '.python', 'bin', 'python3');
/** The one that the script of the CI prepared, else the machine's. */
const python = existsSync(own) ? own : 'python3';
const version = spawnSync(python, ['-c', 'import openai; print(openai.__version__)'], { encoding: 'utf8' });
/** Whether the SDK that the checklist means is there; older majors read answers otherwise. */
const isThere = version.status === 0 && Number(version.stdout.split('.', 1)[0]) >= 3;

test.skipIf(isThere)('lines with the Python SDK are left out: pip install openai', (context) => context.skip());

describe.runIf(isThere)('with the Python SDK', () => {
  const line = conformance(['passing', 'translated']);
  const WIRE = { wire: true } as const;
  const ask = async ({ base, bench }: Under, question: string): Promise<unknown> => {
    const { stdout } = await run(python, [script, base, bench.key, question]);
    return JSON.parse(stdout);
  };

  line(
    '6',
    'answers and their request ids are read',
    async (under) => {
      expect(await ask(under, 'plain')).toEqual({ text: 'You said: Hello', streamed: 'You said: Hello', request: expect.stringMatching(/^req_/) });
    },
    WIRE,
  );

  line(
    '3',
    'errors have class, code and request id, and a wrong key is asked for once',
    async (under) => {
      const request = expect.stringMatching(/^req_/);
      expect(await ask(under, 'errors')).toEqual([
        { class: 'AuthenticationError', code: 'invalid_api_key', status: 401, request },
        { class: 'NotFoundError', code: 'model_not_found', status: 404, request },
        { class: 'NotFoundError', code: 'unknown_url', status: 404, request },
      ]);
      expect(under.bench.simulator.requests).toHaveLength(1);
    },
    WIRE,
  );

  line(
    '58',
    'the accumulator does not double id and name',
    async (under) => {
      if (under.repaired) {
        const start = (input: string) =>
          chunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: input } }] });
        stream(under.bench.simulator, sse(role, start('{"city":'), start('"Oslo"}'), chunk({}, 'tool_calls'), '[DONE]'));
      }
      const arguments_ = under.repaired ? '{"city":"Oslo"}' : '{"city":"text"}';
      expect(await ask(under, 'accumulated')).toEqual([[expect.stringMatching(/^call_[^_]+$/), 'get_weather', arguments_]]);
    },
    WIRE,
  );

  line(
    '63',
    'a cut is thrown, not a short text',
    async (under) => {
      const body = spoken('Hel', 'lo');
      // A reset may take what came before it along, and then it is tried again.
      stream(under.bench.simulator, body, { cut: { at: body.indexOf('"lo"'), how: 'fin' } });
      const error = { class: 'APIError', code: 'upstream_stream_truncated', status: null, request: null };
      expect(await ask(under, 'broken')).toEqual({ text: 'Hel', error });
    },
    WIRE,
  );

  line(
    '67',
    'closing a stream ends the upstream request',
    async (under) => {
      const begun = sse(role, chunk({ content: 'Hel' }));
      stream(under.bench.simulator, begun + spoken('lo'), { stall: { at: begun.length } });
      expect(await ask(under, 'left')).toBe('left');
      expect((await under.bench.simulator.waitForAbort()).bytesSent).toBe(begun.length);
    },
    WIRE,
  );

  line(
    '84',
    'embeddings are the same floats whatever was asked for',
    async (under) => {
      const { length, difference } = (await ask(under, 'embeddings')) as { length: number; difference: number };
      expect(length).toBe(1536);
      expect(difference).toBeLessThan(1e-6);
    },
    WIRE,
  );

  line(
    '92',
    'responses are read, whole and streamed',
    async (under) => {
      expect(await ask(under, 'responses')).toEqual({
        text: 'You said: Hello',
        streamed: 'You said: Hello',
        first: 'response.created',
        usage: expect.any(Number),
      });
    },
    WIRE,
  );

  line(
    '109',
    'raw answers show headers and bytes',
    async (under) => {
      expect(await ask(under, 'raw')).toEqual({
        request: expect.stringMatching(/^req_/),
        text: 'You said: Hello',
        type: 'text/event-stream; charset=utf-8',
        last: 'data: [DONE]',
      });
    },
    WIRE,
  );

  describe('with short waits', () => {
    const line = conformance(['passing', 'translated'], { sections: { stream: { commitAfter: '50ms', keepAlive: '50ms' }, retry: { attempts: 1 } } });
    line(
      '53',
      'comments while a provider is silent are no events',
      async (under) => {
        const begun = sse(role);
        const silence = new Promise((resolve) => setTimeout(resolve, 400));
        stream(under.bench.simulator, spoken('Hi'), { stall: { at: begun.length, until: silence } });
        expect(await ask(under, 'streamed')).toBe('Hi');
      },
      WIRE,
    );
  });
});
