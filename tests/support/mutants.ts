import { attacks, hosts } from './mutants-attacks.ts';
import { canaryMutants } from './mutants-canaries.ts';
import { cloudMutants } from './mutants-clouds.ts';
import { factorMutants } from './mutants-factor.ts';
import { faults } from './mutants-faults.ts';
import { givenMutants } from './mutants-given.ts';
import { mishaps } from './mutants-mishaps.ts';
import { money } from './mutants-money.ts';
import { pages } from './mutants-pages.ts';
import { records, usageRows } from './mutants-records.ts';
import { signedMutants } from './mutants-signed.ts';
import { tokens } from './mutants-tokens.ts';
import { told } from './mutants-told.ts';
import { turns } from './mutants-turns.ts';

/** One change of source text; `from` stands exactly once in the file. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}
/** A rule switched off, and the test that must notice. */
export interface Mutant {
  readonly rule: string;
  readonly edits: readonly Edit[];
  readonly test: string;
  /** Part of the test's name, ` > ` between a group and what is in it. */
  readonly named: string;
}
const core = (file: string, from: string, to: string): Edit => ({ file: `packages/core/src/${file}`, from, to });
const of = (rule: string, test: string, named: string, ...edits: readonly Edit[]): Mutant => ({ rule, edits, test: `tests/${test}.test.ts`, named });

