import type { CapturedRequest } from '@llm-proxy-auth/simulators';
import { type Bench, openBench } from './gateway.ts';

export const SMALL = 'gpt-4o-mini';
export const BIG = 'gpt-4o';
export const messages = [{ role: 'user', content: 'hi' }];
export const chat = (model: unknown, more: object = {}): string => JSON.stringify({ model, messages, ...more });

/** Two instances of one provider, names of `models:` on both sides of the limit, and every class allowed but control. */
export const openLimited = async (): Promise<Bench & { readonly limited: string }> => {
  const bench = await openBench({
    main: { default: true, control: true },
    sections: {
      policies: [{ match: {}, allow: { classes: ['inference', 'models', 'stateful', 'control'] } }],
      models: [
        { name: 'cheap', targets: [{ instance: 'main', model: SMALL }] },
        { name: 'dear', targets: [{ instance: 'main', model: BIG }] },
        { match: `${SMALL}:*`, targets: [{ instance: 'main', model: BIG }] },
        { match: 'gpt-*', targets: [{ instance: 'main', model: '*' }] },
      ],
    },
  });
  return { ...bench, limited: await bench.makeKey({ name: 'limited', models: [SMALL] }) };
};

/** The model a captured request asks for, in body, form or path; undefined when it names none. */
export const modelAsked = (request: CapturedRequest): unknown => {
  const text = request.body.toString();
  if (/^multipart/.test(request.header('content-type') ?? '')) return /name="?model"?\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)/.exec(text)?.[1];
  if (text === '') return /\/models\/(.*)$/.exec(request.path)?.[1];
  return (request.json() as { model?: unknown }).model;
};
