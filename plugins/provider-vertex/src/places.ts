import type { Config } from './config.ts';
import { originOf, rankingOriginOf } from './hosts.ts';

export interface Place {
  readonly origin: string;
  /** Without a trailing slash. */
  readonly path: string;
}
export const placeOf = (url: string): Place => {
  const { origin, pathname } = new URL(url);
  return { origin, path: pathname.replace(/\/+$/, '') };
};

/** The metadata service of an EC2 instance. */
export const METADATA = 'http://169.254.169.254';
/** Documents are ranked here; undefined: nowhere, as in a region. `origin`: when it is not that of `base`, where everything is that has a `baseUrl`. */
export interface Ranking {
  readonly origin?: string;
}
const rankingOf = (location: string, baseUrl: string | undefined): Ranking | undefined => {
  const origin = rankingOriginOf(location);
  if (origin === undefined) return undefined;
  return baseUrl === undefined ? { origin } : {};
};
export interface Places {
  readonly base: Place & { readonly prefix: string };
  /** `/v1/projects/{project}/locations/{location}` */
  readonly parent: string;
  readonly ranking: Ranking | undefined;
  /** Where the token services and the metadata service are, by the origin that is asked otherwise. */
  readonly moved: ReadonlyMap<string, Place>;
}
export const placesOf = ({ location, project, apiVersion, baseUrl, endpoints }: Config): Places => {
  const moved = new Map<string, Place>();
  const move = (service: string, url: string | undefined): void => {
    if (url !== undefined) moved.set(`https://${service}.googleapis.com`, placeOf(url));
  };
  move('oauth2', endpoints.oauth2);
  move('sts', endpoints.sts);
  move('iamcredentials', endpoints.iam);
  if (endpoints.ec2Metadata !== undefined) moved.set(METADATA, placeOf(endpoints.ec2Metadata));
  return {
    base: { ...placeOf(baseUrl ?? originOf(location)), prefix: '' },
    parent: `/${apiVersion}/projects/${project}/locations/${location}`,
    ranking: rankingOf(location, baseUrl),
    moved,
  };
};
