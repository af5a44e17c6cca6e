import type { Dialect, NativeCall } from '@llm-proxy-auth/plugin';
import { expect, test } from 'vitest';
import { withIds } from '../src/call/native-ids.ts';

const ids = { request: [], reply: ['/id'] };
const dialect = { name: 'acme', ids: { notes: ids } } as unknown as Dialect;
const call = (named?: string): NativeCall => ({
  operation: 'opaque',
  dialect: 'acme',
  model: undefined,
  stream: false,
  modelIn: 'none',
  framing: 'json',
  reach: { class: 'stateful' },
  ids: named,
});

test('a call gets the ids of its dialect, the same reach each time', () => {
  const native = call('notes');
  const dialects = new Map([['acme', dialect]]);
  expect(withIds(native, dialects).reach).toEqual({ class: 'stateful', ids });
  expect(withIds(native, dialects).reach).toBe(withIds({ ...native }, dialects).reach);
  expect(withIds(call(), dialects).reach).toEqual({ class: 'stateful' });
});
test.each([
  ['the dialect is missing', 'notes', new Map()],
  ['the dialect does not know the name', 'letters', new Map([['acme', dialect]])],
])('a call is refused when %s', (_name, named, dialects) => {
  expect(() => withIds(call(named), dialects)).toThrow(expect.objectContaining({ code: 'operation_not_supported' }));
});
