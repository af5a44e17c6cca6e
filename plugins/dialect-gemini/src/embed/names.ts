/** Places in a request for vectors by the names of all its surfaces. */
export const names: Readonly<Record<string, string>> = Object.freeze({
  inputs: 'content',
  'inputs.text': 'content',
  'inputs.parts': 'content',
  'inputs.tokens': 'content',
  dimensions: 'outputDimensionality',
  purpose: 'taskType',
  title: 'title',
  truncate: 'autoTruncate',
});