const AUTHORIZE = 'access/authorize.ts';
const access: readonly Mutant[] = [
  of(
    'a refusal names what the client wrote',
    'refusals-named',
    'what a provider of chats calls messages is input',
    core('call/operate.ts', 'names(outcome.error.param)', 'outcome.error.param'),
  ),
  of(
    'of two spellings the one that was written is named',
    'refusals-named',
    '"max_tokens":0}: max_tokens',
    core('call/client-name.ts', '(spellings[name]?.find((other) => writes(body, other)) ?? name)', 'name'),
  ),
  of(
    'a refusal teaches nothing of other callers',
    'refusals-teach',
    'of this caller alone',
    core('call/learned.ts', '`${owner}\\n${model}`', '`${owner.slice(0, 0)}\\n${model}`'),
  ),
  of("a key's own modes", 'access-policies', 'the key narrows the modes', core(AUTHORIZE, ' || own.modes?.has(wanted.mode) === false', '')),
  of('modes of a policy', 'access-policies', 'which policy holds > a mode', core(AUTHORIZE, '!policy.modes.has(wanted.mode) || ', '')),
  of('classes of a policy', 'access-policies', 'a group by glob', core(AUTHORIZE, '!policy.classes.has(wanted.reach.class)', 'false')),
  of(
    "intersection: the policy's instances",
    'access-policies',
    'the policy narrows the instances',
    core(AUTHORIZE, 'policy.instances(c.instance.name) && ', ''),
  ),
  of("intersection: the key's instances", 'access-policies', 'the key narrows the instances', core(AUTHORIZE, ' && own.instances(c.instance.name)', '')),
  of("intersection: the policy's models", 'access-policies', 'the policy narrows the models', core(AUTHORIZE, 'policy.models(name) && ', '')),
  of("intersection: the key's models", 'access-policies', 'the key narrows the models', core(AUTHORIZE, ' && restrictedOf(principal).models(name)', '')),
  of(
    'a deployment in the path is its model',
    'azure-bytes',
    'a key for another name than the model',
    core(
      'call/transparent.ts',
      "const inPath = modelOf(instance, native.qualified ?? native.model ?? '');",
      "const inPath = native.qualified ?? native.model ?? '';",
    ),
  ),
  of(
    'a deployment in the body is its model',
    'azure-bytes',
    'a key for another name than the model',
    core('call/transparent.ts', "single(instance, modelOf(instance, target ?? ''))", "single(instance, target ?? '')"),
  ),
  of('tags of every target', 'access-policies', 'a target that the policy forbids is no fallback', core(AUTHORIZE, ' && tagsHold(policy, c)', '')),
  of(
    'a caller counts in the groups of the policy',
    'access-policies',
    'per group',
    core('access/policy.ts', 'groups: group ?? (() => true)', 'groups: () => true'),
  ),
  of(
    'a caller counts in each of its groups',
    'access-policies',
    'per group',
    core('access/claims.ts', 'principal.groups.filter(groups)', 'principal.groups.slice(0, 1)'),
  ),
  of('first match wins', 'access-policies', 'the first wins', core('access/policy.ts', 'policies.find((p) => p.matches', 'policies.findLast((p) => p.matches')),
  of(
    'a model that is not in the call',
    'bypass-routes',
    'batches: the model stands in the file',
    core(AUTHORIZE, 'wanted.reach.modelElsewhere === true || ', ''),
  ),
  of(
    'one model of the list is a model',
    'bypass-routes',
    'GET /transparent/main/v1/models/gpt-4o',
    core(AUTHORIZE, ' && !wanted.needsModel) return', ') return'),
  ),
  of(
    'models beside the governed one',
    'bypass-routes',
    'below /transparent/main/v1 > an image tool',
    core('call/further-models.ts', 'models.every((model) => isAllowed(model, candidate))', 'true'),
  ),
  of('what a router falls back to', 'bypass-routes', 'below /transparent/main/v1 > others that a router falls back to', {
    file: 'plugins/dialect-openai/src/further-models.ts',
    from: '...ROUTED.flatMap((name) => ofRouter(fields[name])),',
    to: '',
  }),
  of(
    'a broken request writes nothing into the answer before it',
    'answers-in-step',
    'cuts an answer that has begun, and says nothing inside it: /transparent/main/v1/chat/completions',
    core('http/http1.ts', 'response.socket === null || ', ''),
  ),
  of(
    'what searches data is a model',
    'bypass-routes',
    'talks/chat/completions?api-version=2024-10-21, what searches data named by its name, asked for by who may use one',
    {
      file: 'plugins/dialect-openai/src/further-models.ts',
      from: '...ofDataSources(fields.data_sources),',
      to: '',
    },
  ),
  {
    ...of(
      'a refused upload is read until its client has the answer',
      '',
      'reads its answer, and the connection ends with its request',
      core('http/linger.ts', 'if (request.complete || lingering.has(socket)) return;', 'return;'),
    ),
    test: 'packages/core/test/linger.test.ts',
  },
  of(
    'path and body agree',
    'bypass-routes',
    'deployments/gpt-4o-mini/chat/completions {"model":"gpt-4o",',
    core('call/protocol.ts', 'body.model !== undefined && inPath !== body.model', 'false'),
  ),
  of(
    'the model of the path is written into a form',
    'bypass-routes',
    'audio/transcriptions {} in a form without a model',
    core('call/governed.ts', '// Bodies begin with their first delimiter.', 'if (to !== "") return [];'),
  ),
  of(
    'a body without a place for its model does not pass',
    'bypass-routes',
    'has no place for it',
    core('call/governed.ts', "if (top.kind !== 'object' || path.length > 1) throw", "if (top.kind !== 'object' || path.length > 1) return []; throw"),
  ),
  of(
    'a body that a rule reads is JSON',
    'bypass',
    'below /transparent/main/v1 > two documents',
    core('call/governed.ts', 'if (!this.#lenient) throw', 'if (false) throw'),
  ),
  of(
    'a body that a rule reads is plain UTF-8',
    'bypass',
    'below /transparent/main/v1 > UTF-16',
    core('call/intake.ts', 'if (needed || (unread &&', 'if ((unread &&'),
  ),
  of(
    'a governed key stands once',
    'bypass',
    'below /openai/main/v1 > key twice, allowed last',
    core('call/governed.ts', 'if (!this.#scanner.duplicated) return;', 'return;'),
    core('call/governed.ts', "if (path !== undefined) throw duplicate(path.join('.'));", ''),
  ),
  of(
    "a key's addresses",
    'access',
    'an address outside its range is refused',
    core('access/authenticate.ts', '|| allowedFrom(caller, r.peer.address)', '|| true'),
  ),
  of(
    'explain does not call, in transparent mode either',
    'access-surroundings',
    'needs the scope, shows the native request, and the provider is not called',
    core('call/transparent.ts', 'if (opened.explained)', 'if (false)'),
  ),
  of('a signature counts where somebody verifies it', 'access', 'beside a signature that looks like ours', core('http/head.ts', 'slots.has(scheme) && ', '')),
  of(
    'scope of explain',
    'access-surroundings',
    'x-lpa-explain: with the scope only',
    core('call/explain.ts', "!scopes.includes('explain') && !scopes.includes('admin')", 'false'),
  ),
  of(
    'requests in a window',
    'access-policies',
    'requests in a window',
    core('access/admit.ts', 'if (taken.ok) return', 'if (taken.ok || taken.key.endsWith("requests")) return FREE; if (taken.ok) return'),
  ),
];
const FACTOR = 'access/second-factor.ts';
const factors: readonly Mutant[] = [
  of(
    'a second factor where the key asks for it',
    'second-factor',
    'openai/main/v1/chat/completions: without a code',
    core(FACTOR, "state === 'needed' || ", ''),
  ),
  of('a second factor of everybody', 'second-factor', 'always: everybody', core(FACTOR, " || factor?.require === 'always'", '')),
  of(
    'without a second factor nobody who needs it',
    'second-factor',
    'without the section',
    core(FACTOR, "if (factor === undefined) throw refuse('invalid_credentials');", 'if (factor === undefined) return { principal };'),
  ),
  of(
    'a second factor that fails lets nobody in',
    'second-factor',
    'a code that is broken',
    core(FACTOR, "({ is: 'unavailable', retryAfterMs: 1_000 }) as const", "({ is: 'done' }) as const"),
  ),
  of('one code a request', 'second-factor', 'two codes are 400', core('http/head.ts', 'if (factor !== undefined) throw ambiguous();', '')),
  of(
    'REQUIRE_2FA is stronger than the file',
    'second-factor',
    'REQUIRE_2FA=true is stronger',
    core('config/environment.ts', "value: 'always', variable", "value: 'off', variable"),
  ),
  of(
    'keys of keyEncryption are whole',
    'second-factor',
    'A105 short',
    core('config/checks.ts', 'text !== undefined && encryptionKey(text) === undefined', 'false'),
  ),
  of(
    'what is kept opens at its place alone',
    'second-factor',
    'what one plugin keeps',
    core('plugins/encryption.ts', 'JSON.stringify([VERSION, owner, id, place])', 'JSON.stringify([VERSION, owner, id])'),
  ),
];
const refusals: readonly Mutant[] = [
  of(
    "a key's addresses before its second factor",
    'second-factor',
    'addresses of a key come before its second factor',
    core(
      'access/authenticate.ts',
      '    checkAddress(identified.principal, r);\n    if (r.again || !factorOf.isDue(identified.principal)) return identified;\n',
      '    if (r.again || !factorOf.isDue(identified.principal)) {\n      checkAddress(identified.principal, r);\n      return identified;\n    }\n',
    ),
  ),
  of(
    'refused credentials do not fill the log',
    'refused',
    'no more than ten lines',
    core('access/refused.ts', 'of >= MOST_OF_ONE || written >= MOST', 'false'),
  ),
  of('what is left out of the log is counted', 'refused', 'no more than ten lines', core('access/refused.ts', 'suppressed++;', '')),
];
const SESSION = 'sessions/strategy.ts';
const SESSION_ROUTES = 'http/sessions.ts';
const sessions: readonly Mutant[] = [
  of(
    'whoever holds the body of an administration request back is asked about again',
    'admin-held',
    'does not where its session was ended',
    core('http/admin.ts', 'await options.confirm(request.raw as AnyRequest, reply.raw as AnyResponse, identifiedOf(request))', 'caller'),
  ),
  of(
    'a second factor that is asked for since the login',
    'sessions',
    'of everybody: it is 401 everywhere',
    core(SESSION, "if (factor !== 'done') return principal;", ''),
  ),
  of(
    'a second factor that its key asks for since the login',
    'sessions',
    'of its key: the same',
    core('sessions/record.ts', "factor: by.factor === 'done' ? 'done' : 'none',", "factor: 'done',"),
  ),
  of(
    'tokens of a session are known however old they are',
    'sessions',
    'replaced however often',
    core('sessions/record.ts', "? 0 : 'stranger'", "? 'stranger' : 'stranger'"),
  ),
  of('a session ends with its life', 'sessions', 'it ends after ttl', core('sessions/sessions.ts', 'now >= record.expiresAt || ', '')),
  of('a session ends when nobody uses it', 'sessions', 'it ends when nobody uses it', core('sessions/sessions.ts', 'now - record.usedAt >= idle', 'false')),
  of(
    'a session needs the credential it was opened with',
    'sessions',
    'A028 revoked',
    core(SESSION, "if (holder === undefined) return denied('credential_gone', record.credential);", ''),
    core(
      'access/holder.ts',
      'secretVersion === secretVersion ? holder : undefined',
      "secretVersion === secretVersion ? holder : { id: owner, owner, strategy: kind, credential, groups: [], scopes: [], factor: 'none' }",
    ),
  ),
  of('what is believed is seen to be used', 'sessions', 'however short idle is', core(SESSION, 'Math.min(BELIEVED, idle / 10)', 'BELIEVED')),
  of('a body of ours has each key once', 'sessions', 'a key twice', core('http/unambiguous.ts', 'hasRepeatedKeys(bytes.toString(), body)', 'false')),
  of('sessions of one owner are bounded', 'sessions', 'there are 256 at most', core('sessions/sessions.ts', '      await makeRoom(principal.owner);\n', '')),
  of(
    'a session needs the secret it was opened with',
    'sessions',
    'that gets another value',
    core('access/holder.ts', ' && holder.secretVersion === secretVersion', ''),
  ),
  of('a session is asked again when keys change', 'sessions', 'A028 revoked', core(SESSION, 'sum + (strategy.epoch?.() ?? 0)', 'sum')),
  of(
    'a replaced token is nobody',
    'sessions',
    'a refresh gives another token',
    core('sessions/record.ts', 'if (at !== undefined) return at;', "if (at !== undefined) return 'current';"),
  ),
  of(
    'a replaced token that is refreshed ends the session',
    'sessions',
    'a replaced token that is refreshed',
    core(SESSION_ROUTES, 'if (isReplay(first.entry.record)) await', 'if (Number.isNaN(0)) await'),
  ),
  of(
    'a replaced token that is used later ends the session',
    'sessions',
    'a replaced token that is used later',
    core(SESSION, 'if (isReplay(record) && (await', 'if (Number.isNaN(now) && (await'),
  ),
  of(
    "a stranger's token is no session",
    'sessions',
    "a stranger's token for the same id",
    core(
      SESSION,
      "if (is === 'stranger') return denied('wrong_secret');",
      "if (is === 'stranger') return { is: 'principal', principal: (await holderOf(strategies, record)) as Principal, cacheUntil: 0, epoch: at };",
    ),
  ),
  ...(
    [
      ['the store is asked before a session is ended', 'lets the new token in', "tokenIs(known.record, token) === 'current' && "],
      ['the store is asked before a session is ended: a refresh', 'refreshes the new token', "tokenIs(known.record, token) === 'current' && "],
      ['the store is asked before a session is idle', 'does not call the session idle', ' && !isOver(known.record, idle, now)'],
    ] as const
  ).map(([rule, named, from]) => ({ rule, edits: [core(SESSION, from, '')], test: 'packages/core/test/session-refreshed.test.ts', named })),
  {
    rule: 'a session is ended as the store has it',
    edits: [core('sessions/sessions.ts', 'entry === undefined || !isMeant(entry.record)', 'entry === undefined')],
    test: 'packages/core/test/session-end.test.ts',
    named: 'what is written meanwhile is judged again',
  },
  of('sessions of others', 'sessions', 'A026', core(SESSION_ROUTES, 'owner === principal.owner', 'owner !== undefined')),
  of(
    'a login with another credential in the head is ambiguous',
    'sessions',
    'beside another in the body',
    core('access/authenticate.ts', 'if (head.credential !== undefined && head.credential.value !== credential.value) throw ambiguous();', ''),
  ),
  of('a login asks for the second factor', 'sessions', 'a code is asked for once', core('access/second-factor.ts', " || factor?.require === 'always'", '')),
  of(
    'the store has hashes of sessions alone',
    'sessions',
    'gives a token that is good',
    core('sessions/record.ts', 'token: digestOf(token.token),', 'token: digestOf(token.token), kept: token.token,'),
  ),
];
const HEAD = 'http/head.ts';
const AUTHENTICATE = 'access/authenticate.ts';
const credentials: readonly Mutant[] = [
  of(
    'what a proxy wrote, from a trusted peer alone',
    'ambient',
    'A040 from a trusted peer',
    core('access/ambient.ts', 'peer.trusted ? proxied', 'proxied.length > 0 ? proxied'),
  ),
  of(
    'two lines of one ambient header',
    'ambient',
    'A040 two lines of x-forwarded-client-cert',
    core(HEAD, 'return [...others, {', 'return before !== undefined ? all : [...others, {'),
  ),
  of('ambient headers go no further', 'ambient', 'A040 from a trusted peer', core('http/credential-slots.ts', "'x-forwarded-client-cert': 'proxied',", '')),
  of(
    'ambient headers with underscores',
    'ambient',
    'A052',
    core('http/credential-slots.ts', "if (USE[dashed] !== undefined) return 'drop';", 'if (USE[dashed] !== undefined) return USE[dashed];'),
  ),
  of(
    'explicit beats ambient',
    'ambient',
    'a credential that the caller sent beats it',
    core(AUTHENTICATE, 'if (credential === undefined) return byAmbient(r);', 'if (credential === undefined || r.head.proxied.length > 0) return byAmbient(r);'),
  ),
  of(
    'a certificate of the CA alone',
    'ambient',
    'of another CA it is nothing',
    core('http/peer-certificate.ts', 'if (!socket.authorized) return undefined;', ''),
  ),
  of(
    'a gate that every caller must pass too',
    'ambient',
    'a key alone and a wrong key',
    core(AUTHENTICATE, 'required.length === 0 ? identify(r)', 'r.head.credential !== undefined ? identify(r)'),
  ),
  of('the cache tells ambient headers apart', 'ambient', 'what is remembered of one header', core('access/ambient.ts', '${header}', '')),
  of('two slots, two values', 'access', 'two slots, two values', core(HEAD, 'credential.value !== found.value) throw ambiguous()', 'false) throw ambiguous()')),
  of('one slot once', 'access', 'two lines of authorization', core(HEAD, 'if (++authorizations > 1) throw ambiguous();', '')),
  of(
    'aliases with underscores',
    'hardening-headers',
    'other spellings of the same names',
    core('http/credential-slots.ts', "if (USE[dashed] !== undefined) return 'drop';", ''),
  ),
  of(
    'revocation reaches what is remembered',
    'access',
    'revocation holds at once',
    core('access/verified-cache.ts', '(found.strategy.epoch === undefined || found.strategy.epoch() === found.epoch)', 'true'),
  ),
  of('expiry reaches what is remembered', 'access', 'a remembered key ends when it expires', core('access/verified-cache.ts', 'found.until > now && ', '')),
  of(
    'one host over HTTP/2',
    'hardening-headers',
    'two different hosts over HTTP/2',
    core('http/raw-answer.ts', 'host !== undefined && host.toLowerCase() !== value.toLowerCase()', 'false'),
  ),
  {
    rule: 'authorities that are gone vouch for nobody',
    edits: [core('http/server.ts', "if (vouchedBy(next) !== vouching) forgetClients(port, tls?.clientCertificate === 'required');", '')],
    test: 'packages/core/test/server-protocols.test.ts',
    named: 'certificates of open connections count no longer',
  },
  of('no auth: our port', 'access-surroundings', 'auth: none > another port', core('access/authenticate.ts', ' || Number(sent) !== port', '')),
  of('no auth: no other site', 'access-surroundings', 'a request across sites', core('access/authenticate.ts', "head.fetchSite === 'cross-site'", 'false')),
  of('forwarders are believed when trusted', 'access-surroundings', 'nobody is trusted', core('access/address.ts', ' || !trusted(peer)', '')),
  of(
    'what is no address ends the way at the hop before',
    'access-surroundings',
    'unknown before a trusted one',
    core('access/address.ts', 'if (hop === undefined) return before;', 'if (hop === undefined) return direct;'),
  ),
  of(
    'what proxies say of callers goes no further',
    'hardening-headers',
    'credentials of any kind, cookies',
    core('http/credential-slots.ts', "  'x-forwarded',\n", ''),
  ),
  of(
    'a credential goes no further in other headers',
    'hardening-headers',
    'the credential goes no further in whatever header it is repeated',
    core(HEAD, 'if (shown === undefined || shown.length < SHORTEST_SHOWN) return pairs;', 'if (SHORTEST_SHOWN > 0) return pairs;'),
  ),
  of(
    'a credential goes no further in a query',
    'hardening',
    'leaves the query whatever its parameter is called',
    core('gateway.ts', 'x.target = withoutShown(target, raw.credential?.value);', ''),
  ),
  of('origins are exact', 'access-surroundings', 'A101: a browser > exact origins only', core('http/cors.ts', ' || !origins.includes(origin)', '')),
];
const targets: readonly Mutant[] = [
  of('no empty segment', 'hardening', 'A057 /transparent/main/v1//chat', core('http/target.ts', "throw refuse('has an empty segment');", 'return false;')),
  of(
    'no second decoding',
    'hardening',
    '/transparent/main/%252e%252e/x',
    core('http/target.ts', "if (ESCAPE.test(text)) throw refuse('is percent-encoded twice');", ''),
  ),
  of(
    'no hidden dot segment',
    'hardening',
    'A056 /transparent/main/a%2f..%2fb',
    core('http/target.ts', "if (name === '.' || name === '..' || (piece === '' && pieces.length > 1))", 'if (false)'),
  ),
  of('no dot segment', 'hardening', 'A056 /transparent/main/v1/../../admin/x', core('http/target.ts', "throw refuse('has a dot segment');", 'return false;')),
  of(
    'escapes are UTF-8',
    'hardening',
    'A056 /transparent/main/%c0%ae%c0%ae/x',
    core('http/target.ts', "if (text === undefined) throw refuse('is not valid percent-encoded UTF-8');", 'if (text === undefined) return false;'),
  ),
  of(
    'no dot segment before a semicolon',
    'hardening',
    'A056 /transparent/main/..;/x',
    core('http/target.ts', "const name = segment.split(';', 1)[0];", 'const name = segment;'),
  ),
  of(
    'no character that ends a path',
    'hardening',
    '/transparent/main/x#frag',
    core('http/target.ts', "if (FORBIDDEN.test(url)) throw refuse('holds a character that does not belong in a URL');", ''),
  ),
  of('`key` leaves the query', 'hardening', 'leaves the query in every spelling', core('http/credential-slots.ts', 'QUERY_CREDENTIALS.has(dashed) || ', '')),
  of(
    'slots are none in a query either',
    'hardening',
    'leaves the query in every spelling',
    core('http/credential-slots.ts', 'SLOT_USES.has(USE[dashed]) || ', ''),
  ),
  of('a key of ours leaves the query', 'hardening', 'leaves the query in every spelling', core('http/credential-slots.ts', ' || OURS.test(value)', '')),
];
const headers: readonly Mutant[] = [
  of(
    'cookies stay here',
    'hardening-headers',
    'reaches the provider by /transparent/main/v1/chat/completions (A051, A052) > credentials of any kind',
    core('http/credential-slots.ts', "  cookie: 'drop',", "  cookie: 'forward',"),
  ),
  of(
    'cookies of a provider',
    'hardening-headers',
    'reaches the client by /transparent/main/v1/chat/completions (A128) > cookies',
    core('http/credential-slots.ts', "    'set-cookie',\n", ''),
  ),
  of(
    'a secret in a reply header',
    'hardening-headers',
    'goes no further than /transparent',
    core('call/reply/relay.ts', ' && !holdsSecret(secrets, name, each)', ''),
  ),
  of(
    'a redirect elsewhere',
    'hardening-headers',
    'by /transparent/main/v1/chat/completions (A128) > A088: a redirect 302',
    core('call/reply/relay.ts', 'if (!target.startsWith(`${base.origin}${base.path}/`)) return undefined;', ''),
  ),
  of(
    "our own credential's refusal",
    'hardening-headers',
    'errors say nothing of us (A113) > a refused credential of ours',
    core('call/reply/outcome.ts', 'if (reply.status !== 401 && reply.status !== 403) return undefined;', 'return undefined;'),
  ),
];
const ownership: readonly Mutant[] = [
  of(
    'an id belongs to its maker',
    'access-ownership',
    'a file belongs to who made it',
    core('access/owners.ts', '!(await owns(principal, instance, id))', 'false'),
  ),
  of(
    "a list is cut to the caller's own",
    'access-ownership',
    'a file belongs to who made it',
    core('access/owners.ts', 'id !== undefined && (await owns(principal, instance, id))', 'id !== undefined'),
  ),
  of(
    'a streamed response belongs to its maker',
    'access-ownership',
    'made below /transparent/main/v1, asked for below /openai/main/v1 > a stored response (stream: true)',
    core('call/stateful.ts', 'void recordVerdict(this.#x, this.#instance, verdict)?.catch', 'void Promise.resolve().catch'),
  ),
  of(
    'ids anywhere in a body',
    'ownership-ids',
    '/openai/main/v1/images/edits: an image',
    core('call/inner-ids.ts', 'found.named.push(...stringsOf(inner));', ''),
  ),
  of('a scan sees the keys that hold ids', 'ownership-ids', '/openai/main/v1/images/edits: an image', {
    file: 'packages/plugin/src/json/scan.ts',
    from: 'if (!this.keyed) this.keyed = stands(this.#keys, name, start, end);',
    to: '',
  }),
  of(
    'an item without its content is a reference',
    'ownership-made',
    'below /openai/main/v1 > a picture without its bytes',
    core('call/inner-ids.ts', ' || isBare(item, unlessWith)', ''),
  ),
  of(
    'an id of the request is no new one',
    'ownership-made',
    'do not become the caller’s by a name of its choice',
    core('call/stateful.ts', '.filter((id) => !x.inner.given.has(id));\n/** Records', ';\n/** Records'),
  ),
  of('ids in a form', 'ownership-made', 'videos: input_reference[file_id]', core('call/governed.ts', 'ids: scanner.inner', 'ids: []')),
  of(
    'a reference needs no type',
    'ownership-ids',
    '/transparent/main/v1/responses: an item without a type',
    core('call/inner-ids.ts', ' || (absent(item.type) && (absent(item.role) || absent(item.content)))', ''),
  ),
  of(
    'a key stands once in a body that names ids',
    'ownership-ids',
    'twice, the harmless one last, below /openai/main/v1',
    core('http/unambiguous.ts', 'hasRepeatedKeys(bytes.toString(), body)', 'false'),
  ),
  of(
    'ids are the caller’s only when the request asks for that',
    'ownership-ids',
    'is nobody’s when it was not asked to be stored',
    core('call/stateful.ts', 'ids?.replyWhen === undefined || flagged', 'true'),
  ),
];
const streams: readonly Mutant[] = [
  of(
    'a cut is no clean end',
    'conformance-stream-faults',
    '63. a reset in the middle',
    core('call/reply/stream.ts', 'this.#writer.write(this.#body.fail(error));', ''),
  ),
  of(
    'the head is held until content',
    'conformance-stream-faults',
    '61. an error before the first byte',
    core('call/reply/stream.ts', "if (state !== 'waiting') this.#commit();", 'this.#commit();'),
    core('call/reply/stream.ts', "if (state === 'failed' && !this.#committed) {", "if (state === 'failed' && !this.#committed && !this.#seen) {"),
  ),
  of(
    'an end needs a finish',
    'conformance-stream-faults',
    '64. an end without a finish',
    core('call/reply/stream.ts', "=== 'done') return;\n    this.#cutOff('cut');", "=== 'done') return;\n    this.#close();"),
  ),
  of(
    'nothing is sent again after the first byte',
    'routing',
    'F51: nothing is sent again after the first byte',
    core('call/reply/stream.ts', 'if (!this.#committed) return this.#finish(outcome);', 'return this.#finish(outcome);'),
  ),
];
const plugin = (name: string, file: string, from: string, to: string): Edit => ({ file: `plugins/${name}/src/${file}`, from, to });
const CARRIERS = 'dialect-openai';
const CALLER = 'what was issued by anthropic to one caller for one model > is nothing to another caller';
const HOUR = 'what was issued by anthropic to one caller for one model > is remembered for an hour';
const carriers: readonly Mutant[] = [
  of(
    'what is remembered is the caller’s',
    'carriers',
    CALLER,
    core('call/translate.ts', "x.plan.memories.of(x.principal?.owner ?? '', x, x.plan.shared)", "x.plan.memories.of('', x)"),
  ),
  of('what is remembered ends', 'carriers', HOUR, core('call/memory.ts', 'if (entry.until > now) return;', 'return;')),
  of('a use renews the hour', 'carriers', HOUR, core('call/memory.ts', 'entry.until = this.#now() + this.#bounds.lifeMs;', '')),
  of('what is lost is counted', 'carriers', HOUR, plugin(CARRIERS, 'carriers/restore.ts', 'memory?.lost();', '')),
  of('what is sealed is the caller’s', 'carriers', CALLER, plugin(CARRIERS, 'carriers/sealed.ts', "['chat.carrier', owner, place]", "['chat.carrier', place]")),
  of(
    'thinking of another model',
    'carriers',
    'what was issued by anthropic to one caller for one model > is nothing to another model',
    plugin(CARRIERS, 'carriers/restore.ts', '(carried.model === signer || carried.model === model) && ', ''),
  ),
  of(
    'a loop without its thinking takes no budget',
    'carriers',
    CALLER,
    plugin('dialect-anthropic', 'messages/write-request.ts', "fitted.thinking?.type !== 'enabled' || ", 'fitted.thinking !== undefined || '),
  ),
  of(
    'a loop at Bedrock without its thinking takes no budget',
    'carriers',
    'what was issued by bedrock to one caller for one model > is nothing to another caller',
    plugin('dialect-converse', 'request/foreign.ts', "asObject(thought.thinking)?.type !== 'enabled' || ", 'thought !== undefined || '),
  ),
  of(
    'a frame that was cut ends no answer',
    'streams-cut-bedrock',
    'a transport that ends well behind the stop ends the answer',
    core('call/pass.ts', "if (tail.length > 0 && this.#framing === 'aws-eventstream') this.#tap.bytes(tail);", ''),
  ),
  of(
    'the vendor gets its own ids back',
    'carriers',
    'thinking of anthropic, claude-sonnet-4-5 > openai 7 > runTools',
    plugin(CARRIERS, 'carriers/restore.ts', '{ ...kept, id: id.vendor }', 'kept'),
  ),
  of(
    'the ids of calls carry it',
    'carriers',
    'thinking of anthropic, claude-sonnet-4-5 > openai 7 > runTools',
    plugin(CARRIERS, 'carriers/issue.ts', 'this.#id(part, thinking, before) ?? part.id', 'part.id'),
  ),
  of(
    'the members of a message carry it',
    'carriers',
    'thinking of anthropic, claude-sonnet-4-5 > openai 7 > a client that keeps whole messages',
    plugin(CARRIERS, 'carriers/restore.ts', 'thinkingIn(carried ?? inIds', 'thinkingIn(inIds'),
  ),
  of(
    'what was issued of another vendor does not pass',
    'carriers',
    'own surface > brings it the vendor',
    core('call/operate.ts', ' || bringsForeign(x, found, body)', ''),
  ),
  of(
    'what a translated call stores is its caller’s',
    'ownership-translated',
    'is its maker’s alone',
    core('call/operate.ts', ' && readsReply(x, found.reach)', ' && false'),
  ),
  of(
    'a retry counts until it is answered',
    'routing',
    'F50: when everything answers 503, retries stay within the budget',
    core('call/call.ts', '      if (x.retrying === undefined) return outcome;', '      if (x.retrying === undefined) return outcome;\n      endRetry(x);'),
  ),
  of(
    'a retry counts no longer once its answer begins',
    'routing',
    'a retry that is being answered no longer counts',
    core('call/answer.ts', '  x.status = status;\n  endRetry(x);', '  x.status = status;'),
  ),
  of(
    'what a stream loses is told in the log',
    'fidelity',
    'after the head of a stream was sent',
    core('observe/observer.ts', '      fidelity: lostOf(x),\n', ''),
  ),
];
const VERTEX = 'provider-vertex';
const vertex: readonly Mutant[] = [
  of(
    'an error that Google’s clients pass over is told as one that they see',
    'gemini-to-vertex',
    'bytes pass > an error that is a list in an event',
    plugin('dialect-gemini', 'tap.ts', 'if (!this.#array) this.cut = (chunk) => seen(chunk, failure);', ''),
  ),
  of(
    'the project of a path is the instance’s',
    'vertex',
    'of a native path must be',
    plugin(VERTEX, 'native.ts', 'if (sentProject !== project && !numbered) return OTHER_PROJECT;', ''),
  ),
  of(
    'the location of a path is the instance’s',
    'vertex',
    'of a native path must be',
    plugin(VERTEX, 'native.ts', 'if (sentLocation !== location)', 'if (false)'),
  ),
  of('the parameters of a query are a closed list', 'vertex', 'goes nowhere', plugin(VERTEX, 'native.ts', '!QUERY.has(name) || ', '')),
  of('what chooses who asks is not the client’s', 'vertex', 'goes nowhere', plugin(VERTEX, 'sign.ts', '  dropOurs(headers);\n', '')),
  of(
    'a cache that a prompt continues is its maker’s',
    'vertex',
    'are nobody else’s',
    plugin(VERTEX, 'native.ts', '[`${within}/cachedContent`, `${within}/cached_content`]', '[`${within}/cachedContent`]'),
  ),
  of(
    'a resource is known by the end of its name',
    'vertex',
    'are their maker’s: to read',
    core('call/stateful.ts', 'of?.tail === true ?', 'of?.tail === undefined ?'),
  ),
  of(
    'a service that moved is asked where it is',
    'vertex-credentials',
    'is asked for once for a thousand calls',
    plugin(VERTEX, 'credentials/transport.ts', 'place?.origin ?? url.origin', 'url.origin'),
  ),
  of(
    'claims carry the time of Google',
    'vertex-credentials',
    'works with a clock that is off by 3 hours',
    plugin(VERTEX, 'credentials/clients.ts', 'additionalClaims: { iat: now, exp: now + LIFE_SECONDS },', ''),
  ),
];
export const mutants: readonly Mutant[] = [
  ...access,
  ...canaryMutants,
  ...credentials,
  ...factors,
  ...refusals,
  ...sessions,
  ...targets,
  ...headers,
  ...ownership,
  ...streams,
  ...carriers,
  ...vertex,
  ...money,
  ...cloudMutants,
  ...records,
  ...signedMutants,
  ...factorMutants,
  ...givenMutants,
  ...told,
  ...tokens,
  ...faults,
  ...turns,
  ...attacks,
  ...mishaps,
  ...pages,
  ...usageRows,
  ...hosts,
];
