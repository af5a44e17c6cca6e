import { vendorTypes } from '@llm-proxy-auth/contract-tests/vendor-types';
import { expect, test } from 'vitest';
import { anthropic } from '../scripts/parameters/anthropic.ts';
import { openai } from '../scripts/parameters/openai.ts';

const types = vendorTypes(
  import.meta.url,
  `
export type { ChatCompletionCreateParams } from 'openai/resources/chat/completions/completions';
export type { MessageCreateParams } from '@anthropic-ai/sdk/resources/messages/messages';
`,
);
/** What names the model, what names a stored object, which only its owner may use, and what the SDK sends as headers. */
const APART: ReadonlySet<string> = new Set(['model', 'container', 'user_profile_id', 'workspace_id']);
const membersOf = (name: string): ReadonlySet<string> => {
  const shape = types.get(name)?.shape;
  const objects = shape?.is === 'union' ? shape.of : shape === undefined ? [] : [shape];
  return new Set(objects.flatMap((object) => (object.is === 'object' ? [...object.members.keys()] : [])));
};

test.each([
  ['a chat completion', 'ChatCompletionCreateParams', openai, 30],
  ['messages', 'MessageCreateParams', anthropic, 15],
] as const)('the reference of parameters shows every parameter of %s', (_what, name, table, least) => {
  const members = membersOf(name);
  expect(members.size).toBeGreaterThan(least);
  const shown = new Set(Object.keys(table.samples).map((title) => title.split(':', 1)[0]));
  expect([...members].filter((member) => !APART.has(member) && !shown.has(member))).toEqual([]);
});
