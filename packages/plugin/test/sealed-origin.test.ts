import { describe, expect, it } from 'vitest';
import { ENVELOPE, type Origin, openOrigin, type Seal, sealOrigin } from '../src/index.ts';
import { codeOf } from './chunks.ts';

const seal: Seal = {
  seal: (purpose, plain) => Buffer.from(`${purpose}\n${Buffer.from(plain).toString()}`).toString('base64url'),
  open(purpose, sealed) {
    const text = Buffer.from(sealed, 'base64url').toString();
    return text.startsWith(`${purpose}\n`) ? Buffer.from(text.slice(purpose.length + 1)) : undefined;
  },
};
const origin: Origin = { dialect: 'acme', model: 'm', payload: { json: '{"signature": "a\\u00e9"}' } };

describe('what another vendor signed, in an envelope', () => {
  it('comes back byte for byte', () => {
    const { model: _model, ...anybody } = origin;
    for (const one of [origin, anybody])
      for (const redacted of [true, false]) expect(openOrigin(seal, 'a', sealOrigin(seal, 'a', one, redacted), 'p')).toEqual({ origin: one, redacted });
  });
  it('is told from what vendors sign', () => {
    expect([openOrigin(seal, 'a', 'EqQB', 'p'), openOrigin(seal, 'a', undefined, 'p'), openOrigin(seal, 'a', '', 'p')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
  it('is refused when it was changed or sealed for something else', () => {
    const sealed = sealOrigin(seal, 'a', origin, false);
    for (const [purpose, text] of [
      ['b', sealed],
      ['a', `${ENVELOPE}AAAA`],
    ] as const)
      expect(codeOf(() => openOrigin(seal, purpose, text, 'messages[0]'))).toBe('invalid_request');
  });
});
