import type { IdsInside, NamedIds } from '@llm-proxy-auth/plugin';

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

/** Items put into a conversation. */
const ITEMS: IdsInside = Object.freeze({
  members: MEMBERS,
  apart: ['/metadata', ...itemsApart('/items')],
  references: { lists: ['/items'], type: 'item_reference' },
});
const VIDEOS: IdsInside = Object.freeze({ members: ['file_id'] });

/** A request goes on from them; both forms of `conversation`. */
const CONTINUES: readonly string[] = Object.freeze(['/previous_response_id', '/conversation', '/conversation/id']);

/**
 * What each operation names of stored objects, and what of its answer becomes the caller's. Surfaces and the native tables of
 * providers look here: both modes see the same ids.
 */
export const IDS = Object.freeze({
  /** Files in messages are their uploader's; a completion is kept when the request says so. */
  chat: { request: [], inside: CHAT, reply: ['/id'], replyWhen: '/store' },
  responses: { request: CONTINUES, inside: RESPONSES, reply: ['/id'] },
  counting: { request: CONTINUES, inside: RESPONSES, reply: [] },
  images: { request: [], inside: IMAGES, reply: [] },
  conversations: { request: [], inside: ITEMS, reply: ['/id'] },
  conversationItems: { request: ['{id}'], inside: ITEMS, reply: [] },
  videos: { request: [], inside: VIDEOS, reply: ['/id'] },
} satisfies Readonly<Record<string, NamedIds>>);
