import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';
import { type Expectations, expectations, type Recording, recordedBytes, recordings } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAnthropic } from '../packages/simulators/test/anthropic-read.ts';
import { read } from '../packages/simulators/test/read.ts';
import type { Bench } from './support/gateway.ts';
import { openRecorded, vendorOf } from './support/recorded/bench.ts';
import { NEITHER } from './support/recorded/neither.ts';
import { errorOf, isOwn, isStream } from './support/recorded/outcome.ts';
import { passingOf } from './support/recorded/passing.ts';
import { recordedSaid, saidBy, type Translation, translationOf } from './support/recorded/translated.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const all = recordings();
const vendors = [...new Set(all.map(vendorOf))];
const isPlayed = (way: 'passing' | 'translated') => (one: Recording) => NEITHER[one.file]?.[way] === undefined;

describe('the index of recordings', () => {
  const index = readFileSync(new URL('../packages/simulators/recordings/INDEX.tsv', import.meta.url), 'utf8');
  const files = index
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((row) => row.split('\t')[1] ?? '');
  test('names what is there', () => expect(files.toSorted()).toEqual(all.map(({ file }) => file).toSorted()));
  test('has nothing that is not translated, unless it is said why', () =>
    expect(all.filter((one) => isPlayed('translated')(one) && translationOf(one) === undefined)).toEqual([]));
  test('has everything that is said not to be played', () => expect(Object.keys(NEITHER).filter((file) => !files.includes(file))).toEqual([]));
});

type Seen = Partial<Pick<Expectations, 'texts' | 'toolCalls' | 'finish' | 'usage' | 'items'>> & { readonly errorStatus?: number };
/** What is about the gateway's own credential is the gateway's to tell. */
const OWN = [502, 'upstream_auth_failed'];

describe.each(vendors)('recordings that the simulator of %s plays', (vendor) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openRecorded(vendor);
  });
  afterAll(() => bench.close());

  test.each(all.filter((one) => isPlayed('passing')(one) && passingOf(one).vendor === vendor).map((one) => [one.file, one] as const))(
    '%s passes: the same bytes up and down',
    async (_file, one) => {
      const { path, upstream, body } = passingOf(one);
      const { method } = one.request;
      bench.simulator.clear();
      bench.simulator.replay(one, { path: upstream });
      // Files that a recording names were its caller's.
      for (const [, id] of body.matchAll(/"file_id": "([^"]+)"/g)) await bench.own(String(id));
      const answer = await fetch(bench.url + path, { method, headers: auth(), ...(method === 'GET' ? {} : { body }) });
      const got = Buffer.from(await answer.arrayBuffer());
      expect(bench.simulator.requests.map((request) => request.sha256)).toEqual([sha256(Buffer.from(body))]);
      if (isOwn(one)) return expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual(OWN);
      const expected = recordedBytes(one);
      // In protocol mode the vendor's error object is in an envelope of the gateway's.
      if (path.startsWith('/gemini/') && answer.status >= 400) {
        const { error } = JSON.parse(got.toString()) as { readonly error: object };
        return expect([answer.status, { error }]).toEqual([one.response.status, JSON.parse(expected.toString())]);
      }
      expect([answer.status, got.length, sha256(got)]).toEqual([one.response.status, expected.length, sha256(expected)]);
    },
  );

  const auth = () => ({ authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' });
  const json = async (answer: Response) =>
    (await answer.json()) as {
      readonly models?: readonly { readonly name: string }[];
      readonly embeddings?: readonly { readonly values: readonly number[] }[];
      readonly results?: readonly { readonly relevance_score: number }[];
    };
  const ask = async ({ asker, instance, model }: Translation, one: Recording): Promise<Seen> => {
    const openai = new OpenAI({ baseURL: `${bench.url}/openai/${instance}/v1`, apiKey: bench.key, maxRetries: 0 });
    const anthropic = new Anthropic({ baseURL: `${bench.url}/anthropic/${instance}`, apiKey: bench.key, maxRetries: 0 });
    const messages = [{ role: 'user', content: 'hi' }];
    const { items } = expectations(one);
    const several = items.map(() => 'hi');
    const stream = isStream(one) ? { stream: true } : {};
    if (asker === 'anthropic chat') return readAnthropic(anthropic, 'messages', { model, max_tokens: 50, messages, ...stream });
    if (asker === 'count') return readAnthropic(anthropic, 'countTokens', { model, messages });
    const counted = isStream(one) ? { ...stream, stream_options: { include_usage: true } } : {};
    if (asker === 'openai chat') return read(openai, 'chat', { model, messages, ...counted });
    if (asker === 'openai text') return read(openai, 'completions', { model, prompt: 'hi', ...counted });
    if (asker === 'openai vectors') return read(openai, 'embeddings', { model, input: several.length === 0 ? 'hi' : several });
    if (asker === 'openai list') return read(openai, 'models', {});
    const at = `${bench.url}/${asker === 'rerank' ? 'openai' : 'gemini'}/${instance}`;
    if (asker === 'gemini list') {
      const { models = [] } = await json(await fetch(`${at}/v1beta/models`, { headers: auth() }));
      return { items: models.map(({ name }) => name.replace('models/', '')) };
    }
    const requests = (several.length === 0 ? ['hi'] : several).map((word) => ({ model: `models/${model}`, content: { parts: [{ text: word }] } }));
    const [path, body] =
      asker === 'rerank'
        ? ['/v1/rerank', { model, query: 'q', documents: several }]
        : [`/v1beta/models/${encodeURIComponent(model)}:batchEmbedContents`, { requests }];
    const answer = await fetch(at + path, { method: 'POST', headers: auth(), body: JSON.stringify(body) });
    if (!answer.ok) return { errorStatus: answer.status };
    const { embeddings, results = [] } = await json(answer);
    return { items: embeddings?.map(({ values }) => values.length) ?? results.map(({ relevance_score: score }) => score) };
  };
  test.each(all.filter((one) => isPlayed('translated')(one) && translationOf(one)?.vendor === vendor).map((one) => [one.file, one] as const))(
    '%s is read by a client of another dialect',
    async (_file, one) => {
      const way = translationOf(one);
      if (way === undefined) throw new Error('nobody asks for it');
      bench.simulator.clear();
      bench.simulator.replay(one, { path: way.upstream });
      const seen = await ask(way, one);
      expect(seen.errorStatus).toBe(errorOf(one));
      if (seen.errorStatus !== undefined) return;
      const { items } = expectations(one);
      if (way.asker.endsWith('list')) {
        // What a vendor withdrew long ago is not listed any more.
        expect(seen.items?.length).toBeGreaterThan(items.length / 2);
        return expect(items.map((id) => String(id).replace('models/', ''))).toEqual(expect.arrayContaining([...(seen.items ?? [])]));
      }
      if (!way.asker.endsWith('chat') && way.asker !== 'openai text') return expect(seen.items).toEqual(items);
      const said = recordedSaid(one);
      // What a filter says of itself may stand in place of what it took away.
      expect(saidBy(seen)).toEqual({
        ...said,
        ...(said.finish === 'filter' && said.text === '' ? { text: expect.any(String) } : {}),
        tokens: said.tokens ?? expect.anything(),
      });
    },
  );
});
