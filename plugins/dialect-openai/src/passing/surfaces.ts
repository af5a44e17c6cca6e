import { binaryTap, type Framing, type Surface, type Tap } from '@llm-proxy-auth/plugin';
import { IDS } from '../named-ids.ts';
import { INFERENCE, route, stateful } from '../routes.ts';
import { sseTap } from '../tap.ts';
import { jsonTap } from '../tap-json.ts';

type Opaque = Surface<'opaque'>;
/** Images and audio stream typed events; the last one of each family says `completed` or `done`. */
const eventTap = sseTap({
  content: /"type": ?"/,
  terminal: /"type": ?"(?:image_generation|image_edit)\.completed"|"type": ?"(?:transcript\.text|speech\.audio)\.done"/,
});
const plainTap = (framing: Framing): Tap => (framing === 'json' ? jsonTap() : binaryTap());
const opaque = (surface: Omit<Opaque, 'operation'>): Opaque => ({ operation: 'opaque', ...surface });
const NO_FIELDS = { model: 'none', stream: 'route' } as const;
const MODEL_ONLY = { model: ['model'], stream: 'route' } as const;
const MODEL_AND_STREAM = { model: ['model'], stream: ['stream'] } as const;
/** An image of up to 1.5 megapixels at the highest quality is 6,240 tokens, and each of three looks at it before it is done 100 more. */
const IMAGE_TOKENS = 8_192;
const owned = stateful({ uses: ['{id}'], free: true });

const moderations = opaque({
  name: 'moderations',
  routes: route('POST', '/moderations', { stream: false }),
  body: ['json'],
  governed: MODEL_ONLY,
  reach: INFERENCE,
  framing: 'json',
  answers: 'json',
  tap: plainTap,
});
const images = opaque({
  name: 'images',
  routes: [...route('POST', '/images/generations'), ...route('POST', '/images/edits'), ...route('POST', '/images/variations')],
  body: ['json', 'multipart'],
  governed: { ...MODEL_AND_STREAM, choices: [['n']], usual: IMAGE_TOKENS },
  reach: { class: 'inference', ids: IDS.images },
  framing: 'sse',
  answers: 'json',
  tap: eventTap,
});
const speech = opaque({
  name: 'speech',
  routes: route('POST', '/audio/speech', { stream: false }),
  body: ['json'],
  governed: MODEL_ONLY,
  reach: INFERENCE,
  framing: 'binary',
  answers: 'sound',
  tap: eventTap,
});
const transcriptions = opaque({
  name: 'transcriptions',
  routes: [...route('POST', '/audio/transcriptions'), ...route('POST', '/audio/translations')],
  body: ['multipart'],
  governed: MODEL_AND_STREAM,
  reach: INFERENCE,
  framing: 'sse',
  answers: 'text',
  tap: eventTap,
});
const files = opaque({
  name: 'files',
  routes: [
    ...route('POST', '/files', { reach: stateful({ makes: ['/id'], modelElsewhere: true }) }),
    ...route('GET', '/files', { query: true, reach: stateful({ list: '/data' }) }),
    ...route('GET', '/files/{id}'),
    ...route('DELETE', '/files/{id}'),
    ...route('GET', '/files/{id}/content', { query: true, answers: 'any' }),
  ],
  body: ['multipart', 'none'],
  governed: NO_FIELDS,
  reach: owned,
  framing: 'binary',
  answers: 'json',
  tap: plainTap,
});
const uploads = opaque({
  name: 'uploads',
  routes: [
    ...route('POST', '/uploads', { reach: stateful({ makes: ['/id'], modelElsewhere: true }) }),
    ...route('POST', '/uploads/{id}/parts'),
    ...route('POST', '/uploads/{id}/complete', { reach: stateful({ uses: ['{id}'], makes: ['/file/id'], free: true }) }),
    ...route('POST', '/uploads/{id}/cancel'),
  ],
  body: ['json', 'multipart', 'none'],
  governed: NO_FIELDS,
  reach: owned,
  framing: 'json',
  answers: 'json',
  tap: plainTap,
});
const batchReply = ['/output_file_id', '/error_file_id'];
const batches = opaque({
  name: 'batches',
  routes: [
    ...route('POST', '/batches', { reach: stateful({ uses: ['/input_file_id'], makes: ['/id'], modelElsewhere: true }) }),
    ...route('GET', '/batches', { query: true, reach: stateful({ list: '/data' }) }),
    ...route('GET', '/batches/{id}', { reach: stateful({ uses: ['{id}'], makes: batchReply }) }),
    ...route('POST', '/batches/{id}/cancel', { reach: stateful({ uses: ['{id}'], makes: batchReply, free: true }) }),
  ],
  body: ['json', 'none'],
  governed: NO_FIELDS,
  reach: owned,
  framing: 'json',
  answers: 'json',
  tap: plainTap,
});
/** Chat completions kept by `store: true`. */
const storedChat = opaque({
  name: 'chat-stored',
  routes: [
    ...route('GET', '/chat/completions', { query: true, reach: stateful({ list: '/data' }) }),
    ...route('GET', '/chat/completions/{id}'),
    ...route('POST', '/chat/completions/{id}'),
    ...route('DELETE', '/chat/completions/{id}'),
    ...route('GET', '/chat/completions/{id}/messages', { query: true }),
  ],
  body: ['json', 'none'],
  governed: NO_FIELDS,
  reach: owned,
  framing: 'json',
  answers: 'json',
  tap: plainTap,
});

/** Operations that are governed and passed to a provider that has them, never translated. */
export const passingSurfaces: readonly Opaque[] = Object.freeze([moderations, images, speech, transcriptions, files, uploads, batches, storedChat]);
