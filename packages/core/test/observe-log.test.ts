import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accessLine } from '../src/observe/access-line.ts';
import { openLog } from '../src/observe/log.ts';
import { createScrub } from '../src/observe/scrub.ts';

const capture = (secrets: () => readonly string[] = () => []) => {
  let text = '';
  const log = openLog({
    destination: {
      write: (line) => {
        text += line;
      },
    },
    secrets,
    now: () => 1234,
    level: 'trace',
  });
  return {
    log,
    text: () => text,
    lines: () =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
};
const scrubOf = (...secrets: string[]) => createScrub({ secrets: () => secrets });

describe('scrub', () => {
  test.each([
    ['a key of ours', 'invalid key lpa_ab12cd34_ZmFrZS1zZWNyZXQ given', 'lpa_'],
    ['a session of ours', 'x lpas_ZmFrZS1zZXNzaW9u y', 'lpas_'],
    ['a vendor key', 'Incorrect API key provided: sk-proj-abcdEFGH1234_-x.', 'sk-proj'],
    ['an access key id', 'for AKIAIOSFODNN7EXAMPLE and ASIAIOSFODNN7EXAMPLE', 'IOSFODNN7'],
    ['a bearer token', 'authorization: Bearer abc.def~ghi/jkl=', 'abc.def'],
    ['a bearer token in lower case', 'bearer   0123456789abcdef', '0123456789'],
    ['basic credentials', `Basic ${Buffer.from('alice:opensesame').toString('base64')}`, Buffer.from('alice:opensesame').toString('base64')],
    ['a JSON web token', 'token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl!', 'eyJhb'],
    ['a JSON web token without signature', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.', 'eyJzdWIi'],
    ['a key in PEM', '-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY----- rest', 'MIGHAgEA'],
    ['a key in PEM that was cut', '-----BEGIN EC PRIVATE KEY-----\nMIGHAgEA', 'MIGHAgEA'],
    ['a key in a query', 'GET https://host/v1?a=b&key=topsecretvalue&c=d', 'topsecretvalue'],
  ])('%s is not shown', (_name, text, hidden) => {
    const clean = scrubOf()(text);
    expect(clean).not.toContain(hidden);
    expect(clean).toContain('[redacted]');
  });

  test.each([
    'basic authentication is off',
    'Basic auth',
    'the task-force of disk-usage',
    'https://host/path/sk-ip',
    'key=value',
    'lpa_',
    'a model named eyJ',
    'plain words, 123.4 and {"a":[1]}',
  ])('%s stays as it is', (text) => {
    expect(scrubOf()(text)).toBe(text);
  });

  test('known secrets go in every spelling: plain, percent-encoded, JSON, base64, hex', () => {
    const secret = 'p"w/+ä 12345';
    const scrub = scrubOf('unrelated-secret', secret);
    for (const text of [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('base64url'),
      Buffer.from(secret).toString('hex'),
    ])
      expect(scrub(`before ${text} after`)).toMatch(/^before \[redacted\]=* after$/);
  });

  test('secrets are asked for each time: a rotated value is hidden at once', () => {
    let secrets = ['first-secret'];
    const scrub = createScrub({ secrets: () => secrets });
    expect(scrub('first-secret second-secret')).toBe('[redacted] second-secret');
    secrets = ['first-secret', 'second-secret'];
    expect(scrub('first-secret second-secret')).toBe('[redacted] [redacted]');
  });

  test('a secret that another contains does not leave its rest', () => {
    expect(scrubOf('abcdefgh', 'abcdefghijkl')('abcdefghijkl')).toBe('[redacted]');
  });

  test('control characters, terminal sequences and line separators are escaped', () => {
    expect(scrubOf()('a\r\nb\u001b[31mc\u2028d\u0000e\u202ef\u009bg')).toBe('a\\u000d\\u000ab\\u001b[31mc\\u2028d\\u0000e\\u202ef\\u009bg');
  });

  test('text is cut to the bound, lone surrogates do not survive', () => {
    const clean = createScrub({ secrets: () => [], bound: 10 })('😀'.repeat(20));
    expect(clean.length).toBeLessThanOrEqual(10);
    expect(clean.isWellFormed()).toBe(true);
    expect(scrubOf()('\ud800x').isWellFormed()).toBe(true);
  });

  test('a secret at any place of a text of any length is never shown, nor a long part of it', () => {
    const secret = 'S3CR3T-value-that-is-known';
    const scrub = createScrub({ secrets: () => [secret], bound: 200_000 });
    fc.assert(
      fc.property(fc.nat(70_000), fc.nat(3), fc.string(), (before, copies, between) => {
        const clean = scrub(`${'x'.repeat(before)}${`${secret}${between}`.repeat(copies)}${secret}`);
        expect(clean).not.toContain('S3CR3T-v');
      }),
      { numRuns: 60 },
    );
    expect(scrub(`${'y'.repeat(65_536 - 12)}${secret}`)).not.toContain('S3CR3T-v');
  });

  test('64 KiB of anything adversarial take under 50 ms', () => {
    const scrub = scrubOf('known-secret-value');
    for (const unit of [
      'eyJ',
      'sk-',
      'Bearer ',
      'Basic ',
      '-----BEGIN A-----',
      '-----BEGIN ',
      '-',
      'AKIA',
      'lpa_',
      '&key=',
      ' \t',
      'eyJaaaaaaaa.',
      '\u001b',
      'Basic\t\t',
      'a',
    ]) {
      const text = unit.repeat(Math.ceil(70_000 / unit.length));
      scrub(text);
      // The best of three: a collection of garbage may fall into one.
      const cost = (): number => {
        const started = process.cpuUsage();
        scrub(text);
        const spent = process.cpuUsage(started);
        return (spent.user + spent.system) / 1000;
      };
      expect([unit, Math.min(cost(), cost(), cost()) < 50]).toEqual([unit, true]);
    }
  });
});

describe('log', () => {
  test('writes one JSON object a line whatever the text holds', () => {
    const { log, text, lines } = capture();
    log.logger.error({ detail: 'a\nb\u2028{"level":"info"}' }, 'first\r\nsecond');
    log.logger.info({}, 'third');
    expect(text().match(/\n/g)).toHaveLength(2);
    expect(text()).not.toContain('\u2028');
    expect(lines()).toEqual([
      { level: 'error', time: 1234, detail: 'a\\u000ab\\u2028{"level":"info"}', msg: 'first\\u000d\\u000asecond' },
      { level: 'info', time: 1234, msg: 'third' },
    ]);
  });

  test('scrubs messages, fields, names of fields and errors with their causes at any depth', () => {
    const secret = 'the-canary-secret';
    const { log, text, lines } = capture(() => [secret]);
    const error = Object.assign(new Error(`failed with ${secret}`, { cause: new TypeError(secret) }), { code: 'E_X' });
    log.logger.error(
      { a: { b: [{ c: secret, [secret]: 1 }] }, url: new URL(`https://h/?x=${secret}`), error, all: new AggregateError([new Error(secret)], secret) },
      `hello ${secret}`,
    );
    expect(text()).not.toContain(secret);
    const [line] = lines();
    expect(line?.error).toMatchObject({ name: 'Error', code: 'E_X', message: 'failed with [redacted]', cause: { name: 'TypeError', message: '[redacted]' } });
    expect((line?.error as { stack: string } | undefined)?.stack).toContain('observe-log.test');
  });

  test('fields that carry credentials are hidden by name, in any spelling and depth', () => {
    const { log, text } = capture();
    log.logger.warn(
      {
        authorization: 'v-1',
        headers: { 'X-Api-Key': 'v-2', Cookie: 'v-3', deep: [{ client_secret: 'v-4', apiKey: 'v-5', 'X-TOTP-Code': 'v-6', password: ['v-7'] }] },
      },
      'x',
    );
    expect(text()).not.toMatch(/v-\d/);
    expect(text().match(/\[redacted\]/g)).toHaveLength(7);
  });

  test('what cannot be logged costs nobody anything', () => {
    const { log, lines } = capture();
    const circle: Record<string, unknown> = { big: 1n, f: () => 1, bytes: Buffer.alloc(9), date: new Date(0), bad: new Date(Number.NaN) };
    circle.self = circle;
    log.logger.info(circle, 'circle');
    log.logger.info({ wide: Array.from({ length: 1e5 }, () => ({ a: {} })) }, 'wide');
    log.logger.info(
      {
        get trap() {
          throw new Error('no');
        },
      },
      'trap',
    );
    log.logger.info(JSON.parse('{"__proto__":{"polluted":1}}'), 'proto');
    log.logger.info(new Error('bare'), 'bare');
    expect(lines().map((line) => line.msg)).toEqual(['circle', 'wide', 'trap', 'proto', 'bare']);
    expect(lines()[0]).toMatchObject({ big: '1', bytes: '[9 bytes]', date: '1970-01-01T00:00:00.000Z', bad: null });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('levels: what is below is not written, a reload changes it, `listening` and the heads of the audit log always are', () => {
    const { log, lines } = capture();
    log.configure({ level: 'warn', content: true });
    expect(log.content).toBe(true);
    log.logger.info({}, 'no');
    log.access({ time: 1, request: 'r', method: 'GET', route: '/', status: 200 });
    log.logger.warn({}, 'yes');
    log.listening('server', 'http://127.0.0.1:1');
    log.heads(['w:1:h']);
    log.configure({ level: 'debug', content: false });
    log.logger.debug({}, 'now');
    log.logger.trace({}, 'never');
    expect(lines()).toEqual([
      { level: 'warn', time: 1234, msg: 'yes' },
      { level: 'info', time: 1234, msg: 'listening', listener: 'server', url: 'http://127.0.0.1:1' },
      { level: 'info', time: 1234, msg: 'audit checkpoint', heads: ['w:1:h'] },
      { level: 'debug', time: 1234, msg: 'now' },
    ]);
  });

  test('lines to a descriptor are written together and all there after flush', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'log-'));
    const file = join(folder, 'out.log');
    const descriptor = openSync(file, 'w');
    const log = openLog({ destination: descriptor, secrets: () => [] });
    for (let i = 0; i < 500; i++) log.logger.info({ i }, 'line');
    log.flush();
    const numbers = (): readonly number[] => (readFileSync(file, 'utf8').match(/^\{.*\}$/gm) ?? []).map((line) => (JSON.parse(line) as { i: number }).i);
    // A thread writes what it had when the flush came; that may be the last to come.
    await expect.poll(() => numbers().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, i) => i));
    rmSync(folder, { recursive: true });
  });

  test.runIf(existsSync('/dev/full'))('a disk that is full costs lines, not the process', async () => {
    const log = openLog({ destination: openSync('/dev/full', 'w'), secrets: () => [] });
    for (let i = 0; i < 500; i++) log.logger.info({ i }, 'line');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(() => log.logger.info({}, 'still here')).not.toThrow();
  });

  test('at the end nothing overtakes a write that is under way', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lpa-log-'));
    const file = join(folder, 'log');
    const log = openLog({ destination: openSync(file, 'a'), secrets: () => [], now: () => 1 });
    // Whatever is written waits for a thread of the pool: each waits for somebody who writes into a pipe.
    const pipes = Array.from({ length: Number(process.env.UV_THREADPOOL_SIZE ?? 4) }, (_, i) => join(folder, `pipe${i}`));
    expect(spawnSync('mkfifo', pipes).status).toBe(0);
    const held = pipes.map((pipe) => open(pipe, 'r'));
    const say = (from: number, to: number): void => {
      for (let n = from; n < to; n++) log.logger.info({ n, pad: 'x'.repeat(1000) }, 'line');
    };
    say(0, 20);
    await new Promise((resolve) => setImmediate(resolve));
    say(20, 25);
    const ended = log.end();
    // Whoever does not wait for the write has written by now.
    await new Promise((resolve) => setImmediate(resolve));
    const writers = pipes.map((pipe) => openSync(pipe, 'r+'));
    await ended;
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { n: number }).n)).toEqual(Array.from({ length: 25 }, (_, n) => n));
    for (const handle of held) await (await handle).close();
    for (const writer of writers) closeSync(writer);
    rmSync(folder, { recursive: true, force: true });
  });
  test('what was said just before the process ended is written', () => {
    const source = `import { openLog } from ${JSON.stringify(new URL('../src/observe/log.ts', import.meta.url).href)}; openLog({ secrets: () => [] }).logger.error({}, 'last words'); process.exit(3);`;
    const run = spawnSync(process.execPath, ['--conditions=@llm-proxy-auth/source', '--input-type=module', '-e', source], { encoding: 'utf8' });
    expect([run.status, (JSON.parse(run.stdout) as { msg: string }).msg]).toEqual([3, 'last words']);
  });
});

