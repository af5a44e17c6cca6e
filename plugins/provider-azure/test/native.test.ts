import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { native, TABLE } from '../src/native.ts';

const at = (method: string, path: string, bodyModel?: string) => native({ method, path, query: 'api-version=2024-10-21', headers: [], bodyModel });
const filled = (path: string): string =>
  `/${path
    .replace(/\{[a-z]+\+\}/, 'x/y')
    .replace('{model}', 'chat-prod')
    .replaceAll(/\{[a-z]+\}/g, 'id-1')}`;

describe('every row of the table', () => {
  const rows = TABLE.flatMap((entry) => entry.methods.map((method) => [method, filled(entry.path), entry] as const));
  it.each(rows)('%s %s', (method, path, entry) => {
    const answer = at(method, path, 'm');
    const inPath = /\{model\+?\}/.test(entry.path);
    expect(answer).toMatchObject({
      reach: { class: entry.reach.class },
      framing: entry.framing ?? 'json',
      modelIn: inPath ? 'path' : (entry.modelIn ?? 'none'),
      ...(entry.modelIn === 'body' ? { model: 'm' } : {}),
    });
  });
  it.each(rows)('%s %s has no other method', (method, path) => {
    const known = rows.filter(([, other]) => other === path).map(([other]) => other);
    for (const other of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'].filter((each) => each !== method && !known.includes(each))) {
      const answer = at(other, path);
      // Where a literal stands beside ids, it is read as an id that nobody owns.
      const asId = !('refuse' in answer) && answer.params?.id === path.split('/').at(-1);
      expect('refuse' in answer || asId, other).toBe(true);
      if (asId) expect(answer).toMatchObject({ reach: { class: 'stateful' } });
    }
  });
  it('names a model that stands in the path once, and where it stands', () =>
    expect(at('POST', '/openai/deployments/chat%2Dprod/audio/speech')).toMatchObject({
      model: 'chat-prod',
      modelIn: 'path',
      path: '/openai/deployments/{model}/audio/speech',
      surface: 'speech',
      framing: 'binary',
    }));
  it('reaches inference with nothing that changes the resource', () => {
    for (const { path, reach } of TABLE) if (/fine_tuning|evals/.test(path)) expect([path, reach.class]).toEqual([path, 'control']);
    for (const { path, reach, methods } of TABLE) if (methods.includes('DELETE')) expect(['stateful', 'control'], path).toContain(reach.class);
  });
});

describe('outsiders', () => {
  it.each([
    ['POST', '/openai/deployments/a/b/chat/completions'],
    ['POST', '/openai/deployments/a%2Fb/chat/completions'],
    ['POST', '/openai/deployments/../chat/completions'],
    ['POST', '/openai/deployments/%2e%2e/chat/completions'],
    ['POST', '/openai/deployments//chat/completions'],
    ['POST', '/openai/deployments/a/chat/completions/'],
    ['POST', '/openai/deployments/a/Chat/completions'],
    ['POST', '/openai/deployments/a/responses'],
    ['GET', '/openai/deployments'],
    ['PUT', '/openai/deployments/a'],
    ['POST', '/openai/v1/realtime/client_secrets'],
    ['GET', '/openai/realtime'],
    ['POST', '/openai/v1/threads'],
    ['POST', '/openai/assistants'],
    ['GET', '/openai/v1/vector_stores'],
    ['POST', '/openai/v1/images/variations'],
    ['POST', '/anthropic/v1/messages'],
    ['POST', '/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a/listKeys'],
    ['POST', '/contentsafety/text:analyze'],
    ['GET', '/openai/v1'],
    ['GET', '/'],
    ['POST', '/openai//v1/chat/completions'],
  ])('%s %s is refused', (method, path) => expect(at(method, path, 'm')).toMatchObject({ refuse: 'operation_not_allowed' }));
});

describe('any path', () => {
  const piece = fc.oneof(
    fc.constantFrom('openai', 'v1', 'deployments', 'chat', 'completions', 'files', 'models', 'batches', '..', '.', '%2e%2e', '%2F', '%252e', ''),
    fc.string({ maxLength: 8 }),
    fc.string({ maxLength: 8, unit: 'grapheme' }).map(encodeURIComponent),
  );
  it('is refused, or names a model that one decoding gives, and nothing that moves', () =>
    fc.assert(
      fc.property(fc.constantFrom('GET', 'POST', 'DELETE'), fc.array(piece, { maxLength: 6 }), (method, pieces) => {
        const path = `/${pieces.join('/')}`;
        const answer = at(method, path);
        if ('refuse' in answer) return;
        expect(decodeURIComponent(path)).toContain(answer.model ?? '');
        for (const value of Object.values(answer.params ?? {})) expect(`/${value}/`).not.toMatch(/\/\.{1,2}\/|[\\\p{Cc}]/u);
      }),
      { numRuns: 2_000 },
    ));
});

describe('ids', () => {
  it('are owned before a call and become the caller’s after it', () => {
    expect(at('POST', '/openai/batches')).toMatchObject({ reach: { ids: { request: ['/input_file_id'], reply: ['/id'] }, modelElsewhere: true } });
    expect(at('POST', '/openai/deployments/d/batches')).toMatchObject({ reach: { ids: { request: ['/input_file_id'] }, modelElsewhere: true } });
    expect(at('GET', '/openai/v1/files')).toMatchObject({ reach: { ids: { list: '/data' } } });
    expect(at('GET', '/openai/files/file%2D1/content')).toMatchObject({ params: { id: 'file-1' }, reach: { ids: { request: ['{id}'] } } });
    expect(at('POST', '/openai/v1/responses', 'm')).toMatchObject({ dialect: 'openai', ids: 'responses', reach: { class: 'inference' } });
    expect(at('POST', '/openai/deployments/d/chat/completions')).toMatchObject({ ids: 'chat', reach: { class: 'inference' } });
  });
});
