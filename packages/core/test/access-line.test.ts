import fc from 'fast-check';
import { expect, test } from 'vitest';
import { epochText } from '../src/json-text.ts';
import { type AccessFields, accessLine } from '../src/observe/access-line.ts';

const fields: AccessFields = {
  time: 1_790_000_000_007,
  request: 'req_1',
  method: 'POST',
  route: '/openai/:instance/*',
  status: 200,
  code: 'overloaded',
  mode: 'protocol',
  dialect: 'openai',
  operation: 'chat',
  instance: 'main',
  principal: 'key:ci',
  attempts: 1,
  stream: 'done',
};
const NAMES = Object.keys(fields) as (keyof AccessFields)[];

test.each(NAMES)('%s is told where it alone differs from the line before', (name) => {
  const value = fields[name];
  const others = [
    typeof value === 'number' ? value + 1 : `${value}-other`,
    ...(['time', 'request', 'method', 'route', 'status'].includes(name) ? [] : [undefined]),
  ];
  for (const other of others) {
    const changed = { ...fields, [name]: other } as AccessFields;
    for (const each of [fields, changed, fields, changed]) {
      const known = Object.entries(each).filter(([, told]) => told !== undefined);
      expect(JSON.parse(accessLine(each))).toEqual({ level: 'info', msg: 'request', ...Object.fromEntries(known) });
    }
  }
});

test('a moment is written as every number is', () => {
  const moments = fc.oneof(
    fc.maxSafeInteger(),
    fc.integer({ min: 0, max: 5_000 }),
    fc.integer({ min: 1_790_000_000_000, max: 1_790_000_002_000 }),
    fc.double(),
  );
  fc.assert(fc.property(moments, (ms) => epochText(ms) === String(ms)));
});
