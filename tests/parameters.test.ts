import { vendorTypes } from '@llm-proxy-auth/contract-tests/vendor-types';
import { expect, test } from 'vitest';
import { anthropic } from '../scripts/parameters/anthropic.ts';
import { completions } from '../scripts/parameters/completions.ts';
import { converse } from '../scripts/parameters/converse.ts';
import { embeddings } from '../scripts/parameters/embeddings.ts';
import { embedContent, gemini } from '../scripts/parameters/gemini.ts';
import { openai } from '../scripts/parameters/openai.ts';
import { responses } from '../scripts/parameters/responses.ts';

const types = vendorTypes(
  import.meta.url,
  `
export type { ChatCompletionCreateParams } from 'openai/resources/chat/completions/completions';
export type { CompletionCreateParams } from 'openai/resources/completions';
export type { EmbeddingCreateParams } from 'openai/resources/embeddings';
export type { ResponseCreateParams } from 'openai/resources/responses/responses';
export type { MessageCreateParams } from '@anthropic-ai/sdk/resources/messages/messages';
export type { MessageCreateParams as BetaMessageCreateParams } from '@anthropic-ai/sdk/resources/beta/messages/messages';
import type { InferenceConfiguration } from '@aws-sdk/client-bedrock-runtime';
import type { EmbedContentConfig, GenerateContentConfig, GenerationConfig } from '@google/genai';
/** Members of a parameter have rows of their own. */
type Within<Name extends string, T> = { [K in keyof T & string as \`\${Name}.\${K}\`]?: boolean };
/** What the SDK acts on itself, and what it sends under another name or in another place. */
type Elsewhere = 'httpOptions' | 'abortSignal' | 'automaticFunctionCalling' | 'automaticContinuation' | 'imageConfig' | 'generationOutputConfig';
/** What stands beside \`generationConfig\` in a body. */
type Beside<T> = { [K in Exclude<keyof T, keyof GenerationConfig | Elsewhere>]?: boolean };
export type { ConverseRequest } from '@aws-sdk/client-bedrock-runtime';
export interface Inference extends Within<'inferenceConfig', InferenceConfiguration> {}
export interface Generation extends Within<'generationConfig', GenerationConfig> {}
export interface Generate extends Beside<GenerateContentConfig> {}
export interface Embed extends Beside<EmbedContentConfig> {}
`,
);
/** What names the model, what names a stored object, which only its owner may use, and what the SDK sends as headers. */
const APART: ReadonlySet<string> = new Set(['model', 'modelId', 'container', 'user_profile_id', 'workspace_id', 'betas']);
const membersOf = (name: string): ReadonlySet<string> => {
  const shape = types.get(name)?.shape;
  const objects = shape?.is === 'union' ? shape.of : shape === undefined ? [] : [shape];
  return new Set(objects.flatMap((object) => (object.is === 'object' ? [...object.members.keys()] : [])));
};

test.each([
  ['a chat completion', 'ChatCompletionCreateParams', openai, 30],
  ['a response', 'ResponseCreateParams', responses, 30],
  ['a legacy completion', 'CompletionCreateParams', completions, 15],
  ['messages', 'MessageCreateParams', anthropic, 15],
  ['messages in beta', 'BetaMessageCreateParams', anthropic, 25],
  ['generated content', 'Generate', gemini, 10],
  ['a generation', 'Generation', gemini, 20],
  ['Converse', 'ConverseRequest', converse, 10],
  ['an inference of Converse', 'Inference', converse, 4],
  ['embeddings', 'EmbeddingCreateParams', embeddings, 4],
  ['embedded content', 'Embed', embedContent, 5],
] as const)('the reference of parameters shows every parameter of %s', (_what, name, table, least) => {
  const members = membersOf(name);
  expect(members.size).toBeGreaterThanOrEqual(least);
  const shown = new Set(Object.keys(table.samples).map((title) => title.split(':', 1)[0] ?? ''));
  const heads = new Set([...shown].map((title) => title.split('.', 1)[0]));
  expect([...members].filter((member) => !APART.has(member) && !shown.has(member) && !heads.has(member))).toEqual([]);
});
