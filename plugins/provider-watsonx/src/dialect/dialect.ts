import type { AnySurface, Dialect, Framing, Operation, ProviderHalf, Surface } from '@llm-proxy-auth/plugin';
import { read as readChat } from './chat/reply.ts';
import { write as writeChat } from './chat/request.ts';
import { readStream as readChatStream } from './chat/stream.ts';
import { embeddings } from './embeddings.ts';
import { error, readError } from './error.ts';
import { read as readGeneration, readStream as readGenerationStream } from './generation/read.ts';
import { write as writeGeneration } from './generation/request.ts';
import { rerank } from './rerank.ts';
import { type Reading, tapOf } from './tap.ts';
import { tokenization } from './tokenization.ts';
import { WATSONX } from './words.ts';

/** A surface that clients of other dialects are carried to. Which path is asked says whether it streams. */
const surface = <O extends Operation>(name: string, operation: O, framing: Framing, provider: ProviderHalf<O>, reading?: Reading): Surface<O> => ({
  name,
  operation,
  routes: [],
  body: ['json'],
  governed: { model: ['model_id'], stream: 'route', output: [['max_tokens'], ['max_completion_tokens'], ['parameters', 'max_new_tokens']], choices: [['n']] },
  reach: { class: 'inference' },
  framing,
  provider,
  tap: tapOf(reading),
});

const surfaces: readonly AnySurface[] = Object.freeze([
  surface('chat', 'chat', 'sse', { write: writeChat, read: readChat, stream: (call, _memo, emit) => readChatStream(call, emit) }, readChatStream),
  surface(
    'generation',
    'chat',
    'sse',
    { write: writeGeneration, read: readGeneration, stream: (call, _memo, emit) => readGenerationStream(call, emit) },
    readGenerationStream,
  ),
  surface('embeddings', 'embeddings', 'json', embeddings),
  surface('rerank', 'rerank', 'json', rerank),
  surface('tokenization', 'countTokens', 'json', tokenization),
]);

/** What watsonx.ai speaks, for reaching it. */
export const watsonxDialect: Dialect = Object.freeze({ name: WATSONX, surfaces, error, readError });
