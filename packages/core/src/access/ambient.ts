import type { Credential } from '@llm-proxy-auth/plugin';
import type { Incoming } from '../call/exchange.ts';
import type { Head } from '../http/head.ts';
import { peerCertificate } from '../http/peer-certificate.ts';

const NOTHING: readonly Credential[] = Object.freeze([]);

/**
 * What comes with the connection or from a trusted proxy instead of being sent by the caller; `slots` are those that a strategy reads.
 * A proxy's headers first: over a connection that one opened, the certificate is its own and not the caller's.
 */
export const ambientOf = (
  { proxied }: Pick<Head, 'proxied'>,
  request: Incoming,
  peer: { readonly trusted: boolean; readonly tls: boolean },
  slots: ReadonlySet<Credential['slot']>,
): readonly Credential[] => {
  const certificate = peer.tls && slots.has('certificate') ? peerCertificate(request) : undefined;
  const believed = peer.trusted ? proxied : NOTHING;
  return certificate === undefined ? believed : [...believed, certificate.credential];
};

/** One text for all of them, for the cache: header values hold no NUL. */
export const ambientText = (credentials: readonly Credential[]): string =>
  credentials.map(({ slot, header = '', value }) => `${slot}\0${header}\0${value}`).join('\0\0');
