import type { Seal, Surface } from '@llm-proxy-auth/plugin';
import { names } from './names.ts';
import { readReply } from './reply/read.ts';
import { writeReply } from './reply/write.ts';
import type { Memo } from './request/foreign-tools.ts';
import { read } from './request/read.ts';
import { refusal } from './request/refusal.ts';
import { write } from './request/write.ts';
import { readStream } from './stream/read.ts';
import { writeStream } from './stream/write.ts';
import { converseTap } from './tap.ts';

/** Where fields of the model's own API stand. */
const OWN = 'additionalModelRequestFields';
/** Converse and ConverseStream. A model id may be an ARN; clients send its slashes encoded or as they are. */
export const converse = (seal: Seal): Surface<'chat'> =>
  Object.freeze({
    name: 'converse',
    operation: 'chat',
    routes: [
      { method: 'POST', pattern: '/model/{model+}/converse', model: 'path', stream: false },
      { method: 'POST', pattern: '/model/{model+}/converse-stream', model: 'path', stream: true },
    ],
    body: ['json'],
    governed: {
      model: 'path',
      stream: 'route',
      output: [
        ['inferenceConfig', 'maxTokens'],
        [OWN, 'max_tokens'],
      ],
      choices: [[OWN, 'n']],
    },
    reach: { class: 'inference' },
    framing: 'aws-eventstream',
    client: { names, read: read(seal), write: writeReply(seal), stream: writeStream(seal) },
    provider: {
      write,
      read: (reply, call, memo) => readReply(reply, call, memo as Memo | undefined),
      stream: (call, memo, emit) => readStream(call, memo as Memo | undefined, emit),
      refusal: (error, memo) => refusal(error, memo as Memo | undefined),
    },
    tap: converseTap,
  } satisfies Surface<'chat'>);
