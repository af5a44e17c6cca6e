import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { answersIn, ask, BOUNDARY, codeOf, FORM_TYPE, field, file, form, type Part, wire } from './support/raw.ts';
import { openHttp1, openHttp2, type Visitor } from './support/visitor.ts';

const MIB = 1024 * 1024;
const PATH = '/openai/main/v1/audio/transcriptions';
const MODEL = 'whisper-1';
/** More than is kept whole. */
const large = file('file', 'R'.repeat(27 * MIB), 'a.wav');
const small = file('file', 'RIFF', 'a.wav');
const whole = form([field('model', MODEL), large]);

let bench: Bench;
let client: Visitor | undefined;
beforeAll(async () => {
  bench = await openBench({
    sections: {
      server: { port: 0, bodyLimit: '40MiB' },
      retry: { attempts: 2 },
      models: [{ name: 'hearing', targets: [{ instance: 'main', model: MODEL }] }],
      policies: [
        { match: { principal: 'key:paying' }, allow: {}, limits: [{ per: 'principal', tokens: '1000000/min' }] },
        { allow: { classes: ['inference', 'models', 'stateful'] } },
      ],
    },
  });
});
afterEach(() => {
  client?.leave();
  client = undefined;
  bench.simulator.clear();
});
afterAll(() => bench.close());
const headers = (more: Readonly<Record<string, string>> = {}, key = bench.key) => ({ authorization: `Bearer ${key}`, 'content-type': FORM_TYPE, ...more });
const send = (path: string, parts: readonly Part[], more?: Readonly<Record<string, string>>, key?: string) =>
  ask(bench.url, { path, headers: headers(more, key), body: form(parts) });
const bodies = () => bench.simulator.requests.map(({ body }) => body.toString('latin1'));

describe.each([
  ['HTTP/1.1', openHttp1],
  ['HTTP/2', openHttp2('reset')],
])('a form of more than 25 MiB by %s', (_how, open) => {
  const begun = async (announce: number | undefined) => {
    const head = bench.simulator.waitForHead();
    client = await open(bench.url, { path: PATH, headers: headers(), body: undefined, ...(announce === undefined ? {} : { announce }) });
    client.write(whole.slice(0, -100));
    return { upstream: await head, client };
  };
  test('goes on before it is whole, and arrives as it was sent', async () => {
    const { upstream, client } = await begun(whole.length);
    expect([upstream.complete, upstream.header('content-length')]).toEqual([false, String(whole.length)]);
    client.write(whole.slice(-100));
    await client.until(({ status }) => status === 200);
    expect(upstream.body.equals(Buffer.from(whole))).toBe(true);
  });
  test('goes on without a length where none was said', async () => {
    const { upstream } = await begun(undefined);
    expect([upstream.complete, upstream.header('content-length'), upstream.header('transfer-encoding')]).toEqual([false, undefined, 'chunked']);
  });
});

