import {
  type Call,
  type ChatEvent,
  ENVELOPE,
  type ErrorLike,
  type Seal,
  type StreamWriter,
  type Surface,
  withoutThoughts,
  writingNoThoughts,
} from '@llm-proxy-auth/plugin';
import { withShown } from '@llm-proxy-auth/plugin/claude';
import { furtherModels } from '../further-models.ts';
import { REACH } from '../named-ids.ts';
import { route } from '../routes.ts';
import { messagesTap } from '../tap.ts';
import { loseBetas, refusedBetas } from './betas.ts';
import { loseHintMembers, markedAtEnd } from './cache-hints.ts';
import { discloseRequest, encloseReply, enclosing } from './foreign-thinking.ts';
import type { Memo } from './memo.ts';
import { names, spellings } from './names.ts';
import { refuseOwnMedia } from './own-media.ts';
import { refuseServers } from './own-servers.ts';
import { hidesThinking, readRequest, wantsNoThinking } from './read-request.ts';
import { readReply, writeReply } from './reply.ts';
import { MessageReader } from './stream-reader.ts';
import { MessageWriter } from './stream-writer.ts';
import { withSearch } from './tools.ts';
import { writeRequest } from './write-request.ts';

const writer = (call: Call, seal: Seal): StreamWriter => {
  const inner = new MessageWriter(call);
  const own = enclosing(seal);
  const writing = {
    type: inner.type,
    event: (e: ChatEvent) => inner.event(own(e)),
    error: (e: ErrorLike) => inner.error(e),
    end: () => inner.end(),
    idle: () => inner.idle(),
  };
  return wantsNoThinking(call) ? writingNoThoughts(writing) : writing;
};
/** `POST /messages`. `seal` closes what other vendors signed, for clients to carry. */
export const messages = (seal: Seal): Surface<'chat'> =>
  Object.freeze({
    name: 'messages',
    operation: 'chat',
    routes: route('POST', '/messages'),
    body: ['json'],
    governed: { model: ['model'], stream: ['stream'], output: [['max_tokens']] },
    reach: REACH,
    framing: 'sse',
    marks: [`"${ENVELOPE}`],
    client: {
      names,
      spellings,
      read(inbound, ledger, target) {
        loseBetas(inbound, target, ledger);
        loseHintMembers(inbound, target, ledger);
        refuseServers(inbound, target);
        const asked = discloseRequest(refuseOwnMedia(readRequest(inbound), target), seal);
        const request = hidesThinking(inbound) ? asked : withShown(asked, target);
        const marked = markedAtEnd(request, target, ledger);
        return target?.capabilities.webSearch === true ? withSearch(marked, ledger) : marked;
      },
      write: (reply, call) => writeReply(encloseReply(wantsNoThinking(call) ? withoutThoughts(reply) : reply, seal), call),
      stream: (call) => writer(call, seal),
    },
    provider: {
      write: writeRequest,
      read: (reply, call, memo) => readReply(reply, call, memo as Memo | undefined),
      stream: (call, memo, emit) => new MessageReader(call, memo as Memo | undefined, emit),
      refusal: refusedBetas,
    },
    furtherModels,
    tap: messagesTap,
  } satisfies Surface<'chat'>);
