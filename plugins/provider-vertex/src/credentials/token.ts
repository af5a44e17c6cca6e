/** An access token of Google. */
export interface AccessToken {
  readonly token: string;
  /** Epoch ms of the gateway's clock; undefined: nobody said when it ends. */
  readonly expiration?: number | undefined;
  /** Project whose quota the credential file names. */
  readonly quotaProject?: string | undefined;
}
export const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
