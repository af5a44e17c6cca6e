import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nativeTable, TABLE } from '../src/native.ts';

const CONTROL = 'https://bedrock.us-east-1.amazonaws.com';
const native = nativeTable({ region: 'us-east-1', account: undefined, guardrail: undefined, controlOrigin: CONTROL });
const at = (method: string, path: string, bodyModel?: string) => native({ method, path, query: '', headers: [], bodyModel });
const ARN = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456';
const LONG = `arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/${'x'.repeat(100)}`;
const filled = (path: string): string =>
  `/${path.replace('{model}', 'amazon.nova-lite-v1%3A0').replace('{guardrail}', 'gr-1').replace('{version}', 'DRAFT').replace('{id}', encodeURIComponent(`arn:aws:bedrock:us-east-1:1:x/y`))}`;

describe('every row of the table', () => {
  it.each(TABLE.map((entry) => [entry.method, filled(entry.path), entry] as const))('%s %s', (method, path, entry) => {
    const answer = at(method, path, 'openai.gpt-oss-20b-1:0');
    expect(answer).toMatchObject({ reach: { class: entry.reach.class }, framing: entry.framing, stream: entry.stream ?? false });
    const hasModel = entry.path.includes('{model}');
    expect(answer).toMatchObject({
      modelIn: entry.modelIn ?? (hasModel ? 'path' : 'none'),
      path: hasModel ? `/${entry.path}` : undefined,
      origin: entry.control ? CONTROL : undefined,
    });
    if (hasModel) expect(answer).toMatchObject({ model: 'amazon.nova-lite-v1:0' });
  });
  it.each(TABLE.map((entry) => [entry.method, filled(entry.path)] as const))('%s %s has no other method', (method, path) => {
    const others = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'].filter(
      (each) => each !== method && !TABLE.some((e) => e.method === each && filled(e.path) === path),
    );
    for (const other of others) expect(at(other, path), other).toMatchObject({ refuse: 'operation_not_allowed' });
  });
});

describe('outsiders', () => {
  it.each([
    ['POST', '/model/x.y/invoke-with-bidirectional-stream'],
    ['POST', '/model/x.y/delete'],
    ['POST', '/invoke-model'],
    ['POST', '/model//invoke'],
    ['POST', '/model/invoke'],
    ['POST', '/model/x.y/z/invoke'],
    ['POST', '/model/../guardrails/converse'],
    ['POST', '/model/%2e%2e/converse'],
    ['POST', '/model/x%253Ay/converse'],
    ['POST', '/model/x%2Fy/converse'],
    ['POST', '/model/x%3Fy/converse'],
    ['GET', '/async-invoke'],
    ['POST', '/model-customization-jobs'],
    ['DELETE', '/guardrails/gr-1'],
    ['PUT', '/logging/modelinvocations'],
    ['POST', '/agents/x/agentAliases/y/sessions/z/text'],
    ['POST', '/openai/v1/files'],
    ['GET', '/openai/v1/responses/resp_1'],
    ['POST', '/'],
    ['POST', ''],
  ])('%s %s is refused', (method, path) => expect(at(method, path)).toMatchObject({ refuse: 'operation_not_allowed' }));
  it('an ARN of another region is refused', () =>
    expect(at('POST', `/model/${encodeURIComponent(ARN.replace('us-east-1', 'eu-west-1'))}/converse`)).toMatchObject({
      refuse: 'region_not_allowed',
      param: 'model',
    }));
});

describe('the model of a path', () => {
  it.each([
    ['/model/amazon.nova-lite-v1%3A0/invoke', 'amazon.nova-lite-v1:0'],
    ['/model/amazon.nova-lite-v1:0/invoke', 'amazon.nova-lite-v1:0'],
    [`/model/${encodeURIComponent(ARN)}/invoke`, ARN],
    [`/model/${ARN}/invoke`, ARN],
    [`/model/${encodeURIComponent(LONG)}/converse-stream`, LONG],
    ['/model/fast-chat/converse', 'fast-chat'],
  ])('%s', (path, model) => expect(at('POST', path)).toMatchObject({ model, modelIn: 'path' }));
  it('says the dialect that the bytes are in', () => {
    expect(at('POST', '/model/us.anthropic.claude-opus-5-5/invoke')).toMatchObject({ dialect: 'anthropic', surface: 'messages', operation: 'chat' });
    expect(at('POST', '/model/meta.llama3-8b-instruct-v1%3A0/invoke')).toMatchObject({ dialect: 'bedrock-invoke', surface: 'invoke', operation: 'opaque' });
    expect(at('POST', `/model/${encodeURIComponent(ARN)}/converse`)).toMatchObject({ dialect: 'converse', surface: 'converse' });
  });
});

describe('any path', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'model',
      'converse',
      'invoke',
      'guardrail',
      'version',
      'apply',
      'openai',
      'v1',
      '..',
      '.',
      '%2e%2e',
      '%2F',
      'arn:aws:bedrock:us-east-1::x/y',
      '',
    ),
    fc.string({ maxLength: 8 }),
    fc.string({ maxLength: 8, unit: 'grapheme' }).map(encodeURIComponent),
  );
  it('is refused, or names a model that one decoding of it gives, and nothing that moves', () =>
    fc.assert(
      fc.property(fc.constantFrom('GET', 'POST'), fc.array(piece, { maxLength: 7 }), (method, pieces) => {
        const path = `/${pieces.join('/')}`;
        const answer = at(method, path);
        if ('refuse' in answer) return;
        const model = answer.model ?? '';
        expect(decodeURIComponent(path)).toContain(model);
        expect(`/${model}/`).not.toMatch(/\/\.{1,2}\/|[?#\\\p{Cc}]/u);
        expect(answer.path === undefined).toBe(answer.modelIn !== 'path');
      }),
      { numRuns: 2_000 },
    ));
});

describe('jobs', () => {
  it('name their model where it cannot be tested, and become their starter’s', () =>
    expect(at('POST', '/async-invoke')).toMatchObject({ reach: { class: 'stateful', modelElsewhere: true, ids: { reply: ['/invocationArn'] } } }));
  it('are asked for by the id that the answer gave', () => {
    const id = 'arn:aws:bedrock:us-east-1:123456789012:async-invoke/abc';
    expect(at('GET', `/async-invoke/${encodeURIComponent(id)}`)).toMatchObject({ params: { id }, reach: { ids: { request: ['{id}'] } } });
  });
});
