import { compileGlob } from '../routing/glob.ts';

/**
 * Where a plugin may go: `reaches` of its manifest (`host`, `host:port`, `*` for labels or parts of one) and the origins
 * configured for it. Plain http only to configured origins and to hosts named without `*`.
 */
export const createReach = (reaches: readonly string[], origins: readonly string[]): ((origin: string) => boolean) => {
  const configured = new Set(origins.filter((o) => URL.canParse(o)).map((o) => new URL(o).origin));
  const rules = reaches.map((pattern) => ({ matches: compileGlob(pattern), port: /:\d+$/.test(pattern), exact: !pattern.includes('*') }));
  return (origin) => {
    if (!URL.canParse(origin)) return false;
    const url = new URL(origin);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return false;
    if (url.username !== '' || url.password !== '' || url.pathname !== '/' || url.search !== '' || url.hash !== '') return false;
    if (configured.has(url.origin)) return true;
    return rules.some((rule) => (url.protocol === 'https:' || rule.exact) && rule.matches(rule.port ? url.host : url.hostname));
  };
};
