import type { NativeCall, Refusal } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { nativeTable } from '../src/native.ts';

const ARN = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456';
const guardrail = { id: 'gr-1', version: '2' };
const owner = { region: 'us-east-1', account: undefined, controlOrigin: undefined };
const bound = nativeTable({ ...owner, guardrail });
const free = nativeTable({ ...owner, guardrail: undefined });
const OURS = ['x-amzn-bedrock-guardrailidentifier', 'gr-1', 'x-amzn-bedrock-guardrailversion', '2'];
const at = (path: string, headers: readonly string[] = [], table = bound): NativeCall => {
  const answer: NativeCall | Refusal = table({ method: 'POST', path, query: '', headers, bodyModel: undefined });
  if ('refuse' in answer) throw new Error(`refused: ${answer.message}`);
  return answer;
};
const HEADED = [
  '/model/amazon.nova-lite-v1%3A0/invoke',
  '/model/amazon.nova-lite-v1%3A0/invoke-with-response-stream',
  `/model/${encodeURIComponent(ARN)}/invoke`,
  '/model/abc123def456/invoke',
  '/openai/v1/chat/completions',
  '/openai/v1/responses',
  '/anthropic/v1/messages',
];

describe('a guardrail of the instance in transparent mode', () => {
  it.each(HEADED)('must stand in the head of %s', (path) => {
    expect(at(path).refused).toMatchObject({ refuse: 'operation_not_allowed', param: 'X-Amzn-Bedrock-GuardrailIdentifier' });
    expect(at(path, OURS).refused).toBeUndefined();
    expect(at(path, [], free).refused).toBeUndefined();
  });
  it.each([
    [['x-amzn-bedrock-guardrailidentifier', 'gr-1'], 'X-Amzn-Bedrock-GuardrailVersion'],
    [['x-amzn-bedrock-guardrailidentifier', 'gr-1', 'x-amzn-bedrock-guardrailversion', '1'], 'X-Amzn-Bedrock-GuardrailVersion'],
    [['x-amzn-bedrock-guardrailidentifier', 'gr-2', 'x-amzn-bedrock-guardrailversion', '2'], 'X-Amzn-Bedrock-GuardrailIdentifier'],
    [[...OURS, 'x-amzn-bedrock-guardrailidentifier', 'gr-2'], 'X-Amzn-Bedrock-GuardrailIdentifier'],
    [['x-amzn-bedrock-guardrailidentifier', 'gr-2', ...OURS], 'X-Amzn-Bedrock-GuardrailIdentifier'],
    [[...OURS, 'x-amzn-bedrock-guardrailversion', 'DRAFT'], 'X-Amzn-Bedrock-GuardrailVersion'],
    [['x-amzn-bedrock-guardrailidentifier', 'gr-1, gr-2', 'x-amzn-bedrock-guardrailversion', '2'], 'X-Amzn-Bedrock-GuardrailIdentifier'],
  ])('is refused in another form: %j', (headers, param) =>
    expect(at(HEADED[0] ?? '', headers).refused).toMatchObject({ refuse: 'operation_not_allowed', param }),
  );
  it('is looked at on every call, though the path is known', () => {
    const path = HEADED[1] ?? '';
    expect([at(path, OURS).refused, at(path).refused?.refuse, at(path, OURS).refused]).toEqual([undefined, 'operation_not_allowed', undefined]);
  });

  it.each(['converse', 'converse-stream'])('must stand in the body of %s', (operation) => {
    const { judge, refused } = at(`/model/${encodeURIComponent(ARN)}/${operation}`);
    const named = (more: object): unknown => judge?.({ messages: [], guardrailConfig: { guardrailIdentifier: 'gr-1', guardrailVersion: '2', ...more } });
    expect(refused).toBeUndefined();
    expect(named({ trace: 'disabled', streamProcessingMode: 'sync' })).toBeUndefined();
    for (const body of [undefined, null, [], {}, { guardrailConfig: null }, { guardrailConfig: [] }, { guardrailConfig: 'gr-1' }])
      expect(judge?.(body)).toMatchObject({ refuse: 'operation_not_allowed', param: 'guardrailConfig.guardrailIdentifier' });
    expect(named({ guardrailIdentifier: 'gr-2' })).toMatchObject({ param: 'guardrailConfig.guardrailIdentifier' });
    expect(named({ guardrailVersion: '1' })).toMatchObject({ param: 'guardrailConfig.guardrailVersion' });
    expect(at(`/model/${encodeURIComponent(ARN)}/${operation}`, OURS).judge?.({})).toMatchObject({ refuse: 'operation_not_allowed' });
    expect(at(`/model/${encodeURIComponent(ARN)}/${operation}`, [], free).judge).toBeUndefined();
  });

  it.each(['converse', 'converse-stream'])('is not weakened by the body of %s', (operation) => {
    const path = `/model/${encodeURIComponent(ARN)}/${operation}`;
    const config = { guardrailIdentifier: 'gr-1', guardrailVersion: '2' };
    const { judge } = at(path);
    const mark = { guardContent: { text: { text: 'harmless' } } };
    const message = { role: 'user', content: [{ text: 'x' }, mark] };
    for (const [body, param] of [
      [{ messages: [], guardrailConfig: { ...config, streamProcessingMode: 'async' } }, 'guardrailConfig.streamProcessingMode'],
      [{ messages: [], guardrailConfig: { ...config, trace: 'enabled' } }, 'guardrailConfig.trace'],
      [{ messages: [message], guardrailConfig: config }, 'messages[].content[].guardContent'],
      [{ messages: [], system: [mark], guardrailConfig: config }, 'system[].guardContent'],
    ] as const)
      expect(judge?.(body)).toMatchObject({ refuse: 'operation_not_allowed', param });
    const tracing = at(path, [], nativeTable({ ...owner, guardrail: { ...guardrail, trace: 'enabled' } })).judge;
    expect(tracing?.({ messages: [], guardrailConfig: { ...config, trace: 'enabled' } })).toBeUndefined();
    expect(tracing?.({ messages: [], guardrailConfig: { ...config, trace: 'enabled_full' } })).toMatchObject({ param: 'guardrailConfig.trace' });
  });
  it.each(HEADED)('is not weakened by the body or the trace of %s', (path) => {
    const member = { 'amazon-bedrock-guardrailConfig': { tagSuffix: 'x', streamProcessingMode: 'ASYNCHRONOUS' } };
    expect(at(path, OURS).judge?.(member)).toMatchObject({ refuse: 'operation_not_allowed', param: 'amazon-bedrock-guardrailConfig' });
    expect(at(path, OURS).judge?.({ messages: [] })).toBeUndefined();
    expect(at(path, [...OURS, 'x-amzn-bedrock-trace', 'ENABLED']).refused).toMatchObject({ param: 'X-Amzn-Bedrock-Trace' });
    expect(at(path, [...OURS, 'x-amzn-bedrock-trace', 'DISABLED']).refused).toBeUndefined();
    expect(at(path, [], free).judge).toBeUndefined();
  });
  it('refuses what runs a model and takes no guardrail', () => {
    expect(at('/async-invoke').refused).toMatchObject({ refuse: 'operation_not_allowed' });
    expect(at('/async-invoke', [], free).refused).toBeUndefined();
  });
  it.each([
    '/model/amazon.titan-embed-text-v2%3A0/invoke',
    '/model/us.cohere.embed-v4%3A0/invoke',
    '/model/amazon.rerank-v1%3A0/invoke',
    '/model/anthropic.claude-opus-5-5/count-tokens',
    '/guardrail/gr-2/version/1/apply',
    '/guardrail-checks/invoke',
  ])('leaves alone what generates nothing: %s', (path) => expect([at(path).refused, at(path).judge]).toEqual([undefined, undefined]));
});

