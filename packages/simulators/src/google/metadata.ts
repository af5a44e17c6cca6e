import type { Answer } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import type { GoogleAccounts } from './accounts.ts';

export type GoogleMetadataOptions = PeerOptions & {
  readonly accounts: GoogleAccounts;
  /** Account of the machine; null for a machine without one. */
  readonly email?: string | null;
  /** Seconds that tokens live; 3599 if absent. */
  readonly seconds?: number;
};
export type GoogleMetadata = Peer & {
  /** What `GCE_METADATA_HOST` takes: host and port. */
  readonly host: string;
};
const FLAVOR = ['Metadata-Flavor', 'Google'] as const;
const page = (status: number, type: string, body: string): Answer => ({
  status,
  headers: [FLAVOR, ['Server', 'Metadata Server for VM'], ['content-type', type]],
  body: Buffer.from(body),
});
const refused = (status: number, title: string, text: string): Answer =>
  page(status, 'text/html; charset=UTF-8', `<!DOCTYPE html>\n<html lang=en>\n  <title>Error ${status} (${title})!!1</title>\n  <p><b>${status}.</b> ${text}\n`);
const ROOT = '/computeMetadata/v1/';
const account = 'instance/service-accounts/default/';

/** Starts the stand-in of a machine's metadata server. It answers nobody without `Metadata-Flavor: Google`, and nobody who was forwarded. */
export const googleMetadata = async (options: GoogleMetadataOptions): Promise<GoogleMetadata> => {
  const { accounts, email = 'machine@my-project.iam.gserviceaccount.com', seconds = 3599 } = options;
  const answer = (request: CapturedRequest): Answer => {
    if (request.header('metadata-flavor') !== 'Google') return refused(403, 'Forbidden', 'Missing Metadata-Flavor:Google header.');
    if (request.header('x-forwarded-for') !== undefined) return refused(403, 'Forbidden', 'Request contains an X-Forwarded-For header.');
    if (request.method !== 'GET' || !request.path.startsWith(ROOT)) return refused(404, 'Not Found', 'The requested URL was not found on this server.');
    const key = request.path.slice(ROOT.length).replace(/\/$/, '/');
    if (key === 'instance' || key === 'instance/') return page(200, 'application/text', 'attributes/\nservice-accounts/\n');
    if (key === 'project/project-id') return page(200, 'application/text', 'my-project');
    if (email === null || !key.startsWith(account)) return refused(404, 'Not Found', 'The requested URL was not found on this server.');
    if (key === `${account}email`) return page(200, 'application/text', email);
    if (key !== `${account}token`) return refused(404, 'Not Found', 'The requested URL was not found on this server.');
    const { token, expiresAt } = accounts.issue(email, seconds);
    const body = { access_token: token, expires_in: Math.floor((expiresAt - accounts.now()) / 1000), token_type: 'Bearer' };
    return page(200, 'application/json', JSON.stringify(body));
  };
  const server = await peer({ answer, errorBody: () => ({}), errorHeaders: () => ({ 'Metadata-Flavor': 'Google' }) }, options);
  return { ...server, host: server.origin.slice('http://'.length) };
};
