import { type ChatRequest, type Fields, type Lost, some } from '@llm-proxy-auth/plugin';

/** Words for how much: of what is said, and of what is read on the web. */
const MEASURES: ReadonlySet<string> = new Set(['low', 'medium', 'high']);
const measure = (word: string | undefined, place: string, lost: Lost): string | undefined => {
  if (word === undefined || MEASURES.has(word)) return word?.toUpperCase();
  lost(place, 'the provider takes low, medium or high');
  return undefined;
};
const searchOf = ({ webSearch }: ChatRequest, lost: Lost): Fields | undefined =>
  webSearch === undefined
    ? undefined
    : {
        ...some('searchContextSize', measure(webSearch.size, 'webSearch.size', lost)),
        ...some('userLocation', webSearch.location === undefined ? undefined : { ...webSearch.location }),
      };
/** What steers an answer beside the conversation. Models that know none of it are the service's to name. */
export const steering = (r: ChatRequest, lost: Lost): Fields => ({
  ...some('verbosity', measure(r.verbosity, 'verbosity', lost)),
  ...some('metadata', r.metadata === undefined ? undefined : { ...r.metadata }),
  ...some('prediction', r.prediction === undefined ? undefined : { type: 'CONTENT', content: [{ type: 'TEXT', text: r.prediction }] }),
  ...some('webSearchOptions', searchOf(r, lost)),
});
