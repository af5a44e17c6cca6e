import type { Tap } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { wholeTap } from '../src/call/whole-tap.ts';

const watching = () => {
  const seen: string[] = [];
  const tap: Tap = {
    state: 'waiting',
    bytes: (chunk) => void seen.push(Buffer.from(chunk).toString()),
    fail: () => '',
    end: () => ({ complete: seen.join('').includes('[DONE]') }),
  };
  return { tap, seen };
};
describe('a tap on bytes that pass as they come', () => {
  const text = 'data: {"a":1}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n';
  it('sees whole events wherever the bytes are cut', () => {
    for (let cut = 1; cut < text.length; cut++) {
      const { tap, seen } = watching();
      const whole = wholeTap(tap, 'sse');
      whole.bytes(Buffer.from(text.slice(0, cut)));
      whole.bytes(Buffer.from(text.slice(cut)));
      expect(whole.end().complete).toBe(true);
      expect(seen.join('')).toBe(text);
      for (const piece of seen) expect(piece.endsWith('\n\n'), `cut at ${cut}`).toBe(true);
    }
  });
  it('sees what a long first piece begins with before the rest of it', () => {
    const { tap, seen } = watching();
    const long = text.repeat(1_000);
    wholeTap(tap, 'sse').bytes(Buffer.from(long));
    expect(seen.map((piece) => piece.endsWith('\n\n'))).toEqual([true, true]);
    expect(seen[0]?.length).toBeLessThan(long.length / 4);
    expect(seen.join('')).toBe(long);
  });
  it('sees a last event without its blank line', () => {
    const { tap } = watching();
    const whole = wholeTap(tap, 'sse');
    whole.bytes(Buffer.from('data: [DONE]'));
    expect(whole.end().complete).toBe(true);
  });
  it('ends watching, and nothing else, where the framing is broken', () => {
    const { tap, seen } = watching();
    const whole = wholeTap(tap, 'aws-eventstream');
    whole.bytes(Buffer.alloc(64, 0xff));
    whole.bytes(Buffer.from(text));
    expect([whole.end().complete, seen]).toEqual([false, []]);
  });
});
