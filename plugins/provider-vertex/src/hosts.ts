/** Locations that span regions have hosts of their own; `eu-aiplatform.googleapis.com` resolves, but serves nothing. */
const MULTI_REGIONS: ReadonlySet<string> = new Set(['us', 'eu']);

/** `https://us-central1-aiplatform.googleapis.com`, as Google's own SDK chooses hosts. */
export const originOf = (location: string): string => {
  if (location === 'global') return 'https://aiplatform.googleapis.com';
  return MULTI_REGIONS.has(location) ? `https://aiplatform.${location}.rep.googleapis.com` : `https://${location}-aiplatform.googleapis.com`;
};

/** Where documents are ranked, which no region does; undefined for those: another place is never chosen for somebody. */
export const rankingOriginOf = (location: string): string | undefined => {
  if (location === 'global') return 'https://discoveryengine.googleapis.com';
  return MULTI_REGIONS.has(location) ? `https://${location}-discoveryengine.googleapis.com` : undefined;
};