describe('an ARN of another account', () => {
  const mine = nativeTable({ ...owner, account: '123456789012', guardrail: undefined });
  const other = ARN.replace('123456789012', '999999999999');
  it.each([
    `/model/${encodeURIComponent(other)}/converse`,
    `/model/${other}/invoke`,
    `/guardrail/${encodeURIComponent('arn:aws:bedrock:us-east-1:999999999999:guardrail/gr-1')}/version/1/apply`,
  ])('is refused where the account is known: %s', (path) => {
    expect(mine({ method: 'POST', path, query: '', headers: [], bodyModel: undefined })).toMatchObject({ refuse: 'operation_not_allowed' });
    expect(at(path, [], free)).toBeDefined();
  });
  it.each([
    ARN,
    'arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0',
    'arn:aws:bedrock:us-east-1:aws:inference-profile/us.amazon.nova-lite-v1:0',
  ])('%s is the instance’s, or AWS’s', (model) => expect(at(`/model/${encodeURIComponent(model)}/converse`, [], mine)).toMatchObject({ model }));
  it('is refused as the model of a job, as is one of another region', () => {
    const { judge } = at('/async-invoke', [], mine);
    expect(judge?.({ modelId: other })).toMatchObject({ refuse: 'operation_not_allowed', param: 'modelId' });
    expect(judge?.({ modelId: ARN.replace('us-east-1', 'eu-west-1') })).toMatchObject({ refuse: 'region_not_allowed', param: 'modelId' });
    for (const body of [undefined, {}, { modelId: ARN }, { modelId: 'amazon.nova-reel-v1:1' }]) expect(judge?.(body)).toBeUndefined();
  });
  it('of no known form is no model', () =>
    expect(
      mine({ method: 'POST', path: `/model/${encodeURIComponent('arn:aws:bedrock:eu-west-1:12:x/y')}/converse`, query: '', headers: [], bodyModel: undefined }),
    ).toMatchObject({
      refuse: 'operation_not_allowed',
    }));
});
