import type { Surface } from '@llm-proxy-auth/plugin';
import { INFERENCE, route } from '../routes.ts';
import { completionsTap } from '../tap.ts';
import { names } from './names.ts';
import { readReply, writeReply } from './reply.ts';
import { read, split, write } from './request.ts';
import { readStream, writeStream } from './stream.ts';

/** `POST /completions`, the API of before chat. */
export const completions: Surface<'chat'> = Object.freeze({
  name: 'completions',
  operation: 'chat',
  routes: route('POST', '/completions'),
  body: ['json'],
  governed: {
    model: ['model'],
    stream: ['stream'],
    usage: ['stream_options', 'include_usage'],
    output: [['max_tokens']],
    choices: [['n'], ['best_of']],
    prompts: [['prompt'], ['prompt_embeds']], // The second of vLLM, beside the first.
  },
  reach: INFERENCE,
  framing: 'sse',
  client: { names, read, split, write: writeReply, stream: writeStream },
  provider: { write, read: readReply, stream: (call, _memo, emit) => readStream(call, emit) },
  tap: completionsTap,
} satisfies Surface<'chat'>);
