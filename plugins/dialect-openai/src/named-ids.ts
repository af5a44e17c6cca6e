import { type IdsInside, type NamedIds, pointed } from '@llm-proxy-auth/plugin';

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

/** An item without what it thought or drew is looked up by its id. */
const REFERENCES = { type: 'item_reference', unlessWith: { reasoning: 'encrypted_content', image_generation_call: 'result' } } as const;
/** Pointers into a response to what it made. Its items may be named on their own, and containers that tools opened go on. */
const MADE: readonly string[] = Object.freeze(['/output/*/id', '/output/*/container_id', '/output/*/environment/container_id']);
/** Ids of what a response made. */
export const idsMade = (response: unknown): readonly string[] => MADE.flatMap((pointer) => pointed(response, pointer)).filter((id) => typeof id === 'string');

/** Bodies of Responses: files, containers, vector stores and skills wherever they are named, and items of stored conversations. */
const RESPONSES: IdsInside = Object.freeze({
  members: MEMBERS,
  apart: ['/metadata', '/text/format/schema', ...schemasIn('/tools'), ...itemsApart('/input')],
  references: { lists: ['/input'], ...REFERENCES },
});
/** Spoken answers of earlier turns are named by the `audio` of their message. */
const CHAT: IdsInside = Object.freeze({
  members: ['file_id'],
  objects: ['audio'],
  apart: ['/metadata', '/response_format/json_schema/schema', '/tools/*/function/parameters', '/functions/*/parameters'],
});
const IMAGES: IdsInside = Object.freeze({ members: ['file_id'] });

/** Items put into a conversation. */
const ITEMS: IdsInside = Object.freeze({
  members: MEMBERS,
  apart: ['/metadata', ...itemsApart('/items')],
  references: { lists: ['/items'], ...REFERENCES },
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
  chat: { request: [], inside: CHAT, reply: ['/id'], replyWhen: '/store', replyFor: { with: 'audio', reply: ['/choices/*/message/audio/id'] } },
  responses: { request: CONTINUES, inside: RESPONSES, reply: ['/id', ...MADE] },
  /** One that ran in the background shows what it made when it is asked for. */
  storedResponse: { request: ['{id}'], reply: MADE },
  counting: { request: CONTINUES, inside: RESPONSES, reply: [] },
  images: { request: [], inside: IMAGES, reply: [] },
  conversations: { request: [], inside: ITEMS, reply: ['/id'] },
  /** Lists of items name none as made: items that the client put in may have ids of its own choice. */
  conversationItems: { request: ['{id}'], inside: ITEMS, reply: ['/data/*/id'] },
  videos: { request: [], inside: VIDEOS, reply: ['/id'] },
} satisfies Readonly<Record<string, NamedIds>>);
