import { Buffer } from 'node:buffer';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { eventStreamMessage, frameReader } from '../src/index.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** Bytes that are held after everything that nobody holds is gone. */
const held = (): number => {
  // What a first one finds of memory outside the heap, the next one counts as free.
  for (let i = 0; i < 3; i++) collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};
const KIB = 1024;
const message = (type: string, payload: string): Buffer => Buffer.from(eventStreamMessage({ ':event-type': type }, Buffer.from(payload)));
const reader = () => frameReader('aws-eventstream', () => undefined);

describe('what readers of event streams hold', () => {
  test('an open stream that waits holds nothing of the chunk before', () => {
    const one = message('delta', '{"contentBlockIndex":0,"delta":{"text":" token"}}');
    const chunk = Buffer.concat(Array.from({ length: Math.floor((64 * KIB) / one.length) }, () => one));
    const open = Array.from({ length: 20 }, reader);
    for (const each of open) each.push(chunk);
    const before = held();
    const more = Array.from({ length: 500 }, reader);
    for (const each of more) each.push(Buffer.from(chunk));
    expect((held() - before) / more.length).toBeLessThan(8 * KIB);
    expect(open.length + more.length).toBe(520);
  });
  test('headers that change with every message are not kept', () => {
    const before = held();
    const one = reader();
    for (let i = 0; i < 5_000; i++) one.push(Buffer.concat([message(`kind ${i}`, '{}'), message(`kind ${i}`, '{}')]));
    expect(held() - before).toBeLessThan(1_024 * KIB);
  });
  test('nor are long ones', () => {
    const before = held();
    const one = reader();
    for (let i = 0; i < 60; i++) {
      const long = eventStreamMessage(
        { ':event-type': 'long', ...Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`h${n}`, `${i}`.padEnd(4_000, 'x')])) },
        Buffer.from('{}'),
      );
      one.push(Buffer.concat([long, long]));
    }
    expect(held() - before).toBeLessThan(1_024 * KIB);
  });
  test('headers that are remembered hold nothing of their chunk', () => {
    const before = held();
    for (let i = 0; i < 40; i++) reader().push(Buffer.concat([message(`once ${i}`, '{}'), message(`once ${i}`, 'x'.repeat(256 * KIB))]));
    expect(held() - before).toBeLessThan(1_024 * KIB);
  });
});
