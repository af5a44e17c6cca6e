import type { ApiKey, Attempt, CorrectedClock, CredentialCache, UpstreamRequest } from '@llm-proxy-auth/plugin';
import { dropSignature, type OciCredential, type OciSignature } from './signature.ts';

export type Sign = (request: UpstreamRequest, attempt: Pick<Attempt, 'fresh'>) => void | Promise<void>;

/** The OpenAI-compatible paths take the compartment from headers: chat completions from the one, responses from the other. */
const COMPARTMENT: ReadonlySet<string> = new Set(['compartmentid', 'opc-compartment-id']);
/** Puts the compartment of the instance in place of any other. */
const pin = (headers: string[], compartment: string): void => {
  for (let i = headers.length - 2; i >= 0; i -= 2) if (COMPARTMENT.has(headers[i] ?? '')) headers.splice(i, 2);
  if (compartment !== '') for (const name of COMPARTMENT) headers.push(name, compartment);
};

/** An API key of OCI Generative AI; it is asked for on every call, so that it follows rotation. */
export const bearerSigner = (key: ApiKey, compartment: string): Sign => {
  const put = (request: UpstreamRequest, value: string): void => {
    dropSignature(request.headers);
    pin(request.headers, compartment);
    request.headers.push('authorization', `Bearer ${value.trim()}`);
  };
  return (request) => {
    const value = key();
    return typeof value === 'string' ? put(request, value) : value.then((known) => put(request, known));
  };
};

export interface Signing {
  readonly compartment: string;
  readonly clock: CorrectedClock;
  readonly cache: CredentialCache<OciCredential>;
  readonly sign: OciSignature;
  /** True once, after OCI refused our time and not our credential. */
  readonly clockOnly: () => boolean;
}
/** A request signed with the credential of the instance. */
export const requestSigner = ({ compartment, clock, cache, sign, clockOnly }: Signing): Sign => {
  const put = (request: UpstreamRequest, credential: OciCredential): Promise<void> => {
    pin(request.headers, compartment);
    return sign(request, credential, clock.now());
  };
  return (request, { fresh }) => {
    const found = cache.get(fresh && !clockOnly());
    return found instanceof Promise ? found.then((credential) => put(request, credential)) : put(request, found);
  };
};
