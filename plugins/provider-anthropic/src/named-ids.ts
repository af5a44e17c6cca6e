import type { IdsInside, Reach } from '@llm-proxy-auth/plugin';

/** Under a name of the client's choice, or for the model's eyes only: input of tools, schemas, citations. */
const apartIn = (body: string): readonly string[] => [
  `${body}/metadata`,
  `${body}/output_config/format/schema`,
  `${body}/tools/*/input_schema`,
  `${body}/tools/*/input_examples`,
  `${body}/messages/*/content/*/input`,
  `${body}/messages/*/content/*/citations`,
];
/** Files and skills wherever they are named; the container, by its name or by its description. */
const inside = (body: string): IdsInside => Object.freeze({ members: ['file_id', 'skill_id', 'container'], apart: apartIn(body) });

/** What each operation names of stored objects, and what of its answer becomes the caller's. */
export const REACHES = Object.freeze({
  /** A container is used again, and a thread goes on from a message, only by whom they belong to. */
  messages: { class: 'inference', ids: { request: ['/container/id', '/thread/previous_message_id'], inside: inside(''), reply: [] } },
  counting: { class: 'inference', ids: { request: ['/thread/previous_message_id'], inside: inside(''), reply: [] } },
  batches: { class: 'stateful', modelElsewhere: true, ids: { request: [], inside: inside('/requests/*/params'), reply: ['/id'] } },
} satisfies Readonly<Record<string, Reach>>);
