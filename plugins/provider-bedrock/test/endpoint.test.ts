import type { Ask } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capabilitiesOf } from '../src/capabilities.ts';
import { type EndpointOptions, endpoints } from '../src/endpoint.ts';
import { readModelId } from '../src/model-id.ts';

const options = (more: Partial<EndpointOptions> = {}): EndpointOptions => ({
  api: undefined,
  guardrail: undefined,
  betas: [],
  region: 'us-east-1',
  account: undefined,
  ...more,
});
const ask = (model: string, dialect = 'openai', more: Partial<Ask> = {}): Ask => ({
  operation: 'chat',
  surface: { openai: 'chat', anthropic: 'messages', converse: 'converse', gemini: 'generateContent' }[dialect] ?? 'chat',
  dialect,
  method: 'POST',
  route: '/x',
  model,
  stream: false,
  ...more,
});
const short = (asked: Ask, more: Partial<EndpointOptions> = {}) => {
  const found = endpoints(options(more))(asked);
  return found === undefined ? undefined : `${found.dialect} ${found.surface} ${found.path}`;
};
const CLAUDE = 'us.anthropic.claude-opus-5-5';
const NOVA = 'amazon.nova-lite-v1:0';
const PROFILE = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456';

describe('model ids', () => {
  it.each([
    ['anthropic.claude-opus-5-5', 'anthropic', undefined, 'anthropic.claude-opus-5-5'],
    [CLAUDE, 'anthropic', 'us', 'anthropic.claude-opus-5-5'],
    ['eu.amazon.nova-lite-v1:0', 'amazon', 'eu', NOVA],
    ['apac.amazon.nova-lite-v1:0', 'amazon', 'apac', NOVA],
    ['us-gov.anthropic.claude-3-haiku-20240307-v1:0', 'anthropic', 'us-gov', 'anthropic.claude-3-haiku-20240307-v1:0'],
    ['global.cohere.embed-v4:0', 'cohere', 'global', 'cohere.embed-v4:0'],
    ['openai.gpt-oss-20b-1:0', 'openai', undefined, 'openai.gpt-oss-20b-1:0'],
    ['arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2:1', 'anthropic', undefined, 'anthropic.claude-v2:1'],
    ['arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.meta.llama3-8b-instruct-v1:0', 'meta', 'us', 'meta.llama3-8b-instruct-v1:0'],
    [PROFILE, 'unknown', undefined, undefined],
    ['arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:provisioned-model/abc', 'unknown', undefined, undefined],
    ['arn:aws:bedrock:us-east-1:123456789012:imported-model/abc', 'unknown', undefined, undefined],
    ['arn:aws:bedrock:us-east-1:123456789012:prompt/PROMPT1234:1', 'unknown', undefined, undefined],
    ['arn:aws:bedrock:us-east-1:123456789012:default-prompt-router/anthropic.claude:1', 'unknown', undefined, undefined],
    ['arn:aws:sagemaker:us-east-1:123456789012:endpoint/my-endpoint', 'unknown', undefined, undefined],
    ['model-1', 'unknown', undefined, undefined],
  ])('%s', (id, family, geography, base) => expect(readModelId(id)).toMatchObject({ family, geography, base }));
  it.each([
    [PROFILE, 'application-inference-profile', 'us-east-1', '123456789012'],
    ['arn:aws:bedrock:us-east-1::foundation-model/x.y', 'foundation-model', 'us-east-1', undefined],
    ['arn:aws:bedrock:us-east-1:123456789012:prompt/PROMPT1234:1', 'prompt', 'us-east-1', '123456789012'],
  ])('%s names a %s', (id, resource, region, account) => expect(readModelId(id)).toMatchObject({ resource, region, account }));
});

