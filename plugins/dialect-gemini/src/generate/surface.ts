import { asObject, type Call, type Framing, type Seal, type StreamWriter, type Surface, withoutThoughts, writingNoThoughts } from '@llm-proxy-auth/plugin';
import { PREFIX } from '../carried.ts';
import { furtherModels } from '../further-models.ts';
import { GENERATING } from '../named-ids.ts';
import { operation } from '../routes.ts';
import { camelCased } from '../snake.ts';
import { generateTap } from '../tap.ts';
import { GEMINI } from '../wire.ts';
import type { Memo } from './memo.ts';
import { names, spellings } from './names.ts';
import { readRequest } from './read-request.ts';
import { readReply, writeReply } from './reply.ts';
import { AnswerReader } from './stream-reader.ts';
import { AnswerWriter } from './stream-writer.ts';
import { writePaired } from './write-request.ts';

/** Server-sent events where the client asks for them, else one array that grows. */
export const framingOf = (query: string): Framing => (new URLSearchParams(query).get('alt') === 'sse' ? 'sse' : 'json-array');

/** The API reads either spelling of every name. */
const inConfig = (...names: readonly string[]): readonly (readonly string[])[] =>
  ['generationConfig', 'generation_config'].flatMap((config) => names.map((name) => [config, name]));

/** Whether the client did not ask for thoughts, at a provider that may not know that. */
const wantsNoThoughts = ({ inbound, endpoint }: Call): boolean => {
  if (endpoint.dialect === GEMINI) return false;
  const config = asObject(asObject(camelCased(inbound.body))?.generationConfig);
  return asObject(config?.thinkingConfig)?.includeThoughts !== true;
};
const writer = (call: Call, seal: Seal): StreamWriter => {
  const writing = new AnswerWriter(call, seal);
  return wantsNoThoughts(call) ? writingNoThoughts(writing) : writing;
};

/** `:generateContent` and `:streamGenerateContent`. */
export const generate = (seal: Seal): Surface<'chat'> => {
  const write = writeReply(seal);
  return Object.freeze({
    name: 'generate',
    operation: 'chat',
    routes: [...operation('generateContent', false), ...operation('streamGenerateContent', true)],
    body: ['json'],
    governed: {
      model: 'path',
      stream: 'route',
      output: inConfig('maxOutputTokens', 'max_output_tokens'),
      choices: inConfig('candidateCount', 'candidate_count'),
    },
    reach: GENERATING,
    framing: 'sse',
    framingOf,
    client: {
      names,
      spellings,
      read: readRequest(seal),
      write: (reply, call) => write(wantsNoThoughts(call) ? withoutThoughts(reply) : reply, call),
      stream: (call) => writer(call, seal),
    },
    provider: {
      write: writePaired,
      read: (reply, call, memo) => readReply(reply, call, memo as Memo | undefined),
      stream: (call, memo, emit) => new AnswerReader(call, memo as Memo | undefined, emit),
    },
    marks: [PREFIX],
    furtherModels,
    tap: generateTap,
  } satisfies Surface<'chat'>);
};
