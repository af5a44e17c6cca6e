import { request as send } from 'node:http';
import { describe, expect, test } from 'vitest';
import { type Recording, recordedPath, recordings } from '../src/index.ts';
import { key, useSimulator } from './support.ts';

const simulator = useSimulator({ models: ['gpt-4o-mini-audio-preview'] });
const asked = recordings({ provider: 'openai' }).filter(({ request }) => typeof request.body === 'object' && request.body !== null);

const answer = (one: Recording): Promise<{ status: number; type: string; text: string }> =>
  new Promise((done, fail) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const call = send(simulator().origin + recordedPath(one), { method: one.request.method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => done({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text }));
    });
    call.on('error', fail);
    call.end(JSON.stringify(one.request.body));
  });

// Without a replay the stand-in answers by itself: it must not be stricter than the service was, and refuse what the service refused.
describe('the recorded requests, answered without the recording', () => {
  test.each(asked.filter(({ response }) => response.status === 200).map((one) => [one.file, one] as const))(
    '%s was accepted and is accepted',
    async (_file, one) => {
      const { status, type, text } = await answer(one);
      expect([status, status === 200 ? '' : text]).toEqual([200, '']);
      expect(type.startsWith('text/event-stream')).toBe(one.stream);
    },
  );

  test.each(asked.filter(({ response }) => response.status >= 400 && response.status !== 401).map((one) => [one.file, one] as const))(
    '%s was refused and is refused alike',
    async (_file, one) => {
      const { status, text } = await answer(one);
      expect(status).toBe(one.response.status);
      expect(JSON.parse(text)).toEqual(JSON.parse(one.response.body ?? ''));
    },
  );
});
