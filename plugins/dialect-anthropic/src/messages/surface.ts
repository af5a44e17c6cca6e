import type { Surface } from '@llm-proxy-auth/plugin';
import { furtherModels } from '../further-models.ts';
import { REACH } from '../named-ids.ts';
import { route } from '../routes.ts';
import { messagesTap } from '../tap.ts';
import type { Memo } from './memo.ts';
import { names } from './names.ts';
import { readRequest } from './read-request.ts';
import { readReply, writeReply } from './reply.ts';
import { MessageReader } from './stream-reader.ts';
import { MessageWriter } from './stream-writer.ts';
import { writeRequest } from './write-request.ts';

/** `POST /messages`. */
export const messages: Surface<'chat'> = Object.freeze({
  name: 'messages',
  operation: 'chat',
  routes: route('POST', '/messages'),
  body: ['json'],
  governed: { model: ['model'], stream: ['stream'] },
  reach: REACH,
  framing: 'sse',
  client: { names, read: (inbound) => readRequest(inbound), write: writeReply, stream: (call) => new MessageWriter(call) },
  provider: {
    write: writeRequest,
    read: (reply, call, memo) => readReply(reply, call, memo as Memo | undefined),
    stream: (call, memo, emit) => new MessageReader(call, memo as Memo | undefined, emit),
  },
  furtherModels,
  tap: messagesTap,
} satisfies Surface<'chat'>);
