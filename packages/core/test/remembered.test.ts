import type { AnySurface, Dialect, Provider } from '@llm-proxy-auth/plugin';
import { describe, expect, test } from 'vitest';
import type { Instance } from '../src/graph.ts';
import { locator } from '../src/http/located.ts';
import type { Found } from '../src/http/route.ts';
import { endpointCache } from '../src/routing/endpoints.ts';

describe('targets that are remembered', () => {
  test('are the same object while there is room, and few however many methods a client invents', () => {
    let routed = 0;
    const locate = locator(() => {
      routed++;
      return undefined;
    });
    const first = locate('GET', '/v1/models');
    expect(locate('GET', '/v1/models')).toBe(first);
    for (let i = 0; i < 999; i++) locate(`M${i}`, '/v1/models');
    expect([locate('GET', '/v1/models') === first, routed]).toEqual([true, 1000]);
    locate('ONE-MORE', '/v1/models');
    expect(locate('GET', '/v1/models')).not.toBe(first);
  });
  test('are none beyond 256 characters', () => {
    const locate = locator(() => undefined);
    const long = `/${'x'.repeat(256)}`;
    expect(locate('GET', long)).not.toBe(locate('GET', long));
  });
});

describe('endpoints that are remembered', () => {
  const foundAt = (pattern: string): Extract<Found, { is: 'surface' }> => ({
    is: 'surface',
    surface: { name: 'chat', operation: 'chat' } as AnySurface,
    route: { method: 'POST', pattern },
    reach: { class: 'inference' },
    params: {},
  });
  const dialect = { name: 'plain' } as Dialect;
  const open = () => {
    const asked: string[] = [];
    const provider = {
      endpoint: (ask: { route: string; model: string; stream: boolean }) => {
        asked.push(`${ask.route} ${ask.model} ${ask.stream}`);
        return undefined;
      },
    } as unknown as Provider;
    const instance = { name: 'main', provider, settings: { prices: {}, facts: {} } } as unknown as Instance;
    const endpoints = endpointCache();
    return {
      asked,
      forget: () => endpoints.forget(instance),
      ask: (found: Extract<Found, { is: 'surface' }>, model: string, stream = false) => endpoints(instance, dialect, 'POST', found, model, stream),
    };
  };
  test('are asked for once for each route, model and way of answering, the missing ones too', () => {
    const { asked, ask } = open();
    const [chat, other] = [foundAt('/chat'), foundAt('/other')];
    for (let i = 0; i < 2; i++) {
      ask(chat, 'a');
      ask(chat, 'a', true);
      ask(chat, 'b');
      ask(other, 'a');
    }
    expect(asked).toEqual(['/chat a false', '/chat a true', '/chat b false', '/other a false']);
  });
  test('are asked for again when the instance has learned something', () => {
    const { asked, ask, forget } = open();
    const chat = foundAt('/chat');
    ask(chat, 'a');
    forget();
    ask(chat, 'a');
    expect(asked).toEqual(['/chat a false', '/chat a false']);
  });
  test('are a thousand of an instance, over all its routes', () => {
    const { asked, ask } = open();
    const routes = Array.from({ length: 10 }, (_, i) => foundAt(`/r${i}`));
    for (let i = 0; i < 1000; i++) ask(routes[i % 10] as (typeof routes)[0], `m${i}`);
    ask(routes[0] as (typeof routes)[0], 'm0');
    expect(asked).toHaveLength(1000);
    ask(routes[0] as (typeof routes)[0], 'one more');
    ask(routes[0] as (typeof routes)[0], 'm0');
    expect(asked).toHaveLength(1002);
  });
});
