import type { Reach } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonWatcher } from '../src/call/governed.ts';
import { governedPaths } from '../src/call/governed-paths.ts';
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
  it('are found across the seams of pieces', () => {
    const escaped = ['{"a":"x', 'y"', ',"\\', 'u0066ile_id":"file-2"}'].map((text) => Buffer.from(text));
    expect(innerIds(reach, escaped, 64).named).toEqual(['file-2']);
  });
  it('are not looked for where a scanner has read the body and saw no key that can hold one', () => {
    expect(innerIds(reach, [Buffer.from(body)], 64, false).named).toEqual([]);
    expect(innerIds(reach, [Buffer.from(body)], 64, true).named).toEqual(['file-3', 'msg_1']);
  });
});

describe('the scan of a body', () => {
  const watched = (pieces: readonly Buffer[], lenient: boolean): boolean | undefined => {
    const watcher = jsonWatcher(governedPaths({ model: ['model'], stream: 'route' }, reach.ids), 64, lenient);
    for (const piece of pieces) watcher.push(piece);
    watcher.end();
    return watcher.result().keyed;
  };
  const NAMES = ['file_id', 'file_ids', 'container', 'audio', 'id'];
  type Member = readonly [key: string, value: Value];
  type Value = string | number | null | readonly Value[] | { readonly members: readonly Member[] };
  /** Letters as they are or as escapes, drawn from `spelling`. */
  const spelt = (text: string, spelling: readonly boolean[]): string =>
    `"${[...text].map((c, at) => (spelling[at % spelling.length] === true ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}` : JSON.stringify(c).slice(1, -1))).join('')}"`;
  const written = (value: Value, spelling: readonly boolean[]): string => {
    if (Array.isArray(value)) return `[${value.map((item: Value) => written(item, spelling)).join(' , ')}]`;
    if (typeof value === 'object' && value !== null && 'members' in value)
      return `{${value.members.map(([key, inner]) => `${spelt(key, spelling)} :${written(inner, spelling)}`).join(',')}}`;
    return typeof value === 'string' ? spelt(value, spelling) : String(value);
  };
  const holdsName = (value: Value): boolean => {
    if (Array.isArray(value)) return value.some(holdsName);
    if (typeof value !== 'object' || value === null || !('members' in value)) return false;
    return value.members.some(([key, inner]) => NAMES.includes(key) || holdsName(inner));
  };
  const word = fc.oneof(
    fc.constantFrom(...NAMES, 'input', 'type', 'item_reference', 'metadata', 'file_id"', 'file', 'Id', '"id":'),
    fc.string({ maxLength: 5 }),
  );
  const { value } = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      word,
      fc.constantFrom(null, 7),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.array(fc.tuple(word, tie('value')), { maxLength: 4 }).map((members) => ({ members })),
    ),
  }));
  const spelling = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 });
  it('says that a key which can hold an id stands in it exactly when one does, keys that stand twice among them', () => {
    fc.assert(
      fc.property(value, spelling, fc.nat(), fc.boolean(), (body, letters, cut, lenient) => {
        const bytes = Buffer.from(written(body, letters));
        const at = cut % (bytes.length + 1);
        expect(watched([bytes.subarray(0, at), bytes.subarray(at)], lenient)).toBe(holdsName(body));
      }),
      { numRuns: 2000 },
    );
  });
  it('agrees with a look at the bytes in every id that is found and in what is asked for', () => {
    fc.assert(
      fc.property(value, spelling, (body, letters) => {
        const pieces = [Buffer.from(written(body, letters))];
        const read = (keyed?: boolean): unknown => {
          try {
            const { named, asks } = innerIds(reach, pieces, 64, keyed);
            return { named, asks };
          } catch (error) {
            return error;
          }
        };
        const keyed = watched(pieces, false);
        const looked = read();
        // Another key twice refuses no body that names nothing.
        const refused = keyed === false && looked instanceof Error;
        expect(read(keyed)).toEqual(refused ? { named: [], asks: false } : looked);
      }),
      { numRuns: 2000 },
    );
  });
  it('says nothing of a body in UTF-16, nor of one that is no JSON', () => {
    for (const text of ['{"file_id":"f"}', ' {"file_id":"f"}', '[{"file_id":"f"}]'])
      for (const bytes of [Buffer.from(text, 'utf16le'), Buffer.from(text, 'utf16le').swap16(), Buffer.from(text.slice(0, -1))])
        expect(watched([bytes], true)).toBeUndefined();
  });
});
