import { ENVELOPE, emittingOwnNames, type Seal, type Surface, withOwnNames } from '@llm-proxy-auth/plugin';
import { PREFIX } from '../carriers/call-id.ts';
import { furtherModels } from '../further-models.ts';
import { IDS } from '../named-ids.ts';
import { route } from '../routes.ts';
import { chatTap } from '../tap.ts';
import { names, spellings } from './names.ts';
import { readReply } from './read-reply.ts';
import { readStream } from './read-stream.ts';
import { type Memo, read, refusal, write } from './request.ts';
import { writeReply } from './write-reply.ts';
import { writeStream } from './write-stream.ts';
import { yields } from './yields.ts';

/** `POST /chat/completions`. `seal` closes what other vendors signed, for clients to carry. */
export const chat = (seal: Seal): Surface<'chat'> =>
  Object.freeze({
    name: 'chat',
    operation: 'chat',
    routes: route('POST', '/chat/completions'),
    body: ['json'],
    governed: {
      model: ['model'],
      stream: ['stream'],
      usage: ['stream_options', 'include_usage'],
      output: [['max_completion_tokens'], ['max_tokens']],
      choices: [['n']],
    },
    reach: { class: 'inference', ids: IDS.chat },
    framing: 'sse',
    marks: [PREFIX, ENVELOPE],
    client: {
      names,
      spellings,
      read: (inbound, ledger, target, model) => read(seal, inbound, ledger, target, model),
      write: (reply, call) => writeReply(reply, call, seal),
      stream: (call) => writeStream(call, seal),
    },
    provider: {
      write,
      yields,
      refusal,
      read: (reply, call, memo) => withOwnNames(readReply(reply, call), (memo as Memo | undefined)?.names),
      stream: (call, memo, emit) => readStream(call, emittingOwnNames(emit, (memo as Memo | undefined)?.names)),
    },
    furtherModels,
    tap: chatTap,
  } satisfies Surface<'chat'>);
