import type { Surface } from '@llm-proxy-auth/plugin';
import { INFERENCE, route } from '../routes.ts';
import { chatTap } from '../tap.ts';

/** `POST /chat/completions`. */
export const chat: Surface<'chat'> = Object.freeze({
  name: 'chat',
  operation: 'chat',
  routes: route('POST', '/chat/completions'),
  body: ['json'],
  governed: { model: ['model'], stream: ['stream'], usage: ['stream_options', 'include_usage'] },
  reach: INFERENCE,
  framing: 'sse',
  tap: chatTap,
} as const);
