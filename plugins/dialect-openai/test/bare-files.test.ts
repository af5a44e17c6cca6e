import { expect, it } from 'vitest';
import { chatClient, inboundOf, ledger, through } from './support.ts';

const asked = (file_data: string) => ({ model: 'm', messages: [{ role: 'user', content: [{ type: 'file', file: { file_data, filename: 'a.pdf' } }] }] });
const PDF = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');
const partOf = (file_data: string) => chatClient.read(inboundOf(asked(file_data)), ledger()).turns[0]?.parts[0];

it('the base64 of a PDF needs no type, which its first bytes say', () => {
  expect(partOf(PDF)).toMatchObject({ kind: 'document', media: { base64: PDF, type: 'application/pdf' }, name: 'a.pdf' });
  expect(partOf(PDF)).toMatchObject({ media: (partOf(`data:application/pdf;base64,${PDF}`) as { media: object }).media });
});
it.each([PDF, `data:application/pdf;base64,${PDF}`])('%s comes back to this surface as it was', (data) => {
  expect(through(asked(data))).toEqual(asked(data));
});
it.each(['AAAA', 'x', Buffer.from('GIF89a').toString('base64')])('%s, of which nobody knows what it is, is refused', (data) => {
  expect(() => partOf(data)).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'messages[0].content[0].file' }));
});
