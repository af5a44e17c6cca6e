import { expect, it } from 'vitest';
import { readConfig } from '../src/generate/config.ts';

const schema = { type: 'object', properties: { city: { type: 'string' } } };
const read = (generationConfig: object) => {
  const { request, rest } = readConfig({ generationConfig } as never);
  return { output: request.output, rest };
};
it.each(['application/json', 'APPLICATION_JSON'])('the form of one text is read from the newer member as from the older ones: %s', (mimeType) => {
  const older = read({ responseMimeType: 'application/json', responseJsonSchema: schema });
  expect(older.output).toMatchObject({ schema });
  expect(read({ responseFormat: [{ text: { mimeType, schema } }] })).toEqual(older);
  expect(read({ responseFormat: [{ text: { mimeType } }] })).toEqual({ output: 'json', rest: {} });
  expect(read({ responseFormat: [{ text: { mimeType: 'text/plain' } }] })).toEqual({ output: undefined, rest: {} });
});
it.each([
  ['two forms', { responseFormat: [{ text: { mimeType: 'application/json' } }, { audio: {} }] }],
  ['a form of sound', { responseFormat: [{ audio: { mimeType: 'audio/wav' } }] }],
  ['a type that nobody knows', { responseFormat: [{ text: { mimeType: 'application/xml' } }] }],
])('%s stays with the vendor', (_name, config) => {
  expect(read(config)).toEqual({ output: undefined, rest: { 'generationConfig.responseFormat': config.responseFormat } });
});
it('the newer member beside the older ones is told, and they are read', () => {
  const responseFormat = [{ text: { mimeType: 'text/plain' } }];
  expect(read({ responseMimeType: 'application/json', responseFormat })).toEqual({
    output: 'json',
    rest: { 'generationConfig.responseFormat': responseFormat },
  });
});