describe('chat goes through', () => {
  it.each([
    [CLAUDE, 'openai', `converse converse /model/${CLAUDE}/converse`],
    [CLAUDE, 'converse', `converse converse /model/${CLAUDE}/converse`],
    [CLAUDE, 'anthropic', `anthropic messages /model/${CLAUDE}/invoke`],
    [NOVA, 'anthropic', 'converse converse /model/amazon.nova-lite-v1%3A0/converse'],
    [NOVA, 'gemini', 'converse converse /model/amazon.nova-lite-v1%3A0/converse'],
    ['openai.gpt-oss-20b-1:0', 'openai', 'openai chat /openai/v1/chat/completions'],
    ['openai.gpt-oss-20b-1:0', 'converse', 'converse converse /model/openai.gpt-oss-20b-1%3A0/converse'],
    [PROFILE, 'anthropic', `converse converse /model/${encodeURIComponent(PROFILE)}/converse`],
  ])('the API of the model: %s for a client of %s', (model, dialect, want) => expect(short(ask(model, dialect))).toBe(want));
  it.each([
    ['converse', CLAUDE, 'anthropic', `converse converse /model/${CLAUDE}/converse`],
    ['anthropic-invoke', CLAUDE, 'openai', `anthropic messages /model/${CLAUDE}/invoke`],
    ['anthropic-invoke', PROFILE, 'openai', `anthropic messages /model/${encodeURIComponent(PROFILE)}/invoke`],
    ['anthropic-invoke', NOVA, 'openai', 'converse converse /model/amazon.nova-lite-v1%3A0/converse'],
    ['openai', 'qwen.qwen3-32b-v1:0', 'anthropic', 'openai chat /openai/v1/chat/completions'],
    ['openai', CLAUDE, 'openai', `converse converse /model/${CLAUDE}/converse`],
  ] as const)('the API that the instance names, where the model can have it: %s, %s, %s', (api, model, dialect, want) =>
    expect(short(ask(model, dialect), { api })).toBe(want),
  );
  it('the path of streams', () => {
    expect(endpoints(options())(ask(NOVA, 'openai', { stream: true }))).toMatchObject({ path: '/model/amazon.nova-lite-v1%3A0/converse-stream' });
    expect(endpoints(options())(ask(CLAUDE, 'anthropic', { stream: true }))).toMatchObject({
      path: `/model/${CLAUDE}/invoke-with-response-stream`,
      framing: 'aws-eventstream',
      profile: 'bedrock-invoke',
    });
    expect(endpoints(options())(ask(CLAUDE, 'anthropic'))?.framing).not.toBe('aws-eventstream');
  });
  it.each([
    [CLAUDE, 'anthropic.claude-opus-5-5'],
    ['anthropic.claude-opus-5-5', 'anthropic.claude-opus-5-5'],
    ['arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-5-5', 'anthropic.claude-opus-5-5'],
    [PROFILE, encodeURIComponent(PROFILE)],
  ])('CountTokens without the geography: %s', (model, id) =>
    expect(short(ask(model, 'openai', { operation: 'countTokens', surface: 'input_tokens' }))).toBe(`converse count-tokens /model/${id}/count-tokens`),
  );
  it.each([
    ['anthropic', CLAUDE, {}, 'anthropic count_tokens'],
    ['anthropic', CLAUDE, { api: 'converse' }, 'converse count-tokens'],
    ['anthropic', NOVA, {}, 'converse count-tokens'],
    ['openai', CLAUDE, { api: 'anthropic-invoke' }, 'anthropic count_tokens'],
    // An AWS client counts what it names itself, of either operation.
    ['converse', CLAUDE, { api: 'anthropic-invoke' }, 'converse count-tokens'],
  ] as const)('CountTokens of a client of %s for what the call would be: %s %o', (dialect, model, more, want) =>
    expect(short(ask(model, dialect, { operation: 'countTokens' }), more)).toContain(`${want} /`),
  );
  it('responses where client and model are of OpenAI', () =>
    expect(short(ask('openai.gpt-oss-120b', 'openai', { surface: 'responses' }))).toBe('openai responses /openai/v1/responses'));
  it('nothing that an ARN of another region names', () =>
    expect(() => endpoints(options({ region: 'eu-west-1' }))(ask(PROFILE))).toThrow(expect.objectContaining({ code: 'region_not_allowed' })));
  it.each(['../../x', 'a b', 'a?b', 'a#b', 'a\r\nb', 'a%2Fb', 'x'.repeat(3_000)])('no model %j', (model) =>
    expect(() => endpoints(options())(ask(model))).toThrow(expect.objectContaining({ code: 'model_not_found' })),
  );
  it('no call that names none', () => expect(() => endpoints(options())(ask(''))).toThrow(expect.objectContaining({ code: 'invalid_request' })));
  it('one segment for any model that is taken', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (model) => {
        let path: string | undefined;
        try {
          path = endpoints(options())(ask(model))?.path;
        } catch (error) {
          expect(error).toMatchObject({ code: 'model_not_found' });
          return;
        }
        expect(path).toMatch(/^\/model\/[A-Za-z0-9._~%-]+\/converse$/);
        expect(decodeURIComponent(path?.split('/')[2] ?? '')).toBe(model);
      }),
    ));
});

