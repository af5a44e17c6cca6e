import type { Ask, Call, Ledger, RerankReply, RerankRequest, UpstreamReply } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { endpoints } from '../src/endpoint.ts';
import { invokeDialect } from '../src/invoke/dialect.ts';

const COHERE = 'cohere.rerank-v3-5:0';
const AMAZON = 'amazon.rerank-v1:0';
const endpointOf = (model: string) => {
  const ask: Ask = { operation: 'rerank', surface: 'rerank', dialect: 'openai', method: 'POST', route: '/rerank', model, stream: false };
  return endpoints({ api: undefined, guardrail: undefined, betas: [], region: 'us-east-1', account: undefined })(ask);
};
const notes: string[] = [];
const call = { ledger: { note: (kind, param) => void notes.push(`${kind} ${param}`) } satisfies Ledger } as unknown as Call;
interface Half {
  write(r: RerankRequest, call: Call): { readonly body: unknown; readonly memo?: unknown };
  read(reply: UpstreamReply, call: Call, memo: unknown): RerankReply;
}
const halfOf = (model: string): Half => {
  const half = invokeDialect.surfaces.find(({ name }) => name === endpointOf(model)?.surface)?.provider;
  if (half === undefined) throw new Error(`nothing serves ${model}`);
  return half as Half;
};
const reply = (body: string, headers: string[] = []): UpstreamReply => ({ status: 200, headers, body: Buffer.from(body) });
const ranked = '{"results":[{"index":0,"relevance_score":0.1},{"index":1,"relevance_score":0.9}]}';

describe('rerank at Bedrock', () => {
  it.each([
    [COHERE, 'cohere-rerank'],
    [AMAZON, 'amazon-rerank'],
    [`arn:aws:bedrock:us-east-1::foundation-model/${COHERE}`, 'cohere-rerank'],
  ])('%s goes through InvokeModel', (model, surface) =>
    expect(endpointOf(model)).toMatchObject({ dialect: 'bedrock-invoke', surface, method: 'POST', path: `/model/${encodeURIComponent(model)}/invoke` }),
  );
  it.each(['cohere.embed-v4:0', 'amazon.nova-lite-v1:0', 'model-1'])('%s has none', (model) => expect(endpointOf(model)).toBeUndefined());

  it('says to Cohere all that it knows, to Amazon the query and the documents', () => {
    const request: RerankRequest = { query: 'q', documents: [{ text: 'a' }, { fields: { n: 1, t: 'b' } }], topN: 1, maxTokensPerDocument: 9 };
    notes.length = 0;
    expect(halfOf(COHERE).write(request, call).body).toEqual({ api_version: 2, query: 'q', documents: ['a', 'n: 1\nt: b'], top_n: 1, max_tokens_per_doc: 9 });
    expect(halfOf(AMAZON).write(request, call)).toEqual({ body: { query: 'q', documents: ['a', 'n: 1\nt: b'] }, memo: 1 });
    expect(notes).toEqual(['emulated documents.fields', 'emulated topN', 'emulated documents.fields']);
  });
  it('answers with the best first, as many as were asked for, and the count of the head', () => {
    const head = ['X-Amzn-Bedrock-Input-Token-Count', '5'];
    const all = [
      { index: 1, score: 0.9 },
      { index: 0, score: 0.1 },
    ];
    expect(halfOf(COHERE).read(reply(ranked, head), call, undefined)).toMatchObject({ results: all, usage: { input: 5, estimated: false } });
    expect(halfOf(AMAZON).read(reply(ranked), call, 1)).toMatchObject({ results: [{ index: 1 }], usage: { estimated: true } });
    expect(halfOf(AMAZON).read(reply(ranked), call, undefined).results).toEqual(all);
  });
  it.each(['', '[]', '{}', '{"results":{}}', '{"results":[{"index":0}]}', '{"results":[{"index":-1,"relevance_score":1}]}'])(
    'an answer %j without an order is a bad response',
    (body) => {
      for (const model of [COHERE, AMAZON])
        expect(() => halfOf(model).read(reply(body), call, undefined)).toThrow(expect.objectContaining({ code: 'upstream_bad_response' }));
    },
  );
});
