import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packCallId, unpackCallId } from '../src/call-ids.ts';

const text = fc.option(fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }), { nil: undefined });

it('an id brings back what it holds, in letters that every vendor takes', () => {
  fc.assert(
    fc.property(text, text, (native, signature) => {
      const id = packCallId({ native, signature }, 'call_req_1_0') ?? '';
      expect(id).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(unpackCallId(id)).toEqual({ native, signature });
    }),
  );
});
it('an id that the model did not issue goes nowhere, whatever it begins with', () => {
  expect(unpackCallId(packCallId({ native: undefined, signature: 's' }, 'call_abcd') ?? '')).toEqual({ native: undefined, signature: 's' });
});
it('ids of others hold nothing, but for those of a gateway that began the conversation', () => {
  expect(unpackCallId('call_abc')).toBeUndefined();
  expect(unpackCallId('call_abc__thought__c2ln')).toEqual({ native: 'call_abc', signature: 'c2ln' });
});
it('beyond 8 KiB there is none', () => {
  expect(packCallId({ native: 'a', signature: 'x'.repeat(9000) }, 'u')).toBeUndefined();
});