describe('a guardrail of the instance', () => {
  const guardrail = { id: 'gr-1', version: '2', trace: 'enabled' as const };
  it('stands in the body of Converse', () =>
    expect(endpoints(options({ guardrail }))(ask(NOVA))?.members).toEqual({
      guardrailConfig: { guardrailIdentifier: 'gr-1', guardrailVersion: '2', trace: 'enabled' },
    }));
  it.each([
    [CLAUDE, 'anthropic'],
    ['openai.gpt-oss-20b-1:0', 'openai'],
  ])('stands in the head of every other API: %s', (model, dialect) =>
    expect(endpoints(options({ guardrail }))(ask(model, dialect))?.headers).toEqual([
      'x-amzn-bedrock-guardrailidentifier',
      'gr-1',
      'x-amzn-bedrock-guardrailversion',
      '2',
      'x-amzn-bedrock-trace',
      'ENABLED',
    ]),
  );
});
describe('betas of the instance', () => {
  const betas = ['context-1m-2025-08-07'];
  it('are asked of Claude, through either API', () => {
    expect(endpoints(options({ betas }))(ask(CLAUDE, 'anthropic'))?.members).toEqual({ anthropic_beta: betas });
    expect(endpoints(options({ betas }))(ask(CLAUDE))?.members).toEqual({ additionalModelRequestFields: { anthropic_beta: betas } });
  });
  it('are not asked of others', () => expect(endpoints(options({ betas }))(ask(NOVA))?.members).toBeUndefined());
});

describe('capabilities', () => {
  it.each([
    ['us.anthropic.claude-opus-5-5', false, false],
    ['anthropic.claude-sonnet-5-5', false, false],
    ['anthropic.claude-fable-5-1', false, false],
    ['anthropic.claude-haiku-5-5', false, true],
    ['anthropic.claude-fable-5', false, true],
    ['anthropic.claude-opus-4-8', false, true],
    ['anthropic.claude-opus-4-6-v1', true, true],
    ['us.anthropic.claude-haiku-4-5-20251001-v1:0', true, true],
    ['anthropic.claude-3-7-sonnet-20250219-v1:0', true, true],
    ['anthropic.claude-something-new', false, true],
    ['amazon.nova-lite-v1:0', true, true],
    ['meta.llama3-8b-instruct-v1:0', true, false],
  ])('of %s: sampling %s, forced tools %s', (id, sampling, forcedTool) => expect(capabilitiesOf(readModelId(id))).toMatchObject({ sampling, forcedTool }));
  it.each([
    ['anthropic.claude-sonnet-4-5-20250929-v1:0', true],
    ['anthropic.claude-3-7-sonnet-20250219-v1:0', true],
    ['anthropic.claude-3-haiku-20240307-v1:0', false],
    ['anthropic.claude-v2:1', false],
    ['us.amazon.nova-2-lite-v1:0', true],
    ['amazon.nova-micro-v1:0', true],
    ['amazon.titan-text-express-v1', false],
    ['meta.llama3-8b-instruct-v1:0', false],
    ['mistral.mistral-large-2402-v1:0', false],
  ])('of %s: marks for the cache %s', (id, cache) => expect(capabilitiesOf(readModelId(id))).toMatchObject({ cache }));
});
