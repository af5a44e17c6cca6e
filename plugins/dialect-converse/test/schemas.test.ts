import type { ChatRequest, Json } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { CLAUDE, callOf, client, inboundOf, ledger, provider, written } from './support.ts';

const QWEN = 'qwen.qwen3-32b-v1:0';

const open: Json = {
  type: 'object',
  properties: {
    a: {
      oneOf: [
        { type: 'string', pattern: 'x', description: 'A word' },
        { type: 'integer', minimum: 1 },
      ],
    },
  },
  required: ['a'],
};
const closed = {
  type: 'object',
  properties: {
    a: {
      anyOf: [
        { type: 'string', description: 'A word (pattern: "x")' },
        { type: 'integer', description: 'minimum: 1' },
      ],
    },
  },
  required: ['a'],
  additionalProperties: false,
};
const plain: ChatRequest = { turns: [{ role: 'user', parts: [{ kind: 'text', text: 'x' }] }], tools: [], choices: 1, maxTokens: 9 };
const answering = (schema: Json): ChatRequest => ({ ...plain, output: { schema, name: 'n', strict: true } });
const calling = (strict: boolean, schema: Json): ChatRequest => ({ ...plain, tools: [{ kind: 'function', name: 'f', schema, strict }] });

describe.each([
  ['Claude', CLAUDE],
  ['another family', QWEN],
])('a schema that %s holds an answer or a call to', (_name, model) => {
  it('is written as its grammar takes it, and the ledger says so', () => {
    const answer = written(answering(open), { model });
    expect(answer.body).toMatchObject({ outputConfig: { textFormat: { structure: { jsonSchema: { schema: JSON.stringify(closed) } } } } });
    expect(answer.notes).toContainEqual({ kind: 'clamped', param: 'output.schema' });
    const call = written(calling(true, open), { model });
    expect(call.body).toMatchObject({ toolConfig: { tools: [{ toolSpec: { strict: true, inputSchema: { json: closed } } }] } });
    expect(call.notes).toContainEqual({ kind: 'clamped', param: 'tools.schema' });
  });
  it('stays what it is where nothing is refused, or where nothing is held to it', () => {
    expect(written(answering(closed), { model }).notes).toEqual([]);
    const { body, notes } = written(calling(false, open), { model });
    expect([body.toolConfig, notes]).toEqual([{ tools: [{ toolSpec: { name: 'f', inputSchema: { json: open }, strict: false } }] }, []]);
  });
});
it.each([
  'meta.llama3-8b-instruct-v1:0',
  'mistral.mistral-7b-instruct-v0:2',
  'anthropic.claude-v2:1',
  'amazon.titan-text-express-v1',
  'arn:aws:bedrock:us-east-1:1:custom-model/x',
])('%s keeps to no schema and is made to call no tool: it is asked for in words, and its tools are not strict', (model) => {
  const { body, notes } = written(answering(open), { model });
  expect(body.outputConfig).toBeUndefined();
  expect(JSON.stringify(body)).toContain('JSON Schema (n)');
  expect(notes).toContainEqual({ kind: 'emulated', param: 'output' });
  if (model.includes('titan')) return;
  const call = written(calling(true, open), { model });
  expect([JSON.stringify(call.body.toolConfig).includes('strict'), call.notes]).toEqual([false, [{ kind: 'ignored', param: 'tools.strict' }]]);
});
it('a client of Converse sends its schema as it is', () => {
  const wire = {
    messages: [{ role: 'user', content: [{ text: 'x' }] }],
    toolConfig: { tools: [{ toolSpec: { name: 'f', strict: true, inputSchema: { json: open } } }] },
  };
  expect(provider.write(client.read(inboundOf(wire), ledger()), callOf()).body).toEqual(wire);
});
