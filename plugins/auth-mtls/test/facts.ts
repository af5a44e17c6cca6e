import { createHash } from 'node:crypto';
import type { PluginFacts } from '@llm-proxy-auth/contract-tests';
import type { Credential } from '@llm-proxy-auth/plugin';
import { type CertificateWanted, certificateAuthority } from '@llm-proxy-auth/simulators';

const authority = certificateAuthority();
const shown = new Map<string, Uint8Array>();
const show = (wanted: CertificateWanted): Credential => {
  const { der } = authority.issue(wanted);
  const value = createHash('sha256').update(der).digest('hex');
  shown.set(value, der);
  return { slot: 'certificate', value };
};
const uris = ['spiffe://corp/apps/billing'];

export const facts: PluginFacts = {
  auth: {
    mtls: {
      config: { spiffe: ['spiffe://corp/apps/'], requireBoth: false },
      peer: ({ value }) => ({ certificate: shown.get(value) }),
      valid: (_made, expires) => show({ uris, ...(expires === undefined ? {} : { notAfter: expires }) }),
      denied: () => ({
        'another domain': show({ uris: ['spiffe://other/apps/billing'] }),
        'two ids': show({ uris: [...uris, 'spiffe://corp/apps/other'] }),
        'an authority': show({ uris, ca: true }),
        'not for clients': show({ uris, usages: ['1.3.6.1.5.5.7.3.1'] }),
        'no id': show({ subject: [['CN', 'billing']] }),
        'not there': { slot: 'certificate', value: '0'.repeat(64) },
      }),
    },
  },
};
