import { describe, expect, it } from 'vitest';
import { claudeOf, nearestEffort, withShown } from '../src/claude/index.ts';
import type { ChatRequest, Endpoint } from '../src/index.ts';
import { partitionOf } from '../src/sigv4/index.ts';

describe('a model of Anthropic', () => {
  it.each([
    ['claude-opus-5-5', { sampling: 'none', forced: false, off: 'never', budget: false }],
    ['us.anthropic.claude-opus-5', { sampling: 'none', forced: true, off: 'disabled', budget: true }],
    ['claude-sonnet-5-5@20261001', { off: 'between_tools', forced: false }],
    ['anthropic.claude-sonnet-4-6', { sampling: 'one', efforts: ['low', 'medium', 'high', 'max'], adaptive: 'asked', budget: true }],
    ['claude-opus-4-5-20251101', { maxOutput: 64_000, efforts: ['low', 'medium', 'high'], adaptive: 'no' }],
    ['claude-haiku-4-5', { maxOutput: 64_000, efforts: [], sampling: 'one', structured: true }],
    ['anthropic.claude-3-5-sonnet-20240620-v1:0', { maxOutput: 8192, limited: false, structured: false, budget: false }],
    ['anthropic.claude-v2:1', { sampling: 'any', budget: false }],
    ['claude-fable-9', { sampling: 'none', forced: true, budget: false, structured: true }],
  ])('%s has its rules', (model, rules) => expect(claudeOf(model)).toMatchObject(rules));
  it('is none of another vendor', () => expect(claudeOf('amazon.nova-lite-v1:0')).toBeUndefined());
  it('has the nearest effort that is not more, or its least', () => {
    const has = ['low', 'medium', 'high', 'max'];
    expect(['minimal', 'low', 'xhigh', 'max', 'never heard'].map((effort) => nearestEffort(effort, has))).toEqual(['low', 'low', 'high', 'max', undefined]);
    expect(nearestEffort('high', [])).toBeUndefined();
  });
});
describe('a region', () => {
  it.each([
    ['us-east-1', 'aws', 'amazonaws.com', 'api.aws'],
    ['us-gov-west-1', 'aws-us-gov', 'amazonaws.com', 'api.aws'],
    ['cn-north-1', 'aws-cn', 'amazonaws.com.cn', 'api.amazonwebservices.com.cn'],
    ['us-isob-east-1', 'aws-iso-b', 'sc2s.sgov.gov', 'api.aws.scloud'],
    ['us-iso-east-1', 'aws-iso', 'c2s.ic.gov', 'api.aws.ic.gov'],
    ['eusc-de-east-1', 'aws-eusc', 'amazonaws.eu', 'api.amazonwebservices.eu'],
  ])('%s is of the partition %s', (region, name, suffix, dualStack) => expect(partitionOf(region)).toMatchObject({ name, suffix, dualStack }));
});

describe('thinking that a client switched on', () => {
  const asked = (reasoning: ChatRequest['reasoning']): ChatRequest => ({ turns: [], tools: [], choices: 1, reasoning });
  const at = (dialect: string): Endpoint => ({ dialect, surface: 's', method: 'POST', path: '/', capabilities: {} as never });
  it('is to be shown by models of others, and by Claude as it does by itself', () => {
    const shown = (reasoning: ChatRequest['reasoning'], dialect: string) => withShown(asked(reasoning), at(dialect)).reasoning?.summary;
    expect([shown({ budget: 2000 }, 'openai'), shown({ off: false }, 'gemini')]).toEqual(['auto', 'auto']);
    expect([shown({ budget: 2000 }, 'anthropic'), shown({ budget: 2000 }, 'converse')]).toEqual([undefined, undefined]);
    expect([shown({ off: true }, 'openai'), shown({ effort: 'high' }, 'openai'), shown(undefined, 'openai')]).toEqual([undefined, undefined, undefined]);
    expect([shown({ budget: 2000, summary: 'detailed' }, 'openai'), withShown(asked({ budget: 2000 }), undefined).reasoning]).toEqual([
      'detailed',
      { budget: 2000 },
    ]);
  });
});
