import type { Reach } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { wildIds } from '../src/call/wild-ids.ts';

const reach: Reach = {
  class: 'inference',
  ids: { request: ['/input/*[type=item_reference]/id', '/input/*/content/*/file_id', '{id}', '/previous'], reply: [] },
};
const idsIn = (text: string, cut = text.length): readonly string[] => wildIds(reach, [Buffer.from(text.slice(0, cut)), Buffer.from(text.slice(cut))], 64);

describe('ids deep inside a body', () => {
  const body =
    '{"input":[{"type":"item_reference","id":"msg_1"},{"id":"rs_2","type":"reasoning"},{"content":[{"type":"input_file","file_id":"file-3"},{"text":"x"}]}]}';
  it('are found wherever the body is cut', () => {
    for (let cut = 0; cut <= body.length; cut++) expect(idsIn(body, cut)).toEqual(['msg_1', 'file-3']);
  });
  it('are found under keys that are spelt with escapes', () => {
    expect(idsIn('{"\\u0069nput":[{"content":[{"file\\u005fid":"file-3"}]}]}')).toEqual(['file-3']);
    expect(idsIn('{"input":[{"type":"item\\u005freference","id":"msg_1"}]}')).toEqual(['msg_1']);
  });
  it('are none where nothing of the kind stands, and the body is not parsed', () => {
    expect(idsIn('{"input":"tell me about files" not json')).toEqual([]);
  });
  it('refuses a body that names some and cannot be read', () => {
    expect(() => idsIn('{"input":[{"content":[{"file_id":"file-3"}]}')).toThrow(expect.objectContaining({ code: 'invalid_json' }));
  });
});