describe('where the model of a large form stands', () => {
  test('renamed, its length is that of what goes out', async () => {
    expect((await send('/v1/audio/transcriptions', [field('model', 'hearing'), large])).status).toBe(200);
    const sent = form([field('model', MODEL), large]);
    expect(bodies()).toEqual([sent]);
    expect(bench.simulator.requests[0]?.header('content-length')).toBe(String(sent.length));
  });
  test('in our header, it is written into the form', async () => {
    expect((await send(PATH, [large], { 'x-lpa-model': MODEL })).status).toBe(200);
    expect(bodies()).toEqual([form([field('model', MODEL), large])]);
  });
  const DEPLOYMENT = `/openai/main/deployments/${MODEL}/audio/transcriptions`;
  test('in the path, it is written into the form', async () => {
    expect((await send(DEPLOYMENT, [large])).status).toBe(200);
    expect(bodies()).toEqual([form([field('model', MODEL), large])]);
    expect((await send('/openai/deployments/hearing/audio/transcriptions', [large])).status).toBe(200);
    expect(bodies().at(-1)).toEqual(form([field('model', MODEL), large]));
  });
  test('in the path and before the file, both say the same', async () => {
    expect((await send(DEPLOYMENT, [field('model', MODEL), large])).status).toBe(200);
    const got = await send(DEPLOYMENT, [field('model', 'gpt-4o-transcribe'), large]);
    expect(`${got.status} ${codeOf(got)}`).toBe('400 invalid_request');
    expect(bodies()).toEqual([form([field('model', MODEL), large])]);
  });
  test.each([
    ['the path', DEPLOYMENT, {}],
    ['our header', PATH, { 'x-lpa-model': MODEL }],
  ])('one behind the file, where %s said it, does not reach the provider', async (_where, path, more) => {
    const whole = form([large, field('model', 'gpt-4o-transcribe')]);
    const unclosed = whole.slice(0, whole.lastIndexOf('\r\n--'));
    for (const body of [whole, unclosed]) {
      bench.simulator.clear();
      const got = await ask(bench.url, { path, headers: headers(more), body });
      expect(`${got.status} ${codeOf(got)}`).toBe('400 invalid_request');
      expect(bench.simulator.requests.map(({ complete }) => complete)).toEqual([false]);
      expect(bodies().join('')).not.toContain('gpt-4o-transcribe');
    }
  });
  test('behind the file it comes too late: 413', async () => {
    const got = await send(PATH, [large, field('model', MODEL)]);
    expect(`${got.status} ${codeOf(got)}`).toBe('413 body_too_large');
    expect(bench.simulator.requests).toEqual([]);
  });
  test('a second one behind the file ends the call at both ends', async () => {
    const got = await send(PATH, [field('model', MODEL), large, field('model', 'gpt-4o-transcribe')]);
    expect(`${got.status} ${codeOf(got)}`).toBe('400 invalid_request');
    expect(bench.simulator.requests.map(({ complete }) => complete)).toEqual([false]);
  });
  test("files that a form names are their uploader's, before what is sent as it comes and behind it", async () => {
    const edits = '/openai/main/v1/images/edits';
    const [model, theirs] = [field('model', 'gpt-image-1'), field('mask[file_id]', 'file-of-another')];
    const before = await send(edits, [model, theirs, large]);
    expect(`${before.status} ${codeOf(before)}`).toBe('404 invalid_request');
    expect(bench.simulator.requests).toEqual([]);
    const behind = await send(edits, [model, large, theirs]);
    expect(`${behind.status} ${codeOf(behind)}`).toBe('400 invalid_request');
    expect(bodies().join('')).not.toContain('file-of-another');
    expect(bench.simulator.requests.map(({ complete }) => complete)).toEqual([false]);
  });
  test('an upload names none', async () => {
    const parts = [field('purpose', 'user_data'), large];
    expect((await send('/openai/main/v1/files', parts)).status).toBe(200);
    expect(bodies()).toEqual([form(parts)]);
  });
});

test('a refused one leaves its connection to the next request', async () => {
  const body = form([field('model', 'gpt-image-1'), field('mask[file_id]', 'file-of-another'), large]);
  const head = (line: string, more = ''): string => `${line} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${bench.key}\r\n${more}\r\n`;
  const sent = head('POST /openai/main/v1/images/edits', `content-type: ${FORM_TYPE}\r\ncontent-length: ${body.length}\r\n`) + body + head('GET /health');
  expect(answersIn(await wire(bench.url, sent)).map(({ status }) => status)).toEqual([404, 200]);
});
test('what cannot be sent again is tried once, what is kept twice', async () => {
  for (const [part, tries] of [
    [large, 1],
    [small, 2],
  ] as const) {
    bench.simulator.clear();
    for (let i = 0; i < 2; i++) bench.simulator.script({ status: 503, body: '{"error":{"message":"busy"}}' });
    expect((await send(PATH, [field('model', MODEL), part])).status).toBe(503);
    expect(bench.simulator.requests).toHaveLength(tries);
  }
});
test('where tokens or money are reserved a form is known whole, or not sent', async () => {
  const key = await bench.makeKey({ name: 'paying' });
  const got = await send(PATH, [field('model', MODEL), large], {}, key);
  expect(`${got.status} ${codeOf(got)}`).toBe('413 body_too_large');
  expect(bench.simulator.requests).toEqual([]);
});
test('beyond the limit of all bodies it is refused', async () => {
  const got = await ask(bench.url, { path: PATH, headers: headers({ 'content-length': String(41 * MIB) }), body: `--${BOUNDARY}` }).catch(
    (error: Error) => error,
  );
  if (got instanceof Error) throw got;
  expect(`${got.status} ${codeOf(got)}`).toBe('413 body_too_large');
});
