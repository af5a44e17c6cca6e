import type { Call, Json, RerankReply } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { rerank } from '../src/rerank/surface.ts';
import { callOf, inboundOf, ledger } from './support.ts';

const usage = { input: 9, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false };
/** What a request means, without how it was spelled. */
const read = (body: Json) => JSON.parse(JSON.stringify(rerank.client?.read(inboundOf(body), ledger()))) as Json;
const answer = (body: Json, call: Call = callOf()): RerankReply | undefined =>
  rerank.provider?.read({ status: 200, headers: [], body: Buffer.from(JSON.stringify(body)) }, call, undefined);
const written = (reply: RerankReply, body: Json = {}): Record<string, Json> => JSON.parse(String(rerank.client?.write(reply, callOf(body)).body));
const asked = { model: 'm', query: 'q', documents: ['one', { text: 'two' }, { title: 'three' }] };

describe('a request', () => {
  it('holds text, whether written as text or as an object of nothing else, and objects', () =>
    expect(read({ ...asked, top_n: 2, max_tokens_per_doc: 9, return_documents: false })).toEqual({
      query: 'q',
      documents: [{ text: 'one' }, { text: 'two' }, { fields: { title: 'three' } }],
      topN: 2,
      maxTokensPerDocument: 9,
      returnDocuments: false,
    }));
  it('keeps objects whole where fields are ranked, and asks for all with top_n 0', () =>
    expect(read({ ...asked, rank_fields: ['title'], top_n: 0, max_chunks_per_doc: 3 })).toEqual({
      query: 'q',
      documents: [{ text: 'one' }, { fields: { text: 'two' } }, { fields: { title: 'three' } }],
      rankFields: ['title'],
      rest: { from: 'openai.rerank', fields: { max_chunks_per_doc: 3 } },
    }));
  it.each([
    [{ documents: ['a'] }, 'query'],
    [{ query: 7, documents: ['a'] }, 'query'],
    [{ query: 'q' }, 'documents'],
    [{ query: 'q', documents: [] }, 'documents'],
    [{ query: 'q', documents: 'a' }, 'documents'],
    [{ query: 'q', documents: ['a', 7] }, 'documents'],
    [{ ...asked, top_n: -1 }, 'top_n'],
    [{ ...asked, top_n: 1.5 }, 'top_n'],
    [{ ...asked, max_tokens_per_doc: 0 }, 'max_tokens_per_doc'],
    [{ ...asked, return_documents: 'yes' }, 'return_documents'],
    [{ ...asked, rank_fields: [7] }, 'rank_fields'],
  ])('that makes no sense is refused by name: %j', (body, param) =>
    expect(() => read(body)).toThrow(expect.objectContaining({ code: 'invalid_request', param })),
  );
});

describe('an answer', () => {
  const plain: RerankReply = { results: [{ index: 1, score: 0.5 }], usage };
  it('is the best first, whatever order the provider has', () =>
    expect(
      answer({
        results: [
          { index: 0, relevance_score: -3 },
          { index: 1, relevance_score: 2, document: 'two' },
        ],
      })?.results,
    ).toEqual([
      { index: 1, score: 2, document: { text: 'two' } },
      { index: 0, score: -3 },
    ]));
  it('repeats the documents of the request when the client wants them and the provider did not', () => {
    expect(written(plain, { ...asked, return_documents: true }).results).toEqual([{ index: 1, relevance_score: 0.5, document: { text: 'two' } }]);
    expect(written(plain, asked).results).toEqual([{ index: 1, relevance_score: 0.5 }]);
    const repeated = { ...plain, results: [{ index: 2, score: 1, document: { fields: { title: 'three' } } }] };
    expect(written(repeated, asked).results).toEqual([{ index: 2, relevance_score: 1, document: { title: 'three' } }]);
    expect(written(repeated, { ...asked, return_documents: false }).results).toEqual([{ index: 2, relevance_score: 1 }]);
  });
  it('has an id, the name the client sent, and usage only where it was counted', () => {
    expect(written(plain)).toMatchObject({ id: 'rerank-req_1', model: 'asked', usage: { prompt_tokens: 9, total_tokens: 9 } });
    expect(written({ ...plain, usage: { ...usage, input: 0, estimated: true } })).not.toHaveProperty('usage');
  });
  it.each([
    [{ usage: { prompt_tokens: 4, total_tokens: 4 } }, 4],
    [{ usage: { total_tokens: 5 } }, 5],
    [{ meta: { tokens: { input_tokens: 6, output_tokens: 0 }, billed_units: { input_tokens: 1 } } }, 6],
    [{ meta: { billed_units: { search_units: 1, total_tokens: 7 } } }, 7],
  ])('costs what its server counted: %j', (counted, input) => expect(answer({ results: [], ...counted })?.usage).toMatchObject({ input, estimated: false }));
  it('of search units has no usage that was counted', () =>
    expect(answer({ results: [], meta: { billed_units: { search_units: 1 } } })?.usage.estimated).toBe(true));
  it.each([
    [{}],
    [{ results: {} }],
    [{ results: [{ index: 0 }] }],
    [{ results: [{ relevance_score: 1 }] }],
    [{ results: [{ index: -1, relevance_score: 1 }] }],
  ])('without an order is upstream_bad_response: %j', (body) => expect(() => answer(body)).toThrow(expect.objectContaining({ code: 'upstream_bad_response' })));
  it('that passes is watched for what it cost, and never for what a repeated document says', () => {
    const watch = (body: Json, repeat = 1) => {
      const tap = rerank.tap?.('json', false);
      tap?.bytes(Buffer.from(JSON.stringify(body)));
      for (let i = 1; i < repeat; i++) tap?.bytes(Buffer.from(' '.repeat(70_000)));
      return tap?.end();
    };
    const document = { text: 'one', usage: { prompt_tokens: 0 }, model: 'cheap' };
    const body = { model: 'm', usage: { total_tokens: 5 }, results: [{ index: 0, relevance_score: 1, document }] };
    expect(watch(body)).toMatchObject({ complete: true, model: 'm', usage: { input: 5 } });
    expect(watch(body, 2)?.usage).toBeUndefined();
    expect(watch({ error: { message: 'no' } })).toMatchObject({ complete: false, error: { message: 'no' } });
  });
});
