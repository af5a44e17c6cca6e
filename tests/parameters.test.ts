import { vendorTypes } from '@llm-proxy-auth/contract-tests/vendor-types';
import { expect, test } from 'vitest';
import { openai } from '../scripts/parameters/openai.ts';

test('the reference of parameters shows every parameter of a chat completion', () => {
  const types = vendorTypes(import.meta.url, `export type { ChatCompletionCreateParams } from 'openai/resources/chat/completions/completions';`);
  const shape = types.get('ChatCompletionCreateParams')?.shape;
  const objects = shape?.is === 'union' ? shape.of : shape === undefined ? [] : [shape];
  const members = objects.flatMap((object) => (object.is === 'object' ? [...object.members.keys()] : []));
  expect(members.length).toBeGreaterThan(30);
  const shown = new Set(Object.keys(openai.samples).map((title) => title.split(':', 1)[0]));
  expect([...new Set(members)].filter((name) => name !== 'model' && !shown.has(name))).toEqual([]);
});
