import type { IdsInside, Reach } from '@llm-proxy-auth/plugin';

/** Under a name of the client's choice, or for the model's eyes only: schemas, citations, results of a search. */
const schemasIn = (tools: string): readonly string[] =>
  ['', '/*/tools'].flatMap((group) => ['parameters', 'input_schema', 'output_schema'].map((name) => `${tools}${group}/*/${name}`));
const itemsApart = (list: string): readonly string[] => [`${list}/*/content/*/annotations`, `${list}/*/results`, ...schemasIn(`${list}/*/tools`)];
const MEMBERS: readonly string[] = [
  'file_id',
  'file_ids',
  'vector_store_id',
  'vector_store_ids',
  'container',
  'container_id',
  'skill_id',
  'comparison_response_id',
];

/** Bodies of Responses: files, containers, vector stores and skills wherever they are named, and items of stored conversations. */
const RESPONSES: IdsInside = Object.freeze({
  members: MEMBERS,
  apart: ['/metadata', '/text/format/schema', ...schemasIn('/tools'), ...itemsApart('/input')],
  references: { lists: ['/input'], type: 'item_reference' },
});
const CHAT: IdsInside = Object.freeze({
  members: ['file_id'],
  apart: ['/metadata', '/response_format/json_schema/schema', '/tools/*/function/parameters', '/functions/*/parameters'],
});
const IMAGES: IdsInside = Object.freeze({ members: ['file_id'] });

/** A request goes on from them; both forms of `conversation`. */
const CONTINUES: readonly string[] = Object.freeze(['/previous_response_id', '/conversation', '/conversation/id']);

/** What each operation names of stored objects, and what of its answer becomes the caller's. */
export const REACHES = Object.freeze({
  /** Files in messages are their uploader's; a completion is kept when the request says so. */
  chat: { class: 'inference', ids: { request: [], inside: CHAT, reply: ['/id'], replyWhen: '/store' } },
  responses: { class: 'inference', ids: { request: CONTINUES, inside: RESPONSES, reply: ['/id'] } },
  counting: { class: 'inference', ids: { request: CONTINUES, inside: RESPONSES, reply: [] } },
  images: { class: 'inference', ids: { request: [], inside: IMAGES, reply: [] } },
} satisfies Readonly<Record<string, Reach>>);
