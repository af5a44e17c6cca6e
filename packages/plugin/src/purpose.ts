/** What vectors are for. */
export type Purpose = 'query' | 'document' | 'classification' | 'clustering';

/** Words of several vendors for it, in lower case without what joins their parts. */
const PURPOSES: Readonly<Record<string, Purpose>> = Object.freeze({
  query: 'query',
  searchquery: 'query',
  retrievalquery: 'query',
  questionanswering: 'query',
  coderetrievalquery: 'query',
  document: 'document',
  searchdocument: 'document',
  retrievaldocument: 'document',
  passage: 'document',
  classification: 'classification',
  clustering: 'clustering',
  semanticsimilarity: 'clustering',
});
/** Undefined for none and for a word that nobody here knows. */
export const purposeOf = (word: string | undefined): Purpose | undefined => {
  const plain = word?.toLowerCase().replace(/[^a-z]/g, '') ?? '';
  return Object.hasOwn(PURPOSES, plain) ? PURPOSES[plain] : undefined;
};
