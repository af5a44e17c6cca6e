import { expect, it } from 'vitest';
import { clientName, clientPlace, refusedName, writtenName } from '../src/call/client-name.ts';

const names = { turns: 'messages', 'turns.parts.rest': 'messages[].content[]', 'sampling.topP': 'top_p', choices: 'n' };

it.each([
  ['sampling.topP', 'top_p'],
  ['turns.parts.rest.foo', 'messages[].content[].foo'],
  ['turns.parts.rest.a.b', 'messages[].content[].a.b'],
  ['turns.role', 'messages.role'],
  ['turnsome', 'turnsome'],
  ['rest.fields.metadata', 'metadata'],
  ['rest.fields.turns', 'turns'],
  ['rest.fields.text.verbosity', 'text.verbosity'],
  ['max_tokens', 'max_tokens'],
  ['constructor', 'constructor'],
])('%s is %s to the client', (path, name) => expect(clientName(path, names)).toBe(name));

const chat = {
  names: { ...names, maxTokens: 'max_completion_tokens', 'tools.name': 'tools[].function.name', tools: 'tools' },
  spellings: { max_completion_tokens: ['max_tokens'] },
};
const other = { names: { turns: 'input', maxTokens: 'max_output_tokens', logprobs: 'top_logprobs', tools: 'tools', 'tools.name': 'tools[].name' } };

it.each([
  ['maxTokens', { max_tokens: 1 }, 'max_tokens'],
  ['maxTokens', { max_completion_tokens: 1 }, 'max_completion_tokens'],
  ['maxTokens', {}, 'max_completion_tokens'],
  ['sampling.topP', { max_tokens: 1 }, 'top_p'],
])('%s of %j is %s to the client', (path, body, name) => expect(writtenName(path, chat, body)).toBe(name));
it.each([
  [{ config: { schema: {} } }, 'config.schema'],
  [{ config: { jsonSchema: {} } }, 'config.jsonSchema'],
  [{ config: {} }, 'config.jsonSchema'],
])('of two members of one object the one that was written is named: %j', (body, name) => {
  const naming = { names: { 'output.schema': 'config.jsonSchema' }, spellings: { 'config.jsonSchema': ['config.schema'] } };
  expect(writtenName('output.schema', naming, body)).toBe(name);
});

it.each([
  ['messages[2].content[0]', 'input'],
  ['messages.[2].content', 'input'],
  ['messages.2.content', 'input'],
  ['tools[0].function.name', 'tools[].name'],
  ['max_tokens', 'max_output_tokens'],
  ['model', 'model'],
  ['top_p', undefined],
  ['n', undefined],
  ['stream_options', undefined],
])('a refusal that names %s names %s to a client of another surface', (param, name) =>
  expect(refusedName(param, chat, other, { model: 'm', input: [], tools: [{}], max_output_tokens: 1 })).toBe(name),
);

it.each([
  ['turns.parts.document', 'messages[].content[]'],
  ['turns.parts.parts.image', 'messages[].content[]'],
  ['turns.parts.thinking', 'messages[].thinking_blocks'],
  ['turns.parts.rest.text', 'messages[].content[].text'],
  ['rest.fields.text', 'text'],
  ['maxTokens', 'max_tokens'],
])('a half that notes or refuses %s names %s', (path, name) => {
  const places = { 'turns.parts': 'messages[].content[]', 'turns.parts.parts': 'messages[].content[]', 'turns.parts.thinking': 'messages[].thinking_blocks' };
  expect(clientPlace(path, { ...chat, names: { ...chat.names, ...places } }, { max_tokens: 0 })).toBe(name);
});
