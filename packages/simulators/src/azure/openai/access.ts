import type { CapturedRequest } from '../../http/captured.ts';
import type { AzureTenant } from '../tenant.ts';
import type { Place } from './place.ts';
import { refuse } from './refusal.ts';

export type Access = {
  readonly keys: ReadonlySet<string>;
  /** False: the resource takes tokens only. */
  readonly keysOn: boolean;
  readonly tenant: AzureTenant | undefined;
  /** Client ids without the role that calls need. */
  readonly withoutRole: readonly string[];
  readonly audiences: readonly string[];
};
const subjectOf = (token: string): string => {
  const { oid } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as { oid?: unknown };
  return String(oid);
};

/** A key in `api-key`, in v1 also as a bearer; else a token of Entra ID: signature, issuer, audience, time and role. */
export const checkAccess = (request: CapturedRequest, place: Pick<Place, 'api'>, access: Access): void => {
  const key = request.header('api-key');
  const bearer = /^Bearer\s+(\S+)\s*$/i.exec(request.header('authorization') ?? '')?.[1];
  const asKey = key ?? (place.api === 'dated' || bearer?.startsWith('ey') === true ? undefined : bearer);
  if (asKey !== undefined) {
    if (!access.keys.has(asKey)) throw refuse.key();
    if (!access.keysOn) throw refuse.keysOff();
    return;
  }
  if (bearer === undefined) throw refuse.key();
  if (access.tenant === undefined || access.tenant.fault(bearer, access.audiences) !== undefined) throw refuse.token();
  const subject = subjectOf(bearer);
  if (access.withoutRole.includes(subject)) throw refuse.role(subject);
};
