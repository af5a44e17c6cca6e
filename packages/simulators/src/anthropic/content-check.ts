import { anything, array, boolean, type Check, fieldsOf, members, nullable, object, oneOf, pattern, string, tagged, textOf, textOr } from './check.ts';
import { at, invalid } from './refusal.ts';

const cacheControl = nullable(tagged({ ephemeral: members({ 'type!': string, ttl: oneOf('5m', '1h') }) }));
const type = { 'type!': string };
const cached = { ...type, cache_control: cacheControl };

const imageTypes = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];

/** The format by its first bytes. Older models were given a picture whatever its media type claimed (recorded); newer ones refuse one that lies. */
export const formatOf = (bytes: Buffer): string | undefined => {
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'image/jpeg';
  if (bytes.subarray(0, 4).toString('latin1') === '\x89PNG') return 'image/png';
  if (bytes.subarray(0, 4).toString('latin1') === 'GIF8') return 'image/gif';
  if (bytes.subarray(0, 4).toString('latin1') === 'RIFF' && bytes.subarray(8, 12).toString('latin1') === 'WEBP') return 'image/webp';
  return undefined;
};

const bytesOf = (value: unknown, path: string): Buffer => {
  string(value, `${path}.data`);
  const text = textOf(value);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0 || text === '') throw at(path, 'invalid base64 data');
  return Buffer.from(text, 'base64');
};

const base64Image: Check = (value, path) => {
  members({ ...type, 'media_type!': oneOf(...imageTypes), 'data!': string })(value, path);
  if (formatOf(bytesOf(fieldsOf(value).data, path)) === undefined) throw invalid('Could not process image');
};

const base64Document: Check = (value, path) => {
  members({ ...type, 'media_type!': oneOf('application/pdf'), 'data!': string })(value, path);
  const bytes = bytesOf(fieldsOf(value).data, path);
  if (bytes.subarray(0, 5).toString('latin1') !== '%PDF-') throw at(`${path}.data`, 'The PDF specified was not valid.');
};

const url: Check = (value, path) => {
  string(value, path);
  if (!/^https?:\/\//.test(textOf(value))) throw at(path, 'Only HTTPS URLs are supported.');
};
const byUrl = members({ ...type, 'url!': url });
const byFile = members({ ...type, 'file_id!': string });

const text = members({ ...cached, 'text!': string, citations: nullable(array(object)) });
const image = members({
  ...cached,
  'source!': tagged({ base64: base64Image, url: byUrl, file: byFile }),
  transformations: nullable(object),
});
const document = members({
  ...cached,
  'source!': tagged({
    base64: base64Document,
    text: members({ ...type, 'media_type!': oneOf('text/plain'), 'data!': string }),
    content: members({ ...type, 'content!': textOr(tagged({ text, image })) }),
    url: byUrl,
    file: byFile,
  }),
  citations: nullable(members({ enabled: boolean })),
  context: nullable(string),
  title: nullable(string),
});
const searchResult = members({
  ...cached,
  'content!': array(tagged({ text })),
  'source!': string,
  'title!': string,
  citations: members({ enabled: boolean }),
});
const toolId = pattern(/^[a-zA-Z0-9_-]+$/);
const toolReference = members({ ...cached, 'tool_name!': string });
const anyResult = members({
  ...cached,
  'tool_use_id!': toolId,
  content: textOr(tagged({ text, image, document, search_result: searchResult, tool_reference: toolReference, browser_state: object })),
  is_error: boolean,
  toolset_name: nullable(string),
});
/** https://github.com/jlevy/markform/issues/153 */
const toolResult: Check = (value, path) => {
  anyResult(value, path);
  const { content, is_error: failed } = fieldsOf(value);
  if (failed === true && (content === undefined || content === '' || (Array.isArray(content) && content.length === 0)))
    throw at(path, 'content cannot be empty if `is_error` is true');
};
const toolUse = members({
  ...cached,
  'id!': toolId,
  'name!': pattern(/^[a-zA-Z0-9_-]{1,200}$/),
  'input!': object,
  caller: object,
  toolset_name: nullable(string),
});
const thinking = members({ ...type, 'thinking!': string, 'signature!': string });
const redactedThinking = members({ ...type, 'data!': string });

/** Results of the service's own tools come back as they were given. */
const served = Object.fromEntries(
  [
    'server_tool_use',
    'web_search_tool_result',
    'web_fetch_tool_result',
    'code_execution_tool_result',
    'bash_code_execution_tool_result',
    'text_editor_code_execution_tool_result',
    'tool_search_tool_result',
    'container_upload',
    'compaction',
  ].map((name): [string, Check] => [name, anything]),
);

/** Blocks of messages, whoever speaks; what each role may say is checked where the whole conversation is. */
export const block = tagged({
  text,
  image,
  document,
  search_result: searchResult,
  thinking,
  redacted_thinking: redactedThinking,
  tool_use: toolUse,
  tool_result: toolResult,
  tool_addition: members({ ...type, 'tool!': object }),
  tool_removal: members({ ...type, 'tool!': object }),
  ...served,
});

export const systemText = textOr(tagged({ text }));
export { cacheControl };
