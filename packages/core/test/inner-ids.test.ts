import type { Reach } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { innerIds } from '../src/call/inner-ids.ts';

const reach: Reach = {
  class: 'inference',
  ids: {
    request: ['{id}', '/previous'],
    inside: {
      members: ['file_id', 'file_ids', 'container'],
      apart: ['/metadata', '/input/*/content/*/annotations'],
      objects: ['audio'],
      references: { lists: ['/input'], type: 'item_reference', unlessWith: { thought: 'content' } },
    },
    reply: [],
    replyFor: { with: 'audio', reply: ['/said/*/id'] },
  },
};
const idsIn = (text: string, cut = text.length): readonly string[] =>
  innerIds(reach, [Buffer.from(text.slice(0, cut)), Buffer.from(text.slice(cut))], 64).named;
const refuses = (text: string, code: string) => expect(() => idsIn(text)).toThrow(expect.objectContaining({ code }));

describe('ids deep inside a body', () => {
  const body =
    '{"input":[{"type":"item_reference","id":"msg_1"},{"id":"rs_2","type":"reasoning"},{"content":[{"type":"input_file","file_id":"file-3"},{"text":"x"}]}]}';
  it('are found wherever the body is cut', () => {
    for (let cut = 0; cut <= body.length; cut++) expect(idsIn(body, cut)).toEqual(['file-3', 'msg_1']);
  });
  it.each([
    ['keys that are spelt with escapes', '{"\\u0069nput":[{"content":[{"file\\u005fid":"file-3"}]}]}', ['file-3']],
    ['a type that is spelt with escapes', '{"input":[{"type":"item\\u005freference","id":"msg_1"}]}', ['msg_1']],
    ['a reference without type', '{"input":[{"id":"msg_1"},{"id":"msg_2","type":null,"role":null}]}', ['msg_1', 'msg_2']],
    ['an item without what makes it whole', '{"input":[{"id":"t_1","type":"thought"},{"id":"t_2","type":"thought","content":"x"}]}', ['t_1']],
    ['the id of an object', '{"turns":[{"audio":{"id":"audio_1"}}],"audio":{"voice":{"id":"v"}}}', ['audio_1']],
    ['a message, which is none', '{"input":[{"id":"msg_1","role":"user","content":"hi"},{"id":"rs_1","type":"reasoning"}]}', []],
    ['lists of ids and ids in objects', '{"tools":[{"container":{"file_ids":["file-1","file-2"]}},{"container":"cntr_3"}]}', ['file-1', 'file-2', 'cntr_3']],
    ['a member of the client’s own choice', '{"prompt":{"variables":{"metadata":{"file_id":"file-1"}}}}', ['file-1']],
    ['places of the client’s own', '{"metadata":{"file_id":"a"},"input":[{"content":[{"annotations":[{"file_id":"b"}],"file_id":"c"}]}]}', ['c']],
  ])('%s', (_name, text, ids) => expect(idsIn(text)).toEqual(ids));
  it('are none where nothing of the kind stands, and the body is not parsed', () => {
    expect(idsIn('{"input":"tell me about files" not json')).toEqual([]);
  });
  it('are told apart from those that the body merely holds, and from what it asks for', () => {
    const { given, asks } = innerIds(reach, [Buffer.from('{"input":[{"id":"msg_1","role":"user","content":[{"id":"c"}]}],"audio":{}}')], 64);
    expect([[...given].toSorted(), asks]).toEqual([['c', 'msg_1'], true]);
    expect(innerIds(reach, [Buffer.from('{"turns":[{"audio":{"id":"a"}}],"audio":null}')], 64).asks).toBe(false);
  });
  it('refuse a body that names some and cannot be read, or is UTF-16', () => {
    refuses('{"input":[{"content":[{"file_id":"file-3"}]}', 'invalid_json');
    expect(() => innerIds(reach, [Buffer.from(body, 'utf16le')], 64)).toThrow(expect.objectContaining({ code: 'invalid_json' }));
  });
  it.each([
    ['of two lists', '{"input":[{"id":"msg_1"}],"input":"hi"}'],
    ['of two ids', '{"input":[{"type":"item_reference","id":"msg_1","id":"msg_2"}]}'],
    ['of two types, one with an escape', '{"input":[{"id":"msg_1","type":"item_reference","ty\\u0070e":"message"}]}'],
    ['of two files behind a text with quotes', '{"input":[{"text":"a \\\\\\" \\" b","file_id" : "file-1","file_id":null}]}'],
  ])('refuse a body in which a reader may take either %s', (_name, text) => refuses(text, 'invalid_request'));
  it('stand in bodies where a key comes again only in another object', () => {
    expect(idsIn('{"id":{"id":1},"a":[{"id":1},{"id":2}],"b":"\\"id\\":","c":{"file_id":"f"},"d":{}}')).toEqual(['f']);
  });
  it('are not looked for in pieces that are the inside of a string, but across their seams', () => {
    const far = 'x'.repeat(100);
    const pieces = ['{"a":"', `${far}"file_id":"file-1"${far}`, '"}'].map((text) => Buffer.from(text));
    expect(innerIds(reach, pieces, 64, new Set<Uint8Array>(pieces.slice(1, 2))).named).toEqual([]);
    expect(() => innerIds(reach, pieces, 64)).toThrow(expect.objectContaining({ code: 'invalid_json' }));
    const escaped = ['{"a":"x', 'y"', ',"\\', 'u0066ile_id":"file-2"}'].map((text) => Buffer.from(text));
    expect(innerIds(reach, escaped, 64, new Set<Uint8Array>([escaped[3] ?? Buffer.alloc(0)])).named).toEqual(['file-2']);
  });
});
