import type { Reach, Route } from '@llm-proxy-auth/plugin';

const VERSIONS: readonly string[] = Object.freeze(['/v1', '/v1beta', '/v1beta1']);
const PROJECT = '/projects/{project}/locations/{location}';
/**
 * Where models are listed: as the Gemini API has it, and as Vertex has it, with and without the project, which is the instance's
 * whatever the path says.
 */
const LISTS: readonly string[] = Object.freeze(['/models', '/publishers/google/models', `${PROJECT}/publishers/google/models`]);
/** Where one model stands. The vendor's SDKs send `meta/llama` as `publishers/meta/models/llama`. */
const PLACES: readonly string[] = Object.freeze([...LISTS, '/publishers/{owner}/models', `${PROJECT}/publishers/{owner}/models`]);
/** Routes of an operation of one model: `…/models/{model}:operation`; the operation is what follows the last `:`. */
export const operation = (name: string, stream: boolean): readonly Route[] =>
  VERSIONS.flatMap((version) => PLACES.map((place): Route => ({ method: 'POST', pattern: `${version}${place}/{model+}:${name}`, model: 'path', stream })));
/** Routes of the list, and of one model. */
export const listing: readonly Route[] = VERSIONS.flatMap((version) => [
  ...LISTS.map((place): Route => ({ method: 'GET', pattern: `${version}${place}`, stream: false })),
  ...PLACES.map((place): Route => ({ method: 'GET', pattern: `${version}${place}/{model+}`, stream: false, model: 'path' })),
]);
export const INFERENCE: Reach = Object.freeze({ class: 'inference' });
export const MODELS: Reach = Object.freeze({ class: 'models' });