describe('access line', () => {
  const fields = { time: 5, request: 'req_1', method: 'POST', route: '/chat/completions', status: 200 } as const;

  test('holds what was given and nothing that was not', () => {
    expect(JSON.parse(accessLine(fields))).toEqual({ level: 'info', msg: 'request', ...fields });
    const all = {
      ...fields,
      code: 'overloaded',
      mode: 'protocol',
      dialect: 'd',
      operation: 'chat',
      instance: 'i',
      principal: 'key:ci',
      attempts: 2,
      stream: 'complete',
      durationMs: 12.345,
      firstByteMs: 3,
      overheadMs: 0.5,
      bytesIn: 1,
      bytesOut: 2,
      inputTokens: 3,
      outputTokens: 4,
      cachedTokens: 5,
      fidelity: 'ignored=choices[].logprobs,clamped=stop',
    };
    expect(JSON.parse(accessLine(all))).toEqual({ level: 'info', msg: 'request', ...all, durationMs: 12.35 });
    expect(JSON.parse(accessLine({ ...fields, code: '', stream: 'none' }))).toEqual({ level: 'info', msg: 'request', ...fields });
  });

  test('is one line of JSON for any text and number in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.double(), (principal, durationMs) => {
        const line = accessLine({ ...fields, principal, durationMs });
        expect(line.slice(0, -1)).not.toMatch(/[\n\r\u2028\u2029\u0085]/);
        expect((JSON.parse(line) as { principal: string }).principal).toBe(principal.toWellFormed());
      }),
    );
  });
});
