import type { Edit, Mutant } from './mutants.ts';

/** Rules about pages of the admin listener and about what other pages do to it, with the tests that must notice. */
const http = (file: string, from: string, to: string): Edit => ({ file: `packages/core/src/http/${file}`, from, to });
const of = (rule: string, named: string, edit: Edit): Mutant => ({ rule, edits: [edit], test: 'tests/console.test.ts', named });

const FOREIGN = 'from-page.ts';
const OWN = 'are those of the listener’s own page alone';
/** Who a browser says by itself that somebody is counts for pages of other origins too. */
const CALLS: Edit = {
  file: 'packages/core/src/access/authenticate.ts',
  from: 'if (!isOfForeignPage(',
  to: 'if (isOfForeignPage !== undefined || !isOfForeignPage(',
};

export const pages: readonly Mutant[] = [
  of('what another site sends changes nothing', OWN, http(FOREIGN, 'if (isForeign) return', 'if (isForeign === undefined) return')),
  of('a page says where it comes from: origin', OWN, http(FOREIGN, '(origin !== undefined && !isOwnOrigin(origin, host, encrypted))', 'false')),
  of('a page says where it comes from: site', OWN, http(FOREIGN, "(fetchSite !== undefined && fetchSite !== 'same-origin')", 'false')),
  of('an origin has a port', OWN, http(FOREIGN, 'new URL(url).host : undefined', 'new URL(url).hostname : undefined')),
  of('a page that came without TLS may be anybody’s', 'over TLS are those', http(FOREIGN, " || (encrypted && scheme !== 'https:')", '')),
  of('a page sends JSON that says so', 'are JSON that says so', http(FOREIGN, 'type === undefined ? new GatewayError', 'type === null ? new GatewayError')),
  {
    rule: 'a person behind a load balancer is not led by other sites',
    edits: [http('admin.ts', 'const foreign = foreignPage(request.raw as AnyRequest);', 'const foreign = undefined as GatewayError | undefined;'), CALLS],
    test: 'tests/console.test.ts',
    named: 'a web page elsewhere gets nothing done',
  },
  of(
    'what was refused is recorded',
    'stand in the audit log',
    http('admin.ts', 'entry === undefined ? replyError(reply, foreign)', 'entry !== null ? replyError(reply, foreign)'),
  ),
  of('no Basic for scripts', 'a script of a page is offered no Basic', http(FOREIGN, '.filter((challenge) => !/^basic\\b/i.test(challenge))', '')),
  of('pages run own files alone', 'runs nothing but its own files', http('pages.ts', "script-src 'self'; ", "script-src 'self' 'unsafe-inline'; ")),
  of('pages are nobody’s frame', 'runs nothing but its own files', http('pages.ts', "frame-ancestors 'none'; ", '')),
  of('the policy stands on every file', 'runs nothing but its own files', http('pages.ts', '    .headers(HEADERS)\n', '')),
  of('pages are read', 'is read, and nothing else', http('pages.ts', "if (method !== 'GET' && method !== 'HEAD')", "if (method === 'TRACE')")),
  {
    rule: 'what a browser adds by itself calls for no other site',
    edits: [CALLS],
    test: 'tests/ambient.test.ts',
    named: 'a page of another origin calls with nothing',
  },
];
