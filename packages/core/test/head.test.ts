import { describe, expect, test } from 'vitest';
import { readHead } from '../src/http/head.ts';

const AWS = 'AWS4-HMAC-SHA256 Credential=LPAK1/20260101/x, Signature=y';
const OCI = 'Signature version="1",keyId="LPAK1",signature="y"';
const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'none';
  } catch (thrown) {
    return (thrown as { code: string }).code;
  }
};

describe('a signature is a credential only where a strategy looks at its slot', () => {
  test.each([
    ['aws4', AWS],
    ['oci-signature', OCI],
  ] as const)('%s', (slot, authorization) => {
    const raw = ['authorization', authorization];
    const key = ['x-api-key', 'k'];
    const verified = new Set(['api-key', slot] as const);
    const unverified = new Set(['api-key', 'bearer'] as const);
    expect(readHead(raw, undefined, verified).credential?.slot).toBe(slot);
    expect(codeOf(() => readHead([...raw, ...key], undefined, verified))).toBe('ambiguous_credentials');
    expect(readHead(raw, undefined, unverified)).toMatchObject({ credential: undefined, unknownScheme: false, forward: [] });
    expect(readHead([...raw, ...key], undefined, unverified).credential).toEqual({ slot: 'api-key', value: 'k' });
  });
});
