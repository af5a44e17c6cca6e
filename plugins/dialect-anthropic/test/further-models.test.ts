import { describe, expect, it } from 'vitest';
import { countTokens } from '../src/count-tokens/surface.ts';
import { furtherModels } from '../src/further-models.ts';
import { sdkType } from './sdk-types.ts';
import { messages, seal } from './support.ts';

const advisor = (model?: string) => ({ type: 'advisor_20260301', name: 'advisor', ...(model === undefined ? {} : { model }) });

describe('models that a body names beside its own', () => {
  it('are asked for of messages and of counts', () => {
    expect([messages.furtherModels, countTokens(seal).furtherModels]).toEqual([furtherModels, furtherModels]);
  });
  it.each([
    ['fallbacks', { fallbacks: [{ model: 'claude-a' }, { model: 'claude-b' }] }, ['claude-a', 'claude-b']],
    ['fallbacks that the vendor chooses', { fallbacks: 'default' }, [undefined]],
    ['tools that advise', { tools: [{ name: 'f', input_schema: { type: 'advisor_x', model: 'no' } }, advisor('claude-a')] }, ['claude-a']],
    ['tools that advise without a name', { tools: [advisor()] }, [undefined]],
    [
      'tools that come later',
      { messages: [{ role: 'system', content: [{ type: 'tool_addition', tool: { type: 'tool_definition', definition: advisor('claude-a') } }] }] },
      ['claude-a'],
    ],
    ['nothing', { model: 'claude', messages: [{ role: 'user', content: 'advisor_' }], tools: [], fallbacks: null }, []],
    ['no object', null, []],
  ])('are %s', (_name, body, models) => {
    expect(furtherModels(body)).toEqual(models);
  });
});

describe('the SDK’s requests', () => {
  /** Objects with a member `model`, by what becomes of it. */
  const DECIDED: Readonly<Record<string, string>> = {
    MessageCreateParamsNonStreaming: 'the governed one',
    MessageCreateParamsStreaming: 'the governed one',
    BetaFallbackParam: 'looked at',
    BetaAdvisorTool20260301: 'looked at',
    BetaFallbackInfoParam: 'says which model answered an earlier turn',
  };
  it('name models in no other place', () => {
    const found = ['MessageCreateParams', 'BetaMessageCreateParams'].flatMap((name) =>
      [...sdkType(name).objects.values()].filter(({ members }) => members.has('model')).map((object) => object.name),
    );
    expect([...new Set(found)].sort()).toEqual(Object.keys(DECIDED).sort());
  });
});
